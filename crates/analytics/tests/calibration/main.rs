//! Whether the certainty of a pair means what it says: on made-up Chinese and Latin firms and
//! persons, with errors as people make them, with sister companies, shared telephones and poor data.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod persons;
mod siblings;
mod world;

use guanxi_analytics::matching::normalise::{
    address, company, email, person, phone, place, registered,
};
use guanxi_analytics::matching::{Bin, Model, Pair, customers, group, reliability};

use world::{Record, World};

/// What was found in a world.
struct Found {
    pairs: Vec<Pair>,
    truth: Vec<bool>,
    all: usize,
    groups: Vec<Vec<u32>>,
    records: Vec<Record>,
}

fn known(record: &Record) -> customers::Values {
    let name = match record.is_person {
        true => person(&record.name),
        false => company(&record.name).key(),
    };
    let kind = if record.is_person { "person" } else { "organisation" };
    let some = |text: String| (!text.is_empty()).then_some(text);
    let place = place(["", ""], &record.address, &name);
    [
        some(name),
        phone(&record.phone),
        email(&record.email),
        registered(&record.tax_number),
        some(address(&record.address)),
        some(record.website.clone()),
        some(kind.to_owned()),
        some(place),
    ]
}

fn find(records: Vec<Record>) -> Found {
    let mut columns = customers::Columns::default();
    for record in &records {
        columns.iter_mut().zip(known(record)).for_each(|(column, value)| column.push(value));
    }
    let fields = customers::fields(columns);
    let model = Model::learn(&fields, &customers::blocking(&fields), 7).unwrap();
    let pairs = model.pairs(0.5).unwrap();
    let is_true = |pair: &Pair| records[pair.a as usize].of == records[pair.b as usize].of;
    let truth: Vec<bool> = pairs.iter().map(is_true).collect();
    let all = true_pairs(&records);
    if std::env::var("SHOW").is_ok_and(|kind| kind != "persons" || records[0].is_person) {
        show(&model, &records, &pairs, &truth);
    }
    let groups = group(&model, &pairs, 0.995).unwrap().groups;
    Found { pairs, truth, all, groups, records }
}

fn show(model: &Model, records: &[Record], pairs: &[Pair], truth: &[bool]) {
    eprintln!("prior {:.2e}", model.prior);
    for field in model.weights() {
        eprintln!("  {} {:.4?} {:.6?}", field.name, field.of_matches, field.of_others);
    }
    let wrong = pairs.iter().zip(truth).filter(|(_, is_true)| !**is_true);
    for (pair, _) in wrong.step_by(3).take(20) {
        let why = model.score(pair.a, pair.b).unwrap();
        let parts: Vec<String> =
            why.parts.iter().map(|(level, bits)| format!("{level:?} {bits:.1}")).collect();
        eprintln!("wrong {:.4} {}", pair.probability, parts.join(", "));
        eprintln!("    {:?}\n    {:?}", records[pair.a as usize], records[pair.b as usize]);
    }
    let mut missed = 0;
    for a in 0..records.len() {
        for b in a + 1..records.len() {
            let why = model.score(a as u32, b as u32).unwrap();
            if records[a].of == records[b].of && why.probability < 0.5 && missed < 12 {
                missed += 1;
                let parts: Vec<String> =
                    why.parts.iter().map(|(level, bits)| format!("{level:?} {bits:.1}")).collect();
                eprintln!("missed {:.4} {}", why.probability, parts.join(", "));
                eprintln!("    {:?}\n    {:?}", records[a], records[b]);
            }
        }
    }
}

fn true_pairs(records: &[Record]) -> usize {
    let mut sizes = std::collections::BTreeMap::new();
    for record in records {
        *sizes.entry(record.of).or_insert(0_usize) += 1;
    }
    sizes.values().map(|size| size * (size - 1) / 2).sum()
}

impl Found {
    fn right_from(&self, least: f64) -> (usize, usize) {
        let told = self.pairs.iter().zip(&self.truth);
        let told: Vec<bool> =
            told.filter(|(pair, _)| pair.probability >= least).map(|(_, yes)| *yes).collect();
        (told.iter().filter(|yes| **yes).count(), told.len())
    }

    fn recall(&self, least: f64) -> f64 {
        self.right_from(least).0 as f64 / self.all as f64
    }

    fn precision(&self, least: f64) -> f64 {
        let (right, told) = self.right_from(least);
        right as f64 / told.max(1) as f64
    }

    fn table(&self) -> Vec<Bin> {
        let chances: Vec<f64> = self.pairs.iter().map(|pair| pair.probability).collect();
        reliability(&chances, &self.truth).unwrap()
    }

    fn report(&self, what: &str) {
        eprintln!(
            "{what}: {} records, {} pairs; from 50 %: recall {:.3} precision {:.4}; \
             from 99.5 %: recall {:.3} precision {:.4}",
            self.records.len(),
            self.all,
            self.recall(0.5),
            self.precision(0.5),
            self.recall(0.995),
            self.precision(0.995)
        );
        for bin in self.table() {
            let Bin { from, to, pairs, told, true_share } = bin;
            eprintln!("    {from:.3}-{to:.3}: {pairs:5} told {told:.3} true {true_share:.3}");
        }
    }

    /// Merged by itself, of records that are not one customer.
    fn wrong_merges(&self) -> usize {
        let of = |record: &u32| self.records[*record as usize].of;
        self.groups.iter().map(|one| one.iter().filter(|r| of(r) != of(&one[0])).count()).sum()
    }
}

/// All worlds: where data are good and where they are poor.
fn worlds() -> Vec<(&'static str, Found)> {
    let mut found = Vec::new();
    for (seed, known, name) in
        [(1, 0.75, "well known"), (2, 0.5, "half known"), (3, 0.25, "poorly known")]
    {
        let world = World { seed, firms: 3_000, known, duplicates: 0.15, numbered: 60 };
        found.push((name, find(world.records())));
    }
    let world = World { seed: 4, firms: 400, known: 0.5, duplicates: 0.1, numbered: 8 };
    found.push(("a small base", find(world.records())));
    found.push(("persons", find(persons::records(5, 2_500))));
    found
}

#[test]
fn certainty_means_what_it_says() {
    let worlds = worlds();
    let (mut chances, mut truth) = (Vec::new(), Vec::new());
    for (name, found) in &worlds {
        found.report(name);
        chances.extend(found.pairs.iter().map(|pair| pair.probability));
        truth.extend(found.truth.iter().copied());
        eprintln!("    {} wrong merges of {}", found.wrong_merges(), found.groups.len());
        if std::env::var("SHOW").is_err() {
            assert_eq!(found.wrong_merges(), 0, "{name}");
        }
    }
    let table = reliability(&chances, &truth).unwrap();
    for bin in &table {
        let Bin { from, to, pairs, told, true_share } = *bin;
        eprintln!("{from:.3}-{to:.3}: {pairs:5} told {told:.3} true {true_share:.3}");
    }
    for bin in &table {
        let Bin { from, to, pairs, told, true_share } = *bin;
        // Chance alone moves a share so much.
        let noise = 2.0 * (told * (1.0 - told) / pairs as f64).sqrt();
        // Never surer than it may be; less sure a little, where people decide anyway.
        assert!(
            told - true_share <= if from >= 0.995 { 0.001 } else { 0.06 + noise },
            "{from}-{to}"
        );
        assert!(true_share - told <= if from >= 0.9 { 0.05 } else { 0.15 } + noise, "{from}-{to}");
        assert!(from < 0.995 || true_share >= 0.998, "{true_share}");
    }
    // What the product says of it is this.
    let rounded = |bins: &[Bin]| -> Vec<String> {
        let text = |bin: &Bin| {
            let Bin { from, to, pairs, told, true_share } = bin;
            format!("{from} {to} {pairs} {told:.3} {true_share:.3}")
        };
        bins.iter().map(text).collect()
    };
    assert_eq!(rounded(&table), rounded(&customers::RELIABILITY));
    assert!(customers::RELIABILITY.iter().all(|bin| (bin.from..=bin.to).contains(&bin.told)));
}

#[test]
fn names_alone_are_found_where_they_are_rare() {
    // With few telephones and hardly any mail, a rare name that is the same stands for a customer.
    let world = World { seed: 9, firms: 3_000, known: 0.15, duplicates: 0.15, numbered: 60 };
    let found = find(world.records());
    found.report("names alone");
    assert!(found.recall(0.5) > 0.7, "{}", found.recall(0.5));
    assert!(found.precision(0.5) > 0.9, "{}", found.precision(0.5));
}
