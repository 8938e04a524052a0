//! The columns of a file, by name and by place, and what their names and the titles above the table
//! say about the numbers in them.

use guanxi_base::{Currency, Date, Refusal};
use guanxi_record::{Field, Kind};

use super::decisions::{Certainty, Decision, Matter};
use super::header;
use super::mapping::{FieldSource, Mapping, Rule, YearRule};
use super::origin::{Origin, OwnFormats};
use super::plan::Part;
use super::signs::Sign;
use super::survey::{decimal_mark, time_zone};
use super::units::{CountsIn, Unit, currency_of, unit_of};

/// What stands in the name of a column whose numbers are a tenth of per cent.
const PER_MILLE: char = '\u{2030}';
/// Nobody counts in more.
const POWER_MAX: usize = 12;

/// The columns of a file, by name and by place.
pub(super) struct Columns {
    pub(super) headers: Vec<String>,
    /// What stands above the table about what its numbers count in.
    pub(super) titles: Vec<Unit>,
    pub(super) today: Date,
}

impl Columns {
    pub(super) fn named(&self, name: &str) -> std::result::Result<usize, Refusal> {
        let wanted = header::name(name);
        let places = self.places(&wanted);
        match places[..] {
            [one] => Ok(one),
            [] => Err(Refusal::field("unknown-column", name)
                .with("name", name)
                .with("columns", self.headers.join(", "))),
            _ => Err(Refusal::field("column-repeated", name)
                .with("name", name)
                .with("positions", positions(&places))),
        }
    }

    fn places(&self, name: &str) -> Vec<usize> {
        let all = self.headers.iter().enumerate();
        all.filter(|(_, header)| *header == name).map(|(at, _)| at).collect()
    }

    /// The column of a rule, if it has one.
    pub(super) fn of(&self, rule: &Rule) -> std::result::Result<Option<usize>, Refusal> {
        let Some(position) = rule.position else {
            return rule.column.as_deref().map(|name| self.named(name)).transpose();
        };
        let header = position.checked_sub(1).and_then(|at| self.headers.get(at));
        let is_same = |name: &String| header == Some(&header::name(name));
        if header.is_none() || !rule.column.as_ref().is_none_or(is_same) {
            let name = rule.column.clone().unwrap_or_default();
            return Err(Refusal::field("unknown-position", "position")
                .with("value", position)
                .with("name", name)
                .with("columns", self.headers.join(", ")));
        }
        Ok(Some(position - 1))
    }

    /// What the name of a column says that it counts in.
    fn unit(&self, column: Option<usize>) -> Option<Unit> {
        unit_of(self.headers.get(column?)?).0
    }

    /// The sign of a column of amounts, by its name or by what stands above the table.
    fn sign(&self, column: Option<usize>, field: &Field) -> Option<Sign> {
        column.filter(|_| field.kind == Kind::Money)?;
        currency_of(self.unit(column).as_ref(), &self.titles)
    }

    /// The currency that such a sign means, if it is one.
    pub(super) fn currency(&self, column: Option<usize>, field: &Field) -> Option<Currency> {
        match self.sign(column, field)?.currencies {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// What a rule, or the column itself, says about how it is written; a birthday lies in the past
    /// without it.
    pub(super) fn own_formats(
        &self,
        column: Option<usize>,
        field: &Field,
        rule: &Rule,
    ) -> std::result::Result<OwnFormats, Refusal> {
        let is_birthday = field.kind == Kind::Date && field.name.contains("birth");
        let years = rule.two_digit_years.or_else(|| is_birthday.then_some(YearRule::Past));
        let header = column.and_then(|at| self.headers.get(at));
        if let Some(name) = header.filter(|name| name.contains(PER_MILLE))
            && field.kind == Kind::Percent
        {
            return Err(Refusal::field("column-per-mille", name.as_str()).with("name", name));
        }
        let mut counts_in = CountsIn::default();
        if field.kind.is_number() && field.kind != Kind::Percent && column.is_some() {
            counts_in = CountsIn::said(&field.kind, self.unit(column).as_ref(), &self.titles);
            if let Some(unit) = rule.unit {
                let refusal = || Refusal::field("not-a-unit", &*field.name).with("value", unit);
                counts_in = counts_in.told(power_of_ten(unit).ok_or_else(refusal)?);
            }
        }
        let says_currency = rule.currency.is_some() || rule.currency_column.is_some();
        let mark = rule.decimal_mark.map(|sign| decimal_mark(sign, &field.name));
        Ok(OwnFormats {
            decimal_mark: mark.transpose()?,
            date_order: rule.date_order,
            time_zone: rule.time_zone.as_deref().map(|z| time_zone(z, &field.name)).transpose()?,
            years: years.map(|rule| rule.years(self.today)),
            is_of_mapping: rule.two_digit_years.is_some(),
            plain_percent: rule.plain_percent,
            sign: self.sign(column, field).filter(|_| !says_currency),
            counts_in,
        })
    }

    /// Currencies that the names of columns say, where the mapping does not.
    pub(super) fn currencies(&self, parts: &[Part], mapping: &Mapping) -> Vec<Decision> {
        let mut decisions = Vec::new();
        for (part, record) in parts.iter().zip(&mapping.records) {
            for (place, origin) in &part.fields {
                let field = &part.record_type.fields[*place];
                let Origin::Cell { column: Some(column), currency: Some(currency), .. } = origin
                else {
                    continue;
                };
                let rule = record.fields.get(&*field.name).map(FieldSource::rule);
                if field.kind == Kind::Money && rule.is_some_and(|rule| rule.currency.is_none()) {
                    let code = currency.to_string();
                    let decision = Decision::new(Matter::Currency, code, Certainty::Clear);
                    let column = self.headers.get(*column).cloned();
                    decisions.push(Decision { column, ..decision });
                }
            }
        }
        decisions
    }

    /// Columns of one name are told, whether they are mapped or not.
    pub(super) fn repeated(&self) -> Vec<Decision> {
        let mut seen = std::collections::BTreeSet::new();
        let mut decisions = Vec::new();
        for name in self.headers.iter().filter(|name| !name.is_empty()) {
            let places = self.places(name);
            if places.len() > 1 && seen.insert(name) {
                let decision =
                    Decision::new(Matter::RepeatedColumn, positions(&places), Certainty::Clear);
                decisions.push(Decision { column: Some(name.clone()), ..decision });
            }
        }
        decisions
    }
}

fn positions(places: &[usize]) -> String {
    places.iter().map(|at| (at + 1).to_string()).collect::<Vec<_>>().join(", ")
}

/// Which power of ten a number is, if it is one.
fn power_of_ten(number: u64) -> Option<usize> {
    let text = number.to_string();
    let zeros = text.strip_prefix('1')?;
    (zeros.len() <= POWER_MAX && zeros.bytes().all(|digit| digit == b'0')).then_some(zeros.len())
}
