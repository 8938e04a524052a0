//! The package that a workbook is: parts by their names, each unpacked only when it is read, and
//! never further than its limit. What a package says about its own sizes is not to be trusted.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

use guanxi_base::{Error, Refusal, Result};
use zip::{CompressionMethod, ZipArchive};

use super::xml::Xml;
use crate::exchange::decoding::Decoding;

/// A workbook has no more parts than this.
pub(super) const PARTS_MAX: usize = 10_000;
/// So much of a file is read to learn which parts it has.
const DIRECTORY_BYTES_MAX: u64 = 8 << 20;

/// The parts of a workbook.
pub(super) struct Package<R> {
    archive: ZipArchive<Metered<R>>,
    places: HashMap<String, usize>,
}

impl<R: Read + Seek> Package<R> {
    /// Opens a package.
    ///
    /// # Errors
    /// A refusal when it holds no workbook that can be read.
    pub(super) fn open(file: R) -> Result<Self> {
        let left = Rc::new(Cell::new(DIRECTORY_BYTES_MAX));
        let archive = ZipArchive::new(Metered { file, left: left.clone() });
        let archive = archive.map_err(|error| broken(&error))?;
        left.set(u64::MAX);
        if archive.len() > PARTS_MAX {
            return Err(Refusal::new("too-many-parts").with("limit", PARTS_MAX).into());
        }
        let mut places = HashMap::new();
        for (at, name) in archive.file_names().enumerate() {
            places.entry(plain(&name.map_err(|error| broken(&error))?)).or_insert(at);
        }
        let package = Self { archive, places };
        package.must_be_workbook()?;
        Ok(package)
    }

    fn must_be_workbook(&self) -> Result<()> {
        let has = |name: &str| self.places.contains_key(name);
        let code = if has("xl/workbook.bin") {
            "workbook-binary"
        } else if has("mimetype") || has("index/document.iwa") {
            "workbook-of-other-program"
        } else if has("word/document.xml") || has("ppt/presentation.xml") {
            "not-a-table"
        } else if has("xl/workbook.xml") || has("[content_types].xml") {
            return Ok(());
        } else {
            return Err(broken(&"no workbook is in it"));
        };
        Err(Refusal::new(code).into())
    }

    /// Whether there is a part of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.places.contains_key(&plain(name))
    }

    /// The XML of a part, which may unpack to so many bytes.
    ///
    /// # Errors
    /// A refusal when there is no such part, or it cannot be unpacked.
    pub(super) fn xml(&mut self, name: &str, limit: u64) -> Result<Xml<Part<'_>>> {
        Ok(Xml::new(self.part(name)?, limit))
    }

    /// Unpacks a part to its end without keeping it, which tells whether it is whole, and looks
    /// for a word in it.
    ///
    /// # Errors
    /// A refusal when there is no such part, it is damaged, or unpacks to more than its limit.
    pub(super) fn look_through(&mut self, name: &str, limit: u64, word: &str) -> Result<bool> {
        let mut part = self.part(name)?;
        let (mut left, mut is_there, mut kept) = (limit, false, 0);
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = part.read(&mut buffer[kept..]).map_err(|error| broken(&error))?;
            if read == 0 {
                return Ok(is_there);
            }
            left = left.checked_sub(read as u64).ok_or_else(|| unpacks_too_large(limit))?;
            let filled = kept + read;
            is_there = is_there || letters(&buffer[..filled]).contains(word);
            // A word may begin here and end in what is read next.
            kept = filled.min(word.len() - 1);
            buffer.copy_within(filled - kept..filled, 0);
        }
    }

    /// The bytes of a part as UTF-8: XML may be in UTF-16 as well, and shows it by how it begins.
    fn part(&mut self, name: &str) -> Result<Part<'_>> {
        let missing = || broken(&format!("the part {name} is missing"));
        let place = *self.places.get(&plain(name)).ok_or_else(missing)?;
        let mut part = self.archive.by_index(place).map_err(|error| broken(&error))?;
        // Other methods make room as their own head asks.
        if !matches!(part.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            return Err(broken(&"it is packed in an unusual way"));
        }
        let mut head = Vec::new();
        part.by_ref().take(2).read_to_end(&mut head).map_err(|error| broken(&error))?;
        let encoding = match head[..] {
            [0xff, 0xfe] | [b'<', 0] => Some(encoding_rs::UTF_16LE),
            [0xfe, 0xff] | [0, b'<'] => Some(encoding_rs::UTF_16BE),
            _ => None,
        };
        let bytes = Cursor::new(head).chain(part);
        Ok(match encoding {
            Some(encoding) => Box::new(Decoding::new(bytes, encoding)),
            None => Box::new(bytes),
        })
    }
}

/// A part that is being unpacked.
pub(super) type Part<'a> = Box<dyn Read + 'a>;

/// A file of which only so much may be read.
struct Metered<R> {
    file: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        let left = self.left.get().checked_sub(read as u64);
        self.left.set(left.ok_or_else(|| io::Error::other("its list of parts is too long"))?);
        Ok(read)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// The whole letters of a piece of a text that may begin and end within a letter.
fn letters(piece: &[u8]) -> &str {
    let begins = piece.iter().take(3).take_while(|byte| *byte & 0xc0 == 0x80).count();
    match std::str::from_utf8(&piece[begins..]) {
        Ok(letters) => letters,
        Err(error) => {
            let ends = begins + error.valid_up_to();
            std::str::from_utf8(&piece[begins..ends]).unwrap_or_default()
        }
    }
}

/// Names of parts are compared so.
fn plain(name: &str) -> String {
    name.trim_start_matches(['/', '\\']).replace('\\', "/").to_ascii_lowercase()
}

pub(super) fn unpacks_too_large(limit: u64) -> Error {
    Refusal::new("unpacks-too-large").with("limit", limit >> 20).into()
}

pub(super) fn broken(error: &dyn std::fmt::Display) -> Error {
    Refusal::new("workbook-broken").with("reason", error).into()
}
