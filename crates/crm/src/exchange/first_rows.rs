//! The first rows of a table: which of them are titles, which names of columns and which records
//! already, by what stands in them and by how they are filled.

use std::collections::BTreeSet;

use guanxi_record::half_width;

use super::decisions::Certainty;
use super::header;
use super::row::{CellKind, FileRow};
use super::suggest::{is_date, is_mail, is_province, is_telephone, plain};
use super::table_words::is_firm;

/// So many names that are known make a row the header below rows that are filled as it is.
const SURE_NAMES: usize = 3;
/// Numbers of more digits than these name no column.
const SHORT_DIGITS: usize = 4;
/// A province with what it is: what is longer says more.
const PROVINCE_CHARACTERS: usize = 4;

/// The first rows of a table, and names that its columns may have.
pub(super) struct FirstRows<'a> {
    rows: &'a [FileRow],
    columns: BTreeSet<String>,
}

impl<'a> FirstRows<'a> {
    pub(super) fn new(rows: &'a [FileRow], columns: &[String]) -> Self {
        let columns = columns.iter().map(|column| plain(column));
        Self { rows, columns: columns.filter(|column| !column.is_empty()).collect() }
    }

    /// The row that most likely names the columns, and how sure that is: the one with the names
    /// that are known, else the first unless it has far fewer cells than the rows below, as a title
    /// has. It is asked about where it could be a record.
    pub(super) fn guess(&self) -> (usize, Certainty) {
        let by_names = self.by_names();
        let at = by_names.unwrap_or_else(|| self.by_shape());
        if by_names.is_none() && self.is_unclear(at) {
            return (at, Certainty::Ambiguous);
        }
        // A row above all others is the header, unless it has fewer names than they have cells, or
        // none that is known.
        let is_whole = self.rows.first().map_or(0, texts) >= self.usual();
        let is_known = self.columns.is_empty() || by_names.is_some();
        let is_clear = at == 0 && is_whole && is_known;
        (at, if is_clear { Certainty::Clear } else { Certainty::Assumed })
    }

    /// The names of the columns by a row, and by the one above where that names groups of columns.
    /// Of a row that is told as much is known as of one with names that are known.
    pub(super) fn names(&self, at: usize, is_told: bool) -> Vec<String> {
        let Some(row) = self.rows.get(at) else { return Vec::new() };
        let mut names: Vec<String> = row.iter().map(header::name).collect();
        let above = at.checked_sub(1).map(|above| &self.rows[above]);
        if let Some(groups) = above.filter(|groups| self.are_groups(groups, row, is_told)) {
            names = joined(groups, &names);
        }
        while names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        names
    }

    /// The most names that are known in one row.
    pub(super) fn most_known(&self) -> usize {
        (0..self.rows.len()).map(|at| self.known(at)).max().unwrap_or(0)
    }

    /// Whether several rows have several cells, as prose has not.
    pub(super) fn is_table(&self) -> bool {
        self.rows.iter().filter(|row| texts(row) >= 2).count() >= 2
    }

    fn known(&self, at: usize) -> usize {
        self.known_of(&self.names(at, false))
    }

    fn known_of(&self, names: &[String]) -> usize {
        let names: BTreeSet<String> = names.iter().map(|name| plain(name)).collect();
        names.iter().filter(|name| self.columns.contains(*name)).count()
    }

    /// The row with most names that are known, if it can be the header by what else it has.
    fn by_names(&self) -> Option<usize> {
        let counts: Vec<usize> = (0..self.rows.len()).map(|at| self.known(at)).collect();
        let first = (0..counts.len()).rev().max_by_key(|at| counts[*at])?;
        let is_group = |next: &FileRow| self.are_groups(&self.rows[first], next, false);
        let has_names_below =
            self.rows.get(first + 1).is_some_and(is_group) && counts[first] == counts[first + 1];
        let best = if has_names_below { first + 1 } else { first };
        let (found, all) = (counts[best], texts(&self.rows[best]));
        let are_all = found == self.columns.len();
        if found == 0 || (are_all && !self.has_values(best)) {
            return Some(best).filter(|_| found > 0);
        }
        // A name that is known may be a value as well: `email` as the way to write to somebody.
        let is_named = !self.has_known_values(best)
            && (!self.has_values(best) || (found * 2 > all && !are_all));
        let is_title = |above: usize| {
            let row = &self.rows[above];
            !self.is_full(above, all)
                || (above + 1 == best && self.are_groups(row, &self.rows[best], false))
        };
        let is_sure = found >= SURE_NAMES && found * 2 >= all;
        Some(best).filter(|_| is_named && (is_sure || (0..best).all(is_title)))
    }

    fn by_shape(&self) -> usize {
        let usual = self.usual();
        let is_header = |at: &usize| {
            let texts = texts(&self.rows[*at]);
            texts >= 2 && texts * 2 > usual
        };
        let mut at = 0;
        if usual >= 2 && !self.rows.is_empty() && !self.is_full(0, usual) {
            let mut all = 0..self.rows.len();
            let named = all.clone().find(|at| is_header(at) && self.can_be_names(*at));
            at = named.or_else(|| all.find(is_header)).unwrap_or(0);
        }
        // Groups of columns stand above their names.
        let is_group = |next: &FileRow| self.are_groups(&self.rows[at], next, false);
        if self.rows.get(at + 1).is_some_and(is_group) { at + 1 } else { at }
    }

    /// Whether a row that no name tells to be the header may be a record, or one above it the header.
    fn is_unclear(&self, at: usize) -> bool {
        let Some(row) = self.rows.get(at) else { return false };
        let is_passed_over = |above: usize| {
            let is_group = above + 1 == at && self.are_groups(&self.rows[above], row, false);
            !is_group && (self.can_be_names(above) || self.is_full(above, texts(row)))
        };
        self.has_data(at) || (0..at).any(is_passed_over)
    }

    /// How many texts the rows below the first usually have.
    fn usual(&self) -> usize {
        let mut counts: Vec<usize> = self.rows.iter().skip(1).map(texts).collect();
        counts.sort_unstable();
        counts.get(counts.len() / 2).copied().unwrap_or(0)
    }

    /// Whether a row has most of so many texts.
    fn is_full(&self, at: usize, all: usize) -> bool {
        texts(&self.rows[at]) * 3 >= all * 2
    }

    /// Whether a row could be names of columns: several words, each once.
    fn can_be_names(&self, at: usize) -> bool {
        let row = &self.rows[at];
        let own: Vec<&str> = row.own().map(|(_, text)| text).collect();
        let are_words = (0..row.len()).all(|column| is_word(row, column));
        let different: BTreeSet<&&str> = own.iter().collect();
        own.len() >= 2 && own.len() == different.len() && are_words && !self.has_data(at)
    }

    /// Whether a row has a cell that is a value: by how it is written, or because it stands in the
    /// same column again.
    fn has_data(&self, at: usize) -> bool {
        let mut own = self.rows[at].own();
        self.has_values(at) || own.any(|(column, text)| self.comes_again(at, column, text))
    }

    /// Whether a row has a cell that is a value by how it is written.
    fn has_values(&self, at: usize) -> bool {
        let row = &self.rows[at];
        row.own().any(|(column, text)| is_value(row.kind(column), text))
    }

    /// Whether what is known as a name stands in its column again.
    fn has_known_values(&self, at: usize) -> bool {
        let mut known = self.rows[at].own().filter(|(_, text)| self.columns.contains(&plain(text)));
        known.any(|(column, text)| self.comes_again(at, column, text))
    }

    /// Whether a text of a row stands in the same column of a row below that is another.
    fn comes_again(&self, at: usize, column: usize, text: &str) -> bool {
        let row = &self.rows[at];
        let mut below = self.rows[at + 1..].iter().filter(|other| !other.iter().eq(row.iter()));
        text.contains(char::is_alphabetic)
            && below.any(|other| other.get(column).is_some_and(|cell| cell.trim() == text))
    }

    /// Whether one row names groups of columns and the next the columns of each. A group is a cell
    /// over several columns, or stands before empty ones, or again and again.
    fn are_groups(&self, groups: &FileRow, names: &FileRow, is_told: bool) -> bool {
        let width = groups.len().max(names.len());
        let above = |at: usize| groups.get(at).unwrap_or_default().trim();
        let below = |at: usize| names.get(at).unwrap_or_default().trim();
        let is_of_group = |at: usize| {
            let before = at.checked_sub(1).map_or("", above);
            above(at).is_empty()
                || above(at) == before
                || above(at) == above(at + 1)
                || (at + 1 < width && above(at + 1).is_empty())
        };
        let are_words = |row: &FileRow| (0..row.len()).all(|column| is_word(row, column));
        let filled = |at: &usize| !below(*at).is_empty() && below(*at) != above(*at);
        let places: Vec<usize> = (0..width).filter(filled).collect();
        let is_shaped = places.len() >= 2
            && places.iter().all(|at| is_of_group(*at))
            && texts(groups) >= 2
            && are_words(groups)
            && are_words(names);
        let repeats = || (1..width).any(|at| !above(at).is_empty() && above(at) == above(at - 1));
        let names: Vec<String> = names.iter().map(header::name).collect();
        is_shaped && (is_told || groups.has_wide_cells() || repeats() || self.known_of(&names) >= 2)
    }
}

/// Names of columns with those of their groups: where a column has no name of its own, and before
/// names that come again.
fn joined(groups: &FileRow, names: &[String]) -> Vec<String> {
    let width = groups.len().max(names.len());
    let own = |at: usize| groups.get(at).map(header::name).unwrap_or_default();
    let mut group = String::new();
    let mut all: Vec<(String, String)> = Vec::with_capacity(width);
    for at in 0..width {
        let (above, name) = (own(at), names.get(at).cloned().unwrap_or_default());
        let is_alone = name.is_empty() && !groups.is_copy(at);
        if !above.is_empty() {
            group.clone_from(&above);
        }
        all.push((if is_alone { above } else { name }, group.clone()));
    }
    let counts = |name: &str| all.iter().filter(|(other, _)| other == name).count();
    let whole = |(name, group): &(String, String)| match counts(name) {
        0 | 1 => name.clone(),
        _ if name.is_empty() || group == name => name.clone(),
        _ => format!("{group} {name}"),
    };
    all.iter().map(whole).collect()
}

/// How many texts a row has: a title over merged cells is one, however many cells it covers.
fn texts(row: &FileRow) -> usize {
    let cells = row.iter().enumerate();
    cells.filter(|(at, text)| !text.trim().is_empty() && !row.is_copy(*at)).count()
}

fn is_word(row: &FileRow, column: usize) -> bool {
    let text = row.get(column).unwrap_or_default().trim();
    *row.kind(column) == CellKind::Text && (text.is_empty() || text.contains(char::is_alphabetic))
}

/// Whether a cell is a value, and no name of a column: a mail address, a number, a day, a firm. Years
/// and months are names, and so are small numbers.
fn is_value(kind: &CellKind, text: &str) -> bool {
    let text = half_width(text);
    let is_short = |most: usize| text.chars().count() <= most;
    let numbers: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let is_year = |text: &str| text.parse().is_ok_and(|year: u32| (1_900..=2_100).contains(&year));
    let is_month = matches!(numbers[..], [year, month] if is_year(year) && month.len() <= 2);
    let is_plain = text.bytes().all(|c| c.is_ascii_digit() || b".,-+ ".contains(&c));
    let is_number = match numbers[..] {
        _ if !is_plain || is_month => false,
        [] => false,
        [one] => one.len() > SHORT_DIGITS || (one.len() == SHORT_DIGITS && !is_year(one)),
        _ => true,
    };
    is_number
        || matches!(kind, CellKind::Number(number) if number.plain.contains(['.', '-']))
        || text.starts_with("http")
        || text.starts_with("www.")
        || is_mail(&text)
        || is_date(&text)
        || is_telephone(&text)
        || (is_short(PROVINCE_CHARACTERS) && is_province(&text))
        || is_firm(&text)
}
