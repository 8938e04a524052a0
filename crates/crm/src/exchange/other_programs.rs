//! Files of other programs that look like tables to people and are none: said by name, with what to
//! do. Read as text with delimiters they would make records of their tags.

use std::io::Read;

use encoding_rs::Encoding;
use guanxi_base::{Refusal, Result};

use super::unpacked::unread;

/// How workbooks began before they were packages, from the second version on.
const OLD_WORKBOOKS: [&[u8]; 4] =
    [b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04", b"\x09\x08"];
/// How a file begins that holds others.
const OLE: &[u8] = b"\xd0\xcf\x11\xe0";
const GZIP: &[u8] = b"\x1f\x8b";
/// So much of a file that holds others is looked through.
const OLE_BYTES_MAX: u64 = 64 << 20;
/// What pages of the web begin with, or begin their table with.
const PAGE_TAGS: [&str; 29] = [
    "html", "head", "body", "meta", "title", "base", "link", "style", "script", "table", "caption",
    "thead", "tbody", "tr", "th", "td", "div", "span", "p", "br", "hr", "center", "font", "form",
    "h1", "h2", "h3", "b", "pre",
];
/// What workbooks begin with that are one text of XML.
const WORKBOOK_TAGS: [&str; 4] =
    ["workbook", "ss:workbook", "office:document", "office:document-content"];

/// Refuses a file by its first bytes, if another program must save it as a table first.
///
/// # Errors
/// A refusal that names the program or the format.
pub(super) fn refuse(
    start: &[u8],
    whole: impl FnOnce() -> Result<Box<dyn Read + Send>>,
) -> Result<()> {
    let code = if start.starts_with(OLE) {
        // A protected workbook is packed like an old one, and names what is in it in UTF-16.
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut bytes = Vec::new();
        let read = whole()?.take(OLE_BYTES_MAX).read_to_end(&mut bytes);
        read.map_err(|error| unread(&error, "file-unreadable"))?;
        let is_protected = bytes.windows(name.len()).any(|window| window == name);
        if is_protected { "workbook-protected" } else { "workbook-old" }
    } else if OLD_WORKBOOKS.iter().any(|head| start.starts_with(head)) {
        "workbook-old"
    } else if start.starts_with(GZIP) {
        "not-a-table"
    } else {
        match of_text(&small_letters(start)) {
            Some(code) => code,
            None => return Ok(()),
        }
    };
    Err(Refusal::new(code).into())
}

/// The beginning of a file as text in small letters, whatever its encoding: names of tags are ASCII.
fn small_letters(start: &[u8]) -> String {
    let encoding = match (Encoding::for_bom(start), start) {
        (Some((encoding, _)), _) => encoding,
        (None, [_, 0, _, 0, ..]) => encoding_rs::UTF_16LE,
        (None, [0, _, 0, _, ..]) => encoding_rs::UTF_16BE,
        _ => encoding_rs::UTF_8,
    };
    let (text, _) = encoding.decode_with_bom_removal(start);
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').to_ascii_lowercase()
}

fn of_text(head: &str) -> Option<&'static str> {
    if head.starts_with("%pdf") || head.starts_with("{\\rtf") || is_json(head) {
        return Some("not-a-table");
    }
    if is_symbolic_link(head) || is_interchange(head) {
        return Some("workbook-of-other-program");
    }
    of_markup(head).or_else(|| (is_mail(head) || has_page_below(head)).then_some(PAGE))
}

const PAGE: &str = "web-page-not-table";

fn of_markup(head: &str) -> Option<&'static str> {
    let (mut rest, mut is_declared) = (head, false);
    loop {
        let (begins, ends) = match rest {
            rest if rest.starts_with("<!--") => ("<!--", "-->"),
            rest if rest.starts_with("<?") => ("<?", "?>"),
            _ => break,
        };
        is_declared |= begins == "<?";
        // A remark without an end stands before a page, as browsers write them.
        let Some(end) = rest.find(ends) else { break };
        rest = rest[end + ends.len()..].trim_start();
    }
    let is_workbook = tag(rest).is_some_and(|tag| WORKBOOK_TAGS.contains(&tag));
    if rest.starts_with("<!") && (!is_declared || rest.starts_with("<!doctype html")) {
        return Some(PAGE);
    }
    match tag(rest) {
        Some(tag) if PAGE_TAGS.contains(&tag) => Some(PAGE),
        _ if is_declared || is_workbook => Some("workbook-of-other-program"),
        _ => None,
    }
}

/// The name of the tag that a text begins with.
fn tag(text: &str) -> Option<&str> {
    let text = text.strip_prefix('<')?;
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, ':' | '-'))?;
    let is_closed =
        text[end..].starts_with(['>', '/']) || text[end..].starts_with(char::is_whitespace);
    Some(&text[..end]).filter(|_| is_closed)
}

/// Whether a table of a page begins below lines that are none of a table.
fn has_page_below(head: &str) -> bool {
    let lines = head.lines().map(str::trim);
    let before =
        lines.take_while(|line| line.starts_with('<') || !line.contains([',', ';', '\t', '|']));
    before.filter_map(tag).any(|tag| PAGE_TAGS.contains(&tag))
}

/// Whether a text is a page with all that belongs to it, sent or saved as mail is.
fn is_mail(head: &str) -> bool {
    let lines = head.lines().take_while(|line| !line.trim().is_empty());
    let names: Vec<&str> =
        lines.filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim()).collect();
    let is_name = |name: &&str| name.bytes().all(|c| c.is_ascii_alphabetic() || c == b'-');
    names.first().is_some_and(is_name)
        && names.contains(&"mime-version")
        && names.contains(&"content-type")
}

/// Whether a text is JSON: lists of records are no table yet.
fn is_json(head: &str) -> bool {
    let mut letters = head.chars().filter(|c| !c.is_whitespace());
    match (letters.next(), letters.next()) {
        (Some('{'), Some('"' | '}')) => true,
        (Some('['), Some(second)) => second == '{' || second == '"' && head.contains(':'),
        _ => false,
    }
}

/// Whether a text is in the format of symbolic links (`.slk`).
fn is_symbolic_link(head: &str) -> bool {
    let mut lines = head.lines();
    let is_first = lines.next().is_some_and(|line| line.starts_with("id;p"));
    let mut records = lines.filter_map(|line| line.split_once(';')).map(|(kind, _)| kind);
    is_first
        && records.next().is_some_and(|kind| ["p", "f", "b", "c", "o", "w", "nn"].contains(&kind))
}

/// Whether a text is in the format of data interchange (`.dif`).
fn is_interchange(head: &str) -> bool {
    let mut lines = head.lines().map(str::trim);
    lines.next() == Some("table") && lines.next() == Some("0,1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(start: &[u8]) -> Option<&'static str> {
        match refuse(start, || Ok(Box::new(std::io::empty()))) {
            Ok(()) => None,
            Err(guanxi_base::Error::Refused(refusals)) => refusals.first().map(|one| one.code),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn pages_of_the_web_are_called_so_however_they_begin() {
        let page = "<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><table><tr><td>a";
        let utf16: Vec<u8> = page.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [b"\xff\xfe".to_vec(), utf16.clone()].concat();
        for start in [
            page.as_bytes(),
            &utf16,
            &marked,
            b"<!-- saved from a page -->\n<HTML><body>",
            b"<!--[if gte mso 9]><xml>",
            b"<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0\">",
            b"<?xml version=\"1.0\"?>\n<!DOCTYPE html><html>",
            b"<?xml version=\"1.0\"?><html>",
            b"\xef\xbb\xbf\r\n<div>\n<TABLE border=1>",
            b"<style>td{mso-number-format:\"\\@\";}</style><table>",
            b"<meta http-equiv=\"Content-Type\" content=\"text/html; charset=gb2312\">\n<table>",
            "客户列表\n<table border=\"1\"><tr><td>名称</td>".as_bytes(),
            b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=\"----=_Next\"\n\n------",
            b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://x.example\r\n\
              MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype=\"text/html\"\r\n\r\n",
        ] {
            assert_eq!(code(start), Some("web-page-not-table"), "{}", String::from_utf8_lossy(start));
        }
    }

    #[test]
    fn workbooks_that_are_one_text_are_called_so() {
        for start in [
            "<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook xmlns=\"urn:x\">",
            "<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
            "<ss:Workbook xmlns:ss=\"urn:x\">",
            "<?xml version=\"1.0\"?><!-- made by a shop --><office:document>",
            "ID;PWXL;N;E\nP;PGeneral\nC;Y1;X1;K\"a\"\n",
            "TABLE\r\n0,1\r\n\"EXCEL\"\r\n",
        ] {
            assert_eq!(code(start.as_bytes()), Some("workbook-of-other-program"), "{start}");
        }
        for start in ["[{\"name\": \"A\"}]", "{\"data\": []}", "{\\rtf1", "%PDF-1.4"] {
            assert_eq!(code(start.as_bytes()), Some("not-a-table"), "{start}");
        }
    }

    #[test]
    fn tables_that_hold_tags_or_begin_alike_are_tables() {
        for start in [
            "name,description\nA,\"<table><tr><td>1</td></tr></table>\"\n",
            "name;text\nA;<b>new</b>\n",
            "<name>,<city>\nA,B\n",
            "ID;Preis;Name\n1;2;A\n",
            "Table\n1\n",
            "Content-Type: a,b\n1,2\n",
            "[id],[name]\n1,A\n",
            "{name},{city}\nA,B\n",
            "name\n<none>\n",
            "Report\nname,city\n<p>,B\n",
            "",
        ] {
            assert_eq!(code(start.as_bytes()), None, "{start}");
        }
    }
}
