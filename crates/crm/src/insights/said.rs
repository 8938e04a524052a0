//! What the overview says first: who has left, whom to call first, who will buy soon, and of whom that
//! is not known. A run counts them among the customers of its cards, so that no two figures of one
//! overview are of two moments; each is a list in the same words.

use guanxi_base::{Currency, Money, Percent, Result};
use guanxi_record::{Choice as _, Query, Record as _, Value};
use guanxi_store::View;
use serde_json::{Value as Json, json};

use super::counting::count;
use super::customer_value::FIELDS;
use super::life::LIKELY;
use crate::access::conditions;
use crate::exact_sum::Summed;
use crate::people::{AbcClass, Customer, LifeStage};

/// A sentence of the overview.
#[derive(Debug, Clone)]
pub struct Sentence {
    /// What it is called.
    pub key: &'static str,
    of: Vec<Condition>,
    /// By which field its list is sorted, the largest first.
    pub sort: &'static str,
    /// Which field of theirs is added up.
    pub sum: &'static str,
    unknown: Vec<Condition>,
}

/// What a derived field must be.
type Condition = (&'static str, Test);

#[derive(Debug, Clone, Copy)]
enum Test {
    Is(&'static str),
    IsNot(&'static str),
    AtLeast(Percent),
    Counts(i64),
    IsKnown(Known),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Yes,
    No,
}

impl Test {
    fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Is(code), value) => value.as_text() == Some(code),
            (Self::IsNot(code), value) => value.as_text() != Some(code),
            (Self::AtLeast(least), Value::Percent(share)) => *share >= least,
            (Self::Counts(least), Value::Integer(number)) => *number >= least,
            (Self::IsKnown(known), value) => value.is_null() == (known == Known::No),
            _ => false,
        }
    }

    /// As the address of a list says it.
    fn word(self, field: &str) -> String {
        match self {
            Self::Is(code) => format!("{field}={code}"),
            Self::IsNot(code) => format!("{field}.ne={code}"),
            Self::AtLeast(least) => format!("{field}.ge={least}"),
            Self::Counts(least) => format!("{field}.ge={least}"),
            Self::IsKnown(known) => format!("{field}.empty={}", known == Known::No),
        }
    }
}

/// All of some conditions, as the address of a list has them.
fn words(of: &[Condition]) -> String {
    of.iter().map(|(field, test)| test.word(field)).collect::<Vec<_>>().join("&")
}

/// Whether the derived values of a customer, in the order of [`FIELDS`], meet all of some conditions.
fn fit(of: &[Condition], values: &[Value]) -> bool {
    of.iter().all(|(field, test)| {
        FIELDS.iter().position(|one| one == field).is_some_and(|at| test.fits(&values[at]))
    })
}

/// The sentences, in their order.
#[must_use]
pub fn sentences() -> [Sentence; 3] {
    let lost = LifeStage::Lost.code();
    let large = ("abc", Test::Is(AbcClass::A.code()));
    let stays = ("life_stage", Test::IsNot(lost));
    [
        Sentence {
            key: "lost",
            of: vec![("life_stage", Test::Is(lost))],
            sort: "value_lost",
            sum: "value_lost",
            unknown: Vec::new(),
        },
        Sentence {
            key: "slipping",
            of: vec![large, stays, ("churn_risk", Test::AtLeast(LIKELY))],
            sort: "lifetime_value",
            sum: "lifetime_value",
            unknown: vec![large, stays, ("churn_risk", Test::IsKnown(Known::No))],
        },
        Sentence {
            key: "soon",
            of: vec![("buys_soon", Test::AtLeast(LIKELY))],
            sort: "buys_soon",
            sum: "lifetime_value",
            unknown: vec![("purchases", Test::Counts(1)), ("buys_soon", Test::IsKnown(Known::No))],
        },
    ]
}

impl Sentence {
    /// Of whom it is true, as the address of a list says it.
    #[must_use]
    pub fn list(&self) -> String {
        words(&self.of)
    }

    /// Of whom it is not known; none where it always is.
    #[must_use]
    pub fn unknown_list(&self) -> Option<String> {
        (!self.unknown.is_empty()).then(|| words(&self.unknown))
    }

    /// Of whom it is known, among those of whom it might not be.
    fn known(&self) -> Vec<Condition> {
        let turned = self.unknown.iter().map(|(field, test)| match test {
            Test::IsKnown(Known::No) => (*field, Test::IsKnown(Known::Yes)),
            test => (*field, *test),
        });
        turned.collect()
    }
}

/// What a sentence tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Of how many it is true.
    pub count: i64,
    /// What of them is added up, in each currency.
    pub sum: Summed,
    /// Of how many it is not known.
    pub unknown: i64,
    /// Of how many it is known, where it might not be.
    pub known: i64,
}

impl Told {
    /// As a run found it; none where it is of a release that did not count it.
    #[must_use]
    pub fn of_card(card: &Json, sentence: &Sentence) -> Option<Self> {
        let of = &card["said"][sentence.key];
        let sums = of["sums"].as_array()?.iter().map(|pair| {
            let currency: Currency = pair[0].as_str()?.parse().ok()?;
            Some(Money::new(pair[1].as_str()?.parse().ok()?, currency))
        });
        // One that is more than any number that is kept is no number there.
        let sum = sums.collect::<Option<_>>().map_or(Summed::TooLarge, Summed::Exactly);
        let number = |name: &str| of[name].as_i64();
        Some(Self {
            count: number("count")?,
            sum,
            unknown: number("unknown")?,
            known: number("known")?,
        })
    }

    /// As it is now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn now(view: &mut View, sentence: &Sentence) -> Result<Self> {
        let filter = |of: &[Condition]| conditions::parse(&words(of));
        let sum = Summed::of(view, Customer::NAME, filter(&sentence.of)?, sentence.sum).await?;
        let mut counts = [0; 3];
        for (number, of) in
            counts.iter_mut().zip([sentence.of.clone(), sentence.unknown.clone(), sentence.known()])
        {
            if !of.is_empty() {
                *number = count(view, Customer::NAME, Query::of(filter(&of)?)).await?;
            }
        }
        let [count, unknown, known] = counts;
        Ok(Self { count, sum, unknown, known })
    }
}

/// Counts of whom each sentence is true, while a run writes what it found.
pub(super) struct Saying(Vec<Counter>);

struct Counter {
    sentence: Sentence,
    known: Vec<Condition>,
    sum_at: Option<usize>,
    counts: [i64; 3],
    sums: Vec<(Currency, i128)>,
}

impl Saying {
    pub(super) fn new() -> Self {
        let counter = |sentence: Sentence| Counter {
            known: sentence.known(),
            sum_at: FIELDS.iter().position(|field| *field == sentence.sum),
            counts: [0; 3],
            sums: Vec::new(),
            sentence,
        };
        Self(sentences().into_iter().map(counter).collect())
    }

    /// Adds a customer, by their values in the order of [`FIELDS`].
    pub(super) fn add(&mut self, values: &[Value]) {
        for counter in &mut self.0 {
            let Counter { sentence, known, sum_at, counts, sums } = counter;
            for (count, of) in counts.iter_mut().zip([&sentence.of, &sentence.unknown, &*known]) {
                *count += i64::from(!of.is_empty() && fit(of, values));
            }
            let Some(Value::Money(money)) = sum_at.map(|at| &values[at]) else { continue };
            if fit(&sentence.of, values) {
                match sums.iter_mut().find(|(currency, _)| *currency == money.currency) {
                    Some((_, sum)) => *sum += i128::from(money.units),
                    None => sums.push((money.currency, money.units.into())),
                }
            }
        }
    }

    /// For the card of the run.
    pub(super) fn card(mut self) -> Json {
        let each = self.0.iter_mut().map(|counter| {
            counter.sums.sort_by_key(|(currency, _)| currency.code().to_owned());
            let sums = counter
                .sums
                .iter()
                .map(|(currency, units)| json!([currency.code(), units.to_string()]));
            let sums: Vec<Json> = sums.collect();
            let [count, unknown, known] = counter.counts;
            let told = json!({ "count": count, "sums": sums, "unknown": unknown, "known": known });
            (counter.sentence.key.to_owned(), told)
        });
        each.collect::<serde_json::Map<_, _>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_counts_what_the_lists_of_its_sentences_hold() {
        let [lost, slipping, soon] = sentences();
        assert_eq!(lost.list(), "life_stage=lost");
        assert_eq!(slipping.list(), "abc=a&life_stage.ne=lost&churn_risk.ge=50");
        let unknown = "abc=a&life_stage.ne=lost&churn_risk.empty=true";
        assert_eq!(slipping.unknown_list().as_deref(), Some(unknown));
        assert_eq!((lost.unknown_list(), soon.list().as_str()), (None, "buys_soon.ge=50"));
        let customer = |set: &[(&str, Value)]| {
            let of = |field: &&str| set.iter().find(|(name, _)| name == field);
            let value = |field: &&str| of(field).map_or(Value::Null, |(_, value)| value.clone());
            FIELDS.iter().map(value).collect::<Vec<_>>()
        };
        let text = |code: &str| Value::Text(code.to_owned());
        let share = |whole: i64| Value::Percent(Percent::from_units(whole * Percent::ONE));
        let most = Money::new(i64::MAX, Currency::CNY);
        let mut saying = Saying::new();
        for values in [
            customer(&[("life_stage", text("lost")), ("value_lost", Value::Money(most))]),
            customer(&[("life_stage", text("lost")), ("value_lost", Value::Money(most))]),
            customer(&[
                ("life_stage", text("loyal")),
                ("abc", text("a")),
                ("churn_risk", share(50)),
            ]),
            customer(&[("life_stage", text("loyal")), ("abc", text("a"))]),
            customer(&[
                ("life_stage", text("loyal")),
                ("abc", text("b")),
                ("churn_risk", share(90)),
            ]),
            customer(&[("life_stage", text("repeat")), ("purchases", Value::Integer(2))]),
        ] {
            saying.add(&values);
        }
        let card = json!({ "said": saying.card() });
        let told = |sentence| Told::of_card(&card, sentence).unwrap();
        assert_eq!((told(&lost).count, told(&lost).sum), (2, Summed::TooLarge));
        let slipping = told(&slipping);
        assert_eq!((slipping.count, slipping.unknown, slipping.known), (1, 1, 1));
        assert_eq!(slipping.sum, Summed::Exactly(Vec::new()));
        assert_eq!((told(&soon).count, told(&soon).unknown, told(&soon).known), (0, 1, 0));
        assert_eq!(Told::of_card(&json!({}), &lost), None);
    }
}
