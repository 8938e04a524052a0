//! Styles, scripts and icons, built into the binary, each also packed by brotli and gzip.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A file and its two packed forms.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    plain: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
}

macro_rules! assets {
    ($($name:literal $media_type:literal;)*) => {
        static ASSETS: &[Asset] = &[$(Asset {
            name: $name,
            media_type: $media_type,
            plain: include_bytes!(concat!("../../../../web/dist/", $name)),
            brotli: include_bytes!(concat!("../../../../web/dist/", $name, ".br")),
            gzip: include_bytes!(concat!("../../../../web/dist/", $name, ".gz")),
        }),*];
    };
}

assets! {
    "app.css" "text/css; charset=utf-8";
    "app.js" "text/javascript; charset=utf-8";
    "chart.js" "text/javascript; charset=utf-8";
    "theme.js" "text/javascript; charset=utf-8";
    "divisions.json" "application/json";
    "icons.svg" "image/svg+xml";
    "logo.svg" "image/svg+xml";
    "rapidoc.js" "text/javascript; charset=utf-8";
}

/// Told apart by the time of the build: a new binary gives new addresses.
pub(crate) const VERSION: &str = env!("GUANXI_ASSETS");

pub(crate) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let accepts = |name| accepted.is_some_and(|list| list.contains(name));
    let (body, encoding) = match (accepts("br"), accepts("gzip")) {
        (true, _) => (asset.brotli, Some("br")),
        (_, true) => (asset.gzip, Some("gzip")),
        _ => (asset.plain, None),
    };
    let mut response = (
        [
            (header::CONTENT_TYPE, asset.media_type),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (header::VARY, "accept-encoding"),
        ],
        body,
    )
        .into_response();
    if let Some(encoding) = encoding {
        let value = axum::http::HeaderValue::from_static(encoding);
        response.headers_mut().insert(header::CONTENT_ENCODING, value);
    }
    response
}
