//! Where the value of a field comes from, made ready for one file: names have become places.
//! Texts of the mapping itself are written plainly; the formats of the file are for its cells.

use csv::StringRecord;
use guanxi_analytics::matching::normalise::is_placeholder;
use guanxi_base::{Currency, Refusal, TimeZone};
use guanxi_record::{Kind, Value};

use super::cell::{self, AmountCurrency, Formats};
use super::dates::{DateOrder, TwoDigitYears};
use super::mapping::When;
use super::numbers::DecimalMark;
use super::percent::PlainPercent;
use super::plan::Part;
use super::row::{CellKind, FileRow};
use super::signs::Sign;
use super::units::CountsIn;

/// Where a field's value comes from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// A cell, or what stands for it.
    Cell {
        column: Option<usize>,
        default: Option<String>,
        when: Vec<When>,
        otherwise: Option<String>,
        whole_number: bool,
        currency: Option<Currency>,
        currency_column: Option<usize>,
        own: OwnFormats,
    },
    /// The record that an earlier part of the same line made.
    SameLine { part: usize },
    /// A record that is looked up by one of its fields; `later` when the file itself makes it.
    Find { column: usize, to: String, by: String, later: bool },
    /// Always this.
    Fixed(Value),
}

/// What the mapping says about the formats of one column.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnFormats {
    pub(crate) decimal_mark: Option<DecimalMark>,
    pub(crate) date_order: Option<DateOrder>,
    pub(crate) years: Option<TwoDigitYears>,
    /// Whether the mapping says so of the years; a birthday lies in the past without it.
    pub(crate) is_of_mapping: bool,
    pub(crate) plain_percent: Option<PlainPercent>,
    /// The sign of amounts that stands in the name of the column or above the table.
    pub(crate) sign: Option<Sign>,
    pub(crate) counts_in: CountsIn,
    pub(crate) time_zone: Option<TimeZone>,
}

impl OwnFormats {
    fn is_empty(&self) -> bool {
        self.decimal_mark.is_none()
            && self.date_order.is_none()
            && self.years.is_none()
            && self.time_zone.is_none()
            && self.plain_percent.is_none()
            && self.sign.is_none()
            && self.counts_in.power == 0
    }

    fn over(&self, formats: &Formats) -> Formats {
        Formats {
            date_order: self.date_order.unwrap_or(formats.date_order),
            years: self.years.unwrap_or(formats.years),
            decimal_mark: self.decimal_mark.unwrap_or(formats.decimal_mark),
            time_zone: self.time_zone.clone().unwrap_or_else(|| formats.time_zone.clone()),
            currency: formats.currency,
            plain_percent: self.plain_percent.unwrap_or(formats.plain_percent),
            power: self.counts_in.power,
            sign: self.sign,
        }
    }
}

impl Origin {
    /// Just what a column has.
    pub(crate) fn of_column(column: Option<usize>) -> Self {
        Self::Cell {
            column,
            default: None,
            when: Vec::new(),
            otherwise: None,
            whole_number: false,
            currency: None,
            currency_column: None,
            own: OwnFormats::default(),
        }
    }

    /// The text that a line's own cell gives to the field; none where the mapping says another.
    pub(crate) fn own_text<'a>(&self, row: &'a StringRecord) -> Option<&'a str> {
        let Self::Cell { column: Some(column), when, otherwise, .. } = self else { return None };
        let cell = row.get(*column)?.trim();
        let is_own = otherwise.is_none() && !when.iter().any(|case| fits(case, cell));
        (is_own && !cell.is_empty()).then_some(cell)
    }

    /// What a line's own cell has for a telephone or a mail address where it stands for none.
    pub(crate) fn placeholder<'a>(
        &self,
        part: &Part,
        place: usize,
        row: &'a StringRecord,
    ) -> Option<&'a str> {
        let kind = &part.record_type.fields[place].kind;
        let may_be = matches!(kind, Kind::Phone | Kind::Email);
        self.own_text(row).filter(|text| may_be && is_placeholder(text))
    }

    /// The value that a line gives to a field; links to other records are not its business.
    ///
    /// # Errors
    /// A refusal without its field.
    pub(crate) fn value(
        &self,
        part: &Part,
        place: usize,
        row: &FileRow,
        formats: &Formats,
    ) -> Result<Value, Refusal> {
        let Self::Cell {
            column,
            default,
            when,
            otherwise,
            whole_number,
            currency,
            currency_column,
            own,
        } = self
        else {
            return Ok(match self {
                Self::Fixed(value) => value.clone(),
                _ => Value::Null,
            });
        };
        let field = &part.record_type.fields[place];
        let by_column = currency_column.and_then(|column| row.get(column)).map(str::trim);
        let by_column = match by_column.filter(|code| !code.is_empty()) {
            Some(code) => Some(currency_of(code)?),
            None => None,
        };
        let mut here = None;
        if !own.is_empty() {
            here = Some(own.over(formats));
        }
        let told = by_column.map(AmountCurrency::Beside);
        if let Some(currency) = told.or(currency.map(AmountCurrency::Told)) {
            here = Some(Formats { currency, ..here.unwrap_or_else(|| formats.clone()) });
        }
        let formats = here.as_ref().unwrap_or(formats);
        let cell = match self.placeholder(part, place, row) {
            Some(_) => "",
            None => column.and_then(|column| row.get(column)).unwrap_or_default().trim(),
        };
        let said = match when.iter().find(|case| fits(case, cell)) {
            Some(case) => Some(case.value.as_str()),
            None => otherwise.as_deref(),
        };
        let said = match said {
            // What stands for nothing is as an empty cell, and never what the cell has.
            Some("") => Some(default.as_deref().unwrap_or_default()),
            None if cell.is_empty() => default.as_deref(),
            other => other,
        };
        if let Some(text) = said {
            let plain = Formats {
                decimal_mark: DecimalMark::Point,
                plain_percent: PlainPercent::Percent,
                power: 0,
                sign: None,
                ..formats.clone()
            };
            return cell::read_cell(&part.record_type, field, text, &CellKind::Text, &plain);
        }
        let kind = column.map_or(&CellKind::Text, |column| row.kind(column));
        let whole = if *whole_number { whole_number_of(cell)? } else { None };
        let text = whole.as_deref().unwrap_or(cell);
        cell::read_cell(&part.record_type, field, text, kind, formats)
    }
}

/// The digits of a whole number, whatever a spreadsheet made of it; none of an empty cell.
fn whole_number_of(cell: &str) -> Result<Option<String>, Refusal> {
    if cell.is_empty() {
        return Ok(None);
    }
    let text = guanxi_record::half_width(cell);
    let text = text.trim();
    let (whole, zeros) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_whole = !digits.is_empty()
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && zeros.bytes().all(|digit| digit == b'0');
    if !is_whole {
        return Err(Refusal::new("not-an-integer").with("value", cell));
    }
    Ok(Some(whole.to_owned()))
}

/// A currency by its code, or by a sign that means one only.
fn currency_of(text: &str) -> Result<Currency, Refusal> {
    if let Ok(currency) = text.parse() {
        return Ok(currency);
    }
    match super::signs::sign_of(&guanxi_record::half_width(text)).map(|sign| sign.currencies) {
        Some([one]) => Ok(*one),
        _ => Err(Refusal::new("not-a-currency").with("value", text)),
    }
}

fn fits(case: &When, cell: &str) -> bool {
    case.is.as_ref().is_none_or(|text| text == cell)
        && case.starts.as_ref().is_none_or(|text| cell.starts_with(text.as_str()))
}
