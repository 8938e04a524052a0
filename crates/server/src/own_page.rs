//! Where a browser may be sent by an address that came from outside: to a page of ours, never to
//! another site. It is parsed as browsers parse it, against our own address, and compared.

use axum::http::{HeaderMap, header};
use url::{Position, Url};

/// A longer address is none of ours.
const ADDRESS_BYTES_MAX: usize = 8 * 1024;
/// Stands for our own address, whatever it is: nobody else can have it.
const OURS: &str = "http://ours.invalid/";

/// The page of ours that an address means, as it is sent on; `None` for anything else.
pub(crate) fn own_page(address: &str) -> Option<String> {
    let odd = |c: char| c.is_control() || c == '\\';
    if address.len() > ADDRESS_BYTES_MAX || !address.starts_with('/') || address.contains(odd) {
        return None;
    }
    let ours = Url::parse(OURS).ok()?;
    let read = |text: &str| ours.join(text).ok().filter(|url| url.origin() == ours.origin());
    let page = read(address)?[Position::BeforePath..].to_owned();
    // What dots were taken out of may begin with two slashes, which is another site again.
    read(&page).filter(|again| again[Position::BeforePath..] == page).map(|_| page)
}

/// The page of ours on which somebody was when they asked.
pub(crate) fn page_before(headers: &HeaderMap) -> Option<String> {
    let before = Url::parse(headers.get(header::REFERER)?.to_str().ok()?).ok()?;
    own_page(&before[Position::BeforePath..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_are_sent_on_to() {
        for (address, page) in [
            ("/", "/"),
            ("/customer?name=a%20b&sort=-name#top", "/customer?name=a%20b&sort=-name#top"),
            ("/customer?name=李", "/customer?name=%E6%9D%8E"),
            ("/a/../b", "/b"),
            ("/login:8080", "/login:8080"),
            ("/a//b", "/a//b"),
        ] {
            assert_eq!(own_page(address).as_deref(), Some(page), "{address}");
        }
        for address in [
            "",
            "customer",
            "https://evil.example",
            "javascript:alert(1)",
            "//evil.example",
            "///evil.example",
            "/\t/evil.example",
            "/\u{b}/evil.example",
            "/\u{7f}/evil.example",
            "/\u{85}/evil.example",
            "/\r\n/evil.example",
            "/\0/evil.example",
            "/\\evil.example",
            "/.//evil.example",
            "/a/..//evil.example",
            "/%2e//evil.example",
            " //evil.example",
            "\t//evil.example",
        ] {
            assert_eq!(own_page(address), None, "{address:?}");
        }
        assert_eq!(own_page(&format!("/{}", "a".repeat(ADDRESS_BYTES_MAX))), None);
    }
}
