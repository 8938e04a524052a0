//! The solvers of the allocation models: in Rust alone, or by HiGHS where the feature `optimiser` is on.
//!
//! Without it the best values are found by microlp (simplex, and branch and bound where numbers are
//! whole) and prices by Clarabel (an interior-point method); HiGHS gives both at once and is many times faster on problems
//! of thousands of whole numbers, but is compiled from C++.

use good_lp::{
    Constraint, DualValues, Expression, ProblemVariables, ResolutionError, Solution,
    SolutionWithDual, SolverModel, Variable,
};

use crate::{Error, Result};

pub(super) const MODEL: &str = "the allocation";

/// How far from the best a choice of whole numbers may be, as a share of it.
const GAP: f32 = 1e-6;

/// Something that is to be as much as possible.
pub(super) struct Problem {
    pub(super) variables: ProblemVariables,
    pub(super) gain: Expression,
    pub(super) limits: Vec<Constraint>,
    /// Limits whose prices are asked for.
    pub(super) priced: Vec<Constraint>,
}

impl Problem {
    /// The best values of some variables.
    pub(super) fn best(&self, wanted: &[Variable]) -> Result<Vec<f64>> {
        #[cfg(not(feature = "optimiser"))]
        let model = {
            use good_lp::WithMipGap as _;
            let model = self.variables.clone().maximise(&self.gain).using(good_lp::microlp);
            model.with_mip_gap(GAP).map_err(|_| Error::NotConverged { model: MODEL })?
        };
        #[cfg(feature = "optimiser")]
        let model = highs(self);
        let (model, _) = self.limited(model);
        let solution = model.solve().map_err(|error| refused(&error))?;
        Ok(wanted.iter().map(|variable| solution.value(*variable)).collect())
    }

    /// What one more of each priced limit would bring. There must be no whole numbers.
    pub(super) fn prices(&self) -> Result<Vec<f64>> {
        if self.priced.is_empty() {
            return Ok(Vec::new());
        }
        #[cfg(not(feature = "optimiser"))]
        let model = {
            let mut model = self.variables.clone().maximise(&self.gain).using(good_lp::clarabel);
            model.settings().tol_gap_abs(1e-11).tol_gap_rel(1e-11).tol_feas(1e-10);
            model
        };
        #[cfg(feature = "optimiser")]
        let model = highs(self);
        let (model, rows) = self.limited(model);
        let mut solution = model.solve().map_err(|error| refused(&error))?;
        let duals = solution.compute_dual();
        Ok(rows.into_iter().map(|row| duals.dual(row).abs()).collect())
    }

    /// A model with all limits, and the places of those that have prices.
    fn limited<M: SolverModel<Error = ResolutionError>>(
        &self,
        mut model: M,
    ) -> (M, Vec<good_lp::constraint::ConstraintReference>) {
        for limit in &self.limits {
            model.add_constraint(limit.clone());
        }
        let rows = self.priced.iter().map(|limit| model.add_constraint(limit.clone())).collect();
        (model, rows)
    }
}

/// Solved the same way each time, and silently.
#[cfg(feature = "optimiser")]
fn highs(problem: &Problem) -> good_lp::solvers::highs::HighsProblem {
    let model = problem.variables.clone().maximise(&problem.gain).using(good_lp::highs);
    model.set_threads(1).set_option("mip_rel_gap", f64::from(GAP)).set_option("output_flag", false)
}

/// Says in our words why there is no solution.
fn refused(error: &ResolutionError) -> Error {
    match error {
        ResolutionError::Infeasible => Error::Impossible { model: MODEL },
        _ => Error::NotConverged { model: MODEL },
    }
}
