//! How likely a name is by the parts that it is made of: a base of some hundred records cannot tell
//! by counting which of its names are common, but it can tell which parts of names are.

use std::collections::HashMap;

use super::company::is_han;

/// Places in a name that are told apart: the first, the second, and so on; later ones are one.
const PLACES: usize = 4;
const START: u32 = u32::MAX;
const END: u32 = u32::MAX - 1;

/// A name as parts: Chinese characters, and words of letters.
fn parts<'a>(name: &'a str, mut part: impl FnMut(&'a str)) {
    for word in name.split(' ') {
        let mut start = None;
        for (at, c) in word.char_indices() {
            if is_han(c) {
                if let Some(start) = start.take() {
                    part(&word[start..at]);
                }
                part(&word[at..at + c.len_utf8()]);
            } else if start.is_none() {
                start = Some(at);
            }
        }
        if let Some(start) = start {
            part(&word[start..]);
        }
    }
}

/// For each of these distinct names its chance among names made of such parts: each part after the
/// one before it, as often as in the other names, and where no other name tells, as often as the part
/// stands in its place (a bigram model with one name left out, smoothed by how many parts may follow;
/// Witten & Bell 1991).
pub(super) fn chances(names: &[std::borrow::Cow<'_, str>]) -> Vec<f32> {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut all: Vec<u32> = Vec::new();
    let mut starts = Vec::with_capacity(names.len() + 1);
    for name in names {
        starts.push(all.len());
        parts(name, |part| {
            let next = numbers.len() as u32;
            all.push(*numbers.entry(part).or_insert(next));
        });
        all.push(END);
    }
    starts.push(all.len());
    // Places after a Chinese character and after a word of letters are apart.
    let mut in_place: HashMap<(usize, u32), f64> = HashMap::new();
    let mut places = [0.0; 2 * PLACES];
    let mut is_of_letters = vec![false; numbers.len()];
    for (part, number) in &numbers {
        is_of_letters[*number as usize] = !part.chars().all(is_han);
    }
    let mut after: HashMap<(u32, u32), f64> = HashMap::new();
    let mut before: HashMap<u32, (f64, f64)> = HashMap::new();
    let each = |name: usize| {
        let units = &all[starts[name]..starts[name + 1]];
        let previous = std::iter::once(START).chain(units.iter().copied());
        previous.zip(units.iter().copied()).enumerate().map(|(place, (previous, unit))| {
            let of_letters = is_of_letters.get(previous as usize).copied().unwrap_or(false);
            let place = 2 * place.min(PLACES - 1) + usize::from(of_letters);
            (place, (previous, unit))
        })
    };
    for (place, (previous, unit)) in (0..names.len()).flat_map(each) {
        *in_place.entry((place, unit)).or_default() += 1.0;
        places[place] += 1.0;
        let together = after.entry((previous, unit)).or_default();
        let (count, followers) = before.entry(previous).or_default();
        *followers += if *together == 0.0 { 1.0 } else { 0.0 };
        *count += 1.0;
        *together += 1.0;
    }
    let others = |count: Option<&f64>| (count.copied().unwrap_or(0.0) - 1.0).max(0.0);
    let chance = |(place, (previous, unit)): (usize, (u32, u32))| {
        let alone = (others(in_place.get(&(place, unit))) + 0.5) / places[place];
        let (count, followers) = before.get(&previous).copied().unwrap_or((1.0, 1.0));
        let together = others(after.get(&(previous, unit)));
        (together + followers * alone) / ((count - 1.0).max(0.0) + followers)
    };
    (0..names.len()).map(|name| each(name).map(chance).product::<f64>() as f32).collect()
}

/// The chance of a name among names of which nothing is known: by how many characters and words it has.
/// Words of persons are more common than those of companies.
pub(super) fn believed_chance(name: &[char], of_word: f64) -> f64 {
    const OF_CHARACTER: f64 = 0.01;
    const LEAST: f64 = 1e-6;
    let characters = name.iter().filter(|c| is_han(**c)).count();
    let words = name.split(|c| *c == ' ' || is_han(*c)).filter(|word| !word.is_empty()).count();
    let power = |share: f64, count: usize| share.powi(i32::try_from(count).unwrap_or(i32::MAX));
    (power(OF_CHARACTER, characters) * power(of_word, words)).max(LEAST)
}
