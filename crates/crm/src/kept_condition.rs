//! Conditions that are kept as rules: they say what the same words say in a list, whoever reads them and in
//! whatever language. The records that they name are named by their ids, so that none that is called so
//! later is meant too.

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{Filter, Meaning, Record, RecordType, Row, Value};
use guanxi_store::{Tx, View};

use crate::access::{ApprovalRule, AuthorityLimit, RoleRight, conditions};
use crate::insights::LifeRule;
use crate::meant::{by_names, unknown_name};
use crate::wording::{as_kept, every_wording};

/// The types whose conditions are rules.
const RULES: [&str; 4] =
    [RoleRight::NAME, AuthorityLimit::NAME, ApprovalRule::NAME, LifeRule::NAME];

/// What a condition that is kept says of records of a type.
///
/// # Errors
/// `not-a-condition`, `wrong-filter`; when the database fails.
pub(crate) async fn kept_condition(
    view: &mut View,
    record_type: &str,
    text: &str,
) -> Result<Filter> {
    in_every_language(view, record_type, conditions::parse(text)?).await
}

/// A filter as what is kept has it: texts that the product wrote by each of their names, links by ids.
///
/// # Errors
/// When the database fails.
pub(crate) async fn in_every_language(
    view: &mut View,
    record_type: &str,
    filter: Filter,
) -> Result<Filter> {
    let described = view.catalog().get(record_type)?.clone();
    let filter = as_kept(view.catalog(), &every_wording(), &described, filter);
    by_names(view, &described, filter).await
}

/// Lets a rule name records by their ids, and refuses one that could never be asked.
///
/// # Errors
/// The refusals of a list, about the field that holds the condition; when the database fails.
pub(crate) async fn state_by_ids(
    tx: &mut Tx,
    described: &RecordType,
    values: &mut [Value],
    old: Option<&Row>,
) -> Result<()> {
    if !RULES.contains(&&*described.name) {
        return Ok(());
    }
    for (place, field) in described.fields.iter().enumerate() {
        let Some(Meaning::Condition(of)) = field.means else { continue };
        let Some(text) = values.get(place).and_then(Value::as_text) else { continue };
        let beside = described.position("record_type").and_then(|at| values.get(at));
        let of = of.or_else(|| beside?.as_text());
        let Some(of) = of.and_then(|of| tx.catalog().get(of).ok()).cloned() else { continue };
        let is_as_before = |row: &Row| {
            let at = described.position("record_type");
            let kept = |at: usize| row.values.get(at) == values.get(at);
            kept(place) && at.is_none_or(kept)
        };
        // What is wrong with the words alone is said by the type's own rule.
        if old.is_some_and(is_as_before) || !conditions::check(text, &of).is_empty() {
            continue;
        }
        let about = |refusal: Refusal| Refusal { field: Some(field.name.to_string()), ..refusal };
        match stated(tx, &of, text).await {
            Ok(None) => {}
            Ok(Some(text)) => {
                let read = Value::from_text(&field.kind, &text);
                values[place] = read.map_err(|refusal| Error::from(about(refusal)))?;
            }
            Err(Error::Refused(refusals)) => {
                return Err(Error::Refused(refusals.into_iter().map(about).collect()));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The condition by ids; `None` where it names none by another name.
async fn stated(tx: &mut Tx, of: &RecordType, text: &str) -> Result<Option<String>> {
    let filter = conditions::parse(text)?;
    let by_ids = by_names(tx, of, filter.clone()).await?;
    if let Some((target, name)) = unknown_name(tx.catalog(), of, &by_ids) {
        let refusal = Refusal::new("link-to-nothing").with("type", target);
        return Err(refusal.with("value", name).into());
    }
    // No record has this number: whatever is asked costs nothing.
    tx.passes(&of.name, RawId(0), &by_ids).await?;
    Ok((by_ids != filter).then(|| conditions::written(&by_ids)))
}
