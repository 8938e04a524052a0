//! Clouds with known centres.

use proptest::prelude::*;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::*;

/// Three clouds around (0, 0), (6, 0), (0, 600) of which the second column has the larger unit.
fn clouds(count: usize) -> (Vec<f64>, Vec<f64>, Vec<usize>) {
    let mut random = generator(1);
    let (mut x, mut y, mut truth) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..count {
        let cloud = random.random_range(0..6_usize).saturating_sub(3);
        let mut noise = || -> f64 { StandardNormal.sample(&mut random) };
        x.push(noise() + if cloud == 1 { 12.0 } else { 0.0 });
        y.push(100.0 * (noise() + if cloud == 2 { 12.0 } else { 0.0 }));
        truth.push(cloud);
    }
    (x, y, truth)
}

#[test]
fn clouds_are_found_counted_and_described() {
    let (x, y, truth) = clouds(1_500);
    let columns = [x.as_slice(), y.as_slice()];
    let (clusters, tried) = choose_k(&columns, 6, &KMeans::new(0)).unwrap();
    assert_eq!(clusters.centres.len(), 3);
    assert!(clusters.converged);
    assert_eq!(tried.len(), 5);
    assert!(tried.iter().all(|one| one.silhouette <= tried[1].silhouette));
    assert!(tried[1].silhouette > SILHOUETTE_MIN);
    assert!(clusters.sizes.is_sorted_by(|a, b| a >= b));
    assert!(truth.iter().zip(&clusters.assignment).all(|(a, b)| {
        // Cloud 0 is the largest; the others are told apart by their centres.
        (*a == 0) == (*b == 0)
    }));
    let profiles = profiles(&columns, &clusters.assignment).unwrap();
    for (profile, centre) in profiles.iter().zip(&clusters.centres).skip(1) {
        let most = &profile.traits[0];
        assert!(most.difference > 1.0);
        assert!((most.mean - centre[most.column]).abs() < 1e-6 * most.mean.abs());
    }
    let rules = Rules::of(&columns, &clusters.assignment, 3).unwrap();
    assert!(rules.accuracy > 0.99, "{}", rules.accuracy);
    assert!(rules.rules.iter().all(|rule| rule.conditions.len() <= 2));
    for (row, cluster) in clusters.assignment.iter().enumerate().take(50) {
        assert_eq!(rules.cluster(&[x[row], y[row]]), Some(*cluster));
    }
}

/// Of four cases in two pairs the widths can be computed by hand.
#[test]
fn silhouette_by_hand() {
    let column = [0.0, 1.0, 10.0, 11.0];
    let found = silhouette(&[&column], &[0, 0, 1, 1], false, 10, 0).unwrap();
    let outer = (10.5 - 1.0) / 10.5;
    let inner = (9.5 - 1.0) / 9.5;
    assert!((found - (outer + inner) / 2.0).abs() < 1e-12);
    assert_eq!(silhouette(&[&column], &[0, 0, 0, 0], false, 10, 0), Ok(0.0));
}

#[test]
fn nonsense_is_refused() {
    assert!(matches!(k_means(&[], &KMeans::new(2)), Err(Error::Empty { .. })));
    assert!(matches!(k_means(&[&[]], &KMeans::new(2)), Err(Error::Empty { .. })));
    assert!(matches!(k_means(&[&[1.0, f64::NAN]], &KMeans::new(2)), Err(Error::Value { .. })));
    assert!(matches!(
        k_means(&[&[1.0, 1.0]], &KMeans::new(2)),
        Err(Error::TooFew { found: 1, .. })
    ));
    assert!(matches!(k_means(&[&[1.0, 1.0]], &KMeans::new(0)), Err(Error::Parameter { .. })));
    assert!(matches!(k_means(&[&[1.0], &[1.0, 2.0]], &KMeans::new(1)), Err(Error::Length { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Each case is nearest to its own centre, centres are means, and one seed gives one answer.
    #[test]
    fn centres_are_means(
        values in prop::collection::vec((-100.0_f64..100.0, -1.0_f64..1.0), 20..700),
        clusters in 1_usize..6,
    ) {
        let (x, y): (Vec<f64>, Vec<f64>) = values.into_iter().unzip();
        let columns = [x.as_slice(), y.as_slice()];
        let settings = KMeans { standardise: false, ..KMeans::new(clusters) };
        let found = k_means(&columns, &settings).unwrap();
        prop_assert_eq!(&found, &k_means(&columns, &settings).unwrap());
        prop_assert_eq!(found.sizes.iter().sum::<usize>(), x.len());
        prop_assume!(found.converged);
        let mut inertia = 0.0;
        for row in 0..x.len() {
            let distance = |centre: &Vec<f64>| (x[row] - centre[0]).powi(2) + (y[row] - centre[1]).powi(2);
            let own = distance(&found.centres[found.assignment[row]]);
            inertia += own;
            for centre in &found.centres {
                prop_assert!(own <= distance(centre) + 1e-9);
            }
        }
        prop_assert!((inertia - found.inertia).abs() <= 1e-9 * inertia.max(1.0));
        for (cluster, centre) in found.centres.iter().enumerate() {
            let own = (0..x.len()).filter(|row| found.assignment[*row] == cluster);
            let mean = own.clone().map(|row| x[row]).sum::<f64>() / own.count() as f64;
            prop_assert!((mean - centre[0]).abs() < 1e-9);
        }
    }
}
