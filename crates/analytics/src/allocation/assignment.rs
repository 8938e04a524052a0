//! One of several actions for each case.

use good_lp::{Expression, ProblemVariables, Variable, constraint, variable};

use super::solver::Problem;
use super::{Resource, Scarcity};
use crate::Result;
use crate::error::{each, parameter, same_length};

/// What may be done with a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// By which explanations name it.
    pub name: String,
    /// How many cases may have it.
    pub capacity: f64,
    /// What it brings for each case; NaN where it must not be.
    pub values: Vec<f64>,
    /// How much of each resource it takes for one case.
    pub uses: Vec<f64>,
}

/// Which action each case has.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The place of the action; none where nothing is best.
    pub actions: Vec<Option<usize>>,
    /// What all bring.
    pub total: f64,
    /// First the resources, then the actions themselves: what is used, and what more would bring.
    pub scarcity: Vec<Scarcity>,
}

/// Gives each case at most one action, for the most value in all, within what there is of each
/// resource and each action: a multiple-choice knapsack (Sinha & Zoltners, *Operations Research* 27,
/// 1979). The prices are those of the relaxed problem, in which a case may have parts of actions.
///
/// # Errors
/// When columns have different lengths or a capacity or use is negative.
pub fn assign(actions: &[Action], resources: &[Resource]) -> Result<Assignment> {
    let cases = actions.first().map_or(0, |action| action.values.len());
    for action in actions {
        same_length("values", action.values.len(), cases)?;
        same_length("uses", action.uses.len(), resources.len().max(action.uses.len()))?;
        each("uses", &action.uses, "must be 0 or more", |used| used >= 0.0)?;
        parameter("capacity", action.capacity, "must be 0 or more", |capacity| capacity >= 0.0)?;
        let infinite = action.values.iter().any(|value| value.is_infinite());
        parameter("values", f64::from(u8::from(infinite)), "must be finite", |wrong| wrong == 0.0)?;
    }
    same_length("actions", cases, cases)?;
    for resource in resources {
        parameter("capacity", resource.capacity, "must be 0 or more", |capacity| capacity >= 0.0)?;
    }
    let (whole, of_case) = problem(actions, resources, cases, true);
    let chosen = best_actions(&whole, &of_case)?;
    let (prices, _) = problem(actions, resources, cases, false);
    let prices = prices.prices()?;
    let of_cases = chosen.iter().enumerate();
    let total = of_cases.filter_map(|(case, action)| Some(actions[(*action)?].values[case])).sum();
    let count = |wanted: usize| chosen.iter().filter(|one| **one == Some(wanted)).count() as f64;
    let counts: Vec<f64> = (0..actions.len()).map(count).collect();
    let mut prices = prices.into_iter();
    let mut scarcity = Vec::new();
    for (at, resource) in resources.iter().enumerate() {
        let used = actions.iter().zip(&counts).map(|(action, n)| action.uses[at] * n).sum();
        let (name, capacity) = (resource.name.clone(), resource.capacity);
        scarcity.push(Scarcity { name, used, capacity, price: prices.next().unwrap_or(0.0) });
    }
    for (action, used) in actions.iter().zip(&counts) {
        let (name, capacity, used) = (action.name.clone(), action.capacity, *used);
        scarcity.push(Scarcity { name, used, capacity, price: prices.next().unwrap_or(0.0) });
    }
    Ok(Assignment { actions: chosen, total, scarcity })
}

/// For each case the actions that would bring it something, and their variables.
type ActionsOf = Vec<Vec<(usize, Variable)>>;

/// The problem of which action each case has; where it is not whole, a case may have parts of actions.
fn problem(
    actions: &[Action],
    resources: &[Resource],
    cases: usize,
    whole: bool,
) -> (Problem, ActionsOf) {
    let mut variables = ProblemVariables::new();
    let mut gain = Expression::default();
    let mut of_case: ActionsOf = vec![Vec::new(); cases];
    for (at, action) in actions.iter().enumerate() {
        for (case, value) in action.values.iter().enumerate() {
            // What brings nothing is never better than nothing.
            if *value > 0.0 {
                let kind = if whole { variable().binary() } else { variable().min(0.0).max(1.0) };
                let column = variables.add(kind);
                gain += *value * column;
                of_case[case].push((at, column));
            }
        }
    }
    let several = of_case.iter().filter(|columns| columns.len() > 1);
    let limits = several.map(|columns| {
        let one: Expression = columns.iter().map(|(_, column)| *column).sum();
        constraint!(one <= 1.0)
    });
    let limits = limits.collect();
    let mut priced = Vec::new();
    for (at, resource) in resources.iter().enumerate() {
        let uses = of_case.iter().flatten();
        let used: Expression =
            uses.map(|(action, column)| actions[*action].uses[at] * *column).sum();
        priced.push(constraint!(used <= resource.capacity));
    }
    for (at, action) in actions.iter().enumerate() {
        let own = of_case.iter().flatten().filter(|(action, _)| *action == at);
        let count: Expression = own.map(|(_, column)| *column).sum();
        priced.push(constraint!(count <= action.capacity));
    }
    (Problem { variables, gain, limits, priced }, of_case)
}

/// The best action of each case.
fn best_actions(problem: &Problem, of_case: &ActionsOf) -> Result<Vec<Option<usize>>> {
    let columns: Vec<Variable> = of_case.iter().flatten().map(|(_, column)| *column).collect();
    let values = problem.best(&columns)?;
    let mut values = values.iter();
    let chosen = of_case.iter().map(|columns| {
        let taken = columns.iter().zip(values.by_ref()).filter(|(_, value)| **value > 0.5);
        taken.map(|((action, _), _)| *action).last()
    });
    Ok(chosen.collect())
}
