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
