//! Maximum likelihood: the search for the best positive parameters, and how sure they are.

use std::cell::RefCell;

use argmin::core::{CostFunction, Executor, Gradient, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use nalgebra::SMatrix;

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
    /// The covariance of the logarithms of the parameters, where it is known.
    pub(crate) covariance: Option<[[f64; N]; N]>,
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
    sharpen(model, likelihood, std::array::from_fn(|at| found[at].exp()), None, scale)
}

/// Where a search is: parameters, the value there, and its slope by their logarithms.
#[derive(Clone, Copy)]
struct Place<const N: usize> {
    parameters: [f64; N],
    value: f64,
    slope: [f64; N],
}

impl<const N: usize> Place<N> {
    fn at<L: Likelihood<N> + ?Sized>(likelihood: &L, parameters: [f64; N]) -> Self {
        let (value, slope) = likelihood.at(&parameters);
        Self { parameters, value, slope: std::array::from_fn(|at| slope[at] * parameters[at]) }
    }

    /// Goes the way that a covariance says, or a part of it, where that is not worse; how far the
    /// whole way was.
    fn step<L: Likelihood<N> + ?Sized>(
        &mut self,
        likelihood: &L,
        covariance: &[[f64; N]; N],
    ) -> Option<f64> {
        const HALVINGS: usize = 8;
        let way: [f64; N] = std::array::from_fn(|at| {
            (0..N).map(|other| covariance[at][other] * self.slope[other]).sum()
        });
        let upwards: f64 = (0..N).map(|at| way[at] * self.slope[at]).sum();
        let longest = way.iter().fold(0.0_f64, |most, part| most.max(part.abs()));
        if !(upwards > 0.0 && longest.is_finite()) {
            return None;
        }
        // From afar no parameter grows by more than e at once.
        let reach = longest.recip().min(1.0);
        for halving in 0..HALVINGS {
            let share = reach * 0.5_f64.powi(halving as i32);
            let moved = std::array::from_fn(|at| self.parameters[at] * (share * way[at]).exp());
            let there = Self::at(likelihood, moved);
            if there.value >= self.value {
                *self = there;
                return Some(longest);
            }
        }
        None
    }

    /// The inverse of the second derivatives, which are differences of the slope.
    fn covariance<L: Likelihood<N> + ?Sized>(&self, likelihood: &L) -> Option<[[f64; N]; N]> {
        const STEP: f64 = 1e-5;
        let mut information = SMatrix::<f64, N, N>::zeros();
        for at in 0..N {
            let mut moved = self.parameters;
            moved[at] *= f64::exp(STEP);
            let there = Self::at(likelihood, moved).slope;
            for other in 0..N {
                information[(at, other)] = -(there[other] - self.slope[other]) / STEP;
            }
        }
        let inverse = information.try_inverse()?;
        let known = inverse.iter().all(|part| part.is_finite());
        known.then(|| std::array::from_fn(|at| std::array::from_fn(|other| inverse[(at, other)])))
    }
}

/// Newton's method from near the best parameters: a few evaluations where a search from afar takes
/// hundreds. At a boundary, where the likelihood is flat, it stays where it is. A covariance that is
/// about right, such as that of a sample, goes most of the way for one evaluation a step. The last
/// covariance gives the standard errors.
pub(crate) fn sharpen<L: Likelihood<N> + ?Sized, const N: usize>(
    model: &'static str,
    likelihood: &L,
    start: [f64; N],
    about: Option<[[f64; N]; N]>,
    scale: f64,
) -> Result<Estimates<N>> {
    const ROUNDS: usize = 12;
    /// A step of Newton's that is this small ends within its square of the best.
    const SMALL: f64 = 3e-5;
    let mut place = Place::at(likelihood, start);
    if let Some(about) = about {
        for _ in 0..ROUNDS {
            if place.step(likelihood, &about).is_none_or(|longest| longest < SMALL) {
                break;
            }
        }
    }
    let mut covariance = None;
    for _ in 0..ROUNDS {
        covariance = place.covariance(likelihood);
        let Some(known) = &covariance else { break };
        if place.step(likelihood, known).is_none_or(|longest| longest < SMALL) {
            break;
        }
    }
    let Place { parameters, value, slope } = place;
    let steep = slope.iter().any(|part| (part / scale).abs() > 1e-4);
    if !value.is_finite() || steep {
        return Err(Error::NotConverged { model });
    }
    // The variance of a logarithm is that of the relative error.
    let variances = covariance.map(|matrix| std::array::from_fn::<f64, N, _>(|at| matrix[at][at]));
    let certain = variances.filter(|all| all.iter().all(|one| one.is_finite() && *one > 0.0));
    let standard_errors =
        certain.map(|all| std::array::from_fn(|at| all[at].sqrt() * parameters[at]));
    Ok(Estimates { parameters, log_likelihood: value, standard_errors, covariance })
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
