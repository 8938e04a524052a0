//! From data to knowledge: what is known about every customer, and how it came to be known.

mod baskets;
mod catch_up;
mod chances;
mod counting;
mod customer_value;
mod dealings;
#[cfg(test)]
mod held_out;
mod knowledge;
mod left_aside;
mod life;
mod life_rules;
mod offers;
mod own;
mod propensity;
mod purchases;
mod records;
mod returns;
mod run;
mod said;
mod score_model;
mod since;
mod sold;
mod standing;
mod value_run;
mod why;
mod worth;

pub use crate::exact_sum::{ExactSum, Summed, is_too_large};
pub use catch_up::{CaughtUp, catch_up, keep_up, warm};
pub use chances::YEAR;
pub use counting::count;
pub use dealings::{Dealings, Dealt, TheirOrders, dealings};
pub use knowledge::{knowledge_of, tables};
pub use left_aside::{LeftAside, Named};
pub use life::{Known, LIKELY, Life, LifeReason, LifeRule, life_of};
pub use offers::{NextOffer, offers};
pub use own::{
    COUNTED, OwnFigures, RISK_UNKNOWN, analysed_at, at_risk, own_figures, reads_what_is_known,
    risk_unknown_elsewhere,
};
pub use propensity::{HORIZON, Reason};
pub use purchases::{Counted, Elsewhere, Purchase, Purchases};
pub use records::{
    Analysis, AnalysisRun, AnalysisSchedule, Playbook, PlaybookStep, RunState, Stage, StageChange,
};
pub use run::{
    ask, is_going_on, last_run, repeat, run_next, see_all_customers, sees_all_customers,
};
pub use said::{Sentence, Told, sentences};
pub use score_model::{
    COMPLAINTS, ScoreCriterion, ScoreMissing, ScoreModel, ScoreScale, ScoreSide, measures,
};
pub use since::{Changed, Since, changed_since, since};
pub use sold::{TableOrder, counting_until, sold};
pub use why::{Why, why};
