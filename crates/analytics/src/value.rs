//! What a customer will still be worth: how often they will buy, whether they still do, how much
//! they spend.
//!
//! The models of purchases without a contract ("buy till you die") see three numbers of each
//! customer: how often they *came back*, when they were last there, and how long ago they first
//! came ([`Histories`]). They differ in how a customer is thought to leave:
//!
//! | model | purchases | leaves | source |
//! |---|---|---|---|
//! | [`ParetoNbd`] | Poisson | at any time, rate gamma | Schmittlein, Morrison & Colombo 1987 |
//! | [`BetaGeoNbd`] | Poisson | after a purchase, chance beta | Fader, Hardie & Lee 2005 |
//! | [`BetaGeoNbd::modified`] | Poisson | also after the first purchase | Batislam, Denizel & Filiztekin 2007 |
//! | [`BetaGeoBetaBernoulli`] | at certain times only | before a time, chance beta | Fader, Hardie & Shang 2010 |
//! | [`Nbd`] | Poisson | never | Ehrenberg 1959 |
//! | [`Naive`] | as often as so far | never | |
//!
//! [`evaluate`] cuts a log of purchases by time; [`choose`] fits the models of each [`Family`] and
//! keeps what foretold a hold-out best, the one in use where another is better by chance only.
//! [`Naive`] is what they are compared with. [`explain`] says why a customer is expected to buy so
//! much. [`GammaGamma`] says how much is spent at once, [`discounted_value`] puts both together.
//! [`RetentionCurve`] is for customers with a contract, who must say that they leave.
//!
//! ```
//! use guanxi_analytics::value::{BetaGeoNbd, Histories, PurchaseModel, discounted_value};
//! // With the estimates of CDNOW: who came back twice and was there lately, in weeks.
//! let model = BetaGeoNbd::of([0.2426, 4.4136, 0.7929, 2.4259], false)?;
//! let one = Histories::new(&[2.0], &[30.43], &[38.86])?;
//! assert!((model.probability_alive(&one)[0] - 0.7266).abs() < 1e-3);
//! // A year of purchases at a margin of 12, discounted by .2 % a week.
//! let worth = discounted_value(&model, &one, &[12.0], 52, 1.0, 0.002)?;
//! assert!(worth[0] > 17.0 && worth[0] < 19.0);
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

mod bg_bb;
mod bg_nbd;
mod choose;
mod explain;
mod gamma_gamma;
mod histories;
mod naive;
mod nbd;
mod pareto_nbd;
mod penalty;
mod retention;

pub use bg_bb::BetaGeoBetaBernoulli;
pub use bg_nbd::{BetaGeoNbd, Form};
pub use choose::{
    Candidate, Choice, Evaluation, Family, Split, accuracy, choose, choose_over, evaluate, split,
};
pub use explain::{ValueExplanation, explain};
pub use gamma_gamma::GammaGamma;
pub use histories::Histories;
pub use naive::Naive;
pub use nbd::Nbd;
pub use pareto_nbd::ParetoNbd;
pub use retention::RetentionCurve;

use crate::error::parameter;
use crate::minimise::Estimates;
use crate::{Error, Result};

/// A boundary that the estimates of a model ran into: the data hold nothing of what it models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// Nobody seems ever to leave.
    NobodyLeaves,
    /// All customers seem to leave alike: the spread of the chance to leave is nothing.
    AllLeaveAlike,
    /// All customers seem to buy at one rate.
    AllBuyAlike,
    /// Some parameter cannot be told from the data: the likelihood is flat.
    NotIdentified,
}

/// Estimates of a model, and how they came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The parameters with their names, in the order of the literature.
    pub parameters: Vec<(&'static str, f64)>,
    /// Of each parameter; none where the likelihood is flat.
    pub standard_errors: Option<Vec<f64>>,
    /// The natural logarithm of the likelihood of all customers.
    pub log_likelihood: f64,
    /// What the data hold nothing of, if there is something.
    pub boundary: Option<Boundary>,
    /// Whether the parameters were held near common ones, because the data alone do not settle them.
    pub is_penalised: bool,
}

impl Fit {
    /// Parameters that are known, not estimated.
    ///
    /// # Errors
    /// When one of them is not positive.
    fn known<const N: usize>(names: [&'static str; N], values: [f64; N]) -> Result<Self> {
        for (name, value) in names.into_iter().zip(values) {
            parameter(name, value, "must be more than 0", |value| value > 0.0)?;
        }
        Ok(Self {
            parameters: names.into_iter().zip(values).collect(),
            standard_errors: None,
            log_likelihood: f64::NAN,
            boundary: None,
            is_penalised: false,
        })
    }

    /// Notes how the parameters were found.
    fn note<const N: usize>(&mut self, found: &Estimates<N>, boundary: Option<Boundary>) {
        self.log_likelihood = found.log_likelihood;
        self.standard_errors = found.standard_errors.map(Vec::from);
        self.boundary = boundary;
    }
}

/// A parameter this small or this large is at its boundary.
const PARAMETER_MIN: f64 = 1e-4;
const PARAMETER_MAX: f64 = 1e4;

/// A model of how often customers buy and whether they still do. Results are in the order of the
/// customers that the histories were made of.
pub trait PurchaseModel: Sync {
    /// What the literature calls it.
    fn name(&self) -> &'static str;

    /// The estimates.
    fn fit(&self) -> &Fit;

    /// The chance that each customer still buys.
    fn probability_alive(&self, histories: &Histories) -> Vec<f64>;

    /// How many purchases to expect of each customer in the next `horizon`.
    fn expected_purchases(&self, histories: &Histories, horizon: f64) -> Vec<f64>;

    /// How many purchases to expect of a new customer in their first `horizon`, besides the first.
    fn expected_purchases_of_new(&self, horizon: f64) -> f64;
}

/// What the purchases of each customer in the next `periods` periods of `length` are worth today.
///
/// `value` is the margin of one purchase for each customer ([`GammaGamma::expected_value`]),
/// `rate` the discount of one period (.01 for 1 %). A purchase counts at the end of its period.
///
/// # Errors
/// When a column has another length or a number makes no sense.
pub fn discounted_value(
    model: &dyn PurchaseModel,
    histories: &Histories,
    value: &[f64],
    periods: usize,
    length: f64,
    rate: f64,
) -> Result<Vec<f64>> {
    if value.len() != histories.len() {
        let (found, wanted) = (value.len(), histories.len());
        return Err(Error::Length { column: "value", found, wanted });
    }
    parameter("length", length, "must be more than 0", |length| length > 0.0)?;
    parameter("rate", rate, "must be more than -1", |rate| rate > -1.0)?;
    let mut worth = vec![0.0; value.len()];
    let mut before = vec![0.0; value.len()];
    for period in 1..=periods {
        let expected = model.expected_purchases(histories, length * period as f64);
        let discount = (1.0 + rate).powi(-i32::try_from(period).unwrap_or(i32::MAX));
        for at in 0..value.len() {
            worth[at] += value[at] * (expected[at] - before[at]) * discount;
        }
        before = expected;
    }
    Ok(worth)
}
