//! URLs as queries: the API and the pages read the same parameters, so that a list's address
//! works in both.

use guanxi_base::{Refusal, Result};
pub(crate) use guanxi_crm::access::conditions::encoded;
use guanxi_crm::segments::expand;
use guanxi_record::{Cursor, Filter, Query, Sort, condition_from_param};
use guanxi_store::View;
use maud::{Markup, html};
use serde_json::Value as Json;

/// Parameters that are not conditions.
const RESERVED: [&str; 14] = [
    "q", "sort", "after", "limit", "archived", "filter", "total", "format", "columns", "group_by",
    "measures", "part", "saved", "view",
];

/// The parameters of a URL, in their order.
pub(crate) type Params = Vec<(String, String)>;

pub(crate) fn one<'a>(params: &'a Params, name: &str) -> Option<&'a str> {
    params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// All that the parameters of this name say, in one text with commas.
pub(crate) fn all(params: &Params, name: &str) -> String {
    let texts = params.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
    texts.collect::<Vec<_>>().join(",")
}

/// The parameters as hidden fields of a form that sets the others.
pub(crate) fn hidden(params: &Params, except: &[&str]) -> Markup {
    let kept =
        |(name, value): &&(String, String)| !value.is_empty() && !except.contains(&name.as_str());
    html! {
        @for (name, value) in params.iter().filter(kept) {
            input type="hidden" name=(name) value=(value);
        }
    }
}

/// Whether a parameter of this name is no condition: a field of the same name needs an operation
/// behind it, as in `total.eq`.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Whether a parameter states a condition on a field. A control that is left empty states none, an
/// empty list does: that nothing is in it.
pub(crate) fn is_condition(name: &str, value: &str) -> bool {
    !is_reserved(name) && (!value.is_empty() || name.ends_with(".in"))
}

/// The conditions that the parameters state: every parameter that has no other meaning.
pub(crate) fn conditions(params: &Params) -> Result<Filter> {
    let mut filter = Filter::everything();
    for (name, value) in params {
        if name == "filter" {
            let json: Json = serde_json::from_str(value)
                .map_err(|_| Refusal::field("wrong-filter", "filter").with("value", value))?;
            filter = filter.and(Filter::from_json(&json)?);
        } else if is_condition(name, value) {
            filter = filter.and(condition_from_param(name, value));
        }
    }
    Ok(filter)
}

/// The query of records of a type that the parameters state, with the conditions of segments in the
/// place of their names.
pub(crate) async fn query_of(view: &mut View, of: &str, params: &Params) -> Result<Query> {
    let query = query(params)?;
    Ok(Query { filter: expand(view, of, query.filter).await?, ..query })
}

/// The query that the parameters state.
fn query(params: &Params) -> Result<Query> {
    let limit = match one(params, "limit") {
        Some(text) => match text.parse::<usize>() {
            Ok(limit) if (1..=Query::LIMIT_MAX).contains(&limit) => limit,
            _ => {
                let refusal = Refusal::field("not-an-integer", "limit").with("value", text);
                return Err(refusal.into());
            }
        },
        None => Query::LIMIT_USUAL,
    };
    Ok(Query {
        filter: conditions(params)?,
        search: one(params, "q").map(str::trim).filter(|q| !q.is_empty()).map(str::to_owned),
        sort: Sort::parse_list(one(params, "sort").unwrap_or_default()),
        after: one(params, "after").map(Cursor::from_text).transpose()?,
        limit,
        with_archived: flag(params, "archived")?,
    })
}

/// A parameter that is on or off; off when it is not there.
pub(crate) fn flag(params: &Params, name: &str) -> Result<bool> {
    match one(params, name) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(text) => Err(Refusal::field("not-a-boolean", name).with("value", text).into()),
    }
}

/// A URL's text for a list, with one parameter set or taken away; the page always starts anew.
pub(crate) fn with(path: &str, params: &Params, name: &str, value: Option<&str>) -> String {
    let kept = params.iter().filter(|(known, _)| known != name && known != "after");
    let mut pairs: Vec<(String, String)> = kept.cloned().collect();
    pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    to_url(path, &pairs)
}

pub(crate) fn to_url(path: &str, pairs: &[(String, String)]) -> String {
    let written = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    let written = written.collect::<Vec<_>>().join("&");
    if written.is_empty() { path.to_owned() } else { format!("{path}?{written}") }
}
