//! Who gets how much of what is scarce: money, hours, visits.
//!
//! [`allocate`] gives amounts to targets (customers, segments, channels), each of which answers with
//! less and less for more and more; [`assign`] gives each case one of several actions. Both are
//! solved exactly (by solvers in Rust, or with the feature `optimiser` by HiGHS: Huangfu & Hall, *Mathematical
//! Programming Computation* 10, 2018), with least and most amounts, whole numbers, and fair shares of groups; [`greedy`] is the fast way where it is
//! exact, too: one resource, and nothing but most amounts.
//!
//! The [shadow price](Scarcity) of a resource says what one more of it would bring (Dantzig, *Linear
//! Programming and Extensions*, 1963): what to pay for more at most, and what a use must bring at
//! least.
//!
//! ```
//! use guanxi_analytics::allocation::{Resource, Target, allocate};
//! // Visits to two segments: what so many bring in all.
//! let targets = [
//!     Target::new("loyal", vec![(0.0, 0.0), (4.0, 20.0), (8.0, 28.0)]),
//!     Target::new("new", vec![(0.0, 0.0), (5.0, 15.0)]),
//! ];
//! let visits = Resource { name: "visits".to_owned(), capacity: 7.0 };
//! let found = allocate(&targets, &[visits], &[])?;
//! assert!((found.total - 29.0).abs() < 1e-6);
//! assert!((found.scarcity[0].price - 3.0).abs() < 1e-6);
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

mod assignment;
mod explanation;
mod solver;

use good_lp::{Constraint, Expression, ProblemVariables, Variable, constraint, variable};

use crate::error::{each, parameter, same_length};
use crate::{Error, Result};
use solver::Problem;

pub use assignment::{Action, Assignment, assign};
pub use explanation::{Reason, Scarcity};

/// Who may get something.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// By which explanations name it.
    pub name: String,
    /// At least so much,
    pub at_least: f64,
    /// and at most.
    pub at_most: f64,
    /// Whether it may also get nothing at all, instead of at least so much.
    pub or_nothing: bool,
    /// Whether only whole amounts make sense, as of visits.
    pub whole: bool,
    /// Amounts, ascending from 0, and what they bring in all: straight between them, each next piece
    /// less steep, and nothing more beyond the last.
    pub returns: Vec<(f64, f64)>,
    /// How much of each resource one unit takes.
    pub uses: Vec<f64>,
}

/// What is scarce.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// By which explanations name it.
    pub name: String,
    /// How much there is.
    pub capacity: f64,
}

/// Targets that are to get a fair share together.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// By which explanations name it.
    pub name: String,
    /// The places of the targets.
    pub members: Vec<usize>,
    /// At least this share of all amounts,
    pub share_min: f64,
    /// and at most this.
    pub share_max: f64,
}

/// Who gets how much.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocation {
    /// For each target.
    pub amounts: Vec<f64>,
    /// What each brings.
    pub returns: Vec<f64>,
    /// What all bring.
    pub total: f64,
    /// What each resource is used for, and what more of it would bring.
    pub scarcity: Vec<Scarcity>,
    /// Why each target has what it has.
    pub reasons: Vec<Reason>,
}

impl Target {
    /// A target that may get anything up to the end of its returns, of one resource.
    pub fn new(name: impl Into<String>, returns: Vec<(f64, f64)>) -> Self {
        Self {
            name: name.into(),
            at_least: 0.0,
            at_most: returns.last().map_or(0.0, |(amount, _)| *amount),
            or_nothing: false,
            whole: false,
            returns,
            uses: vec![1.0],
        }
    }

    fn check(&self, resources: usize) -> Result<()> {
        let wrong = |wanted| Err(Error::Feature { name: self.name.clone(), wanted });
        same_length("uses", self.uses.len(), resources)?;
        each("uses", &self.uses, "must be 0 or more", |used| used >= 0.0)?;
        if !(self.at_least >= 0.0 && self.at_most >= self.at_least && self.at_most.is_finite()) {
            return wrong("the least amount must be 0 or more, and the most not less than it");
        }
        let mut before = f64::INFINITY;
        if self.returns.first().is_none_or(|(amount, _)| *amount != 0.0) {
            return wrong("the returns must begin with the amount 0");
        }
        for (_, slope) in self.pieces() {
            if !slope.is_finite() {
                return wrong("the amounts of the returns must ascend");
            }
            if slope > before + 1e-9 * before.abs() {
                return wrong("more must not bring more than before: the returns must flatten");
            }
            before = slope;
        }
        Ok(())
    }

    /// Length and slope of each straight piece.
    fn pieces(&self) -> impl Iterator<Item = (f64, f64)> {
        self.returns.windows(2).map(|pair| {
            let [(from, low), (to, high)] = [pair[0], pair[1]];
            let length = to - from;
            (length, if length > 0.0 { (high - low) / length } else { f64::NAN })
        })
    }

    /// What an amount brings.
    #[must_use]
    pub fn return_of(&self, amount: f64) -> f64 {
        let mut left = amount;
        let mut total = self.returns.first().map_or(0.0, |(_, base)| *base);
        for (length, slope) in self.pieces() {
            total += slope * left.clamp(0.0, length);
            left -= length;
        }
        total
    }

    /// What one more unit brings at an amount.
    fn slope_at(&self, amount: f64) -> f64 {
        let mut end = 0.0;
        for (length, slope) in self.pieces() {
            end += length;
            if amount < end - 1e-9 * end {
                return slope;
            }
        }
        0.0
    }
}

/// The variables of a target.
struct Columns {
    amount: Expression,
    pieces: Vec<Variable>,
    /// Whether it gets anything, where that is a question.
    used: Option<Variable>,
    whole: Option<Variable>,
}

/// Finds the amounts that bring the most in all.
///
/// # Errors
/// When a target makes no sense (the error names it), or there is no allocation within all limits.
pub fn allocate(
    targets: &[Target],
    resources: &[Resource],
    groups: &[Group],
) -> Result<Allocation> {
    check(targets, resources, groups)?;
    let (first, columns) = problem(targets, resources, groups, None);
    let amounts = best_amounts(&first, targets, &columns)?;
    let has_choices = targets.iter().any(|target| target.or_nothing || target.whole);
    // Prices are those of small changes around the best choice.
    let prices = if has_choices {
        problem(targets, resources, groups, Some(&amounts)).0.prices()?
    } else {
        first.prices()?
    };
    let returns: Vec<f64> =
        targets.iter().zip(&amounts).map(|(target, x)| target.return_of(*x)).collect();
    let scarcity = resources.iter().zip(prices).enumerate().map(|(at, (resource, price))| {
        let used = targets.iter().zip(&amounts).map(|(target, x)| target.uses[at] * x).sum();
        Scarcity { name: resource.name.clone(), used, capacity: resource.capacity, price }
    });
    let scarcity: Vec<Scarcity> = scarcity.collect();
    let reasons = targets
        .iter()
        .zip(&amounts)
        .map(|(target, amount)| explanation::reason(target, *amount, &scarcity, groups.is_empty()))
        .collect();
    let total = returns.iter().sum();
    Ok(Allocation { amounts, returns, total, scarcity, reasons })
}

fn check(targets: &[Target], resources: &[Resource], groups: &[Group]) -> Result<()> {
    if targets.is_empty() {
        return Err(Error::Empty { column: "targets" });
    }
    for target in targets {
        target.check(resources.len())?;
    }
    for resource in resources {
        parameter("capacity", resource.capacity, "must be 0 or more", |capacity| capacity >= 0.0)?;
    }
    for group in groups {
        let in_order = (0.0..=1.0).contains(&group.share_min)
            && (group.share_min..=1.0).contains(&group.share_max);
        if !in_order || group.members.iter().any(|member| *member >= targets.len()) {
            let wanted = "shares must be from 0 to 1 in order, members must be targets";
            return Err(Error::Feature { name: group.name.clone(), wanted });
        }
    }
    Ok(())
}

/// The problem of who gets how much, with the variables of each target; around the best choice where
/// one is given, without whole numbers then.
fn problem(
    targets: &[Target],
    resources: &[Resource],
    groups: &[Group],
    chosen: Option<&[f64]>,
) -> (Problem, Vec<Columns>) {
    let mut variables = ProblemVariables::new();
    let mut gain = Expression::default();
    let mut columns = Vec::new();
    for (at, target) in targets.iter().enumerate() {
        let chosen = chosen.map(|amounts| amounts[at]);
        let (own, gained) = columns_of(target, chosen, &mut variables);
        gain += gained;
        columns.push(own);
    }
    let mut all = Vec::new();
    for (at, (target, own)) in targets.iter().zip(&columns).enumerate() {
        all.extend(limits(target, own, chosen.map(|amounts| amounts[at])));
    }
    let total: Expression = columns.iter().map(|own| own.amount.clone()).sum();
    for group in groups {
        let part: Expression =
            group.members.iter().map(|member| columns[*member].amount.clone()).sum();
        all.push(constraint!(part.clone() >= group.share_min * total.clone()));
        all.push(constraint!(part <= group.share_max * total.clone()));
    }
    let mut priced = Vec::new();
    for (at, resource) in resources.iter().enumerate() {
        let pairs = targets.iter().zip(&columns).filter(|(target, _)| target.uses[at] > 0.0);
        let used: Expression =
            pairs.map(|(target, own)| target.uses[at] * own.amount.clone()).sum();
        priced.push(constraint!(used <= resource.capacity));
    }
    (Problem { variables, gain, limits: all, priced }, columns)
}

/// The best amount of each target.
fn best_amounts(problem: &Problem, targets: &[Target], columns: &[Columns]) -> Result<Vec<f64>> {
    let pieces: Vec<Variable> = columns.iter().flat_map(|own| own.pieces.clone()).collect();
    let values = problem.best(&pieces)?;
    let mut values = values.iter();
    let amount = |(target, own): (&Target, &Columns)| {
        let amount = values.by_ref().take(own.pieces.len()).sum::<f64>();
        let amount = if target.whole { amount.round() } else { amount };
        if amount < 1e-9 { 0.0 } else { amount }
    };
    Ok(targets.iter().zip(columns).map(amount).collect())
}

fn columns_of(
    target: &Target,
    chosen: Option<f64>,
    variables: &mut ProblemVariables,
) -> (Columns, Expression) {
    let mut gain = Expression::default();
    let mut pieces = Vec::new();
    for (length, slope) in target.pieces() {
        let piece = variables.add(variable().min(0.0).max(length));
        gain += slope * piece;
        pieces.push(piece);
    }
    // Beyond the returns an amount brings nothing, but a least amount may ask for it.
    let end = target.returns.last().map_or(0.0, |(amount, _)| *amount);
    if target.at_most > end {
        pieces.push(variables.add(variable().min(0.0).max(target.at_most - end)));
    }
    let is_open = target.or_nothing && target.at_least > 0.0 && chosen.is_none();
    let used = is_open.then(|| variables.add(variable().binary()));
    let is_whole = target.whole && chosen.is_none();
    let whole = is_whole.then(|| variables.add(variable().integer().min(0.0).max(target.at_most)));
    let amount = pieces.iter().copied().sum();
    (Columns { amount, pieces, used, whole }, gain)
}

fn limits(target: &Target, own: &Columns, chosen: Option<f64>) -> Vec<Constraint> {
    let amount = || own.amount.clone();
    let mut limits = Vec::new();
    if let Some(whole) = own.whole {
        limits.push(constraint!(amount() == whole));
    }
    match (chosen, own.used) {
        // Whole amounts stay as they are, and who gets nothing goes on getting nothing.
        (Some(chosen), _) if target.whole || (target.or_nothing && chosen == 0.0) => {
            limits.push(constraint!(amount() == chosen));
        }
        (_, Some(used)) => {
            limits.push(constraint!(amount() >= target.at_least * used));
            limits.push(constraint!(amount() <= target.at_most * used));
        }
        _ => {
            limits.push(constraint!(amount() >= target.at_least));
            limits.push(constraint!(amount() <= target.at_most));
        }
    }
    limits
}

/// Gives one resource to the steepest returns first: exact without least amounts, whole numbers and
/// groups, and for millions of targets.
///
/// # Errors
/// When a target makes no sense or has such a limit, or does not use exactly one resource.
pub fn greedy(targets: &[Target], capacity: f64) -> Result<Vec<f64>> {
    check(targets, &[Resource { name: String::new(), capacity }], &[])?;
    let mut pieces = Vec::new();
    for (at, target) in targets.iter().enumerate() {
        let is_free = target.at_least == 0.0 && !target.whole;
        if !is_free || target.uses[0] <= 0.0 {
            let wanted = "the greedy way needs a use, and no least or whole amounts";
            return Err(Error::Feature { name: target.name.clone(), wanted });
        }
        for (length, slope) in target.pieces().filter(|(_, slope)| *slope > 0.0) {
            pieces.push((slope / target.uses[0], at, length));
        }
    }
    pieces.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut amounts = vec![0.0; targets.len()];
    let mut left = capacity;
    for (_, at, length) in pieces {
        let target = &targets[at];
        let most = length.min(target.at_most - amounts[at]).min(left / target.uses[0]);
        if most > 0.0 {
            amounts[at] += most;
            left -= most * target.uses[0];
        }
    }
    Ok(amounts)
}

#[cfg(test)]
mod tests;
