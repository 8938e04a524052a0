//! Which sheet of a workbook is read, and parts and cells that are written in unusual ways.

use super::*;

/// The sheets of a workbook, each with its rows, hidden or not.
fn sheets(sheets: &[(&str, &str, bool)]) -> Vec<u8> {
    let listed = sheets.iter().zip(1..).map(|((name, _, is_hidden), n)| {
        let state = if *is_hidden { " state=\"hidden\"" } else { "" };
        format!("<sheet name=\"{name}\" sheetId=\"{n}\"{state} r:id=\"rId{n}\"/>")
    });
    let book = book("", &listed.collect::<String>());
    let parts: Vec<(String, String)> = sheets
        .iter()
        .zip(1..)
        .skip(1)
        .map(|((_, rows, _), n)| {
            let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
            (format!("xl/worksheets/sheet{n}.xml"), sheet)
        })
        .collect();
    let mut more = vec![("xl/workbook.xml", book.as_str())];
    more.extend(parts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    workbook(sheets[0].1, &more)
}

fn rows_of(cells: &[&[&str]]) -> String {
    let row = |(row, at): (&&[&str], usize)| {
        let cells = row.iter().zip(b'A'..).filter(|(text, _)| !text.is_empty());
        let cells =
            cells.map(|(text, column)| inline(&format!("{}{at}", char::from(column)), text));
        format!("<row r=\"{at}\">{}</row>", cells.collect::<String>())
    };
    cells.iter().zip(1..).map(row).collect()
}

#[test]
fn the_sheet_with_the_table_is_found() {
    let table = rows_of(&[&["code", "name"], &["A", "One"], &["B", "Two"]]);
    let prose = rows_of(&[&["Report of customers"], &[""], &["Made by the sales office"]]);
    let cover = rows_of(&[&["Made by", "Sales"], &["Made on", "today"]]);
    let expected = ["1: code|name", "2: A|One", "3: B|Two"];
    let read_known = |bytes: Vec<u8>| -> Vec<String> {
        let columns = ["code", "name"].map(str::to_owned);
        let mut workbook = Workbook::open(Cursor::new(bytes), None, &columns).unwrap();
        let mut rows = Vec::new();
        while let Some(row) = workbook.next_row().unwrap() {
            rows.push(format!("{}: {}", row.place(), row.iter().collect::<Vec<_>>().join("|")));
        }
        rows
    };
    for first in [("Empty", "", false), ("Cover", &*prose, false), ("Old", &table, true)] {
        let bytes = sheets(&[first, ("Table", &table, false)]);
        assert_eq!(read_sheet(bytes.clone(), None).unwrap(), expected, "{}", first.0);
        assert_eq!(read_known(bytes), expected, "{}", first.0);
    }
    let bytes = sheets(&[("Cover", &cover, false), ("Table", &table, false)]);
    assert_eq!(read_known(bytes), expected);
    // Of two tables it is the first.
    let other = rows_of(&[&["code", "name"], &["C", "Three"]]);
    let bytes = sheets(&[("Other", &other, false), ("Table", &table, false)]);
    assert_eq!(read_known(bytes), ["1: code|name", "2: C|Three"]);
    // What is hidden is not read unasked, and nothing that is shown is no table.
    let bytes = sheets(&[("Empty", "", false), ("Old", &table, true)]);
    let refused = read_sheet(bytes.clone(), None).unwrap_err();
    assert!(refused.contains("sheets-hidden") && refused.contains("sheets=Old"), "{refused}");
    assert_eq!(read_sheet(bytes, Some("Old")).unwrap(), expected);
    let bytes = sheets(&[("Empty", "", false), ("Nothing", "", false)]);
    assert!(read_sheet(bytes, None).unwrap_err().contains("file-empty"));
}

#[test]
fn parts_in_utf16_are_read() {
    let texts =
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?><sst><si><t>\u{534e}\u{4e3a}</t></si></sst>";
    let sheet = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><worksheet><sheetData><row><c t=\"s\">\
        <v>0</v></c></row></sheetData><mergeCells><mergeCell ref=\"A1:B1\"/></mergeCells></worksheet>";
    for (mark, unit) in [
        (&b"\xff\xfe"[..], u16::to_le_bytes as fn(u16) -> [u8; 2]),
        (b"\xfe\xff", u16::to_be_bytes),
        (b"", u16::to_le_bytes),
        (b"", u16::to_be_bytes),
    ] {
        let part =
            |text: &str| [mark.to_vec(), text.encode_utf16().flat_map(unit).collect()].concat();
        let mut bytes = Cursor::new(Vec::new());
        let mut zip = zip::ZipWriter::new(&mut bytes);
        let relations = ["worksheet", "sharedStrings"].map(|kind| {
            format!("<Relationship Id=\"{kind}\" Type=\"x/{kind}\" Target=\"{kind}.xml\"/>")
        });
        let relations = format!("<Relationships>{}</Relationships>", relations.concat());
        for (name, bytes) in [
            ("[Content_Types].xml", part(TYPES)),
            ("_rels/.rels", part(ROOT)),
            ("xl/workbook.xml", part(&book("", "<sheet name=\"S\" r:id=\"worksheet\"/>"))),
            ("xl/_rels/workbook.xml.rels", part(&relations)),
            ("xl/sharedStrings.xml", part(texts)),
            ("xl/worksheet.xml", part(sheet)),
        ] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(&bytes).unwrap();
        }
        zip.finish().unwrap();
        assert_eq!(
            read_sheet(bytes.into_inner(), None).unwrap(),
            ["1: \u{534e}\u{4e3a}|\u{534e}\u{4e3a}"]
        );
    }
}

#[test]
fn a_zero_byte_in_a_cell_is_refused_with_its_line_alone() {
    let rows = format!(
        "<row>{}</row><row>{}</row><row>{}</row>",
        inline("A1", "One_x0000_"),
        inline("A2", "Two_x005F_x0000_"),
        inline("A3", "_xD83D_"),
    );
    let mut workbook = Workbook::open(Cursor::new(workbook(&rows, &[])), None, &[]).unwrap();
    let mut read = Vec::new();
    while let Some(row) = workbook.next_row().unwrap() {
        read.push((row[0].to_owned(), row.refusal(1).map(|refusal| refusal.code)));
    }
    let unreadable = Some("unreadable-characters");
    let expected = [
        ("One\\x00".to_owned(), unreadable),
        ("Two_x0000_".to_owned(), None),
        ("\u{fffd}".to_owned(), unreadable),
    ];
    assert_eq!(read, expected);
}
