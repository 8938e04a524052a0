//! The baseline that every model is compared with. It values who bought once at nothing, so that it
//! is never what is used.

use super::{Fit, Histories, PurchaseModel};

/// Customers go on buying as often as they did so far, and nobody leaves: repeats ÷ age × horizon.
#[derive(Debug, Clone, PartialEq)]
pub struct Naive {
    rate_of_new: f64,
    fit: Fit,
}

impl Naive {
    /// There is nothing to estimate but the mean rate, for new customers.
    #[must_use]
    pub fn of(histories: &Histories) -> Self {
        let rate_of_new = histories.mean_rate();
        let fit = Fit {
            parameters: vec![("rate", rate_of_new)],
            standard_errors: None,
            log_likelihood: f64::NAN,
            boundary: None,
            is_penalised: false,
        };
        Self { rate_of_new, fit }
    }
}

impl PurchaseModel for Naive {
    fn name(&self) -> &'static str {
        "naive"
    }

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn probability_alive(&self, histories: &Histories) -> Vec<f64> {
        vec![1.0; histories.len()]
    }

    fn expected_purchases(&self, histories: &Histories, horizon: f64) -> Vec<f64> {
        histories.each(|row| if row.age > 0.0 { row.repeats / row.age * horizon } else { 0.0 })
    }

    fn expected_purchases_of_new(&self, horizon: f64) -> f64 {
        self.rate_of_new * horizon
    }
}
