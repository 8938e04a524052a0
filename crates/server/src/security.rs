//! What every request passes: an id, headers that bind the browser, and a refusal of writes that
//! another site sends with our visitor's cookie.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use guanxi_base::Refusal;
use guanxi_crm::text::Texts;

use crate::app::App;
use crate::rate::Caller;
use crate::signed_in::{SESSION_COOKIE, bearer, cookie, locale_of};
use crate::{place, problem};

/// The request's id, also in its answer and in the log.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// The network address that a request came from.
#[derive(Debug, Clone)]
pub(crate) struct ClientAddress(pub(crate) String);

const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

pub(crate) async fn pass(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = new_request_id();
    request.extensions_mut().insert(RequestId(id.clone()));
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = match app.config.behind_https {
        true => forwarded(request.headers()).or(peer),
        false => peer,
    };
    if let Some(peer) = peer {
        request.extensions_mut().insert(ClientAddress(peer.to_string()));
    }
    let path = request.uri().path();
    let is_docs = path == "/api/docs";
    let is_asset = path.starts_with("/assets/");
    let refusal = if is_cross_site_write(request.method(), path, request.headers()) {
        Some(Refusal::new("csrf"))
    } else {
        let caller = peer.filter(|_| !is_asset).map(|peer| Caller::Place(place::of(peer)));
        caller.and_then(|caller| too_many(&app, caller))
    };
    let mut response = match refusal {
        Some(refusal) => {
            let texts = Texts::of(locale_of(request.headers()));
            problem::answer(&refusal.into(), texts, &id)
        }
        None => next.run(request).await,
    };
    if !is_asset && !response.headers().contains_key(header::CACHE_CONTROL) {
        // What one person was shown is not kept for the next who sits there.
        let value = HeaderValue::from_static("no-store");
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
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
    set(header::X_FRAME_OPTIONS, "DENY");
    let other = header::HeaderName::from_static;
    set(other("cross-origin-opener-policy"), "same-origin");
    set(other("cross-origin-resource-policy"), "same-origin");
    set(other("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()");
    if app.config.behind_https {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    set(header::HeaderName::from_static("x-request-id"), &id);
    response
}

/// Whom our proxy talks to: the last address that it added; those before it anybody may write.
/// Without it all people behind the proxy would share one limit.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

/// One place, and one session or token that is known, gets so many answers a second.
pub(crate) fn too_many(app: &App, caller: Caller) -> Option<Refusal> {
    let seconds = app.rate.take(caller, Instant::now())?;
    Some(Refusal::new("too-many-requests").with("seconds", seconds))
}

fn new_request_id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{:x}-{:x}", std::process::id(), NEXT.fetch_add(1, Relaxed))
}

/// A write that carries our cookie must come from our own pages. Browsers say where it comes
/// from in `Sec-Fetch-Site`, and without TLS in `Origin`; a program without either must use a
/// token, and only under the API does one stand in the place of the cookie.
fn is_cross_site_write(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let by_token = path.starts_with("/api/") && bearer(headers).is_some();
    if by_token || matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
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
        let check_at = |path: &str, pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| {
                (header::HeaderName::from_static(name), HeaderValue::from_static(value))
            });
            is_cross_site_write(&Method::POST, path, &pairs.collect())
        };
        let check = |pairs: &[(&'static str, &'static str)]| check_at("/customer", pairs);
        let ours = ("cookie", "guanxi_session=x");
        assert!(!check(&[ours, ("sec-fetch-site", "same-origin")]));
        assert!(check(&[ours, ("sec-fetch-site", "cross-site")]));
        assert!(check(&[ours, ("sec-fetch-site", "same-site")]));
        assert!(!check(&[ours, ("origin", "http://crm:8080"), ("host", "crm:8080")]));
        assert!(check(&[ours, ("origin", "http://evil"), ("host", "crm:8080")]));
        assert!(check(&[ours]));
        // A token stands in the place of the cookie under the API, and nothing else does.
        let foreign = ("sec-fetch-site", "cross-site");
        for (word, is_refused) in [("Bearer x", false), ("Basic x", true), ("x", true)] {
            let pairs = [ours, foreign, ("authorization", word)];
            assert_eq!(check_at("/api/v1/customer", &pairs), is_refused, "{word}");
            assert!(check_at("/customer", &pairs), "{word}");
        }
    }
}
