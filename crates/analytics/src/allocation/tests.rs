//! The solver against the greedy way, against trying all, and against textbooks.

use proptest::prelude::*;

use super::*;
use crate::testing::near;

fn money(capacity: f64) -> Vec<Resource> {
    vec![Resource { name: "money".to_owned(), capacity }]
}

#[test]
fn prices_and_reasons_by_hand() {
    let targets = [
        Target::new("loyal", vec![(0.0, 0.0), (4.0, 20.0), (8.0, 28.0)]),
        Target::new("new", vec![(0.0, 0.0), (5.0, 15.0)]),
        Target::new("lost", vec![(0.0, 0.0), (9.0, 9.0)]),
    ];
    let found = allocate(&targets, &money(7.0), &[]).unwrap();
    // 4 at 5, then 3 of the 5 at 3.
    for (amount, wanted) in found.amounts.iter().zip([4.0, 3.0, 0.0]) {
        near(*amount, wanted, 1e-7);
    }
    near(found.total, 29.0, 1e-6);
    near(found.scarcity[0].price, 3.0, 1e-7);
    assert!(
        found.scarcity[0]
            .to_string()
            .starts_with("All 7 of money are used. One more would bring 3.0000")
    );
    let Reason::NotWorthIt { brings, costs } = found.reasons[2] else { panic!() };
    near(brings, 1.0, 1e-7);
    near(costs, 3.0, 1e-7);
    assert!(matches!(found.reasons[0], Reason::AsMuchAsPays { .. }), "{:?}", found.reasons);
    let plenty = allocate(&targets, &money(100.0), &[]).unwrap();
    assert!(!plenty.scarcity[0].is_scarce());
    assert!(plenty.scarcity[0].to_string().contains("more of it would bring nothing"));
    assert!(matches!(plenty.reasons[0], Reason::AtMost { .. }));
}

#[test]
fn least_amounts_whole_amounts_and_shares() {
    let mut targets = vec![
        Target::new("a", vec![(0.0, 0.0), (10.0, 50.0)]),
        Target::new("b", vec![(0.0, 0.0), (10.0, 20.0)]),
    ];
    targets[1].at_least = 2.0;
    let found = allocate(&targets, &money(6.0), &[]).unwrap();
    near(found.amounts[1], 2.0, 1e-7);
    let Reason::AtLeast { lost } = found.reasons[1] else { panic!("{:?}", found.reasons) };
    near(lost, 3.0, 1e-7);
    // Either nothing or at least two: nothing, then.
    targets[1].or_nothing = true;
    let found = allocate(&targets, &money(6.0), &[]).unwrap();
    assert_eq!(found.amounts[1], 0.0);
    near(found.scarcity[0].price, 5.0, 1e-7);
    let fair = Group { name: "b".to_owned(), members: vec![1], share_min: 0.5, share_max: 1.0 };
    let found = allocate(&targets, &money(6.0), std::slice::from_ref(&fair)).unwrap();
    near(found.amounts[1], 3.0, 1e-6);
    // One more unit is halved: 2.5 + 1.
    near(found.scarcity[0].price, 3.5, 1e-6);
    targets[0].whole = true;
    let found = allocate(&targets, &money(6.5), &[]).unwrap();
    assert_eq!(found.amounts[0], 6.0);
    targets[1].at_least = 20.0;
    targets[1].at_most = 30.0;
    targets[1].or_nothing = false;
    let refused = allocate(&targets, &money(6.0), &[]);
    assert_eq!(refused, Err(Error::Impossible { model: "the allocation" }));
}

#[test]
fn nonsense_is_refused() {
    let growing = Target::new("growing", vec![(0.0, 0.0), (1.0, 1.0), (2.0, 5.0)]);
    let refused = allocate(&[growing], &money(1.0), &[]);
    assert!(matches!(refused, Err(Error::Feature { name, .. }) if name == "growing"));
    let late = Target::new("late", vec![(1.0, 0.0), (2.0, 5.0)]);
    assert!(allocate(&[late], &money(1.0), &[]).is_err());
    assert!(allocate(&[], &money(1.0), &[]).is_err());
    let good = Target::new("good", vec![(0.0, 0.0), (1.0, 1.0)]);
    assert!(allocate(std::slice::from_ref(&good), &money(-1.0), &[]).is_err());
    assert!(allocate(std::slice::from_ref(&good), &[], &[]).is_err());
    let group = Group { name: "g".to_owned(), members: vec![4], share_min: 0.0, share_max: 1.0 };
    assert!(allocate(std::slice::from_ref(&good), &money(1.0), &[group]).is_err());
    let whole = Target { whole: true, ..good };
    assert!(greedy(&[whole], 1.0).is_err());
    assert!(assign(&[], &[]).is_err());
}

/// Pieces that flatten, from lengths and falls.
fn flattening(pieces: &[(f64, f64)]) -> Target {
    let mut returns = vec![(0.0, 0.0)];
    let mut slope: f64 = pieces.iter().map(|(_, fall)| fall).sum::<f64>() + 0.1;
    let (mut amount, mut total) = (0.0, 0.0);
    for (length, fall) in pieces {
        amount += length;
        total += length * slope;
        slope -= fall;
        returns.push((amount, total));
    }
    Target::new("target", returns)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_greedy_way_is_exact(
        shapes in prop::collection::vec(prop::collection::vec((0.1_f64..5.0, 0.0_f64..3.0), 1..4), 1..12),
        share in 0.0_f64..1.2,
    ) {
        let targets: Vec<Target> = shapes.iter().map(|pieces| flattening(pieces)).collect();
        let capacity = share * targets.iter().map(|target| target.at_most).sum::<f64>();
        let exact = allocate(&targets, &money(capacity), &[]).unwrap();
        let fast = greedy(&targets, capacity).unwrap();
        let total: f64 = targets.iter().zip(&fast).map(|(target, x)| target.return_of(*x)).sum();
        prop_assert!((exact.total - total).abs() < 1e-6 * total.max(1.0), "{} {}", exact.total, total);
        // The price is what one more brings: the greedy way with a little more says so, too.
        let step = 1e-5;
        let more = greedy(&targets, capacity + step).unwrap();
        let more: f64 = targets.iter().zip(&more).map(|(target, x)| target.return_of(*x)).sum();
        prop_assert!(more - total <= exact.scarcity[0].price * step + 1e-9);
    }

    /// The best assignment is that of trying all.
    #[test]
    fn assignments_are_the_best(
        values in prop::collection::vec(-2.0_f64..9.0, 10),
        capacities in (0_u8..5, 0_u8..5),
        budget in 0.0_f64..9.0,
    ) {
        let action = |name: &str, capacity: u8, values: &[f64], cost: f64| Action {
            name: name.to_owned(),
            capacity: f64::from(capacity),
            values: values.to_vec(),
            uses: vec![cost],
        };
        let actions = [
            action("call", capacities.0, &values[..5], 2.0),
            action("letter", capacities.1, &values[5..], 1.0),
        ];
        let found = assign(&actions, &money(budget)).unwrap();
        let mut best = 0.0_f64;
        for plan in 0..3_usize.pow(5) {
            let choice: Vec<usize> = (0..5).map(|case| plan / 3_usize.pow(case) % 3).collect();
            let counts = [0, 1].map(|action| choice.iter().filter(|one| **one == action).count());
            let cost = 2.0 * counts[0] as f64 + counts[1] as f64;
            let fits = counts[0] <= capacities.0.into() && counts[1] <= capacities.1.into();
            if fits && cost <= budget + 1e-9 {
                let of = |(case, action): (usize, &usize)| {
                    actions.get(*action).map_or(0.0, |action| action.values[case])
                };
                best = best.max(choice.iter().enumerate().map(of).sum());
            }
        }
        prop_assert!((found.total - best).abs() < 1e-6, "{} {}", found.total, best);
        prop_assert!(found.scarcity.iter().all(|one| one.used <= one.capacity + 1e-9));
    }
}
