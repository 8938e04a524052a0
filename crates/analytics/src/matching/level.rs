//! How values are compared, and how alike they may be.

#[cfg(doc)]
use super::normalise;

/// How two values of a field are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal or different.
    Same,
    /// Names: also by their letters, and by Jaro and Winkler's similarity.
    Name,
    /// Names of companies by their parts, as [`Company::key`] gives them, among names of persons.
    Company,
    /// Numbers, dates: also one slip away.
    Code,
    /// Mail addresses: also one slip away, but not by the number behind a name.
    Mail,
    /// Where customers are, as [`normalise::place`] gives it.
    Place,
    /// Telephones as [`normalise::phone`] gives them: by the digits that count, or one slip away.
    Telephone,
    /// Several words, as of addresses: also by how many they share.
    Words,
}

impl Comparison {
    /// The levels that it tells apart.
    pub(super) fn levels(self) -> &'static [Level] {
        match self {
            Self::Same => &[Level::Different, Level::Equal],
            Self::Code | Self::Telephone | Self::Mail => {
                &[Level::Different, Level::Close, Level::Equal]
            }
            Self::Place => &[Level::Different, Level::Similar, Level::Equal],
            Self::Company => &Level::ALL[1..],
            Self::Name | Self::Words => {
                &[Level::Different, Level::Similar, Level::Close, Level::SameLetters, Level::Equal]
            }
        }
    }

    pub(super) fn is_of_names(self) -> bool {
        matches!(self, Self::Name | Self::Company)
    }
}

/// How alike two values are, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// One of them is not known.
    Missing,
    /// Nothing in common.
    Different,
    /// Of one house, but said to be another of it: another place, trade, legal form, number or side, a
    /// branch; another person of the family.
    Related,
    /// Some: a similarity of .8, or half of the words.
    Similar,
    /// Much: a similarity of .92, or one slip.
    Close,
    /// The same letters in another order or script.
    SameLetters,
    /// The same.
    Equal,
}

impl Level {
    pub(super) const ALL: [Self; 7] = [
        Self::Missing,
        Self::Different,
        Self::Related,
        Self::Similar,
        Self::Close,
        Self::SameLetters,
        Self::Equal,
    ];
}
