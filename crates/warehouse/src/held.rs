//! Columns that are asked for again and again, held in memory until their files are replaced or
//! others are wanted more.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};

use guanxi_base::{Error, Result};
use guanxi_record::RecordType;
use rayon::prelude::*;

use crate::columns::ID;
use crate::frame::{Column, NO_CODE, NO_NUMBER};
use crate::manifest::Manifest;
use crate::warehouse::Warehouse;

/// More than this is not held: what was asked for longest ago goes.
const BYTES_MAX: usize = 3 << 30;
/// A link that leads nowhere.
pub const NO_PLACE: u32 = u32::MAX;

/// What is held.
#[derive(Debug, Default)]
pub(crate) struct Held {
    columns: HashMap<Key, Kept>,
    bytes: usize,
    asked: u64,
}

/// A column, by its table and name; or where a link of the table leads in another one.
type Key = (String, String);

#[derive(Debug)]
struct Kept {
    /// The files that it was read from: of others it is another column.
    files: Vec<String>,
    column: Arc<Column>,
    asked: u64,
}

/// A table whose columns are asked for. What is computed about its records by analyses stands in
/// another table, beside it, whose ids are the same.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    /// The records.
    pub of: &'a RecordType,
    /// What is derived about them.
    pub beside: Option<&'a RecordType>,
}

impl<'a> From<&'a RecordType> for Table<'a> {
    fn from(of: &'a RecordType) -> Self {
        Self { of, beside: None }
    }
}

impl Warehouse {
    /// Columns of a table, in the order of its rows; those that it does not have are left out.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn columns(
        &self,
        manifest: &Manifest,
        table: Table<'_>,
        names: &[&str],
    ) -> Result<BTreeMap<String, Arc<Column>>> {
        let is_beside = |name: &&&str| {
            let of = name.split('.').next().unwrap_or_default();
            table.beside.is_some() && table.of.field(of).is_some_and(|field| field.derived)
        };
        let (beside, own): (Vec<&str>, Vec<&str>) = names.iter().partition(is_beside);
        let mut found = self.own_columns(manifest, table.of, &own).await?;
        let Some(other) = table.beside.filter(|_| !beside.is_empty()) else { return Ok(found) };
        let values = self.own_columns(manifest, other, &beside).await?;
        let files = files(manifest, &[&table.of.name, &other.name]);
        let missing = values.keys().any(|name| self.held(&table.of.name, name, &files).is_none());
        let places = match missing {
            true => Some(self.places(manifest, (table.of, ID), other).await?),
            false => None,
        };
        for (name, column) in values {
            let known = self.held(&table.of.name, &name, &files);
            let aligned = match (known, &places) {
                (Some(known), _) => known,
                (None, Some(places)) => {
                    let aligned = Arc::new(taken(&column, places_in(places)));
                    self.hold(&table.of.name, &name, &files, aligned.clone());
                    aligned
                }
                (None, None) => continue,
            };
            found.insert(name, aligned);
        }
        Ok(found)
    }

    async fn own_columns(
        &self,
        manifest: &Manifest,
        of: &RecordType,
        names: &[&str],
    ) -> Result<BTreeMap<String, Arc<Column>>> {
        let files = files(manifest, &[&of.name]);
        let mut found = BTreeMap::new();
        let mut missing = Vec::new();
        for name in names {
            match self.held(&of.name, name, &files) {
                Some(column) => drop(found.insert((*name).to_owned(), column)),
                None => missing.push(*name),
            }
        }
        if !missing.is_empty() {
            for (name, column) in self.frame(manifest, of, &missing).await?.columns {
                let column = Arc::new(column);
                self.hold(&of.name, &name, &files, column.clone());
                found.insert(name, column);
            }
        }
        Ok(found)
    }

    /// For each row of a table the row of another one that a link leads to, as codes;
    /// [`NO_PLACE`] where it leads to none.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn places(
        &self,
        manifest: &Manifest,
        (of, link): (&RecordType, &str),
        to: &RecordType,
    ) -> Result<Arc<Column>> {
        let (name, files) = (format!("{link}>{}", to.name), files(manifest, &[&of.name, &to.name]));
        if let Some(known) = self.held(&of.name, &name, &files) {
            return Ok(known);
        }
        let links = self.own_columns(manifest, of, &[link]).await?.remove(link);
        let ids = self.own_columns(manifest, to, &[ID]).await?.remove(ID);
        let (Some(links), Some(ids)) = (links, ids) else {
            return Err(Error::internal("a table has no such link"));
        };
        let places = tokio::task::spawn_blocking(move || places(links.numbers(), ids.numbers()));
        let codes = places.await.map_err(Error::internal)?;
        let column = Arc::new(Column::Codes { codes, words: Vec::new() });
        self.hold(&of.name, &name, &files, column.clone());
        Ok(column)
    }

    fn held(&self, table: &str, name: &str, files: &[String]) -> Option<Arc<Column>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.asked += 1;
        let asked = held.asked;
        let kept = held.columns.get_mut(&(table.to_owned(), name.to_owned()))?;
        kept.asked = asked;
        (kept.files == files).then(|| kept.column.clone())
    }

    fn hold(&self, table: &str, name: &str, files: &[String], column: Arc<Column>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes += column.bytes();
        let kept = Kept { files: files.to_vec(), column, asked: held.asked };
        let before = held.columns.insert((table.to_owned(), name.to_owned()), kept);
        held.bytes -= before.map_or(0, |before| before.column.bytes());
        while held.bytes > BYTES_MAX && held.columns.len() > 1 {
            let oldest = held.columns.iter().min_by_key(|(_, kept)| kept.asked);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else { break };
            let gone = held.columns.remove(&key);
            held.bytes -= gone.map_or(0, |gone| gone.column.bytes());
        }
    }
}

/// The codes of a column of places.
pub(crate) fn places_in(column: &Column) -> &[u32] {
    column.codes().0
}

fn files(manifest: &Manifest, tables: &[&str]) -> Vec<String> {
    let segments = tables.iter().flat_map(|table| manifest.segments(table));
    segments.map(|segment| segment.file.clone()).collect()
}

/// Where each of these ids stands among others, which ascend. Neighbours mostly lead to neighbours.
fn places(links: &[i64], ids: &[i64]) -> Vec<u32> {
    let find = |chunk: &[i64]| -> Vec<u32> {
        let mut last = 0;
        let find = |id: &i64| {
            if *id == NO_NUMBER {
                return NO_PLACE;
            }
            for near in [last, last + 1] {
                if ids.get(near) == Some(id) {
                    last = near;
                    return near as u32;
                }
            }
            ids.binary_search(id).map_or(NO_PLACE, |at| {
                last = at;
                at as u32
            })
        };
        chunk.iter().map(find).collect()
    };
    links.par_chunks(1 << 16).flat_map_iter(find).collect()
}

/// The rows at these places; nothing where there is none.
fn taken(column: &Column, places: &[u32]) -> Column {
    match column {
        Column::Numbers(numbers) => {
            let at = |place: &u32| numbers.get(*place as usize).copied().unwrap_or(NO_NUMBER);
            Column::Numbers(places.iter().map(at).collect())
        }
        Column::Codes { codes, words } => {
            let at = |place: &u32| codes.get(*place as usize).copied().unwrap_or(NO_CODE);
            Column::Codes { codes: places.iter().map(at).collect(), words: words.clone() }
        }
        Column::Lists { starts, values, words } => {
            let (mut taken_starts, mut taken_values) = (vec![0], Vec::new());
            for place in places {
                let place = *place as usize;
                if let (Some(from), Some(to)) = (starts.get(place), starts.get(place + 1)) {
                    taken_values.extend_from_slice(&values[*from as usize..*to as usize]);
                }
                taken_starts.push(taken_values.len() as u32);
            }
            Column::Lists { starts: taken_starts, values: taken_values, words: words.clone() }
        }
    }
}
