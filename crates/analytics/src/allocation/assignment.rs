//! One of several actions for each case.

use good_lp::{
    DualValues, Expression, ProblemVariables, Solution, SolutionWithDual, SolverModel, Variable,
    constraint, variable,
};

use super::{Resource, Scarcity, most_of, refused};
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
    let (chosen, _) = solve(actions, resources, cases, true)?;
    let (_, prices) = solve(actions, resources, cases, false)?;
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

/// The actions of the cases, and the prices of resources and actions where parts are allowed.
fn solve(
    actions: &[Action],
    resources: &[Resource],
    cases: usize,
    whole: bool,
) -> Result<(Vec<Option<usize>>, Vec<f64>)> {
    let mut variables = ProblemVariables::new();
    let mut gain = Expression::default();
    let mut of_case: Vec<Vec<(usize, Variable)>> = vec![Vec::new(); cases];
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
    let mut model = most_of(gain, variables);
    for columns in of_case.iter().filter(|columns| columns.len() > 1) {
        let one: Expression = columns.iter().map(|(_, column)| *column).sum();
        model.add_constraint(constraint!(one <= 1.0));
    }
    let mut rows = Vec::new();
    for (at, resource) in resources.iter().enumerate() {
        let uses = of_case.iter().flatten();
        let used: Expression =
            uses.map(|(action, column)| actions[*action].uses[at] * *column).sum();
        rows.push(model.add_constraint(constraint!(used <= resource.capacity)));
    }
    for (at, action) in actions.iter().enumerate() {
        let own = of_case.iter().flatten().filter(|(action, _)| *action == at);
        let count: Expression = own.map(|(_, column)| *column).sum();
        rows.push(model.add_constraint(constraint!(count <= action.capacity)));
    }
    let mut solution = model.solve().map_err(|error| refused(&error))?;
    let chosen = of_case
        .iter()
        .map(|columns| {
            let taken = columns.iter().find(|(_, column)| solution.value(*column) > 0.5);
            taken.map(|(action, _)| *action)
        })
        .collect();
    let prices = if whole {
        Vec::new()
    } else {
        let duals = solution.compute_dual();
        rows.into_iter().map(|row| duals.dual(row).abs()).collect()
    };
    Ok((chosen, prices))
}
