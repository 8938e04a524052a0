//! Readers of what people and files say, under random and hostile inputs: none panics, what is
//! written is read as the same, a refusal says why, memory stays in proportion. Each target runs
//! its corpus and then random changes of it; `bench/fuzz.sh` for as long as one likes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conditions;
mod memory;
mod tables;
mod values;
mod words;
mod workbooks;

use std::path::Path;

use guanxi_fuzz::Corpus;

/// The corpus of a target.
fn corpus(name: &str, words: &'static [&'static str]) -> Corpus {
    Corpus::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name), words)
}

/// A test that gives a property its corpus, then so many changes of it: the same and as many on
/// every machine, unless a time is set.
macro_rules! fuzz {
    ($inputs:literal inputs; $($name:ident: $corpus:expr => $property:expr;)*) => {$(
        #[test]
        fn $name() {
            let corpus: guanxi_fuzz::Corpus = $corpus;
            for file in corpus.files() {
                $property(file);
            }
            let timed = std::env::var_os("BOLERO_RANDOM_TEST_TIME_MS").is_some();
            bolero::check!()
                .with_iterations(if timed { usize::MAX } else { $inputs })
                .for_each(|bytes| $property(&corpus.input(bytes)));
        }
    )*};
}

pub(crate) use fuzz;

/// What is asserted of any text.
fn as_text(property: impl Fn(&str)) -> impl Fn(&[u8]) {
    move |bytes| property(&String::from_utf8_lossy(bytes))
}
