//! Speed of the value models: `cargo bench --package guanxi-analytics`.

#![expect(missing_docs, reason = "criterion's macros make functions without")]

use criterion::{Criterion, criterion_group, criterion_main};
use guanxi_analytics::value::{BetaGeoNbd, Histories, ParetoNbd};

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
    group.finish();
}

criterion_group!(benches, value);
criterion_main!(benches);
