//! An exact amount of one currency: an integer count of 1/10,000 of its unit.
//! Four digits hold every unit price that trade uses, and sums never drift.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::fixed::{self, Decimal, FixedError, Percent};

/// An ISO 4217 code, such as `CNY`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// The text is not three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrencyError;

impl Currency {
    /// No currency (ISO 4217 `XXX`).
    pub const NONE: Self = Self(*b"XXX");
    /// Chinese yuan.
    pub const CNY: Self = Self(*b"CNY");
    /// Pound sterling.
    pub const GBP: Self = Self(*b"GBP");
    /// United States dollar.
    pub const USD: Self = Self(*b"USD");
    /// Euro.
    pub const EUR: Self = Self(*b"EUR");

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many digits after the point people write: ISO 4217's minor unit.
    #[must_use]
    pub fn minor_digits(self) -> u32 {
        match &self.0 {
            b"JPY" | b"KRW" | b"VND" | b"CLP" | b"ISK" | b"XAF" | b"XOF" | b"UGX" => 0,
            b"BHD" | b"KWD" | b"OMR" | b"JOD" | b"TND" | b"IQD" | b"LYD" => 3,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;
    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(CurrencyError),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("not-a-currency"))
    }
}

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

    /// The amount in the currency's usual digits, rounded half to even: for means, which need no
    /// more.
    #[must_use]
    pub fn rounded(self) -> Self {
        let step = 10_i64.pow(Self::DIGITS - self.currency.minor_digits());
        let steps = fixed::divide_half_even(i128::from(self.units), i128::from(step));
        let units = i64::try_from(steps * i128::from(step)).unwrap_or(self.units);
        Self { units, ..self }
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
        assert_eq!(Money::new(1_585_650, Currency::GBP).rounded().amount_text(), "158.56");
        assert_eq!(Money::new(-1_585_750, Currency::GBP).rounded().amount_text(), "-158.58");
    }

    proptest! {
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
