//! Worksheets as programs write them, and workbooks made to take all memory.
//! The smallest parts that a workbook needs are written here by hand.

use std::io::{Cursor, Write as _};

use super::*;

const TYPES: &str = concat!(
    r#"<?xml version="1.0"?><Types"#,
    r#" xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default"#,
    r#" Extension="xml" ContentType="application/xml"/><Default Extension="rels""#,
    r#" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>"#,
);
const ROOT: &str = concat!(
    r#"<?xml version="1.0"?><Relationships"#,
    r#" xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship"#,
    r#" Id="rId1""#,
    r#" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocu"#,
    r#"ment" Target="xl/workbook.xml"/></Relationships>"#,
);

/// A workbook of one sheet with these rows, and what else it has.
fn workbook(rows: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let mut bytes = Cursor::new(Vec::new());
    let mut zip = zip::ZipWriter::new(&mut bytes);
    let mut part = |name: &str, text: &str| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    part("[Content_Types].xml", TYPES);
    part("_rels/.rels", ROOT);
    let is_given = |name: &str| more.iter().any(|(known, _)| *known == name);
    if !is_given("xl/workbook.xml") {
        part("xl/workbook.xml", &book("", "<sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/>"));
    }
    let sheets: String = (1..=3)
        .map(|n| {
            format!(
                "<Relationship Id=\"rId{n}\" Type=\"{relations}/worksheet\" \
                 Target=\"worksheets/sheet{n}.xml\"/>"
            )
        })
        .collect::<Vec<_>>()
        .concat();
    part(
        "xl/_rels/workbook.xml.rels",
        &format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
             {sheets}<Relationship Id=\"rId8\" Type=\"{relations}/sharedStrings\" \
             Target=\"sharedStrings.xml\"/><Relationship Id=\"rId9\" \
             Type=\"{relations}/styles\" Target=\"styles.xml\"/></Relationships>"
        ),
    );
    let sheet = format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}");
    let end =
        if rows.contains("</sheetData>") { "</worksheet>" } else { "</sheetData></worksheet>" };
    part("xl/worksheets/sheet1.xml", &format!("{sheet}{end}"));
    for (name, text) in more {
        part(name, text);
    }
    zip.finish().unwrap();
    bytes.into_inner()
}

fn book(properties: &str, sheets: &str) -> String {
    format!(
        "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
         xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">\
         {properties}<sheets>{sheets}</sheets></workbook>"
    )
}

const STYLES: &str = concat!(
    r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#,
    r#"<numFmts count="2"><numFmt numFmtId="164" formatCode="0.0%"/><numFmt numFmtId="165""#,
    r#" formatCode="0&quot;% of&quot;"/></numFmts><cellXfs count="5"><xf numFmtId="0"/><xf"#,
    r#" numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="22"/>"#,
    r#"</cellXfs></styleSheet>"#,
);

fn read_sheet(bytes: Vec<u8>, sheet: Option<&str>) -> std::result::Result<Vec<String>, String> {
    let shown = |error: guanxi_base::Error| error.to_string();
    let mut workbook =
        Workbook::open(Cursor::new(bytes), sheet.map(ToOwned::to_owned), &[]).map_err(shown)?;
    let mut rows = Vec::new();
    while let Some(row) = workbook.next_row().map_err(shown)? {
        let cells = (0..row.len()).map(|at| match row.kind(at) {
            CellKind::Error => format!("!{}", &row[at]),
            CellKind::NotComputed => format!("?{}", &row[at]),
            CellKind::Number(number) => match &number.per_cent {
                Some(per_cent) => format!("{}={per_cent}%", number.plain),
                None => format!(
                    "{}{}",
                    row[at].to_owned(),
                    if number.has_lost_digits { "?" } else { "" }
                ),
            },
            CellKind::Text => row[at].to_owned(),
        });
        rows.push(format!("{}: {}", row.place(), cells.collect::<Vec<_>>().join("|")));
    }
    Ok(rows)
}

fn read(rows: &str, more: &[(&str, &str)]) -> std::result::Result<Vec<String>, String> {
    read_sheet(workbook(rows, more), None)
}

#[test]
fn cells_of_all_kinds_are_read() {
    let rows = "<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><r><t xml:space=\"preserve\">Two </t></r><r><t>runs</t></r></is></c>\
        <c r=\"B2\"><v>12.5</v></c><c r=\"D2\" t=\"b\"><v>1</v></c><c r=\"E2\" t=\"e\"><v>#N/A</v></c></row>\
        <row r=\"3\"><c r=\"A3\" s=\"1\"><v>46089</v></c><c r=\"B3\" s=\"4\"><v>46089.5</v></c>\
        <c r=\"C3\" s=\"2\"><v>0.07</v></c><c r=\"D3\" s=\"3\"><v>7</v></c>\
        <c r=\"E3\"><v>91310000123456789</v></c></row>\
        <row r=\"9\"><c r=\"A9\"><f>1/3</f><v>0.30000000000000004</v></c><c r=\"B9\" s=\"1\"><v>1E+300</v></c>\
        <c r=\"C9\" t=\"str\"><f>\"a\"</f><v>a</v></c></row>\
        <row r=\"11\"><c r=\"A11\"/><c r=\"B11\"><v></v></c></row>";
    assert_eq!(
        read(rows, &[("xl/styles.xml", STYLES)]).unwrap(),
        [
            "2: Two runs|12.5||true|!#N/A",
            "3: 2026-03-08|2026-03-08 12:00:00|0.07=7%|7|91310000123456800?",
            "9: 0.3|!#NUM!|a",
        ]
    );
}

#[test]
fn both_calendars_of_spreadsheets_are_known() {
    let sheet = "<sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/>";
    let rows = "<row r=\"1\"><c r=\"A1\" s=\"1\"><v>44627</v></c></row>";
    let later = book("<workbookPr date1904=\"1\"/>", sheet);
    let styles = ("xl/styles.xml", STYLES);
    assert_eq!(read(rows, &[styles]).unwrap(), ["1: 2022-03-07"]);
    assert_eq!(read(rows, &[styles, ("xl/workbook.xml", &later)]).unwrap(), ["1: 2026-03-08"]);
    let rows =
        "<row r=\"1\"><c r=\"A1\" s=\"1\"><v>1</v></c><c r=\"B1\" s=\"1\"><v>61</v></c></row>";
    assert_eq!(read(rows, &[styles]).unwrap(), ["1: 1900-01-01|1900-03-01"]);
}

#[test]
fn the_first_sheet_that_is_seen_is_read_or_the_one_that_is_named() {
    let sheets = "<sheet name=\"H\" sheetId=\"1\" state=\"hidden\" r:id=\"rId1\"/>\
        <sheet name=\"V\" sheetId=\"2\" state=\"veryHidden\" r:id=\"rId3\"/>\
        <sheet name=\"S\" sheetId=\"3\" r:id=\"rId2\"/>";
    let cell = |text: &str| {
        format!("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>{text}</t></is></c></row>")
    };
    let sheet = |text: &str| {
        let rows = cell(text);
        format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")
    };
    let (second, third) = (sheet("seen"), sheet("very hidden"));
    let bytes = workbook(
        &cell("hidden"),
        &[
            ("xl/workbook.xml", &book("", sheets)),
            ("xl/worksheets/sheet2.xml", &second),
            ("xl/worksheets/sheet3.xml", &third),
        ],
    );
    assert_eq!(read_sheet(bytes.clone(), None).unwrap(), ["1: seen"]);
    assert_eq!(read_sheet(bytes.clone(), Some("H")).unwrap(), ["1: hidden"]);
    let refused = read_sheet(bytes, Some("X")).unwrap_err();
    assert!(refused.contains("unknown-sheet") && refused.contains("sheets=S"), "{refused}");
}

#[test]
fn merged_cells_repeat_their_value() {
    let text =
        |at: &str, text: &str| format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let rows = format!(
        "<row r=\"1\">{}{}</row><row r=\"2\">{}</row><row r=\"4\">{}</row>\
         <row r=\"5\">{}</row></sheetData><mergeCells count=\"2\"><mergeCell ref=\"A1:A4\"/>\
         <mergeCell ref=\"B5:C5\"/></mergeCells>",
        text("A1", "Firm"),
        text("B1", "x"),
        text("B2", "y"),
        text("B4", "z"),
        text("B5", "w"),
    );
    let expected = ["1: Firm|x", "2: Firm|y", "4: Firm|z", "5: |w|w"];
    assert_eq!(read(&rows, &[]).unwrap(), expected);
    // A range over the whole sheet makes no rows that are not there.
    let rows = format!(
        "<row r=\"1\">{}</row></sheetData><mergeCells><mergeCell ref=\"A1:XFD1048576\"/></mergeCells>",
        text("A1", "all"),
    );
    assert_eq!(read(&rows, &[]).unwrap().len(), 1);
}

#[test]
fn workbooks_made_to_take_all_memory_are_refused() {
    let corner = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>\
        <row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>";
    assert!(read(corner, &[]).unwrap_err().contains("too-many-columns"));
    let far = corner.replace("XFD", "B");
    assert_eq!(read(&far, &[]).unwrap(), ["1: 1", "1048576: |1"]);
    // How many texts a part says it has is its own affair.
    let claims = "<sst uniqueCount=\"99999999999\"><si><t>a</t></si></sst>";
    assert_eq!(read(&far, &[("xl/sharedStrings.xml", claims)]).unwrap().len(), 2);
    let texts = format!("<sst>{}</sst>", "<si/>".repeat(2_000_001));
    let refused = read(&far, &[("xl/sharedStrings.xml", &texts)]).unwrap_err();
    assert!(refused.contains("too-many-texts"), "{refused}");
    let backwards =
        "<row r=\"5\"><c r=\"A5\"><v>1</v></c></row><row r=\"2\"><c r=\"A2\"><v>1</v></c></row>";
    assert!(read(backwards, &[]).unwrap_err().contains("workbook-broken"));
    let refused = read("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>7</v></c></row>", &[]).unwrap_err();
    assert!(refused.contains("workbook-broken"));
    assert!(read("<row r=\"1\"><c r=\"A1\"><v>1", &[]).unwrap_err().contains("workbook-broken"));
}

fn inline(at: &str, text: &str) -> String {
    format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

#[test]
fn what_unpacks_to_too_much_is_refused() {
    // Pieces of which each may be as long as it is, and that are too much together.
    let piece = format!("<!--{}-->", "0".repeat(900_000));
    let many = format!("<sst>{}</sst>", piece.repeat(76));
    let refused = read("", &[("xl/sharedStrings.xml", &many)]).unwrap_err();
    assert!(refused.contains("unpacks-too-large") && refused.contains("limit=64"), "{refused}");
    let few = format!("<sst>{}</sst>", piece.repeat(60));
    assert!(read("", &[("xl/sharedStrings.xml", &few)]).unwrap().is_empty());
}

#[test]
fn parts_that_nobody_reads_are_not_unpacked() {
    let large = "0".repeat(70 << 20);
    let row = format!("<row r=\"1\">{}</row>", inline("A1", "a"));
    let unread = [("xl/media/a.bin", large.as_str()), ("xl/drawings/a.xml", &large)];
    assert_eq!(read(&row, &unread).unwrap(), ["1: a"]);
    // Its bytes may be damaged, too.
    let mut bytes = workbook(&row, &[("xl/media/a.bin", "never looked at, never unpacked")]);
    let at = bytes.windows(14).position(|seen| seen == b"xl/media/a.bin").unwrap();
    bytes[at + 14..at + 24].fill(0xff);
    assert_eq!(read_sheet(bytes, None).unwrap(), ["1: a"]);
}

#[test]
fn merged_cells_take_no_more_than_a_row_may() {
    let rows: String = (1..=400)
        .map(|row| format!("<row r=\"{row}\"><c r=\"A{row}\"><v>1</v></c></row>"))
        .collect();
    let merged = |text: &str, to: &str| {
        format!(
            "<row r=\"1\">{}</row>{}</sheetData><mergeCells><mergeCell ref=\"C1:{to}\"/></mergeCells>",
            inline("C1", text),
            &rows[rows.find("<row r=\"2\"").unwrap()..],
        )
    };
    let refused = read(&merged(&"x".repeat(30_000), "SF1048576"), &[]).unwrap_err();
    assert!(refused.contains("line-too-long") && refused.contains("line=1"), "{refused}");
    let read_rows = read(&merged(&"x".repeat(1_000), "SF1048576"), &[]).unwrap();
    assert_eq!(read_rows.len(), 400);
    assert_eq!(read_rows[399].len(), "400: 1|".len() + 498 * 1_001);
    let refused = read(&merged(&"x".repeat(15 << 20), "D4"), &[]).unwrap_err();
    assert!(refused.contains("workbook-broken"), "{refused}");
    // Ranges over one another would cost time without end.
    let over = "<mergeCell ref=\"A1:SF1048576\"/>".repeat(2);
    let over = format!("{rows}</sheetData><mergeCells>{over}</mergeCells>");
    assert!(read(&over, &[]).unwrap_err().contains("merged cells lie over one another"));
}

#[test]
fn shared_texts_count_as_often_as_they_stand() {
    let row = |count: usize| format!("<row>{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(count));
    let texts = |length: usize| format!("<sst><si><t>{}</t></si></sst>", "x".repeat(length));
    let shared = texts(32_767);
    let refused = read(&row(450), &[("xl/sharedStrings.xml", &shared)]).unwrap_err();
    assert!(refused.contains("line-too-long"), "{refused}");
    let kept = read(&row(30), &[("xl/sharedStrings.xml", &shared)]).unwrap();
    assert_eq!(kept[0].len(), 3 + 30 * 32_768 - 1);
    let refused = read(&row(1), &[("xl/sharedStrings.xml", &texts(32_768))]).unwrap_err();
    assert!(refused.contains("cell-too-long") && refused.contains("line=1"), "{refused}");
}

#[test]
fn batches_are_handed_over_by_what_they_take() {
    let row = format!("<row>{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(30));
    let shared = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(30_000));
    let bytes = workbook(&row.repeat(20), &[("xl/sharedStrings.xml", &shared)]);
    let workbook = Workbook::open(Cursor::new(bytes), None, &[]).unwrap();
    let mut batches = Vec::new();
    while let Ok(Ok(batch)) = workbook.rows.recv() {
        batches.push(batch.len());
    }
    assert_eq!(batches.iter().sum::<usize>(), 20);
    assert!(batches.iter().all(|rows| *rows <= 1), "{batches:?}");
}

#[test]
fn formats_beyond_number_and_length_are_refused() {
    let row = "<row><c s=\"1\"><v>1</v></c></row>";
    let styles = |formats: &str| format!("<styleSheet><cellXfs>{formats}</cellXfs></styleSheet>");
    let many = styles(&"<xf/>".repeat(65_491));
    let refused = read(row, &[("xl/styles.xml", &many)]).unwrap_err();
    assert!(refused.contains("too-many-formats"), "{refused}");
    let most = styles(&"<xf/>".repeat(65_490));
    assert_eq!(read(row, &[("xl/styles.xml", &most)]).unwrap(), ["1: 1"]);
    // Fonts and the like are for the eye, however many there are.
    let fonts = format!("<styleSheet><fonts>{}</fonts></styleSheet>", "<font/>".repeat(200_000));
    assert_eq!(read(row, &[("xl/styles.xml", &fonts)]).unwrap(), ["1: 1"]);
    let fonts = format!("<styleSheet>{}</styleSheet>", "<font/>".repeat(2_000_001));
    let refused = read(row, &[("xl/styles.xml", &fonts)]).unwrap_err();
    assert!(refused.contains("too-many-formats"), "{refused}");
    let long = "0".repeat(3_000);
    let long = format!(
        "<styleSheet><numFmts><numFmt numFmtId=\"170\" formatCode=\"{long}\"/></numFmts></styleSheet>"
    );
    assert!(read(row, &[("xl/styles.xml", &long)]).unwrap_err().contains("workbook-broken"));
}

#[test]
fn xml_made_to_take_all_memory_or_time_is_refused() {
    let text = "x".repeat(2 << 20);
    for sheet in [
        format!("<row>{}</row>", inline("A1", &text)),
        format!("<row {text}=\"\"></row>"),
        format!("<!-- {text} --><row/>"),
        format!("<row><c><f>{text}</f><v>1</v></c></row>"),
        format!("<row>{}</row>", inline("A1", &"&#65;".repeat(2 << 20))),
        "<a>".repeat(1_000_000),
    ] {
        let refused = read(&sheet, &[]).unwrap_err();
        assert!(refused.contains("workbook-broken"), "{refused}");
    }
    // Attributes are not compared with one another.
    let attributes: String = (0..60_000).map(|at| format!(" a{at}=\"\"")).collect();
    let rows = format!("<row{attributes}><c><v>1</v></c></row>").repeat(4);
    assert_eq!(read(&rows, &[]).unwrap().len(), 4);
}

#[test]
fn formatted_rows_without_cells_are_no_cell() {
    let formatted = "<row ht=\"15\" customHeight=\"1\"/>".repeat(400_000);
    let rows = format!(
        "<row r=\"1\">{}</row>{formatted}<row>{}</row>",
        inline("A1", "a"),
        "<c><v>2</v></c>"
    );
    assert_eq!(read(&rows, &[]).unwrap(), ["1: a", "400002: 2"]);
}

#[test]
fn errors_of_all_spreadsheets_are_errors_of_their_cell() {
    let errors = ["#SPILL!", "#CALC!", "#BUSY!", "#ERROR!", "Err:502", "#GETTING_DATA", "#N/A"];
    let cells: String = errors.map(|error| format!("<c t=\"e\"><v>{error}</v></c>")).concat();
    let rows = format!("<row>{cells}<c t=\"e\"/><c><v>1</v></c><c t=\"b\"><v>maybe</v></c></row>");
    let expected = format!("1: !{}||1|!maybe", errors.join("|!"));
    assert_eq!(read(&rows, &[]).unwrap(), [expected]);
}

#[test]
fn formulas_without_a_saved_result_are_told() {
    let rows = "<row><c><f>A2*2</f></c><c><f>A3</f><v></v></c><c><f>A4</f><v/></c>\
        <c t=\"str\"><f>IF(A5,1,\"\")</f><v></v></c><c><f>A6</f><v>0</v></c>\
        <c t=\"str\"><f>A7</f></c><c t=\"b\"><f>A8</f><v>0</v></c></row>";
    assert_eq!(read(rows, &[]).unwrap(), ["1: ?=A2*2|?=A3|?=A4||0|?=A7|false"]);
}

#[test]
fn texts_are_read_as_spreadsheets_write_them() {
    let texts = "<sst><si><t>a_x000D_b</t></si><si><t>_x005F_x000D_</t></si>\
        <si><t xml:space=\"preserve\"> c </t></si><si><r><t>d</t></r><r><t xml:space=\"preserve\"> e</t></r>\
        <rPh sb=\"0\" eb=\"1\"><t>spoken</t></rPh></si><si><t>&amp;&#x4E2D;&lt;</t></si>\
        <si><t>_xD83D__xDE00_</t></si><si/><si><t><![CDATA[<f>]]></t></si></sst>";
    let cells: String = (0..8).map(|at| format!("<c t=\"s\"><v>{at}</v></c>")).collect();
    let read = read(&format!("<row>{cells}</row>"), &[("xl/sharedStrings.xml", texts)]).unwrap();
    assert_eq!(read, ["1: a\rb|_x000D_|c|d e|&中<|😀||<f>"]);
}

#[test]
fn parts_with_prefixes_and_other_places_are_found() {
    let types = "http://purl.oclc.org/ooxml/officeDocument/relationships";
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<p:Relationship Id=\"{id}\" Type=\"{types}/{kind}\" Target=\"{target}\"/>")
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut zip = zip::ZipWriter::new(&mut bytes);
    let root = relation("r", "officeDocument", "/book/main.xml");
    let of_book = [
        relation("a", "worksheet", "../sheets/One.xml"),
        relation("b", "sharedStrings", "texts.xml"),
        relation("c", "chartsheet", "chart.xml"),
    ];
    for (name, text) in [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        ("_rels/.rels", format!("<p:Relationships>{root}</p:Relationships>")),
        ("book/main.xml", book("", "<sheet name=\"C\" r:id=\"c\"/><sheet name=\"S\" r:id=\"a\"/>")),
        (
            "book/_rels/main.xml.rels",
            format!("<Relationships>{}</Relationships>", of_book.concat()),
        ),
        ("book/texts.xml", "<x:sst><x:si><x:t>shared</x:t></x:si></x:sst>".to_owned()),
        (
            "sheets/one.xml",
            "<x:worksheet><x:sheetData><x:row r=\"3\"><x:c r=\"b3\" t=\"s\"><x:v>0</x:v></x:c>\
             </x:row></x:sheetData></x:worksheet>"
                .to_owned(),
        ),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    assert_eq!(read_sheet(bytes.into_inner(), None).unwrap(), ["3: |shared"]);
}

#[test]
fn formats_under_conditions_are_not_those_of_cells() {
    let styles = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"000\"/></numFmts>\
        <cellXfs><xf numFmtId=\"164\"/></cellXfs><dxfs><dxf><numFmt numFmtId=\"164\" \
        formatCode=\"yyyy\"/></dxf></dxfs></styleSheet>";
    let row = "<row><c s=\"0\"><v>7</v></c></row>";
    assert_eq!(read(row, &[("xl/styles.xml", styles)]).unwrap(), ["1: 007"]);
}

#[test]
fn a_list_of_parts_without_end_is_refused() {
    let mut bytes = Cursor::new(Vec::new());
    let mut zip = zip::ZipWriter::new(&mut bytes);
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("xl/workbook.xml", options).unwrap();
    for part in 0..10_001 {
        zip.start_file(format!("m/{part}"), options).unwrap();
    }
    zip.finish().unwrap();
    assert!(read_sheet(bytes.into_inner(), None).unwrap_err().contains("too-many-parts"));
}

#[test]
fn days_are_counted_from_1904_whatever_extensions_say_beside_it() {
    let later =
        "<extLst><ext uri=\"u\"><x15:workbookPr chartTrackingRefBase=\"1\"/></ext></extLst>";
    let sheet = "<sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets>";
    let more = "<ext><x15:sheets><x15:sheet name=\"T\" r:id=\"rId2\"/></x15:sheets></ext>";
    let whole = format!("<workbook><workbookPr date1904=\"1\"/>{sheet}{later}{more}</workbook>");
    let rows = "<row><c s=\"1\"><v>44627</v></c></row>";
    let found = read(rows, &[("xl/styles.xml", STYLES), ("xl/workbook.xml", &whole)]).unwrap();
    assert_eq!(found, ["1: 2026-03-08"]);
}

mod sheets;
