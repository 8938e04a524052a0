//! Maximum likelihood: the search for the best positive parameters, and how sure they are.

use std::cell::RefCell;

use argmin::core::{CostFunction, Executor, Gradient, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;

use crate::{Error, Result};

/// Steps of the search.
const STEPS_MAX: u64 = 500;

/// The log-likelihood of N positive parameters and its gradient by them.
pub(crate) trait Likelihood<const N: usize> {
    fn at(&self, parameters: &[f64; N]) -> (f64, [f64; N]);
}

/// Where the search ended.
#[derive(Debug, Clone)]
pub(crate) struct Estimates<const N: usize> {
    pub(crate) parameters: [f64; N],
    pub(crate) log_likelihood: f64,
    /// None where the likelihood is flat in some direction.
    pub(crate) standard_errors: Option<[f64; N]>,
}

/// Where the search was last, with value and slope there.
type Known<const N: usize> = ([f64; N], f64, Vec<f64>);

/// The negative mean log-likelihood by the logarithms of the parameters, which keeps them positive
/// and the steps of all of them alike.
struct Problem<'a, L: ?Sized, const N: usize> {
    likelihood: &'a L,
    scale: f64,
    /// The search asks for value and slope one after the other.
    last: RefCell<Option<Known<N>>>,
}

impl<L: Likelihood<N> + ?Sized, const N: usize> Problem<'_, L, N> {
    fn at(&self, logs: &[f64]) -> (f64, Vec<f64>) {
        let key: [f64; N] = std::array::from_fn(|at| logs[at]);
        if let Some((known, value, slope)) = &*self.last.borrow()
            && *known == key
        {
            return (*value, slope.clone());
        }
        let parameters = key.map(f64::exp);
        let (value, slope) = self.likelihood.at(&parameters);
        let by_logs = (0..N).map(|at| -slope[at] * parameters[at] / self.scale).collect::<Vec<_>>();
        // Far outside, where nothing can be computed, is worse than everything.
        let value = if value.is_finite() { -value / self.scale } else { f64::MAX / 1e10 };
        *self.last.borrow_mut() = Some((key, value, by_logs.clone()));
        (value, by_logs)
    }
}

impl<L: Likelihood<N> + ?Sized, const N: usize> CostFunction for Problem<'_, L, N> {
    type Param = Vec<f64>;
    type Output = f64;
    fn cost(&self, logs: &Vec<f64>) -> std::result::Result<f64, argmin::core::Error> {
        Ok(self.at(logs).0)
    }
}

impl<L: Likelihood<N> + ?Sized, const N: usize> Gradient for Problem<'_, L, N> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;
    fn gradient(&self, logs: &Vec<f64>) -> std::result::Result<Vec<f64>, argmin::core::Error> {
        Ok(self.at(logs).1)
    }
}

/// Finds the parameters of the highest likelihood by L-BFGS with a Moré–Thuente line search, from
/// the best of several starts, and sharpens them by Newton's method. `scale` is about how many
/// observations there are.
pub(crate) fn maximise<L: Likelihood<N> + ?Sized, const N: usize>(
    model: &'static str,
    likelihood: &L,
    starts: &[[f64; N]],
    scale: f64,
) -> Result<Estimates<N>> {
    let value = |start: &[f64; N]| likelihood.at(start).0;
    let start = starts
        .iter()
        .filter(|start| value(start).is_finite())
        .max_by(|a, b| value(a).total_cmp(&value(b)))
        .ok_or(Error::NotConverged { model })?;
    let problem = Problem { likelihood, scale, last: RefCell::new(None) };
    let solver = LBFGS::new(MoreThuenteLineSearch::new(), 7)
        .with_tolerance_grad(1e-7)
        .and_then(|solver| solver.with_tolerance_cost(1e-13))
        .map_err(|_| Error::NotConverged { model })?;
    let begin = start.map(f64::ln).to_vec();
    let outcome = Executor::new(problem, solver)
        .configure(|state| state.param(begin).max_iters(STEPS_MAX))
        .run()
        .map_err(|_| Error::NotConverged { model })?;
    let found = outcome.state().get_best_param().ok_or(Error::NotConverged { model })?;
    sharpen(model, likelihood, std::array::from_fn(|at| found[at].exp()), scale)
}

/// Newton's method from near the best parameters: a few evaluations where a search from afar takes
/// hundreds. At a boundary, where the likelihood is flat, it stays where it is. The second
/// derivatives are differences of the gradient; their inverse gives the standard errors.
pub(crate) fn sharpen<L: Likelihood<N> + ?Sized, const N: usize>(
    model: &'static str,
    likelihood: &L,
    start: [f64; N],
    scale: f64,
) -> Result<Estimates<N>> {
    const ROUNDS: usize = 12;
    const HALVINGS: usize = 8;
    let by_logs = |parameters: &[f64; N]| {
        let (value, slope) = likelihood.at(parameters);
        (value, std::array::from_fn::<f64, N, _>(|at| slope[at] * parameters[at]))
    };
    let mut parameters = start;
    let (mut value, mut slope) = by_logs(&parameters);
    let mut covariance = None;
    for _ in 0..ROUNDS {
        let mut information = [[0.0; N]; N];
        for (at, row) in information.iter_mut().enumerate() {
            const STEP: f64 = 1e-5;
            let mut moved = parameters;
            moved[at] *= f64::exp(STEP);
            let there = by_logs(&moved).1;
            *row = std::array::from_fn(|other| -(there[other] - slope[other]) / STEP);
        }
        covariance = inverse(information);
        let Some(inverse) = covariance else { break };
        let step: [f64; N] =
            std::array::from_fn(|at| (0..N).map(|other| inverse[at][other] * slope[other]).sum());
        let upwards: f64 = (0..N).map(|at| step[at] * slope[at]).sum();
        let longest = step.iter().fold(0.0_f64, |most, part| most.max(part.abs()));
        if !(upwards > 0.0 && longest.is_finite()) {
            break;
        }
        // From afar no parameter grows by more than e at once.
        let reach = longest.recip().min(1.0);
        let mut better = None;
        for halving in 0..HALVINGS {
            let share = reach * 0.5_f64.powi(halving as i32);
            let moved = std::array::from_fn(|at| parameters[at] * (share * step[at]).exp());
            let there = by_logs(&moved);
            if there.0 >= value {
                better = Some((moved, there));
                break;
            }
        }
        let Some((moved, there)) = better else { break };
        (parameters, (value, slope)) = (moved, there);
        if longest < 1e-8 {
            break;
        }
    }
    let steep = slope.iter().any(|part| (part / scale).abs() > 1e-4);
    if !value.is_finite() || steep {
        return Err(Error::NotConverged { model });
    }
    // The variance of a logarithm is that of the relative error.
    let variances = covariance.map(|matrix| std::array::from_fn::<f64, N, _>(|at| matrix[at][at]));
    let certain = variances.filter(|all| all.iter().all(|one| one.is_finite() && *one > 0.0));
    let standard_errors =
        certain.map(|all| std::array::from_fn(|at| all[at].sqrt() * parameters[at]));
    Ok(Estimates { parameters, log_likelihood: value, standard_errors })
}

/// The inverse by Gauss–Jordan elimination; none of a matrix that has none.
fn inverse<const N: usize>(mut matrix: [[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut inverse = [[0.0; N]; N];
    for (at, row) in inverse.iter_mut().enumerate() {
        row[at] = 1.0;
    }
    for at in 0..N {
        let pivot = (at..N).max_by(|a, b| matrix[*a][at].abs().total_cmp(&matrix[*b][at].abs()))?;
        matrix.swap(at, pivot);
        inverse.swap(at, pivot);
        let divisor = matrix[at][at];
        if divisor.abs() < 1e-12 || !divisor.is_finite() {
            return None;
        }
        for column in 0..N {
            matrix[at][column] /= divisor;
            inverse[at][column] /= divisor;
        }
        for row in (0..N).filter(|row| *row != at) {
            let factor = matrix[row][at];
            for column in 0..N {
                matrix[row][column] -= factor * matrix[at][column];
                inverse[row][column] -= factor * inverse[at][column];
            }
        }
    }
    Some(inverse)
}

/// The gradient against central differences, for the tests of every likelihood.
#[cfg(test)]
pub(crate) fn assert_gradient<const N: usize>(
    likelihood: &impl Likelihood<N>,
    parameters: [f64; N],
) {
    let slope = likelihood.at(&parameters).1;
    for at in 0..N {
        let step = parameters[at] * 1e-6;
        let shifted = |by: f64| {
            let mut moved = parameters;
            moved[at] += by;
            likelihood.at(&moved).0
        };
        let difference = (shifted(step) - shifted(-step)) / (2.0 * step);
        let size = slope[at].abs().max(difference.abs()).max(1.0);
        assert!((slope[at] - difference).abs() < 1e-4 * size, "{at}: {} {difference}", slope[at]);
    }
}
