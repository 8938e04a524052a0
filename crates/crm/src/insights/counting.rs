//! How many records there are: the number of a sentence, counted with the rights of the reader.

use guanxi_base::Result;
use guanxi_record::{Aggregate, Measure, Query, Value};
use guanxi_store::View;

/// How many records a query means.
///
/// # Errors
/// A refusal when the query does not fit the type or asks for what the reader may not ask; when the
/// database fails.
pub async fn count(view: &mut View, record_type: &str, of: Query) -> Result<i64> {
    let wanted = Aggregate {
        filter: of.filter,
        group_by: Vec::new(),
        measures: vec![Measure::count()],
        with_archived: of.with_archived,
    };
    let groups = view.aggregate(record_type, &wanted).await?;
    Ok(match groups.first().and_then(|group| group.measures.first()) {
        Some(Value::Integer(count)) => *count,
        _ => 0,
    })
}
