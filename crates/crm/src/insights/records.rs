//! What analyses leave behind: their runs with the card of the model, how customers moved through
//! their life, and what is to be done when they do.

use guanxi_base::{Date, Decimal, Id, Percent, Refusal, Timestamp};
use guanxi_record::{Choice, Json, LongText, Owner, Record};

use crate::access::Role;
use crate::people::Customer;
use crate::work::Rhythm;

/// What is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Analysis {
    /// What each customer is worth, and where they are in their life with us.
    CustomerValue,
    /// What is bought together.
    Baskets,
    /// Which customers stand in the base more than once.
    Duplicates,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum RunState {
    /// It waits for its turn.
    Waiting,
    /// It is being done.
    Running,
    /// Its results are there.
    Done,
    /// It could not be done.
    Failed,
}

/// An analysis that was run: over which data, with which model, how good it is.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "number", area = "insights", icon = "flask", index("analysis, created_at"))]
pub struct AnalysisRun {
    /// Its number.
    #[field(read_only, search, unique, default = "number:AN")]
    pub number: Option<String>,
    /// What is found out.
    #[field(default = "customer_value")]
    pub analysis: Analysis,
    /// Until when models are fitted before they are compared with what came after.
    #[field(folded)]
    pub calibration_until: Option<Date>,
    /// Whether orders that are worth nothing count as purchases.
    #[field(folded, default = "false")]
    pub counts_free: bool,
    /// Whether what came back counts as sold all the same: gross, not net.
    #[field(folded, default = "false")]
    pub counts_returned: bool,
    /// Customers that are one at least so certainly are merged by the run itself.
    #[field(folded)]
    pub merge_above: Option<Percent>,
    /// Where it stands.
    #[field(read_only, index, default = "waiting")]
    pub state: RunState,
    /// How much of it is done, in per cent.
    #[field(read_only)]
    pub progress: Option<i64>,
    /// The model that was chosen.
    #[field(read_only)]
    pub model: Option<String>,
    /// Whether there is too little to learn from, so that what is usual stands in.
    #[field(read_only)]
    pub falls_back: Option<bool>,
    /// The release of the program that computed it.
    #[field(read_only)]
    pub release: Option<String>,
    /// As of when the data are.
    #[field(read_only)]
    pub as_of: Option<Timestamp>,
    /// The first day of the data.
    #[field(read_only)]
    pub data_from: Option<Date>,
    /// The last day of the data.
    #[field(read_only)]
    pub data_until: Option<Date>,
    /// Over how many customers.
    #[field(read_only, tells = "order.date")]
    pub customers: Option<i64>,
    /// Over how many purchases.
    #[field(read_only, tells = "order.date")]
    pub purchases: Option<i64>,
    /// How many seconds it took.
    #[field(read_only)]
    pub seconds: Option<Decimal>,
    /// What there is to know about the model: parameters, quality, distributions.
    #[field(read_only, tells = "order.total")]
    pub card: Option<Json>,
    /// Why it could not be done.
    #[field(read_only)]
    pub problem: Option<LongText>,
    /// Who asked for it: what they may see decides.
    #[field(read_only, default = "actor")]
    pub owner: Option<Owner>,
}

impl AnalysisRun {
    /// A run that waits for its turn.
    #[must_use]
    pub fn of(analysis: Analysis, calibration_until: Option<Date>) -> Self {
        Self {
            number: None,
            analysis,
            calibration_until,
            counts_free: false,
            counts_returned: false,
            merge_above: None,
            state: RunState::Waiting,
            progress: None,
            model: None,
            falls_back: None,
            release: None,
            as_of: None,
            data_from: None,
            data_until: None,
            customers: None,
            purchases: None,
            seconds: None,
            card: None,
            problem: None,
            owner: None,
        }
    }
}

/// When an analysis is done again by itself; without one it is every day, once somebody has asked for
/// it.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "analysis", area = "insights", icon = "calendar-repeat", settle)]
pub struct AnalysisSchedule {
    /// Which analysis.
    #[field(unique)]
    pub analysis: Analysis,
    /// How often.
    #[field(default = "daily")]
    pub rhythm: Rhythm,
    /// At which hour of the owner's day, from 0 to 23.
    #[field(default = "3")]
    pub hour: i64,
    /// Whether it is done at all.
    #[field(default = "true")]
    pub is_active: bool,
    /// For whom: what they may see decides.
    #[field(default = "actor")]
    pub owner: Option<Owner>,
}

impl AnalysisSchedule {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        if !(0..24).contains(&self.hour) {
            refusals.push(Refusal::field("not-an-hour", "hour").with("value", self.hour));
        }
        if self.rhythm == Rhythm::AtOnce {
            refusals.push(Refusal::field("required", "rhythm"));
        }
    }
}

/// All stages at which a customer can be: of their life, of the relationship, of what ties them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Choice)]
#[expect(missing_docs, reason = "each says what it is where it is derived")]
pub enum Stage {
    Potential,
    Prospect,
    FirstPurchase,
    Repeat,
    Loyal,
    Lost,
    WonBack,
    Opening,
    Early,
    Growth,
    Maturity,
    Decline,
    Ended,
    Casual,
    Buyer,
    Customer,
    Partner,
}

/// That a customer moved from one stage to another, and why.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(
    title = "to_stage",
    area = "insights",
    icon = "arrows-right-left",
    follows = "customer",
    index("customer, date"),
    index("to_stage, date")
)]
pub struct StageChange {
    /// Who.
    #[field(read_only, on_delete = "cascade")]
    pub customer: Id<Customer>,
    /// From where.
    #[field(read_only, tells = "order.date")]
    pub from_stage: Stage,
    /// To where.
    #[field(read_only, tells = "order.date")]
    pub to_stage: Stage,
    /// As of which day.
    #[field(read_only)]
    pub date: Date,
    /// The numbers that decided it.
    #[field(read_only, tells = "order.total")]
    pub reason: Option<Json>,
    /// By which run.
    #[field(read_only, on_delete = "clear")]
    pub analysis_run: Option<Id<AnalysisRun>>,
}

/// What is to be done when a customer comes to a stage.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "insights", icon = "list-check", unique("stage"))]
pub struct Playbook {
    /// What people call it.
    #[field(search)]
    pub name: String,
    /// To which stage.
    pub stage: Stage,
    /// Whether it is followed.
    #[field(default = "true")]
    pub is_active: bool,
    /// What it is for.
    #[field(folded)]
    pub description: Option<LongText>,
}

/// One thing that a playbook asks for.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "subject", area = "insights", icon = "checkbox", part_of = "playbook")]
pub struct PlaybookStep {
    /// The playbook.
    #[field(on_delete = "cascade")]
    pub playbook: Id<Playbook>,
    /// Its place.
    pub position: i64,
    /// What is to be done.
    #[field(search)]
    pub subject: String,
    /// Within so many days.
    #[field(default = "7")]
    pub due_days: i64,
    /// Who does it: one of this role; the owner of the customer where none is named.
    pub role: Option<Id<Role>>,
    /// What else is worth knowing.
    #[field(folded)]
    pub notes: Option<LongText>,
}
