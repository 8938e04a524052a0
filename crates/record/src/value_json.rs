//! Values as JSON, for the API and the change log. Exact numbers travel as text, because
//! JSON readers turn numbers into floats.

use guanxi_base::{Currency, Money, RawId, Refusal};
use serde_json::{Value as Json, json};

use crate::{Address, Kind, Value};

impl Value {
    /// As the API gives it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Text(text) => json!(text),
            Self::Integer(number) => json!(number),
            Self::Decimal(number) => json!(number.to_string()),
            Self::Percent(number) => json!(number.to_string()),
            Self::Money(money) => {
                json!({ "amount": money.amount_text(), "currency": money.currency.code() })
            }
            Self::Boolean(yes) => json!(yes),
            Self::Date(date) => json!(date.to_string()),
            Self::Instant(instant) => json!(instant.to_string()),
            Self::Choices(codes) => json!(codes),
            Self::Link(id) => json!(id.to_string()),
            Self::Links(ids) => ids.iter().map(ToString::to_string).collect(),
            Self::Address(address) => address.to_json(),
            Self::Json(json) => (**json).clone(),
        }
    }

    /// Reads what the change log has: what was taken for a currency once is shown and restored as it was.
    pub(crate) fn from_kept_json(kind: &Kind, json: &Json) -> Result<Self, Refusal> {
        let part = |name: &str| json.get(name).and_then(Json::as_str);
        let kept = part("currency").filter(|_| *kind == Kind::Money).and_then(Currency::kept);
        match kept.zip(part("amount")) {
            Some((currency, amount)) => Money::parse(amount, currency)
                .map(Self::Money)
                .map_err(|error| Refusal::new(error.code())),
            None => Self::from_json(kind, json),
        }
    }

    /// Reads what the API was given.
    ///
    /// # Errors
    /// A refusal without its field, which only the caller knows.
    pub fn from_json(kind: &Kind, json: &Json) -> Result<Self, Refusal> {
        match (kind, json) {
            (_, Json::Null) => Ok(Self::Null),
            (Kind::Json, any) => {
                if any.to_string().chars().count() > kind.longest() {
                    return Err(too_long(kind));
                }
                if has_nul(any) {
                    return Err(Refusal::new("control-character"));
                }
                Ok(Self::Json(Box::new(any.clone())))
            }
            (Kind::Money, Json::Object(money)) => {
                let part = |name| money.get(name).and_then(Json::as_str);
                match (part("amount"), part("currency")) {
                    (Some(amount), Some(currency)) if money.len() == 2 => {
                        let code: Currency = currency.trim().parse().map_err(|_| {
                            Refusal::new("not-a-currency").with("value", shown(currency))
                        })?;
                        Money::parse(amount, code)
                            .map(Self::Money)
                            .map_err(|e| Refusal::new(e.code()).with("value", shown(amount)))
                    }
                    _ => Err(wrong_shape(kind, json)),
                }
            }
            (Kind::Address, Json::Object(parts)) => {
                Address::from_json(parts).map(|address| Self::Address(Box::new(address)))
            }
            (Kind::Choices(_) | Kind::Links { .. }, Json::Array(items)) => {
                let texts: Option<Vec<&str>> = items.iter().map(Json::as_str).collect();
                let texts = texts.ok_or_else(|| wrong_shape(kind, json))?;
                Self::several(kind, texts.into_iter())
            }
            (Kind::Boolean, Json::Bool(yes)) => Ok(Self::Boolean(*yes)),
            (Kind::Integer, Json::Number(number)) => number
                .as_i64()
                .map(Self::Integer)
                .ok_or_else(|| Refusal::new("not-an-integer").with("value", number)),
            // A JSON number is exact as long as its text is: it is never read as a float.
            (Kind::Decimal | Kind::Percent, Json::Number(number)) => {
                Self::from_text(kind, &number.to_string())
            }
            (Kind::Integer | Kind::Money | Kind::Boolean, _) | (Kind::Address, _) => {
                Err(wrong_shape(kind, json))
            }
            (_, Json::String(text)) => Self::from_text(kind, text),
            _ => Err(wrong_shape(kind, json)),
        }
    }

    /// Several codes or several links from their texts.
    pub(crate) fn several<'a>(
        kind: &Kind,
        texts: impl Iterator<Item = &'a str>,
    ) -> Result<Self, Refusal> {
        /// More links or codes than this in one field belong into a record type of their own.
        const ITEMS_MAX: usize = 500;
        // An option may have blanks at its ends.
        let is_option = |text: &str| kind.options().iter().any(|option| option == text);
        let plain = |text: &'a str| if is_option(text) { text } else { text.trim() };
        let mut texts: Vec<&str> = texts.map(plain).filter(|text| !text.is_empty()).collect();
        texts.sort_unstable();
        texts.dedup();
        if texts.len() > ITEMS_MAX {
            return Err(Refusal::new("too-many-items").with("limit", ITEMS_MAX));
        }
        if texts.is_empty() {
            return Ok(Self::Null);
        }
        match kind {
            Kind::Choices(options) => {
                if let Some(wrong) = texts.iter().find(|text| !options.iter().any(|o| o == *text)) {
                    return Err(not_an_option(wrong, options));
                }
                // In the order of the options, so that the same choice is the same value.
                let chosen = options.iter().filter(|option| texts.contains(&option.as_ref()));
                Ok(Self::Choices(chosen.map(ToString::to_string).collect()))
            }
            _ => texts
                .into_iter()
                .map(|text| text.parse().map_err(|_| not_an_id(text)))
                .collect::<Result<Vec<RawId>, _>>()
                .map(Self::Links),
        }
    }
}

/// Whether a text somewhere inside holds a NUL, which no database keeps.
fn has_nul(json: &Json) -> bool {
    match json {
        Json::String(text) => text.contains('\0'),
        Json::Array(all) => all.iter().any(has_nul),
        Json::Object(all) => all.iter().any(|(name, one)| name.contains('\0') || has_nul(one)),
        _ => false,
    }
}

/// At most so much of a wrong value is said back.
pub(crate) fn shown(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    let mut short: String = text.chars().take(CHARACTERS_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

pub(crate) fn too_long(kind: &Kind) -> Refusal {
    Refusal::new("too-long").with("limit", kind.longest())
}

pub(crate) fn not_an_id(text: &str) -> Refusal {
    Refusal::new("not-an-id").with("value", shown(text))
}

pub(crate) fn not_an_option(text: &str, options: &[std::borrow::Cow<'static, str>]) -> Refusal {
    Refusal::new("not-an-option").with("value", shown(text)).with("options", options.join(", "))
}

fn wrong_shape(kind: &Kind, json: &Json) -> Refusal {
    Refusal::new("wrong-shape").with("kind", kind.name()).with("value", shown(&json.to_string()))
}
