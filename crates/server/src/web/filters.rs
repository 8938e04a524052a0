//! The search area above a list: the keyword first, the commonest filters, the others folded, and
//! whatever else the address states.

use guanxi_base::Result;
use guanxi_record::{Field, Kind, Op, RecordType, condition_from_param, param_name};
use guanxi_store::View;
use maud::{Markup, html};

use super::layout::icon;
use super::options::{PERIODS, options_of, period};
use super::words;
use crate::params::{self, Params, is_condition};
use crate::signed_in::SignedIn;

/// So many filters are shown; the others are folded.
const FILTERS_SHOWN: usize = 3;

/// A condition of the address that no control shows: in words, and the address without it.
pub(crate) struct Stated(Vec<(String, String)>);

impl Stated {
    pub(crate) async fn read(
        view: &mut View,
        signed: &SignedIn,
        described: &RecordType,
        params: &Params,
    ) -> Result<Self> {
        let shown: Vec<String> =
            useful(signed, described).iter().map(|field| control_name(field, params)).collect();
        let path = format!("/{}", described.name);
        let mut stated = Vec::new();
        if params::one(params, "filter").is_some() {
            let without = params::with(&path, params, "filter", None);
            stated.push((signed.texts.get("ui-filter"), without));
        }
        for (name, value) in params {
            if is_condition(name) && !shown.contains(name) {
                let filter = condition_from_param(name, value);
                let words = words::of(view, signed, described, &filter).await?;
                let without = params::with(&path, params, name, None);
                stated.push((words, without));
            }
        }
        Ok(Self(stated))
    }
}

/// The fields that have a control: what is chosen from a list comes before what must be typed.
fn useful<'a>(signed: &SignedIn, described: &'a RecordType) -> Vec<&'a Field> {
    let useful = |field: &&Field| match field.kind {
        Kind::Choice(_) | Kind::Boolean | Kind::Date | Kind::Owner => true,
        _ => field.indexed || field.is_custom(),
    };
    let mut all: Vec<&Field> = described.fields.iter().filter(useful).collect();
    // The keyword finds names.
    let reads = |field: &Field| signed.actor.rights.asks(&described.name, &field.name);
    all.retain(|field| field.name != described.title && reads(field));
    all.sort_by_key(|field| matches!(field.kind, Kind::Text | Kind::Money));
    all
}

/// The parameter that a field's control sets.
fn control_name(field: &Field, params: &Params) -> String {
    let op = match field.kind {
        Kind::Date | Kind::Instant => Op::Within,
        // A link to exactly this is kept as it is.
        Kind::Text | Kind::LongText
            if params::one(params, &param_name(&field.name, Op::Eq)).is_none() =>
        {
            Op::Contains
        }
        _ => Op::Eq,
    };
    param_name(&field.name, op)
}

/// The parameters without those that the form sends for controls that were left empty; `None` where
/// there are none of them.
pub(crate) fn without_empty_controls(
    signed: &SignedIn,
    described: &RecordType,
    params: &Params,
) -> Option<Params> {
    let controls: Vec<String> = useful(signed, described)
        .iter()
        .flat_map(|field| [Op::Eq, Op::Contains, Op::Within].map(|op| param_name(&field.name, op)))
        .collect();
    let is_empty_control =
        |(name, value): &(String, String)| value.is_empty() && controls.contains(name);
    let said = |(name, value): &&(String, String)| {
        !value.is_empty() || (is_condition(name) && !controls.contains(name))
    };
    let any = params.iter().any(is_empty_control);
    any.then(|| params.iter().filter(said).cloned().collect())
}

/// Search first, then the commonest filters, the others folded.
pub(crate) fn filters(
    signed: &SignedIn,
    described: &RecordType,
    params: &Params,
    stated: &Stated,
) -> Markup {
    let texts = signed.texts;
    let all = useful(signed, described);
    let (shown, folded) = all.split_at(all.len().min(FILTERS_SHOWN));
    let open =
        folded.iter().any(|field| params.iter().any(|(name, _)| name.starts_with(&*field.name)));
    html! {
        form class="gx-filters" method="get" action=(format!("/{}", described.name)) role="search" {
            @for name in ["sort", "columns", "view", "filter"] {
                @let value = params::all(params, name);
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
            @for (name, value) in params.iter().filter(|(name, _)| is_condition(name)) {
                @if !all.iter().any(|field| control_name(field, params) == *name) {
                    input type="hidden" name=(name) value=(value);
                }
            }
            div {
                label for="q" { (texts.get("ui-keyword")) }
                input class="form-control" id="q" name="q" type="search" data-key="/"
                    value=(params::one(params, "q").unwrap_or_default());
            }
            @for field in shown { (filter(signed, described, field, params)) }
            @if !folded.is_empty() {
                details open[open] {
                    summary class="btn" { (texts.get("ui-more-filters")) }
                    div class="gx-filters mt-2" {
                        @for field in folded { (filter(signed, described, field, params)) }
                    }
                }
            }
            button class="btn" type="submit" { (icon("filter")) (texts.get("ui-apply")) }
            @if !params.is_empty() {
                a class="btn btn-link" href=(format!("/{}", described.name)) { (texts.get("ui-clear-filters")) }
            }
        }
        // A segment has no words that are searched: it would be of other customers than the list.
        @if described.name == "customer" && params.iter().any(|(name, _)| name == params::FILTER || is_condition(name))
            && !params::is_searched(params) && signed.actor.rights.may("segment", guanxi_store::Purpose::Create) {
            p { a href=(params::with("/segment/new", params, "sort", None)) { (icon("users-group")) (texts.get("segment-of-list")) } }
        }
        @if !stated.0.is_empty() {
            ul class="gx-stated" {
                @for (words, without) in &stated.0 {
                    li { (words)
                        a href=(without) aria-label=(texts.format("ui-take-away", &[("name", words)])) { (icon("x")) }
                    }
                }
            }
        }
    }
}

fn filter(signed: &SignedIn, described: &RecordType, field: &Field, params: &Params) -> Markup {
    let texts = signed.texts;
    let label = texts.field_label(described, field);
    let options = match &field.kind {
        Kind::Date | Kind::Instant => {
            let words = PERIODS.iter().copied().chain(["empty"]);
            words.map(|word| period(texts, word)).collect()
        }
        _ => options_of(texts, described, field),
    };
    let name = control_name(field, params);
    let current = params::one(params, &name).unwrap_or_default();
    let id = format!("filter-{}", field.name);
    html! {
        div {
            label for=(id) { (label) }
            @if options.is_empty() {
                input class="form-control" id=(id) name=(name) value=(current);
            } @else {
                select class="form-select" id=(id) name=(name) {
                    option value="" { (texts.get("ui-all")) }
                    @for (value, label) in &options {
                        option value=(value) selected[*value == current] { (label) }
                    }
                    @if !current.is_empty() && !options.iter().any(|(value, _)| value == current) {
                        option value=(current) selected { (current) }
                    }
                }
            }
        }
    }
}
