//! Subscriptions and what they told.

use guanxi_base::{Decimal, Id, Refusal, Timestamp};
use guanxi_record::{Choice, Json, LongText, Owner, Record};

use crate::access::{Role, User};
use crate::dashboards::{Chart, Dashboard};
use crate::segments::Segment;
use crate::work::Rhythm;

/// When somebody is told of the numbers of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Alert {
    /// When one of them is above.
    Above,
    /// When one of them is below.
    Below,
}

/// That somebody wants to be told of a segment, a list, a chart or a dashboard.
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
    #[field(folded, means = "record_type")]
    pub record_type: Option<String>,
    /// Which records of it, as the address of the list says: `priority=urgent`.
    #[field(folded, means = "condition")]
    pub condition: Option<LongText>,
    /// Or a dashboard: all of its charts.
    #[field(on_delete = "cascade")]
    pub dashboard: Option<Id<Dashboard>>,
    /// Or one chart.
    #[field(on_delete = "cascade")]
    pub chart: Option<Id<Chart>>,
    /// Only when a number of the chart is above or below `alert_at`.
    pub alert: Option<Alert>,
    /// Above or below which number.
    pub alert_at: Option<Decimal>,
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
    /// Of which marks they have been told that they are above or below.
    #[field(read_only)]
    pub alerted: Option<Json>,
    /// Which of those who would be told do not want to be.
    #[field(read_only)]
    pub declined: Option<Json>,
    /// Who answers for it.
    #[field(default = "actor")]
    pub owner: Option<Owner>,
}

impl Subscription {
    /// One that says nothing yet but its name: every day at eight, by mail too.
    #[must_use]
    pub fn named(name: String) -> Self {
        Self {
            name,
            segment: None,
            record_type: None,
            condition: None,
            dashboard: None,
            chart: None,
            alert: None,
            alert_at: None,
            subscriber: None,
            role: None,
            rhythm: Rhythm::Daily,
            hour: 8,
            by_mail: true,
            proposal: None,
            told_until: None,
            alerted: None,
            declined: None,
            owner: None,
        }
    }

    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        let is_drawn = self.chart.is_some() || self.dashboard.is_some();
        if self.segment.is_none() && self.record_type.is_none() && !is_drawn {
            refusals.push(Refusal::field("required", "segment"));
        }
        if self.alert.is_some() && self.chart.is_none() {
            refusals.push(Refusal::field("required", "chart"));
        }
        if self.alert.is_some() && self.alert_at.is_none() {
            refusals.push(Refusal::field("required", "alert_at"));
        }
        // Numbers have no moment of their own.
        if is_drawn && self.alert.is_none() && self.rhythm == Rhythm::AtOnce {
            refusals.push(Refusal::field("needs-alert", "rhythm"));
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
