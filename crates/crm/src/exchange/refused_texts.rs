//! The cells of a refused line as a text file holds them: the same mapping reads them as it did, and
//! refuses again what nobody mended.

use guanxi_record::Kind;

use super::cell::{AmountCurrency, ERROR, NOT_COMPUTED, is_error};
use super::numbers::{DecimalMark, by_ten, read_number};
use super::origin::Origin;
use super::plan::Plan;
use super::powers::word_for;
use super::row::{CellKind, FileRow, NumberCell};
use super::signs::Sign;

impl Plan {
    /// The cells of a row as texts of this file: what a workbook says of a number beyond its digits
    /// stands beside them, and numbers get the decimal mark of the file.
    pub(crate) fn texts(&self, row: &FileRow) -> Vec<String> {
        // What is no record has each of its texts once.
        let is_none = self.rows.has(row);
        let text = |(column, text): (usize, &str)| match row.kind(column) {
            _ if is_none && row.is_copy(column) => String::new(),
            CellKind::Number(number) => self.number(column, text, number),
            CellKind::Error if !is_error(text) => ERROR.to_owned(),
            CellKind::NotComputed => NOT_COMPUTED.to_owned(),
            CellKind::Text | CellKind::Error => text.to_owned(),
        };
        row.iter().enumerate().map(text).collect()
    }

    fn number(&self, column: usize, text: &str, number: &NumberCell) -> String {
        let fields = || {
            self.parts.iter().flat_map(|part| {
                let fields = part.fields.iter();
                fields.map(|(place, origin)| (&part.record_type.fields[*place].kind, origin))
            })
        };
        let of_column = || {
            fields().filter_map(|(kind, origin)| match origin {
                Origin::Cell { column: Some(known), own, currency, .. } if *known == column => {
                    Some((kind, own, currency))
                }
                _ => None,
            })
        };
        if number.has_lost_digits {
            return rounded(&number.plain);
        }
        // Texts and keys have no decimal mark that could be another.
        if of_column().next().is_none() || !of_column().all(|(kind, ..)| kind.is_number()) {
            return text.to_owned();
        }
        let own_mark = of_column().find_map(|(_, own, _)| own.decimal_mark);
        let with_mark = |digits: &str| match own_mark.unwrap_or(self.formats.decimal_mark) {
            DecimalMark::Point => digits.to_owned(),
            DecimalMark::Comma => digits.replace('.', ","),
        };
        let has = |wanted: &Kind| of_column().any(|(kind, ..)| kind == wanted);
        let told =
            of_column().find_map(|(.., currency)| *currency).or(match self.formats.currency {
                AmountCurrency::Told(currency) => Some(currency),
                AmountCurrency::Beside(_) | AmountCurrency::Usual(_) => None,
            });
        let is_unclear = |of_any_number: bool| of_any_number || has(&Kind::Money);
        if let Some(format) = number.unclear.as_ref().filter(|one| is_unclear(one.of_any_number)) {
            return unclear(&with_mark(&number.plain), &format.code);
        }
        // Beside a column that counts in thousands it says that it is kept in full.
        let counts = of_column().any(|(_, own, _)| own.counts_in.power > 0);
        let digits = match number.shown_in {
            shown_in if counts && shown_in > 0 => {
                let unit = word_for(shown_in).unwrap_or_else(|| "?".to_owned());
                format!("{}{unit}", with_mark(&by_ten(&number.plain, shown_in)))
            }
            _ => with_mark(&number.plain),
        };
        match number.sign {
            Some(Sign { currencies: [one], is_code }) if has(&Kind::Money) => {
                // A sign that disagrees with what was told is asked about again; a code is obeyed.
                let is_refused = told.is_some_and(|told| told != *one && !is_code);
                let doubt = if is_refused { "?" } else { "" };
                format!("{digits} {}{doubt}", one.code())
            }
            _ if has(&Kind::Percent) => with_mark(text),
            _ => digits,
        }
    }
}

/// A number whose last digits are lost, as spreadsheets write it: none takes it for whole.
fn rounded(plain: &str) -> String {
    let number: f64 = plain.parse().unwrap_or(f64::MAX);
    format!("{number:.2E}").replace('E', "E+")
}

/// A number with the words of a format that nobody understood, so that it is no number.
fn unclear(number: &str, code: &str) -> String {
    let words =
        code.split(';').next().unwrap_or_default().replace(|c: char| !c.is_alphabetic(), "");
    let shown = format!("{number}{words}");
    let is_read = DecimalMark::ALL.iter().any(|mark| read_number(&shown, *mark).is_ok());
    if is_read { format!("{number} {code}") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_of_a_workbook_is_no_number_in_the_file_of_refused_lines() {
        assert_eq!(rounded("9131000012345680"), "9.13E+15");
        assert_eq!(unclear("12.5", "0.0\"万元\""), "12.5 0.0\"万元\"");
        assert_eq!(unclear("12.5", "#,##0\"m\""), "12.5m");
        assert_eq!(unclear("12.5", "0.0,"), "12.5 0.0,");
        assert!(is_error(NOT_COMPUTED) && is_error(ERROR));
    }
}
