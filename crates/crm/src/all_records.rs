//! All records of a type, however many there are: for rules and lists of settings, which are read
//! whole. What people have by the thousand is read by the page, or summed where it lies.

use guanxi_base::Result;
use guanxi_record::{Query, Record, Row, Sort, Stored};
use guanxi_store::View;

/// All rows that a query means, page by page; the oldest first where it says no order.
///
/// # Errors
/// A refusal when the query does not fit the type; when the database fails.
pub(crate) async fn all_rows(
    view: &mut View,
    record_type: &str,
    mut query: Query,
) -> Result<Vec<Row>> {
    query.limit = Query::LIMIT_MAX;
    if query.sort.is_empty() {
        query.sort = vec![Sort::up("id")];
    }
    let mut found = Vec::new();
    loop {
        let page = view.list(record_type, &query).await?;
        found.extend(page.rows);
        query.after = page.next;
        if query.after.is_none() {
            return Ok(found);
        }
    }
}

/// All records that a query means, page by page; the oldest first where it says no order.
///
/// # Errors
/// As [`all_rows`].
pub(crate) async fn all<T: Record>(view: &mut View, query: Query) -> Result<Vec<Stored<T>>> {
    all_rows(view, T::NAME, query).await?.into_iter().map(TryInto::try_into).collect()
}
