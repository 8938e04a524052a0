//! Why everyone has what they have, in words.

use std::fmt;

use super::Target;

/// How scarce a resource is.
#[derive(Debug, Clone, PartialEq)]
pub struct Scarcity {
    /// The resource.
    pub name: String,
    /// How much of it is used
    pub used: f64,
    /// of how much.
    pub capacity: f64,
    /// What one more of it would bring.
    pub price: f64,
}

impl Scarcity {
    /// Whether more of it would bring more.
    #[must_use]
    pub fn is_scarce(&self) -> bool {
        self.price > 1e-9
    }
}

impl fmt::Display for Scarcity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, used, capacity, price } = self;
        if self.is_scarce() {
            write!(
                f,
                "All {capacity} of {name} are used. One more would bring {price:.4}: more of it is \
                 worth buying for less than that, and every use brings at least as much."
            )
        } else {
            let left = (capacity - used).max(0.0);
            write!(f, "{left} of {capacity} of {name} are left: more of it would bring nothing.")
        }
    }
}

/// Why a target has its amount.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// What it brings would not pay for what it takes: its first unit brings so much and costs so
    /// much of what is scarce.
    NotWorthIt {
        /// What its first unit brings.
        brings: f64,
        /// What that takes, at shadow prices.
        costs: f64,
    },
    /// It has the most it may have; one more would bring more than it costs.
    AtMost {
        /// What one more would bring beyond its costs.
        missed: f64,
    },
    /// It has only the least it must have; by itself it would get less.
    AtLeast {
        /// What the last unit brings less than it costs.
        lost: f64,
    },
    /// It has as much as pays: one more would bring less than it costs.
    AsMuchAsPays {
        /// What one more would bring.
        brings: f64,
        /// What that would cost, at shadow prices.
        costs: f64,
    },
    /// Whole amounts or the shares of groups decide, besides what it brings and costs.
    ByLimits,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWorthIt { brings, costs } => write!(
                f,
                "Nothing: its first unit would bring {brings:.4}, and elsewhere the same brings {costs:.4}."
            ),
            Self::AtMost { missed } => {
                write!(f, "The most it may have; one more would still gain {missed:.4}.")
            }
            Self::AtLeast { lost } => {
                write!(f, "The least it must have; its last unit loses {lost:.4}.")
            }
            Self::AsMuchAsPays { brings, costs } => write!(
                f,
                "As much as pays: one more would bring {brings:.4}, and elsewhere it brings {costs:.4}."
            ),
            Self::ByLimits => {
                write!(f, "Whole amounts or the shares of groups allow no better.")
            }
        }
    }
}

/// Why a target has this amount, by the prices.
pub(super) fn reason(
    target: &Target,
    amount: f64,
    scarcity: &[Scarcity],
    without_groups: bool,
) -> Reason {
    const SMALL: f64 = 1e-7;
    let costs: f64 = target.uses.iter().zip(scarcity).map(|(used, s)| used * s.price).sum();
    let small = SMALL * (1.0 + amount.abs());
    let brings = target.slope_at(amount + small);
    let brought = target.slope_at((amount - small).max(0.0));
    let within = SMALL * (1.0 + costs);
    if amount >= target.at_most - small && brings.max(brought) >= costs - within {
        return Reason::AtMost { missed: (brings - costs).max(0.0) };
    }
    if amount == 0.0 && brings <= costs + within {
        return Reason::NotWorthIt { brings, costs };
    }
    if target.at_least > 0.0 && amount <= target.at_least + small && brought < costs - within {
        return Reason::AtLeast { lost: costs - brought };
    }
    if without_groups && !target.whole && brings <= costs + within {
        return Reason::AsMuchAsPays { brings, costs };
    }
    Reason::ByLimits
}
