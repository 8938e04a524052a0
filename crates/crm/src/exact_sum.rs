//! A sum of money that is exact however large it is: many orders together may be worth more than
//! any amount that a field holds.

use guanxi_base::{Currency, Error, Money, Result};
use guanxi_record::{Aggregate, Filter, Measure, Value};
use guanxi_store::View;

/// A sum of money in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExactSum {
    units: i128,
    /// Of all that was added.
    pub currency: Currency,
}

impl ExactSum {
    /// So many 1/10,000 of the unit.
    #[must_use]
    pub const fn new(units: i128, currency: Currency) -> Self {
        Self { units, currency }
    }

    /// The amount as a field holds it; none where it is larger than any field holds.
    #[must_use]
    pub fn money(self) -> Option<Money> {
        let units = i64::try_from(self.units).ok()?;
        Some(Money::new(units, self.currency))
    }

    /// In the currency's usual digits, rounded half to even: for means, which need no more.
    #[must_use]
    pub fn rounded(self) -> Self {
        let step = i128::from(Money::ONE) / 10_i128.pow(self.currency.minor_digits());
        Self { units: guanxi_base::divide_half_even(self.units, step) * step, ..self }
    }

    /// All digits, with those of the currency and more only where they matter.
    #[must_use]
    pub fn amount_text(self) -> String {
        let one = u128::from(Money::ONE.unsigned_abs());
        let sign = if self.units < 0 { "-" } else { "" };
        let (whole, part) = (self.units.unsigned_abs() / one, self.units.unsigned_abs() % one);
        let part = format!("{part:04}");
        let least = self.currency.minor_digits() as usize;
        let digits = part.trim_end_matches('0').len().max(least);
        match digits {
            0 => format!("{sign}{whole}"),
            digits => format!("{sign}{whole}.{}", &part[..digits]),
        }
    }
}

/// What the amounts of some records add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Summed {
    /// In each currency.
    Exactly(Vec<Money>),
    /// More than any number that is kept.
    TooLarge,
}

impl Summed {
    /// The sum of a field of money over records that the view shows, in each currency.
    ///
    /// # Errors
    /// When the database fails, or whoever asks may not ask for the field.
    pub async fn of(view: &mut View, of: &str, filter: Filter, field: &str) -> Result<Self> {
        let measures = vec![Measure::parse(&format!("sum:{field}"))?];
        let wanted = Aggregate { filter, group_by: Vec::new(), measures, with_archived: false };
        let groups = match view.aggregate(of, &wanted).await {
            Err(error) if is_too_large(&error) => return Ok(Self::TooLarge),
            groups => groups?,
        };
        let amounts = groups.into_iter().flat_map(|group| group.measures);
        let amounts = amounts.filter_map(|value| match value {
            Value::Money(money) => Some(money),
            _ => None,
        });
        Ok(Self::Exactly(amounts.collect()))
    }
}

/// Whether a sum was refused for being larger than any number that is kept.
#[must_use]
pub fn is_too_large(error: &Error) -> bool {
    match error {
        Error::Refused(refusals) => refusals.iter().any(|one| one.code == "sum-too-large"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_has_all_its_digits_however_large_it_is() {
        let text = |units: i128, currency| ExactSum::new(units, currency).amount_text();
        assert_eq!(text(40_045_000_000_000_000_000, Currency::CNY), "4004500000000000.00");
        assert_eq!(text(-27_429_000, Currency::CNY), "-2742.90");
        assert_eq!(text(1_234_567, Currency::USD), "123.4567");
        assert_eq!(text(5_000_000, "JPY".parse().unwrap()), "500");
        assert_eq!(text(0, Currency::EUR), "0.00");
        assert_eq!(ExactSum::new(i128::from(i64::MAX) + 1, Currency::EUR).money(), None);
        let least = ExactSum::new(i64::MIN.into(), Currency::EUR);
        assert_eq!(least.money(), Some(Money::new(i64::MIN, Currency::EUR)));
    }
}
