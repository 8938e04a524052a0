//! What a field can hold. Everything that differs by kind is decided by a match on this.

use std::borrow::Cow;

/// The codes of a choice, in the order that people see them.
pub type Options = Cow<'static, [Cow<'static, str>]>;

/// What becomes of a record when the one that it links to is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// The removal is refused while the link stands.
    Refuse,
    /// The link is emptied.
    Clear,
    /// The record goes too: it is a part of the other.
    Cascade,
}

/// The kind of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// One line.
    Text,
    /// Several lines.
    LongText,
    /// A whole number.
    Integer,
    /// An exact number with up to six digits after the point.
    Decimal,
    /// Per cent, up to four digits after the point.
    Percent,
    /// An amount and its currency.
    Money,
    /// Yes or no.
    Boolean,
    /// A calendar date without a time.
    Date,
    /// A point in time, UTC.
    Instant,
    /// One of these.
    Choice(Options),
    /// Any of these.
    Choices(Options),
    /// Another record.
    Link {
        /// The type of the other record.
        to: Cow<'static, str>,
        /// What its removal does to this one.
        on_delete: OnDelete,
    },
    /// Several other records of one type.
    Links {
        /// The type of the other records.
        to: Cow<'static, str>,
    },
    /// The user who answers for the record.
    Owner,
    /// A phone number, kept as `+` and digits or digits.
    Phone,
    /// An e-mail address.
    Email,
    /// A web address.
    Url,
    /// Province, city, district, street and postal code.
    Address,
    /// Any JSON.
    Json,
    /// A file that was uploaded.
    File,
}

impl Kind {
    /// The kind's name in the API and in stored descriptions.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::LongText => "long_text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Percent => "percent",
            Self::Money => "money",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Instant => "instant",
            Self::Choice(_) => "choice",
            Self::Choices(_) => "choices",
            Self::Link { .. } => "link",
            Self::Links { .. } => "links",
            Self::Owner => "owner",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Url => "url",
            Self::Address => "address",
            Self::Json => "json",
            Self::File => "file",
        }
    }

    /// The kind of this name; `options` and `to` for those that need them. A custom link is
    /// emptied when its record goes: it must never keep others from working.
    #[must_use]
    pub fn from_name(name: &str, options: Vec<String>, to: Option<String>) -> Option<Self> {
        let options = || Cow::Owned(options.iter().cloned().map(Cow::Owned).collect());
        Some(match name {
            "text" => Self::Text,
            "long_text" => Self::LongText,
            "integer" => Self::Integer,
            "decimal" => Self::Decimal,
            "percent" => Self::Percent,
            "money" => Self::Money,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "instant" => Self::Instant,
            "choice" => Self::Choice(options()),
            "choices" => Self::Choices(options()),
            "link" => Self::Link { to: to?.into(), on_delete: OnDelete::Clear },
            "links" => Self::Links { to: to?.into() },
            "owner" => Self::Owner,
            "phone" => Self::Phone,
            "email" => Self::Email,
            "url" => Self::Url,
            "address" => Self::Address,
            "json" => Self::Json,
            "file" => Self::File,
            _ => return None,
        })
    }

    /// The type that a single link points to.
    #[must_use]
    pub fn link_target(&self) -> Option<&str> {
        match self {
            Self::Link { to, .. } => Some(to),
            Self::Owner => Some("user"),
            Self::File => Some("file"),
            _ => None,
        }
    }

    /// The type that a field points to, by one link or several.
    #[must_use]
    pub fn leads_to(&self) -> Option<&str> {
        match self {
            Self::Links { to } => Some(to),
            kind => kind.link_target(),
        }
    }

    /// What the removal of the linked record does; `None` for kinds that are no single link.
    #[must_use]
    pub fn on_delete(&self) -> Option<OnDelete> {
        match self {
            Self::Link { on_delete, .. } => Some(*on_delete),
            Self::Owner | Self::File => Some(OnDelete::Refuse),
            _ => None,
        }
    }

    /// The codes to choose from.
    #[must_use]
    pub fn options(&self) -> &[Cow<'static, str>] {
        match self {
            Self::Choice(options) | Self::Choices(options) => options,
            _ => &[],
        }
    }

    /// Whether values have a useful order, so that `<` and sorting make sense.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        !matches!(self, Self::Choices(_) | Self::Links { .. } | Self::Address | Self::Json)
    }

    /// Whether values can be added up.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Percent | Self::Money)
    }

    /// Whether the value is text as it stands, so that "contains" makes sense.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::LongText | Self::Phone | Self::Email | Self::Url)
    }

    /// The longest value in characters.
    #[must_use]
    pub fn longest(&self) -> usize {
        match self {
            Self::LongText | Self::Json | Self::Choices(_) | Self::Links { .. } => 100_000,
            Self::Phone => 40,
            Self::Url => 2_000,
            _ => 250,
        }
    }
}
