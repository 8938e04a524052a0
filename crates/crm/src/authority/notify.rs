//! Notices of approvals: to whoever is asked, and to whoever asked. In the transaction that makes them
//! true, so that nothing waits for somebody who was not told.

use guanxi_base::{Error, RawId, Result};
use guanxi_record::{Filter, LongText, Op, Owner, Query, Record, Stored};
use guanxi_store::{Purpose, Tx};

use super::request::{ApprovalRequest, RequestState};
use crate::access::Organisation;
use crate::delivery::Notice;
use crate::text::Texts;

/// Where somebody who is asked finds a request.
pub(super) fn place(request: &Stored<ApprovalRequest>) -> String {
    format!("/approvals#request-{}", request.id)
}

/// Tells somebody that a request waits for their decision.
pub(super) async fn tell_asked(
    tx: &mut Tx,
    organisation: &Organisation,
    request: &Stored<ApprovalRequest>,
    user: RawId,
) -> Result<()> {
    let Some(known) = organisation.user(user) else { return Ok(()) };
    let title = request.subject.as_str();
    let name = Texts::of(known.locale).format("notice-approval", &[("title", title)]);
    let text = request.reason.clone();
    tell(tx, user, (name, text), place(request)).await
}

/// Tells whoever asked what was decided; once they work here no more, whoever answers for the record.
pub(super) async fn tell_decided(
    tx: &mut Tx,
    organisation: &Organisation,
    request: &Stored<ApprovalRequest>,
    comment: Option<&str>,
) -> Result<()> {
    let asker = request.owner.map(|owner| owner.0);
    let asker = asker.filter(|asker| organisation.user(*asker).is_some());
    let told = match asker {
        Some(asker) => Some(asker),
        None => owner_of(tx, request).await?,
    };
    let Some(known) = told.and_then(|told| organisation.user(told)) else { return Ok(()) };
    let key = match request.state {
        RequestState::Approved => "notice-approved",
        _ => "notice-returned",
    };
    let title = request.subject.as_str();
    let name = Texts::of(known.locale).format(key, &[("title", title)]);
    let text = comment.map(|text| LongText(text.to_owned()));
    let address = format!("/{}/{}", request.record_type, request.record.record);
    tell(tx, known.id.raw(), (name, text), address).await
}

/// Who answers for the record that a request is about.
async fn owner_of(tx: &mut Tx, request: &Stored<ApprovalRequest>) -> Result<Option<RawId>> {
    let catalog = tx.catalog().clone();
    let (Ok(of), Ok(id)) = (catalog.get(&request.record_type), request.record.record.parse())
    else {
        return Ok(None);
    };
    let Some(owner) = of.owner_field() else { return Ok(None) };
    match tx.row(&of.name, id, Purpose::Read).await {
        Ok(row) => Ok(row.value(of, &owner.name).as_link()),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn tell(
    tx: &mut Tx,
    user: RawId,
    (name, text): (String, Option<LongText>),
    address: String,
) -> Result<()> {
    let notice = Notice {
        name,
        text,
        about: None,
        address: Some(address),
        subscription: None,
        read_at: None,
        owner: Some(Owner(user)),
    };
    tx.create(&notice).await.map(drop)
}

/// What waits for somebody no more is no news to them.
pub(super) async fn waits_no_more(
    tx: &mut Tx,
    request: &Stored<ApprovalRequest>,
    user: RawId,
) -> Result<()> {
    let unread = Filter::eq("owner", user.to_string())
        .and(Filter::compare("read_at", Op::Empty, true))
        .and(Filter::eq("address", place(request)));
    let rows = tx.list(Notice::NAME, &Query::of(unread).limited(100)).await?.rows;
    for row in rows {
        let mut one: Stored<Notice> = row.try_into()?;
        one.read_at = Some(tx.now());
        tx.update(&one).await?;
    }
    Ok(())
}
