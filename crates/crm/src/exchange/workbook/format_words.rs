//! What stands in words in a number format: the currency of an amount, and whether it is shown in
//! thousands or ten thousands. What is not known is told, so that nothing is read in silence.

use guanxi_record::half_width;

use super::number_format::{FormatKind, Section, Token};
use crate::exchange::powers::powers_of;
use crate::exchange::signs::{Sign, in_region, region_of, sign_of};

/// What the words of a format say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FormatWords {
    /// The currency.
    pub(super) sign: Option<Sign>,
    pub(super) doubt: Option<Doubt>,
    /// The power of ten by which a number is larger than what is shown.
    pub(super) shown_in: usize,
}

/// Why a number cannot be taken as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// There are words that may say something of an amount.
    Amount,
    /// It is shown as so many thousands and is none.
    AnyNumber,
}

/// From this power on a letter for it can be nothing else: a thousand grams are a unit of their
/// own, ten thousand are not.
const SURE_POWER: usize = 4;

/// What has been found in the words of one section.
#[derive(Default)]
struct Found {
    sign: Option<Sign>,
    power: Option<usize>,
    /// Whether the power can be nothing else.
    is_sure: bool,
    has_unknown: bool,
}

impl FormatWords {
    /// What a section says of the numbers that it shows; without digits it shows none.
    pub(super) fn of(section: &Section) -> Self {
        if section.kind() != FormatKind::Number || !section.shows_digits() {
            return Self::default();
        }
        let mut found = Found::default();
        let mut word = String::new();
        // What stands behind a stroke is what one pays for: so much for a kilogram.
        let mut is_unit = false;
        for token in section.tokens.iter().chain([&Token::Other]) {
            match token {
                Token::Literal(letter) | Token::Date(letter) if is_of_word(*letter) => {
                    word.push(*letter);
                    continue;
                }
                Token::Currency(sign, place) => {
                    found.word(&std::mem::take(&mut word), "", is_unit);
                    found.word(sign, place, false);
                    is_unit = false;
                    continue;
                }
                _ => {}
            }
            if !word.is_empty() {
                found.word(&std::mem::take(&mut word), "", is_unit);
                is_unit = false;
            }
            if *token == Token::Literal('/') {
                is_unit = true;
            }
        }
        let shown_in = shown_power(section);
        let is_off = found.power.is_some_and(|power| power != shown_in);
        let doubt = match () {
            () if is_off && found.is_sure => Some(Doubt::AnyNumber),
            () if is_off || found.has_unknown => Some(Doubt::Amount),
            () => None,
        };
        Self { sign: found.sign, doubt, shown_in }
    }
}

impl Found {
    fn word(&mut self, word: &str, place: &str, is_unit: bool) {
        let word = half_width(word).trim().trim_matches('.').to_lowercase();
        if word.is_empty() || is_unit {
            return;
        }
        if let Some(sign) = sign_of(&word) {
            let sign = region_of(place).map_or(sign, |region| in_region(sign, &region));
            self.sign = self.sign.or(Some(sign));
            return;
        }
        let Some((power, is_sure, rest)) = power_of(&word) else {
            self.has_unknown = true;
            return;
        };
        self.power = Some(self.power.unwrap_or(0) + power);
        self.is_sure |= is_sure;
        match sign_of(rest) {
            Some(sign) => self.sign = self.sign.or(Some(sign)),
            None => self.has_unknown |= !rest.is_empty(),
        }
    }
}

/// The power of ten that a word begins or ends with, whether it can be nothing else, and the rest.
fn power_of(word: &str) -> Option<(usize, bool, &str)> {
    let mut powers = powers_of(word);
    let found =
        powers.find(|one| one.is_letters || one.rest.is_empty() || sign_of(one.rest).is_some())?;
    let is_sure = match found.is_letters {
        true => found.exponent >= SURE_POWER,
        false => found.rest.is_empty() && word.chars().count() > 2,
    };
    Some((found.exponent, is_sure, found.rest))
}

/// The power of ten by which a number is larger than what is shown: by commas at its end, and by a
/// point that is only a letter among its digits.
fn shown_power(section: &Section) -> usize {
    let is_point = |token: &Token| *token == Token::Literal('.');
    let point = section.tokens.iter().position(is_point);
    let behind = point.map_or(&[][..], |at| &section.tokens[at..]);
    let digits = behind.iter().filter(|token| matches!(token, Token::Digit(_))).count();
    let has_point = section.tokens.contains(&Token::Point);
    3 * section.scaling() + if has_point { 0 } else { digits }
}

/// Whether a letter can be one of a word or a sign.
fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric()
        || matches!(letter, '$' | '.' | '\u{a2}'..='\u{a5}' | '\u{20a0}'..='\u{20cf}')
        || matches!(letter, '\u{e3f}' | '\u{fdfc}' | '\u{ffe0}'..='\u{ffe6}' | '\u{ff04}')
}
