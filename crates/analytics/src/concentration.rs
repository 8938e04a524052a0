//! How much of the business hangs on how few: ABC classes, the Lorenz curve, Gini.
//!
//! ```
//! use guanxi_analytics::concentration::{Class, Concentration};
//! let found = Concentration::of(&[50.0, 800.0, 100.0, 50.0])?;
//! assert_eq!(found.order[0], 1);
//! assert_eq!(found.top(0.25)?, 0.8);
//! assert_eq!(found.classes(0.8, 0.95)?, [Class::C, Class::A, Class::B, Class::C]);
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

use crate::error::{each, parameter, same_length};
use crate::{Error, Result};

/// The class of a customer by the share of the business that they and the larger ones make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// The few that make most of it.
    A,
    /// Those who make most of the rest.
    B,
    /// The many.
    C,
}

/// How business is distributed over customers.
#[derive(Debug, Clone, PartialEq)]
pub struct Concentration {
    /// From the largest to the smallest: the places of the customers.
    pub order: Vec<usize>,
    /// The share of the business of the first so many in that order, ending at 1.
    pub cumulative: Vec<f64>,
    /// The places in that order at which another value begins.
    steps: Vec<usize>,
    /// 0 where all are alike, towards 1 where one has all (Gini 1912).
    pub gini: f64,
}

impl Concentration {
    /// From what each customer is worth.
    ///
    /// # Errors
    /// When there is none, one is negative or no number, or all are 0.
    pub fn of(values: &[f64]) -> Result<Self> {
        same_length("values", values.len(), values.len())?;
        each("values", values, "must be 0 or more", |value| value >= 0.0)?;
        let total: f64 = values.iter().sum();
        if total <= 0.0 {
            return Err(Error::TooFew { what: "customers with a value", found: 0, wanted: 1 });
        }
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|a, b| values[*b].total_cmp(&values[*a]).then(a.cmp(b)));
        let mut sum = 0.0;
        let mut cumulative = Vec::with_capacity(order.len());
        let (count, mut ranked) = (values.len() as f64, 0.0);
        for (at, place) in order.iter().enumerate() {
            sum += values[*place];
            cumulative.push(sum / total);
            // The rank from the smallest, counted from 1.
            ranked += (count - at as f64) * values[*place];
        }
        let steps = (0..order.len())
            .filter(|at| *at == 0 || values[order[*at]] != values[order[*at - 1]])
            .collect();
        let gini = 2.0 * ranked / (count * total) - (count + 1.0) / count;
        Ok(Self { order, cumulative, steps, gini })
    }

    /// What share of the business the largest `share` of the customers make, rounded up to whole
    /// customers: `top(0.2)` is near .8 where the rule of Pareto holds.
    ///
    /// # Errors
    /// When the share is not between 0 and 1.
    pub fn top(&self, share: f64) -> Result<f64> {
        parameter("share", share, "must be from 0 to 1", |share| (0.0..=1.0).contains(&share))?;
        let count = (share * self.order.len() as f64).ceil() as usize;
        Ok(count.checked_sub(1).map_or(0.0, |last| self.cumulative[last]))
    }

    /// The class of every customer: A while the larger ones and they make at most `a` of the business,
    /// B while at most `b`; the usual limits are .8 and .95. The first customer is always A.
    /// Customers of one value are of one class: that of the middle of them.
    ///
    /// # Errors
    /// When not 0 < a < b ≤ 1.
    pub fn classes(&self, a: f64, b: f64) -> Result<Vec<Class>> {
        parameter("a", a, "must be more than 0", |a| a > 0.0)?;
        parameter("b", b, "must be more than a and at most 1", |b| b > a && b <= 1.0)?;
        let mut classes = vec![Class::C; self.order.len()];
        let ends = self.steps.iter().skip(1).copied().chain([self.order.len()]);
        for (start, end) in self.steps.iter().copied().zip(ends) {
            let share = f64::midpoint(self.cumulative[start], self.cumulative[end - 1]);
            let class = match share {
                _ if start == 0 => Class::A,
                share if share <= a => Class::A,
                share if share <= b => Class::B,
                _ => Class::C,
            };
            self.order[start..end].iter().for_each(|place| classes[*place] = class);
        }
        Ok(classes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_of_one_value_are_of_one_class() {
        let alike = Concentration::of(&[1_200.0; 150]).unwrap().classes(0.8, 0.95).unwrap();
        assert_eq!(alike, [Class::A; 150]);
        // Two of them stand at each limit.
        let values = [600.0, 150.0, 150.0, 30.0, 40.0, 30.0];
        let classes = Concentration::of(&values).unwrap().classes(0.8, 0.95).unwrap();
        assert_eq!(classes, [Class::A, Class::B, Class::B, Class::C, Class::B, Class::C]);
    }

    #[test]
    fn extremes() {
        let alike = Concentration::of(&[5.0; 10]).unwrap();
        assert!(alike.gini.abs() < 1e-12 && (alike.top(0.2).unwrap() - 0.2).abs() < 1e-12);
        let one = Concentration::of(&[0.0, 0.0, 0.0, 7.0]).unwrap();
        assert!((one.gini - 0.75).abs() < 1e-12);
        assert_eq!(one.classes(0.8, 0.95).unwrap()[3], Class::A);
        assert!(Concentration::of(&[]).is_err() && Concentration::of(&[0.0]).is_err());
        assert!(Concentration::of(&[1.0, -1.0]).is_err());
    }
}
