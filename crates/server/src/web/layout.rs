//! The frame of every page: menu, palette, language, theme, messages.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use guanxi_base::{Error, Refusal, Result};
use guanxi_crm::AREAS;
use guanxi_crm::text::Texts;
use guanxi_record::{Catalog, RecordType};
use guanxi_store::Purpose;
use maud::{DOCTYPE, Markup, html};

use super::assets::VERSION;
use super::format;
use crate::app::App;
use crate::problem;
use crate::signed_in::SignedIn;

/// An icon of the kit.
pub(crate) fn icon(name: &str) -> Markup {
    html! {
        svg class="icon" aria-hidden="true" focusable="false" {
            use href=(format!("/assets/icons.svg?v={VERSION}#{name}")) {}
        }
    }
}

fn head(texts: &Texts, title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="htmx-config" content="{\"includeIndicatorCSS\":false}";
            title { (title) " · " (texts.get("ui-product")) }
            link rel="icon" href=(format!("/assets/logo.svg?v={VERSION}"));
            link rel="stylesheet" href=(format!("/assets/app.css?v={VERSION}"));
            script src=(format!("/assets/theme.js?v={VERSION}")) {}
            script src=(format!("/assets/app.js?v={VERSION}")) defer {}
        }
    }
}

/// A page without a menu.
pub(crate) fn bare(
    texts: &Texts,
    title: &str,
    theme: Option<&str>,
    content: &Markup,
) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang=(texts.locale().tag()) data-theme=(theme.unwrap_or_default()) {
            (head(texts, title))
            body { main { (content) } }
        }
    };
    Html(page.into_string())
}

/// A message after something was done, with the way to undo it.
#[derive(Debug, Default)]
pub(crate) struct Notice {
    pub(crate) change_set: Option<String>,
}

/// Stands before the job of what was done to many records at once, where else a change set is named.
pub(crate) const SAVED_ALL: &str = "all-";

/// A page.
pub(crate) fn page(
    app: &App,
    signed: &SignedIn,
    title: &str,
    notice: &Notice,
    content: &Markup,
) -> Html<String> {
    let texts = signed.texts;
    let catalog = app.store.catalog();
    let types: serde_json::Value = catalog
        .types()
        .map(|one| (one.name.to_string(), texts.type_label(&one.name).into()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let page = html! {
        (DOCTYPE)
        html lang=(texts.locale().tag()) data-theme=(signed.theme.as_deref().unwrap_or_default()) {
            (head(texts, title))
            body data-types=(types) data-assets=(VERSION) {
                a class="gx-skip" href="#main" { (texts.get("ui-skip")) }
                div class="gx-shell" {
                    (menu(signed, &catalog, title))
                    div {
                        (top(signed))
                        main id="main" class="gx-main" { (content) }
                    }
                }
                (palette(texts))
                (shortcuts(texts))
                @if let Some(change_set) = &notice.change_set {
                    (saved(texts, change_set))
                }
            }
        }
    };
    Html(page.into_string())
}

/// Says that something was saved, and offers to undo it.
pub(crate) fn saved(texts: &Texts, change_set: &str) -> Markup {
    let (name, value) = match change_set.strip_prefix(SAVED_ALL) {
        Some(job) => ("job", job),
        None => ("change_set", change_set),
    };
    html! {
        div class="gx-toast" role="status" {
            span { (texts.get("ui-saved")) }
            form method="post" action="/undo" {
                input type="hidden" name=(name) value=(value);
                button class="btn btn-sm" type="submit" { (texts.get("ui-undo")) }
            }
        }
    }
}

fn menu(signed: &SignedIn, catalog: &Catalog, title: &str) -> Markup {
    let texts = signed.texts;
    let go = texts.get("ui-page");
    let readable = |name: &str| signed.actor.rights.scope(name, Purpose::Read).is_some();
    html! {
        nav class="gx-nav" id="menu" aria-label=(texts.get("ui-menu")) {
            a class="gx-brand" href="/" data-place=(go) {
                img src=(format!("/assets/logo.svg?v={VERSION}")) alt="" width="28" height="28";
                span { (texts.get("ui-product")) }
            }
            a href="/approvals" data-place=(go) {
                (icon("user-check")) span { (texts.get("approval-title")) }
                span hx-get="/approvals/count" hx-trigger="load" hx-swap="innerHTML" {}
            }
            a href="/notices" data-place=(go) {
                (icon("bell")) span { (texts.get("notice-title")) }
                span hx-get="/notices/count" hx-trigger="load" hx-swap="innerHTML" {}
            }
            @if guanxi_crm::insights::reads_what_is_known(&signed.actor) {
                a href="/insights" data-place=(go) { (icon("chart-dots")) span { (texts.get("insights-title")) } }
            }
            @for area in AREAS {
                @let types: Vec<_> = catalog.types()
                    .filter(|one| one.area == *area && one.part_of.is_none())
                    .filter(|one| one.name != "file" && readable(&one.name))
                    .collect();
                @if !types.is_empty() {
                    h2 { (texts.get(&format!("area-{area}"))) }
                    @for one in types {
                        @let label = texts.type_plural(&one.name);
                        a href=(format!("/{}", one.name)) data-place=(go)
                            aria-current=[(label == title).then_some("page")] {
                            (icon(one.icon)) span { (label) }
                        }
                    }
                    @if *area == "settings" {
                        a href="/import" data-place=(go) { (icon("file-import")) span { (texts.get("import-title")) } }
                        @if signed.user.is_administrator {
                            a href="/audit" data-place=(go) { (icon("eye-check")) span { (texts.get("audit-title")) } }
                        }
                        a href="/api/docs" data-place=(go) { (icon("api")) span { "API" } }
                    }
                }
            }
        }
    }
}

fn top(signed: &SignedIn) -> Markup {
    let texts = signed.texts;
    let other = if texts.locale().tag() == "en" {
        ("zh_cn", "\u{4e2d}\u{6587}")
    } else {
        ("en", "English")
    };
    let dark = signed.theme.as_deref() == Some("dark");
    html! {
        header class="gx-top" {
            button class="btn btn-icon gx-menu-button" type="button" aria-expanded="false"
                aria-controls="menu" aria-label=(texts.get("ui-menu")) { (icon("menu-2")) }
            button class="btn" type="button" data-open-palette {
                (icon("search")) span { (texts.get("ui-search")) }
                kbd class="d-none d-md-inline" { "Ctrl K" }
            }
            span class="gx-grow" {}
            form method="post" action="/language" {
                button class="btn" name="locale" value=(other.0) type="submit" lang=(if other.0 == "en" { "en" } else { "zh-CN" }) { (other.1) }
            }
            form method="post" action="/theme" {
                button class="btn btn-icon" name="theme" value=(if dark { "light" } else { "dark" })
                    type="submit" aria-label=(texts.get("ui-theme")) {
                    @if dark { (icon("sun")) } @else { (icon("moon")) }
                }
            }
            a class="btn d-none d-md-inline-flex" href="/account" { (signed.user.name) }
            form method="post" action="/logout" {
                button class="btn btn-icon" type="submit" aria-label=(texts.get("ui-sign-out")) { (icon("logout")) }
            }
        }
    }
}

fn palette(texts: &Texts) -> Markup {
    html! {
        dialog class="gx-palette" aria-label=(texts.get("ui-search")) {
            input type="text" role="combobox" aria-expanded="false" aria-controls="palette-list"
                aria-autocomplete="list" aria-label=(texts.get("ui-search"))
                placeholder=(texts.get("ui-search-hint")) autocomplete="off";
            ul id="palette-list" role="listbox" aria-label=(texts.get("ui-search")) hidden {}
        }
    }
}

/// The keys that do something, by `?`.
fn shortcuts(texts: &Texts) -> Markup {
    let keys = [
        ("Ctrl K", "key-palette"),
        ("/", "key-search"),
        ("n", "key-new"),
        ("e", "key-edit"),
        ("\u{2191} \u{2193}", "key-rows"),
        ("Space", "key-select"),
        ("Enter", "key-open"),
        ("F2", "key-cell"),
        ("Esc", "key-close"),
        ("?", "key-help"),
    ];
    html! {
        dialog class="gx-dialog" id="shortcuts" aria-labelledby="shortcuts-title" {
            h2 id="shortcuts-title" { (texts.get("ui-shortcuts")) }
            dl class="gx-keys" {
                @for (key, what) in keys {
                    div { dt { kbd { (key) } } dd { (texts.get(what)) } }
                }
            }
            button class="btn" type="button" data-close { (texts.get("ui-close")) }
        }
    }
}

/// What was made, or an error as a page.
pub(super) fn answer<T: IntoResponse>(
    app: &App,
    signed: &SignedIn,
    outcome: Result<T>,
) -> Response {
    match outcome {
        Ok(answer) => answer.into_response(),
        Err(error) => error_page(app, signed, &error),
    }
}

/// Sends somebody on, whether a script asked or the browser.
pub(super) fn go_to(to: &str, by_script: bool) -> Response {
    match by_script {
        true => ([("HX-Redirect", to)], "").into_response(),
        false => Redirect::to(to).into_response(),
    }
}

/// What is wrong with the fields of a type, in words.
pub(super) fn refused(texts: &Texts, of: &RecordType, refusals: &[Refusal]) -> String {
    let said =
        refusals.iter().map(|one| match one.field.as_deref().and_then(|name| of.field(name)) {
            Some(field) => {
                format!("{}: {}", texts.field_label(of, field), texts.refusal_of(of, one))
            }
            None => texts.refusal(one),
        });
    said.collect::<Vec<_>>().join(" ")
}

/// An error as a page, with what to do.
pub(crate) fn error_page(app: &App, signed: &SignedIn, error: &Error) -> Response {
    problem::log(error, &signed.request_id);
    let texts = signed.texts;
    let (_, sentence) = problem::words(error, texts);
    let status = problem::status(error);
    let content = html! {
        div class="gx-empty" {
            h1 { (status.as_u16()) }
            p { (format::sentence(&sentence)) }
            @if let Error::Refused(refusals) = error {
                @if refusals.len() > 1 {
                    @for refusal in refusals { p { (format::sentence(&texts.refusal(refusal))) } }
                }
            }
            @if status == StatusCode::INTERNAL_SERVER_ERROR {
                p class="gx-muted" { (texts.format("ui-request-id", &[("id", &signed.request_id)])) }
            }
            a class="btn btn-primary" href="/" { (texts.get("ui-home")) }
        }
    };
    let title = texts.get("ui-error");
    (status, page(app, signed, &title, &Notice::default(), &content)).into_response()
}
