//! From random bytes to inputs that are nearly right: the bytes say what is done to a file of a
//! corpus. Bytes alone would seldom get past the first letter of a reader.

use std::path::Path;

/// An input is no longer than this.
const BYTES_MAX: usize = 1 << 16;
/// So much is done to one input.
const DEEDS_MAX: usize = 60;

/// Inputs to begin with, and the words of which they are made.
#[derive(Debug, Clone)]
pub struct Corpus {
    files: Vec<Vec<u8>>,
    words: &'static [&'static str],
}

/// Random bytes, read one after the other; zeros at their end.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn byte(&mut self) -> usize {
        self.0.next().map_or(0, |byte| usize::from(*byte))
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.byte() << 8 | self.byte()) % limit.max(1)
    }
}

impl Corpus {
    /// The files of a folder, which the tests are to have.
    ///
    /// # Panics
    /// When the folder or a file of it cannot be read, or there is none.
    #[must_use]
    pub fn load(folder: &Path, words: &'static [&'static str]) -> Self {
        let entries = std::fs::read_dir(folder).expect("the corpus is there");
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        let read = |path| std::fs::read(path).expect("a file of the corpus can be read");
        let files: Vec<Vec<u8>> = paths.into_iter().map(read).collect();
        assert!(!files.is_empty(), "{} has files", folder.display());
        Self { files, words }
    }

    /// Each line of the files as an input of its own.
    #[must_use]
    pub fn by_line(self) -> Self {
        let lines = self.files.iter().flat_map(|file| file.split(|byte| *byte == b'\n'));
        let files = lines.map(<[u8]>::to_vec).collect();
        Self { files, ..self }
    }

    /// The inputs as they are.
    #[must_use]
    pub fn files(&self) -> &[Vec<u8>] {
        &self.files
    }

    /// The input that these bytes make.
    #[must_use]
    pub fn input(&self, bytes: &[u8]) -> Vec<u8> {
        let mut choices = Choices(bytes.iter());
        let at = choices.below(self.files.len() + 1);
        let mut input = self.files.get(at).cloned().unwrap_or_default();
        for _ in 0..DEEDS_MAX {
            if choices.0.len() == 0 || input.len() > BYTES_MAX {
                break;
            }
            self.do_one(&mut input, &mut choices);
        }
        input.truncate(BYTES_MAX);
        input
    }

    fn do_one(&self, input: &mut Vec<u8>, choices: &mut Choices<'_>) {
        let deed = choices.byte() % 7;
        let at = choices.below(input.len() + 1);
        let length = choices.below(24).min(input.len() - at);
        match deed {
            0..=2 if !self.words.is_empty() => {
                let word = self.words[choices.below(self.words.len())];
                input.splice(at..at, word.bytes());
            }
            3 => drop(input.drain(at..at + length)),
            4 => {
                let again = input[at..at + length].to_vec();
                input.splice(at..at, again);
            }
            5 => {
                let other = &self.files[choices.below(self.files.len())];
                let from = choices.below(other.len() + 1);
                input.splice(at.., other[from..].iter().copied());
            }
            _ => input.insert(at, u8::try_from(choices.byte()).unwrap_or(0)),
        }
    }

    /// As `input`, as text: what is none is replaced.
    #[must_use]
    pub fn text(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(&self.input(bytes)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_make_the_same_input_and_few_are_alike() {
        let corpus = Corpus { files: vec![b"a,b\n1,2\n".to_vec()], words: &["\"", "\r\n"] };
        let make = |seed: u32| {
            let bytes: Vec<u8> = (0..40).map(|at| (seed * 31 + at * seed) as u8).collect();
            corpus.input(&bytes)
        };
        let made: std::collections::BTreeSet<Vec<u8>> = (1..200).map(make).collect();
        assert_eq!(make(7), make(7));
        assert!(made.len() > 100, "{}", made.len());
        assert_eq!(corpus.input(&[]), b"a,b\n1,2\n");
    }
}
