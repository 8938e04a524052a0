//! Whether two customers are one, by rules that anybody can follow: for single ones at entry, and
//! where there are too few to learn from.

use guanxi_analytics::matching::{Level, compare, customers};

use super::known::{COMPARED, Known};

/// What speaks for a pair and against it: the field, how alike, how many bits that is worth when
/// it was learned.
pub(super) type Reasons = Vec<(&'static str, Level, Option<f64>)>;

/// How likely two customers are one, from .5, and why. What too many share is to be
/// [forgotten](Known::forget) before.
pub(super) fn alike(one: &Known, other: &Known) -> Option<(f64, Reasons)> {
    let pairs =
        customers::COMPARISONS.into_iter().zip(one.values().into_iter().zip(other.values()));
    let levels: Vec<Level> = pairs.map(|(how, (a, b))| compare(how, a, b)).collect();
    let all = <[Level; 7]>::try_from(levels).ok()?;
    let [name, phone, email, tax_number, address, website, kind] = all;
    let is_same = |level: Level| level == Level::Equal;
    let known = [phone, email, tax_number, address, website];
    let speaks_for = known.iter().filter(|level| is_same(**level)).count();
    let speaks_against = known.iter().filter(|level| **level == Level::Different).count();
    let certainty = match name {
        _ if is_same(tax_number) => 0.99,
        _ if tax_number == Level::Different && !one.is_person => return None,
        // Another company of the house, whatever they share.
        Level::Related => return None,
        _ if is_same(email) && name >= Level::Similar => 0.97,
        _ if is_same(phone) && name >= Level::Similar => 0.95,
        Level::Equal | Level::SameLetters if speaks_for > 0 => 0.95,
        Level::Equal | Level::SameLetters if speaks_against == 0 && is_same(kind) => 0.7,
        Level::Close if speaks_for > speaks_against => 0.8,
        _ if is_same(email) => 0.6,
        _ if is_same(phone) => 0.5,
        _ => return None,
    };
    let told = COMPARED.into_iter().zip(all);
    let told = told.filter(|(field, level)| {
        *level != Level::Missing && (*field != "kind" || *level == Level::Different)
    });
    Some((certainty, told.map(|(field, level)| (field, level, None)).collect()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use guanxi_base::RawId;

    fn known(name: &str, phone: &str, tax_number: &str) -> Known {
        let (name, phone) = (super::super::known::name(name, false), phone.to_owned());
        Known { id: RawId(1), name, phone, tax_number: tax_number.to_owned(), ..Known::default() }
    }

    #[test]
    fn what_is_the_same_says_how_likely_one_is_the_other() {
        let certainty = |one: &Known, other: &Known| alike(one, other).map(|(chance, _)| chance);
        let acme = known("Acme Ltd.", "8613800001111", "A1");
        assert_eq!(certainty(&acme, &known("Anything", "", "A1")), Some(0.99));
        assert_eq!(certainty(&acme, &known("Acme", "8613800001111", "")), Some(0.95));
        assert_eq!(certainty(&acme, &known("Acme", "", "")), Some(0.7));
        assert_eq!(certainty(&acme, &known("Acme", "8613911112222", "")), None);
        assert_eq!(certainty(&acme, &known("Acme", "8613800001111", "B7")), None);
        assert_eq!(certainty(&acme, &known("Zenith", "8613800001111", "")), Some(0.5));
        // The kind is evidence, no veto.
        let acme = known("Acme Ltd.", "8613800001111", "");
        let person = Known { is_person: true, ..acme.clone() };
        assert_eq!(certainty(&acme, &person), Some(0.95));
        let person = Known { phone: String::new(), ..person };
        assert_eq!(certainty(&acme, &person), None);
        // Companies of one house are two.
        let shipping = known("Acme Shipping Ltd.", "8613800001111", "");
        assert_eq!(certainty(&known("Acme Trading Ltd.", "8613800001111", ""), &shipping), None);
    }
}
