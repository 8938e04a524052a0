//! Why a customer is where they are: told from the orders that the reader may see, by the rule and
//! as of the day by which it was derived.

use guanxi_base::{Money, RawId, Result};
use guanxi_record::{Choice as _, Filter, Query, Record as _, Row, Sort, Stored, Value};
use guanxi_store::{Rights, View};
use guanxi_warehouse::day_number;
use serde_json::Value as Json;

use super::left_aside::LeftAside;
use super::life::{Life, LifeRule, life_of};
use super::propensity::{Reason, reasons};
use super::purchases::{Counted, Purchase};
use super::records::Analysis;
use super::run::last_run;
use crate::people::{AbcClass, Customer};
use crate::sales::{Order, OrderKind, agreed_orders};

/// Why a customer is where they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// The stages with the numbers that decide them.
    pub life: Life,
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
    let fields = ["customer", "date", "kind", "status", "total"];
    if !view.actor().rights.reads_all(Order::NAME, &fields) {
        return Ok(None);
    }
    let described = view.catalog().get(Customer::NAME)?.clone();
    let Some(known) = known(view, &described, customer).await? else { return Ok(None) };
    let purchases = purchases(view, customer, &known).await?;
    let abc = customer.value(&described, "abc");
    let abc = abc.as_text().and_then(AbcClass::from_code);
    let is_prospect = customer.value(&described, "life_stage").as_text() == Some("prospect");
    let life = life_of(&known.rule, &purchases, (abc, is_prospect), known.day);
    Ok(Some(Why { life, soon: reasons(&known.propensity, &purchases, known.day) }))
}

/// All purchases of a customer until the day of the last analysis, by day, as that counted them.
async fn purchases(view: &mut View, customer: &Row, known: &Known) -> Result<Vec<Purchase>> {
    let agreed = agreed_orders("").and(Filter::eq("customer", customer.id.to_string()));
    let mut query = Query::of(agreed).sorted(vec![Sort::up("date")]).limited(Query::LIMIT_MAX);
    let orders = view.catalog().get(Order::NAME)?.clone();
    let (mut sales, mut returns) = (Vec::new(), Vec::new());
    loop {
        let page = view.list(Order::NAME, &query).await?;
        for row in page.rows {
            let values = (row.value(&orders, "date"), row.value(&orders, "total"));
            let (Value::Date(day), Value::Money(Money { units, currency })) = values else {
                continue;
            };
            let day = day_number(day);
            let is_aside = LeftAside::why(day.into(), units, known.until).is_some();
            if is_aside || known.currency.is_some_and(|one| one != currency) {
                continue;
            }
            let is_sale = row.value(&orders, "kind").as_text() == Some(OrderKind::Sale.code());
            match is_sale && units >= 0 {
                true => sales.push(Purchase { day, units }),
                false if units <= 0 => returns.push(Purchase { day, units }),
                false => {}
            }
        }
        query.after = page.next;
        if query.after.is_none() {
            return Ok(known.counted.of(sales, returns));
        }
    }
}

struct Known {
    rule: LifeRule,
    /// The last day of the data.
    until: i32,
    /// As of which it is told.
    day: i32,
    counted: Counted,
    currency: Option<guanxi_base::Currency>,
    /// The card of the model of who buys soon.
    propensity: Json,
}

/// The rule of the customer's line and the day of the last analysis: everybody is told by them.
async fn known(
    view: &mut View,
    described: &guanxi_record::RecordType,
    customer: &Row,
) -> Result<Option<Known>> {
    let line = customer.value(described, "product_line").as_link();
    let currency = match customer.value(described, "revenue") {
        Value::Money(money) => Some(money.currency),
        _ => None,
    };
    let rights = view.act_with(Rights::All);
    let found = (last_day(view).await, rule(view, line).await);
    view.act_with(rights);
    let (Some(last), rule) = (found.0?, found.1?) else { return Ok(None) };
    let (until, counted, propensity) = last;
    let day = counted.today.min(until + 1);
    Ok(Some(Known { rule, until, day, counted, currency, propensity }))
}

/// The last day of the data of the last analysis, what it counted, and what it learnt about who buys
/// soon.
async fn last_day(view: &mut View) -> Result<Option<(i32, Counted, Json)>> {
    let last = last_run(view, Analysis::CustomerValue, true).await?;
    let Some(run) = last else { return Ok(None) };
    let card = run.card.as_ref().map(|card| card.0.clone()).unwrap_or_default();
    let propensity = card["propensity"].clone();
    Ok(run.data_until.map(|until| {
        let until = day_number(until);
        let today = card["today"].as_str().and_then(|day| day.parse().ok());
        let today = today.map_or(until + 1, day_number);
        let (free, returned) = (run.counts_free, run.counts_returned);
        (until, Counted { today, free, returned }, propensity)
    }))
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
