//! Which rows of a table are none of its records: its sums, headings between them, what stands
//! below, its header once more. Words alone do not tell: how a row is filled beside the others does,
//! where it stands, and whether its numbers are the sums of those above. What is doubtful is refused.

use std::collections::HashMap;

use guanxi_base::Refusal;

use super::column_sums::{Agreeing, ColumnSums};
use super::header;
use super::row::{CellKind, FileRow};
use super::table_words::{Says, is_number, says};

/// So many rows are doubtful at most: an import of more refused lines stops.
const DOUBTFUL_MAX: usize = 200_000;
/// So many ways in which rows are filled are told apart.
const SHAPES_MAX: usize = 1_000;
/// A row is filled like others if as many of so many have no more than it.
const ONE_ALIKE_OF: u64 = 20;
/// Rows with one cell are headings only where the others have so many.
const CELLS_OF_WIDE_TABLE: usize = 3;
/// A row that says nothing of a sum is one only of so many rows.
const ROWS_OF_SUM: u64 = 2;
/// So many texts of a row are looked at; one that has them, and every cell filled, is a record.
const TEXTS_LOOKED_AT: usize = 3;

/// What a row is that is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRecord {
    Total,
    Footer,
    Section,
}

impl NoRecord {
    const ALL: [Self; 3] = [Self::Total, Self::Footer, Self::Section];

    fn code(self) -> &'static str {
        match self {
            Self::Total => "total-row",
            Self::Footer => "footer-row",
            Self::Section => "section-row",
        }
    }

    /// What stands in the file of refused lines in an empty cell of such a row: alone its table does
    /// not tell what it is. Who takes the mark out says that it is a record.
    fn mark(self) -> &'static str {
        match self {
            Self::Total => "#TOTAL-ROW",
            Self::Footer => "#FOOTER-ROW",
            Self::Section => "#SECTION-ROW",
        }
    }
}

/// The mark of rows that were refused for this reason, if they need one.
pub(crate) fn mark_of(code: &str) -> Option<&'static str> {
    NoRecord::ALL.into_iter().find(|one| one.code() == code).map(NoRecord::mark)
}

/// Rows of a table that are no records, by where they stand.
#[derive(Debug, Default)]
pub(crate) struct TableRows {
    found: HashMap<u64, NoRecord>,
}

impl TableRows {
    /// Whether a row is no record.
    pub(crate) fn has(&self, row: &FileRow) -> bool {
        self.found.contains_key(&row.place())
    }

    /// Why a row is no record, if so.
    pub(crate) fn refusal(&self, row: &FileRow, headers: &[String]) -> Option<Refusal> {
        if names_columns(row, headers) {
            return Some(Refusal::new("header-again"));
        }
        let found = self.found.get(&row.place())?;
        let value = row.own().map(|(_, text)| text).find(|text| *text != found.mark());
        Some(Refusal::new(found.code()).with("value", value.unwrap_or_default()))
    }
}

/// Whether a row names the columns again, as pages that were put together do.
pub(crate) fn names_columns(row: &FileRow, headers: &[String]) -> bool {
    row.len() == headers.len()
        && row.iter().zip(headers).all(|(cell, name)| {
            cell.trim() == name || (!cell.is_ascii() && header::name(cell) == *name)
        })
}

/// Which columns of a row are filled.
type Shape = Box<[u64]>;

/// What a row may be that is a record perhaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// It has one cell, whose words make it this.
    Alone(NoRecord),
    /// A word for a sum stands among other texts.
    TotalAmongTexts,
    /// Before its numbers stands what may be a sum of something.
    TotalOf,
    /// Its numbers are sums, and nothing says so.
    Sum,
    Footer,
    Remark,
}

struct Doubtful {
    place: u64,
    shape: Shape,
    cells: usize,
    doubt: Doubt,
    /// Whether its numbers are the sums of those above.
    sums: bool,
    /// Whether its first cell is a word with a colon, as before a name.
    is_told: bool,
}

/// What the rows of a table are, while all of them are looked at.
pub(crate) struct Looking {
    width: usize,
    /// Whether the file has only rows that were refused before: they are no table.
    is_of_refused: bool,
    found: HashMap<u64, NoRecord>,
    doubtful: Vec<Doubtful>,
    rows: u64,
    /// How many records are filled in each way, and in ways beyond those that are told apart.
    shapes: HashMap<Shape, u64>,
    other_shapes: u64,
    /// How many records have so many cells.
    by_cells: Vec<u64>,
    last_record: u64,
    sums: ColumnSums,
}

impl Looking {
    pub(crate) fn new(width: usize, is_of_refused: bool) -> Self {
        Self {
            width,
            is_of_refused,
            found: HashMap::new(),
            doubtful: Vec::new(),
            rows: 0,
            shapes: HashMap::new(),
            other_shapes: 0,
            by_cells: vec![0; width + 1],
            last_record: 0,
            sums: ColumnSums::new(width),
        }
    }

    /// Looks at a row that has as many cells as there are columns; whether it may be a record.
    pub(crate) fn row(&mut self, row: &FileRow) -> bool {
        self.rows += 1;
        let cells = Cells::of(row);
        if let Some(found) = self.certain(row, &cells) {
            self.found.insert(row.place(), found);
            self.sums.end_block();
            return false;
        }
        let mut shape = vec![0; self.width.div_ceil(64)].into_boxed_slice();
        cells.own.iter().for_each(|(at, _)| shape[at / 64] |= 1 << (at % 64));
        let numbers = self.sums.numbers(row, &cells.own);
        let agreeing = self.sums.agreeing(&numbers);
        let is_asked = !self.is_of_refused && self.doubtful.len() < DOUBTFUL_MAX;
        if let Some(doubt) = self.doubt(&cells, agreeing).filter(|_| is_asked) {
            let sums = agreeing.columns > 0;
            if sums {
                self.sums.end_block();
            }
            let is_told = matches!(cells.first, Says::Footer | Says::Remark { is_told: true });
            let (place, cells) = (row.place(), cells.own.len());
            self.doubtful.push(Doubtful { place, shape, cells, doubt, sums, is_told });
            return !sums;
        }
        self.by_cells[cells.own.len().min(self.width)] += 1;
        self.last_record = row.place();
        self.sums.add(numbers);
        let has_room = self.shapes.len() < SHAPES_MAX;
        match self.shapes.get_mut(&shape) {
            Some(count) => *count += 1,
            None if has_room => drop(self.shapes.insert(shape, 1)),
            None => self.other_shapes += 1,
        }
        true
    }

    /// What a row is that is no record in any table.
    fn certain(&self, row: &FileRow, cells: &Cells<'_>) -> Option<NoRecord> {
        let is_marked = |one: &NoRecord| cells.own.iter().any(|(_, text)| *text == one.mark());
        let marked = NoRecord::ALL.into_iter().find(is_marked);
        if marked.is_some() {
            return marked;
        }
        if cells.own.len() == 1 && (0..row.len()).any(|at| row.is_copy(at)) {
            return Some(alone(cells.first));
        }
        let is_sum =
            cells.last == Says::Total && (cells.has_number_behind || cells.texts.len() == 1);
        if is_sum && self.width > 1 {
            return Some(NoRecord::Total);
        }
        let is_footer = cells.first == Says::Footer && are_labelled(&cells.own);
        is_footer.then_some(NoRecord::Footer)
    }

    /// What a row may be that is a record perhaps.
    fn doubt(&self, cells: &Cells<'_>, agreeing: Agreeing) -> Option<Doubt> {
        if cells.own.len() == 1 {
            let found = alone(cells.first);
            let is_heading = found != NoRecord::Section || self.width >= CELLS_OF_WIDE_TABLE;
            return is_heading.then_some(Doubt::Alone(found));
        }
        if cells.own.len() == self.width && cells.texts.len() == TEXTS_LOOKED_AT {
            return None;
        }
        let texts: Vec<Says> = cells.texts.iter().map(|text| says(text)).collect();
        match (cells.first, &texts[..]) {
            (Says::Footer, _) => return Some(Doubt::Footer),
            (Says::Remark { .. }, _) => return Some(Doubt::Remark),
            (_, [Says::TotalOf]) => return Some(Doubt::TotalOf),
            (_, texts) if texts.contains(&Says::Total) => return Some(Doubt::TotalAmongTexts),
            _ => {}
        }
        let is_sum = cells.texts.len() <= 1
            && agreeing.columns > 0
            && agreeing.columns * 2 >= agreeing.numbers
            && agreeing.rows >= ROWS_OF_SUM;
        is_sum.then_some(Doubt::Sum)
    }

    /// What all rows are, by all of the table.
    pub(crate) fn found(mut self) -> TableRows {
        let mut last_record = self.last_record;
        let mut like = HashMap::new();
        let with_one_cell = self.doubtful.iter().filter(|one| one.cells == 1).count() as u64;
        // Where most rows have one cell, that is how the table is.
        let is_wide = self.usual_cells() >= CELLS_OF_WIDE_TABLE && with_one_cell * 2 <= self.rows;
        for one in std::mem::take(&mut self.doubtful).into_iter().rev() {
            let is_unlike =
                *like.entry(one.shape.clone()).or_insert_with(|| self.is_unlike(&one.shape));
            let is_at_end = one.place > last_record;
            match self.judged(&one, is_unlike, is_at_end, is_wide) {
                Some(found) => drop(self.found.insert(one.place, found)),
                None => last_record = last_record.max(one.place),
            }
        }
        TableRows { found: self.found }
    }

    fn judged(
        &self,
        one: &Doubtful,
        is_unlike: bool,
        is_at_end: bool,
        is_wide: bool,
    ) -> Option<NoRecord> {
        let is_sparse = one.cells * 2 <= self.width;
        let (found, is_none) = match one.doubt {
            Doubt::Alone(found) => {
                let is_below = is_at_end && (is_unlike || self.width == 1);
                (found, is_wide || (is_below && (one.is_told || found == NoRecord::Total)))
            }
            Doubt::TotalAmongTexts => (NoRecord::Total, one.sums || is_unlike),
            Doubt::TotalOf => {
                (NoRecord::Total, one.sums || (is_unlike && (is_sparse || is_at_end)))
            }
            Doubt::Sum => (NoRecord::Total, is_unlike),
            Doubt::Footer => (NoRecord::Footer, is_sparse && (is_unlike || is_at_end)),
            Doubt::Remark => (NoRecord::Footer, is_sparse && is_unlike && is_at_end),
        };
        is_none.then_some(found)
    }

    /// How many cells records usually have.
    fn usual_cells(&self) -> usize {
        let all: u64 = self.by_cells.iter().sum();
        let mut below = 0;
        let is_middle = |count: &u64| {
            below += *count;
            below * 2 >= all
        };
        if all == 0 { 0 } else { self.by_cells.iter().position(is_middle).unwrap_or(0) }
    }

    /// Whether hardly any record has as few cells filled, and no others.
    fn is_unlike(&self, shape: &[u64]) -> bool {
        let is_within =
            |other: &Shape| other.iter().zip(shape.iter()).all(|(other, own)| other & !own == 0);
        let all: u64 = self.shapes.values().sum::<u64>() + self.other_shapes;
        let alike = self.shapes.iter().filter(|(other, _)| is_within(other));
        let alike: u64 = alike.map(|(_, count)| count).sum::<u64>() + self.other_shapes;
        all > 0 && alike * ONE_ALIKE_OF < all
    }
}

/// What a row with one cell is, if it is no record.
fn alone(says: Says) -> NoRecord {
    match says {
        Says::Total | Says::TotalOf => NoRecord::Total,
        Says::Footer | Says::Remark { .. } => NoRecord::Footer,
        Says::Nothing => NoRecord::Section,
    }
}

/// What stands in a row, and what its words say.
struct Cells<'a> {
    own: Vec<(usize, &'a str)>,
    first: Says,
    /// The first texts that are no numbers.
    texts: Vec<&'a str>,
    last: Says,
    /// Whether a number stands behind the last text, or in it.
    has_number_behind: bool,
}

impl<'a> Cells<'a> {
    fn of(row: &'a FileRow) -> Self {
        let own: Vec<(usize, &str)> = row.own().collect();
        let is_text = |(at, text): &&(usize, &str)| {
            !matches!(row.kind(*at), CellKind::Number(_)) && !is_number(text)
        };
        let texts = own.iter().filter(is_text).take(TEXTS_LOOKED_AT);
        let texts = texts.map(|(_, text)| *text).collect();
        let last = own.iter().rposition(|cell| is_text(&cell));
        let last_text = last.map_or("", |at| own[at].1);
        let has_number_behind = last.is_some_and(|at| at + 1 < own.len())
            || last_text.contains(|c: char| c.is_ascii_digit());
        let first = own.first().map_or(Says::Nothing, |(_, text)| says(text));
        let last = says(last_text);
        Self { own, first, texts, last, has_number_behind }
    }
}

/// Whether every cell says who made a table or the like, or stands behind a word that asks for it.
fn are_labelled(own: &[(usize, &str)]) -> bool {
    let mut is_open = false;
    own.iter().all(|(_, text)| {
        let is_label = matches!(says(text), Says::Footer | Says::Remark { is_told: true });
        let is_labelled = is_label || is_open;
        is_open = is_label && text.ends_with([':', '\u{ff1a}']);
        is_labelled
    })
}

#[cfg(test)]
mod tests;
