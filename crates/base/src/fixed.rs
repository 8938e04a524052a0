//! Exact decimal numbers with a fixed number of digits after the point, as scaled integers.
//! Floats cannot hold 0.1; a CRM that adds prices must.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not a fixed-point number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FixedError {
    /// The text is not a plain decimal number such as `-12.5`.
    NotANumber,
    /// More digits after the point than the type keeps; rounding in silence would lose them.
    TooPrecise {
        /// How many digits after the point are kept.
        digits: u32,
    },
    /// Beyond what 64 bits hold.
    TooLarge,
}

impl FixedError {
    /// The stable code of the refusal that tells a person about it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotANumber => "not-a-number",
            Self::TooPrecise { .. } => "too-precise",
            Self::TooLarge => "too-large",
        }
    }
}

/// Reads `-12.50` as an integer in units of 10^-`digits`. Trailing zeros beyond `digits` are fine.
pub(crate) fn parse(text: &str, digits: u32) -> Result<i64, FixedError> {
    let text = text.trim();
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return Err(FixedError::NotANumber);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > digits as usize {
        return Err(FixedError::TooPrecise { digits });
    }
    let mut units: i128 = 0;
    let padding = digits as usize - fraction.len();
    for digit in whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', padding)) {
        units = units * 10 + i128::from(digit - b'0');
        if units > i128::from(i64::MAX) + 1 {
            return Err(FixedError::TooLarge);
        }
    }
    i64::try_from(if negative { -units } else { units }).map_err(|_| FixedError::TooLarge)
}

/// Writes `units` of 10^-`digits` with at least `shown` digits after the point and no others
/// unless they matter.
pub(crate) fn format(units: i64, digits: u32, shown: u32) -> String {
    let scale = 10_u64.pow(digits);
    let magnitude = units.unsigned_abs();
    let sign = if units < 0 { "-" } else { "" };
    let whole = magnitude / scale;
    let mut fraction = format!("{:0width$}", magnitude % scale, width = digits as usize);
    while fraction.len() > shown as usize && fraction.ends_with('0') {
        fraction.pop();
    }
    if fraction.is_empty() || digits == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// `numerator / denominator`, rounded half to even: the rounding that adds no bias to sums.
#[must_use]
pub fn divide_half_even(numerator: i128, denominator: i128) -> i128 {
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    let away = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
    match (rest.abs() * 2).cmp(&denominator.abs()) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + away,
        std::cmp::Ordering::Equal if quotient % 2 == 0 => quotient,
        std::cmp::Ordering::Equal => quotient + away,
    }
}

/// `numerator / denominator`, half of one rounded away from nought: the rounding of invoices.
pub(crate) fn divide_half_up(numerator: i128, denominator: i128) -> i128 {
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    let away = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
    if rest.abs() >= denominator.abs() - rest.abs() { quotient + away } else { quotient }
}

macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident, $digits:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(i64);

        impl $name {
            /// How many of the smallest unit one whole is.
            pub const ONE: i64 = 10_i64.pow($digits);

            /// From a count of the smallest unit.
            #[must_use]
            pub const fn from_units(units: i64) -> Self {
                Self(units)
            }

            /// As a count of the smallest unit.
            #[must_use]
            pub const fn units(self) -> i64 {
                self.0
            }

            /// Reads a plain decimal text such as `-12.5`.
            ///
            /// # Errors
            /// Says why the text is no such number; never rounds.
            pub fn parse(text: &str) -> Result<Self, FixedError> {
                parse(text, $digits).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&format(self.0, $digits, 0))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(|e| serde::de::Error::custom(e.code()))
            }
        }
    };
}

fixed_point!(
    /// A decimal number with six digits after the point, such as a quantity or a rate.
    Decimal,
    6
);
fixed_point!(
    /// Per cent with four digits after the point: `Percent::parse("12.5")` is 12.5 %.
    Percent,
    4
);

impl Percent {
    /// As a share of one: 12.5 % is 0.125.
    #[must_use]
    pub fn share(self) -> f64 {
        self.0 as f64 / (100 * Self::ONE) as f64
    }

    /// A share of one in per cent, to the nearest digit that is kept; from nothing to all of it.
    #[must_use]
    pub fn of_share(share: f64) -> Self {
        Self((share.clamp(0.0, 1.0) * (100 * Self::ONE) as f64).round() as i64)
    }
}

impl From<i32> for Decimal {
    fn from(whole: i32) -> Self {
        Self(i64::from(whole) * Self::ONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_refuses() {
        assert_eq!(Decimal::parse("-12.50").map(Decimal::units), Ok(-12_500_000));
        assert_eq!(Decimal::parse(".5").map(Decimal::units), Ok(500_000));
        assert_eq!(Decimal::parse("1e5"), Err(FixedError::NotANumber));
        assert_eq!(Decimal::parse("."), Err(FixedError::NotANumber));
        assert_eq!(Decimal::parse(""), Err(FixedError::NotANumber));
        assert_eq!(Decimal::parse("0.1234567"), Err(FixedError::TooPrecise { digits: 6 }));
        assert_eq!(Decimal::parse("9223372036854.775808"), Err(FixedError::TooLarge));
        assert_eq!(Percent::parse("12.5").map(|p| p.to_string()), Ok("12.5".to_owned()));
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        for (numerator, rounded) in [(5, 0), (15, 2), (25, 2), (35, 4), (-5, 0), (-15, -2)] {
            assert_eq!(divide_half_even(numerator, 10), rounded, "{numerator}/10");
        }
    }

    proptest! {
        #[test]
        fn text_round_trips(units in any::<i64>()) {
            prop_assert_eq!(Decimal::parse(&Decimal::from_units(units).to_string()),
                            Ok(Decimal::from_units(units)));
        }
    }
}
