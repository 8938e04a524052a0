//! Why a customer is where they are: told from the orders that the reader may see, by the rule and
//! as of the day by which it was derived.

use guanxi_base::{Date, RawId, Result};
use guanxi_record::{Choice as _, Filter, Query, Record as _, Row, Stored, Value};
use guanxi_store::{Rights, View};
use guanxi_warehouse::{day_number, day_of};

use super::dealings::{NEEDED, TheirOrders};
use super::life::{Known, Life, LifeRule, life_of};
use super::propensity::{Reason, reasons};
use super::purchases::Counted;
use super::records::{Analysis, AnalysisRun};
use super::run::last_run;
use super::since::told_of;
use crate::people::{AbcClass, Customer, LifeStage};
use crate::sales::Order;

/// Why a customer is where they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// The stages with the numbers that decide them.
    pub life: Life,
    /// The day of their last purchase.
    pub last: Option<Date>,
    /// How many of the purchases are in other currencies than the one of what they bought for.
    pub in_others: usize,
    /// What speaks for a purchase soon and what against it, the strongest first; nothing where no
    /// model is better than guessing.
    pub soon: Vec<Reason>,
}

/// What the orders of a customer say about them; none without a right to see the orders, or before
/// the first analysis.
///
/// # Errors
/// When the database fails.
pub async fn why(view: &mut View, customer: &Row) -> Result<Option<Why>> {
    if !view.actor().rights.reads_all(Order::NAME, &NEEDED) {
        return Ok(None);
    }
    let described = view.catalog().get(Customer::NAME)?.clone();
    let line = customer.value(&described, "product_line").as_link();
    let rights = view.act_with(Rights::All);
    let found = (last_run(view, Analysis::CustomerValue, true).await, rule(view, line).await);
    view.act_with(rights);
    let (Some(run), rule) = (found.0?, found.1?) else { return Ok(None) };
    let Some((counted, from)) = counting_of(&run) else { return Ok(None) };
    let now = TheirOrders::read(view, customer.id).await?.dealings((counted, from));
    let code = |name: &str| customer.value(&described, name);
    let known = Known {
        abc: code("abc").as_text().and_then(AbcClass::from_code),
        is_prospect: code("life_stage").as_text() == Some(LifeStage::Prospect.code()),
        churn_risk: match code("churn_risk") {
            Value::Percent(risk) => Some(risk),
            _ => None,
        },
    };
    let day = told_of(&run).map_or(counted.today, day_number);
    let lived = now.lived();
    let last = lived.last().map(|one| day_of(one.day));
    let currency = match code("revenue") {
        Value::Money(money) => Some(money.currency),
        _ => None,
    };
    let of = now.of(currency).map_or(&[][..], |dealt| &dealt.purchases);
    let in_others = lived.len() - of.len();
    let life = life_of(&rule, &lived, known, day);
    let card = run.card.as_ref().map(|card| card.0["propensity"].clone()).unwrap_or_default();
    // A model knows what was before a day.
    let soon = reasons(&card, of, day.saturating_add(1));
    Ok(Some(Why { life, last, in_others, soon }))
}

/// How the last analysis counted, and from which day on; none before the first.
pub(super) async fn counting(view: &mut View) -> Result<Option<(Counted, i64)>> {
    let rights = view.act_with(Rights::All);
    let last = last_run(view, Analysis::CustomerValue, true).await;
    view.act_with(rights);
    Ok(last?.as_ref().and_then(counting_of))
}

/// How a run counted, and from which day on.
pub(super) fn counting_of(run: &Stored<AnalysisRun>) -> Option<(Counted, i64)> {
    let card = &run.card.as_ref()?.0;
    let today = card["today"].as_str().and_then(|day| day.parse().ok());
    let today = today.or(run.data_until).map(day_number)?;
    let counted = Counted { today, free: run.counts_free, returned: run.counts_returned };
    Some((counted, card["from"].as_i64().unwrap_or(i64::MIN)))
}

async fn rule(view: &mut View, line: Option<RawId>) -> Result<LifeRule> {
    let query = Query::of(Filter::everything()).limited(Query::LIMIT_MAX);
    let mut usual = LifeRule::usual();
    for row in view.list(LifeRule::NAME, &query).await?.rows {
        let rule: Stored<LifeRule> = row.try_into()?;
        match rule.product_line.map(guanxi_base::Id::raw) {
            None => usual = rule.record,
            known if known == line => return Ok(rule.record),
            _ => {}
        }
    }
    Ok(usual)
}
