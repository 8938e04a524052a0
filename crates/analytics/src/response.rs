//! What a budget brings: the answer of sales to what is spent on each channel.
//!
//! sales = base + Σ scale · saturation(carry-over(spend)) + controls. What is spent works on for a
//! while (the adstock of Broadbent, *Journal of the Market Research Society* 21, 1979): a geometric
//! carry-over θ; and each further unit brings less: the saturation xˢ/(kˢ + xˢ) of Hill (1910), as in Jin
//! et al., *Bayesian Methods for Media Mix Modeling with Carryover and Shape Effects* (Google, 2017).
//!
//! For given θ, k and s the rest is linear, so that only those are searched (Golub & Pereyra, *SIAM
//! Journal on Numerical Analysis* 10, 1973). Observed budgets seldom tell cause from season: confirm
//! what matters by an [experiment](crate::experiment).
//!
//! ```
//! use guanxi_analytics::response::{Channel, responses};
//! // Sixty weeks of letters: half of the effect is gone at 4, and none is left a week later.
//! let letters: Vec<f64> = (0..60).map(|week| f64::from(week * 7 % 13)).collect();
//! let sales: Vec<f64> = letters.iter().map(|spent| 20.0 + 30.0 * spent / (4.0 + spent)).collect();
//! let found = responses(&[Channel { name: "letters", spend: &letters }], &[], &sales)?;
//! let letters = &found.channels[0];
//! assert!((letters.steady(4.0) - 15.0).abs() < 0.5);
//! // The first letters bring more than the last.
//! assert!(letters.marginal(2.0) > 2.0 * letters.marginal(10.0));
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

use argmin::core::{CostFunction, Executor, State};
use argmin::solver::neldermead::NelderMead;
use nalgebra::{DMatrix, DVector};

use crate::error::{each, same_length};
use crate::special::logistic;
use crate::{Error, Result};

const MODEL: &str = "the response model";

/// What was spent on a channel, one number for each period.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel<'a> {
    /// By which the result names it.
    pub name: &'a str,
    /// In each period, 0 or more.
    pub spend: &'a [f64],
}

/// What a channel does.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The channel.
    pub name: String,
    /// The share of an effect that is left one period later.
    pub carry_over: f64,
    /// The effective spend that brings half of the most.
    pub half: f64,
    /// How the curve bends: 1 from the start on, above 1 only after a threshold.
    pub shape: f64,
    /// The most that can be sold by it in a period.
    pub most: f64,
    /// The standard error of the most, for the other parameters as they are.
    pub standard_error: f64,
    /// What it brought in the mean of the periods that there were.
    pub contribution: f64,
    /// Whether the spend never came near enough to the half to see any saturation: beyond what was
    /// spent the curve is a guess.
    pub is_beyond_data: bool,
}

/// The channels together.
#[derive(Debug, Clone, PartialEq)]
pub struct Responses {
    /// One for each channel.
    pub channels: Vec<Response>,
    /// What is sold without any.
    pub base: f64,
    /// What one unit of each control adds.
    pub controls: Vec<f64>,
    /// The share of the variance that all accounts for.
    pub r_squared: f64,
    /// The standard deviation of what is left.
    pub deviation: f64,
}

/// What works in each period of what was spent until then; of one unit, one works in all.
fn carried(spend: &[f64], carry_over: f64) -> Vec<f64> {
    let mut works = 0.0;
    let step = |spend: &f64| {
        works = carry_over * works + (1.0 - carry_over) * spend;
        works
    };
    spend.iter().map(step).collect()
}

fn saturated(effective: f64, half: f64, shape: f64) -> f64 {
    if effective <= 0.0 { 0.0 } else { 1.0 / (1.0 + (half / effective).powf(shape)) }
}

impl Response {
    /// What spending so much in every period brings in each.
    #[must_use]
    pub fn steady(&self, spend: f64) -> f64 {
        self.most * saturated(spend, self.half, self.shape)
    }

    /// What one more unit of spend brings, at a steady spend.
    #[must_use]
    pub fn marginal(&self, spend: f64) -> f64 {
        let share = saturated(spend, self.half, self.shape);
        if spend > 0.0 { self.most * self.shape * share * (1.0 - share) / spend } else { 0.0 }
    }
}

struct Problem<'a> {
    channels: &'a [Channel<'a>],
    controls: &'a [&'a [f64]],
    sales: &'a [f64],
    scales: Vec<f64>,
}

/// The linear part for given curves.
struct Linear {
    weights: Vec<f64>,
    squares: f64,
    design: DMatrix<f64>,
}

impl Problem<'_> {
    /// Carry-over, half and shape of a channel from three free numbers.
    fn curve(&self, free: &[f64], channel: usize) -> (f64, f64, f64) {
        let of = &free[3 * channel..3 * channel + 3];
        let shape = 0.5 + 2.5 * logistic(of[2]);
        (0.95 * logistic(of[0]), self.scales[channel] * of[1].clamp(-6.0, 6.0).exp(), shape)
    }

    fn linear(&self, free: &[f64]) -> Option<Linear> {
        let periods = self.sales.len();
        let width = 1 + self.controls.len() + self.channels.len();
        let mut design = DMatrix::from_element(periods, width, 1.0);
        for (at, control) in self.controls.iter().enumerate() {
            design.set_column(1 + at, &DVector::from_column_slice(control));
        }
        for (at, channel) in self.channels.iter().enumerate() {
            let (carry_over, half, shape) = self.curve(free, at);
            let works = carried(channel.spend, carry_over);
            let column = works.into_iter().map(|x| saturated(x, half, shape));
            let column = DVector::from_iterator(periods, column);
            design.set_column(1 + self.controls.len() + at, &column);
        }
        let sales = DVector::from_column_slice(self.sales);
        // Money spent on a channel cannot take sales away: channels that would are left out.
        let mut used: Vec<usize> = (0..width).collect();
        loop {
            let part = design.select_columns(&used);
            let mut normal = part.transpose() * &part;
            let trace = normal.trace();
            (0..used.len()).for_each(|at| normal[(at, at)] += 1e-10 * trace);
            let found = normal.cholesky()?.solve(&(part.transpose() * &sales));
            let first_channel = 1 + self.controls.len();
            let negative = (0..used.len())
                .filter(|at| used[*at] >= first_channel && found[*at] < 0.0)
                .min_by(|a, b| found[*a].total_cmp(&found[*b]));
            if let Some(at) = negative {
                used.remove(at);
                continue;
            }
            let squares = (&sales - part * &found).norm_squared();
            let mut weights = vec![0.0; width];
            used.iter().zip(found.iter()).for_each(|(at, weight)| weights[*at] = *weight);
            return Some(Linear { weights, squares, design });
        }
    }
}

impl CostFunction for &Problem<'_> {
    type Param = Vec<f64>;
    type Output = f64;
    fn cost(&self, free: &Vec<f64>) -> std::result::Result<f64, argmin::core::Error> {
        // A little that draws what the data do not tell to the middle.
        let drawn: f64 = free.iter().map(|one| one * one).sum::<f64>();
        let squares = self.linear(free).map_or(f64::INFINITY, |linear| linear.squares);
        let total: f64 = self.sales.iter().map(|sale| sale * sale).sum();
        Ok(if squares.is_finite() { squares / total + 1e-7 * drawn } else { 1e10 })
    }
}

/// Fits the responses of all channels together. Controls are columns such as price, season, holidays.
///
/// # Errors
/// When columns are empty or of different lengths, a spend is negative, a channel was never or always
/// equally used, or there are fewer than five periods for each number to be found.
pub fn responses(
    channels: &[Channel<'_>],
    controls: &[&[f64]],
    sales: &[f64],
) -> Result<Responses> {
    same_length("sales", sales.len(), sales.len())?;
    each("sales", sales, "must be a number", |_| true)?;
    let mut scales = Vec::new();
    for channel in channels {
        same_length("spend", channel.spend.len(), sales.len())?;
        each("spend", channel.spend, "must be 0 or more", |spend| spend >= 0.0)?;
        let (mean, deviation) = crate::moments::mean_and_deviation(channel.spend);
        if deviation <= 1e-9 * mean.max(1e-9) {
            let wanted = "must differ from period to period";
            return Err(Error::Feature { name: channel.name.to_owned(), wanted });
        }
        scales.push(mean);
    }
    for control in controls {
        same_length("controls", control.len(), sales.len())?;
        each("controls", control, "must be a number", |_| true)?;
    }
    let unknown = 1 + controls.len() + 4 * channels.len();
    if channels.is_empty() || sales.len() < 5 * unknown {
        let what = "periods for the numbers to be found";
        return Err(Error::TooFew { what, found: sales.len(), wanted: 5 * unknown });
    }
    let problem = Problem { channels, controls, sales, scales };
    let free = search(&problem)?;
    described(&problem, &free).ok_or(Error::NotConverged { model: MODEL })
}

/// Nelder & Mead's search (1965) from several carry-overs, each again from where it ended.
fn search(problem: &Problem<'_>) -> Result<Vec<f64>> {
    let failed = |_| Error::NotConverged { model: MODEL };
    let mut best: Option<(f64, Vec<f64>)> = None;
    for carry in [-2.0, 0.0, 1.5] {
        let mut start: Vec<f64> = (0..3 * problem.channels.len())
            .map(|at| if at % 3 == 0 { carry } else { 0.0 })
            .collect();
        for _ in 0..4 {
            let corner = |moved: usize| {
                let mut corner = start.clone();
                if moved > 0 {
                    corner[moved - 1] += 0.7;
                }
                corner
            };
            let simplex = (0..=start.len()).map(corner).collect();
            let solver = NelderMead::new(simplex).with_sd_tolerance(1e-14).map_err(failed)?;
            let steps = 400 * start.len() as u64;
            let found = Executor::new(problem, solver)
                .configure(|state| state.max_iters(steps))
                .run()
                .map_err(failed)?;
            let (cost, place) = (found.state().get_best_cost(), found.state().get_best_param());
            let Some(place) = place else { break };
            start.clone_from(place);
            if best.as_ref().is_none_or(|(known, _)| cost < *known) {
                best = Some((cost, start.clone()));
            }
        }
    }
    best.map(|(_, free)| free).ok_or(Error::NotConverged { model: MODEL })
}

fn described(problem: &Problem<'_>, free: &[f64]) -> Option<Responses> {
    let linear = problem.linear(free)?;
    let periods = problem.sales.len() as f64;
    let freedom = periods - free.len() as f64 - linear.weights.len() as f64;
    let variance = linear.squares / freedom.max(1.0);
    let mut normal = linear.design.transpose() * &linear.design;
    let trace = normal.trace();
    (0..linear.weights.len()).for_each(|at| normal[(at, at)] += 1e-10 * trace);
    let inverse = normal.cholesky()?.inverse();
    let first = 1 + problem.controls.len();
    let channels = problem.channels.iter().enumerate().map(|(at, channel)| {
        let (carry_over, half, shape) = problem.curve(free, at);
        let most_works = carried(channel.spend, carry_over).into_iter().fold(0.0, f64::max);
        let most = linear.weights[first + at];
        Response {
            name: channel.name.to_owned(),
            carry_over,
            half,
            shape,
            most,
            contribution: most * linear.design.column(first + at).mean(),
            standard_error: (variance * inverse[(first + at, first + at)]).sqrt(),
            is_beyond_data: most_works < half,
        }
    });
    let (_, deviation) = crate::moments::mean_and_deviation(problem.sales);
    Some(Responses {
        channels: channels.collect(),
        base: linear.weights[0],
        controls: linear.weights[1..first].to_vec(),
        r_squared: 1.0 - linear.squares / (periods * deviation * deviation).max(f64::MIN_POSITIVE),
        deviation: variance.sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use rand::Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::chance::generator;

    #[test]
    fn curves_are_found_again() {
        let mut random = generator(4);
        let mut spend =
            |most: f64| -> Vec<f64> {
                (0..300)
                    .map(|_| {
                        if random.random::<f64>() < 0.3 {
                            0.0
                        } else {
                            most * random.random::<f64>()
                        }
                    })
                    .collect()
            };
        let (letters, radio) = (spend(10.0), spend(50.0));
        let season: Vec<f64> = (0..300).map(|at| (f64::from(at) / 8.0).sin()).collect();
        let curve = |spend: &[f64], theta: f64, half: f64, shape: f64, most: f64| -> Vec<f64> {
            carried(spend, theta).iter().map(|x| most * saturated(*x, half, shape)).collect()
        };
        let (a, b) = (curve(&letters, 0.2, 3.0, 1.5, 40.0), curve(&radio, 0.7, 20.0, 2.0, 60.0));
        let sales: Vec<f64> = (0..300)
            .map(|at| {
                let error: f64 = StandardNormal.sample(&mut random);
                100.0 + 8.0 * season[at] + a[at] + b[at] + 0.5 * error
            })
            .collect();
        let channels = [
            Channel { name: "letters", spend: &letters },
            Channel { name: "radio", spend: &radio },
        ];
        let found = responses(&channels, &[&season], &sales).unwrap();
        assert!(found.r_squared > 0.99, "{found:?}");
        for (response, theta, curve) in [
            (&found.channels[0], 0.2, (3.0, 1.5, 40.0)),
            (&found.channels[1], 0.7, (20.0, 2.0, 60.0)),
        ] {
            assert!((response.carry_over - theta).abs() < 0.05, "{response:?}");
            assert!(!response.is_beyond_data);
            // Within what was spent the curve itself is known, if not each of its numbers.
            for spend in [0.5 * curve.0, curve.0, 1.5 * curve.0] {
                let truth = curve.2 * saturated(spend, curve.0, curve.1);
                assert!((response.steady(spend) - truth).abs() < 0.1 * truth, "{response:?}");
            }
            let (low, high) = (response.steady(curve.0), response.steady(curve.0 + 1e-4));
            assert!(((high - low) / 1e-4 - response.marginal(curve.0)).abs() < 1e-3);
        }
        assert!((found.controls[0] - 8.0).abs() < 0.2);
        // Base, controls and channels together are what was sold.
        let parts = found.base
            + found.controls[0] * season.iter().sum::<f64>() / 300.0
            + found.channels.iter().map(|channel| channel.contribution).sum::<f64>();
        assert!((parts - sales.iter().sum::<f64>() / 300.0).abs() < 1e-3);
        assert!(matches!(
            responses(&channels[..1], &[], &sales[..20]),
            Err(Error::Length { .. } | Error::TooFew { .. })
        ));
        let flat = vec![3.0; 300];
        let flat = [Channel { name: "flat", spend: &flat }];
        assert!(matches!(responses(&flat, &[], &sales), Err(Error::Feature { .. })));
    }
}
