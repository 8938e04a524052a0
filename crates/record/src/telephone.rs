//! What a telephone is compared with in a filter: forms of the kept number, which a database and
//! the columns of the warehouse answer alike.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use guanxi_base::{Telephone, never_before_zero, telephone_digits};
use serde_json::Value as Json;

use crate::Op;

/// Stands between a kept number and its extension.
const EXTENSION_MARK: char = 'x';

/// What makes a number that ends like one that is written with a zero another one, where it stands
/// before that end.
static NEVER_BEFORE_ZERO: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| never_before_zero().collect());

/// What a kept telephone must look like; digits, `+` and `x` only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TelephonePattern {
    /// It begins so.
    Starts(String),
    /// This is in it.
    Holds(String),
    /// It is one of these numbers.
    Among(TelephoneForms),
}

/// Numbers of which one is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TelephoneForms {
    /// Of numbers without an extension, which may have any: what stands before the `x` is compared.
    pub numbers: TelephoneTexts,
    /// Of numbers with an extension, which may have that or none: all is compared.
    pub whole: TelephoneTexts,
}

/// The forms and ends of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TelephoneTexts {
    /// It is one of these.
    pub are: BTreeSet<String>,
    /// It ends with one of these, by their length.
    pub end: BTreeMap<usize, BTreeSet<String>>,
    /// It ends with one of these, and what stands before that is no country of
    /// [`never_before_zero`].
    pub end_after_zero: BTreeMap<usize, BTreeSet<String>>,
}

impl TelephoneTexts {
    fn is_of(&self, text: &str) -> bool {
        let split = |length: &usize| text.split_at_checked(text.len().checked_sub(*length)?);
        let ends = |(length, ends): (&usize, &BTreeSet<String>)| {
            split(length).filter(|(_, end)| ends.contains(*end)).map(|(before, _)| before)
        };
        self.are.contains(text)
            || self.end.iter().any(|one| ends(one).is_some())
            || self
                .end_after_zero
                .iter()
                .filter_map(ends)
                .any(|before| !NEVER_BEFORE_ZERO.contains(before))
    }

    /// Whether nothing is of them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.are.is_empty() && self.end.is_empty() && self.end_after_zero.is_empty()
    }
}

impl TelephoneForms {
    fn add(&mut self, text: &str) -> bool {
        let Some(telephone) = Telephone::read(text) else {
            // Kept, though it is no number of the world.
            let kept = Telephone::kept(text);
            return kept.is_some_and(|kept| {
                self.whole.are.insert(kept);
                true
            });
        };
        let extension = telephone.extension();
        let with_it = |text: &str| format!("{text}{EXTENSION_MARK}{extension}");
        let texts = if extension.is_empty() { &mut self.numbers } else { &mut self.whole };
        let mut forms = telephone.kept_forms();
        if !extension.is_empty() {
            forms.extend(forms.clone().iter().map(|form| with_it(form)));
        }
        texts.are.extend(forms);
        if let Some((end, after_zero)) = telephone.kept_end() {
            let ends = if after_zero { &mut texts.end_after_zero } else { &mut texts.end };
            let both = [Some(end.to_owned()), (!extension.is_empty()).then(|| with_it(end))];
            for end in both.into_iter().flatten() {
                ends.entry(end.len()).or_default().insert(end);
            }
        }
        true
    }

    fn is_of(&self, kept: &str) -> bool {
        let number = kept.split(EXTENSION_MARK).next().unwrap_or(kept);
        self.numbers.is_of(number) || self.whole.is_of(kept)
    }
}

impl TelephonePattern {
    /// Whether a kept telephone looks so.
    #[must_use]
    pub fn is_of(&self, kept: &str) -> bool {
        match self {
            Self::Starts(text) => kept.starts_with(text.as_str()),
            Self::Holds(text) => kept.contains(text.as_str()),
            Self::Among(forms) => forms.is_of(kept),
        }
    }
}

/// The patterns that a comparison of telephones stands for, of which a kept number has one: it is
/// the digits that count which are compared. The value of a comparison with several is a list, of
/// which what is null is left out. None where any of it is no telephone, or no part of one, or the
/// comparison is another.
#[must_use]
pub fn telephone_patterns(op: Op, value: &Json) -> Option<Vec<TelephonePattern>> {
    let mut forms = TelephoneForms::default();
    let patterns = match (op, value) {
        (Op::Eq | Op::Ne, Json::String(text)) => {
            forms.add(text).then_some(())?;
            vec![TelephonePattern::Among(forms)]
        }
        (Op::In | Op::NotIn, Json::Array(items)) => {
            let mut texts = items.iter().filter(|item| !item.is_null()).peekable();
            texts.peek()?;
            texts.all(|item| item.as_str().is_some_and(|text| forms.add(text))).then_some(())?;
            vec![TelephonePattern::Among(forms)]
        }
        (Op::Contains, Json::String(text)) => {
            telephone_digits(text).into_iter().map(TelephonePattern::Holds).collect()
        }
        (Op::Starts, Json::String(text)) => {
            let digits = telephone_digits(text);
            let before = ["", "+", "00", "0"];
            let one = |digits: &String| before.map(|before| format!("{before}{digits}"));
            digits.iter().flat_map(one).map(TelephonePattern::Starts).collect()
        }
        _ => return None,
    };
    (!patterns.is_empty()).then_some(patterns)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn finds(op: Op, value: &Json, kept: &str) -> bool {
        let patterns = telephone_patterns(op, value).unwrap_or_else(|| panic!("{value}"));
        patterns.iter().any(|one| one.is_of(kept))
    }

    #[test]
    fn one_of_several_is_what_equals_one_of_them() {
        let kept = [
            "075526001234x801",
            "+8675526001234",
            "62345678",
            "02162345678",
            "85223456780",
            "+85223456780",
            "84951234567",
            "+74951234567",
            "+12162349999",
            "02162349999",
        ];
        let typed = [
            "0755-26001234",
            "0755-26001234 转 801",
            "0755-26001234 转 802",
            "62345678",
            "021-62349999",
            "+852 2345 6780",
            "8 (495) 123-45-67",
        ];
        for one in typed {
            for other in typed {
                let both = json!([one, other, null]);
                for kept in kept {
                    let equal = |text| finds(Op::Eq, &json!(text), kept);
                    let wanted = equal(one) || equal(other);
                    assert_eq!(finds(Op::In, &both, kept), wanted, "{one} {other} {kept}");
                }
            }
        }
        let found = |text: &str| -> Vec<&str> {
            kept.into_iter().filter(|kept| finds(Op::Eq, &json!(text), kept)).collect()
        };
        assert_eq!(found("0755-26001234"), ["075526001234x801", "+8675526001234"]);
        assert_eq!(found("0755-26001234 转 801"), ["075526001234x801", "+8675526001234"]);
        assert_eq!(found("0755-26001234 转 802"), ["+8675526001234"]);
        assert_eq!(found("62345678"), ["62345678", "02162345678"]);
        assert_eq!(found("85223456780"), ["85223456780", "+85223456780"]);
        assert_eq!(found("+852 2345 6780"), ["85223456780", "+85223456780"]);
        assert_eq!(found("84951234567"), ["84951234567", "+74951234567"]);
        assert_eq!(found("+7 495 123-45-67"), ["84951234567", "+74951234567"]);
        assert_eq!(found("021-62349999"), ["02162349999"]);
        assert_eq!(found("+1 216 234 9999"), ["+12162349999"]);
    }
}
