//! Why two customers are told to be one.

use guanxi_analytics::matching::{Level, Scored};

use super::known::COMPARED;

/// What speaks for a pair and against it: the field, how alike, how many bits that is worth where
/// that is known.
pub(super) type Reasons = Vec<(&'static str, Level, Option<f64>)>;

/// What a score says, field by field.
pub(super) fn reasons(scored: Scored) -> Reasons {
    let told = COMPARED.into_iter().zip(scored.parts);
    // That both are of one kind is no news.
    let told = told.filter(|(field, (level, _))| {
        *level != Level::Missing && (*field != "kind" || *level != Level::Equal)
    });
    told.map(|(field, (level, bits))| (field, level, Some(bits))).collect()
}

/// The level's word, as it is kept and translated.
pub(super) fn word(level: Level) -> &'static str {
    match level {
        Level::Missing => "missing",
        Level::Different => "different",
        Level::Related => "related",
        Level::Similar => "similar",
        Level::Close => "close",
        Level::SameLetters => "same_letters",
        Level::Equal => "equal",
    }
}
