//! What an import does where a person must decide: with a record that was put away, with a
//! customer whose name is there already, and with a line that is in the file twice.

use serde::{Deserialize, Serialize};

/// What to do when a line names a record that was put away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Archived {
    /// The line is refused.
    #[default]
    Refuse,
    /// The record is brought back, and changed as the line says.
    Restore,
}

/// What to do when a line would make a customer with the name of one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Twins {
    /// A person is to say: the line is refused until they do.
    #[default]
    Ask,
    /// The one that is there is changed.
    Update,
    /// Another one is made.
    Make,
    /// The line makes nothing.
    LeaveOut,
}

/// What to do with a line that is wholly equal to an earlier one, where a record has no match
/// fields by which it would be known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identical {
    /// It makes nothing, and that is told.
    #[default]
    LeaveOut,
    /// It makes a record as the first does.
    Make,
}

impl Identical {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::LeaveOut, Self::Make];

    /// As a mapping states it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::LeaveOut => "leave_out",
            Self::Make => "make",
        }
    }

    /// What is told of a line of which this was done.
    pub(crate) fn notice(self) -> &'static str {
        match self {
            Self::LeaveOut => "identical",
            Self::Make => "identical-made",
        }
    }
}
