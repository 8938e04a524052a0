//! How customers stand with us: how they have paid, on which terms we deal with them, what they are
//! worth to us and how well we can serve them (门当户对).

use std::collections::{BTreeMap, HashMap};

use guanxi_analytics::composite::{Criterion, Missing, Normalisation, scores};
use guanxi_base::{Currency, Decimal, Error, Money, Percent, RawId, Result};
use guanxi_record::{Catalog, Choice as _, Filter, Kind, Query, Record as _, Stored, Value};
use guanxi_store::{Actor, Origin, Store};
use guanxi_warehouse::{Frame, Manifest, NO_CODE, NO_NUMBER, Warehouse, currency_column};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use serde_json::{Value as Json, json};

use super::customer_value::{FIELDS as ALL, Found};
use super::left_aside::LeftAside;
use super::score_model::{
    COMPLAINTS, ScoreCriterion, ScoreMissing, ScoreModel, ScoreScale, ScoreSide,
};
use crate::access::CustomerClass;
use crate::all_records::all;
use crate::billing::{Invoice, InvoiceStatus, Payment};
use crate::people::{AbcClass, Customer, Fit, PaymentRecord, TermsRule};
use crate::service::Case;

/// The derived fields of a customer that are written, in this order.
pub(super) const FIELDS: [&str; 6] =
    ["payment_record", "days_late", "terms", "value_score", "fit_score", "fit"];
/// Up to so many days late on average is when it was due.
const PROMPT_DAYS: f64 = 3.0;
/// Up to so many is late; more is bad.
const LATE_DAYS: f64 = 30.0;
/// What is overdue for longer is bad, whatever was paid before.
const OVERDUE_DAYS: i64 = 60;
/// A score from here on is high.
const HIGH: f64 = 50.0;
/// The matrix has so many bands on each side.
const BANDS: usize = 3;

/// How all customers stand, in the order of the purchases.
pub(super) struct Standing {
    paying: Vec<Option<Paying>>,
    terms: Vec<Option<RawId>>,
    value: Vec<Option<f64>>,
    capability: Vec<Option<f64>>,
    /// Invoices and payments that cannot be.
    pub(super) left_aside: LeftAside,
    /// What there is to know about it.
    pub(super) card: Json,
}

/// How somebody has paid.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Paying {
    record: PaymentRecord,
    /// On average, by amount.
    days_late: f64,
}

impl Standing {
    pub(super) async fn of(
        store: &Store,
        warehouse: &Warehouse,
        manifest: &Manifest,
        (found, today): (&Found, i32),
    ) -> Result<Self> {
        let catalog = store.catalog();
        let places: HashMap<i64, usize> =
            (0..found.len()).map(|place| (found.customer(place).0, place)).collect();
        let as_of = i64::from(found.purchases().day());
        let (paying, left_aside) =
            paying(warehouse, manifest, &catalog, &places, (as_of, today)).await?;
        let own = ["id", "class"];
        let customers = warehouse.frame(manifest, catalog.get(Customer::NAME)?, &own).await?;
        let mut classes: Vec<Option<CustomerClass>> = vec![None; found.len()];
        let (codes, words) = customers.codes("class");
        for (at, id) in customers.numbers("id").iter().enumerate() {
            let word = words.get(codes.get(at).copied().unwrap_or(NO_CODE) as usize);
            if let Some(place) = places.get(id) {
                classes[*place] = word.and_then(|word| CustomerClass::from_code(word));
            }
        }
        let mut view = store.read(&Actor::system(Origin::Job)).await?;
        let everything = || Query::of(Filter::everything());
        let rules = all::<TermsRule>(&mut view, everything()).await?;
        let models = all::<ScoreModel>(&mut view, everything()).await?;
        let criteria = all::<ScoreCriterion>(&mut view, everything()).await?;
        drop(view);
        let terms: Vec<Option<RawId>> = (0..found.len())
            .map(|place| {
                let record = paying[place].map(|one| one.record);
                terms_of(&rules, found.abc(place), classes[place], record)
            })
            .collect();
        let measures =
            Measures::read(warehouse, manifest, &catalog, found, &places, &paying).await?;
        let mut card =
            json!({ "payment": payment_card(&paying), "terms": terms_card(&rules, &terms) });
        let mut side = |side: ScoreSide| -> Result<Vec<Option<f64>>> {
            let model = models.iter().filter(|one| one.is_used && one.side == side);
            let Some(model) = model.max_by_key(|one| one.id) else {
                return Ok(vec![None; found.len()]);
            };
            let of_model: Vec<&Stored<ScoreCriterion>> =
                criteria.iter().filter(|one| one.score_model == model.id).collect();
            let (scores, told) = scored(model, &of_model, &measures, found.len())?;
            card["scores"][side.code()] = told;
            Ok(scores)
        };
        let value = side(ScoreSide::Value)?;
        let capability = side(ScoreSide::Capability)?;
        card["matrix"] = matrix(&value, &capability, found);
        Ok(Self { paying, terms, value, capability, left_aside, card })
    }

    /// The values of `FIELDS` of the customer at a place.
    pub(super) fn values(&self, place: usize) -> [Value; 6] {
        let decimal = |number: Option<f64>| {
            number.map_or(Value::Null, |number| {
                Value::Decimal(Decimal::from_units((number * 100.0).round() as i64 * 10_000))
            })
        };
        let paying = self.paying[place];
        let code = |code: Option<&'static str>| {
            code.map_or(Value::Null, |code| Value::Text(code.to_owned()))
        };
        let (value, capability) = (self.value[place], self.capability[place]);
        let fit = value.zip(capability).map(|(value, fit)| fit_of(value, fit).code());
        [
            code(paying.map(|one| one.record.code())),
            decimal(paying.map(|one| one.days_late)),
            self.terms[place].map_or(Value::Null, Value::Link),
            decimal(value),
            decimal(capability),
            code(fit),
        ]
    }
}

/// What a score of each side says together.
fn fit_of(value: f64, capability: f64) -> Fit {
    match (value >= HIGH, capability >= HIGH) {
        (true, true) => Fit::Match,
        (true, false) => Fit::ReachUp,
        (false, true) => Fit::ReachDown,
        (false, false) => Fit::Apart,
    }
}

/// The rule that fits and asks most; of several the oldest.
fn terms_of(
    rules: &[Stored<TermsRule>],
    abc: Option<AbcClass>,
    class: Option<CustomerClass>,
    record: Option<PaymentRecord>,
) -> Option<RawId> {
    let fitting = rules.iter().filter_map(|rule| Some((rule.fits(abc, class, record)?, rule.id)));
    let best = fitting.max_by_key(|(asks, id)| (*asks, std::cmp::Reverse(*id)));
    best.map(|(_, id)| id.raw())
}

/// How all customers have paid what they were asked to, by the invoices that are due; what cannot be
/// is left aside.
async fn paying(
    warehouse: &Warehouse,
    manifest: &Manifest,
    catalog: &Catalog,
    places: &HashMap<i64, usize>,
    (as_of, today): (i64, i32),
) -> Result<(Vec<Option<Paying>>, LeftAside)> {
    let mut left_aside = LeftAside::default();
    let mut is_aside = |of: &'static str, why: Option<&'static str>, id: i64| {
        why.inspect(|why| left_aside.note(of, why, id)).is_some()
    };
    let code = currency_column("amount");
    let names = ["id", "invoice", "date", "amount", &code, "archived_at"];
    let frame = warehouse.frame(manifest, catalog.get(Payment::NAME)?, &names).await?;
    let mut paid: HashMap<i64, Vec<Paid>> = HashMap::new();
    let (codes, words) = frame.codes(&code);
    for (at, code) in codes.iter().enumerate() {
        let invoice = frame.numbers("invoice")[at];
        if invoice == NO_NUMBER || frame.numbers("archived_at")[at] != NO_NUMBER {
            continue;
        }
        let (day, amount) = (frame.numbers("date")[at], frame.numbers("amount")[at]);
        let why = LeftAside::why(day, amount, today);
        if !is_aside(Payment::NAME, why, frame.numbers("id")[at]) {
            let currency = words.get(*code as usize).cloned().unwrap_or_default();
            paid.entry(invoice).or_default().push(Paid { day, amount, currency });
        }
    }
    paid.values_mut().for_each(|payments| payments.sort_unstable_by_key(|one| one.day));
    let code = currency_column("total");
    let names = ["id", "customer", "date", "due_date", "status", "total", &code, "archived_at"];
    let frame = warehouse.frame(manifest, catalog.get(Invoice::NAME)?, &names).await?;
    let mut sums: Vec<Sums> = vec![Sums::default(); places.len()];
    let (codes, words) = frame.codes(&code);
    for (at, code) in codes.iter().enumerate() {
        let id = frame.numbers("id")[at];
        let Some(place) = places.get(&frame.numbers("customer")[at]) else { continue };
        if frame.numbers("archived_at")[at] != NO_NUMBER {
            continue;
        }
        let (day, total) = (frame.numbers("date")[at], frame.numbers("total")[at]);
        if day != NO_NUMBER && is_aside(Invoice::NAME, LeftAside::why(day, total, today), id) {
            continue;
        }
        let currency = words.get(*code as usize).map(String::as_str).unwrap_or_default();
        // What was paid in other money does not add up to it.
        let of: Vec<(i64, i64)> = paid.get(&id).map_or_else(Vec::new, |all| {
            let same = all.iter().filter(|one| one.currency == currency);
            same.map(|one| (one.day, one.amount)).collect()
        });
        sums[*place].add(&frame, at, (&of, currency), as_of);
    }
    Ok((sums.into_iter().map(Sums::paying).collect(), left_aside))
}

/// A payment for an invoice.
struct Paid {
    day: i64,
    amount: i64,
    currency: String,
}

/// What is summed over the invoices of a customer.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    amount: f64,
    days_by_amount: f64,
    is_bad: bool,
}

impl Sums {
    /// Adds an invoice that is due, with its payments by day and the currency of both.
    fn add(
        &mut self,
        invoices: &Frame,
        at: usize,
        (payments, currency): (&[(i64, i64)], &str),
        as_of: i64,
    ) {
        let (due, total) = (invoices.numbers("due_date")[at], invoices.numbers("total")[at]);
        let (codes, words) = invoices.codes("status");
        let status = words.get(codes[at] as usize).and_then(|word| InvoiceStatus::from_code(word));
        if due == NO_NUMBER || total == NO_NUMBER || total <= 0 {
            return;
        }
        // What is less than half of the smallest coin nobody can pay.
        let is_settled = |rest: i64| match Currency::kept(currency) {
            Some(currency) => Money::new(rest, currency).rounded().units <= 0,
            None => rest <= 0,
        };
        let mut rest = total;
        let paid_on = payments.iter().find_map(|(day, amount)| {
            rest = rest.saturating_sub(*amount);
            is_settled(rest).then_some(*day)
        });
        let day = match (status, paid_on) {
            (Some(InvoiceStatus::WrittenOff), _) => {
                self.is_bad = true;
                paid_on.unwrap_or(as_of)
            }
            (Some(InvoiceStatus::Issued | InvoiceStatus::Paid), Some(day)) => day,
            // It is said to be paid, but nobody noted when.
            (Some(InvoiceStatus::Issued), None) if due < as_of => {
                self.is_bad |= as_of - due > OVERDUE_DAYS;
                as_of
            }
            _ => return,
        };
        self.amount += total as f64;
        self.days_by_amount += (day - due).max(0) as f64 * total as f64;
    }

    fn paying(self) -> Option<Paying> {
        let days_late = (self.amount > 0.0).then(|| self.days_by_amount / self.amount)?;
        let record = match days_late {
            _ if self.is_bad => PaymentRecord::Bad,
            days if days <= PROMPT_DAYS => PaymentRecord::Prompt,
            days if days <= LATE_DAYS => PaymentRecord::Late,
            _ => PaymentRecord::Bad,
        };
        Some(Paying { record, days_late })
    }
}

fn payment_card(paying: &[Option<Paying>]) -> Json {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in paying.iter().flatten() {
        *counts.entry(one.record.code()).or_default() += 1;
    }
    json!(counts)
}

fn terms_card(rules: &[Stored<TermsRule>], terms: &[Option<RawId>]) -> Json {
    let mut counts: HashMap<RawId, usize> = HashMap::new();
    terms.iter().flatten().for_each(|rule| *counts.entry(*rule).or_default() += 1);
    let told = rules.iter().map(|rule| {
        let customers = counts.get(&rule.id.raw()).copied().unwrap_or(0);
        json!({ "rule": rule.id.to_string(), "name": rule.name, "customers": customers })
    });
    told.collect()
}

/// The numbers that criteria ask for, of all customers.
struct Measures<'a> {
    found: &'a Found,
    paying: &'a [Option<Paying>],
    complaints: Vec<u32>,
    own: HashMap<String, Vec<f64>>,
}

impl<'a> Measures<'a> {
    async fn read(
        warehouse: &Warehouse,
        manifest: &Manifest,
        catalog: &Catalog,
        found: &'a Found,
        places: &HashMap<i64, usize>,
        paying: &'a [Option<Paying>],
    ) -> Result<Self> {
        let names = ["customer", "kind", "archived_at"];
        let cases = warehouse.frame(manifest, catalog.get(Case::NAME)?, &names).await?;
        let (codes, words) = cases.codes("kind");
        let mut complaints = vec![0_u32; found.len()];
        for (at, code) in codes.iter().enumerate() {
            let is_one = words.get(*code as usize).is_some_and(|word| word == "complaint")
                && cases.numbers("archived_at")[at] == NO_NUMBER;
            if let Some(place) = places.get(&cases.numbers("customer")[at]).filter(|_| is_one) {
                complaints[*place] += 1;
            }
        }
        let described = catalog.get(Customer::NAME)?;
        let fields = described.fields.iter().filter(|field| !field.derived);
        let numbers: Vec<&str> =
            fields.filter_map(|field| unit(&field.kind).map(|_| field.name.as_ref())).collect();
        let mut names = vec!["id"];
        names.extend(&numbers);
        let frame = warehouse.frame(manifest, described, &names).await?;
        let mut own = HashMap::new();
        for name in numbers {
            let unit = described.field(name).and_then(|field| unit(&field.kind)).unwrap_or(1.0);
            let mut values = vec![f64::NAN; found.len()];
            for (id, number) in frame.numbers("id").iter().zip(frame.numbers(name)) {
                if let Some(place) = places.get(id).filter(|_| *number != NO_NUMBER) {
                    values[*place] = *number as f64 / unit;
                }
            }
            own.insert(name.to_owned(), values);
        }
        Ok(Self { found, paying, complaints, own })
    }

    /// The numbers of a measure; none when nobody knows it.
    fn of(&self, measure: &str) -> Option<Vec<f64>> {
        if measure == COMPLAINTS {
            let each = self.complaints.iter().enumerate().map(|(place, complaints)| {
                let purchases = self.found.purchases().lived(place).len();
                if purchases == 0 { f64::NAN } else { f64::from(*complaints) / purchases as f64 }
            });
            return Some(each.collect());
        }
        if measure == "days_late" {
            let late = |one: &Option<Paying>| one.map_or(f64::NAN, |one| one.days_late);
            return Some(self.paying.iter().map(late).collect());
        }
        if let Some(own) = self.own.get(measure) {
            return Some(own.clone());
        }
        let at = ALL.iter().position(|name| *name == measure)?;
        let places = (0..self.found.len()).into_par_iter();
        let number = |place: usize| number_of(self.found.values(place).get(at));
        Some(places.map(number).collect())
    }
}

/// What one is of a number as it is kept.
fn unit(kind: &Kind) -> Option<f64> {
    match kind {
        Kind::Integer => Some(1.0),
        Kind::Decimal => Some(1e6),
        Kind::Percent | Kind::Money => Some(1e4),
        _ => None,
    }
}

fn number_of(value: Option<&Value>) -> f64 {
    match value {
        Some(Value::Integer(number)) => *number as f64,
        Some(Value::Decimal(number)) => number.units() as f64 / 1e6,
        Some(Value::Percent(number)) => number.units() as f64 / 1e4,
        Some(Value::Money(money)) => money.units as f64 / 1e4,
        _ => f64::NAN,
    }
}

/// The scores of a model, and what its card says; no scores where its weights do not total 100 %.
fn scored(
    model: &Stored<ScoreModel>,
    criteria: &[&Stored<ScoreCriterion>],
    measures: &Measures<'_>,
    customers: usize,
) -> Result<(Vec<Option<f64>>, Json)> {
    let total = model.total_weight.map_or(0, |total| total.units());
    let told: Vec<Json> = criteria
        .iter()
        .map(|one| {
            json!({ "measure": one.measure, "weight": one.weight.to_string(),
                "less_is_better": one.less_is_better, "scale": one.scale.code(),
                "missing": one.missing.code() })
        })
        .collect();
    let mut card = json!({ "model": model.name, "id": model.id.to_string(),
        "version": model.version, "criteria": told });
    let nothing = vec![None; customers];
    if total != 100 * Percent::ONE {
        card["problem"] = json!(["weights-not-100", Percent::from_units(total).to_string()]);
        return Ok((nothing, card));
    }
    let mut columns = Vec::new();
    for one in criteria {
        let Some(values) = measures.of(&one.measure) else {
            card["problem"] = json!(["not-a-measure", one.measure]);
            return Ok((nothing, card));
        };
        columns.push(values);
    }
    let list: Vec<Criterion<'_>> = criteria
        .iter()
        .zip(&columns)
        .map(|(one, values)| Criterion {
            values,
            weight: one.weight.units() as f64 / Percent::ONE as f64,
            more_is_better: !one.less_is_better,
            normalisation: match one.scale {
                ScoreScale::Rank => Normalisation::Rank,
                ScoreScale::MinMax => Normalisation::MinMax,
                ScoreScale::ZScore => Normalisation::ZScore,
            },
            missing: match one.missing {
                ScoreMissing::Reweight => Missing::Reweight,
                ScoreMissing::Worst => Missing::Value(0.0),
            },
        })
        .collect();
    let found = scores(&list).map_err(Error::internal)?;
    Ok((found.into_iter().map(|one| one.score).collect(), card))
}

/// How many customers, with what they bought for, are in each band of both scores; the lowest first.
fn matrix(value: &[Option<f64>], capability: &[Option<f64>], found: &Found) -> Json {
    // As the scores are kept, so that a cell counts what its list shows.
    let band = |score: f64| ((score * 100.0).round() as usize * BANDS / 10_000).min(BANDS - 1);
    let mut cells = vec![(0_usize, 0.0); BANDS * BANDS];
    for (place, (value, capability)) in value.iter().zip(capability).enumerate() {
        let (Some(value), Some(capability)) = (value, capability) else { continue };
        let cell = &mut cells[band(*value) * BANDS + band(*capability)];
        cell.0 += 1;
        cell.1 += found.purchases().of(place).iter().map(|one| one.units as f64).sum::<f64>() / 1e4;
    }
    if cells.iter().all(|(customers, _)| *customers == 0) {
        return Json::Null;
    }
    let cells = cells.into_iter().enumerate().map(|(at, (customers, revenue))| {
        json!({ "value": at / BANDS, "capability": at % BANDS, "customers": customers,
            "revenue": super::worth::number(revenue) })
    });
    json!({ "bands": BANDS, "cells": cells.collect::<Vec<_>>() })
}
