//! The one form in which two texts are the same.
//! Search, filters, keys of an import and duplicates all compare by it, so that what one of them
//! finds the others find too.

use unicode_normalization::UnicodeNormalization;

/// Marks that stand above, below or through a letter and are taken off: those of Latin, Greek and
/// Cyrillic letters, and the vowel signs that Hebrew and Arabic may leave out. Signs without which
/// a letter is another, as in Hindi or Japanese, stay.
fn is_taken_off(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{483}'..='\u{489}'
            | '\u{591}'..='\u{5bd}'
            | '\u{610}'..='\u{61a}'
            | '\u{64b}'..='\u{65f}'
            | '\u{670}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

/// Letters that no decomposition makes plain, and what people type for them. The database has the
/// same list (`text_form` in the migrations).
const PLAIN: [(char, &str); 15] = [
    ('ß', "ss"),
    ('ı', "i"),
    ('ø', "o"),
    ('ł', "l"),
    ('đ', "d"),
    ('ð', "d"),
    ('ħ', "h"),
    ('ŧ', "t"),
    ('ŋ', "n"),
    ('ĸ', "k"),
    ('ɖ', "d"),
    ('ς', "σ"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('þ', "th"),
];

fn plain(c: char) -> Option<&'static str> {
    PLAIN.iter().find(|(letter, _)| *letter == c).map(|(_, plain)| *plain)
}

/// Ordinary width, small letters, one code for each character, no accents; ß is ss, ø is o.
/// What is the same after this is the same text to whoever reads it. Blanks are left as they are.
///
/// ```
/// use guanxi_base::folded;
/// assert_eq!(folded("ＭÜLLER Straße"), "muller strasse");
/// assert_eq!(folded("Łódź"), folded("LODZ"));
/// assert_eq!(folded("İstanbul Işık"), "istanbul isik");
/// assert_eq!(folded("A\u{308}rger"), folded("\u{c4}RGER"));
/// ```
#[must_use]
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let letters = text.nfkd().filter(|c| !is_taken_off(*c)).flat_map(char::to_lowercase);
    let mut folded = String::with_capacity(text.len());
    for c in letters {
        match plain(c) {
            Some(plain) => folded.push_str(plain),
            None if is_taken_off(c) => {}
            None => folded.push(c),
        }
    }
    // A small letter may have another form of its own; what was one character is one again.
    folded.nfc().collect()
}

/// As one code for each character, and nothing else changed: in what is kept, a letter and its
/// accent are never two.
#[must_use]
pub fn composed(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { text.nfc().collect() }
}

/// As [`composed`], and letters that are only drawn otherwise as the plain ones: full width, ligatures,
/// numbers in circles. Case and accents stay.
///
/// ```
/// use guanxi_base::compatible;
/// assert_eq!(compatible("Ｆｕｌｌ@e\u{301}.x"), "Full@\u{e9}.x");
/// ```
#[must_use]
pub fn compatible(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { text.nfkc().collect() }
}

/// Whether a character belongs to a word: a letter, a digit, or a sign that stands with a letter, as
/// the vowels of India and Thailand do.
#[must_use]
pub fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && unicode_normalization::char::is_combining_mark(c))
}

/// Whether a character is one that nobody sees: joiners, marks of direction, soft hyphens.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    )
}

/// Whether a text says nothing to whoever reads it: blanks, what nobody sees, and fillers that stand for a
/// letter without being one.
///
/// ```
/// use guanxi_base::says_nothing;
/// assert!(says_nothing(" \u{2066}\u{3164}") && says_nothing(""));
/// assert!(!says_nothing("\u{200f}\u{5d0}") && !says_nothing("-"));
/// ```
#[must_use]
pub fn says_nothing(text: &str) -> bool {
    let is_filler = |c: char| {
        matches!(
            c,
            '\u{34f}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
    };
    text.chars().all(|c| c.is_whitespace() || is_invisible(c) || is_filler(c))
}

/// The zeros of the digits that people write in other scripts; the other nine follow each.
const ZEROS: &[u32] = &[
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
    0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
    0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650,
    0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16a60, 0x16ac0,
    0x16b50, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

/// The digits of all scripts as those from 0 to 9: Arabic, Indian, Thai and others.
///
/// ```
/// use guanxi_base::with_plain_digits;
/// assert_eq!(with_plain_digits("\u{661}\u{663}\u{668} \u{0e51} \u{0967}a"), "138 1 1a");
/// ```
#[must_use]
pub fn with_plain_digits(text: &str) -> String {
    let plain = |c: char| {
        let code = u32::from(c);
        let at = ZEROS.partition_point(|zero| *zero <= code).checked_sub(1)?;
        char::from_digit(code - ZEROS[at], 10)
    };
    if text.is_ascii() {
        return text.to_owned();
    }
    text.chars().map(|c| plain(c).unwrap_or(c)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_that_look_alike_are_the_same() {
        for (one, other) in [
            ("Größe", "GROSSE"),
            ("GRÖẞE", "grosse"),
            ("Işık", "ISIK"),
            ("Ørsted", "orsted"),
            ("Đồng", "dong"),
            ("Ærø", "aero"),
            ("œuvre", "OEUVRE"),
            ("Þór", "thor"),
            ("ＡＢＣ１２３", "abc123"),
            ("ΣΟΦΟΣ", "σοφος"),
            ("Cafe\u{301}", "café"),
            ("①", "1"),
            ("ﾊﾝｶｸ", "ハンカク"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        // These are other letters, not decorated ones.
        assert_ne!(folded("が"), folded("か"));
        assert_ne!(folded("한국"), folded("하구"));
        assert_eq!(composed("A\u{308}"), "Ä");
    }

    proptest! {
        #[test]
        fn what_is_folded_stays_so(text in any::<String>()) {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
