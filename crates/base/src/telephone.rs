//! Telephone numbers: which digits of one count, and whether two are one.
//! One rule for search, filters, keys of an import, duplicates and what is kept.

mod countries;
mod written;

use countries::{Country, abroad, country, has_chinese_area, is_chinese_mobile, is_north_american};
use written::{Written, written};

/// Shorter ones are of a house or a service; longer ones are none (ITU-T E.164).
const DIGITS_MIN: usize = 5;
const DIGITS_MAX: usize = 17;
/// No number of the world has more digits, its country among them (ITU-T E.164): more are two.
const KEPT_DIGITS_MAX: usize = 15;
/// From so many digits on a national number is one of a kind in the world, more or less.
const NATIONAL_MIN: usize = 7;
/// Of so many digits a country may be the first, without anything that says so.
const WITH_COUNTRY_MIN: usize = 10;
/// Who writes no country and no area means this one: the mobile and area codes are told by shape.
const CHINA: &str = "86";
const NORTH_AMERICA: &str = "1";
const RUSSIA: &str = "7";

/// A telephone number, by the digits that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telephone {
    /// All its digits, as they are written.
    digits: String,
    /// What its digits may be, the likeliest first.
    readings: Vec<Reading>,
    begins: Begins,
    /// What is dialled after it.
    extension: String,
}

/// One way to read a number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reading {
    /// The calling code of its country, where it is written or told by its shape.
    country: Option<String>,
    /// The number within the country, without what is only dialled before it.
    national: String,
}

/// What a number begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    /// Its country, which is written or beyond doubt.
    Country,
    /// The zero that is dialled at home.
    Zero,
    /// Neither: the country is left out, or stands there as if it were part of the number.
    Bare,
}

/// How sure it is that two numbers are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sameness {
    /// They are two.
    Other,
    /// One of them names no country and may be the other.
    Possible,
    /// They are one.
    Sure,
}

impl Reading {
    fn of(country: Option<&str>, national: &str) -> Self {
        Self { country: country.map(str::to_owned), national: national.to_owned() }
    }
}

impl Telephone {
    /// Reads what people write: any width, any punctuation, with `+`, `00` or without a country,
    /// with or without what is dialled at home, and an extension. None where it is no number.
    ///
    /// ```
    /// use guanxi_base::Telephone;
    /// let one = Telephone::read("+86 138-0013-8000").unwrap();
    /// assert!(one.is_same(&Telephone::read("１３８ ００１３ ８０００").unwrap()));
    /// assert_eq!(Telephone::read("call me"), None);
    /// ```
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let Written { digits, with_country, extension } = written(text)?;
        if !(DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) {
            return None;
        }
        let from_abroad = match (with_country, digits.strip_prefix("00")) {
            (true, _) => Some(digits.trim_start_matches('0')),
            (false, Some(rest)) if rest.len() >= 9 => Some(rest.trim_start_matches('0')),
            _ => None,
        };
        let (begins, readings) = match from_abroad {
            Some(all) => (Begins::Country, vec![with_its_country(all)]),
            None => at_home(&digits),
        };
        let is_one = readings.first().is_some_and(|one| one.national.len() >= 3);
        is_one.then_some(Self { digits, readings, begins, extension })
    }

    /// The digits that count, without country and extension.
    #[must_use]
    pub fn significant(&self) -> &str {
        &self.readings[0].national
    }

    /// As [`Self::significant`], by every way in which it can be read.
    pub fn all_significant(&self) -> impl Iterator<Item = &str> {
        self.readings.iter().map(|reading| reading.national.as_str())
    }

    /// The calling code of its country, where it is known.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.readings[0].country.as_deref()
    }

    /// What is dialled after it; empty where nothing is.
    #[must_use]
    pub fn extension(&self) -> &str {
        &self.extension
    }

    /// Whether both may ring at one place: the digits that count are the same, and neither country
    /// nor extension speak against it where both say one.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let agrees = |one: &str, two: &str| one.is_empty() || two.is_empty() || one == two;
        agrees(&self.extension, &other.extension) && self.may_be(other)
    }

    /// Whether a way to read one is a way to read the other.
    fn may_be(&self, other: &Self) -> bool {
        self.readings.iter().any(|one| {
            other.readings.iter().any(|two| {
                one.national == two.national
                    && match (&one.country, &two.country) {
                        (Some(one), Some(two)) => one == two,
                        (Some(code), None) => other.may_be_of(code),
                        (None, Some(code)) => self.may_be_of(code),
                        (None, None) => true,
                    }
            })
        })
    }

    /// Whether one without a country is written as people of this one may write theirs.
    fn may_be_of(&self, code: &str) -> bool {
        self.begins != Begins::Zero || country(code).is_none_or(Country::dials_zero)
    }

    /// The country that it is taken for where a mistake would do harm.
    fn key_country(&self) -> Option<&str> {
        match self.begins {
            Begins::Country => self.country(),
            Begins::Zero => has_chinese_area(self.significant()).then_some(CHINA),
            Begins::Bare => None,
        }
    }

    /// How sure it is that both are one, extension and all: for who writes to what a number names.
    /// Where both have a country it is the same; one of a Chinese area, zero and all, is of China.
    #[must_use]
    pub fn sameness(&self, other: &Self) -> Sameness {
        if self.extension != other.extension || !self.may_be(other) {
            return Sameness::Other;
        }
        // What North Americans write is not what others write with a zero before it.
        let at_home = |one: &Self| one.begins == Begins::Bare && is_north_american(&one.digits);
        let by_zero = |one: &Self| one.begins == Begins::Zero;
        if (at_home(self) && by_zero(other)) || (at_home(other) && by_zero(self)) {
            return Sameness::Other;
        }
        match (self.key_country(), other.key_country()) {
            (Some(one), Some(two)) if one == two => Sameness::Sure,
            (Some(_), Some(_)) => Sameness::Other,
            (None, None) if self.digits == other.digits => Sameness::Sure,
            _ if self.significant().len() < NATIONAL_MIN => Sameness::Other,
            _ => Sameness::Possible,
        }
    }

    /// Its text as a key: two that are one for sure have the same.
    #[must_use]
    pub fn key(&self) -> String {
        let country = match (self.begins, self.key_country()) {
            (_, Some(code)) => code,
            (Begins::Zero, None) => "0",
            _ if is_north_american(&self.digits) => NORTH_AMERICA,
            _ => self.country().unwrap_or_default(),
        };
        format!("{country}:{}x{}", self.significant(), self.extension)
    }

    /// The form in which it is kept: `+` and digits or digits, as it was written, and `x` before
    /// an extension.
    #[must_use]
    pub fn kept(text: &str) -> Option<String> {
        let Written { digits, with_country, extension } = written(text)?;
        let dialled = digits.strip_prefix("00").unwrap_or(&digits).len();
        if digits.len() < DIGITS_MIN || dialled > KEPT_DIGITS_MAX {
            return None;
        }
        let plus = if with_country { "+" } else { "" };
        let extension = Some(extension).filter(|one| !one.is_empty());
        let after = extension.map(|one| format!("x{one}")).unwrap_or_default();
        Some(format!("{plus}{digits}{after}"))
    }

    /// The forms in which it may be kept, where its country is known or is one of the usual, without
    /// its extension. What was written is one of them.
    #[must_use]
    pub fn kept_forms(&self) -> Vec<String> {
        let mut forms = Vec::new();
        for Reading { country, national } in &self.readings {
            forms.extend([national.clone(), format!("0{national}")]);
            let countries = match country.as_deref() {
                Some(country) => vec![country],
                None if self.readings.len() > 1 => Vec::new(),
                None => vec![CHINA, NORTH_AMERICA],
            };
            for country in countries {
                for before in [format!("+{country}"), country.to_owned(), format!("00{country}")] {
                    forms.push(format!("{before}{national}"));
                    forms.push(format!("{before}0{national}"));
                }
                if country == RUSSIA {
                    forms.push(format!("8{national}"));
                }
            }
        }
        // Without its country it may read as a number of another one.
        let whole = Self { extension: String::new(), ..self.clone() };
        forms.retain(|form| Self::read(form).is_some_and(|one| one.is_same(&whole)));
        forms.push(self.digits.clone());
        forms.push(format!("+{}", self.digits));
        forms.retain(|form| Self::read(form).is_none_or(|one| one.is_same(&whole)));
        let mut seen = std::collections::BTreeSet::new();
        forms.retain(|form| seen.insert(form.clone()));
        forms
    }

    /// The end that a kept number has which may be this one, of whatever country, and whether it is
    /// written with the zero of home; none where its country is known or the end is too short.
    #[must_use]
    pub fn kept_end(&self) -> Option<(&str, bool)> {
        let without = self.readings.iter().find(|one| one.country.is_none())?;
        let is_long = without.national.len() >= NATIONAL_MIN;
        is_long.then_some((without.national.as_str(), self.begins == Begins::Zero))
    }
}

/// What stands before a number, `+` and country or digits, with which one that is written with a
/// zero at home is another.
pub fn never_before_zero() -> impl Iterator<Item = String> {
    let codes = countries::all().filter(|(_, country)| !country.dials_zero()).map(|(code, _)| code);
    let forms = codes.flat_map(|code| [format!("+{code}"), code.to_owned(), format!("00{code}")]);
    forms.chain(["8".to_owned()])
}

/// The digits after `+` or `00`.
fn with_its_country(digits: &str) -> Reading {
    // None but Italy's and a few small countries' begin with a zero; it tells nothing there.
    match abroad(digits) {
        Some((code, national)) => Reading::of(Some(code), national.trim_start_matches('0')),
        None => Reading::of(None, digits),
    }
}

/// What digits without `+` and `00` may be.
fn at_home(digits: &str) -> (Begins, Vec<Reading>) {
    let sure = |code: &str, national: &str| {
        (Begins::Country, vec![Reading::of(Some(code), national.trim_start_matches('0'))])
    };
    if is_chinese_mobile(digits) {
        return sure(CHINA, digits);
    }
    let national = digits.trim_start_matches('0');
    if national.len() < digits.len() {
        return (Begins::Zero, vec![Reading::of(None, national)]);
    }
    if let Some(rest) = digits.strip_prefix(CHINA).filter(|rest| {
        is_chinese_mobile(rest) || (matches!(rest.len(), 10 | 11) && !rest.starts_with('1'))
    }) {
        return sure(CHINA, rest);
    }
    if let Some(rest) = digits.strip_prefix(NORTH_AMERICA).filter(|rest| is_north_american(rest)) {
        return sure(NORTH_AMERICA, rest);
    }
    let bare = Reading::of(None, digits);
    if digits.len() < WITH_COUNTRY_MIN || is_north_american(digits) {
        return (Begins::Bare, vec![bare]);
    }
    let fits = countries::all().filter_map(|(code, country)| {
        let rest = digits.strip_prefix(code)?;
        country.has(rest).then(|| Reading::of(Some(code), rest))
    });
    let mut readings: Vec<Reading> = fits.collect();
    // As it is dialled within Russia.
    if let Some(rest) = digits.strip_prefix('8').filter(|rest| countries::is_russian(rest)) {
        readings.push(Reading::of(Some(RUSSIA), rest));
    }
    let place = if digits.len() > WITH_COUNTRY_MIN { readings.len() } else { 0 };
    readings.insert(place, bare);
    (Begins::Bare, readings)
}

/// The digits by which a number, or the part of one that somebody types, is looked for: as they
/// stand, and without what may be left out before them. Empty where the text is no number.
///
/// ```
/// use guanxi_base::telephone_digits;
/// assert_eq!(telephone_digits("0086 138 0013 8000"), ["8613800138000", "13800138000"]);
/// assert_eq!(telephone_digits("555-0123"), ["5550123"]);
/// assert!(telephone_digits("B-12").is_empty());
/// ```
#[must_use]
pub fn telephone_digits(text: &str) -> Vec<String> {
    let Some(written) = written(text) else { return Vec::new() };
    let plain = written.digits.trim_start_matches('0');
    if written.digits.len() < 3 || plain.is_empty() {
        return Vec::new();
    }
    let mut all = vec![plain.to_owned()];
    // A zero in the middle of a number may be where somebody begins to type.
    if plain.len() < NATIONAL_MIN && plain.len() < written.digits.len() {
        all.insert(0, written.digits.clone());
    }
    // What is left of a number that somebody begins with its country would be found everywhere.
    if let Some(telephone) = Telephone::read(text) {
        all.extend(telephone.readings.iter().filter_map(|reading| {
            let alone = Telephone::read(&reading.national)?;
            alone.is_same(&telephone).then(|| reading.national.clone())
        }));
    }
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|digits| seen.insert(digits.clone()));
    all
}

#[cfg(test)]
mod tests;
