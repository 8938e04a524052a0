//! What customers say: satisfaction, recommendation, expected against perceived service, value.
//!
//! ```
//! use guanxi_analytics::satisfaction::net_promoter_score;
//! // Two promoters, one in between, one detractor: of four answers nothing is sure.
//! let found = net_promoter_score(&[10.0, 9.0, 8.0, 3.0], 0.95)?;
//! assert_eq!(found.value, 25.0);
//! assert!(found.low < 0.0 && found.high > 50.0);
//! # Ok::<(), guanxi_analytics::Error>(())
//! ```

use crate::error::{each, parameter, same_length};
use crate::interval::half_width;
use crate::{Error, Interval, Result};

/// Customer satisfaction (CSAT): the share of ratings that are at least `satisfied_from`, such as 4
/// of 5, with Wilson's interval (1927), which keeps within 0 and 1 for small samples too.
///
/// # Errors
/// When there are no ratings or one is no number.
pub fn csat(ratings: &[f64], satisfied_from: f64, confidence: f64) -> Result<Interval> {
    same_length("ratings", ratings.len(), ratings.len())?;
    each("ratings", ratings, "must be a number", |_| true)?;
    let z = half_width(confidence)?;
    let n = ratings.len() as f64;
    let share = ratings.iter().filter(|rating| **rating >= satisfied_from).count() as f64 / n;
    let centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let spread = share * (1.0 - share) / n + z * z / (4.0 * n * n);
    let half = z / (1.0 + z * z / n) * spread.sqrt();
    Ok(Interval { value: share, low: centre - half, high: centre + half })
}

/// Net promoter score from answers of 0 to 10: the share of 9 and 10 less that of 0 to 6, times 100,
/// with the interval of its standard error √((p + d − (p − d)²) / n).
///
/// Reichheld, *Harvard Business Review* 81 (2003).
///
/// # Errors
/// When there are no answers or one is not a whole number from 0 to 10.
pub fn net_promoter_score(answers: &[f64], confidence: f64) -> Result<Interval> {
    same_length("answers", answers.len(), answers.len())?;
    let wanted = "must be a whole number from 0 to 10";
    each("answers", answers, wanted, |a| (0.0..=10.0).contains(&a) && a.fract() == 0.0)?;
    let z = half_width(confidence)?;
    let n = answers.len() as f64;
    let share = |of: fn(f64) -> bool| answers.iter().filter(|a| of(**a)).count() as f64 / n;
    let (promoters, detractors) = (share(|a| a >= 9.0), share(|a| a <= 6.0));
    let net = promoters - detractors;
    let error = ((promoters + detractors - net * net) / n).sqrt();
    let (low, high) = ((net - z * error).max(-1.0), (net + z * error).min(1.0));
    Ok(Interval { value: 100.0 * net, low: 100.0 * low, high: 100.0 * high })
}

/// One dimension of service quality: what customers expect and what they perceive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// The mean of what they expect.
    pub expected: f64,
    /// The mean of what they perceive.
    pub perceived: f64,
    /// Perceived less expected: below 0 the service falls short.
    pub gap: f64,
    /// The gap times the weight of the dimension.
    pub weighted: f64,
}

/// SERVQUAL: the gap of each dimension (as a rule reliability, assurance, tangibles, empathy,
/// responsiveness) from pairs of answers, weighted by what customers find important.
///
/// Parasuraman, Zeithaml & Berry, *Journal of Retailing* 64 (1988).
///
/// # Errors
/// When dimensions, weights and answers do not belong together, or the weights do not add up to 1.
pub fn servqual(dimensions: &[(&[f64], &[f64])], weights: &[f64]) -> Result<Vec<Gap>> {
    same_length("dimensions", dimensions.len(), dimensions.len())?;
    same_length("weights", weights.len(), dimensions.len())?;
    each("weights", weights, "must be 0 or more", |weight| weight >= 0.0)?;
    let sum: f64 = weights.iter().sum();
    parameter("weights", sum, "must add up to 1", |sum| (sum - 1.0).abs() < 1e-9)?;
    let mut gaps = Vec::with_capacity(dimensions.len());
    for ((expected, perceived), weight) in dimensions.iter().zip(weights) {
        same_length("expected", expected.len(), expected.len())?;
        same_length("perceived", perceived.len(), expected.len())?;
        each("expected", expected, "must be a number", |_| true)?;
        each("perceived", perceived, "must be a number", |_| true)?;
        let mean = |answers: &[f64]| answers.iter().sum::<f64>() / answers.len() as f64;
        let (expected, perceived) = (mean(expected), mean(perceived));
        let gap = perceived - expected;
        gaps.push(Gap { expected, perceived, gap, weighted: gap * weight });
    }
    Ok(gaps)
}

/// What to do about an attribute, by its importance and our performance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Important and weak.
    Concentrate,
    /// Important and strong.
    KeepUp,
    /// Unimportant and weak.
    LowPriority,
    /// Unimportant and strong.
    Overdone,
}

/// Importance–performance analysis: each attribute against the means of both.
///
/// Martilla & James, *Journal of Marketing* 41 (1977).
///
/// # Errors
/// When columns have different lengths or a number is none.
pub fn importance_performance(importance: &[f64], performance: &[f64]) -> Result<Vec<Advice>> {
    same_length("importance", importance.len(), importance.len())?;
    same_length("performance", performance.len(), importance.len())?;
    each("importance", importance, "must be a number", |_| true)?;
    each("performance", performance, "must be a number", |_| true)?;
    let mean = |column: &[f64]| column.iter().sum::<f64>() / column.len() as f64;
    let (usual_importance, usual_performance) = (mean(importance), mean(performance));
    let advise = |(importance, performance): (&f64, &f64)| match (
        *importance >= usual_importance,
        *performance >= usual_performance,
    ) {
        (true, false) => Advice::Concentrate,
        (true, true) => Advice::KeepUp,
        (false, false) => Advice::LowPriority,
        (false, true) => Advice::Overdone,
    };
    Ok(importance.iter().zip(performance).map(advise).collect())
}

/// The value of an offer against those of competitors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CustomerValue {
    /// Perceived quality against the mean of all offers: 1 is usual.
    pub quality: f64,
    /// Price against the mean of all offers.
    pub price: f64,
    /// V = Q / P: above 1 the customer gets more than usual for the money.
    pub value: f64,
}

/// Customer value V = Q/P of each offer of a market: perceived quality and price, each against the mean
/// of all offers.
///
/// Gale, *Managing Customer Value* (1994).
///
/// # Errors
/// When columns have different lengths, fewer than two offers are compared, or a number is not
/// positive.
pub fn customer_value(quality: &[f64], price: &[f64]) -> Result<Vec<CustomerValue>> {
    same_length("quality", quality.len(), quality.len())?;
    same_length("price", price.len(), quality.len())?;
    each("quality", quality, "must be more than 0", |q| q > 0.0)?;
    each("price", price, "must be more than 0", |p| p > 0.0)?;
    if quality.len() < 2 {
        return Err(Error::TooFew { what: "offers", found: quality.len(), wanted: 2 });
    }
    let mean = |column: &[f64]| column.iter().sum::<f64>() / column.len() as f64;
    let (usual_quality, usual_price) = (mean(quality), mean(price));
    let compare = |(quality, price): (&f64, &f64)| {
        let (quality, price) = (quality / usual_quality, price / usual_price);
        CustomerValue { quality, price, value: quality / price }
    };
    Ok(quality.iter().zip(price).map(compare).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 5e-4, "{found} instead of {wanted}");
    }

    #[test]
    fn shares_and_scores_with_their_intervals() {
        // Wilson's interval of 8 of 10 at 95 %, as in textbooks.
        let ratings = [5.0, 4.0, 4.0, 5.0, 5.0, 4.0, 4.0, 5.0, 2.0, 1.0];
        let found = csat(&ratings, 4.0, 0.95).unwrap();
        near(found.value, 0.8);
        near(found.low, 0.4902);
        near(found.high, 0.9433);
        let answers: Vec<f64> =
            [(9.0, 50), (8.0, 30), (3.0, 20)].iter().flat_map(|(a, n)| vec![*a; *n]).collect();
        let found = net_promoter_score(&answers, 0.95).unwrap();
        near(found.value, 30.0);
        near(found.high - found.value, 100.0 * 1.959_964 * (0.61_f64 / 100.0).sqrt());
        assert!(net_promoter_score(&[11.0], 0.95).is_err() && csat(&[], 4.0, 0.95).is_err());
    }

    #[test]
    fn gaps_advice_and_value() {
        let gaps = servqual(&[(&[6.0, 7.0], &[5.0, 5.0]), (&[4.0], &[5.0])], &[0.7, 0.3]).unwrap();
        near(gaps[0].weighted, -1.05);
        near(gaps[1].gap, 1.0);
        assert!(servqual(&[(&[1.0], &[1.0])], &[0.9]).is_err());
        let advice = importance_performance(&[5.0, 5.0, 1.0, 1.0], &[1.0, 5.0, 1.0, 5.0]).unwrap();
        let wanted = [Advice::Concentrate, Advice::KeepUp, Advice::LowPriority, Advice::Overdone];
        assert_eq!(advice, wanted);
        let values = customer_value(&[8.0, 6.0], &[100.0, 100.0]).unwrap();
        near(values[0].value, 8.0 / 7.0);
    }
}
