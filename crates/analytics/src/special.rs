//! Special functions beyond those of statrs.

pub(crate) use statrs::function::gamma::{digamma, ln_gamma};

/// ln B(a, b); where a search goes too far for it, no number, instead of the panic of statrs' own.
pub(crate) fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// A series that has not ended after so many terms is as good as it gets.
const TERMS_MAX: usize = 200_000;

/// Gauss's hypergeometric function ₂F₁(a, b; c; z) for 0 ≤ z < 1 by its series; with positive
/// a, b, c every term is positive, so that nothing cancels.
pub(crate) fn hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for n in 0..TERMS_MAX {
        let n = n as f64;
        term *= (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
        sum += term;
        // The terms fall by at least z from here on, so that the rest is a geometric series.
        if term.abs() < 1e-15 * sum.abs() * (1.0 - z) {
            break;
        }
    }
    sum
}

/// ln(1 + eˣ) and its slope 1 / (1 + e⁻ˣ), with one exponential for both.
pub(crate) fn softplus_and_slope(x: f64) -> (f64, f64) {
    let small = (-x.abs()).exp();
    let slope = if x >= 0.0 { 1.0 } else { small } / (1.0 + small);
    (x.max(0.0) + (1.0 + small).ln(), slope)
}

/// 1 / (1 + e⁻ˣ).
pub(crate) fn logistic(x: f64) -> f64 {
    if x >= 0.0 { 1.0 / (1.0 + (-x).exp()) } else { x.exp() / (1.0 + x.exp()) }
}

/// Nodes in (0, 1) and weights of Gauss–Legendre quadrature with N points; the nodes are the
/// roots of the Legendre polynomial, found by Newton's method.
pub(crate) fn gauss_legendre<const N: usize>() -> [(f64, f64); N] {
    let mut rule = [(0.0, 0.0); N];
    let n = N as f64;
    for (at, slot) in rule.iter_mut().enumerate() {
        let mut x = (std::f64::consts::PI * (at as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 0.0;
        for _ in 0..100 {
            let (mut now, mut before) = (1.0, 0.0);
            for degree in 1..=N {
                let k = degree as f64;
                (now, before) = (((2.0 * k - 1.0) * x * now - (k - 1.0) * before) / k, now);
            }
            slope = n * (x * now - before) / (x * x - 1.0);
            let step = now / slope;
            x -= step;
            if step.abs() < 1e-16 {
                break;
            }
        }
        *slot = ((1.0 - x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope));
    }
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hypergeometric_values() {
        // 2F1(1, 1; 2; z) = -ln(1 - z) / z; 2F1(a, b; b; z) = (1 - z)^-a.
        assert!((hypergeometric(1.0, 1.0, 2.0, 0.9) - 10_f64.ln() / 0.9).abs() < 1e-13);
        assert!((hypergeometric(2.5, 3.0, 3.0, 0.99) / 0.01_f64.powf(-2.5) - 1.0).abs() < 1e-11);
    }

    #[test]
    fn quadrature_is_exact_for_polynomials() {
        let rule = gauss_legendre::<16>();
        let sum: f64 = rule.iter().map(|(x, weight)| weight * x.powi(31)).sum();
        assert!((sum - 1.0 / 32.0).abs() < 1e-15);
    }
}
