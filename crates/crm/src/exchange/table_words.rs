//! Lines of a table that are no records: its sums, what stands below it, its header once more.
//! Taken for records they would be wrong ones.

use std::collections::HashSet;
use std::sync::LazyLock;

use guanxi_base::Refusal;
use guanxi_record::half_width;

use super::header;
use super::numbers::{DecimalMark, read_number};
use super::row::FileRow;

/// No word of a table with what stands around it is longer.
const WORD_BYTES_MAX: usize = 120;

#[derive(Default)]
struct Words {
    totals: HashSet<String>,
    before: Vec<String>,
    behind: Vec<String>,
    footers: HashSet<String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    let lines = include_str!("../../data/table-words.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let mut all = line.split_whitespace();
        let kind = all.next().unwrap_or_default();
        for text in all {
            let word = letters(text);
            match kind {
                "total" => drop(words.totals.insert(word)),
                "footer" => drop(words.footers.insert(word)),
                "before" => words.before.push(word),
                "behind" => words.behind.push(word),
                _ => {}
            }
        }
    }
    words
});

/// A text without anything but its letters, in small ones.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

/// A text without what stands in brackets behind its first letter.
fn without_brackets(text: &str) -> String {
    let mut text = half_width(text.trim());
    if let Some(open) = text.find(['(', '[', '\u{3010}']).filter(|at| *at > 0) {
        text.truncate(open);
    }
    text
}

/// Why a row is no record, if so.
pub(crate) fn refusal(row: &FileRow, headers: &[String]) -> Option<Refusal> {
    if is_header(row, headers) {
        return Some(Refusal::new("header-again"));
    }
    let filled = || row.iter().map(str::trim).filter(|text| is_filled(text));
    let first = filled().next()?;
    let count = filled().count();
    let is_sparse = count * 2 <= headers.len();
    let refuse = |code, text: &str| Some(Refusal::new(code).with("value", text));
    if is_sparse && is_total(first) {
        return refuse("total-row", first);
    }
    if is_sparse && is_footer(first) {
        return refuse("footer-row", first);
    }
    // Before a sum: nothing but numbers stands behind the word.
    let cells: Vec<&str> = filled().collect();
    let at = cells.iter().rposition(|text| !is_number(text))?;
    let has_numbers = at + 1 < cells.len() || cells[at].contains(|c: char| c.is_ascii_digit());
    (has_numbers && is_total(cells[at])).then(|| Refusal::new("total-row").with("value", cells[at]))
}

/// Whether a row names the columns again, as pages that were put together do.
fn is_header(row: &FileRow, headers: &[String]) -> bool {
    row.len() == headers.len()
        && row.iter().zip(headers).all(|(cell, name)| {
            cell.trim() == name || (!cell.is_ascii() && header::name(cell) == *name)
        })
}

/// Whether a cell has more than a sign that stands for nothing.
fn is_filled(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

fn is_number(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_digit() || "+-.,%".contains(c);
    text.chars().all(is_plain) || DecimalMark::ALL.iter().any(|m| read_number(text, *m).is_ok())
}

/// Whether a text is what stands before a sum, with the number behind it or without.
fn is_total(text: &str) -> bool {
    if text.len() > WORD_BYTES_MAX {
        return false;
    }
    let text = without_brackets(text);
    let word = letters(&text);
    let words = &*WORDS;
    // Behind a word in Latin letters a number may be part of a name.
    let digits = text.find(|c: char| c.is_ascii_digit());
    let is_told = |at: usize| text[..at].trim_end().ends_with([':', '=']) || !word.is_ascii();
    if !digits.is_none_or(is_told) {
        return false;
    }
    if words.totals.contains(&word) {
        return true;
    }
    let word =
        words.before.iter().find_map(|before| word.strip_prefix(before.as_str())).unwrap_or(&word);
    let has_number = digits.is_some();
    let cut = words.behind.iter().find_map(|behind| word.strip_suffix(behind.as_str()));
    words.totals.contains(word) || (has_number && cut.is_some_and(|cut| words.totals.contains(cut)))
}

/// Whether a text is of those who made or printed a table.
fn is_footer(text: &str) -> bool {
    if text.len() > WORD_BYTES_MAX * 4 {
        return false;
    }
    let text = half_width(text);
    let word = text.split_once(':').map_or(&*text, |(word, _)| word);
    word.len() <= WORD_BYTES_MAX && WORDS.footers.contains(&letters(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(cells: &[&str]) -> Option<&'static str> {
        let headers = ["产品", "数量", "单价", "金额"].map(ToOwned::to_owned);
        let row = FileRow::new(cells.iter().copied().collect(), 2);
        refusal(&row, &headers).map(|refusal| refusal.code)
    }

    #[test]
    fn sums_and_what_stands_below_a_table_are_no_records() {
        for cells in [
            ["合计", "10", "", "60"],
            ["合 计", "1", "2", ""],
            ["总计（元）", "", "", "60"],
            ["合计：", "10", "5.5", "60"],
            ["Total general", "1", "", ""],
            ["本页合计", "", "", "6"],
            ["累计", "", "", "60"],
            ["共计3项", "", "", ""],
            ["总计: 60", "", "", ""],
            ["Total: 60", "", "", ""],
            ["Total", "2", "¥6.00", "12 %"],
            ["", "小计", "2", "6.00"],
            ["O1", "合计", "2", "6.00"],
            ["Grand Total", "-", "-", "1,234.00"],
            ["TOTAL", "", "", ""],
        ] {
            assert_eq!(refused(&cells), Some("total-row"), "{cells:?}");
        }
        for cells in [
            ["审核人：李四", "", "", ""],
            ["制表日期：2026-03-01", "", "主管：王五", ""],
            ["Printed on: 3 March", "", "", ""],
        ] {
            assert_eq!(refused(&cells), Some("footer-row"), "{cells:?}");
        }
        assert_eq!(refused(&["产品", "数量", " 单价 ", "金额"]), Some("header-again"));
        for cells in [
            ["Total 7000", "12", "30.00", "1"],
            ["Total", "12", "Paris", "1"],
            ["TotalEnergies", "12", "30.00", "1"],
            ["合计科技有限公司", "12", "30.00", "1"],
            ["累计流量计", "12", "30.00", "1"],
            ["审核人工作站", "", "", ""],
            ["O1", "螺丝", "2", "6.00"],
            ["1", "2", "3", "4"],
        ] {
            assert_eq!(refused(&cells), None, "{cells:?}");
        }
    }
}
