//! The page of a segment: who is in it, how many, what they are worth, what they are like, and who came
//! and went.

use super::layout::{Notice, answer, icon, page};
use super::{format, segment_cards, words};
use crate::api::parse_id;
use crate::app::App;
use crate::signed_in::SignedIn;
use axum::extract::{Path, State};
use axum::response::{Html, Response};
use guanxi_base::{Currency, Error, Money, RawId, Result};
use guanxi_crm::people::Customer;
use guanxi_crm::segments::{Choosing, Glance, Segment, SegmentKind, alike, moves, parts, profile};
use guanxi_crm::text::Texts;
use guanxi_record::{Filter, Query, Record, Row, Sort, Stored};
use guanxi_store::{Purpose, View};
use maud::{Markup, html};

/// So many who are like them are shown.
const ALIKE_SHOWN: usize = 50;
/// Of the chosen customers so many are shown.
pub(super) const SHOWN: usize = 10;
/// So many moves are shown.
const MOVES_SHOWN: usize = 20;
/// So many other segments are compared with.
const OTHERS_COMPARED: usize = 8;

/// What a segment's page shows besides its record.
pub(crate) async fn sections(app: &App, signed: &SignedIn, row: &Row) -> Result<(Markup, Markup)> {
    let texts = signed.texts;
    let segment: Stored<Segment> = row.clone().try_into()?;
    let own = Filter::eq("segment", segment.id.to_string());
    let choosing = Choosing::begin(&app.store, &app.warehouse, &signed.actor).await?;
    let mask = match choosing.customers(&own).await {
        Ok(mask) => mask,
        Err(Error::Refused(refusals)) => {
            let said = refusals.iter().map(|one| texts.refusal(one)).collect::<Vec<_>>();
            return Ok((html! { p class="alert alert-warning" { (said.join(" ")) } }, html! {}));
        }
        Err(error) => return Err(error),
    };
    let glance = choosing.glance(&mask, SHOWN).await?;
    let (rows, revenue) = best(app, signed, &glance).await?;
    let filter = segment.filter()?;
    // Whoever holds a connection must not ask for another: first all that is chosen.
    let mut view = app.store.read(&signed.actor).await?;
    let others = others(&mut view, &segment.id.to_string(), OTHERS_COMPARED).await?;
    drop(view);
    let mut overlaps = Vec::new();
    for other in others {
        match choosing.customers(&Filter::eq("segment", other.id.to_string())).await {
            Ok(theirs) => {
                let both = mask.iter().zip(&theirs).filter(|(a, b)| **a && **b).count();
                overlaps.push((other, both));
            }
            Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let compared = match profile(&choosing, &mask).await {
        Ok(compared) => Some(compared),
        Err(Error::Forbidden) => None,
        Err(error) => return Err(error),
    };
    let moves = match segment.kind {
        SegmentKind::Dynamic => moves(&choosing, &segment, MOVES_SHOWN).await?,
        SegmentKind::Static => Vec::new(),
    };
    let mut view = app.store.read(&signed.actor).await?;
    let described = view.catalog().get(Customer::NAME)?.clone();
    let condition = words::of(&mut view, signed, &described, &filter).await?;
    let ids: Vec<RawId> = moves.iter().map(|one| one.customer).collect();
    let titles = view.titles(Customer::NAME, &ids).await?;
    let mut told = Vec::new();
    let parts = parts(&filter);
    for one in moves {
        let Some(name) = titles.get(&one.customer).cloned() else { continue };
        let mut why = Vec::new();
        for part in one.parts.iter().filter_map(|at| parts.get(*at)) {
            why.push(words::of(&mut view, signed, &described, part).await?);
        }
        told.push((one, name, why.join("; ")));
    }
    let subscribe =
        super::subscribe::subscribe_card(&mut view, signed, &format!("/segment/{}", segment.id))
            .await?;
    let list = format!("/customer?segment={}", segment.id);
    let mut names = guanxi_store::Titles::new();
    if let Some(compared) = &compared {
        for (of, shares) in
            [("product_category", &compared.categories), ("product", &compared.products)]
        {
            let ids: Vec<RawId> = shares.iter().filter_map(|one| one.of.parse().ok()).collect();
            names.extend(view.titles(of, &ids).await?);
        }
    }
    let is_dynamic = segment.kind == SegmentKind::Dynamic;
    let above = html! {
        @if is_dynamic { p class="gx-muted" { (condition) } }
        (segment_cards::glance(signed, &glance, &list))
        p { a class="btn" href=(format!("/segment/{}/alike", segment.id)) { (icon("user-search")) (texts.get("segment-alike")) } }
        div class="gx-cards" {
            (segment_cards::best(texts, &rows, &revenue))
            @if let Some(compared) = &compared { (segment_cards::profile(signed, compared, &names, &list)) }
            (segment_cards::overlaps(texts, &overlaps, (segment.id.raw(), glance.count)))
        }
    };
    let beside = html! {
        @if is_dynamic { (segment_cards::moves(signed, &told)) (subscribe) }
        script type="module" src=(format!("/assets/chart.js?v={}", super::assets::VERSION)) {}
    };
    Ok((above, beside))
}

/// The records of the best, as the reader may see them, with what they bought for.
pub(super) async fn best(
    app: &App,
    signed: &SignedIn,
    glance: &Glance,
) -> Result<(Vec<Row>, Vec<String>)> {
    let mut view = app.store.read(&signed.actor).await?;
    let described = view.catalog().get(Customer::NAME)?.clone();
    let ids = glance.best.iter().copied();
    let query = Query::of(Filter::one_of("id", ids)).limited(SHOWN);
    let mut rows = view.list(Customer::NAME, &query).await?.rows;
    rows.sort_by_key(|row| glance.best.iter().position(|id| *id == row.id));
    let shown = |row: &Row| match row.value(&described, "revenue") {
        guanxi_record::Value::Money(money) => format::money(signed.texts.locale(), money),
        _ => String::new(),
    };
    let revenue = rows.iter().map(shown).collect();
    Ok((rows, revenue))
}

pub(super) async fn others(
    view: &mut View,
    except: &str,
    limit: usize,
) -> Result<Vec<Stored<Segment>>> {
    let query = Query::of(Filter::everything()).sorted(vec![Sort::up("name")]).limited(limit);
    let rows = view.list(Segment::NAME, &query).await?.rows;
    let all = rows.into_iter().map(TryInto::try_into).collect::<Result<Vec<Stored<Segment>>>>()?;
    Ok(all.into_iter().filter(|one| one.id.to_string() != except).collect())
}

/// Customers like those of a segment, among those who have not bought yet.
pub(crate) async fn alike_segment(
    State(app): State<App>,
    signed: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let outcome: Result<Html<String>> = async {
        let mut view = app.store.read(&signed.actor).await?;
        let row = view.row(Segment::NAME, parse_id(&id)?, Purpose::Read).await?;
        drop(view);
        let segment: Stored<Segment> = row.try_into()?;
        let choosing = Choosing::begin(&app.store, &app.warehouse, &signed.actor).await?;
        let own = Filter::eq("segment", segment.id.to_string());
        let found = alike(&choosing, &own, ALIKE_SHOWN).await?;
        let mut view = app.store.read(&signed.actor).await?;
        let ids: Vec<RawId> = found.found.iter().map(|one| one.customer).collect();
        let names = view.titles(Customer::NAME, &ids).await?;
        let title = signed.texts.get("segment-alike");
        let content = segment_cards::alike(&signed, &segment, &found, &names);
        Ok(page(&app, &signed, &title, &Notice::default(), &content))
    }
    .await;
    answer(&app, &signed, outcome)
}

/// An amount, or a dash where the reader may not know it.
pub(super) fn money(texts: &Texts, sum: Option<(i64, Currency)>) -> String {
    sum.map_or_else(
        || "\u{2013}".to_owned(),
        |(units, currency)| {
            // Sums of estimates are told to the smallest coin.
            format::money(texts.locale(), Money { units, currency }.rounded())
        },
    )
}

/// Whether a field stands on its record's page in words, not as it is kept.
pub(crate) fn is_shown_in_words(of: &str, field: &str) -> bool {
    [
        (Segment::NAME, "condition"),
        ("analysis_run", "card"),
        ("customer_pair", "reasons"),
        ("customer_merge", "provenance"),
        ("customer_merge", "change_set"),
    ]
    .contains(&(of, field))
}
