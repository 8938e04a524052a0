//! What the demo company's own people have to do: cases of the service clerk until today, tasks of
//! the sellers around today, what was talked about.

use guanxi_base::{Currency, Date, Id, Money, Rng, SignedDuration, Timestamp};
use guanxi_record::{LongText, Owner};
use guanxi_store::Store;
use jiff::ToSpan as _;

use super::business::{Batch, DAYS, Life};
use super::words::{picked, spaced};
use crate::sales::Order;
use crate::service::{Case, CaseKind, CaseStatus, Priority};
use crate::work::{Direction, Interaction, InteractionKind, Task, TaskStatus};

/// What a case may be about, each by the subject of the same place in the words.
const KINDS: [CaseKind; 10] = [
    CaseKind::Consultation,
    CaseKind::Complaint,
    CaseKind::Fault,
    CaseKind::Consultation,
    CaseKind::Complaint,
    CaseKind::Return,
    CaseKind::Complaint,
    CaseKind::TechnicalSupport,
    CaseKind::Claim,
    CaseKind::Consultation,
];
const PRIORITIES: [Priority; 5] =
    [Priority::Low, Priority::Normal, Priority::Normal, Priority::High, Priority::Urgent];
/// Cases are to be solved within so many hours.
const DUE_HOURS: i64 = 72;
/// So many cases are open at least, and so many customers in a hundred have one.
const OPEN_CASES: f64 = 12.0;
const OPEN_CASES_SHARE: f64 = 0.02;
/// The same of tasks.
const OPEN_TASKS: f64 = 60.0;
const OPEN_TASKS_SHARE: f64 = 0.06;
/// Open cases came in within so many days.
const OPEN_DAYS: usize = 8;

impl Batch<'_> {
    /// A time of a working day in China; never one that is to come.
    fn moment(&self, rng: &mut Rng, date: Date) -> Timestamp {
        let minutes = SignedDuration::from_mins(60 + rng.below(500) as i64);
        let start = date.to_zoned(guanxi_base::TimeZone::UTC);
        let at = start.map_or(self.now, |start| start.timestamp() + minutes);
        at.min(self.now - SignedDuration::from_mins(1 + rng.below(90) as i64))
    }

    /// How likely it is that a customer has one, so that there are enough in a small company too.
    fn share(&self, at_least: f64, share: f64) -> f64 {
        share.max(at_least / self.demo.customers.max(1) as f64).min(1.0)
    }

    fn new_case(
        &self,
        rng: &mut Rng,
        life: &Life,
        opened_at: Timestamp,
        order: Option<Id<Order>>,
    ) -> Case {
        let subjects = self.words.chinese("case");
        let at = rng.below(subjects.len());
        Case {
            subject: spaced(subjects[at]),
            number: None,
            customer: life.id,
            contact: Some(life.contact),
            kind: KINDS[at % KINDS.len()],
            priority: *rng.pick(&PRIORITIES),
            status: CaseStatus::New,
            opened_at,
            due_at: Some(opened_at + SignedDuration::from_hours(DUE_HOURS)),
            closed_at: None,
            order,
            product: None,
            owner: Some(Owner(self.house.clerk)),
            cost: None,
            description: None,
            resolution: None,
        }
    }

    /// Something was wrong with an order, and was put right since.
    pub(super) fn case(
        &mut self,
        rng: &mut Rng,
        store: &Store,
        life: &Life,
        (order, date): (Id<Order>, Date),
    ) {
        let opened_at = self.moment(rng, date);
        let mut case = self.new_case(rng, life, opened_at, Some(order));
        let hours = SignedDuration::from_hours(4 + rng.exponential(60.0) as i64);
        case.closed_at = Some(opened_at + hours).filter(|closed| *closed < self.now);
        case.status = match case.closed_at {
            Some(_) => CaseStatus::Closed,
            None => CaseStatus::InProgress,
        };
        case.cost = case.closed_at.map(|closed| {
            let hours = closed.duration_since(opened_at).as_hours().clamp(1, 40);
            Money::new(hours * 20 * Money::ONE, Currency::CNY)
        });
        let row = self.row(store, &case);
        self.cases.push(row);
    }

    /// Some customers wait for an answer.
    pub(super) fn open_case(&mut self, rng: &mut Rng, store: &Store, life: &Life) {
        if !rng.chance(self.share(OPEN_CASES, OPEN_CASES_SHARE)) {
            return;
        }
        let ago = rng.below(OPEN_DAYS) as i64;
        let date = self.today.saturating_sub(ago.days());
        let opened_at = self.moment(rng, date);
        let mut case = self.new_case(rng, life, opened_at, None);
        case.status = match (ago, rng.below(3)) {
            (0, _) | (_, 0) => CaseStatus::New,
            (_, 1) => CaseStatus::InProgress,
            _ => CaseStatus::Waiting,
        };
        let row = self.row(store, &case);
        self.cases.push(row);
    }

    /// What was talked about, and what is to be done next.
    pub(super) fn contact_history(&mut self, rng: &mut Rng, store: &Store, life: &Life) {
        for _ in 0..rng.below(3) {
            let date = self.date(rng.unit() * DAYS);
            let kinds = [InteractionKind::Call, InteractionKind::Visit, InteractionKind::Email];
            let interaction = Interaction {
                subject: picked(rng, self.words.chinese("talk")),
                kind: *rng.pick(&kinds),
                customer: life.id,
                contact: Some(life.contact),
                at: self.moment(rng, date),
                direction: Some(Direction::Outbound),
                minutes: Some(5 + rng.below(55) as i64),
                case: None,
                source: None,
                owner: Some(life.owner),
                notes: None,
            };
            let row = self.row(store, &interaction);
            self.interactions.push(row);
        }
        if rng.chance(self.share(OPEN_TASKS, OPEN_TASKS_SHARE)) {
            self.task(rng, store, life);
        }
    }

    /// Some tasks are overdue, some are for today, the others for the next two weeks.
    fn task(&mut self, rng: &mut Rng, store: &Store, life: &Life) {
        let ahead = match rng.below(10) {
            0 | 1 => -(1 + rng.below(4) as i64),
            2 | 3 => 0,
            4..=7 => 1 + rng.below(7) as i64,
            _ => 8 + rng.below(7) as i64,
        };
        let task = Task {
            subject: picked(rng, self.words.chinese("task")),
            customer: Some(life.id),
            contact: Some(life.contact),
            case: None,
            due_date: self.today.checked_add(ahead.days()).ok(),
            priority: *rng.pick(&PRIORITIES[1..4]),
            status: TaskStatus::Open,
            owner: Some(life.owner),
            notes: None::<LongText>,
        };
        let row = self.row(store, &task);
        self.tasks.push(row);
    }
}
