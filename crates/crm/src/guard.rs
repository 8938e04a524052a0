//! What every transaction passes before it is committed, whichever face it came from: nobody goes
//! beyond their authority, what comes before others, by notices, mails and shared views, goes only
//! where it may, and what is computed over all customers is asked for by who may see all of them.

use std::future::Future;
use std::pin::Pin;

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{
    Filter, Query, Record, Sort, Stored, Value, condition_from_param, is_parameter,
};
use guanxi_store::{Changed, Operation, Purpose, Rights, Tx, View};

use crate::access::{Organisation, SavedView, conditions};
use crate::authority;
use crate::dashboards::Chart;
use crate::delivery::{Audience, Subscription};
use crate::insights::{AnalysisRun, AnalysisSchedule, see_all_customers};
use crate::people::Merges;
use crate::segments::expand;

/// Refuses what the Actor may not do; see `guanxi_store::Guard`.
pub(crate) fn guard<'a>(
    tx: &'a mut Tx,
    changed: &'a [Changed],
) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
    Box::pin(async move {
        authority::guard(tx, changed).await?;
        let Some(user) = tx.actor().user else { return Ok(()) };
        let reaches = |one: &Changed| {
            matches!(
                &*one.record_type,
                Subscription::NAME
                    | SavedView::NAME
                    | Chart::NAME
                    | AnalysisRun::NAME
                    | AnalysisSchedule::NAME
            )
        };
        if !changed.iter().any(reaches) {
            return Ok(());
        }
        let organisation = Organisation::within(tx).await?;
        // The rule looks at what the Actor may not see.
        let rights = tx.act_with(Rights::All);
        let outcome = async {
            may_analyse(tx, changed, (&organisation, &rights)).await?;
            reaches_others(tx, changed, &organisation, user).await
        }
        .await;
        tx.act_with(rights);
        outcome
    })
}

/// Refuses that somebody asks for an analysis, now or by a schedule, who could not be told what it
/// finds: it would be taken, and fail later before the eyes of others.
async fn may_analyse(
    tx: &mut Tx,
    changed: &[Changed],
    (organisation, asking): (&Organisation, &Rights),
) -> Result<()> {
    for one in changed {
        let asks = match one.record_type.as_str() {
            AnalysisRun::NAME => one.operation == Operation::Create,
            AnalysisSchedule::NAME => {
                one.operation == Operation::Create || one.changes("is_active")
            }
            _ => false,
        };
        if !asks {
            continue;
        }
        let row = match tx.row(&one.record_type, one.record, Purpose::Read).await {
            Ok(row) => row,
            // Removed in the same transaction.
            Err(Error::NotFound) => continue,
            Err(error) => return Err(error),
        };
        let described = tx.catalog().get(&one.record_type)?.clone();
        if row.value(&described, "is_active") == Value::Boolean(false) {
            continue;
        }
        let owner = row.value(&described, "owner").as_link();
        let owner = owner.and_then(|owner| organisation.user(owner));
        let theirs = owner.map(|owner| {
            let day = organisation.today_of(owner.id.raw(), tx.now());
            organisation.rights_of(tx.catalog(), owner, day)
        });
        if ![Some(asking), theirs.as_ref()].into_iter().flatten().all(see_all_customers) {
            return Err(Refusal::new("needs-all-customers").into());
        }
    }
    Ok(())
}

/// What of a subscription comes before those whom it tells.
const TOLD: [&str; 14] = [
    "name",
    "segment",
    "record_type",
    "condition",
    "dashboard",
    "chart",
    "alert",
    "alert_at",
    "subscriber",
    "role",
    "rhythm",
    "hour",
    "by_mail",
    "proposal",
];

async fn reaches_others(
    tx: &mut Tx,
    changed: &[Changed],
    organisation: &Organisation,
    user: RawId,
) -> Result<()> {
    let merges = Merges::among(changed);
    for one in changed {
        // Conditions that name the survivor of a merge say what they said before.
        if tx.catalog().get(&one.record_type).is_ok_and(|of| merges.only_move(of, one)) {
            continue;
        }
        match one.record_type.as_str() {
            Subscription::NAME => check_subscription(tx, organisation, user, one).await?,
            SavedView::NAME => check_saved_view(tx, organisation, user, one).await?,
            Chart::NAME => check_chart(tx, one).await?,
            _ => {}
        }
    }
    Ok(())
}

/// Refuses a subscription that tells somebody whom its maker may not have told, or that leads to
/// no list.
async fn check_subscription(
    tx: &mut Tx,
    organisation: &Organisation,
    user: RawId,
    changed: &Changed,
) -> Result<()> {
    let leads = changed.changes("record_type") || changed.changes("condition");
    // Whatever it tells them, and when, is told by whoever writes that.
    let tells = TOLD.iter().any(|field| changed.changes(field));
    if !leads && !tells {
        return Ok(());
    }
    let one: Stored<Subscription> =
        match tx.row(Subscription::NAME, changed.record, Purpose::Read).await {
            Ok(row) => row.try_into()?,
            // Removed in the same transaction.
            Err(Error::NotFound) => return Ok(()),
            Err(error) => return Err(error),
        };
    if let Some(of) = one.record_type.as_ref().filter(|_| leads) {
        let condition = one.condition.as_ref().map_or("", |condition| condition.0.as_str());
        check_list(tx, of, condition, "condition").await?;
    }
    let Some(maker) = organisation.user(user).filter(|_| tells) else { return Ok(()) };
    let audience = organisation.audience_of(maker, organisation.today_of(user, tx.now()));
    if one.role.is_some() && audience != Audience::Everybody {
        return Err(Refusal::field("may-not-tell-role", "role").into());
    }
    if one.subscriber.is_some_and(|subscriber| !audience.has(subscriber.raw())) {
        return Err(Refusal::field("may-not-tell", "subscriber").into());
    }
    Ok(())
}

/// Refuses a view that leads to no list, and that somebody closes a view of another to others.
async fn check_saved_view(
    tx: &mut Tx,
    organisation: &Organisation,
    user: RawId,
    changed: &Changed,
) -> Result<()> {
    let leads = changed.changes("address") || changed.changes("record_type");
    let closes = changed.changes("is_locked") || changed.changes("is_shared");
    if !leads && !closes {
        return Ok(());
    }
    let one: Stored<SavedView> = match tx.row(SavedView::NAME, changed.record, Purpose::Read).await
    {
        Ok(row) => row.try_into()?,
        // Removed in the same transaction.
        Err(Error::NotFound) => return Ok(()),
        Err(error) => return Err(error),
    };
    if leads {
        check_list(tx, &one.record_type, &one.address.0, "address").await?;
    }
    let is_mine = one.owner.is_some_and(|owner| owner.0 == user);
    let is_administrator = organisation.user(user).is_some_and(|user| user.is_administrator);
    if closes && !is_mine && !is_administrator {
        let field = if changed.changes("is_locked") { "is_locked" } else { "is_shared" };
        return Err(Refusal::field("owner-decides", field).into());
    }
    Ok(())
}

/// Refuses a chart that can never be drawn; nothing is counted.
async fn check_chart(tx: &mut Tx, changed: &Changed) -> Result<()> {
    let drawn = ["record_type", "condition", "group_by", "split_by", "measure"];
    if !drawn.iter().any(|field| changed.changes(field)) {
        return Ok(());
    }
    let one: Stored<Chart> = match tx.row(Chart::NAME, changed.record, Purpose::Read).await {
        Ok(row) => row.try_into()?,
        // Removed in the same transaction.
        Err(Error::NotFound) => return Ok(()),
        Err(error) => return Err(error),
    };
    if tx.catalog().get(&one.record_type).is_err() {
        let refusal = Refusal::field("unknown-type", "record_type").with("name", &one.record_type);
        return Err(refusal.into());
    }
    let mut wanted = one.aggregate()?;
    wanted.filter = expand(tx, &one.record_type, wanted.filter).await?.and(nothing());
    tx.aggregate(&one.record_type, &wanted).await.map(drop)
}

/// No record has this number, so that whatever is asked costs nothing.
fn nothing() -> Filter {
    Filter::eq("id", RawId(0).to_string())
}

/// What is wrong with an address of a list of a type, told of the field that holds it; nothing is
/// listed.
///
/// # Errors
/// `unknown-type`, `wrong-list-address`; when the database fails.
async fn check_list(view: &mut View, record_type: &str, address: &str, field: &str) -> Result<()> {
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
    let mut query = Query::of(nothing()).limited(1);
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
