//! What a telephone is compared with in a filter: patterns of the kept form, which a database and
//! the columns of the warehouse answer alike.

use guanxi_base::{Telephone, telephone_digits};
use serde_json::Value as Json;

use crate::{Filter, Op};

/// From so many digits on the end of a number is as good as all of it.
const END_DIGITS_MIN: usize = 7;

/// What a kept telephone must look like; digits and `+` only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TelephonePattern {
    /// It is this.
    Is(String),
    /// It begins so.
    Starts(String),
    /// It ends so, or an extension follows.
    Ends(String),
    /// This is in it.
    Holds(String),
}

impl TelephonePattern {
    /// Whether a kept telephone looks so.
    #[must_use]
    pub fn is_of(&self, kept: &str) -> bool {
        match self {
            Self::Is(text) => kept == text,
            Self::Starts(text) => kept.starts_with(text.as_str()),
            Self::Ends(text) => kept.ends_with(text.as_str()) || kept.contains(&format!("{text}x")),
            Self::Holds(text) => kept.contains(text.as_str()),
        }
    }
}

/// The patterns that a comparison of telephones stands for, of which a kept number has one: it is the
/// digits that count which are compared. None where the text is no telephone, or no part of one, or
/// the comparison is another.
#[must_use]
pub fn telephone_patterns(op: Op, text: &str) -> Option<Vec<TelephonePattern>> {
    let patterns = match op {
        Op::Eq | Op::Ne => {
            let telephone = Telephone::read(text)?;
            let national = telephone.significant().to_owned();
            let mut all: Vec<TelephonePattern> =
                telephone.kept_forms().into_iter().map(TelephonePattern::Is).collect();
            match telephone.country() {
                None if national.len() >= END_DIGITS_MIN => {
                    all = vec![TelephonePattern::Ends(national)];
                }
                _ => {
                    let forms = telephone.kept_forms().into_iter();
                    all.extend(forms.map(|form| TelephonePattern::Starts(format!("{form}x"))));
                }
            }
            all
        }
        Op::In | Op::NotIn => {
            let forms = Telephone::read(text)?.kept_forms();
            forms.into_iter().map(TelephonePattern::Is).collect()
        }
        Op::Contains => telephone_digits(text).into_iter().map(TelephonePattern::Holds).collect(),
        Op::Starts => {
            let digits = telephone_digits(text);
            let before = ["", "+", "00", "0"];
            let one = |digits: &String| before.map(|before| format!("{before}{digits}"));
            digits.iter().flat_map(one).map(TelephonePattern::Starts).collect()
        }
        _ => return None,
    };
    (!patterns.is_empty()).then_some(patterns)
}

/// As [`telephone_patterns`], of the value of a filter, which may be a list: none where any of it is
/// no telephone, or it is too long for a list.
#[must_use]
pub fn telephone_forms(op: Op, value: &Json) -> Option<Vec<TelephonePattern>> {
    match value {
        Json::Array(items) if matches!(op, Op::In | Op::NotIn) => {
            let forms = items.iter().map(|item| telephone_patterns(op, item.as_str()?));
            let forms: Vec<Vec<TelephonePattern>> = forms.collect::<Option<_>>()?;
            (!items.is_empty() && items.len() <= Filter::VALUES_MAX).then(|| forms.concat())
        }
        Json::String(text) if !matches!(op, Op::In | Op::NotIn) => telephone_patterns(op, text),
        _ => None,
    }
}
