//! How alike two texts are, by their characters and by their words.

use rapidfuzz::distance::jaro_winkler;

use super::comparing::Text;
use super::level::Level;

/// From here on two texts are close (Winkler 1990; the steps are those in use with splink).
const CLOSE: f64 = 0.92;
/// From here on they are similar.
const SIMILAR: f64 = 0.80;

/// The highest similarity that two texts can have by their lengths, their letters and their start:
/// tells most pairs apart without looking for what they share.
fn similarity_bound(a: &Text, b: &Text) -> f64 {
    let there = |text: &Text, other: u64| {
        text.characters.iter().filter(|c| other >> (**c as u32 % 64) & 1 == 1).count()
    };
    let shared = there(a, b.letter_mask).min(there(b, a.letter_mask)) as f64;
    let share = |text: &Text| shared / text.characters.len() as f64;
    let jaro = (share(a) + share(b) + 1.0) / 3.0;
    let pairs = a.characters.iter().zip(&b.characters).take(4);
    let start = pairs.take_while(|(a, b)| a == b).count() as f64;
    jaro + 0.1 * start * (1.0 - jaro)
}

pub(super) fn similarity(a: &Text, b: &Text) -> Level {
    if similarity_bound(a, b) < SIMILAR {
        return Level::Different;
    }
    let found = jaro_winkler::similarity_with_args(
        a.characters.iter().copied(),
        b.characters.iter().copied(),
        &jaro_winkler::Args::default().score_cutoff(SIMILAR),
    );
    match found {
        Some(found) if found >= CLOSE => Level::Close,
        Some(_) => Level::Similar,
        None => Level::Different,
    }
}

/// Words in common by all words of both (Jaccard).
pub(super) fn shared_words(a: &Text, b: &Text) -> Level {
    let shared = a.words.iter().filter(|word| b.words.binary_search(word).is_ok()).count();
    let all = a.words.len() + b.words.len() - shared;
    if shared == all {
        Level::SameLetters
    } else if 2 * shared >= all {
        Level::Similar
    } else {
        Level::Different
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rapidfuzz::distance::osa;

    use super::*;
    use crate::matching::comparing::Column;
    use crate::matching::names::is_one_slip;
    use crate::matching::{Comparison, Field};

    proptest! {
        #[test]
        fn slips_and_bounds_are_those_of_the_library(a in "[ab1]{0,6}", b in "[ab1]{0,6}") {
            let (x, y): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            let distance = osa::distance(a.chars(), b.chars());
            prop_assert_eq!(is_one_slip(&x, &y), distance <= 1, "{} {}", a, b);
            prop_assume!(!a.is_empty() && !b.is_empty());
            let field = Field::new("x", [a.clone(), b.clone()], Comparison::Name);
            let column = Column::of(&field);
            let texts = (&column.texts[0], &column.texts[column.texts.len() - 1]);
            let found = jaro_winkler::similarity(a.chars(), b.chars());
            prop_assert!(found <= similarity_bound(texts.0, texts.1) + 1e-12);
        }
    }
}
