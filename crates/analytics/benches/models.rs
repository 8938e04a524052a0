//! Speed of the other models: `cargo bench --package guanxi-analytics --bench models`.

#![expect(missing_docs, reason = "criterion's macros make functions without")]

use criterion::{Criterion, criterion_group, criterion_main};
use guanxi_analytics::allocation::{Resource, Target, allocate, greedy};
use guanxi_analytics::basket::{item_sets, similar_items};
use guanxi_analytics::cluster::{KMeans, Rules, k_means, profiles};
use guanxi_analytics::cohort::cohorts;
use guanxi_analytics::composite::{Criterion as Part, Missing, Normalisation, scores};
use guanxi_analytics::concentration::Concentration;
use guanxi_analytics::elasticity::{Sales, elasticity};
use guanxi_analytics::experiment::difference;
use guanxi_analytics::forecast::{Ets, Hierarchy, Reconciliation, Theta, reconcile};
use guanxi_analytics::matching::{Blocking, Comparison, Field, Key, Model, Part as Of};
use guanxi_analytics::response::{Channel, responses};
use guanxi_analytics::rfm::by_quantiles;
use guanxi_analytics::satisfaction::net_promoter_score;
use guanxi_analytics::scoring::{Boosted, Boosting, Cases, Feature, Logistic, Loss, Scorer};
use guanxi_analytics::simulation::{Input, Promotion};
use guanxi_analytics::uplift::{Method, Trial, Uplift, qini};

/// Numbers from 0 to 1 from a fixed sequence.
fn units(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..count).map(|_| next()).collect()
}

fn numbers(values: &[f64], below: f64) -> Vec<u64> {
    values.iter().map(|value| (value * value * below) as u64).collect()
}

fn describing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("describing 100,000 customers");
    group.sample_size(10);
    let (a, b, c) = (units(100_000, 1), units(100_000, 2), units(100_000, 3));
    group.bench_function("RFM", |bench| bench.iter(|| by_quantiles(&a, &b, &c, 5)));
    group.bench_function("ABC and Gini", |bench| bench.iter(|| Concentration::of(&a)));
    let (customer, period) = (numbers(&a, 20_000.0), numbers(&b, 24.0));
    let period: Vec<i32> = period.into_iter().map(|month| month as i32).collect();
    group.bench_function("cohorts", |bench| bench.iter(|| cohorts(&customer, &period, &c)));
    let part = |values, weight| Part {
        values,
        weight,
        more_is_better: true,
        normalisation: Normalisation::Rank,
        missing: Missing::Reweight,
    };
    let parts = [part(&a, 50.0), part(&b, 30.0), part(&c, 20.0)];
    group.bench_function("composite scores", |bench| bench.iter(|| scores(&parts)));
    let answers: Vec<f64> = a.iter().map(|value| (value * 10.99).floor()).collect();
    group.bench_function("net promoter score", |bench| {
        bench.iter(|| net_promoter_score(&answers, 0.95));
    });
    let columns = [a.as_slice(), &b, &c];
    group.bench_function("k-means, 8 clusters", |bench| {
        bench.iter(|| k_means(&columns, &KMeans { starts: 1, ..KMeans::new(8) }));
    });
    let assignment: Vec<usize> = a.iter().map(|value| (value * 4.0) as usize).collect();
    group.bench_function("profiles", |bench| bench.iter(|| profiles(&columns, &assignment)));
    group.bench_function("rules", |bench| bench.iter(|| Rules::of(&columns, &assignment, 8)));
    let item = numbers(&c, 500.0);
    group.bench_function("item sets at .01", |bench| {
        bench.iter(|| item_sets(&customer, &item, 0.01, 4));
    });
    group.bench_function("similar items", |bench| {
        bench.iter(|| similar_items(&customer, &item, 10));
    });
    group.finish();
}

fn foretelling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("foretelling");
    group.sample_size(10);
    let columns: Vec<Vec<f64>> = (0..10).map(|at| units(50_000, at)).collect();
    let outcome: Vec<f64> = (0..50_000)
        .map(|row| {
            f64::from(u8::from(columns[0][row] + 0.5 * columns[1][row] > columns[2][row] + 0.2))
        })
        .collect();
    let features: Vec<Feature> = columns
        .iter()
        .enumerate()
        .map(|(at, x)| Feature::numbers(at.to_string(), x.clone()))
        .collect();
    let cases = Cases::new(&features, &outcome);
    group.bench_function("logistic regression, 50,000 × 10", |bench| {
        bench.iter(|| Logistic::fit(&cases, 1.0));
    });
    let settings = Boosting { trees: 50, patience: None, ..Boosting::new(Loss::Logistic) };
    group.bench_function("boosting, 50,000 × 10, 50 trees", |bench| {
        bench.iter(|| Boosted::fit(&cases, &settings));
    });
    let treated: Vec<bool> = columns[3].iter().map(|value| *value < 0.5).collect();
    group.bench_function("Qini of 50,000", |bench| {
        bench.iter(|| qini(&columns[0], &treated, &outcome, 0.95, 1));
    });
    let trial = Trial { features: &features, treated: &treated, outcome: &outcome };
    let learner = |cases: &Cases<'_>| -> guanxi_analytics::Result<Box<dyn Scorer>> {
        Ok(Box::new(Boosted::fit(cases, &settings)?))
    };
    group.bench_function("uplift by the X-learner, 50,000 × 10", |bench| {
        bench.iter(|| Uplift::fit(&trial, Method::CrossLearner, &learner));
    });
    group.bench_function("difference of 50,000", |bench| {
        bench.iter(|| difference(&columns[0], &columns[1], 0.95));
    });
    let series: Vec<f64> = units(120, 5)
        .iter()
        .enumerate()
        .map(|(at, noise)| 100.0 + at as f64 + 20.0 * (at as f64 / 1.9).sin() + 5.0 * noise)
        .collect();
    group.bench_function("Theta, 120 months", |bench| bench.iter(|| Theta::fit(&series, 12)));
    group.bench_function("ETS, best of all, 120 months", |bench| {
        bench.iter(|| Ets::choose(&series, 12));
    });
    let members: Vec<Vec<usize>> =
        std::iter::once((0..200).collect()).chain((0..200).map(|part| vec![part])).collect();
    let forecasts = vec![vec![5.0; 12]; 201];
    let hierarchy = Hierarchy::new(200, members).expect("each part is a series");
    group.bench_function("reconciliation of 201 series", |bench| {
        bench.iter(|| reconcile(&hierarchy, &forecasts, Reconciliation::ByParts));
    });
    group.finish();
}

fn deciding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("deciding");
    group.sample_size(10);
    let (price, quantity) = (units(20_000, 1), units(20_000, 2));
    let price: Vec<f64> = price.iter().map(|value| 1.0 + value).collect();
    let quantity: Vec<f64> = quantity.iter().map(|value| 1.0 + 50.0 * value).collect();
    let product: Vec<u32> = (0..20_000).map(|row| row / 100).collect();
    let period: Vec<u32> = (0..20_000).map(|row| row % 100).collect();
    let sales = Sales { product: &product, period: &period, price: &price, quantity: &quantity };
    group
        .bench_function("elasticity, 20,000 rows", |bench| bench.iter(|| elasticity(&sales, 0.95)));
    let spend = units(150, 3);
    let sold: Vec<f64> = spend.iter().map(|value| 10.0 + 5.0 * value.sqrt()).collect();
    let channels = [Channel { name: "one", spend: &spend }];
    group.bench_function("response, 150 weeks", |bench| {
        bench.iter(|| responses(&channels, &[], &sold));
    });
    let share = |yes, of| Input::Share { yes, of };
    let promotion = Promotion {
        customers: Input::Known(10_000.0),
        usual_rate: share(1_000, 10_000),
        uplift: Input::Normal { mean: 0.03, deviation: 0.01 },
        basket: Input::LogNormal { median: 60.0, spread: 0.2 },
        margin: Input::Triangular { low: 0.2, likely: 0.3, high: 0.5 },
        discount: Input::Known(0.1),
        pulled_forward: Input::Uniform { low: 0.1, high: 0.4 },
        contact_cost: Input::Known(0.1),
        fixed_cost: Input::Known(500.0),
    };
    group.bench_function("promotion, 10,000 draws", |bench| {
        bench.iter(|| promotion.simulate(10_000, 1))
    });
    let targets: Vec<Target> = units(500, 4)
        .iter()
        .map(|value| {
            let steep = 1.0 + 9.0 * value;
            Target::new("target", vec![(0.0, 0.0), (5.0, 5.0 * steep), (20.0, 8.0 * steep)])
        })
        .collect();
    let money = [Resource { name: "money".to_owned(), capacity: 2_000.0 }];
    group.bench_function("allocation to 500", |bench| {
        bench.iter(|| allocate(&targets, &money, &[]))
    });
    group.bench_function("greedy allocation to 500", |bench| {
        bench.iter(|| greedy(&targets, 2_000.0))
    });
    let words: Vec<String> =
        numbers(&units(10_000, 6), 9_000.0).iter().map(|n| format!("name{n}")).collect();
    let codes: Vec<String> =
        numbers(&units(10_000, 7), 9e7).iter().map(|n| format!("{n:08}")).collect();
    let fields =
        [Field::new("name", words, Comparison::Name), Field::new("code", codes, Comparison::Code)];
    let rules = Blocking::new(vec![vec![Key::new(0, Of::Whole)], vec![Key::new(1, Of::Start(6))]]);
    group.bench_function("matching of 10,000", |bench| {
        bench.iter(|| Model::learn(&fields, &rules, 1))
    });
    group.finish();
}

criterion_group!(benches, describing, foretelling, deciding);
criterion_main!(benches);
