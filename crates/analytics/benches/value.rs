//! Speed of the value models: `cargo bench --package guanxi-analytics`.

#![expect(missing_docs, reason = "criterion's macros make functions without")]

use criterion::{Criterion, criterion_group, criterion_main};
use guanxi_analytics::value::{
    BetaGeoBetaBernoulli, BetaGeoNbd, GammaGamma, Histories, ParetoNbd, RetentionCurve,
};

/// Customers as BG/NBD has them, from a fixed sequence.
fn customers(count: usize) -> Histories {
    let mut state = 7_u64;
    let mut unit = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    let (mut repeats, mut recency, mut age) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..count {
        // Gamma(.25) by Ahrens and Dieter, beta(.8, 2.5) by Jöhnk.
        let rate = loop {
            let bound = (std::f64::consts::E + 0.25) / std::f64::consts::E;
            let p = bound * unit();
            if p <= 1.0 {
                let x = p.powf(4.0);
                if unit() <= (-x).exp() {
                    break x / 4.4;
                }
            } else {
                let x = -((bound - p) / 0.25).ln();
                if unit() <= x.powf(-0.75) {
                    break x / 4.4;
                }
            }
        };
        let chance = loop {
            let (u, v) = (unit().powf(1.0 / 0.8), unit().powf(1.0 / 2.5));
            if u + v <= 1.0 {
                break u / (u + v);
            }
        };
        let length = 26.0 + (unit() * 26.0 * 7.0).floor() / 7.0;
        let (mut time, mut count) = (0.0, 0.0);
        let mut last = 0.0;
        loop {
            time += -unit().ln() / rate;
            if time > length {
                break;
            }
            (count, last) = (count + 1.0, time);
            if unit() < chance {
                break;
            }
        }
        repeats.push(count);
        recency.push(last);
        age.push(length);
    }
    Histories::new(&repeats, &recency, &age).expect("they are histories")
}

fn value(criterion: &mut Criterion) {
    let histories = customers(100_000);
    let mut group = criterion.benchmark_group("value");
    group.sample_size(10);
    group.bench_function("BG/NBD, 100,000 customers", |bench| {
        bench.iter(|| BetaGeoNbd::estimate(&histories));
    });
    group.bench_function("Pareto/NBD, 100,000 customers", |bench| {
        bench.iter(|| ParetoNbd::estimate(&histories));
    });
    group.bench_function("MBG/NBD, 100,000 customers", |bench| {
        bench.iter(|| BetaGeoNbd::modified(&histories));
    });
    let years: Vec<f64> = (0..10_000).map(|n| f64::from(n % 7)).collect();
    let last: Vec<f64> =
        years.iter().map(|x| if *x > 0.0 { (x + 1.0).min(6.0) } else { 0.0 }).collect();
    let donors = Histories::new(&years, &last, &vec![6.0; 10_000]).expect("they are histories");
    group.bench_function("BG/BB, 10,000 donors", |bench| {
        bench.iter(|| BetaGeoBetaBernoulli::estimate(&donors));
    });
    let spent: Vec<f64> =
        years.iter().map(|x| if *x > 0.0 { 20.0 + 3.0 * x } else { 0.0 }).collect();
    group.bench_function("gamma-gamma, 10,000 customers", |bench| {
        bench.iter(|| GammaGamma::estimate(&years, &spent));
    });
    let left = [1000.0, 631.0, 468.0, 382.0, 326.0, 289.0, 262.0, 241.0];
    group.bench_function("sBG, 8 periods", |bench| bench.iter(|| RetentionCurve::estimate(&left)));
    group.finish();
}

criterion_group!(benches, value);
criterion_main!(benches);
