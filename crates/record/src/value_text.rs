//! Values as plain text, for forms, files and URLs: what `to_text` writes, `from_text` reads.
//! Files with other date and number formats are normalised by the import before they get here.

use std::collections::BTreeSet;

use guanxi_base::{
    Currency, Decimal, Money, Percent, Refusal, Telephone, TimeZone, Timestamp, composed,
    says_nothing,
};
use serde_json::Value as Json;

use crate::filter_text::{read_separated, write_separated};
use crate::period::{is_kept, plain_day};
use crate::value_json::{not_an_id, not_an_option, shown, too_long};
use crate::{Address, Kind, Op, Value, half_width};

impl Value {
    /// The value as plain text: ISO dates, plain numbers, codes; empty for nothing.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => text.clone(),
            Self::Integer(number) => number.to_string(),
            Self::Decimal(number) => number.to_string(),
            Self::Percent(number) => number.to_string(),
            Self::Money(money) => money.to_string(),
            Self::Boolean(yes) => yes.to_string(),
            Self::Date(date) => date.to_string(),
            Self::Instant(instant) => instant.to_string(),
            Self::Choices(codes) => write_separated(codes.iter().map(String::as_str), ("; ", ';')),
            Self::Link(id) => id.to_string(),
            Self::Links(ids) => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
            Self::Address(address) => address.to_text(),
            Self::Json(json) => json.to_string(),
        }
    }

    /// Reads what `to_text` writes; empty text is nothing.
    ///
    /// # Errors
    /// A refusal without its field, which only the caller knows.
    pub fn from_text(kind: &Kind, text: &str) -> Result<Self, Refusal> {
        // An option may have any letters: one of them is meant just as it is.
        if let Some(option) = kind.options().iter().find(|option| *option == text) {
            return Ok(match kind {
                Kind::Choices(_) => Self::Choices(vec![option.to_string()]),
                _ => Self::Text(option.to_string()),
            });
        }
        let text = match kind {
            Kind::LongText => text.trim_end_matches(is_blank),
            _ => text.trim_matches(is_blank),
        };
        if says_nothing(text) {
            return Ok(Self::Null);
        }
        if text.chars().take(kind.longest() + 1).count() > kind.longest() {
            return Err(too_long(kind));
        }
        if has_control_character(text) {
            return Err(Refusal::new("control-character"));
        }
        let refuse = |code| Refusal::new(code).with("value", shown(text));
        match kind {
            Kind::Text if text.contains(['\n', '\r']) => {
                let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
                Ok(Self::Text(composed(&words)))
            }
            Kind::Text | Kind::LongText => Ok(Self::Text(composed(text))),
            Kind::Integer => text.parse().map(Self::Integer).map_err(|_| refuse("not-an-integer")),
            Kind::Decimal => Decimal::parse(text).map(Self::Decimal).map_err(|e| refuse(e.code())),
            Kind::Percent => Percent::parse(text.strip_suffix('%').unwrap_or(text))
                .map(Self::Percent)
                .map_err(|e| refuse(e.code())),
            Kind::Money => money(text),
            Kind::Boolean => {
                boolean(text).map(Self::Boolean).ok_or_else(|| refuse("not-a-boolean"))
            }
            Kind::Date => plain_day(text).map(Self::Date).ok_or_else(|| refuse("not-a-date")),
            Kind::Instant => instant(text).map(Self::Instant).ok_or_else(|| refuse("not-a-time")),
            Kind::Choice(options) => match options.iter().find(|option| *option == text) {
                Some(option) => Ok(Self::Text(option.to_string())),
                None => Err(not_an_option(text, options)),
            },
            Kind::Choices(_) | Kind::Links { .. } => {
                Self::several(kind, read_separated(text, ';').iter().map(String::as_str))
            }
            Kind::Link { .. } | Kind::Owner | Kind::File => {
                text.parse().map(Self::Link).map_err(|_| not_an_id(text))
            }
            Kind::Phone => {
                Telephone::kept(text).map(Self::Text).ok_or_else(|| refuse("not-a-phone"))
            }
            Kind::Email => email(text).map(Self::Text).ok_or_else(|| refuse("not-an-email")),
            Kind::Url => url(text).map(Self::Text).ok_or_else(|| refuse("not-a-url")),
            Kind::Address => Ok(Self::Address(Box::new(Address::from_text(text)))),
            Kind::Json => {
                let json = serde_json::from_str(text).map_err(|_| refuse("not-json"))?;
                Self::from_json(kind, &json)
            }
        }
    }
}

/// What says nothing at the end of a text: blanks, those that nobody sees among them.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// Whether a text holds what nobody sees; a NUL is no text at all to a database.
pub(crate) fn has_control_character(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

fn money(text: &str) -> Result<Value, Refusal> {
    let refuse = |code| Refusal::new(code).with("value", shown(text));
    let (amount, currency) = text.rsplit_once(' ').ok_or_else(|| refuse("money-needs-currency"))?;
    let currency: Currency = currency.parse().map_err(|_| refuse("not-a-currency"))?;
    Money::parse(amount, currency).map(Value::Money).map_err(|e| refuse(e.code()))
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "on" => Some(true),
        "false" | "no" | "n" | "0" | "off" => Some(false),
        _ => None,
    }
}

/// An instant with its zone, cut to the microsecond that both databases keep.
fn instant(text: &str) -> Option<Timestamp> {
    let instant: Timestamp = text.parse().ok()?;
    let day = instant.to_zoned(TimeZone::UTC).date();
    Timestamp::from_microsecond(instant.as_microsecond()).ok().filter(|_| is_kept(day))
}

/// What the mail addresses of a comparison are, in small letters of ASCII: whether its letters are
/// small or not tells nothing about an address. Of other letters both forms are among them. None
/// where there is another comparison or no address; what is null in a list is left out.
#[must_use]
pub fn email_forms(op: Op, value: &Json) -> Option<BTreeSet<String>> {
    let one = |text: &Json| {
        let address = email(text.as_str()?)?;
        let other_letters = [address.to_lowercase(), address.to_uppercase(), address];
        Some(other_letters.map(|text| text.to_ascii_lowercase()))
    };
    let forms: Vec<[String; 3]> = match (op, value) {
        (Op::Eq | Op::Ne, Json::String(_)) => vec![one(value)?],
        (Op::In | Op::NotIn, Json::Array(items)) => {
            items.iter().filter(|item| !item.is_null()).map(one).collect::<Option<_>>()?
        }
        _ => return None,
    };
    (!forms.is_empty()).then(|| forms.into_iter().flatten().collect())
}

fn email(text: &str) -> Option<String> {
    let text = half_width(text);
    let (local, domain) = text.trim().rsplit_once('@')?;
    let clean = |part: &str| !part.contains(|c: char| c.is_whitespace() || "<>,;\"()*".contains(c));
    let domain_ok = domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
    (!local.is_empty() && !local.contains('@') && clean(local) && clean(domain) && domain_ok)
        .then(|| format!("{local}@{}", domain.to_lowercase()))
}

fn url(text: &str) -> Option<String> {
    let text = &half_width(text);
    let full = if text.contains("://") { text.clone() } else { format!("https://{text}") };
    let rest = full.strip_prefix("https://").or_else(|| full.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next()?;
    (host.contains('.') && !full.contains(char::is_whitespace)).then_some(full)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &Kind, text: &str) -> String {
        match Value::from_text(kind, text) {
            Ok(value) => value.to_text(),
            Err(refusal) => format!("! {}", refusal.code),
        }
    }

    #[test]
    fn options_are_read_as_they_are_written_whatever_their_letters() {
        let options = [
            "a;b",
            "a",
            "b",
            "\"q\"",
            "5\" x",
            "x, y",
            " lead",
            "p|q",
            "say \"a\"; b",
            "\u{200b}z",
        ];
        let options: Vec<std::borrow::Cow<'static, str>> = options.map(Into::into).into();
        let (one, several) =
            (Kind::Choice(options.clone().into()), Kind::Choices(options.clone().into()));
        for (at, option) in options.iter().enumerate() {
            assert_eq!(Value::from_text(&one, option), Ok(Value::Text(option.to_string())));
            assert_eq!(
                Value::from_text(&several, option),
                Ok(Value::Choices(vec![option.to_string()]))
            );
            for other in &options[at + 1..] {
                let both = Value::Choices(vec![option.to_string(), other.to_string()]);
                assert_eq!(
                    Value::from_text(&several, &both.to_text()),
                    Ok(both.clone()),
                    "{}",
                    both.to_text()
                );
                assert_eq!(Value::from_json(&several, &both.to_json()), Ok(both));
            }
        }
        assert_eq!(read(&several, "a; b ;a"), "a; b");
        assert_eq!(read(&several, "a;c"), "! not-an-option");
    }

    #[test]
    fn every_kind_reads_what_people_write() {
        let grade = Kind::Choice(std::borrow::Cow::Borrowed(&[std::borrow::Cow::Borrowed("a")]));
        for (kind, text, expected) in [
            (Kind::Phone, "\u{2066}138\u{200e}0013 8000\u{2069}", "13800138000"),
            (Kind::Phone, "13800138000.0", "13800138000"),
            (Kind::Text, "\u{feff}A\u{200b} ", "A"),
            (Kind::Text, "\u{200b}", ""),
            (Kind::Text, "\u{2066}", ""),
            (Kind::Text, " \u{3164}\u{2066} ", ""),
            (Kind::LongText, "\n\u{ad}\n", ""),
            (Kind::LongText, "\t a\n b \n", "\t a\n b"),
            (Kind::Email, "\u{2066}", ""),
            (Kind::Text, "  a\n b ", "a b"),
            (Kind::Text, "A\u{308}rger", "Ärger"),
            (Kind::Text, "a\0b", "! control-character"),
            (Kind::Integer, "12.5", "! not-an-integer"),
            (Kind::Decimal, "1.50", "1.5"),
            (Kind::Percent, "12.5%", "12.5"),
            (Kind::Money, "12.5 CNY", "12.50 CNY"),
            (Kind::Money, "12.5", "! money-needs-currency"),
            (Kind::Money, "12.5 yuan", "! not-a-currency"),
            (Kind::Boolean, "Yes", "true"),
            (Kind::Date, "2026-02-30", "! not-a-date"),
            (Kind::Date, "2026-02-03T10:00", "! not-a-date"),
            (Kind::Date, "9999-12-31", "9999-12-31"),
            (Kind::Date, "-000043-03-15", "! not-a-date"),
            (Kind::Instant, "-000043-03-15T10:00:00Z", "! not-a-time"),
            (Kind::Instant, "2026-02-03T10:00:00+08:00", "2026-02-03T02:00:00Z"),
            (Kind::Phone, "+86 (138) 0013-8000", "+8613800138000"),
            (Kind::Phone, "＋８６（１３８）００１３－８０００", "+8613800138000"),
            (Kind::Phone, "０７５５－２６００１２３４", "075526001234"),
            (Kind::Phone, "0755-26001234 转 801", "075526001234x801"),
            (Kind::Phone, "call me", "! not-a-phone"),
            (Kind::Email, "li.wei＠example.com", "li.wei@example.com"),
            (Kind::Address, "/  /  / Main Street 5", " /  /  / Main Street 5"),
            (Kind::Address, "/  /  / House 5 / 7 /", " /  /  / House 5 / 7 / "),
            (Kind::Email, "Li.Wei@Example.COM", "Li.Wei@example.com"),
            (Kind::Email, "ｌｉ＠ｅｘａｍｐｌｅ．ｃｏｍ", "li@example.com"),
            (Kind::Email, "a@b", "! not-an-email"),
            (Kind::Email, "l***@x.example", "! not-an-email"),
            (Kind::Url, "example.com/a", "https://example.com/a"),
            (Kind::Url, "javascript:alert(1)", "! not-a-url"),
            (grade, "b", "! not-an-option"),
        ] {
            assert_eq!(read(&kind, text), expected, "{kind:?} {text:?}");
        }
    }
}
