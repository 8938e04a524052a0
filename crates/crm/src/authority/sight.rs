//! What somebody who is asked sees: the record that a request is about, its parts and its customer, whichever
//! records they see otherwise. Nobody decides about what they do not know.

use guanxi_base::{Error, RawId, Result};
use guanxi_record::Filter;
use guanxi_store::{Purpose, Rights, View};

use super::request::ApprovalRequest;

/// The rights of a view whose Actor is asked about a request, with the sight of what it is about. Fields that
/// are hidden from them stay so.
///
/// # Errors
/// When the database fails.
pub async fn sight_of_asked(view: &mut View, request: &ApprovalRequest) -> Result<Rights> {
    let mine = view.act_with(Rights::All);
    let seen = seen(view, request).await;
    let seen = seen.map(|seen| mine.seeing(seen));
    view.act_with(mine);
    seen
}

async fn seen(view: &mut View, request: &ApprovalRequest) -> Result<Vec<(String, Filter)>> {
    let catalog = view.catalog().clone();
    let Ok(described) = catalog.get(&request.record_type) else { return Ok(Vec::new()) };
    let id: RawId = request.record.parse().map_err(|_| Error::NotFound)?;
    let row = match view.row(&described.name, id, Purpose::Read).await {
        Ok(row) => row,
        Err(Error::NotFound) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut seen = vec![(described.name.to_string(), Filter::eq("id", id.to_string()))];
    let parts = catalog.parts_of(&described.name);
    seen.extend(
        parts.map(|(part, link)| (part.name.to_string(), Filter::eq(link, id.to_string()))),
    );
    if let Some(link) = described.followed()
        && let Some(target) = described.field(link).and_then(|field| field.kind.link_target())
        && let Some(customer) = row.value(described, link).as_link()
    {
        seen.push((target.to_owned(), Filter::eq("id", customer.to_string())));
    }
    Ok(seen)
}
