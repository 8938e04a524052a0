//! What every request passes: an id, headers that bind the browser, and a refusal of writes that
//! another site sends with our visitor's cookie.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use guanxi_base::Refusal;
use guanxi_crm::text::Texts;

use crate::problem;
use crate::signed_in::{SESSION_COOKIE, cookie, locale_of};

/// The request's id, also in its answer and in the log.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// The network address that a request came from.
#[derive(Debug, Clone)]
pub(crate) struct ClientAddress(pub(crate) String);

const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

pub(crate) async fn pass(mut request: Request, next: Next) -> Response {
    let id = new_request_id();
    request.extensions_mut().insert(RequestId(id.clone()));
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    if let Some(peer) = peer {
        request.extensions_mut().insert(ClientAddress(peer.to_string()));
    }
    let is_docs = request.uri().path() == "/api/docs";
    let mut response = if is_cross_site_write(request.method(), request.headers()) {
        let texts = Texts::of(locale_of(request.headers()));
        problem::answer(&Refusal::new("csrf").into(), texts, &id)
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    // The interactive API page styles its own elements; nothing else does.
    let policy = if is_docs {
        format!("{POLICY}; style-src 'self' 'unsafe-inline'")
    } else {
        POLICY.to_owned()
    };
    set(header::CONTENT_SECURITY_POLICY, &policy);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::HeaderName::from_static("x-request-id"), &id);
    response
}

fn new_request_id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{:x}-{:x}", std::process::id(), NEXT.fetch_add(1, Relaxed))
}

/// A write that carries our cookie must come from our own pages. Browsers say where it comes
/// from in `Sec-Fetch-Site`, and without TLS in `Origin`; a program without either must use a
/// token.
fn is_cross_site_write(method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
        || headers.contains_key(header::AUTHORIZATION)
    {
        return false;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin"), text("host")) {
        (Some(site), _, _) => !matches!(site, "same-origin" | "none"),
        (None, Some(origin), Some(host)) => {
            origin.split_once("://").map(|(_, place)| place) != Some(host)
        }
        _ => cookie(headers, SESSION_COOKIE).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_write_with_our_cookie() {
        let check = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| {
                (header::HeaderName::from_static(name), HeaderValue::from_static(value))
            });
            is_cross_site_write(&Method::POST, &pairs.collect())
        };
        let ours = ("cookie", "guanxi_session=x");
        assert!(!check(&[ours, ("sec-fetch-site", "same-origin")]));
        assert!(check(&[ours, ("sec-fetch-site", "cross-site")]));
        assert!(check(&[ours, ("sec-fetch-site", "same-site")]));
        assert!(!check(&[ours, ("origin", "http://crm:8080"), ("host", "crm:8080")]));
        assert!(check(&[ours, ("origin", "http://evil"), ("host", "crm:8080")]));
        assert!(check(&[ours]));
        assert!(!check(&[("authorization", "Bearer x")]));
    }
}
