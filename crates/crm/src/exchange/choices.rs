//! Cells with one option or several, by their codes or by their labels in any language.
//! An option may hold what stands between options: it is read, and written, as one.

use std::borrow::Cow;

use guanxi_base::Refusal;
use guanxi_record::{Field, RecordType, Value, half_width};

use crate::access::Locale;
use crate::text::Texts;

/// What stands between several options in one cell.
const BETWEEN: [char; 5] = [';', ',', '\u{ff0c}', '\u{ff1b}', '\u{3001}'];

/// Several options, which may hold such marks themselves: the longest that fits is meant, and
/// one in quotation marks is one.
pub(crate) fn choices(
    record_type: &RecordType,
    field: &Field,
    text: &str,
) -> Result<Value, Refusal> {
    let mut codes: Vec<String> = Vec::new();
    let mut rest = text.trim_start_matches(|c| c == ' ' || BETWEEN.contains(&c));
    while !rest.is_empty() {
        let (word, after) = one_choice(record_type, field, rest);
        let code = code_of(record_type, field, word.trim());
        if !field.kind.options().iter().any(|option| *option == code.as_str()) {
            return Value::from_text(&field.kind, &code);
        }
        if !codes.contains(&code) {
            codes.push(code);
        }
        rest = after.trim_start_matches(|c| c == ' ' || BETWEEN.contains(&c));
    }
    Ok(if codes.is_empty() { Value::Null } else { Value::Choices(codes) })
}

/// The first option of a list, and what stands behind it.
fn one_choice<'a>(
    record_type: &RecordType,
    field: &Field,
    text: &'a str,
) -> (Cow<'a, str>, &'a str) {
    if let Some(inside) = text.strip_prefix('"')
        && let Some(quoted) = quoted(inside)
    {
        return quoted;
    }
    let ends: Vec<usize> =
        text.match_indices(BETWEEN).map(|(at, _)| at).chain([text.len()]).collect();
    let is_option = |word: &str| {
        let code = code_of(record_type, field, word);
        field.kind.options().iter().any(|option| *option == code.as_str())
    };
    let end = ends.iter().rev().find(|end| is_option(text[..**end].trim()));
    let end = end.or(ends.first()).copied().unwrap_or(text.len());
    (text[..end].into(), &text[end..])
}

/// A text up to its closing quotation mark, of which two stand for one; and what is behind.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut from = 0;
    loop {
        let end = from + text[from..].find('"')?;
        if !text[end + 1..].starts_with('"') {
            return Some((text[..end].replace("\"\"", "\"").into(), &text[end + 1..]));
        }
        from = end + 2;
    }
}

/// Several options as an export writes them: those with a mark between options in quotation marks.
pub(crate) fn written_choices(codes: &[String]) -> String {
    let written = codes.iter().map(|code| {
        if code.contains(BETWEEN) || code.starts_with('"') {
            format!("\"{}\"", code.replace('"', "\"\""))
        } else {
            code.clone()
        }
    });
    written.collect::<Vec<_>>().join("; ")
}

/// The code of an option, which a file may call by its code or by its label in any language.
pub(crate) fn code_of(record_type: &RecordType, field: &Field, text: &str) -> String {
    let options = field.kind.options();
    let text = &half_width(text);
    let is = |code: &&Cow<'static, str>| {
        code.eq_ignore_ascii_case(text)
            || [Locale::En, Locale::ZhCn].iter().any(|locale| {
                let label = Texts::of(*locale).option_label(record_type, field, code);
                label.eq_ignore_ascii_case(text)
            })
    };
    options.iter().find(is).map_or_else(|| text.to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use guanxi_record::Kind;

    use super::*;

    #[test]
    fn options_may_hold_what_stands_between_options() {
        let options = ["Stahl, hart", "Bleche; dünn", "甲、乙", "Holz", "Stahl", "\"x\""];
        let options: Vec<Cow<'static, str>> = options.into_iter().map(Cow::from).collect();
        let kind = Kind::Choices(options.clone().into());
        let field = Field::new("name", kind.clone());
        let all: Vec<String> = options.iter().map(ToString::to_string).collect();
        let read = |text: &str| {
            choices(crate::RECORD_TYPES[0], &field, text).map_err(|refusal| refusal.code)
        };
        for some in [&all[..], &all[..1], &all[1..3], &all[2..], &all[3..5]] {
            assert_eq!(read(&written_choices(some)), Ok(Value::Choices(some.to_vec())));
        }
        let plain = |codes: &[&str]| {
            Ok(Value::Choices(codes.iter().map(ToString::to_string).collect::<Vec<_>>()))
        };
        assert_eq!(read("Stahl, hart, Holz"), plain(&["Stahl, hart", "Holz"]));
        assert_eq!(read("Holz，stahl"), plain(&["Holz", "Stahl"]));
        assert_eq!(read("Holz; Glas"), Err("not-an-option"));
    }
}
