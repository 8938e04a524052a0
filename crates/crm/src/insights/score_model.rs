//! Composite scores of customers, as people put them together: what they are worth to us, and how
//! well we can serve them.

use guanxi_base::{Id, Percent, Refusal};
use guanxi_record::{Choice, LongText, Record, RecordType};

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
    #[field(search, means = "measure:customer")]
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
pub const COMPLAINTS: &str = "complaints";
/// What scores are: no score is measured by one, which is known only after all of them.
const SCORES: [&str; 2] = ["value_score", "fit_score"];

/// What scores of records of a type can be measured by.
pub fn measures(described: &RecordType) -> impl Iterator<Item = &str> {
    let numbers = described.fields.iter().filter(|field| field.kind.is_number());
    let names = numbers.map(|field| &*field.name).filter(|name| !SCORES.contains(name));
    names.chain([COMPLAINTS])
}

impl ScoreCriterion {
    fn settle(&mut self, refusals: &mut Vec<Refusal>) {
        if !(0..=100 * Percent::ONE).contains(&self.weight.units()) {
            refusals.push(Refusal::field("weight-out-of-range", "weight"));
        }
        // Fields that were added later are known when the score is computed.
        let is_known = self.measure.starts_with("x_")
            || measures(Customer::TYPE).any(|name| name == self.measure);
        if SCORES.contains(&self.measure.as_str()) {
            refusals.push(Refusal::field("score-of-scores", "measure"));
        } else if !is_known {
            refusals.push(
                Refusal::field("not-a-measure", "measure").with("name", self.measure.clone()),
            );
        }
    }
}
