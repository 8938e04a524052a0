//! What the models see of each customer.

use rayon::prelude::*;

use crate::Result;
use crate::error::{each, same_length};
use crate::minimise::{Estimates, Likelihood, maximise, sharpen};
use crate::{Error, value::Boundary};

/// So many rows are one piece of work; pieces are added in their order, so that the number of
/// threads changes no digit.
const PIECE: usize = 8_192;
/// So many customers are enough to begin with.
const CUSTOMERS_OF_SAMPLE: usize = 1_000;
/// Fewer customers than this tell nothing.
const CUSTOMERS_MIN: usize = 10;

/// One history and how many customers have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct History {
    pub(crate) repeats: f64,
    pub(crate) recency: f64,
    pub(crate) age: f64,
    pub(crate) weight: f64,
}

/// The histories of customers, those that are the same kept once.
#[derive(Debug, Clone)]
pub struct Histories {
    pub(crate) rows: Vec<History>,
    /// The numbers of repeats that occur, ascending, each with how many customers have it.
    pub(crate) repeats: Vec<(f64, f64)>,
    /// For each row the place of its repeats.
    pub(crate) repeats_of: Vec<u32>,
    /// For each customer the place of their row.
    row_of: Vec<u32>,
}

impl Histories {
    /// From one row for each customer.
    ///
    /// - `repeats`: purchases after the first (whole numbers, 0 or more);
    /// - `recency`: time from the first purchase to the last (0 without repeats);
    /// - `age`: time from the first purchase to now.
    ///
    /// Times are in one unit. Purchases on one day count once, as the models know no two at one
    /// time.
    ///
    /// # Errors
    /// When columns are empty or of different lengths, a number is none, negative or not whole,
    /// or a last purchase lies after now.
    pub fn new(repeats: &[f64], recency: &[f64], age: &[f64]) -> Result<Self> {
        same_length("repeats", repeats.len(), repeats.len())?;
        same_length("recency", recency.len(), repeats.len())?;
        same_length("age", age.len(), repeats.len())?;
        let whole = "must be a whole number, 0 or more";
        each("repeats", repeats, whole, |x| x >= 0.0 && x.fract() == 0.0)?;
        each("recency", recency, "must be 0 or more", |t| t >= 0.0)?;
        each("age", age, "must be 0 or more", |t| t >= 0.0)?;
        for row in 0..repeats.len() {
            let wrong = |column, value, wanted| Error::Value { column, row, value, wanted };
            if recency[row] > age[row] {
                return Err(wrong("recency", recency[row], "must not be more than age"));
            }
            if (repeats[row] > 0.0) != (recency[row] > 0.0) {
                let wanted = "must be more than 0 exactly where there are repeats";
                return Err(wrong("recency", recency[row], wanted));
            }
        }
        Ok(Self::collapsed(repeats, recency, age))
    }

    fn collapsed(repeats: &[f64], recency: &[f64], age: &[f64]) -> Self {
        // The bits of positive floats sort like the floats. They travel with the customer, so that
        // sorting does not jump about in the columns.
        let mut order: Vec<([u64; 3], u32)> = (0..repeats.len())
            .into_par_iter()
            .map(|at| {
                let bits = [repeats[at], recency[at], age[at]].map(|t| (t + 0.0).to_bits());
                (bits, at as u32)
            })
            .collect();
        order.par_sort_unstable();
        let mut histories = Self {
            rows: Vec::new(),
            repeats: Vec::new(),
            repeats_of: Vec::new(),
            row_of: vec![0; repeats.len()],
        };
        let mut before = None;
        for (bits, at) in order {
            let customer = at as usize;
            if before == Some(bits) {
                if let Some(row) = histories.rows.last_mut() {
                    row.weight += 1.0;
                }
            } else {
                if histories.repeats.last().is_none_or(|(known, _)| *known != repeats[customer]) {
                    histories.repeats.push((repeats[customer], 0.0));
                }
                histories.repeats_of.push(histories.repeats.len() as u32 - 1);
                histories.rows.push(History {
                    repeats: repeats[customer],
                    recency: recency[customer],
                    age: age[customer],
                    weight: 1.0,
                });
                before = Some(bits);
            }
            if let Some((_, weight)) = histories.repeats.last_mut() {
                *weight += 1.0;
            }
            histories.row_of[customer] = histories.rows.len() as u32 - 1;
        }
        histories
    }

    /// How many customers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.row_of.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.row_of.is_empty()
    }

    /// What is known of one customer.
    pub(crate) fn of_customer(&self, customer: usize) -> History {
        self.rows[self.row_of[customer] as usize]
    }

    /// Every eighth customer, which comes near the estimates of all; none where all are few.
    pub(crate) fn thinned(&self) -> Option<Self> {
        if self.len() < 2 * CUSTOMERS_OF_SAMPLE {
            return None;
        }
        let step = (self.len() / CUSTOMERS_OF_SAMPLE).min(8);
        let rows = self.row_of.iter().step_by(step).map(|row| &self.rows[*row as usize]);
        let column = |of: fn(&History) -> f64| rows.clone().map(of).collect::<Vec<_>>();
        let (repeats, recency) = (column(|row| row.repeats), column(|row| row.recency));
        Some(Self::collapsed(&repeats, &recency, &column(|row| row.age)))
    }

    /// The estimates of a model whose likelihood `of` makes of histories. Of many customers, those
    /// of a sample come first, and of that those of its own, so that few evaluations see all.
    pub(crate) fn maximise(
        &self,
        model: &'static str,
        starts: &[[f64; 4]],
        of: impl for<'b> Fn(&'b Self) -> Box<dyn Likelihood<4> + 'b> + Copy,
    ) -> Result<Estimates<4>> {
        let scale = self.len() as f64;
        if let Some(sample) = self.thinned()
            && let Ok(near) = sample.maximise(model, starts, of)
        {
            let share = sample.len() as f64 / scale;
            let about = near.covariance.map(|rows| rows.map(|row| row.map(|part| part * share)));
            if let Ok(found) = sharpen(model, &*of(self), near.parameters, about, scale) {
                return Ok(found);
            }
        }
        maximise(model, &*of(self), starts, scale)
    }

    /// Refuses what no model can be fitted to.
    pub(crate) fn enough(&self) -> Result<()> {
        let wanted = CUSTOMERS_MIN;
        let too_few = |what, found| Err(Error::TooFew { what, found, wanted });
        if self.len() < wanted {
            return too_few("customers", self.len());
        }
        let repeaters = self.repeats.iter().filter(|(repeats, _)| *repeats > 0.0);
        let repeaters: f64 = repeaters.map(|(_, weight)| weight).sum();
        if repeaters < wanted as f64 {
            return too_few("customers who came back", repeaters as usize);
        }
        Ok(())
    }

    /// The mean of the repeats for one unit of time, a start for every search.
    pub(crate) fn mean_rate(&self) -> f64 {
        let sum = |of: fn(&History) -> f64| -> f64 {
            self.rows.iter().map(|row| row.weight * of(row)).sum()
        };
        (sum(|row| row.repeats) / sum(|row| row.age)).max(1e-9)
    }

    /// The sum over all rows of N numbers each, in parallel and always the same.
    pub(crate) fn sum<const N: usize>(
        &self,
        of: impl Fn(&History, usize) -> [f64; N] + Sync,
    ) -> [f64; N] {
        let pieces: Vec<[f64; N]> = self
            .rows
            .par_chunks(PIECE)
            .zip(self.repeats_of.par_chunks(PIECE))
            .map(|(rows, places)| {
                let mut sums = [0.0; N];
                for (row, place) in rows.iter().zip(places) {
                    let numbers = of(row, *place as usize);
                    for at in 0..N {
                        sums[at] += row.weight * numbers[at];
                    }
                }
                sums
            })
            .collect();
        let mut sums = [0.0; N];
        for piece in pieces {
            for at in 0..N {
                sums[at] += piece[at];
            }
        }
        sums
    }

    /// One number for each customer, computed once for those who are alike.
    pub(crate) fn each(&self, of: impl Fn(&History) -> f64 + Sync + Send) -> Vec<f64> {
        let of_rows: Vec<f64> = self.rows.par_iter().map(of).collect();
        self.row_of.iter().map(|row| of_rows[*row as usize]).collect()
    }
}

/// Which boundary a pair of gamma parameters (shape, rate) of the purchase rate ran into.
pub(crate) fn purchase_boundary(shape: f64, rate: f64) -> Option<Boundary> {
    let huge = super::PARAMETER_MAX;
    (shape > huge || rate > huge * 1e3).then_some(Boundary::AllBuyAlike)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_kept_once() {
        let histories =
            Histories::new(&[1.0, 0.0, 1.0, 2.0], &[3.0, 0.0, 3.0, 4.0], &[5.0, 5.0, 5.0, 5.0])
                .unwrap();
        assert_eq!((histories.len(), histories.rows.len()), (4, 3));
        assert_eq!(histories.repeats, [(0.0, 1.0), (1.0, 2.0), (2.0, 1.0)]);
        assert_eq!(histories.each(|row| row.repeats), [1.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn nonsense_is_refused_by_row() {
        let row = |outcome: Result<Histories>| match outcome {
            Err(Error::Value { column, row, .. }) => Some((column, row)),
            _ => None,
        };
        let new = |x: f64, t: f64, age: f64| Histories::new(&[0.0, x], &[0.0, t], &[1.0, age]);
        assert_eq!(row(new(-1.0, 0.0, 1.0)), Some(("repeats", 1)));
        assert_eq!(row(new(1.5, 1.0, 1.0)), Some(("repeats", 1)));
        assert_eq!(row(new(1.0, f64::NAN, 1.0)), Some(("recency", 1)));
        assert_eq!(row(new(1.0, 2.0, 1.0)), Some(("recency", 1)));
        assert_eq!(row(new(0.0, 1.0, 1.0)), Some(("recency", 1)));
        assert_eq!(row(new(1.0, 0.0, 1.0)), Some(("recency", 1)));
        assert_eq!(Histories::new(&[], &[], &[]).unwrap_err(), Error::Empty { column: "repeats" });
    }
}
