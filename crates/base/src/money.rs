//! An exact amount of one currency: an integer count of 1/10,000 of its unit.
//! Four digits hold every unit price that trade uses, and sums never drift.

use std::fmt;

use crate::currency::Currency;
use crate::fixed::{self, Decimal, FixedError, Percent};

/// An amount of money: 1/10,000 of the currency unit, and the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// In 1/10,000 of the currency unit.
    pub units: i64,
    /// Which currency.
    pub currency: Currency,
}

impl Money {
    /// How many units one whole of the currency is.
    pub const ONE: i64 = 10_000;
    const DIGITS: u32 = 4;

    /// An amount in 1/10,000 of the currency unit.
    #[must_use]
    pub const fn new(units: i64, currency: Currency) -> Self {
        Self { units, currency }
    }

    /// No money, in this currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Reads a plain decimal text such as `12.50`.
    ///
    /// # Errors
    /// Says why the text is no amount; never rounds.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, FixedError> {
        fixed::parse(text, Self::DIGITS).map(|units| Self { units, currency })
    }

    /// The amount as plain text with the currency's usual digits, more only where they matter.
    #[must_use]
    pub fn amount_text(self) -> String {
        fixed::format(self.units, Self::DIGITS, self.currency.minor_digits())
    }

    /// The amount in the currency's smallest coin; half of one is rounded up, below nought down, so that
    /// what comes back is what was sold.
    #[must_use]
    pub fn rounded(self) -> Self {
        let coins = fixed::divide_half_up(i128::from(self.units), i128::from(self.coin()));
        let units = i64::try_from(coins * i128::from(self.coin())).unwrap_or(self.units);
        Self { units, ..self }
    }

    /// Whether it can be paid: it is so many of the currency's smallest coin.
    #[must_use]
    pub fn is_rounded(self) -> bool {
        self.units % self.coin() == 0
    }

    /// How many units the currency's smallest coin is.
    fn coin(self) -> i64 {
        10_i64.pow(Self::DIGITS - self.currency.minor_digits())
    }

    /// What so many at this price come to, less a share of it: computed exactly, and rounded once, as
    /// [`Money::rounded`] does. `None` if 64 bits overflow.
    #[must_use]
    pub fn of_many(self, quantity: Decimal, discount: Option<Percent>) -> Option<Self> {
        let whole = i128::from(Percent::ONE) * 100;
        let kept = whole.checked_sub(discount.map_or(0, |share| i128::from(share.units())))?;
        let gross = i128::from(self.units) * i128::from(quantity.units());
        let exact = gross.checked_mul(kept)?;
        let coin = i128::from(self.coin());
        let coins = fixed::divide_half_up(exact, whole * i128::from(Decimal::ONE) * coin);
        i64::try_from(coins.checked_mul(coin)?).ok().map(|units| Self { units, ..self })
    }

    /// The sum; `None` when currencies differ or 64 bits overflow.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.units.checked_add(other.units))?
            .map(|units| Self { units, ..self })
    }

    /// This price times a quantity, rounded half to even at 1/10,000.
    #[must_use]
    pub fn times(self, quantity: Decimal) -> Option<Self> {
        let product = i128::from(self.units) * i128::from(quantity.units());
        let units = fixed::divide_half_even(product, i128::from(Decimal::ONE));
        i64::try_from(units).ok().map(|units| Self { units, ..self })
    }

    /// This share of the amount, rounded half to even at 1/10,000.
    #[must_use]
    pub fn percent(self, share: Percent) -> Option<Self> {
        let product = i128::from(self.units) * i128::from(share.units());
        let units = fixed::divide_half_even(product, i128::from(Percent::ONE) * 100);
        i64::try_from(units).ok().map(|units| Self { units, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount_text(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writes_the_currency_s_own_digits() {
        assert_eq!(Money::new(25_500, Currency::GBP).to_string(), "2.55 GBP");
        assert_eq!(Money::new(20_000, Currency::GBP).amount_text(), "2.00");
        assert_eq!(Money::new(20_001, Currency::GBP).amount_text(), "2.0001");
        let yen: Currency = "JPY".parse().unwrap();
        assert_eq!(Money::new(20_000, yen).amount_text(), "2");
        assert!("cny".parse::<Currency>().is_err());
        let told = |units| Money::new(units, Currency::GBP).rounded().amount_text();
        for (units, text) in [
            (1_585_650, "158.57"),
            (1_585_649, "158.56"),
            (1_585_750, "158.58"),
            (-1_585_650, "-158.57"),
            (-1_585_649, "-158.56"),
        ] {
            assert_eq!(told(units), text);
        }
    }

    #[test]
    fn a_line_is_rounded_once_to_the_smallest_coin() {
        let line = |quantity: &str, price: &str, code: &str, discount: Option<&str>| {
            let price = Money::parse(price, code.parse().unwrap()).unwrap();
            let discount = discount.map(|share| Percent::parse(share).unwrap());
            price.of_many(Decimal::parse(quantity).unwrap(), discount).unwrap().to_string()
        };
        for (quantity, price, code, discount, amount) in [
            ("3", "33.33", "EUR", Some("33"), "66.99 EUR"),
            ("1", "100", "JPY", Some("0.0001"), "100 JPY"),
            ("0.5", "333", "JPY", None, "167 JPY"),
            ("-0.5", "333", "JPY", None, "-167 JPY"),
            ("0.5", "0.01", "EUR", None, "0.01 EUR"),
            ("1000", "0.0123", "EUR", None, "12.30 EUR"),
            ("1", "2.0149", "CLF", None, "2.0149 CLF"),
            ("1", "2.0149", "KWD", None, "2.015 KWD"),
            ("1", "10.05", "CNY", Some("50"), "5.03 CNY"),
        ] {
            assert_eq!(line(quantity, price, code, discount), amount);
        }
        let most = Money::new(i64::MAX, Currency::CNY);
        assert_eq!(most.of_many(Decimal::from(2), None), None);
    }

    proptest! {
        #[test]
        fn a_line_is_within_half_a_coin_of_the_exact_amount(
            units in -1_000_000_000_i64..1_000_000_000, quantity in -100_000_000_i64..100_000_000,
            discount in 0_i64..=1_000_000, code in 0_usize..200) {
            let all: Vec<Currency> = Currency::all().collect();
            let currency = all[code % all.len()];
            let (price, quantity) = (Money::new(units, currency), Decimal::from_units(quantity));
            let share = Percent::from_units(discount);
            let line = price.of_many(quantity, Some(share)).unwrap();
            prop_assert!(line.is_rounded());
            prop_assert_eq!(line.rounded(), line);
            // In units of 1/10,000 of 1/10,000 of 1/1,000,000 of the currency's.
            let whole = i128::from(Decimal::ONE) * 1_000_000;
            let exact = i128::from(units) * i128::from(quantity.units())
                * (1_000_000 - i128::from(discount));
            let coin = 10_i128.pow(4 - currency.minor_digits());
            prop_assert!((i128::from(line.units) * whole - exact).abs() * 2 <= coin * whole);
            // What comes back is what was sold.
            let back = price.of_many(Decimal::from_units(-quantity.units()), Some(share)).unwrap();
            prop_assert_eq!(back.units, -line.units);
        }

        #[test]
        fn text_round_trips(units in any::<i64>()) {
            let money = Money::new(units, Currency::CNY);
            prop_assert_eq!(Money::parse(&money.amount_text(), Currency::CNY), Ok(money));
        }

        #[test]
        fn whole_quantities_multiply_exactly(units in -1_000_000_000_i64..1_000_000_000,
                                             count in -10_000_i32..10_000) {
            let product = Money::new(units, Currency::CNY).times(Decimal::from(count));
            prop_assert_eq!(product, Some(Money::new(units * i64::from(count), Currency::CNY)));
        }

        #[test]
        fn a_share_and_its_rest_differ_from_the_whole_by_rounding_only(
            units in 0_i64..1_000_000_000_000, share in 0_i64..=1_000_000) {
            let money = Money::new(units, Currency::CNY);
            let part = money.percent(Percent::from_units(share)).unwrap().units;
            let rest = money.percent(Percent::from_units(1_000_000 - share)).unwrap().units;
            prop_assert!((part + rest - units).abs() <= 1);
        }
    }
}
