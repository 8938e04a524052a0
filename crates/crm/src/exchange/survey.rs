//! What all of a file says about its dates, numbers and currencies, read once before anything is
//! imported. It counts and keeps first examples, so that a file of any size can be surveyed.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use guanxi_base::{Currency, Date, Refusal, Result, TimeZone};
use guanxi_record::Kind;

use super::cell::{AmountCurrency, Formats};
use super::dates::{DateOrder, DateReading, ReadDate, TwoDigitYears, orders_of, read_date};
use super::decisions::{Certainty, Decision, Example, Matter, Reading, Tally, Verdict};
use super::mapping::{FileOptions, YearRule};
use super::numbers::{DecimalMark, Evidence, marks_of, read_number};
use super::origin::{Origin, OwnFormats};
use super::percent::{PercentSurvey, PlainPercent};
use super::plan::Part;
use super::row::{CellKind, FileRow};
use super::signs::Sign;
use super::unit_survey::UnitSurvey;

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
    /// The orders that a date allows, and what is to be known of its year.
    dates: HashMap<String, (Vec<(DateOrder, Date)>, ShortYear)>,
    /// By column: a year of two digits, and what such years mean there.
    short_years: BTreeMap<usize, ShortYears>,
    bare_amount: Option<Example>,
    other_currency: Option<Example>,
    /// The first column whose name has the sign of several other currencies, and an amount of it.
    other_column: Option<(usize, Example)>,
    bare_time: Option<Example>,
    percents: PercentSurvey,
    units: UnitSurvey,
}

/// Whether the year of a date has two digits, and whether it matters which hundred years they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ShortYear {
    No,
    Same,
    Differs,
}

/// Years of two digits in one column.
struct ShortYears {
    example: Example,
    kind: ShortYear,
    rule: YearRule,
    is_told: bool,
}

/// What the mapping says for the whole file.
struct Told {
    mark: Option<DecimalMark>,
    order: Option<DateOrder>,
    zone: Option<TimeZone>,
    currency: Option<Currency>,
    plain_percent: Option<PlainPercent>,
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
            plain_percent: file.plain_percent,
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
            other_column: None,
            bare_time: None,
            percents: PercentSurvey::default(),
            units: UnitSurvey::default(),
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
                        self.units.note(row, *column, text, &own(origin).counts_in);
                    }
                    Kind::Percent => {
                        let told = own(origin).plain_percent.or(self.told.plain_percent);
                        self.percents.note(row, *column, text, told);
                        self.number(origin, row, *column, text);
                    }
                    kind if kind.is_number() => {
                        self.number(origin, row, *column, text);
                        self.units.note(row, *column, text, &own(origin).counts_in);
                    }
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
        if own(origin).decimal_mark.is_some() || *row.kind(column) != CellKind::Text {
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
        if own(origin).sign.is_some_and(|sign| !sign.can_mean(Currency::CNY)) {
            let first = || (column, plain_example(row.place(), text));
            self.other_column.get_or_insert_with(first);
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
        let today = self.today;
        let years = own.years.unwrap_or(TwoDigitYears::around(today));
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
        let (orders, kind) = self
            .dates
            .entry(day.to_owned())
            .or_insert_with(|| looked_at(day, years, today))
            .clone();
        let known = self.short_years.get(&column).map_or(ShortYear::No, |years| years.kind);
        if kind > known {
            let rule = YearRule::ALL.into_iter().find(|rule| rule.years(today) == years);
            let rule = rule.unwrap_or(YearRule::Around);
            let (example, is_told) = (plain_example(line, day), own.is_of_mapping);
            self.short_years.insert(column, ShortYears { example, kind, rule, is_told });
        }
        if own.date_order.is_some() {
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
        let told = self.told.mark.map(|mark| mark.to_string());
        let (mark, decision) = self.marks.decided(Matter::DecimalMark, &marks, told.as_deref());
        decisions.extend(decision);
        let codes: Vec<String> = DateOrder::ALL.iter().map(|order| code(*order)).collect();
        let told = self.told.order.map(code);
        let (order, decision) = self.orders.decided(Matter::DateOrder, &codes, told.as_deref());
        decisions.extend(decision);
        let formats = Formats {
            plain_percent: self.told.plain_percent.unwrap_or(PlainPercent::Percent),
            power: 0,
            sign: None,
            date_order: order.map_or(DateOrder::DayFirst, |at| DateOrder::ALL[at]),
            years: TwoDigitYears::around(self.today),
            decimal_mark: mark.map_or(DecimalMark::Point, |at| DecimalMark::ALL[at]),
            time_zone: self.told.zone.clone().unwrap_or(TimeZone::UTC),
            currency: match self.told.currency {
                Some(currency) => AmountCurrency::Told(currency),
                None => AmountCurrency::Usual(Currency::CNY),
            },
        };
        for (column, years) in self.short_years {
            let decision = years.decided(formats.date_order, self.today);
            decisions.push(decision.of_column(column, columns));
        }
        decisions.extend(self.units.decided(formats.decimal_mark, columns));
        decisions.extend(self.percents.decided(columns));
        let (mut bare, mut other) = (self.bare_amount, self.other_currency);
        if let Some((column, amount)) = self.other_column {
            let text = columns.get(column).cloned().unwrap_or_default();
            other = Some(plain_example(amount.line, &text));
            bare = Some(amount);
        }
        decisions.extend(currency_decision(formats.currency, bare, other));
        if let Some(zone) = &self.told.zone {
            let name = zone.iana_name().unwrap_or("UTC");
            decisions.push(Decision::new(Matter::TimeZone, name, Certainty::Told));
        } else if let Some(time) = self.bare_time {
            decisions.push(
                Decision::new(Matter::TimeZone, "UTC", Certainty::Assumed)
                    .with_examples(vec![time]),
            );
        }
        (formats, decisions)
    }
}

impl ShortYears {
    /// What such years mean in their column, with what else they could.
    fn decided(self, order: DateOrder, today: Date) -> Decision {
        let reading = |rule: YearRule| {
            let years = rule.years(today);
            let orders = [order].into_iter().chain(DateOrder::ALL);
            let mut read = orders
                .filter_map(|order| read_date(&self.example.text, DateReading { order, years }));
            let meaning = read.next()?.date.to_string();
            Some(Reading { choice: rule.code().to_owned(), meaning })
        };
        let readings = YearRule::ALL.into_iter().filter_map(reading).collect();
        let others = YearRule::ALL.into_iter().filter(|other| *other != self.rule);
        let certainty = if self.is_told { Certainty::Told } else { Certainty::Assumed };
        Decision::new(Matter::TwoDigitYears, self.rule.code(), certainty)
            .with_alternatives(others.map(|other| other.code().to_owned()).collect())
            .with_examples(vec![Example { readings, ..self.example.clone() }])
    }
}

impl Tally {
    /// The choice that it comes to, and the decision; none where it does not matter.
    fn decided(
        &self,
        what: Matter,
        choices: &[String],
        told: Option<&str>,
    ) -> (Option<usize>, Option<Decision>) {
        let verdict = self.verdict(choices.len());
        let told = told.and_then(|told| choices.iter().position(|choice| choice == told));
        let (chosen, certainty) = match verdict {
            _ if told.is_some() => (told, Certainty::Told),
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
            position: None,
            chosen: chosen.map(|at| choices[at].clone()),
            alternatives: others.map(|(_, code)| code.clone()).collect(),
            examples: self.examples(&verdict),
            certainty,
        };
        (chosen, Some(decision))
    }
}

/// The currency of amounts without one, of which these are examples: one without, one in another.
fn currency_decision(
    currency: AmountCurrency,
    bare: Option<Example>,
    other: Option<Example>,
) -> Option<Decision> {
    let of = |certainty| Decision::new(Matter::Currency, currency.plain().to_string(), certainty);
    if matches!(currency, AmountCurrency::Told(_)) {
        return Some(of(Certainty::Told));
    }
    let bare = bare?;
    Some(match other {
        Some(other) => {
            Decision { chosen: None, ..of(Certainty::Ambiguous).with_examples(vec![bare, other]) }
        }
        None => of(Certainty::Assumed).with_examples(vec![bare]),
    })
}

fn own(origin: &Origin) -> &OwnFormats {
    static NOTHING: LazyLock<OwnFormats> = LazyLock::new(OwnFormats::default);
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

fn looked_at(day: &str, years: TwoDigitYears, today: Date) -> (Vec<(DateOrder, Date)>, ShortYear) {
    let read = |order, years| read_date(day, DateReading { order, years });
    let [past, around] = YearRule::ALL.map(|rule| rule.years(today));
    let kind = |order| match (read(order, past), read(order, around)) {
        (Some(one), Some(other)) if one != other => ShortYear::Differs,
        (Some(one), _) if one.has_two_digit_year => ShortYear::Same,
        _ => ShortYear::No,
    };
    let kind = DateOrder::ALL.into_iter().map(kind).max().unwrap_or(ShortYear::No);
    (orders_of(day, years), kind)
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
