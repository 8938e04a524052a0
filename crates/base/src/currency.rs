//! The currencies of ISO 4217, and in how small a coin each is paid.
//! One list, so that nothing is taken for a currency here and refused there.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Those that are in use, or were since 1999: what was paid in them is kept.
const PAID_IN: &str = "AED AFN ALL AMD ANG AOA ARS ATS AUD AWG AZM AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD \
    BTN BWP BYB BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CSD CUC CUP CVE CYP CZK DEM DKK \
    DOP DZD EEK EGP ERN ETB EUR FIM FJD FKP FRF GBP GEL GHC GHS GIP GMD GTQ GYD HKD HNL HRK \
    HTG HUF IDR IEP ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL LTL LVL MAD \
    MDL MGA MKD MMK MNT MOP MRO MRU MTL MUR MVR MWK MXN MXV MYR MZM MZN NAD NGN NIO NLG NOK \
    NPR NZD PAB PEN PGK PHP PKR PLN QAR ROL RON RSD RUB SAR SBD SCR SDD SDG SEK SGD SHP SIT \
    SKK SLE SLL SOS SRD SRG SSP STD STN SVC SYP SZL THB TJS TMM TMT TOP TRL TRY TTD TWD TZS \
    UAH USD USN UYU UZS VEB VED VEF VES WST XAD XCD XCG YER YUM ZAR ZMK ZMW ZWD ZWG ZWL ZWR";

/// Of these the smallest coin is the unit itself.
const NO_DIGITS: &str = "BEF BIF BYR CLP DJF ESP GNF GRD ISK ITL JPY KMF KRW LUF MGF PTE PYG RWF TPE UGX UYI VND \
    VUV XAF XOF XPF";

/// Of these it is a thousandth.
const THREE_DIGITS: &str = "BHD IQD JOD KWD LYD OMR TND";

/// Units of account, which are counted to four digits, and metals and the like, which have no coins at all.
const FOUR_DIGITS: &str = "CLF UYW XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA";

/// An ISO 4217 code, such as `CNY`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// The text is not a code of ISO 4217.
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

    /// All that there are, without that which is none.
    pub fn all() -> impl Iterator<Item = Self> {
        let lists = [PAID_IN, NO_DIGITS, THREE_DIGITS, FOUR_DIGITS];
        let codes = lists.into_iter().flat_map(str::split_whitespace);
        codes.filter_map(Self::kept)
    }

    /// What is kept already: three capital letters, whether there is such a currency or not.
    #[must_use]
    pub fn kept(text: &str) -> Option<Self> {
        let code = <[u8; 3]>::try_from(text.as_bytes()).ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many digits after the point people write: ISO 4217's minor unit.
    #[must_use]
    pub fn minor_digits(self) -> u32 {
        match () {
            () if self.is_in(NO_DIGITS) => 0,
            () if self.is_in(THREE_DIGITS) => 3,
            () if self.is_in(FOUR_DIGITS) => 4,
            () => 2,
        }
    }

    /// Whether it is one of a list of codes, each with a space between.
    fn is_in(self, list: &str) -> bool {
        list.as_bytes().chunks(4).any(|code| code.starts_with(&self.0))
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;
    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let lists = [PAID_IN, NO_DIGITS, THREE_DIGITS, FOUR_DIGITS];
        let is_known = |code: &Self| *code == Self::NONE || lists.iter().any(|of| code.is_in(of));
        Self::kept(text).filter(is_known).ok_or(CurrencyError)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_one_of_iso_4217_and_has_its_own_smallest_coin() {
        let digits = |code: &str| code.parse::<Currency>().map(Currency::minor_digits);
        for (codes, expected) in [
            ("PYG RWF GNF KMF DJF BIF XPF VUV JPY KRW VND CLP ISK XAF XOF UGX UYI", 0),
            ("CNY EUR USD GBP CHF HUF MGA XCG ZWG BGN DEM", 2),
            ("BHD KWD OMR JOD TND IQD LYD", 3),
            ("CLF UYW", 4),
        ] {
            for code in codes.split(' ') {
                assert_eq!(digits(code), Ok(expected), "{code}");
            }
        }
        for none in ["ZZZ", "cny", "RMB", "CN", "CNYY", "", "\u{ffff}"] {
            assert_eq!(digits(none), Err(CurrencyError), "{none}");
        }
        assert_eq!(Currency::kept("ZZZ").map(|kept| kept.to_string()).as_deref(), Some("ZZZ"));
        let all: Vec<Currency> = Currency::all().collect();
        let each: std::collections::BTreeSet<Currency> = all.iter().copied().collect();
        assert_eq!((all.len(), each.len()), (223, 223));
        assert!(all.iter().all(|one| one.code().parse() == Ok(*one) && *one != Currency::NONE));
    }
}
