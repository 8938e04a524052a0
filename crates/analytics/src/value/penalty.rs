//! A penalty on parameters that are far from common ones: where the data hold nothing of what a
//! parameter models, the likelihood is flat and has no best place; with it, it has one.

use crate::minimise::Likelihood;

/// How far, in powers of e, parameters commonly are from each other.
const SPREAD: f64 = 1.5;

/// A likelihood times a log-normal density of each parameter around a common value (the maximum a
/// posteriori). Its weight is that of a single customer, so that it settles only what is flat.
pub(crate) struct Penalised<'a> {
    pub(crate) of: Box<dyn Likelihood<4> + 'a>,
    pub(crate) common: [f64; 4],
}

impl Likelihood<4> for Penalised<'_> {
    fn at(&self, parameters: &[f64; 4]) -> (f64, [f64; 4]) {
        let (mut value, mut slope) = self.of.at(parameters);
        for at in 0..4 {
            let away = (parameters[at] / self.common[at]).ln();
            value -= (away / SPREAD).powi(2) / 2.0;
            slope[at] -= away / (SPREAD * SPREAD * parameters[at]);
        }
        (value, slope)
    }
}
