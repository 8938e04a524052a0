//! What all of a file says about its dates, numbers and currencies, read once before anything is
//! imported. It counts and keeps first examples, so that a file of any size can be surveyed.

use std::collections::{BTreeMap, HashMap};

use guanxi_base::{Currency, Date, Refusal, Result, TimeZone};
use guanxi_record::Kind;

use super::cell::{AmountCurrency, Formats};
use super::dates::{DateOrder, DateReading, ReadDate, TwoDigitYears, orders_of, read_date};
use super::decisions::{Certainty, Decision, Example, Matter, Reading, Tally, Verdict};
use super::mapping::FileOptions;
use super::numbers::{DecimalMark, Evidence, marks_of, read_number};
use super::origin::{Origin, OwnFormats};
use super::percent::PercentSurvey;
use super::plan::Part;
use super::row::{CellKind, FileRow};
use super::signs::Sign;

/// So many different dates are remembered while a file is read.
const DATES_MAX: usize = 20_000;
/// What is longer is no date.
const DATE_BYTES_MAX: usize = 100;

/// What a file says, as far as it was read.
pub(crate) struct Survey {
    told: Told,
    today: Date,
    marks: Tally,
    orders: Tally,
    /// The orders that a date allows, and whether its year has two digits.
    dates: HashMap<String, (Vec<(DateOrder, Date)>, bool)>,
    /// By column: the first year of two digits, and what such years mean there.
    short_years: BTreeMap<usize, (Example, TwoDigitYears)>,
    bare_amount: Option<Example>,
    other_currency: Option<Example>,
    bare_time: Option<Example>,
    percents: PercentSurvey,
}

/// What the mapping says for the whole file.
struct Told {
    mark: Option<DecimalMark>,
    order: Option<DateOrder>,
    zone: Option<TimeZone>,
    currency: Option<Currency>,
}

impl Survey {
    /// A survey that is told so much by the mapping.
    ///
    /// # Errors
    /// Refusals for what the mapping says wrongly.
    pub(crate) fn new(file: &FileOptions, today: Date) -> Result<Self> {
        let told = Told {
            mark: file.decimal_mark.map(|sign| decimal_mark(sign, "decimal_mark")).transpose()?,
            order: file.date_order,
            zone: file.time_zone.as_deref().map(|name| time_zone(name, "time_zone")).transpose()?,
            currency: match file.currency.as_deref() {
                Some(code) => Some(code.parse().map_err(|_| {
                    Refusal::field("not-a-currency", "currency").with("value", code)
                })?),
                None => None,
            },
        };
        Ok(Self {
            told,
            today,
            marks: Tally::default(),
            orders: Tally::default(),
            dates: HashMap::new(),
            short_years: BTreeMap::new(),
            bare_amount: None,
            other_currency: None,
            bare_time: None,
            percents: PercentSurvey::new(file.plain_percent),
        })
    }

    /// Notes what a row says.
    pub(crate) fn row(&mut self, parts: &[Part], row: &FileRow) {
        for part in parts {
            for (place, origin) in &part.fields {
                let Some(text) = origin.own_text(row) else { continue };
                let Origin::Cell { column: Some(column), .. } = origin else { continue };
                match &part.record_type.fields[*place].kind {
                    Kind::Money => {
                        self.amount(origin, row, *column, text);
                        self.number(origin, row, *column, text);
                    }
                    Kind::Percent => {
                        self.percents.note(row, *column, text);
                        self.number(origin, row, *column, text);
                    }
                    kind if kind.is_number() => self.number(origin, row, *column, text),
                    kind @ (Kind::Date | Kind::Instant) => {
                        let is_time = *kind == Kind::Instant;
                        self.date(origin, row.place(), *column, text);
                        if is_time || text.contains(':') {
                            self.time(origin, row.place(), kind, text);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn number(&mut self, origin: &Origin, row: &FileRow, column: usize, text: &str) {
        let is_told = self.told.mark.is_some() || own(origin).decimal_mark.is_some();
        if is_told || *row.kind(column) != CellKind::Text {
            return;
        }
        let set = match marks_of(text) {
            Evidence::Nothing => return,
            Evidence::Is(DecimalMark::Point) => 0b01,
            Evidence::Is(DecimalMark::Comma) => 0b10,
            Evidence::Either => 0b11,
        };
        let line = row.place();
        self.marks.note(set, || Example {
            line,
            text: text.to_owned(),
            readings: DecimalMark::ALL
                .into_iter()
                .filter_map(|mark| {
                    let number = read_number(text, mark).ok()?;
                    Some(Reading { choice: mark.to_string(), meaning: number.plain })
                })
                .collect(),
        });
    }

    fn amount(&mut self, origin: &Origin, row: &FileRow, column: usize, text: &str) {
        let Origin::Cell { currency, currency_column, .. } = origin else { return };
        if currency.is_some() || self.told.currency.is_some() {
            return;
        }
        let beside = currency_column.and_then(|beside| row.get(beside));
        if beside.is_some_and(|code| !code.trim().is_empty()) {
            return;
        }
        if self.bare_amount.is_some() && self.other_currency.is_some() {
            return;
        }
        let sign: Option<Sign> = match row.kind(column) {
            // What a format does not say clearly is refused by line.
            CellKind::Number(number) if number.unclear.is_some() => return,
            CellKind::Number(number) => number.sign,
            CellKind::Error | CellKind::NotComputed => return,
            CellKind::Text => {
                let mut read =
                    DecimalMark::ALL.into_iter().filter_map(|m| read_number(text, m).ok());
                let Some(number) = read.next() else { return };
                // A sign that does not agree is refused by line; one that can mean several is
                // taken for the usual; a code says its own.
                if number.sign.is_some_and(|sign| !means_usual_and_others(sign)) {
                    return;
                }
                None
            }
        };
        let place = match sign {
            None => &mut self.bare_amount,
            Some(sign) if !sign.can_mean(Currency::CNY) => &mut self.other_currency,
            Some(sign) if means_usual_and_others(sign) => &mut self.bare_amount,
            Some(_) => return,
        };
        place.get_or_insert_with(|| plain_example(row.place(), text));
    }

    fn date(&mut self, origin: &Origin, line: u64, column: usize, text: &str) {
        let own = own(origin);
        let years = own.years.unwrap_or(TwoDigitYears::around(self.today));
        // The day alone is looked at, which comes again and again; a time behind it is not.
        let day = text.split([' ', 'T', '\u{a0}']).next().unwrap_or_default();
        let is_whole = day.bytes().filter(|b| b"/-.".contains(b)).count() == 2;
        let day = if is_whole { day } else { text };
        if day.len() > DATE_BYTES_MAX {
            return;
        }
        if day.bytes().take_while(u8::is_ascii_digit).count() >= 4 {
            return;
        }
        if self.dates.len() >= DATES_MAX {
            self.dates.clear();
        }
        let (orders, is_short) =
            self.dates.entry(day.to_owned()).or_insert_with(|| looked_at(day, years)).clone();
        if is_short {
            let first = || (plain_example(line, text), years);
            self.short_years.entry(column).or_insert_with(first);
        }
        if own.date_order.is_some() || self.told.order.is_some() {
            return;
        }
        let place = |order: &DateOrder| DateOrder::ALL.iter().position(|one| one == order);
        let set = orders.iter().filter_map(|(o, _)| place(o)).fold(0, |set, at| set | 1 << at);
        let is_one = orders.len() > 1 && orders.iter().all(|(_, date)| *date == orders[0].1);
        if set == 0 || is_one {
            return;
        }
        self.orders.note(set, || Example {
            line,
            text: text.to_owned(),
            readings: orders
                .iter()
                .map(|(o, date)| Reading { choice: code(*o), meaning: date.to_string() })
                .collect(),
        });
    }

    fn time(&mut self, origin: &Origin, line: u64, kind: &Kind, text: &str) {
        let is_time = *kind == Kind::Instant;
        let is_told = self.told.zone.is_some() || own(origin).time_zone.is_some();
        if is_told || self.bare_time.is_some() {
            return;
        }
        let years = TwoDigitYears::around(self.today);
        let mut read = DateOrder::ALL
            .into_iter()
            .filter_map(|order| read_date(text, DateReading { order, years }));
        // A time of a zone needs none, but where its day is asked for.
        let is_open = |read: ReadDate| match is_time {
            true => read.zone.is_none(),
            false => read.zone.is_some() && read.time.is_some(),
        };
        if read.next().is_some_and(is_open) {
            self.bare_time = Some(plain_example(line, text));
        }
    }

    /// What it comes to: the formats of the file, and how sure each of them is.
    pub(crate) fn decided(self, columns: &[String]) -> (Formats, Vec<Decision>) {
        let mut decisions = Vec::new();
        let marks: Vec<String> = DecimalMark::ALL.iter().map(ToString::to_string).collect();
        let (mark, decision) = self.marks.decided(Matter::DecimalMark, &marks);
        let mark = self.told.mark.or(mark.map(|at| DecimalMark::ALL[at]));
        decisions.extend(told(self.told.mark, Matter::DecimalMark).or(decision));
        let codes: Vec<String> = DateOrder::ALL.iter().map(|order| code(*order)).collect();
        let (order, decision) = self.orders.decided(Matter::DateOrder, &codes);
        let order = self.told.order.or(order.map(|at| DateOrder::ALL[at]));
        let by_mapping = self.told.order.map(code);
        decisions.extend(told(by_mapping, Matter::DateOrder).or(decision));
        let (plain_percent, decision) = self.percents.decided();
        decisions.extend(decision);
        let formats = Formats {
            plain_percent,
            date_order: order.unwrap_or(DateOrder::DayFirst),
            years: TwoDigitYears::around(self.today),
            decimal_mark: mark.unwrap_or(DecimalMark::Point),
            time_zone: self.told.zone.clone().unwrap_or(TimeZone::UTC),
            currency: match self.told.currency {
                Some(currency) => AmountCurrency::Told(currency),
                None => AmountCurrency::Usual(Currency::CNY),
            },
        };
        for (column, (example, years)) in self.short_years {
            let span = format!("{}-{}", years.last - 99, years.last);
            let decision = Decision::new(Matter::TwoDigitYears, span, Certainty::Assumed);
            let column = columns.get(column).filter(|name| !name.is_empty()).cloned();
            decisions.push(Decision { column, ..decision.with_examples(vec![example]) });
        }
        let currency = formats.currency.plain().to_string();
        match (self.told.currency, self.bare_amount, self.other_currency) {
            (Some(_), _, _) => decisions.extend(told(Some(currency), Matter::Currency)),
            (None, Some(bare), Some(other)) => decisions.push(Decision {
                chosen: None,
                certainty: Certainty::Ambiguous,
                ..Decision::new(Matter::Currency, currency, Certainty::Ambiguous)
                    .with_examples(vec![bare, other])
            }),
            (None, Some(bare), None) => decisions.push(
                Decision::new(Matter::Currency, currency, Certainty::Assumed)
                    .with_examples(vec![bare]),
            ),
            (None, None, _) => {}
        }
        if let Some(zone) = &self.told.zone {
            let name = zone.iana_name().unwrap_or("UTC").to_owned();
            decisions.extend(told(Some(name), Matter::TimeZone));
        } else if let Some(time) = self.bare_time {
            decisions.push(
                Decision::new(Matter::TimeZone, "UTC", Certainty::Assumed)
                    .with_examples(vec![time]),
            );
        }
        (formats, decisions)
    }
}

impl Tally {
    /// The choice that it comes to, and the decision; none where it does not matter.
    fn decided(&self, what: Matter, choices: &[String]) -> (Option<usize>, Option<Decision>) {
        let verdict = self.verdict(choices.len());
        let (chosen, certainty) = match verdict {
            Verdict::NoMatter => return (None, None),
            Verdict::Clear(at) => (Some(at), Certainty::Clear),
            Verdict::Mostly(at) => (Some(at), Certainty::Contradictory),
            Verdict::Ambiguous => (None, Certainty::Ambiguous),
            Verdict::Contradictory => (None, Certainty::Contradictory),
        };
        let others = choices.iter().enumerate().filter(|(at, _)| Some(*at) != chosen);
        let decision = Decision {
            what,
            column: None,
            chosen: chosen.map(|at| choices[at].clone()),
            alternatives: others.map(|(_, code)| code.clone()).collect(),
            examples: self.examples(&verdict),
            certainty,
        };
        (chosen, Some(decision))
    }
}

fn told(chosen: Option<impl ToString>, what: Matter) -> Option<Decision> {
    chosen.map(|chosen| Decision::new(what, chosen.to_string(), Certainty::Told))
}

fn own(origin: &Origin) -> &OwnFormats {
    static NOTHING: OwnFormats =
        OwnFormats { decimal_mark: None, date_order: None, years: None, time_zone: None };
    match origin {
        Origin::Cell { own, .. } => own,
        _ => &NOTHING,
    }
}

/// Whether a sign can mean the usual currency, and others as well.
fn means_usual_and_others(sign: Sign) -> bool {
    !sign.is_code && sign.can_mean(Currency::CNY) && sign.currencies.len() > 1
}

fn plain_example(line: u64, text: &str) -> Example {
    Example { line, text: text.to_owned(), readings: Vec::new() }
}

fn looked_at(day: &str, years: TwoDigitYears) -> (Vec<(DateOrder, Date)>, bool) {
    let is_short = DateOrder::ALL
        .into_iter()
        .filter_map(|order| read_date(day, DateReading { order, years }))
        .any(|read| read.has_two_digit_year);
    (orders_of(day, years), is_short)
}

fn code(order: DateOrder) -> String {
    match order {
        DateOrder::DayFirst => "day_first",
        DateOrder::MonthFirst => "month_first",
        DateOrder::YearFirst => "year_first",
    }
    .to_owned()
}

/// A decimal mark by its sign.
///
/// # Errors
/// `not-a-decimal-mark`.
pub(crate) fn decimal_mark(sign: char, field: &str) -> Result<DecimalMark, Refusal> {
    DecimalMark::of_sign(sign)
        .ok_or_else(|| Refusal::field("not-a-decimal-mark", field).with("value", sign))
}

/// A time zone by its name.
///
/// # Errors
/// `not-a-time-zone`.
pub(crate) fn time_zone(name: &str, field: &str) -> Result<TimeZone, Refusal> {
    TimeZone::get(name).map_err(|_| Refusal::field("not-a-time-zone", field).with("value", name))
}
