//! Online Retail and CDNOW: value, concentration, cohorts, baskets.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use guanxi_analytics::concentration::{Class, Concentration};
use guanxi_analytics::value::{
    BetaGeoBetaBernoulli, BetaGeoNbd, Boundary, Choice, GammaGamma, Histories, ParetoNbd,
    PurchaseModel, RetentionCurve, choose_over, evaluate, split,
};

use crate::{data, near};

/// Days since the first of January 1997 or 2010, neither of which is in a leap year.
fn day(date: &str, parts: [(usize, usize); 3], first_year: i32) -> i32 {
    let [year, month, day] = parts.map(|(from, to)| date[from..to].parse::<i32>().unwrap());
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    (year - first_year) * 365 + before[month as usize - 1] + day - 1
}

/// The last day of the calibration, 1997-09-30.
const CALIBRATION: i32 = 272;

/// Customers of a CDNOW log: what they spent on each day.
fn cdnow_log(path: &str, columns: [usize; 3]) -> Option<BTreeMap<u64, BTreeMap<i32, f64>>> {
    let mut purchases: BTreeMap<u64, BTreeMap<i32, f64>> = BTreeMap::new();
    for line in std::fs::read_to_string(data(path)?).unwrap().lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        // The whole log names its columns first.
        let Ok(customer) = words[columns[0]].parse() else { continue };
        let day = day(words[columns[1]], [(0, 4), (4, 6), (6, 8)], 1997);
        let spent: f64 = words[columns[2]].parse().unwrap();
        *purchases.entry(customer).or_default().entry(day).or_default() += spent;
    }
    Some(purchases)
}

/// The 39 weeks of calibration of the CDNOW sample: repeats, recency, age, mean value of repeats.
fn cdnow() -> Option<[Vec<f64>; 4]> {
    let mut columns: [Vec<f64>; 4] = Default::default();
    for days in cdnow_log("cdnow/CDNOW_sample.txt", [1, 2, 4])?.values() {
        let known: Vec<(i32, f64)> = days
            .iter()
            .map(|(day, spent)| (*day, *spent))
            .filter(|(day, _)| *day <= CALIBRATION)
            .collect();
        let (first, last) = (known[0].0, known[known.len() - 1].0);
        let repeats = known.len() as f64 - 1.0;
        let spent: f64 = known[1..].iter().map(|(_, spent)| spent).sum();
        let numbers = [
            repeats,
            f64::from(last - first) / 7.0,
            f64::from(CALIBRATION - first) / 7.0,
            if repeats > 0.0 { spent / repeats } else { 0.0 },
        ];
        for (column, number) in columns.iter_mut().zip(numbers) {
            column.push(number);
        }
    }
    assert_eq!(columns[0].len(), 2_357);
    Some(columns)
}

fn parameters(model: &dyn PurchaseModel) -> Vec<f64> {
    model.fit().parameters.iter().map(|(_, value)| *value).collect()
}

#[test]
fn bg_nbd_on_cdnow() {
    let Some([x, recency, age, _]) = cdnow() else { return };
    let histories = Histories::new(&x, &recency, &age).unwrap();
    let model = BetaGeoNbd::estimate(&histories).unwrap();
    near(model.fit().log_likelihood, -9_582.429, 5e-4);
    estimates_are(&model, [0.2426, 4.4136, 0.7929, 2.4259], [4; 4]);
    assert_eq!(model.fit().boundary, None);
    // Those of lifetimes 0.11.3.
    let errors = model.fit().standard_errors.as_ref().unwrap();
    for (found, wanted) in errors.iter().zip([0.0126, 0.378, 0.186, 0.705]) {
        near(*found, wanted, 0.01 * wanted);
    }
}

/// The summary of the same customers, its times rounded to hundredths, which much was published of.
fn cdnow_summary() -> Option<Histories> {
    let mut columns: [Vec<f64>; 3] = Default::default();
    for row in csv::Reader::from_path(data("cdnow/cdnow_customers_summary.csv")?).unwrap().records()
    {
        let row = row.unwrap();
        columns.iter_mut().enumerate().for_each(|(at, to)| to.push(row[at + 1].parse().unwrap()));
    }
    Some(Histories::new(&columns[0], &columns[1], &columns[2]).unwrap())
}

fn estimates_are(model: &dyn PurchaseModel, wanted: [f64; 4], digits: [i32; 4]) {
    for ((found, wanted), digits) in parameters(model).into_iter().zip(wanted).zip(digits) {
        near(found, wanted, 0.5 * 10_f64.powi(-digits));
    }
}

#[test]
fn models_of_the_cdnow_summary() {
    let Some(histories) = cdnow_summary() else { return };
    let model = BetaGeoNbd::estimate(&histories).unwrap();
    near(model.fit().log_likelihood, -9_582.425_6, 5e-5);
    near(model.expected_purchases_of_new(52.0), 1.4440, 5e-5);
    near(model.expected_purchases_of_new(39.0), 1.195016, 5e-7);
    near(model.expected_purchases_of_new(78.0), 1.857972, 5e-7);
    let one = Histories::new(&[2.0], &[30.43], &[38.86]).unwrap();
    near(model.probability_alive(&one)[0], 0.726609, 5e-7);
    near(model.expected_purchases(&one, 39.0)[0], 1.225910, 5e-7);
    let modified = BetaGeoNbd::modified(&histories).unwrap();
    estimates_are(&modified, [0.5248, 6.1830, 0.8914, 1.614], [4, 4, 4, 3]);
}

/// A customer of whom it was published what is expected; with how many digits of the estimates was not.
#[test]
fn a_frequent_customer_of_cdnow() {
    let Some(histories) = cdnow_summary() else { return };
    let one = Histories::new(&[26.0], &[30.857], &[31.0]).unwrap();
    let model = BetaGeoNbd::estimate(&histories).unwrap();
    near(model.probability_alive(&one)[0], 0.96885, 5e-6);
    near(model.expected_purchases(&one, 52.0)[0], 25.7566, 2e-3);
    let model = ParetoNbd::of([0.5533, 10.578, 0.6061, 11.67]).unwrap();
    near(model.probability_alive(&one)[0], 0.99787, 5e-6);
    near(model.expected_purchases(&one, 52.0)[0], 25.4565, 2e-4);
}

/// The likelihood is so flat that the published s, .6061, ends where ours, .60624, has the same one.
#[test]
fn pareto_nbd_on_cdnow() {
    let Some([x, recency, age, _]) = cdnow() else { return };
    let histories = Histories::new(&x, &recency, &age).unwrap();
    let model = ParetoNbd::estimate(&histories).unwrap();
    near(model.fit().log_likelihood, -9_594.976, 5e-4);
    estimates_are(&model, [0.5533, 10.578, 0.6062, 11.67], [4, 3, 4, 2]);
    near(model.expected_purchases_of_new(52.0), 1.4734, 5e-5);
}

#[test]
fn gamma_gamma_on_cdnow() {
    let Some([x, _, _, value]) = cdnow() else { return };
    // What was published is of means in whole cents, halves up.
    let value: Vec<f64> =
        value.iter().map(|mean| (mean * 100.0 + 0.5 + 1e-9).floor() / 100.0).collect();
    let model = GammaGamma::estimate(&x, &value).unwrap();
    near(model.fit().log_likelihood, -4_055.923, 5e-4);
    let found: Vec<f64> = model.fit().parameters.iter().map(|(_, value)| *value).collect();
    for (found, wanted) in found.into_iter().zip([6.2488, 3.7446, 15.4477]) {
        near(found, wanted, 5e-5);
    }
    let expected = model.expected_value(&x, &value).unwrap();
    near(expected.iter().sum::<f64>() / expected.len() as f64, 35.253, 5e-4);
}

/// The donors of a charity, first in 1995, in the six years after it (Fader, Hardie & Shang 2010, tables
/// 1 and 3): how often, when last, how many donors.
const DONORS: [(u8, u8, u16); 22] = [
    (0, 0, 3464),
    (1, 1, 1091),
    (1, 2, 277),
    (1, 3, 129),
    (1, 4, 78),
    (1, 5, 119),
    (1, 6, 129),
    (2, 2, 613),
    (2, 3, 255),
    (2, 4, 155),
    (2, 5, 173),
    (2, 6, 234),
    (3, 3, 322),
    (3, 4, 181),
    (3, 5, 225),
    (3, 6, 357),
    (4, 4, 240),
    (4, 5, 284),
    (4, 6, 512),
    (5, 5, 335),
    (5, 6, 728),
    (6, 6, 1203),
];

#[test]
fn donors_of_fader_hardie_and_shang() {
    let rows = || DONORS.iter().flat_map(|row| std::iter::repeat_n(row, row.2.into()));
    let x: Vec<f64> = rows().map(|row| row.0.into()).collect();
    let recency: Vec<f64> = rows().map(|row| row.1.into()).collect();
    let histories = Histories::new(&x, &recency, &vec![6.0; x.len()]).unwrap();
    assert_eq!(histories.len(), 11_104);
    let model = BetaGeoBetaBernoulli::estimate(&histories).unwrap();
    for (found, wanted) in parameters(&model).into_iter().zip([1.204, 0.750, 0.657, 2.783]) {
        near(found, wanted, 1e-3);
    }
    near(model.fit().log_likelihood, -33_225.6, 0.05);
    assert_eq!(model.fit().boundary, None);
    // Table 6: the expected uses of the next five years by those who gave each time, and by those who
    // never did again.
    let ends = Histories::new(&[6.0, 0.0], &[6.0, 0.0], &[6.0, 6.0]).unwrap();
    let ahead = model.expected_purchases(&ends, 5.0);
    near(ahead[0], 3.75, 5e-3);
    near(ahead[1], 0.07, 5e-3);
}

#[test]
fn retention_of_fader_and_hardie() {
    let regular = [1000.0, 631.0, 468.0, 382.0, 326.0, 289.0, 262.0, 241.0];
    let high = [1000.0, 869.0, 743.0, 653.0, 593.0, 551.0, 517.0, 491.0];
    for (survivors, alpha, beta, likelihood) in
        [(regular, 0.7041, 1.1820, -1_680.265), (high, 0.6681, 3.8061, -1_611.158)]
    {
        let model = RetentionCurve::estimate(&survivors).unwrap();
        near(model.fit().parameters[0].1, alpha, 5e-5);
        near(model.fit().parameters[1].1, beta, 5e-5);
        near(model.fit().log_likelihood, likelihood, 5e-4);
        // Who has renewed often will renew.
        assert!(model.retention(9) > model.retention(1));
    }
}

/// A line of Online Retail that counts: a customer, no cancellation, quantity and price above 0.
struct Sale {
    customer: u64,
    invoice: String,
    /// Days since the first of January 2010.
    day: i32,
    month: i32,
    amount: f64,
}

/// The rows of Online Retail with these columns.
fn online_retail_rows<const N: usize>(columns: [&str; N]) -> Option<Vec<[String; N]>> {
    let mut text = String::new();
    let file = std::fs::File::open(data("online-retail/online_retail.csv.gz")?).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let places = columns.map(|name| headers.iter().position(|known| known == name).unwrap());
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        places.map(|place| row[place].to_owned())
    });
    Some(rows.collect())
}

fn online_retail() -> Option<Vec<Sale>> {
    let columns = ["InvoiceNo", "Quantity", "UnitPrice", "CustomerID", "InvoiceDate"];
    let mut sales = Vec::new();
    for [invoice, quantity, price, customer, date] in online_retail_rows(columns)? {
        let (quantity, price): (f64, f64) = (quantity.parse().unwrap(), price.parse().unwrap());
        if customer.is_empty() || invoice.starts_with('C') || quantity <= 0.0 || price <= 0.0 {
            continue;
        }
        let number = |from: usize, to: usize| date[from..to].parse::<i32>().unwrap();
        sales.push(Sale {
            customer: customer.parse::<f64>().unwrap() as u64,
            invoice,
            day: day(&date, [(0, 4), (5, 7), (8, 10)], 2010),
            month: (number(0, 4) - 2010) * 12 + number(5, 7) - 1,
            amount: quantity * price,
        });
    }
    Some(sales)
}

#[test]
fn concentration_of_online_retail() {
    let Some(sales) = online_retail() else { return };
    let mut worth: BTreeMap<u64, f64> = BTreeMap::new();
    for sale in &sales {
        *worth.entry(sale.customer).or_default() += sale.amount;
    }
    let values: Vec<f64> = worth.into_values().collect();
    assert_eq!((sales.len(), values.len()), (397_884, 4_338));
    let invoices: BTreeSet<&str> = sales.iter().map(|sale| sale.invoice.as_str()).collect();
    assert_eq!(invoices.len(), 18_532);
    near(values.iter().sum(), 8_911_407.90, 0.01);
    let found = Concentration::of(&values).unwrap();
    near(found.gini, 0.715_140, 5e-7);
    near(found.top(0.2).unwrap(), 0.7462, 5e-5);
    near(found.top(0.01).unwrap(), 0.3200, 5e-5);
    let classes = found.classes(0.8, 0.95).unwrap();
    let count = |class| classes.iter().filter(|known| **known == class).count();
    assert_eq!([count(Class::A), count(Class::B), count(Class::C)], [1_132, 1_469, 1_737]);
}

#[test]
fn cohorts_of_online_retail() {
    let Some(sales) = online_retail() else { return };
    let customer: Vec<u64> = sales.iter().map(|sale| sale.customer).collect();
    let month: Vec<i32> = sales.iter().map(|sale| sale.month).collect();
    let amount: Vec<f64> = sales.iter().map(|sale| sale.amount).collect();
    let found = guanxi_analytics::cohort::cohorts(&customer, &month, &amount).unwrap();
    let wanted: [(usize, &[usize]); 3] = [
        (0, &[885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]),
        (1, &[417, 92, 111, 96, 134, 120, 103, 101, 125, 136, 152, 49]),
        (3, &[452, 68, 114, 90, 101, 76, 121, 104, 126, 39]),
    ];
    for (at, customers) in wanted {
        assert_eq!(found[at].customers, customers);
    }
}

/// Evaluates the models on purchases, in days, which are exact.
fn evaluated(purchases: impl Iterator<Item = (u64, i32)>, end: i32, horizon: i32) -> Choice {
    let (customer, day): (Vec<u64>, Vec<f64>) =
        purchases.map(|(customer, day)| (customer, f64::from(day))).unzip();
    evaluate(&customer, &day, f64::from(end), f64::from(horizon)).unwrap()
}

/// The naive model, which values who bought once at nothing, is never what is used; where the data hold
/// nothing of what a model knows, its estimates are held and it says so.
#[test]
fn online_retail_keeps_the_nearest_model_at_a_boundary() {
    let Some(sales) = online_retail() else { return };
    let last = sales.iter().map(|sale| sale.day).max().unwrap();
    let purchases = sales.iter().map(|sale| (sale.customer, sale.day));
    let choice = evaluated(purchases, last - 13 * 7, 13 * 7);
    eprintln!("{choice:#?}");
    let of = |name: &str| choice.candidates.iter().find(|one| one.name == name).unwrap();
    let one = of("BG/NBD");
    assert!(matches!(
        one.boundary,
        Some(Boundary::NobodyLeaves | Boundary::AllLeaveAlike | Boundary::NotIdentified)
    ));
    assert!(one.is_penalised);
    let chosen = of(choice.model.name());
    assert_ne!(chosen.name, "naive");
    let error = |name: &str| of(name).evaluation.unwrap().mean_absolute_error;
    let best =
        ["Pareto/NBD", "BG/NBD", "MBG/NBD", "NBD"].map(error).into_iter().fold(9.9, f64::min);
    assert!(chosen.behind.unwrap() <= 1.0 || error(chosen.name) <= 1.005 * best, "{chosen:?}");
    let parameters = choice.candidates.iter().flat_map(|one| &one.parameters);
    assert!(parameters.clone().all(|(_, value)| value.is_finite() && *value > 0.0));
}

/// A few orders more, of one extra day, do not change the model that is in use.
#[test]
fn a_day_more_of_online_retail_does_not_flip_the_choice() {
    let Some(sales) = online_retail() else { return };
    let last = sales.iter().map(|sale| sale.day).max().unwrap();
    let mut in_use = None;
    let mut names = Vec::new();
    for end in last - 100..last - 91 {
        let (customer, day): (Vec<u64>, Vec<f64>) =
            sales.iter().map(|sale| (sale.customer, f64::from(sale.day))).unzip();
        let found = split(&customer, &day, f64::from(end), 91.0).unwrap();
        let choice = choose_over(&found.histories, &found.happened, 91.0, in_use).unwrap();
        in_use = choice.ranked.first().copied();
        names.push(choice.model.name());
    }
    assert!(names.windows(2).all(|pair| pair[0] == pair[1]), "{names:?}");
}

#[test]
fn hold_out_of_the_whole_cdnow_log() {
    let Some(log) = cdnow_log("cdnow/CDNOW_master.txt", [0, 1, 3]) else { return };
    let purchases =
        log.iter().flat_map(|(customer, days)| days.keys().map(|day| (*customer, *day)));
    // To 1997-09-30, and 39 weeks after it.
    let choice = evaluated(purchases, CALIBRATION, 39 * 7);
    eprintln!("{choice:#?}");
    let of = |name: &str| choice.candidates.iter().find(|one| one.name == name).unwrap();
    let best = of(choice.model.name()).evaluation.unwrap().mean_absolute_error;
    assert!(best <= 0.80, "{best}");
    assert_eq!(of(choice.model.name()).boundary, None);
    near(of("naive").evaluation.unwrap().mean_absolute_error, 1.038, 5e-4);
}

/// Baskets are invoices that are no cancellations, of any or no customer; items are stock codes.
fn baskets() -> Option<(Vec<u64>, Vec<u64>, Vec<String>)> {
    let (mut invoices, mut codes): (BTreeMap<String, u64>, BTreeMap<String, u64>) =
        Default::default();
    let (mut basket, mut item, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for [invoice, quantity, code] in online_retail_rows(["InvoiceNo", "Quantity", "StockCode"])? {
        if invoice.starts_with('C') || quantity.parse::<f64>().unwrap() <= 0.0 {
            continue;
        }
        let next = invoices.len() as u64;
        basket.push(*invoices.entry(invoice).or_insert(next));
        let next = codes.len() as u64;
        item.push(*codes.entry(code.clone()).or_insert_with(|| {
            names.push(code);
            next
        }));
    }
    Some((basket, item, names))
}

#[test]
fn baskets_of_online_retail() {
    let Some((basket, item, names)) = baskets() else { return };
    for (support, sets, rules) in [(0.01, 1_840, 775), (0.02, 353, 49)] {
        let found = guanxi_analytics::basket::item_sets(&basket, &item, support, 10).unwrap();
        assert_eq!(found.baskets, 20_728);
        assert_eq!(found.sets.len(), sets);
        assert!(!found.is_raised);
        let found = found.rules(0.5).unwrap();
        // The published number is that of rules to a single item.
        assert_eq!(found.len(), rules);
        if support < 0.02 {
            near(found[0].lift, 80.54, 0.005);
            let pair = [&names[found[0].given[0] as usize], &names[found[0].then as usize]];
            assert!(
                pair.iter().all(|code| ["22916", "22917"].contains(&code.as_str())),
                "{pair:?}"
            );
        }
    }
}
