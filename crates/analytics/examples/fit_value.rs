//! Fits a value model to a file of histories, for comparison with other programs:
//! `cargo run --release --package guanxi-analytics --example fit_value -- bg_nbd FILE.csv`, whose columns
//! are frequency, recency and T. Prints the estimates and what the fit alone took.

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
    let (start, read) = (Instant::now(), cpu_seconds());
    let histories = Histories::new(&columns[0], &columns[1], &columns[2])?;
    let fit = match model.as_str() {
        "bg_nbd" => BetaGeoNbd::estimate(&histories)?.fit().clone(),
        "pareto_nbd" => ParetoNbd::estimate(&histories)?.fit().clone(),
        other => return Err(format!("there is no model {other}").into()),
    };
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - read);
    println!("{cpu:.2} CPU s, {wall:.2} s, {:?} LL {:.3}", fit.parameters, fit.log_likelihood);
    Ok(())
}

/// What all threads of this process have used, in steps of 10 ms; 0 where the system does not say.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
