//! Who stands in for somebody who is away: on those days the substitute sees and does, as far as
//! their own roles allow, what the other answers for.

use guanxi_base::{Date, Refusal};
use guanxi_record::{Owner, Record};

/// Who stands in for somebody who is away.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "reason", area = "organisation", icon = "user-share", settle)]
pub struct Substitution {
    /// Who is away.
    #[field(deed, default = "actor")]
    pub owner: Option<Owner>,
    /// Who stands in.
    #[field(deed)]
    pub substitute: Owner,
    /// The first day.
    #[field(index, default = "now")]
    pub first_day: Date,
    /// The last day.
    #[field(index)]
    pub last_day: Date,
    /// Why.
    #[field(search)]
    pub reason: Option<String>,
}

impl Substitution {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        if self.last_day < self.first_day {
            refusals.push(Refusal::field("ends-before-it-begins", "last_day"));
        }
        if self.owner == Some(self.substitute) {
            refusals.push(Refusal::field("own-substitute", "substitute"));
        }
    }

    /// Whether it holds on a day.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.first_day <= day && day <= self.last_day
    }
}
