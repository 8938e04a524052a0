//! Fits a value model to a file of histories, for comparison with other programs:
//! `cargo run --release --package guanxi-analytics --example fit_value -- bg_nbd FILE.csv`, whose columns
//! are frequency, recency and T. Prints the estimates and the seconds that the fit alone took.

use std::error::Error;
use std::time::Instant;

use guanxi_analytics::value::{BetaGeoNbd, Histories, ParetoNbd, PurchaseModel};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, model, path] = arguments.as_slice() else {
        return Err("give a model and a file".into());
    };
    let mut columns: [Vec<f64>; 3] = Default::default();
    for row in csv::Reader::from_path(path)?.records() {
        let row = row?;
        for (column, cell) in columns.iter_mut().zip(row.iter()) {
            column.push(cell.parse()?);
        }
    }
    let start = Instant::now();
    let histories = Histories::new(&columns[0], &columns[1], &columns[2])?;
    let fit = match model.as_str() {
        "bg_nbd" => BetaGeoNbd::estimate(&histories)?.fit().clone(),
        "pareto_nbd" => ParetoNbd::estimate(&histories)?.fit().clone(),
        other => return Err(format!("there is no model {other}").into()),
    };
    println!(
        "{:.3} s {:?} LL {:.3}",
        start.elapsed().as_secs_f64(),
        fit.parameters,
        fit.log_likelihood
    );
    Ok(())
}
