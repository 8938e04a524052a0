//! What a subscription told, as a mail: words, and charts as pictures with their numbers beside them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use guanxi_base::{Result, TimeZone};
use guanxi_crm::access::Locale;
use guanxi_crm::dashboards::Drawn;
use guanxi_crm::delivery::Told;
use guanxi_record::Value;
use maud::{DOCTYPE, Markup, html};

use crate::app::App;
use crate::mail::Mail;
use crate::picture;
use crate::web::told_value;

/// More lines than this stand in no table of a mail.
const LINES: usize = 31;

/// The mail to one person at an address.
///
/// # Errors
/// When the database fails.
pub(crate) async fn mail(app: &App, told: &Told, to: String) -> Result<Mail> {
    let root = app.config.public_url.trim_end_matches('/');
    let url = format!("{root}{}", told.address);
    let words = told.whole(&app.store).await?;
    let mut text = format!("{words}\n");
    let mut pictures = Vec::new();
    let mut cards = Vec::new();
    for (chart, drawn) in &told.charts {
        let reader = (told.locale, &told.time_zone);
        text.push_str(&format!("\n{}\n{}", chart.name, lines(reader, drawn)));
        // Without a picture the numbers are there still.
        let place = picture::of(chart, drawn).await.map(|picture| {
            pictures.push(BASE64_STANDARD.encode(picture));
            format!("cid:picture-{}", pictures.len() - 1)
        });
        cards.push(card(reader, root, (&chart.name, place.as_deref()), drawn));
    }
    text.push_str(&format!("\n{url}\n"));
    let html = (!told.charts.is_empty()).then(|| page(told, &words, &url, &cards));
    Ok(Mail { to, subject: told.title.clone(), text, html, pictures })
}

fn page(told: &Told, words: &str, url: &str, cards: &[Markup]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(told.locale.tag()) {
            head { meta charset="utf-8"; title { (told.title) } }
            body style="font-family: sans-serif; max-width: 640px; margin: auto" {
                h1 style="font-size: 20px" { a href=(url) { (told.title) } }
                @for line in words.lines().filter(|line| !line.is_empty()) { p { (line) } }
                @for card in cards { (card) }
            }
        }
    };
    page.into_string()
}

fn card(
    reader: (Locale, &TimeZone),
    root: &str,
    (name, picture): (&str, Option<&str>),
    drawn: &Drawn,
) -> Markup {
    let number = "text-align: right; padding: 2px 8px";
    html! {
        h2 style="font-size: 16px" { a href=(format!("{root}{}", drawn.address)) { (name) } }
        @if let Some(picture) = picture { img src=(picture) alt=(name) width="600" style="max-width: 100%"; }
        table style="border-collapse: collapse; font-size: 13px" {
            @if drawn.series.len() > 1 {
                tr { th {} @for series in &drawn.series { th style=(number) { (series) } } }
            }
            @for shape in drawn.shapes.iter().take(LINES) {
                tr {
                    td { (shape.label) }
                    @for mark in &shape.marks {
                        td style=(number) {
                            (told_value(reader, mark.as_ref().map_or(&Value::Null, |mark| &mark.value)))
                        }
                    }
                }
            }
        }
    }
}

/// The numbers as lines of words.
fn lines(reader: (Locale, &TimeZone), drawn: &Drawn) -> String {
    let mut lines = String::new();
    for shape in drawn.shapes.iter().take(LINES) {
        let marks = shape.marks.iter().zip(&drawn.series).filter_map(|(mark, series)| {
            let value = told_value(reader, &mark.as_ref()?.value);
            Some(if drawn.series.len() > 1 { format!("{series} {value}") } else { value })
        });
        let marks = marks.collect::<Vec<_>>().join("; ");
        lines.push_str(&format!("{}: {marks}\n", shape.label));
    }
    lines
}
