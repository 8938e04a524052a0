//! One model on the columns of a file, for the comparison with other programs (`bench/peers`).
//!
//! `peer MODEL FILE [NUMBER…]` prints the CPU seconds of the model alone, of all threads, and what it
//! found. A file of columns is a line with the number of rows and columns and then all numbers, column
//! after column, as 64-bit floats of little-endian bytes.

use std::io::Read;

use guanxi_analytics::basket::item_sets;
use guanxi_analytics::cluster::{KMeans, k_means};
use guanxi_analytics::forecast::{Forecaster, Theta};
use guanxi_analytics::matching::{Blocking, Comparison, Field, Key, Model, Part};
use guanxi_analytics::scoring::{
    Boosted, Boosting, Cases, Feature, Loss, Scorer, area_under_curve, of_rows,
};
use guanxi_analytics::value::{BetaGeoNbd, Histories, ParetoNbd, PurchaseModel};
use rayon::prelude::*;

type Failure = Box<dyn std::error::Error>;

/// CPU seconds of this process so far, by Linux's count of hundredths.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn columns(path: &str) -> Result<Vec<Vec<f64>>, Failure> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.read_to_end(&mut bytes)?;
    let line = bytes.iter().position(|byte| *byte == b'\n').ok_or("no first line")?;
    let counts = std::str::from_utf8(&bytes[..line])?.split_whitespace();
    let counts = counts.map(str::parse).collect::<Result<Vec<usize>, _>>()?;
    let numbers: Vec<f64> = bytes[line + 1..]
        .chunks_exact(8)
        .map(|chunk| f64::from_le_bytes(chunk.try_into().unwrap_or_default()))
        .collect();
    Ok(numbers.chunks(counts[0].max(1)).map(<[f64]>::to_vec).collect())
}

fn measured<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = cpu();
    let result = work();
    (cpu() - start, result)
}

/// Duplicates of a CSV file with the columns of Febrl and the number of each record's person.
fn matching(path: &str) -> Result<(), Failure> {
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_path(path)?.records().collect::<Result<_, _>>()?;
    let column = |at: usize| rows.iter().map(move |row| row[at].to_owned());
    let (seconds, found) = measured(|| -> Result<_, guanxi_analytics::Error> {
        use Comparison::{Code, Name, Same, Words};
        let kinds = [Name, Name, Code, Words, Words, Words, Code, Same, Code, Code];
        let fields: Vec<Field> = kinds
            .into_iter()
            .enumerate()
            .map(|(at, kind)| Field::new(at.to_string(), column(at + 1), kind))
            .collect();
        let whole = |field| Key::new(field, Part::Whole);
        let rules = vec![
            vec![whole(9)],
            vec![whole(8)],
            vec![whole(0), whole(1)],
            vec![whole(1), whole(6)],
            vec![whole(0), whole(6)],
        ];
        let model = Model::learn(&fields, &Blocking::new(rules), 0)?;
        Ok((model.candidates(), model.pairs(0.5)?))
    });
    let (candidates, pairs) = found?;
    let truth: Vec<String> = column(0).collect();
    let mut sizes = std::collections::HashMap::<&String, usize>::new();
    truth.iter().for_each(|person| *sizes.entry(person).or_default() += 1);
    let all: usize = sizes.values().map(|count| count * (count - 1) / 2).sum();
    let right = pairs.iter().filter(|pair| truth[pair.a as usize] == truth[pair.b as usize]);
    let right = right.count() as f64;
    let (recall, precision) = (right / all as f64, right / pairs.len() as f64);
    let f1 = 2.0 * recall * precision / (recall + precision);
    println!(
        "{seconds:.2} CPU s; {candidates} compared, F1 {f1:.5}, recall {recall:.5}, precision {precision:.5}"
    );
    Ok(())
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, path, rest @ ..] = arguments.as_slice() else {
        return Err("peer MODEL FILE [NUMBER…]".into());
    };
    let number = |at: usize| rest.get(at).and_then(|text| text.parse::<f64>().ok());
    if model == "matching" {
        return matching(path);
    }
    let columns = columns(path)?;
    let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    match model.as_str() {
        "bg_nbd" | "pareto_nbd" => {
            let fit = || -> Result<_, guanxi_analytics::Error> {
                let histories = Histories::new(slices[0], slices[1], slices[2])?;
                if model == "bg_nbd" {
                    Ok(BetaGeoNbd::estimate(&histories)?.fit().clone())
                } else {
                    Ok(ParetoNbd::estimate(&histories)?.fit().clone())
                }
            };
            let (seconds, fit) = measured(fit);
            let fit = fit?;
            println!("{seconds:.2} CPU s; {:?}", fit.parameters);
        }
        "k_means" => {
            let clusters = number(0).unwrap_or(8.0) as usize;
            let settings =
                KMeans { standardise: false, starts: 1, seed: 1, ..KMeans::new(clusters) };
            let (seconds, found) = measured(|| k_means(&slices, &settings));
            println!("{seconds:.2} CPU s; inertia {:.6e}", found?.inertia);
        }
        "baskets" => {
            let names = |column: &[f64]| column.iter().map(|n| *n as u64).collect::<Vec<_>>();
            let (basket, item) = (names(slices[0]), names(slices[1]));
            let support = number(0).unwrap_or(0.005);
            let (seconds, found) = measured(|| item_sets(&basket, &item, support, 20));
            println!("{seconds:.2} CPU s; {} item sets", found?.sets.len());
        }
        "theta" => {
            let (seconds, models) = measured(|| {
                slices
                    .par_iter()
                    .map(|series| Theta::fit(series, 12))
                    .collect::<Result<Vec<_>, _>>()
            });
            let forecasts = models?
                .iter()
                .map(|model| model.forecast(12, 0.9))
                .collect::<Result<Vec<_>, _>>()?;
            let sum: f64 = forecasts.iter().flat_map(|forecast| &forecast.expected).sum();
            println!("{seconds:.2} CPU s; sum of the forecasts {sum:.1}");
        }
        "boosting" => {
            let (outcome, columns) = slices.split_last().ok_or("no columns")?;
            let name =
                |(at, column): (usize, &&[f64])| Feature::numbers(at.to_string(), column.to_vec());
            let features: Vec<Feature> = columns.iter().enumerate().map(name).collect();
            // The last tenth is for the test.
            let rows = outcome.len() / 10 * 9;
            let (seen, unseen): (Vec<usize>, Vec<usize>) =
                (0..outcome.len()).partition(|row| *row < rows);
            let learn = of_rows(&features, &seen);
            let settings = Boosting {
                trees: number(0).unwrap_or(100.0) as usize,
                leaves: 31,
                rate: 0.1,
                ridge: 0.0,
                patience: None,
                ..Boosting::new(Loss::Logistic)
            };
            let (seconds, model) =
                measured(|| Boosted::fit(&Cases::new(&learn, &outcome[..rows]), &settings));
            let scores = model?.scores(&of_rows(&features, &unseen))?;
            let area = area_under_curve(&scores, &outcome[rows..])?;
            println!("{seconds:.2} CPU s; area under the curve {area:.5}");
        }
        _ => return Err(format!("no model {model}").into()),
    }
    Ok(())
}
