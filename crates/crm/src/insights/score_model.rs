//! Composite scores of customers, as people put them together: what they are worth to us, and how
//! well we can serve them.

use guanxi_base::{Id, Percent, Refusal};
use guanxi_record::{Choice, Kind, LongText, Record};

use crate::people::Customer;

/// Of which side a score is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ScoreSide {
    /// What the customer is worth to us.
    Value,
    /// How well we can serve them.
    Capability,
}

/// A composite score. Its version is that of its record; each run keeps the criteria that it used.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(area = "insights", icon = "scale")]
pub struct ScoreModel {
    /// What people call it.
    #[field(search, unique)]
    pub name: String,
    /// Of which side it is.
    #[field(default = "value")]
    pub side: ScoreSide,
    /// Whether runs compute it; of several of one side the newest.
    #[field(default = "true")]
    pub is_used: bool,
    /// What its weights total: it is computed when that is 100 %.
    #[field(sum = "score_criterion.weight")]
    pub total_weight: Option<Percent>,
    /// What it is for.
    pub notes: Option<LongText>,
}

/// How numbers of different units are made comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ScoreScale {
    /// By the share of customers who have less.
    Rank,
    /// From the smallest to the largest.
    MinMax,
    /// By standard deviations from the mean.
    ZScore,
}

/// What counts where nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ScoreMissing {
    /// The other criteria count for it.
    Reweight,
    /// As the worst.
    Worst,
}

/// One criterion of a composite score.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(title = "measure", area = "insights", icon = "ruler", part_of = "score_model", settle)]
pub struct ScoreCriterion {
    /// The score that it is a part of.
    #[field(on_delete = "cascade")]
    pub score_model: Id<ScoreModel>,
    /// The name of a customer's field of numbers, or `complaints`: complaints for each purchase.
    #[field(search)]
    pub measure: String,
    /// How much it counts; all together 100 %.
    pub weight: Percent,
    /// Whether less is better.
    #[field(default = "false")]
    pub less_is_better: bool,
    /// How it is made comparable.
    #[field(default = "rank")]
    pub scale: ScoreScale,
    /// What counts where nothing is known.
    #[field(default = "reweight")]
    pub missing: ScoreMissing,
}

/// Complaints for each purchase: a measure that is no field.
pub(super) const COMPLAINTS: &str = "complaints";

impl ScoreCriterion {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        if !(0..=100 * Percent::ONE).contains(&self.weight.units()) {
            refusals.push(Refusal::field("weight-out-of-range", "weight"));
        }
        let is_number = |kind: &Kind| {
            matches!(kind, Kind::Integer | Kind::Decimal | Kind::Percent | Kind::Money)
        };
        let is_known = self.measure == COMPLAINTS
            // Fields that were added later are known when the score is computed.
            || self.measure.starts_with("x_")
            || Customer::TYPE.field(&self.measure).is_some_and(|field| is_number(&field.kind));
        if !is_known {
            refusals.push(
                Refusal::field("not-a-measure", "measure").with("name", self.measure.clone()),
            );
        }
    }
}
