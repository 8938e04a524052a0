//! The parts of a workbook before they are read: what kind of file it is, and how large each part
//! is once unpacked. What a file says about its own sizes is not to be trusted.

use std::io::{self, Read, Seek, Write};

use guanxi_base::{Error, Refusal, Result};
use zip::ZipArchive;

/// All sheets together may unpack to so much.
const SHEETS_BYTES_MAX: u64 = 400 << 20;
/// Every other part that is read may unpack to so much; texts that cells share stand in one.
const PART_BYTES_MAX: u64 = 64 << 20;
/// So many texts may be shared; each takes memory while the workbook is read.
const SHARED_TEXTS_MAX: u64 = 2_000_000;
/// So many ranges of cells may be merged.
pub(crate) const MERGED_MAX: usize = 100_000;
/// Between the ends of two cells lies no more than this: a cell is read whole.
const CELL_BYTES_MAX: u64 = 16 << 20;
/// A workbook has no more parts than this.
const PARTS_MAX: usize = 10_000;

/// What was seen of a workbook before it is read.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// Whether any sheet has merged cells.
    pub(crate) has_merged: bool,
}

/// Looks through the parts of a workbook without keeping them.
///
/// # Errors
/// A refusal when it is no workbook that can be read, or too large.
pub(crate) fn look_through(file: impl Read + Seek) -> Result<Parts> {
    let mut archive = ZipArchive::new(file).map_err(|error| broken(&error))?;
    let has = |name: &str| archive.file_names().any(|part| part.is_ok_and(|part| part == name));
    let is_workbook = has("xl/workbook.xml") || has("[Content_Types].xml");
    if has("xl/workbook.bin") {
        return Err(Refusal::new("workbook-binary").into());
    }
    if has("mimetype") || has("Index/Document.iwa") {
        return Err(Refusal::new("workbook-of-other-program").into());
    }
    if has("word/document.xml") || has("ppt/presentation.xml") {
        return Err(Refusal::new("not-a-table").into());
    }
    if !is_workbook {
        return Err(broken(&"no workbook is in it"));
    }
    if archive.len() > PARTS_MAX {
        return Err(too_large(PARTS_MAX as u64));
    }
    let (mut left, mut parts) = (SHEETS_BYTES_MAX, Parts::default());
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|error| broken(&error))?;
        let name = part.name().map_err(|error| broken(&error))?.to_ascii_lowercase();
        let kind = PartKind::of(&name);
        let limit = if kind == PartKind::Sheet { left } else { PART_BYTES_MAX };
        // A part that admits it needs no unpacking.
        if part.size() > limit {
            return Err(too_large(limit));
        }
        let mut watch = Watch::new(limit, kind);
        io::copy(&mut part, &mut watch).map_err(|error| match watch.refusal.take() {
            Some(refusal) => refusal.into(),
            None => broken(&error),
        })?;
        if kind == PartKind::Sheet {
            left -= watch.length;
        }
        parts.has_merged |= watch.has_merged;
    }
    Ok(parts)
}

/// What a part of a workbook is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartKind {
    /// Cells.
    Sheet,
    /// Texts, formats, names.
    Words,
    /// Pictures and the like.
    Other,
}

impl PartKind {
    fn of(name: &str) -> Self {
        match name {
            name if name.contains("sheets/") => Self::Sheet,
            name if name.ends_with(".xml") || name.ends_with(".rels") => Self::Words,
            _ => Self::Other,
        }
    }
}

/// Takes a part's bytes and keeps none.
struct Watch {
    limit: u64,
    kind: PartKind,
    length: u64,
    /// The last eight bytes.
    last: u64,
    texts: u64,
    since_cell: u64,
    has_merged: bool,
    /// The number that a part says it has, while it is being read.
    claimed: Option<u64>,
    refusal: Option<Refusal>,
}

impl Watch {
    fn new(limit: u64, kind: PartKind) -> Self {
        Self {
            limit,
            kind,
            length: 0,
            last: 0,
            texts: 0,
            since_cell: 0,
            has_merged: false,
            claimed: None,
            refusal: None,
        }
    }

    fn take(&mut self, byte: u8) -> std::result::Result<(), Refusal> {
        self.last = self.last << 8 | u64::from(byte);
        self.since_cell += 1;
        let ends = |text: &[u8]| {
            let wanted = text.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
            let bits = 8 * text.len();
            let mask = if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
            self.last & mask == wanted
        };
        match byte {
            0 if self.kind != PartKind::Other => return Err(broken_part("zero bytes")),
            b'>' if ends(b"/c>") || ends(b":c>") || ends(b"row>") => self.since_cell = 0,
            b'>' if ends(b"si>") => {
                self.texts += 1;
                // Each has a beginning and an end.
                if self.texts > 2 * SHARED_TEXTS_MAX {
                    return Err(Refusal::new("too-many-texts").with("limit", SHARED_TEXTS_MAX));
                }
            }
            b'l' if ends(b"ergeCell") => self.has_merged = true,
            // The reader makes room for as many as the part says it has.
            b't' if ends(b"queCount") => self.claimed = Some(0),
            b'0'..=b'9' => {
                if let Some(claimed) = &mut self.claimed {
                    *claimed = claimed.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
                    if *claimed > SHARED_TEXTS_MAX {
                        return Err(Refusal::new("too-many-texts").with("limit", SHARED_TEXTS_MAX));
                    }
                }
            }
            b'=' | b'"' | b'\'' | b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => self.claimed = None,
        }
        if self.kind == PartKind::Sheet && self.since_cell > CELL_BYTES_MAX {
            return Err(broken_part("a cell is too long"));
        }
        Ok(())
    }
}

impl Write for Watch {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let stop = || io::Error::other("the part is refused");
        self.length += bytes.len() as u64;
        if self.length > self.limit {
            let limit = self.limit >> 20;
            self.refusal = Some(Refusal::new("unpacks-too-large").with("limit", limit));
            return Err(stop());
        }
        for byte in bytes {
            if let Err(refusal) = self.take(*byte) {
                self.refusal = Some(refusal);
                return Err(stop());
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn broken_part(reason: &str) -> Refusal {
    Refusal::new("workbook-broken").with("reason", reason)
}

fn too_large(limit: u64) -> Error {
    Refusal::new("unpacks-too-large").with("limit", limit >> 20).into()
}

pub(crate) fn broken(error: &dyn std::fmt::Display) -> Error {
    Refusal::new("workbook-broken").with("reason", error).into()
}
