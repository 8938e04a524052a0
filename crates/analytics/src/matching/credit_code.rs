//! The unified social credit code of Chinese organisations (GB 32100-2015).

/// The characters of a code, each worth its place; I, O, S, V and Z are left out.
const CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const LENGTH: usize = 18;

/// Why a code is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It has not 18 characters.
    #[error("the code has {0} characters, not 18")]
    Length(usize),
    /// A character that no code has.
    #[error("{0} is in no code")]
    Character(char),
    /// The last character does not fit the others: one is mistyped, or two are swapped.
    #[error("the code does not fit its check character: something is mistyped")]
    CheckCharacter,
}

/// The code in its usual form: capitals, ordinary width, nothing between.
///
/// # Errors
/// When it is not a code: the fault says why.
///
/// ```
/// use guanxi_analytics::matching::credit_code::{Fault, check};
/// assert_eq!(check(" 91350100m000100y43 "), Ok("91350100M000100Y43".to_owned()));
/// assert_eq!(check("91350211M000100Y34"), Err(Fault::CheckCharacter));
/// ```
pub fn check(text: &str) -> Result<String, Fault> {
    let plain = super::normalise::fold(text).to_uppercase();
    let code: String = plain.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let length = code.chars().count();
    if length != LENGTH {
        return Err(Fault::Length(length));
    }
    let mut sum = 0;
    let mut weight = 1;
    for (place, character) in code.chars().enumerate() {
        let worth = CHARACTERS.iter().position(|known| char::from(*known) == character);
        let Some(worth) = worth else { return Err(Fault::Character(character)) };
        // The check character makes the weighted sum a multiple of 31.
        sum += if place + 1 < LENGTH { worth * weight } else { worth };
        weight = weight * 3 % CHARACTERS.len();
    }
    if sum.is_multiple_of(CHARACTERS.len()) { Ok(code) } else { Err(Fault::CheckCharacter) }
}
