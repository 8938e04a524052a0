//! How a text file is encoded: by its mark, by what is valid in all of it, by what its letters
//! would be. What is not sure is said, with what the other encodings would make of it.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding};

use super::decisions::Certainty;

/// So much of what is not ASCII is looked at to tell one old encoding from another.
const LETTERS_BYTES_MAX: usize = 1 << 20;
/// A byte that means nothing in the encoding stands as the character so far behind this one, in
/// a private plane: what it was is not lost.
const UNREADABLE: u32 = 0x10_f000;
/// So many bytes are kept behind the reader: a wrong sequence may begin before its last chunk.
const BEHIND_BYTES: usize = 16;
const CHUNK_BYTES: usize = 64 << 10;

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
        match bytes.read(&mut chunk)? {
            0 => break,
            length => census.add(&chunk[..length]),
        }
    }
    Ok(census.found())
}

/// What was counted of a file's bytes.
#[derive(Default)]
struct Census {
    head: Vec<u8>,
    length: u64,
    zeros: [u64; 2],
    /// Sequences that are valid UTF-8 beyond ASCII, and bytes that are not.
    valid: u64,
    invalid: u64,
    /// The end of the last chunk, where it may be inside a character.
    rest: Vec<u8>,
    /// Lines with letters beyond ASCII.
    letters: Vec<u8>,
}

impl Census {
    fn add(&mut self, chunk: &[u8]) {
        if self.head.len() < 4 {
            self.head.extend(chunk.iter().take(4));
        }
        for byte in chunk.iter().enumerate().filter(|(_, byte)| **byte == 0) {
            let odd = usize::try_from((self.length + byte.0 as u64) % 2).unwrap_or(0);
            self.zeros[odd] += 1;
        }
        self.length += chunk.len() as u64;
        if self.letters.len() < LETTERS_BYTES_MAX {
            for line in chunk.split_inclusive(|byte| *byte == b'\n') {
                if !line.is_ascii() {
                    self.letters.extend(line);
                }
            }
        }
        let mut joined = std::mem::take(&mut self.rest);
        joined.extend(chunk);
        let mut rest = joined.as_slice();
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.valid += beyond_ascii(text);
                    rest = &[];
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    self.valid += beyond_ascii(std::str::from_utf8(valid).unwrap_or_default());
                    let Some(length) = error.error_len() else {
                        self.rest = after.to_vec();
                        break;
                    };
                    self.invalid += length as u64;
                    rest = &after[length..];
                }
            }
        }
    }

    fn found(self) -> FoundEncoding {
        let found = |encoding, certainty| FoundEncoding {
            encoding,
            certainty,
            example: example(&self.letters),
        };
        if let Some((encoding, _)) = Encoding::for_bom(&self.head) {
            return found(encoding, Certainty::Clear);
        }
        // Text has no zero bytes, but UTF-16: Latin letters, digits and delimiters have one each.
        let [even, odd] = self.zeros;
        if even + odd > self.length / 200 && even + odd > 0 {
            if odd > even * 2 {
                return found(encoding_rs::UTF_16LE, Certainty::Clear);
            }
            if even > odd * 2 {
                return found(encoding_rs::UTF_16BE, Certainty::Clear);
            }
        }
        let invalid = self.invalid + self.rest.len() as u64;
        if invalid == 0 {
            return found(encoding_rs::UTF_8, Certainty::Clear);
        }
        // A file put together of several, or damaged: the lines that do not fit are refused.
        if self.valid > invalid * 4 {
            return found(encoding_rs::UTF_8, Certainty::Contradictory);
        }
        let (encoding, certainty) = of_letters(&self.letters);
        found(encoding, certainty)
    }
}

fn beyond_ascii(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte >= 0xc0).count() as u64
}

/// An old encoding by its letters. Several can be valid; how sure it is depends on whether the
/// text is East Asian, whose characters are common or not.
fn of_letters(letters: &[u8]) -> (&'static Encoding, Certainty) {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(letters, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    if guess.is_single_byte() {
        // The detector does not know the encoding of old Macintosh files.
        let (mac, other) = (likely(encoding_rs::MACINTOSH, letters), likely(guess, letters));
        let encoding = if mac > other * 2 { encoding_rs::MACINTOSH } else { guess };
        return (encoding, Certainty::Assumed);
    }
    let encoding = if guess == encoding_rs::GBK { encoding_rs::GB18030 } else { guess };
    let is_valid = encoding.decode_without_bom_handling(letters).1;
    // A few characters can be Chinese of one kind, of another, or Japanese.
    let is_sure = !is_valid && letters.iter().filter(|byte| **byte >= 0x80).count() >= 40;
    (encoding, if is_sure { Certainty::Clear } else { Certainty::Assumed })
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

fn example(letters: &[u8]) -> Vec<u8> {
    let line = letters.split(|byte| *byte == b'\n').find(|line| !line.is_ascii());
    line.unwrap_or_default().iter().copied().take(200).collect()
}

/// What an encoding makes of some bytes.
pub(crate) fn shown(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.trim().to_owned()
}

/// Bytes of a file as UTF-8, whatever their encoding. What means nothing in it is kept apart.
pub(crate) struct Decoding<R> {
    inner: R,
    decoder: encoding_rs::Decoder,
    input: Vec<u8>,
    at: usize,
    is_at_end: bool,
    is_finished: bool,
    output: Vec<u8>,
    given: usize,
}

impl<R: Read> Decoding<R> {
    /// Decodes from behind the file's mark, if it has one.
    pub(crate) fn new(inner: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        let (input, output) = (Vec::new(), Vec::new());
        let (is_at_end, is_finished) = (false, false);
        Self { inner, decoder, input, at: 0, is_at_end, is_finished, output, given: 0 }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.output.clear();
        self.given = 0;
        let drop = self.at.saturating_sub(BEHIND_BYTES);
        self.input.drain(..drop);
        self.at -= drop;
        if self.at == self.input.len() && !self.is_at_end {
            let before = self.input.len();
            self.input.resize(before + CHUNK_BYTES, 0);
            let length = self.inner.read(&mut self.input[before..])?;
            self.input.truncate(before + length);
            self.is_at_end = length == 0;
        }
        let mut text = vec![0_u8; CHUNK_BYTES * 3 + 64];
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.input[self.at..],
            &mut text,
            self.is_at_end,
        );
        self.at += read;
        self.output.extend(&text[..written]);
        self.is_finished = self.is_at_end && result == DecoderResult::InputEmpty;
        if let DecoderResult::Malformed(wrong, extra) = result {
            let end = self.at.saturating_sub(usize::from(extra));
            let start = end.saturating_sub(usize::from(wrong));
            for byte in &self.input[start..end] {
                let mark = char::from_u32(UNREADABLE + u32::from(*byte)).unwrap_or('\u{fffd}');
                self.output.extend(mark.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.output.len() {
            if self.is_finished {
                return Ok(0);
            }
            self.refill()?;
        }
        let length = buffer.len().min(self.output.len() - self.given);
        buffer[..length].copy_from_slice(&self.output[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}

/// Whether a text holds bytes that mean nothing in its encoding, or what another program put in
/// their place.
pub(crate) fn is_unreadable(text: &str) -> bool {
    text.chars().any(|c| c == '\u{fffd}' || wrong_byte(c).is_some())
}

fn wrong_byte(c: char) -> Option<u8> {
    u32::from(c).checked_sub(UNREADABLE).and_then(|byte| u8::try_from(byte).ok())
}

/// A text with unreadable bytes as it most likely was meant: by its letters, or with the bytes
/// written out, so that nothing is lost where a person mends it.
pub(crate) fn recovered(text: &str, encoding: &'static Encoding) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut written_out = String::with_capacity(text.len());
    for c in text.chars() {
        match wrong_byte(c) {
            Some(byte) => {
                bytes.push(byte);
                written_out.push_str(&format!("\\x{byte:02X}"));
            }
            None => {
                bytes.extend(encoding.encode(c.encode_utf8(&mut [0; 4])).0.iter());
                written_out.push(c);
            }
        }
    }
    let (meant, _) = of_letters(&bytes);
    let (text, has_errors) = meant.decode_without_bom_handling(&bytes);
    if has_errors || meant == encoding { written_out } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(bytes: &[u8]) -> (&'static str, Certainty) {
        let found = find(bytes).unwrap();
        (found.encoding.name(), found.certainty)
    }

    fn encoded(label: &str, text: &str) -> Vec<u8> {
        Encoding::for_label(label.as_bytes()).unwrap().encode(text).0.into_owned()
    }

    #[test]
    fn encodings_are_found_in_all_of_the_file() {
        let chinese = "名称,城市\n华为技术有限公司,深圳市龙岗区坂田\n中兴通讯股份有限公司,深圳\n";
        let taiwan =
            "名稱,城市\n台灣積體電路製造股份有限公司,新竹市\n鴻海精密工業股份有限公司,新北市\n";
        let japanese =
            "名前,都市\nトヨタ自動車株式会社のひと,豊田市\nソニーグループのカード,東京都\n";
        let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            chinese.encode_utf16().flat_map(unit).collect()
        };
        for (bytes, expected) in [
            (encoded("utf-8", chinese), ("UTF-8", Certainty::Clear)),
            (encoded("gb18030", chinese), ("gb18030", Certainty::Clear)),
            (encoded("big5", taiwan), ("Big5", Certainty::Clear)),
            (encoded("shift_jis", japanese), ("Shift_JIS", Certainty::Clear)),
            (utf16(u16::to_le_bytes), ("UTF-16LE", Certainty::Clear)),
            (utf16(u16::to_be_bytes), ("UTF-16BE", Certainty::Clear)),
            (encoded("windows-1252", "Müller,Größe"), ("windows-1252", Certainty::Assumed)),
            (b"only,ascii".to_vec(), ("UTF-8", Certainty::Clear)),
        ] {
            assert_eq!(name(&bytes), expected);
        }
        // Letters far down count as those on top.
        let late = [vec![b'x'; 3 << 20], encoded("gb18030", chinese)].concat();
        assert_eq!(name(&late).0, "gb18030");
    }

    #[test]
    fn old_macintosh_files_are_known_by_their_letters() {
        let text = "name,city\nCafé Müller,Zürich\nGarçon & Fils,Orléans\nPeña,Málaga\n";
        let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(text);
        assert_eq!(name(&bytes).0, "windows-1252");
        let mac: Vec<u8> = text
            .chars()
            .map(|c| match c {
                'é' => 0x8e,
                'ü' => 0x9f,
                'ç' => 0x8d,
                'ñ' => 0x96,
                'á' => 0x87,
                other => u8::try_from(u32::from(other)).unwrap(),
            })
            .collect();
        assert_eq!(name(&mac), ("macintosh", Certainty::Assumed));
        assert!(shown(encoding_rs::MACINTOSH, &mac).contains("Café Müller"));
    }

    #[test]
    fn what_does_not_fit_the_encoding_is_kept() {
        let mut bytes = "é".repeat(40).into_bytes();
        bytes.extend(b"\nM\xfcller\n");
        assert_eq!(name(&bytes), ("UTF-8", Certainty::Contradictory));
        let mut text = String::new();
        Decoding::new(&bytes[..], encoding_rs::UTF_8).read_to_string(&mut text).unwrap();
        let line = text.lines().nth(1).unwrap();
        assert!(is_unreadable(line) && !is_unreadable(text.lines().next().unwrap()));
        assert_eq!(recovered(line, encoding_rs::UTF_8), "Müller");
    }

    proptest::proptest! {
        #[test]
        fn decoding_by_pieces_is_decoding_at_once(bytes in proptest::collection::vec(
            proptest::prelude::any::<u8>(), 0..400)) {
            struct Drops<'a>(&'a [u8]);
            impl Read for Drops<'_> {
                fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                    let length = self.0.len().min(1).min(buffer.len());
                    buffer[..length].copy_from_slice(&self.0[..length]);
                    self.0 = &self.0[length..];
                    Ok(length)
                }
            }
            for encoding in [encoding_rs::UTF_8, encoding_rs::GB18030, encoding_rs::UTF_16LE] {
                let (mut once, mut pieces) = (String::new(), String::new());
                Decoding::new(&bytes[..], encoding).read_to_string(&mut once).unwrap();
                Decoding::new(Drops(&bytes), encoding).read_to_string(&mut pieces).unwrap();
                proptest::prop_assert_eq!(once, pieces);
            }
        }
    }
}
