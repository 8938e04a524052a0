//! URLs as queries: the API and the pages read the same parameters, so that a list's address
//! works in both.

use guanxi_base::{Refusal, Result};
use guanxi_crm::access::conditions::read_filter;
pub(crate) use guanxi_crm::access::conditions::{FILTER, encoded};
use guanxi_crm::segments::expand;
use guanxi_record::{Cursor, Filter, Query, Sort, condition_from_param, is_parameter};
use guanxi_store::View;
use maud::{Markup, html};

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

/// Whether a parameter states a condition on a field.
pub(crate) fn is_condition(name: &str) -> bool {
    !is_parameter(name)
}

/// Of an address's parameters those that state conditions.
pub(crate) fn stated(text: &str) -> String {
    let is_condition = |part: &&str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (name == FILTER || is_condition(name)) && !value.is_empty()
    };
    text.split('&').filter(is_condition).collect::<Vec<_>>().join("&")
}

/// Whether a list has only what words find.
pub(crate) fn is_searched(params: &Params) -> bool {
    one(params, "q").is_some_and(|words| !words.trim().is_empty())
}

/// The conditions that the parameters state: every parameter that has no other meaning. One that says
/// nothing is no condition, and must not pass for one.
pub(crate) fn conditions(params: &Params) -> Result<Filter> {
    let mut filter = Filter::everything();
    for (name, value) in params {
        if name == FILTER {
            filter = filter.and(read_filter(value)?);
        } else if is_condition(name) && value.trim().is_empty() {
            let refusal = Refusal::field("nothing-compared", name.as_str());
            return Err(refusal.with("name", name).into());
        } else if is_condition(name) {
            filter = filter.and(condition_from_param(name, value));
        }
    }
    Ok(filter)
}

/// The query of records of a type that the parameters state, as what is kept has it: with the conditions of
/// segments in the place of their names.
pub(crate) async fn query_of(view: &mut View, of: &str, params: &Params) -> Result<Query> {
    let query = query(params)?;
    Ok(Query { filter: expand(view, of, query.filter.clone()).await?, ..query })
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
