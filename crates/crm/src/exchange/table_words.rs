//! Words of tables that are none of their records: before sums, before names of those who made a
//! table, behind the names of firms and of columns. What a row with such a word is, its table tells.

use std::collections::HashSet;
use std::sync::LazyLock;

use guanxi_record::half_width;

use super::numbers::{DecimalMark, read_number};

/// No word of a table with what stands around it is longer.
const WORD_BYTES_MAX: usize = 120;

#[derive(Default)]
struct Words {
    totals: HashSet<String>,
    before: Vec<String>,
    behind: Vec<String>,
    footers: HashSet<String>,
    remarks: HashSet<String>,
    firms: HashSet<String>,
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
                "remark" => drop(words.remarks.insert(word)),
                "firm" => drop(words.firms.insert(word)),
                "before" => words.before.push(word),
                "behind" => words.behind.push(word),
                _ => {}
            }
        }
    }
    words
});

/// What a cell says of its row, by its words alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// It stands before a sum.
    Total,
    /// It stands before the sum of something, or is called so: `East Total`, `Total Energies`.
    TotalOf,
    /// Who made or printed a table, or when.
    Footer,
    /// A remark below a table, or a part of a record. Whether a colon stands behind the word.
    Remark { is_told: bool },
    /// Nothing of that.
    Nothing,
}

/// What a text says of its row.
pub(crate) fn says(text: &str) -> Says {
    if text.len() > WORD_BYTES_MAX * 4 || !text.contains(char::is_alphabetic) {
        return Says::Nothing;
    }
    if is_total(text) {
        return Says::Total;
    }
    let text = half_width(text.trim());
    let words = &*WORDS;
    let (before, is_told) = match text.split_once([':', '\u{ff1a}']) {
        Some((before, _)) => (before, true),
        None => (&*text, false),
    };
    if before.len() > WORD_BYTES_MAX {
        return Says::Nothing;
    }
    let word = letters(before);
    // A name may stand behind a blank.
    let first = text.split_whitespace().next().map(letters).unwrap_or_default();
    let is_footer =
        words.footers.contains(&word) || (!first.is_ascii() && words.footers.contains(&first));
    if is_footer {
        return Says::Footer;
    }
    if words.remarks.contains(&word) {
        return Says::Remark { is_told };
    }
    if is_total_of(&text) { Says::TotalOf } else { Says::Nothing }
}

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

/// Whether a text is a number, with a currency or per cent beside it or without.
pub(crate) fn is_number(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_digit() || "+-.,%".contains(c);
    text.contains(char::is_numeric)
        && (text.chars().all(is_plain)
            || DecimalMark::ALL.iter().any(|m| read_number(text, *m).is_ok()))
}

/// Whether a text is called as firms are.
pub(crate) fn is_firm(text: &str) -> bool {
    let text = half_width(text.trim());
    let last = text.rsplit([' ', ',']).find(|word| !word.is_empty()).unwrap_or_default();
    let (last, whole) = (letters(last), letters(&text));
    let is_more = |firm: &&String| whole.len() > firm.len();
    let mut firms = WORDS.firms.iter().filter(is_more);
    firms.any(|firm| if firm.is_ascii() { last == **firm } else { last.ends_with(firm.as_str()) })
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

/// Whether a text begins or ends with a word that stands before a sum, and has more, unless that
/// is what firms are called.
fn is_total_of(text: &str) -> bool {
    if text.len() > WORD_BYTES_MAX {
        return false;
    }
    let whole = text;
    let text = without_brackets(text);
    let words = &*WORDS;
    let parts: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).map(letters).filter(|w| !w.is_empty()).collect();
    let is_edge = [parts.first(), parts.last()];
    let has_word =
        parts.len() > 1 && is_edge.into_iter().flatten().any(|part| words.totals.contains(part));
    let word = letters(&text);
    let mut wide = words.totals.iter().filter(|total| !total.is_ascii());
    let ends_so = |total: &String| word.ends_with(total.as_str()) && word.len() > total.len();
    (has_word || wide.any(ends_so)) && !is_firm(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_a_row_may_be() {
        for (text, expected) in [
            ("合 计", Says::Total),
            ("总计（元）", Says::Total),
            ("小计（华东）", Says::Total),
            ("汇总", Says::Total),
            ("总计金额", Says::Total),
            ("Ergebnis", Says::Total),
            ("Gesamt:", Says::Total),
            ("共计3项", Says::Total),
            ("Total: 60", Says::Total),
            ("East Total", Says::TotalOf),
            ("华东小计", Says::TotalOf),
            ("Summe Ost", Says::TotalOf),
            ("Total Energies", Says::TotalOf),
            ("Summe GmbH", Says::Nothing),
            ("合计科技有限公司", Says::Nothing),
            ("TotalEnergies", Says::Nothing),
            ("Total 7000", Says::Nothing),
            ("累计流量计", Says::Nothing),
            ("第1页/共2页", Says::Footer),
            ("Page 1 of 2", Says::Footer),
            ("Seite 1 von 2", Says::Footer),
            ("制表人：张三  审核：李四", Says::Footer),
            ("制表人 张三", Says::Footer),
            ("打印日期", Says::Footer),
            ("打印日期 2026-03-01", Says::Footer),
            ("Printed on: 3 March", Says::Footer),
            ("会计", Says::Remark { is_told: false }),
            ("Note: wrong invoice", Says::Remark { is_told: true }),
            ("会计师事务所", Says::Nothing),
            ("审核人工作站", Says::Nothing),
            ("螺丝", Says::Nothing),
        ] {
            assert_eq!(says(text), expected, "{text}");
        }
        for text in ["Summe GmbH", "合计科技有限公司", "Total Trading Co., Ltd.", "Ergebnis AG"]
        {
            assert!(is_firm(text), "{text}");
        }
        for text in ["公司", "所属公司", "Limited", "Ag", "GmbH", "客户"] {
            assert!(!is_firm(text), "{text}");
        }
    }
}
