//! How a text file is encoded: by its mark, by what is valid in all of it, by what its letters
//! would be. Lines vote; what speaks against the encoding that most have is refused by line.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

use super::decisions::Certainty;

/// So much of the lines in an older encoding is looked at to tell one from another.
const LETTERS_BYTES_MAX: usize = 1 << 20;
/// A line longer than this is none of a table, and is looked at in pieces.
pub(crate) const LINE_BYTES_MAX: usize = 2 << 20;
pub(crate) const CHUNK_BYTES: usize = 64 << 10;
/// So many bytes beyond ASCII tell one East Asian encoding from the others.
const SURE_BYTES: usize = 40;
/// More letters of three bytes than these are UTF-8 by no chance.
const WIDE_LETTERS: usize = 3;
/// Of so many bytes of Latin letters in UTF-16 one is zero at least.
const ZEROS_OF_LATIN: u64 = 4;
/// Of so many bytes of other letters in it one is such as no text has, or bytes beyond ASCII.
const HALVES_OF_OTHERS: u64 = 10;
/// Of so many bytes that end lines in UTF-16 one may be half of a letter.
const ENDS_TO_ONE_AGAINST: u64 = 20;
/// Of so many lines one may be damaged.
const LINES_TO_ONE_DAMAGED: u64 = 5;

/// The encodings of several bytes for one letter, in which not every text is valid.
static OF_SEVERAL_BYTES: [&Encoding; 5] = [
    encoding_rs::GB18030,
    encoding_rs::BIG5,
    encoding_rs::SHIFT_JIS,
    encoding_rs::EUC_KR,
    encoding_rs::EUC_JP,
];

/// What was found out about an encoding.
#[derive(Debug, Clone)]
pub(crate) struct FoundEncoding {
    pub(crate) encoding: &'static Encoding,
    pub(crate) certainty: Certainty,
    /// A text that shows letters, as bytes.
    pub(crate) example: Vec<u8>,
}

/// Reads all of a file to find its encoding.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn find(mut bytes: impl Read) -> io::Result<FoundEncoding> {
    let mut census = Census::default();
    let mut chunk = vec![0_u8; CHUNK_BYTES];
    loop {
        match bytes.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => census.add(&chunk[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(census.found())
}

/// What a line says about the encoding of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Nothing: it is the same in all of them.
    Nothing,
    /// It is not UTF-8.
    Older,
    /// It could be UTF-8 by chance.
    Either,
    /// Letters that an encoding of one byte for each would make nonsense of.
    Utf8OfTwoBytes,
    /// It is UTF-8: no other encoding makes sense of it.
    Utf8,
}

fn says(line: &[u8]) -> Says {
    if line.is_ascii() {
        return Says::Nothing;
    }
    let Ok(text) = std::str::from_utf8(line) else { return Says::Older };
    let (mut wide, mut within) = (Vec::new(), 0_usize);
    let mut counts = [0_usize; 3];
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let script = match u32::from(c) {
            0..0x80 => None,
            0xc0..=0xff => Some(0),
            0xa0..=0xbf | 0x100..=0x17f => Some(1),
            0x370..=0x3ff | 0x400..=0x45f | 0x490..=0x491 | 0x5d0..=0x5ea | 0x620..=0x64a => {
                Some(2)
            }
            _ if is_wide(c) => {
                wide.push(c);
                if wide.len() > WIDE_LETTERS {
                    return Says::Utf8;
                }
                None
            }
            _ => return Says::Either,
        };
        if let Some(script) = script {
            counts[script] += 1;
            let next = characters.peek().copied().unwrap_or(' ');
            let is_within = before.is_ascii_alphabetic() && next.is_ascii_alphabetic();
            within += usize::from(is_within && script != 2);
        }
        before = c;
    }
    let [letters, signs, others] = counts;
    let common = wide.iter().filter(|c| is_common(**c)).count();
    let is_sure = (!wide.is_empty() && common * 2 >= wide.len())
        || (letters + signs > 0 && within == letters + signs && others == 0)
        || (letters >= 3 && signs + others == 0)
        || (others >= 4 && letters == 0);
    match (is_sure, others) {
        (true, _) => Says::Utf8,
        (false, 1) => Says::Either,
        (false, _) if !wide.is_empty() => Says::Either,
        (false, _) => Says::Utf8OfTwoBytes,
    }
}

/// Letters of three and four bytes that tables have.
fn is_wide(c: char) -> bool {
    matches!(u32::from(c),
        0x900..=0xdff | 0xe00..=0xe7f | 0x1e00..=0x206f | 0x20a0..=0x20bf | 0x2100..=0x27bf
        | 0x3000..=0x33ff | 0x3400..=0x9fff | 0xac00..=0xd7a3 | 0xf900..=0xfaff
        | 0xfe30..=0xfe4f | 0xff00..=0xffef | 0x1f000..=0x1faff | 0x20000..=0x2ffff)
}

/// Letters that are often written: most of what two bytes would make by chance is not.
fn is_common(c: char) -> bool {
    if !matches!(u32::from(c), 0x3400..=0x9fff) {
        return !matches!(u32::from(c), 0xf900..=0xfaff | 0x20000..=0x2ffff);
    }
    let mut letter = [0; 4];
    let letter = c.encode_utf8(&mut letter);
    let of = |encoding: &'static Encoding, leads: std::ops::RangeInclusive<u8>, trail: u8| {
        let (bytes, _, has_no_place) = encoding.encode(letter);
        !has_no_place && leads.contains(&bytes[0]) && bytes.get(1).is_some_and(|b| *b >= trail)
    };
    of(encoding_rs::GBK, 0xb0..=0xd7, 0xa1) || of(encoding_rs::BIG5, 0xa4..=0xc6, 0x40)
}

/// Whether a line is UTF-8 in a file of this older encoding, and would be read as nonsense.
pub(crate) fn contradicts(encoding: &'static Encoding, line: &[u8]) -> bool {
    match says(line) {
        Says::Utf8 => true,
        Says::Utf8OfTwoBytes => encoding.is_single_byte(),
        _ => false,
    }
}

/// Whether an encoding is one of those from before Unicode.
pub(crate) fn is_older(encoding: &'static Encoding) -> bool {
    encoding.is_single_byte()
        || OF_SEVERAL_BYTES.contains(&encoding)
        || encoding == encoding_rs::GBK
}

/// Whether a file that begins so cannot be in an encoding of Unicode that was told.
pub(crate) fn is_impossible(told: &'static Encoding, start: &[u8]) -> bool {
    if told == encoding_rs::UTF_8 {
        // The last letter may be cut off.
        return std::str::from_utf8(start).is_err_and(|error| error.error_len().is_some());
    }
    let is_of_pairs = [encoding_rs::UTF_16LE, encoding_rs::UTF_16BE].contains(&told);
    is_of_pairs && !start.is_empty() && !start.contains(&0)
}

/// Whether some bytes are letters of East Asia that are often written, and nothing else beyond
/// ASCII: two at least.
pub(crate) fn is_common_text(encoding: &'static Encoding, bytes: &[u8]) -> bool {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    text.is_some_and(|text| {
        let mut letters = text.chars().filter(|c| !c.is_ascii());
        letters.clone().count() >= 2 && letters.all(|c| is_wide(c) && is_common(c))
    })
}

/// Whether a text is in UTF-32, by its mark or by its zeros: nothing here reads that.
pub(crate) fn is_utf_32(start: &[u8]) -> bool {
    if start.starts_with(&[0xff, 0xfe, 0, 0]) || start.starts_with(&[0, 0, 0xfe, 0xff]) {
        return true;
    }
    let zeros = |parity: usize| start.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    start.len() >= 8 && zeros(0).min(zeros(1)) * 5 >= start.len()
}

/// The length of the first whole line of some bytes, with its end; none if it has none.
pub(crate) fn line_length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?;
    Some(end + 1)
}

/// What was counted of a file's lines.
#[derive(Default)]
struct Census {
    head: Vec<u8>,
    length: u64,
    /// Of pieces that have zero bytes: their length, by the parity of their places zero bytes and
    /// bytes that end lines, and bytes that are no letter of a text but half of one.
    with_zeros: u64,
    zeros: [u64; 2],
    line_ends: [u64; 2],
    halves: u64,
    /// A line whose end has not come yet, unless all of it so far is ASCII.
    open: Vec<u8>,
    /// Lines that can be UTF-8, and those that are nothing else.
    utf8: u64,
    sure: u64,
    /// Lines that are not UTF-8, and how many of them are valid in each of several bytes.
    older: u64,
    valid: [u64; OF_SEVERAL_BYTES.len()],
    /// What the first line says that says anything.
    first: Option<Says>,
    example: Vec<u8>,
    /// Whole lines that are not UTF-8.
    letters: Vec<u8>,
}

impl Census {
    fn add(&mut self, chunk: &[u8]) {
        if self.head.len() < 4 {
            self.head.extend(chunk.iter().take(4));
        }
        if chunk.contains(&0) {
            self.count_zeros(chunk);
        }
        self.length += chunk.len() as u64;
        let mut rest = chunk;
        if !self.open.is_empty() {
            let length = line_length(rest);
            let (end, after) = rest.split_at(length.unwrap_or(rest.len()));
            self.open.extend(end);
            rest = after;
            if length.is_none() && self.open.len() <= LINE_BYTES_MAX {
                return;
            }
            let line = std::mem::take(&mut self.open);
            self.line(&line);
        }
        while let Some(length) = line_length(rest).filter(|_| !rest.is_ascii()) {
            let (line, after) = rest.split_at(length);
            self.line(line);
            rest = after;
        }
        self.keep(rest);
    }

    fn count_zeros(&mut self, chunk: &[u8]) {
        let begin = usize::from(self.length % 2 == 1);
        for side in [0, 1] {
            let bytes = || chunk.iter().skip((side + begin) % 2).step_by(2);
            self.zeros[side] += bytes().filter(|byte| **byte == 0).count() as u64;
            self.line_ends[side] += bytes().filter(|byte| is_line_end(byte)).count() as u64;
        }
        self.halves +=
            chunk.iter().filter(|byte| matches!(byte, 1..=8 | 0x0e..=0x1f)).count() as u64;
        self.with_zeros += chunk.len() as u64;
    }

    /// Keeps the beginning of a line. Of a long one in ASCII only the end tells anything.
    fn keep(&mut self, chunk: &[u8]) {
        let from = chunk.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
        let line = &chunk[from.map_or(0, |at| at + 1)..];
        let from = if line.is_ascii() { line.len().saturating_sub(64) } else { 0 };
        self.open.extend(&line[from..]);
    }

    fn line(&mut self, line: &[u8]) {
        let says = says(line);
        match says {
            Says::Nothing => return,
            Says::Older => self.older_line(line),
            Says::Either => self.utf8 += 1,
            Says::Utf8OfTwoBytes | Says::Utf8 => {
                self.utf8 += 1;
                self.sure += 1;
            }
        }
        self.first.get_or_insert(says);
        if self.example.is_empty() {
            self.example = line.iter().copied().take(200).collect();
        }
    }

    fn older_line(&mut self, line: &[u8]) {
        self.older += 1;
        for (encoding, valid) in OF_SEVERAL_BYTES.iter().zip(&mut self.valid) {
            *valid += u64::from(is_valid(encoding, line));
        }
        if self.letters.len() + line.len() <= LETTERS_BYTES_MAX || self.letters.is_empty() {
            self.letters.extend(line);
            if !line.ends_with(b"\n") && !line.ends_with(b"\r") {
                self.letters.push(b'\n');
            }
        }
    }

    fn found(mut self) -> FoundEncoding {
        let line = std::mem::take(&mut self.open);
        self.line(&line);
        let (encoding, certainty) = self.encoding();
        FoundEncoding { encoding, certainty, example: self.example }
    }

    fn encoding(&self) -> (&'static Encoding, Certainty) {
        if let Some((encoding, _)) = Encoding::for_bom(&self.head) {
            return (encoding, Certainty::Clear);
        }
        if let Some(of_pairs) = self.of_pairs() {
            return (of_pairs, Certainty::Clear);
        }
        if self.older == 0 {
            return (encoding_rs::UTF_8, Certainty::Clear);
        }
        // A file put together of several, or damaged: the lines that do not fit are refused.
        let is_utf8 = match self.utf8.cmp(&self.older) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => self.sure > 0 && self.first != Some(Says::Older),
            std::cmp::Ordering::Less => false,
        };
        if is_utf8 {
            return (encoding_rs::UTF_8, Certainty::Contradictory);
        }
        let (encoding, is_damaged) = self.older_encoding();
        let certainty = if is_damaged || self.sure > 0 {
            Certainty::Contradictory
        } else if encoding.is_single_byte() {
            Certainty::Assumed
        } else {
            // A few characters can be Chinese of one kind, of another, or Japanese.
            let letters = self.letters.iter().filter(|byte| **byte >= 0x80).count();
            if letters >= SURE_BYTES { Certainty::Clear } else { Certainty::Assumed }
        };
        (encoding, certainty)
    }

    /// The encoding of two bytes for each letter, if the file has one. Other texts have no zero
    /// bytes but by mistake; in UTF-16 Latin letters, digits and delimiters have one each, at the
    /// same side, and lines end at the other side only.
    fn of_pairs(&self) -> Option<&'static Encoding> {
        let is_it = |side: usize| {
            let (zeros, others) = (self.zeros[side], self.zeros[1 - side]);
            let (ends, against) = (self.line_ends[1 - side], self.line_ends[side]);
            let is_latin = zeros * ZEROS_OF_LATIN >= self.with_zeros;
            let has_halves = self.older > 0 || self.halves * HALVES_OF_OTHERS >= self.with_zeros;
            let has_lines = ends > 0 && zeros * 4 >= ends && against * ENDS_TO_ONE_AGAINST <= ends;
            zeros > others * 2
                && zeros > self.with_zeros / 200
                && (is_latin || (has_halves && has_lines && self.length.is_multiple_of(2)))
        };
        match (is_it(1), is_it(0)) {
            (true, _) => Some(encoding_rs::UTF_16LE),
            (false, true) => Some(encoding_rs::UTF_16BE),
            (false, false) => None,
        }
    }

    /// The older encoding that the lines most likely have, and whether some are not valid in it.
    fn older_encoding(&self) -> (&'static Encoding, bool) {
        let mut all: Vec<(u64, &'static Encoding)> =
            self.valid.iter().copied().zip(OF_SEVERAL_BYTES).collect();
        all.sort_by_key(|(valid, _)| std::cmp::Reverse(*valid));
        let guess = guess(self.letters.split_inclusive(is_line_end));
        if let Some((valid, known)) = all.iter().find(|(_, known)| *known == guess) {
            return (known, *valid < self.older);
        }
        // One damaged letter rules its encoding out: what is left without its line?
        for (valid, encoding) in all {
            let damaged = self.older - valid;
            if damaged == 0 || damaged > (self.older / LINES_TO_ONE_DAMAGED).max(1) {
                continue;
            }
            let lines = self.letters.split_inclusive(is_line_end);
            if encoding == self::guess(lines.filter(|line| is_valid(encoding, line))) {
                return (encoding, true);
            }
        }
        // The detector does not know the encoding of old Macintosh files.
        let mac = likely(encoding_rs::MACINTOSH, &self.letters);
        let is_mac = mac > likely(guess, &self.letters) * 2;
        (if is_mac { encoding_rs::MACINTOSH } else { guess }, false)
    }
}

fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn is_valid(encoding: &'static Encoding, line: &[u8]) -> bool {
    encoding.decode_without_bom_handling_and_without_replacement(line).is_some()
}

/// The older encoding that whole lines have by how often their letters are written.
fn guess<'a>(lines: impl Iterator<Item = &'a [u8]>) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    for line in lines {
        detector.feed(line, false);
    }
    detector.feed(b"", true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    if guess == encoding_rs::GBK { encoding_rs::GB18030 } else { guess }
}

/// How many of the characters beyond ASCII are small letters within words.
fn likely(encoding: &'static Encoding, letters: &[u8]) -> usize {
    let (text, _) = encoding.decode_without_bom_handling(letters);
    let characters: Vec<char> = text.chars().collect();
    let is_within = |window: &&[char]| {
        !window[1].is_ascii()
            && window[1].is_lowercase()
            && (window[0].is_ascii_lowercase() || window[2].is_ascii_lowercase())
    };
    characters.windows(3).filter(is_within).count()
}

/// What an encoding makes of some bytes.
pub(crate) fn shown(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.trim().to_owned()
}

#[cfg(test)]
mod tests;
