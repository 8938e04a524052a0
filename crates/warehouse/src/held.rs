//! Columns that are asked for again and again, held in memory until their files are replaced or
//! others are wanted more.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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

/// Columns that nobody has asked for so long are not read again when their files are replaced.
const WANTED: Duration = Duration::from_secs(3_600);

/// What is held.
#[derive(Debug, Default)]
pub(crate) struct Held {
    columns: HashMap<Key, Kept>,
    bytes: usize,
    asked: u64,
    /// What readers see of the warehouse: all that they asked for lately is in memory.
    shown: Option<Arc<Manifest>>,
}

/// A column, or where a link of the table leads in another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    table: String,
    name: String,
    /// Of the files that it was read from: of others it is another column.
    files: u64,
}

#[derive(Debug)]
struct Kept {
    column: Arc<Column>,
    asked: u64,
    /// When somebody asked for it.
    wanted: Instant,
}

impl Held {
    fn put(&mut self, key: Key, column: Arc<Column>, wanted: Instant) {
        self.bytes += column.bytes();
        let kept = Kept { column, asked: self.asked, wanted };
        let before = self.columns.insert(key, kept);
        self.bytes -= before.map_or(0, |before| before.column.bytes());
    }

    fn drop_where(&mut self, goes: impl Fn(&Key, &Kept) -> bool) {
        let mut bytes = self.bytes;
        self.columns.retain(|key, kept| {
            let goes = goes(key, kept);
            bytes -= if goes { kept.column.bytes() } else { 0 };
            !goes
        });
        self.bytes = bytes;
    }
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
        let missing = values.keys().any(|name| self.held(&table.of.name, name, files).is_none());
        let places = match missing {
            true => Some(self.places(manifest, (table.of, ID), other).await?),
            false => None,
        };
        for (name, column) in values {
            let known = self.held(&table.of.name, &name, files);
            let aligned = match (known, &places) {
                (Some(known), _) => known,
                (None, Some(places)) => {
                    let aligned = Arc::new(taken(&column, places_in(places)));
                    self.hold(&table.of.name, &name, files, aligned.clone());
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
            match self.held(&of.name, name, files) {
                Some(column) => drop(found.insert((*name).to_owned(), column)),
                None => missing.push(*name),
            }
        }
        if !missing.is_empty() {
            for (name, column) in self.frame(manifest, of, &missing).await?.columns {
                let column = Arc::new(column);
                self.hold(&of.name, &name, files, column.clone());
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
        if let Some(known) = self.held(&of.name, &name, files) {
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
        self.hold(&of.name, &name, files, column.clone());
        Ok(column)
    }

    /// What readers are to see: the newest of which all is in memory that they asked for lately,
    /// so that nobody waits because something has changed.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub async fn shown(&self) -> Result<Arc<Manifest>> {
        let shown = self.lock().shown.clone();
        match shown {
            Some(shown) => Ok(shown),
            None => self.known().await,
        }
    }

    /// Reads again what was asked for lately and has been replaced; then it is shown.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn warm(&self, tables: &[Table<'_>]) -> Result<()> {
        let manifest = self.known().await?;
        let (wanted, begun) = {
            let mut held = self.lock();
            held.drop_where(|_, kept| kept.wanted.elapsed() > WANTED);
            held.asked += 1;
            let wanted = held.columns.iter().map(|(key, kept)| (key.clone(), kept.wanted));
            (wanted.collect::<Vec<_>>(), held.asked)
        };
        let named = |name: &str| tables.iter().find(|table| table.of.name == name);
        for (key, _) in &wanted {
            let Some(table) = named(&key.table) else { continue };
            match key.name.split_once('>') {
                Some((link, to)) => {
                    let Some(to) = named(to) else { continue };
                    self.places(&manifest, (table.of, link), to.of).await?;
                }
                None => drop(self.columns(&manifest, *table, &[&key.name]).await?),
            }
        }
        let mut held = self.lock();
        held.shown = Some(manifest);
        held.drop_where(|_, kept| kept.asked < begun);
        // What was read again was not asked for again.
        for (key, since) in wanted {
            let now = held.columns.iter_mut();
            let same = now.filter(|(now, _)| now.table == key.table && now.name == key.name);
            same.for_each(|(_, kept)| kept.wanted = since);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self, table: &str, name: &str, files: u64) -> Option<Arc<Column>> {
        let mut held = self.lock();
        held.asked += 1;
        let asked = held.asked;
        let key = Key { table: table.to_owned(), name: name.to_owned(), files };
        let kept = held.columns.get_mut(&key)?;
        (kept.asked, kept.wanted) = (asked, Instant::now());
        Some(kept.column.clone())
    }

    fn hold(&self, table: &str, name: &str, files: u64, column: Arc<Column>) {
        let mut held = self.lock();
        held.asked += 1;
        let key = Key { table: table.to_owned(), name: name.to_owned(), files };
        held.put(key, column, Instant::now());
        while held.bytes > BYTES_MAX && held.columns.len() > 1 {
            let oldest = held.columns.values().map(|kept| kept.asked).min();
            held.drop_where(|_, kept| Some(kept.asked) == oldest);
        }
    }
}

/// The codes of a column of places.
pub(crate) fn places_in(column: &Column) -> &[u32] {
    column.codes().0
}

fn files(manifest: &Manifest, tables: &[&str]) -> u64 {
    let mut mark = DefaultHasher::new();
    for segment in tables.iter().flat_map(|table| manifest.segments(table)) {
        segment.file.hash(&mut mark);
    }
    mark.finish()
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
