//! What a workbook says about itself: its sheets, where they and what they share stand, and which
//! calendar its days are counted by.

use std::collections::HashMap;
use std::io::{Read, Seek};

use guanxi_base::{Refusal, Result};
use quick_xml::events::Event;

use super::package::{PARTS_MAX, Package, broken};
use super::xml::{attribute, is_true};

/// The parts that list others may each unpack to so much.
const LIST_BYTES_MAX: u64 = 8 << 20;

/// What a workbook has.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Its sheets of cells, as they stand.
    pub(super) sheets: Vec<Sheet>,
    /// The part of the texts that cells share, if there is one.
    pub(super) shared_texts: Option<String>,
    /// The part of the formats, if there is one.
    pub(super) styles: Option<String>,
    /// Whether days are counted from 1904.
    pub(super) counts_from_1904: bool,
}

/// A sheet of cells.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) part: String,
    pub(super) is_hidden: bool,
}

/// A part that another one names.
struct Related {
    id: String,
    /// The last word of its type.
    kind: String,
    part: String,
}

impl Contents {
    /// Reads what a workbook says about itself.
    ///
    /// # Errors
    /// A refusal when it is broken.
    pub(super) fn read<R: Read + Seek>(package: &mut Package<R>) -> Result<Self> {
        let root = "_rels/.rels";
        let of_package = if package.has(root) { related(package, root, "")? } else { Vec::new() };
        let document = of_package.into_iter().find(|one| one.kind == "officeDocument");
        let book = document.map_or_else(|| "xl/workbook.xml".to_owned(), |one| one.part);
        let (folder, name) = book.rsplit_once('/').unwrap_or(("", &book));
        let of_book = related(package, &joined(folder, &format!("_rels/{name}.rels")), folder)?;
        let mut contents = Self::default();
        let mut by_id = HashMap::new();
        for one in of_book {
            match one.kind.as_str() {
                "worksheet" => drop(by_id.insert(one.id, one.part)),
                "sharedStrings" => contents.shared_texts = Some(one.part),
                "styles" => contents.styles = Some(one.part),
                _ => {}
            }
        }
        contents.shared_texts.take_if(|part| !package.has(part));
        contents.styles.take_if(|part| !package.has(part));
        contents.read_book(package, &book, &by_id)?;
        Ok(contents)
    }

    fn read_book<R: Read + Seek>(
        &mut self,
        package: &mut Package<R>,
        book: &str,
        by_id: &HashMap<String, String>,
    ) -> Result<()> {
        let mut xml = package.xml(book, LIST_BYTES_MAX)?;
        // Extensions of later versions have elements of the same names further down.
        let (mut depth, mut is_in_sheets) = (0_usize, false);
        loop {
            let event = xml.next()?;
            match &event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                _ => {}
            }
            match event {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "workbookPr" if depth == 2 => {
                        if let Some(said) = attribute(&tag, "date1904")? {
                            self.counts_from_1904 = is_true(Some(&*said));
                        }
                    }
                    "sheets" if depth == 2 => is_in_sheets = true,
                    "sheet" if depth == 3 && is_in_sheets => {
                        let id = attribute(&tag, "id")?.unwrap_or_default();
                        // Sheets of charts and the like have no cells.
                        let Some(part) = by_id.get(&*id) else { continue };
                        let name = attribute(&tag, "name")?.unwrap_or_default().into_owned();
                        let state = attribute(&tag, "state")?;
                        let is_hidden = matches!(state.as_deref(), Some("hidden" | "veryHidden"));
                        self.sheets.push(Sheet { name, part: part.clone(), is_hidden });
                        if self.sheets.len() > PARTS_MAX {
                            let refusal = Refusal::new("too-many-parts");
                            return Err(refusal.with("limit", PARTS_MAX).into());
                        }
                    }
                    _ => {}
                },
                Event::End(_) if depth == 1 => is_in_sheets = false,
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }
}

/// The parts that a list of relationships names, seen from this folder.
fn related<R: Read + Seek>(
    package: &mut Package<R>,
    list: &str,
    folder: &str,
) -> Result<Vec<Related>> {
    let mut xml = package.xml(list, LIST_BYTES_MAX)?;
    let mut found = Vec::new();
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "Relationship" => {
                let kind = attribute(&tag, "Type")?.unwrap_or_default();
                let kind = kind.rsplit('/').next().unwrap_or_default();
                if !["officeDocument", "worksheet", "sharedStrings", "styles"].contains(&kind) {
                    continue;
                }
                let (id, target) = (attribute(&tag, "Id")?, attribute(&tag, "Target")?);
                found.push(Related {
                    id: id.unwrap_or_default().into_owned(),
                    kind: kind.to_owned(),
                    part: resolved(folder, &target.unwrap_or_default()),
                });
                if found.len() > PARTS_MAX {
                    return Err(broken(&"it names too many parts"));
                }
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// Where a target leads from a folder: `../` is the folder above, `/` the whole package.
fn resolved(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    if let Some(whole) = target.strip_prefix('/') {
        return whole.to_owned();
    }
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
