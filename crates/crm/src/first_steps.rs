//! What somebody who is new here does first: by what they may do, not by what their role is called;
//! each step knows whether it is done.

use guanxi_base::{Date, Error, Result};
use guanxi_record::{Filter, Op, Query, Record as _};
use guanxi_store::{Origin, Purpose, Rights, Store, View};
use serde_json::json;

use crate::access::{User, actor_of};
use crate::demo::{DEMO_MAIL, DemoAccount};
use crate::exchange::ImportJob;
use crate::insights::{self, analysed_at, reads_what_is_known};
use crate::people::Customer;
use crate::sales::Order;
use crate::service::Case;
use crate::work::{Interaction, Task};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstStep {
    /// Its texts are `first-step-<key>` and `first-step-<key>.why`.
    pub key: &'static str,
    /// Where it is done.
    pub address: String,
    /// How many there are, where it is about records.
    pub count: Option<i64>,
    /// Whether it is done.
    pub is_done: bool,
}

/// What kind of work somebody does here, by what they may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// They look after the product.
    Administers,
    /// They say who answers for which customer.
    Leads,
    /// They take orders.
    Sells,
    /// They work through cases.
    Serves,
    /// They look only.
    Reads,
}

impl Work {
    /// The work of a user with these rights.
    #[must_use]
    pub fn of(user: &User, rights: &Rights) -> Self {
        let may = |record_type: &str, purpose| rights.may(record_type, purpose);
        match () {
            () if user.is_administrator => Self::Administers,
            () if may(Customer::NAME, Purpose::Assign) => Self::Leads,
            () if may(Order::NAME, Purpose::Create) => Self::Sells,
            () if may(Case::NAME, Purpose::Change) => Self::Serves,
            () => Self::Reads,
        }
    }
}

/// The first steps of a user, on a day of theirs; `waiting` approvals wait for them, and somebody of
/// the demo data has signed in already where `tried_demo` says so; `None` where there is none.
///
/// # Errors
/// When the database fails.
pub async fn first_steps(
    view: &mut View,
    work: Work,
    (today, waiting): (Date, usize),
    tried_demo: Option<(String, bool)>,
) -> Result<Vec<FirstStep>> {
    let count = i64::try_from(waiting).unwrap_or(i64::MAX);
    let approvals = FirstStep {
        key: "approvals",
        address: "/approvals".to_owned(),
        count: Some(count),
        is_done: count == 0,
    };
    Ok(match work {
        Work::Administers => administrator(view, tried_demo).await?,
        Work::Leads => {
            let mut steps = vec![approvals];
            if reads_what_is_known(view.actor()) {
                let figures = at_risk(view, "team-figures", Filter::everything(), "").await?;
                steps.push(FirstStep { address: "/insights".to_owned(), ..figures });
            }
            steps.extend(tasks(view, today).await?);
            steps
        }
        Work::Sells => {
            let mut steps = Vec::new();
            if reads_what_is_known(view.actor()) {
                let mine = Filter::eq("owner", "me");
                steps.push(at_risk(view, "at-risk", mine, "owner=me&").await?);
            }
            steps.extend(tasks(view, today).await?);
            let noted = Filter::eq("owner", "me").and(Filter::compare("at", Op::Within, "today"));
            let is_done = there_is(view, Interaction::NAME, noted).await?;
            let address = "/interaction/new?kind=call".to_owned();
            steps.push(FirstStep { key: "note-a-call", address, count: None, is_done });
            steps
        }
        Work::Serves => {
            let open = ["new", "in_progress", "waiting"];
            let mine =
                Filter::eq("owner", "me").and(Filter::compare("status", Op::In, json!(open)));
            let due = mine.clone().and(Filter::compare("due_at", Op::Within, "today"));
            let list = "/case?owner=me&status.in=new,in_progress,waiting";
            vec![
                counted(view, "cases", (Case::NAME, mine), format!("{list}&sort=due_at")).await?,
                counted(
                    view,
                    "cases-due",
                    (Case::NAME, due),
                    format!("{list}&due_at.within=today&sort=due_at"),
                )
                .await?,
            ]
        }
        Work::Reads => Vec::new(),
    })
}

async fn administrator(
    view: &mut View,
    tried_demo: Option<(String, bool)>,
) -> Result<Vec<FirstStep>> {
    let step = |key, address: &str, is_done| FirstStep {
        key,
        address: address.to_owned(),
        count: None,
        is_done,
    };
    let imported =
        there_is(view, ImportJob::NAME, Filter::compare("status", Op::Ne, "undone")).await?;
    let me = view.actor().user.map(|user| user.to_string()).unwrap_or_default();
    let others = Filter::compare("id", Op::Ne, me).and(Filter::Not(Box::new(Filter::compare(
        "email",
        Op::Contains,
        DEMO_MAIL,
    ))));
    let invited = there_is(view, User::NAME, others).await?;
    let analysed = analysed_at(view).await?.is_some();
    let mut steps = vec![
        step("import", "/import", imported),
        step("invite", "/user/new", invited),
        step("analyse", "/insights", analysed),
    ];
    if let Some((email, is_done)) = tried_demo {
        let email = crate::access::conditions::encoded(&email);
        steps.push(step("look-as-a-seller", &format!("/login?email={email}"), is_done));
    }
    Ok(steps)
}

/// Customers who may have left.
async fn at_risk(
    view: &mut View,
    key: &'static str,
    of: Filter,
    stated: &str,
) -> Result<FirstStep> {
    let risk = insights::at_risk();
    let filter = crate::access::conditions::parse(&risk)?.and(of);
    let address = format!("/customer?{stated}{risk}&sort=-lifetime_value");
    counted(view, key, (Customer::NAME, filter), address).await
}

/// What is due today or was before.
async fn tasks(view: &mut View, today: Date) -> Result<Option<FirstStep>> {
    if !view.actor().rights.reads_all(Task::NAME, &["status", "due_date", "owner"]) {
        return Ok(None);
    }
    let due = Filter::eq("owner", "me").and(Filter::eq("status", "open")).and(Filter::compare(
        "due_date",
        Op::Le,
        today.to_string(),
    ));
    let address = format!("/task?owner=me&status=open&due_date.le={today}&sort=due_date");
    counted(view, "tasks", (Task::NAME, due), address).await.map(Some)
}

/// A step that is done when there are none.
async fn counted(
    view: &mut View,
    key: &'static str,
    (of, filter): (&str, Filter),
    address: String,
) -> Result<FirstStep> {
    let total = view.total(of, &Query::of(filter)).await?;
    Ok(FirstStep { key, address, count: Some(total.number), is_done: total.number == 0 })
}

async fn there_is(view: &mut View, of: &str, filter: Filter) -> Result<bool> {
    Ok(!view.list(of, &Query::of(filter).limited(1)).await?.rows.is_empty())
}

/// Of the people of the demo company the first who sells.
///
/// # Errors
/// When the database fails.
pub async fn demo_seller<'a>(
    store: &Store,
    accounts: &'a [DemoAccount],
) -> Result<Option<&'a DemoAccount>> {
    for account in accounts {
        let (actor, user) = match actor_of(store, account.user, Origin::Web, None).await {
            Err(Error::NotFound) => continue,
            other => other?,
        };
        if Work::of(&user, &actor.rights) == Work::Sells {
            return Ok(Some(account));
        }
    }
    Ok(None)
}
