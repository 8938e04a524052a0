//! Bytes of a file as UTF-8, whatever their encoding. What means nothing in it is kept apart, and
//! so is a line that is UTF-8 already: read by an older encoding it would be nonsense.

use std::io::{self, Read};

use encoding_rs::{DecoderResult, Encoding};

use super::encoding::{self, CHUNK_BYTES, LINE_BYTES_MAX};

/// A byte that means nothing in the encoding stands as the character so far behind this one, in
/// a private plane: what it was is not lost.
const UNREADABLE: u32 = 0x10_f000;
/// So many bytes are kept behind the reader: a wrong sequence may begin before its last chunk.
const BEHIND_BYTES: usize = 16;
/// So many unreadable bytes of a line tell the encoding that was meant.
const SURE_BYTES: usize = 40;

/// Lines beyond ASCII of a file in an older encoding.
#[derive(Debug, Clone, Default)]
pub(crate) struct LinesRead {
    /// Those that can be in it.
    pub(crate) fitting: u64,
    /// Those that are UTF-8.
    pub(crate) contradicting: u64,
    /// The first of these.
    pub(crate) example: Vec<u8>,
}

/// Bytes of a file as UTF-8.
pub(crate) struct Decoding<R> {
    inner: R,
    encoding: &'static Encoding,
    decoder: encoding_rs::Decoder,
    input: Vec<u8>,
    at: usize,
    /// Up to here the input is to be decoded.
    ready: usize,
    /// So many bytes behind that are a line to be kept apart.
    apart: usize,
    is_at_end: bool,
    is_finished: bool,
    chunk: Vec<u8>,
    text: Vec<u8>,
    output: Vec<u8>,
    given: usize,
    lines: LinesRead,
}

impl<R: Read> Decoding<R> {
    /// Decodes from behind the file's mark, if it has one.
    pub(crate) fn new(inner: R, encoding: &'static Encoding) -> Self {
        Self {
            inner,
            encoding,
            decoder: encoding.new_decoder_with_bom_removal(),
            input: Vec::new(),
            at: 0,
            ready: 0,
            apart: 0,
            is_at_end: false,
            is_finished: false,
            chunk: vec![0; CHUNK_BYTES],
            text: vec![0; CHUNK_BYTES * 3 + 64],
            output: Vec::new(),
            given: 0,
            lines: LinesRead::default(),
        }
    }

    /// What the lines so far said about the encoding.
    pub(crate) fn lines(&self) -> &LinesRead {
        &self.lines
    }

    fn refill(&mut self) -> io::Result<()> {
        self.output.clear();
        self.given = 0;
        if self.at == self.ready && self.apart > 0 {
            let line = &self.input[self.at..self.at + self.apart];
            line.iter().for_each(|byte| keep_apart(*byte, &mut self.output));
            self.at += self.apart;
            (self.ready, self.apart) = (self.at, 0);
            return Ok(());
        }
        if self.at == self.ready {
            self.look_ahead()?;
        }
        let is_last = self.is_at_end && self.ready == self.input.len();
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.input[self.at..self.ready],
            &mut self.text,
            is_last,
        );
        self.at += read;
        self.output.extend(&self.text[..written]);
        self.is_finished = is_last && result == DecoderResult::InputEmpty;
        if let DecoderResult::Malformed(wrong, extra) = result {
            let end = self.at.saturating_sub(usize::from(extra));
            let start = end.saturating_sub(usize::from(wrong));
            for byte in &self.input[start..end] {
                mark(*byte, &mut self.output);
            }
        }
        Ok(())
    }

    /// Reads on, and looks how far the input can be decoded: of an older encoding up to the end
    /// of a line, or to a line that is not in it.
    fn look_ahead(&mut self) -> io::Result<()> {
        let drop = self.at.saturating_sub(BEHIND_BYTES);
        self.input.drain(..drop);
        self.at -= drop;
        self.ready = self.at;
        if !encoding::is_older(self.encoding) {
            if self.at == self.input.len() {
                self.read_on()?;
            }
            self.ready = self.input.len();
            return Ok(());
        }
        let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let mut looked = self.at;
        while !self.is_at_end && !self.input[looked..].iter().any(is_end) {
            looked = self.input.len();
            if looked - self.at > LINE_BYTES_MAX {
                break;
            }
            self.read_on()?;
        }
        let whole = match self.input[looked..].iter().rposition(is_end) {
            Some(end) if !self.is_at_end => looked + end + 1,
            _ => self.input.len(),
        };
        if self.input[self.at..whole].is_ascii() {
            self.ready = whole;
            return Ok(());
        }
        while self.ready < whole {
            let rest = &self.input[self.ready..whole];
            let line = &rest[..encoding::line_length(rest).unwrap_or(rest.len())];
            if encoding::contradicts(self.encoding, line) {
                self.apart = line.len();
                self.lines.contradicting += 1;
                if self.lines.example.is_empty() {
                    self.lines.example = line.iter().copied().take(200).collect();
                }
                break;
            }
            self.lines.fitting += u64::from(!line.is_ascii());
            self.ready += line.len();
        }
        Ok(())
    }

    fn read_on(&mut self) -> io::Result<()> {
        let length = self.inner.read(&mut self.chunk)?;
        self.input.extend(&self.chunk[..length]);
        self.is_at_end = length == 0;
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

fn keep_apart(byte: u8, output: &mut Vec<u8>) {
    if byte.is_ascii() {
        output.push(byte);
    } else {
        mark(byte, output);
    }
}

fn mark(byte: u8, output: &mut Vec<u8>) {
    let mark = char::from_u32(UNREADABLE + u32::from(byte)).unwrap_or('\u{fffd}');
    output.extend(mark.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Whether a text holds bytes that mean nothing in its encoding, or what another program put in
/// their place. A zero byte means nothing in any.
pub(crate) fn is_unreadable(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\0' | '\u{fffd}') || wrong_byte(c).is_some())
}

fn wrong_byte(c: char) -> Option<u8> {
    u32::from(c).checked_sub(UNREADABLE).and_then(|byte| u8::try_from(byte).ok())
}

/// Whether two unreadable bytes stand beside one another.
fn has_pair(text: &str) -> bool {
    let letters = || text.chars().map(|c| wrong_byte(c).is_some());
    letters().zip(letters().skip(1)).any(|(one, next)| one && next)
}

/// A text with unreadable bytes as it most likely was meant: by its letters, or with the bytes
/// written out, so that nothing is lost where a person mends it.
pub(crate) fn recovered(text: &str, encoding: &'static Encoding) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut written_out = String::with_capacity(text.len());
    let (mut wrong, mut readable) = (0, 0);
    let has_zeros = text.contains('\0');
    for c in text.chars() {
        match wrong_byte(c).or((c == '\0').then_some(0)) {
            Some(byte) => {
                wrong += 1;
                bytes.push(byte);
                written_out.push_str(&format!("\\x{byte:02X}"));
            }
            None => {
                readable += usize::from(!c.is_ascii());
                bytes.extend(encoding.encode(c.encode_utf8(&mut [0; 4])).0.iter());
                written_out.push(c);
            }
        }
    }
    if wrong == 0 {
        return text.to_owned();
    }
    // Some letters that can be read beside a few bytes that cannot: it is damaged, no more.
    let Ok(found) = encoding::find(&bytes[..]) else { return written_out };
    let meant = meant(found.encoding, &bytes, has_pair(text));
    let is_guess = meant.is_single_byte() && !encoding.is_single_byte();
    // A pair of bytes is a letter of East Asia as likely as two of Europe; few tell neither.
    let is_sure = meant == encoding_rs::UTF_8
        || wrong >= SURE_BYTES
        || (!meant.is_single_byte() && encoding::is_common_text(meant, &bytes))
        || (meant.is_single_byte() && !has_pair(text));
    let is_damaged =
        !is_sure || has_zeros || readable >= wrong || (is_guess && encoding != encoding_rs::UTF_8);
    let (text, has_errors) = meant.decode_without_bom_handling(&bytes);
    if has_errors || meant == encoding || is_damaged { written_out } else { text.into_owned() }
}

/// The encoding that a line was meant in: what looks like Europe's letters side by side is Chinese,
/// if all of it is letters that are often written.
fn meant(found: &'static Encoding, bytes: &[u8], has_pair: bool) -> &'static Encoding {
    let is_chinese =
        found.is_single_byte() && has_pair && encoding::is_common_text(encoding_rs::GB18030, bytes);
    if is_chinese { encoding_rs::GB18030 } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_few_chinese_letters_is_shown_as_it_was_meant() {
        for name in ["华为技术有限公司", "张三", "上海", "北京市朝阳区", "G-1,中兴通讯,深圳"]
        {
            let mut bytes = "é".repeat(40).into_bytes();
            bytes.push(b'\n');
            bytes.extend(encoding_rs::GB18030.encode(name).0.iter());
            let mut text = String::new();
            Decoding::new(&bytes[..], encoding_rs::UTF_8).read_to_string(&mut text).unwrap();
            assert_eq!(recovered(text.lines().nth(1).unwrap(), encoding_rs::UTF_8), name);
        }
        assert_eq!(recovered("a\0b", encoding_rs::UTF_8), "a\\x00b");
        assert!(is_unreadable("a\0b"));
    }

    #[test]
    fn what_does_not_fit_the_encoding_is_kept() {
        let mut bytes = "é".repeat(40).into_bytes();
        bytes.extend(b"\nM\xfcller\n");
        let mut text = String::new();
        Decoding::new(&bytes[..], encoding_rs::UTF_8).read_to_string(&mut text).unwrap();
        let line = text.lines().nth(1).unwrap();
        assert!(is_unreadable(line) && !is_unreadable(text.lines().next().unwrap()));
        assert_eq!(recovered(line, encoding_rs::UTF_8), "Müller");
    }

    #[test]
    fn lines_of_utf8_within_an_older_encoding_are_kept_apart_and_not_lost() {
        let (older, _, _) = encoding_rs::GB18030.encode("名称\n华为技术\nplain\n");
        let mut bytes = older.into_owned();
        bytes.extend("你好科技\nJürgen\n".as_bytes());
        bytes.extend(encoding_rs::GB18030.encode("深圳").0.iter());
        let mut decoding = Decoding::new(&bytes[..], encoding_rs::GB18030);
        let mut text = String::new();
        decoding.read_to_string(&mut text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let apart: Vec<bool> = lines.iter().map(|line| is_unreadable(line)).collect();
        assert_eq!(apart, [false, false, false, true, true, false]);
        assert_eq!(recovered(lines[3], encoding_rs::GB18030), "你好科技");
        assert_eq!(recovered(lines[4], encoding_rs::GB18030), "Jürgen");
        assert_eq!((lines[1], lines[5]), ("华为技术", "深圳"));
        assert_eq!((decoding.lines().fitting, decoding.lines().contradicting), (3, 2));
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
            for encoding in [
                encoding_rs::UTF_8,
                encoding_rs::GB18030,
                encoding_rs::WINDOWS_1252,
                encoding_rs::UTF_16LE,
            ] {
                let (mut once, mut pieces) = (String::new(), String::new());
                Decoding::new(&bytes[..], encoding).read_to_string(&mut once).unwrap();
                Decoding::new(Drops(&bytes), encoding).read_to_string(&mut pieces).unwrap();
                proptest::prop_assert_eq!(once, pieces);
            }
        }
    }
}
