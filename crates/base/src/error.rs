//! What can go wrong, in five words that every face of the product knows how to show.
//! A refusal carries a code, not a sentence: the sentence is made in the reader's language.

use std::fmt;

/// The result of anything that a rule, a right or a database may stop.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A rule said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable and unique, such as `required`; the message `refusal-required` is its sentence.
    pub code: &'static str,
    /// The field that it is about, by name.
    pub field: Option<String>,
    /// What the sentence fills in: `(name, text)`.
    pub args: Vec<(&'static str, String)>,
}

impl Refusal {
    /// A refusal of the whole request.
    #[must_use]
    pub fn new(code: &'static str) -> Self {
        Self { code, field: None, args: Vec::new() }
    }

    /// A refusal of one field's value.
    #[must_use]
    pub fn field(code: &'static str, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(code) }
    }

    /// Adds something that the sentence fills in.
    #[must_use]
    pub fn with(mut self, name: &'static str, text: impl fmt::Display) -> Self {
        self.args.push((name, text.to_string()));
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)?;
        if let Some(field) = &self.field {
            write!(f, " [{field}]")?;
        }
        self.args.iter().try_for_each(|(name, text)| write!(f, " {name}={text}"))
    }
}

/// Why something was not done.
#[derive(Debug)]
pub enum Error {
    /// Rules said no; every reason at once, so that a person mends all in one go.
    Refused(Vec<Refusal>),
    /// It does not exist, or is not the Actor's to see: the two must look the same.
    NotFound,
    /// The Actor may see it but not do this.
    Forbidden,
    /// Somebody changed it since it was read.
    Conflict {
        /// The version that is stored now.
        current_version: i64,
    },
    /// Our fault, or the machine's.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// An internal error from anything that has a reason.
    pub fn internal(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(reason.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusals) => {
                f.write_str("refused:")?;
                refusals.iter().try_for_each(|refusal| write!(f, " {refusal};"))
            }
            Self::NotFound => f.write_str("not found"),
            Self::Forbidden => f.write_str("forbidden"),
            Self::Conflict { current_version } => {
                write!(f, "conflict: version {current_version} is stored")
            }
            Self::Internal(reason) => write!(f, "internal: {reason}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}
