//! The texts that cells share, kept one behind the other: they take no more memory than the part
//! they come from.

use std::io::{Read, Seek};

use guanxi_base::{Refusal, Result};
use quick_xml::events::Event;

use super::package::{Package, unpacks_too_large};

/// The part of the texts may unpack to so much.
const PART_BYTES_MAX: u64 = 64 << 20;
/// So many different texts.
const TEXTS_MAX: usize = 2_000_000;

/// The texts that cells share.
#[derive(Debug, Default)]
pub(super) struct SharedTexts {
    texts: String,
    /// Where each of them ends.
    ends: Vec<u32>,
}

impl SharedTexts {
    /// Reads the texts. How many the part says it has is left aside.
    ///
    /// # Errors
    /// A refusal when the part is broken or too large.
    pub(super) fn read<R: Read + Seek>(package: &mut Package<R>, part: &str) -> Result<Self> {
        let mut xml = package.xml(part, PART_BYTES_MAX)?;
        let mut shared = Self::default();
        loop {
            let is_text = match xml.next()? {
                Event::Start(tag) => tag.local_name().as_ref() == "si",
                Event::Eof => return Ok(shared),
                _ => false,
            };
            if !is_text {
                continue;
            }
            shared.texts.push_str(xml.rich_text()?.trim());
            let end = u32::try_from(shared.texts.len());
            shared.ends.push(end.map_err(|_| unpacks_too_large(PART_BYTES_MAX))?);
            if shared.ends.len() > TEXTS_MAX {
                return Err(Refusal::new("too-many-texts").with("limit", TEXTS_MAX).into());
            }
        }
    }

    /// The text of this number.
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)? as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.texts.get(start..end)
    }
}
