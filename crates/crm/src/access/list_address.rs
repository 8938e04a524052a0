//! Addresses of lists that are kept as data, in saved views and subscriptions: only such that lead
//! to a list of that type, whoever wrote them.

use guanxi_base::{Error, Refusal, Result};
use guanxi_record::{Filter, Query, Sort, condition_from_param, is_parameter};
use guanxi_store::View;

use super::conditions;
use crate::segments::expand;

/// What is wrong with an address of a list of a type, told of the field that holds it; nothing is
/// listed.
///
/// # Errors
/// `unknown-type`, `wrong-list-address`; when the database fails.
pub(crate) async fn check_list(
    view: &mut View,
    record_type: &str,
    address: &str,
    field: &str,
) -> Result<()> {
    if view.catalog().get(record_type).is_err() {
        let refusal = Refusal::field("unknown-type", "record_type").with("name", record_type);
        return Err(refusal.into());
    }
    match try_list(view, record_type, address).await {
        Err(Error::Refused(why)) => {
            let refusal = Refusal::field("wrong-list-address", field).with("value", address);
            // What is wrong with it is said by its own sentence, beside this one.
            let why = why.into_iter().map(|one| Refusal { field: Some(field.to_owned()), ..one });
            Err(Error::Refused(std::iter::once(refusal).chain(why).collect()))
        }
        other => other,
    }
}

async fn try_list(view: &mut View, record_type: &str, address: &str) -> Result<()> {
    // No record has this number, so that whatever is asked costs nothing.
    let mut query = Query::of(Filter::eq("id", guanxi_base::RawId(0).to_string())).limited(1);
    let mut filter = Filter::everything();
    for (name, value) in conditions::parts(address)? {
        match name.as_str() {
            conditions::FILTER => filter = filter.and(conditions::read_filter(&value)?),
            "sort" => query.sort = Sort::parse_list(&value),
            name if is_parameter(name) || value.is_empty() => {}
            name => filter = filter.and(condition_from_param(name, &value)),
        }
    }
    query.filter = query.filter.and(expand(view, record_type, filter).await?);
    view.list(record_type, &query).await.map(drop)
}
