//! The made-up duplicates of Febrl (Christen 2008), whose truth is in their names.

use std::collections::BTreeMap;

use guanxi_analytics::matching::normalise::{address, person};
use guanxi_analytics::matching::{Blocking, Comparison, Field, Key, Model, Part, group};

use crate::data;

/// The fields, and of each record the number of the person it is of.
fn febrl(path: &str) -> Option<(Vec<Field>, Vec<u32>)> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(data(path)?).unwrap();
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let column = |name: &str| -> Vec<&str> {
        let place = headers.iter().position(|known| known == name).unwrap();
        rows.iter().map(|row| &row[place]).collect()
    };
    let field = |name: &str, comparison| {
        let values = column(name).into_iter().map(|value| match comparison {
            Comparison::Words => address(value),
            _ => person(value),
        });
        Field::new(name, values.collect::<Vec<_>>(), comparison)
    };
    let fields = vec![
        field("given_name", Comparison::Name),
        field("surname", Comparison::Name),
        field("street_number", Comparison::Code),
        field("address_1", Comparison::Words),
        field("address_2", Comparison::Words),
        field("suburb", Comparison::Words),
        field("postcode", Comparison::Code),
        field("state", Comparison::Same),
        field("date_of_birth", Comparison::Code),
        field("soc_sec_id", Comparison::Code),
    ];
    let number = |id: &&str| id.split('-').nth(1).unwrap().parse().unwrap();
    Some((fields, column("rec_id").iter().map(number).collect()))
}

fn blocking() -> Blocking {
    let whole = |field| Key::new(field, Part::Whole);
    Blocking::new(vec![
        vec![whole(9)],
        vec![whole(8)],
        vec![whole(0), whole(1)],
        vec![whole(1), whole(6)],
        vec![whole(0), whole(6)],
        vec![whole(3), whole(2)],
        vec![Key::new(5, Part::Start(4)), Key::new(0, Part::Start(3))],
        vec![Key::new(5, Part::Start(4)), Key::new(1, Part::Start(3))],
    ])
}

#[test]
fn duplicates_of_febrl() {
    for (file, pairs, recall_min) in [
        ("febrl/dataset1.csv", 500, 0.98),
        ("febrl/dataset2.csv", 1_934, 0.98),
        ("febrl/dataset3.csv", 6_538, 0.98),
    ] {
        let Some((fields, truth)) = febrl(file) else { return };
        let mut sizes: BTreeMap<u32, u32> = BTreeMap::new();
        truth.iter().for_each(|person| *sizes.entry(*person).or_default() += 1);
        assert_eq!(sizes.values().map(|n| n * (n - 1) / 2).sum::<u32>(), pairs, "{file}");
        let model = Model::learn(&fields, &blocking(), 0).unwrap();
        let found = model.pairs(0.5).unwrap();
        let right = found.iter().filter(|pair| truth[pair.a as usize] == truth[pair.b as usize]);
        let right = right.count() as f64;
        let (recall, precision) = (right / f64::from(pairs), right / found.len() as f64);
        let candidates = model.candidates();
        eprintln!("{file}: {candidates} compared, recall {recall:.4}, precision {precision:.4}");
        assert!(recall > recall_min && precision > 0.98);
        let groups = group(&model, &found, 0.5).unwrap();
        let same = |group: &[u32]| {
            group.iter().all(|one| truth[*one as usize] == truth[group[0] as usize])
        };
        let pure = groups.groups.iter().filter(|group| same(group)).count();
        eprintln!(
            "  {} groups, {pure} of one person, {} held back",
            groups.groups.len(),
            groups.held_back.len()
        );
        assert!(pure as f64 > 0.98 * groups.groups.len() as f64);
    }
}
