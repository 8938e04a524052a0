//! Subscriptions and what they told.

use guanxi_base::{Id, Refusal, Timestamp};
use guanxi_record::{Choice, Json, LongText, Owner, Record};

use crate::access::{Role, User};
use crate::segments::Segment;

/// How often somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Rhythm {
    /// As soon as something has happened.
    AtOnce,
    /// Every day.
    Daily,
    /// Every Monday.
    Weekly,
    /// On the first of every month.
    Monthly,
}

/// That somebody wants to be told of a segment or a list.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "insights", icon = "bell", settle)]
pub struct Subscription {
    /// What people call it.
    #[field(search)]
    pub name: String,
    /// The segment: who comes and who goes.
    #[field(on_delete = "cascade")]
    pub segment: Option<Id<Segment>>,
    /// Or the type of a list, such as `case`: what is new in it.
    #[field(folded)]
    pub record_type: Option<String>,
    /// Which records of it, as the address of the list says: `priority=urgent`.
    #[field(folded)]
    pub condition: Option<LongText>,
    /// Who is told.
    pub subscriber: Option<Id<User>>,
    /// Or everybody of a role.
    pub role: Option<Id<Role>>,
    /// How often.
    #[field(default = "daily")]
    pub rhythm: Rhythm,
    /// At which hour of their day, from 0 to 23.
    #[field(default = "8")]
    pub hour: i64,
    /// Whether by mail too.
    #[field(default = "true")]
    pub by_mail: bool,
    /// What is proposed to be done.
    pub proposal: Option<LongText>,
    /// Until when they have been told.
    #[field(read_only)]
    pub told_until: Option<Timestamp>,
    /// Who answers for it.
    #[field(default = "actor")]
    pub owner: Option<Owner>,
}

impl Subscription {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        if self.segment.is_none() && self.record_type.is_none() {
            refusals.push(Refusal::field("required", "segment"));
        }
        if self.subscriber.is_none() && self.role.is_none() {
            refusals.push(Refusal::field("required", "subscriber"));
        }
        if !(0..24).contains(&self.hour) {
            refusals.push(Refusal::field("not-an-hour", "hour").with("value", self.hour));
        }
        if let Some(condition) = &self.condition
            && let Err(guanxi_base::Error::Refused(wrong)) =
                crate::access::conditions::parse(&condition.0)
        {
            refusals.extend(wrong);
        }
    }
}

/// What somebody was told.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "settings", icon = "bell-ringing", index("owner, read_at"))]
pub struct Notice {
    /// In a few words.
    #[field(read_only, search)]
    pub name: String,
    /// What there is to say besides which records it is about.
    #[field(read_only)]
    pub text: Option<LongText>,
    /// Which records it is about: shown by their names as they are when it is read, to who may then
    /// see them.
    #[field(read_only)]
    pub about: Option<Json>,
    /// Where it is.
    #[field(read_only)]
    pub address: Option<String>,
    /// By which subscription.
    #[field(read_only, on_delete = "clear")]
    pub subscription: Option<Id<Subscription>>,
    /// When it was read.
    #[field(read_only)]
    pub read_at: Option<Timestamp>,
    /// Who is told.
    #[field(read_only)]
    pub owner: Option<Owner>,
}
