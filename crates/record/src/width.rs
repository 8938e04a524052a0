//! Characters that look like others: the wide forms of East Asian typing, the blanks and dashes
//! of typesetters. What is read as a number, a date or a telephone is folded before it is judged.

use guanxi_base::is_invisible;

/// Full-width letters, digits and signs as their half-width ones, all kinds of blanks as the
/// plain one, the apostrophes and minus signs of typesetters as those of keyboards.
#[must_use]
pub fn half_width(text: &str) -> String {
    let fold = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xff01 + 0x21).expect("the block mirrors ASCII")
        }
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\t' => ' ',
        '\u{2019}' | '\u{2018}' | '\u{2bc}' => '\'',
        '\u{2212}' | '\u{2013}' | '\u{2010}' | '\u{2011}' | '\u{fe63}' => '-',
        '\u{ffe5}' => '\u{a5}',
        '\u{ffe1}' => '\u{a3}',
        '\u{ffe6}' => '\u{20a9}',
        other => other,
    };
    text.chars().filter(|c| !is_invisible(*c)).map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_forms_become_plain_ones() {
        assert_eq!(half_width("＋８６（１３８）　００１３－８０００"), "+86(138) 0013-8000");
        assert_eq!(half_width("a\u{a0}b\u{200b}\u{2212}1\u{2019}000￥"), "a b-1'000¥");
    }
}
