//! Why a customer is where they are: told from the orders that the reader may see, by the rule and
//! as of the day by which it was derived.

use guanxi_base::{Date, Result};
use guanxi_record::{Choice as _, Record as _, Row, Stored, Value};
use guanxi_store::{Rights, View};
use guanxi_warehouse::{day_number, day_of};

use super::dealings::TheirOrders;
use super::life::{Known, Life, life_of};
use super::life_rules::LifeRules;
use super::propensity::{Reason, reasons};
use super::purchases::{Bought, Counted};
use super::records::AnalysisRun;
use super::run::last_of_customers;
use super::since::told_of;
use crate::people::{AbcClass, Customer, LifeStage};

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

/// What the orders of a customer say about them; none before the first analysis, or of more orders
/// than were read.
///
/// # Errors
/// When the database fails.
pub async fn why(view: &mut View, customer: &Row, orders: &TheirOrders) -> Result<Option<Why>> {
    let described = view.catalog().get(Customer::NAME)?.clone();
    let line = customer.value(&described, "product_line").as_link();
    let Some(run) = last_of_customers(view).await?.filter(|_| !orders.are_cut()) else {
        return Ok(None);
    };
    let kept = run.card.as_ref().and_then(|card| LifeRules::of_card(&card.0));
    let rules = match kept {
        Some(rules) => rules,
        None => {
            let rights = view.act_with(Rights::All);
            let rules = LifeRules::read(view).await;
            view.act_with(rights);
            rules?
        }
    };
    let Some((counted, from)) = counting_of(&run) else { return Ok(None) };
    let now = orders.dealings((counted, from));
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
    let life = life_of(rules.of(line), &lived, known, day);
    let card = run.card.as_ref().map(|card| card.0["propensity"].clone()).unwrap_or_default();
    // A model knows what was before a day.
    let soon = reasons(&card, Bought { lived: &lived, told: of }, day.saturating_add(1));
    Ok(Some(Why { life, last, in_others, soon }))
}

/// How the last analysis counted, and from which day on; none before the first.
pub(super) async fn counting(view: &mut View) -> Result<Option<(Counted, i64)>> {
    Ok(last_of_customers(view).await?.as_ref().and_then(counting_of))
}

/// How a run counted, and from which day on.
pub(super) fn counting_of(run: &Stored<AnalysisRun>) -> Option<(Counted, i64)> {
    let card = &run.card.as_ref()?.0;
    let today = card["today"].as_str().and_then(|day| day.parse().ok());
    let today = today.or(run.data_until).map(day_number)?;
    let counted = Counted { today, free: run.counts_free, returned: run.counts_returned };
    Some((counted, card["from"].as_i64().unwrap_or(i64::MIN)))
}
