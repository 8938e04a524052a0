//! Files as programs of all kinds write them, and files that are broken or hostile.
//! What cannot be read is refused with a sentence, before anything is written.

use std::io::Write as _;

use super::*;

fn read(bytes: &[u8]) -> std::result::Result<(Vec<String>, Vec<String>), String> {
    read_with(bytes, &LayoutHints::default())
}

fn read_with(
    bytes: &[u8],
    hints: &LayoutHints,
) -> std::result::Result<(Vec<String>, Vec<String>), String> {
    let (headers, rows) = read_table(bytes, hints).map_err(|error| error.to_string())?;
    let shown = |row: &FileRow| {
        let cells = row.iter().collect::<Vec<_>>().join("|");
        let fault = row.refusal(headers.len()).map(|r| format!(" ! {}", r.code));
        format!("{}: {cells}{}", row.place(), fault.unwrap_or_default())
    };
    let rows = rows.iter().map(shown).collect();
    Ok((headers, rows))
}

#[test]
fn encodings_and_delimiters_are_found() {
    let text = "名称;城市\n华为技术有限公司;深圳\n\"中兴;通讯\";深圳\n腾讯科技;深圳\n";
    let expected = read(text.as_bytes()).unwrap();
    assert_eq!(expected.0, ["名称", "城市"]);
    assert_eq!(expected.1[1], "3: 中兴;通讯|深圳");
    let (gbk, _, _) = encoding_rs::GB18030.encode(text);
    let utf16 = |bom: &[u8], unit: fn(u16) -> [u8; 2]| {
        [bom.to_vec(), text.encode_utf16().flat_map(unit).collect()].concat()
    };
    for bytes in [
        gbk.to_vec(),
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        utf16(b"\xff\xfe", u16::to_le_bytes),
        utf16(b"\xfe\xff", u16::to_be_bytes),
        utf16(b"", u16::to_le_bytes),
        utf16(b"", u16::to_be_bytes),
    ] {
        assert_eq!(read(&bytes).unwrap(), expected);
    }
}

#[test]
fn delimiters_are_found_beside_decimal_commas_and_texts() {
    for (text, delimiter) in [
        ("a;b;c\n1,5;2,5;3,5\n1,5;2,5;3,5\n1,5;2,5;3,5\n", b';'),
        ("a\tb\nx, y, z\t1\nu, v, w\t2\n", b'\t'),
        ("a|b\n1|2\n", b'|'),
        ("Title, 2026\na;b;c\n1;2;3\n4;5;6\n7;8;9\n", b';'),
        ("only\none\n", b','),
        ("a;b\r1;2\r3;4\r", b';'),
    ] {
        assert_eq!(find_delimiter(text), delimiter, "{text:?}");
    }
}

#[test]
fn a_line_that_says_the_delimiter_is_obeyed() {
    for text in ["sep=;\ncode;name\nS-1;a, b\n", "\"sep=;\"\r\ncode;name\r\nS-1;a, b\r\n"] {
        let read = read(text.as_bytes()).unwrap();
        assert_eq!(read, (vec!["code".into(), "name".into()], vec!["3: S-1|a, b".into()]));
    }
    let tab = LayoutHints { delimiter: Some("tab".to_owned()), ..LayoutHints::default() };
    assert_eq!(read_with(b"sep=;\na\tb\n1\t2\n", &tab).unwrap().1, ["3: 1|2"]);
    let wrong = LayoutHints { delimiter: Some("::".to_owned()), ..LayoutHints::default() };
    assert!(read_with(b"a,b\n", &wrong).unwrap_err().contains("not-a-delimiter"));
}

#[test]
fn trailing_cells_and_empty_lines_say_nothing() {
    let read =
        read(b"code,name,,\nE-1,One,\n,,\n\nE-2,Two\nE-3,Three,,,\nE-4,Four,x\nE-5\n").unwrap();
    assert_eq!(read.0, ["code", "name"]);
    let expected = [
        "2: E-1|One",
        "5: E-2|Two",
        "6: E-3|Three",
        "7: E-4|Four|x ! wrong-column-count",
        "8: E-5 ! wrong-column-count",
    ];
    assert_eq!(read.1, expected);
}

#[test]
fn names_of_columns_have_no_line_ends_and_no_hidden_marks() {
    let read = read("\"Customer\nname\",\u{200b}Unit\u{a0}price ,Qty\na,1,2\n".as_bytes()).unwrap();
    assert_eq!(read.0, ["Customer name", "Unit price", "Qty"]);
    assert_eq!(read.1, ["3: a|1|2"]);
}

#[test]
fn titles_above_the_header_are_passed_over() {
    let text = "Report of sales\n\nMade on,2026-01-01\ncode,name,city,phone,notes\n\
                1,a,b,c,d\n2,a,b,c,d\n3,a,b,c,d\n";
    let read_text = read(text.as_bytes()).unwrap();
    assert_eq!(read_text.0, ["code", "name", "city", "phone", "notes"]);
    assert_eq!(read_text.1[0], "5: 1|a|b|c|d");
    // The names that a mapping knows find it where its shape does not.
    let text = "Sales,all,of,them\ncode,name,x,y\n1,a,b,c\n";
    let columns = vec!["name".to_owned(), "code".to_owned()];
    let known = LayoutHints { columns, ..LayoutHints::default() };
    assert_eq!(read_with(text.as_bytes(), &known).unwrap().0, ["code", "name", "x", "y"]);
    let told = |row| LayoutHints { header_row: Some(row), ..LayoutHints::default() };
    assert_eq!(read_with(text.as_bytes(), &told(2)).unwrap().1, ["3: 1|a|b|c"]);
    assert!(read_with(text.as_bytes(), &told(9)).unwrap_err().contains("no-header-row"));
    // One record only, and few cells filled, is no title.
    assert_eq!(read(b"name,city\nx,\n").unwrap().0, ["name", "city"]);
}

/// What a wizard knows of names of columns.
fn known() -> LayoutHints {
    let words = [
        "名称", "公司", "城市", "电话", "邮箱", "备注", "编号", "name", "city", "email", "phone",
        "notes",
    ];
    LayoutHints { columns: words.map(ToOwned::to_owned).into(), ..LayoutHints::default() }
}

/// The names of the columns that a file is taken to have, the row that they stand in, and whether
/// that is asked.
fn header_of(text: &str) -> (String, Option<String>, Certainty) {
    let source = Source::of(&Place::Memory(text.as_bytes().into()), &known()).unwrap();
    let mut decisions = source.decisions.into_iter();
    let header = decisions.find(|one| one.what == Matter::HeaderRow).unwrap();
    assert_eq!(header.refusal().is_some(), header.chosen.is_none());
    (source.headers.join("|"), header.chosen, header.certainty)
}

#[test]
fn names_of_columns_are_told_from_records() {
    let is = |text: &str| {
        let (names, row, _) = header_of(text);
        format!("{}: {names}", row.unwrap_or_else(|| "?".to_owned()))
    };
    for (text, expected) in [
        // A word that is known stands in a record.
        ("Wer,Kanal,Ort\nAcme,email,Berlin\nGlobex,phone,Bonn\n", "1: Wer|Kanal|Ort"),
        ("Firma;Kontakt;Ort\nAcme;Meier;Bonn\n备注;city;Berlin\n", "1: Firma|Kontakt|Ort"),
        // Titles above.
        ("客户名单\n名称,城市,电话\n华为,深圳,0755-1\n", "2: 名称|城市|电话"),
        ("客户名单,2026年3月,\n名称,城市,电话\n华为,深圳,0755-1\n", "2: 名称|城市|电话"),
        (
            "Kundenliste,,,,\nStand,2026-03-01,,,\nname,city,x,y,z\na,b,c,d,e\n",
            "3: name|city|x|y|z",
        ),
        // Pivot tables are named by years and months.
        ("产品,2024,2025,2026\n螺丝,1,2,3\n", "1: 产品|2024|2025|2026"),
        ("名称,2024-01,2024-02\n螺丝,1,2\n", "1: 名称|2024-01|2024-02"),
        // Groups above names.
        ("编号,基本信息,,备注\n,名称,城市,\n1,华为,深圳,x\n", "2: 编号|名称|城市|备注"),
        (
            "name,Q1,Q1,Q2,Q2\n,Plan,Ist,Plan,Ist\nA,1,2,3,4\n",
            "2: name|Q1 Plan|Q1 Ist|Q2 Plan|Q2 Ist",
        ),
        ("name,,\nAcme,Berlin,Nord\n", "1: name"),
        // What may be a record is asked about.
        ("华为技术有限公司,上海,王伟\n中兴通讯,深圳,李四\n", "?: 华为技术有限公司|上海|王伟"),
        ("上海,张三\n北京,李四\n", "?: 上海|张三"),
        ("Acme,email,030 1234567\nGlobex,phone,030 7654321\n", "?: Acme|email|030 1234567"),
        ("a@x.example,Li\nb@x.example,Wu\n", "?: a@x.example|Li"),
        ("Nord,A\nSüd,B\nNord,C\n", "?: Nord|A"),
        (
            "Firmen im Norden\nAcme,2026-01-05,12.50,x\nGlobex,2026-01-06,9.50,y\n",
            "?: Acme|2026-01-05|12.50|x",
        ),
    ] {
        assert_eq!(is(text), expected, "{text}");
    }
    let (_, _, certainty) = header_of("Wer,Kanal,Ort\nAcme,Mail,Berlin\n");
    assert_eq!(certainty, Certainty::Assumed);
    let (_, _, certainty) = header_of("name,city\nAcme,Berlin\n");
    assert_eq!(certainty, Certainty::Clear);
}

#[test]
fn columns_without_names_have_letters() {
    let text = "Acme,a@x.example,3\nGlobex,b@x.example,\n";
    let told = LayoutHints { header_row: Some(0), ..LayoutHints::default() };
    let (headers, rows) = read_with(text.as_bytes(), &told).unwrap();
    assert_eq!(headers, ["A", "B", "C"]);
    assert_eq!(rows, ["1: Acme|a@x.example|3", "2: Globex|b@x.example|"]);
    let wide = format!("{}x\n", "x,".repeat(27));
    let (headers, _) = read_with(wide.as_bytes(), &told).unwrap();
    assert_eq!(headers[25..], ["Z", "AA", "AB"]);
    assert!(read_with(b"", &told).unwrap_err().contains("file-empty"));
}

#[test]
fn an_encoding_that_a_file_cannot_be_in_is_asked_about() {
    let gbk = encoding_rs::GB18030.encode("名称,城市\n华为技术有限公司,深圳\n").0.into_owned();
    let decision = |bytes: &[u8], told: &str| {
        let hints = LayoutHints { encoding: Some(told.to_owned()), ..LayoutHints::default() };
        Source::of(&Place::Memory(bytes.into()), &hints).unwrap().decisions.remove(0)
    };
    for told in ["utf-8", "utf-16le", "utf-16be"] {
        let asked = decision(&gbk, told);
        assert_eq!(
            (asked.chosen, asked.alternatives),
            (None, vec!["gb18030".to_owned()]),
            "{told}"
        );
        assert!(asked.examples[0].text.contains("华为") || asked.examples[0].text.contains("名称"));
    }
    let damaged = ["é,1\n".repeat(20).into_bytes(), b"M\xfcller,2\n".to_vec()].concat();
    for (bytes, told) in [
        (&damaged[..], "utf-8"),
        (b"only,ascii\n", "utf-8"),
        (b"a,b\n", "gbk"),
        (&"é,1\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(), "utf-16le"),
    ] {
        assert_eq!(decision(bytes, told).certainty, Certainty::Told, "{told}");
    }
}

#[test]
fn bytes_that_mean_nothing_are_refused_with_their_line_and_not_lost() {
    let mut bytes = format!("name,city\n{}", "Zürich,Genève\n".repeat(20)).into_bytes();
    bytes.extend(b"M\xfcller,K\xf6ln\n");
    let read = read(&bytes).unwrap();
    assert_eq!(read.1.last().unwrap(), "22: Müller|Köln ! unreadable-characters");
    assert_eq!(read.1[0], "2: Zürich|Genève");
}

#[test]
fn what_was_found_is_said() {
    let (gbk, _, _) = encoding_rs::WINDOWS_1252.encode("name;x\nMüller;1\n");
    let source = Source::of(&Place::Memory(gbk.as_ref().into()), &LayoutHints::default()).unwrap();
    let said: Vec<String> = source
        .decisions
        .iter()
        .map(|one| {
            format!("{}={} {:?}", one.what.code(), one.chosen.as_ref().unwrap(), one.certainty)
        })
        .collect();
    assert_eq!(said, ["encoding=windows-1252 Assumed", "delimiter=; Clear", "header_row=1 Clear"]);
    let readings = &source.decisions[0].examples[0].readings;
    assert!(readings.iter().any(|r| r.choice == "macintosh" && r.meaning == "M¸ller;1"));
}

#[test]
fn broken_files_are_refused_with_a_reason() {
    assert!(read(b"").unwrap_err().contains("file-empty"));
    assert!(read(b"\n\n").unwrap_err().contains("file-empty"));
    assert!(read(b"PK\x03\x04 not a workbook").unwrap_err().contains("workbook-broken"));
    let endless = [b"a,b\n\"".to_vec(), vec![b'x'; 3 << 20]].concat();
    assert!(read(&endless).unwrap_err().contains("line-too-long"));
    let lines = [b"a,b\n\"".to_vec(), b"x\n".repeat(2 << 20)].concat();
    assert!(read(&lines).unwrap_err().contains("line-too-long"));
    let delimiters = b",".repeat(900_000);
    assert!(read(&delimiters).unwrap_err().contains("file-empty"));
    let columns = format!("{}\n", "x,".repeat(100_000));
    assert!(read(columns.as_bytes()).unwrap_err().contains("too-many-columns"));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for number in 0..20_000 {
        writeln!(gzip, "{number},{}", number * 7919).unwrap();
    }
    let whole = gzip.finish().unwrap();
    assert_eq!(read(&whole).unwrap().1.len(), 19_999);
    assert!(read(&whole[..whole.len() / 2]).unwrap_err().contains("file-"));
}

#[test]
fn files_of_other_programs_are_called_by_name() {
    let old = [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), vec![0; 504]].concat();
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let protected = [old.clone(), name, vec![0; 50]].concat();
    let zipped = |names: &[&str]| {
        let mut bytes = Cursor::new(Vec::new());
        let mut zip = zip::ZipWriter::new(&mut bytes);
        for name in names {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        }
        zip.finish().unwrap();
        bytes.into_inner()
    };
    for (bytes, code) in [
        (old, "workbook-old"),
        (b"\x09\x00\x04\x00\x02\x00\x10\x00".to_vec(), "workbook-old"),
        (b"\x09\x02\x06\x00\x00\x00\x10\x00\x00\x00".to_vec(), "workbook-old"),
        (b"\x09\x04\x06\x00\x00\x00\x10\x00\x00\x00".to_vec(), "workbook-old"),
        (zipped(&[]), "workbook-broken"),
        (zipped(&["table.csv"]), "workbook-broken"),
        (protected, "workbook-protected"),
        (b"<html><table><tr><td>a</table>".to_vec(), "web-page-not-table"),
        (b"\xef\xbb\xbf <!DOCTYPE HTML>".to_vec(), "web-page-not-table"),
        (b"<?xml version=\"1.0\"?><Workbook>".to_vec(), "workbook-of-other-program"),
        (zipped(&["mimetype", "content.xml"]), "workbook-of-other-program"),
        (zipped(&["[Content_Types].xml", "xl/workbook.bin"]), "workbook-binary"),
        (zipped(&["[Content_Types].xml", "word/document.xml"]), "not-a-table"),
        (b"%PDF-1.7".to_vec(), "not-a-table"),
    ] {
        assert!(read(&bytes).unwrap_err().contains(code), "{code}: {:?}", read(&bytes));
        let packed = gzipped(&bytes);
        assert!(read(&packed).unwrap_err().contains(code), "{code}: {:?}", read(&packed));
    }
    assert!(read(&gzipped(&gzipped(b"a,b\n1,2\n"))).unwrap_err().contains("not-a-table"));
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn what_is_unpacked_has_a_limit() {
    let read = |length: usize| {
        let mut bytes = Unpacked::new(io::Cursor::new(vec![b'x'; length]), 2 << 20);
        let read = bytes.read_to_end(&mut Vec::new());
        read.map_err(|error| unread(&error, "file-broken").to_string())
    };
    assert_eq!(read(2 << 20), Ok(2 << 20));
    let refused = read((2 << 20) + 1).unwrap_err();
    assert!(refused.contains("unpacks-too-large") && refused.contains("limit=2"), "{refused}");
    // A small file of many parts, each of which unpacks to 64 MB.
    let part = gzipped(&b"1,2\n".repeat(16 << 20));
    let mut bomb = gzipped(b"a,b\n");
    (0..17).for_each(|_| bomb.extend(&part));
    assert!(bomb.len() < 16 << 20);
    let place = Place::Memory(bomb.into());
    let unpacked = io::copy(&mut place.bytes().unwrap(), &mut io::sink());
    let refused = unread(&unpacked.unwrap_err(), "file-broken").to_string();
    assert!(refused.contains("unpacks-too-large") && refused.contains("limit=1024"), "{refused}");
}

#[test]
fn gzipped_workbooks_are_workbooks() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in [(0, ["code", "name"]), (1, ["A", "One"])] {
        sheet.write_row(row, 0, cells).unwrap();
    }
    let bytes = workbook.save_to_buffer().unwrap();
    let expected = read(&bytes).unwrap();
    assert_eq!(expected.1, ["2: A|One"]);
    assert_eq!(read(&gzipped(&bytes)).unwrap(), expected);
}

proptest::proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(
        proptest::prelude::any::<u8>(), 0..300)) {
        let _ = read(&bytes);
    }
}
