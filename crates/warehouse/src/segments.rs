//! Files of rows: written, read, and written anew where rows changed. Ids are made in the order of
//! time, so new rows come after the others and old ones are seldom touched.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, UInt64Array, new_null_array};
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;
use guanxi_base::{Error, RawId, Result};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::columns::ID;
use crate::manifest::Segment;
use crate::trust;

/// A file has at most so many rows: what one changed row costs to write anew.
pub(crate) const SEGMENT_ROWS: usize = 1 << 19;
/// So many rows are read and skipped as one.
const ROW_GROUP_ROWS: usize = 1 << 17;
/// A file whose neighbour is less than so many times larger is joined with it.
const JOINED_UNDER: usize = 2;

/// The rows of a file, with these columns; those that the file has not are empty.
pub(crate) async fn read(
    store: &dyn ObjectStore,
    segment: &Segment,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let bytes = trust::content(store, segment).await?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(Error::internal)?;
    let reader = reader.with_batch_size(ROW_GROUP_ROWS).build().map_err(Error::internal)?;
    let mut batches = Vec::new();
    for batch in reader {
        batches.push(fitted(&batch.map_err(Error::internal)?, schema)?);
    }
    let rows = concat_batches(schema, &batches).map_err(Error::internal)?;
    trust::has_its_rows(segment, rows.num_rows())?;
    Ok(rows)
}

/// A batch with the columns of another time.
fn fitted(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let column = |field: &Arc<arrow_schema::Field>| -> ArrayRef {
        match batch.column_by_name(field.name()) {
            Some(array) if array.data_type() == field.data_type() => array.clone(),
            _ => new_null_array(field.data_type(), batch.num_rows()),
        }
    };
    let columns = schema.fields().iter().map(column).collect();
    RecordBatch::try_new(schema.clone(), columns).map_err(Error::internal)
}

pub(crate) fn ids(batch: &RecordBatch) -> Result<&[i64]> {
    let column = batch.column_by_name(ID).and_then(|ids| ids.as_primitive_opt::<Int64Type>());
    column.map(|ids| ids.values().as_ref()).ok_or_else(|| Error::internal("a table has no ids"))
}

/// Writes rows, sorted by id, into as many files as they need.
pub(crate) async fn write(
    store: &dyn ObjectStore,
    table: &str,
    number: u64,
    rows: &RecordBatch,
) -> Result<Vec<Segment>> {
    let mut segments = Vec::new();
    let files = rows.num_rows().div_ceil(SEGMENT_ROWS).max(1);
    let each = rows.num_rows().div_ceil(files).max(1);
    for start in (0..rows.num_rows()).step_by(each) {
        let part = rows.slice(start, each.min(rows.num_rows() - start));
        let content = parquet_of(&part)?;
        let ids = ids(&part)?;
        let (first, last) = (ids[0], ids[ids.len() - 1]);
        // Writers on several machines may be at the same number; only one of them will publish it.
        let mark = getrandom::u64().map_err(|error| Error::internal(error.to_string()))?;
        let file = format!("table/{table}/{number:012}-{mark:016x}.parquet");
        let (bytes, checksum) = (content.len() as u64, crc32fast::hash(&content));
        let put = store.put(&Path::from(file.as_str()), content.into()).await;
        put.map_err(Error::internal)?;
        segments.push(Segment { file, rows: part.num_rows(), bytes, checksum, first, last });
    }
    Ok(segments)
}

fn parquet_of(rows: &RecordBatch) -> Result<Vec<u8>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::LZ4_RAW)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties))
        .map_err(Error::internal)?;
    writer.write(rows).map_err(Error::internal)?;
    writer.into_inner().map_err(Error::internal)
}

/// Rows of a table that are there now, by id; `None` is gone.
pub(crate) type Changes = BTreeMap<i64, Option<usize>>;

/// The files of a table after changes: those that hold a changed row are written anew, new rows
/// get files of their own, and small neighbours are joined.
pub(crate) async fn changed(
    store: &dyn ObjectStore,
    (table, number): (&str, u64),
    segments: &[Segment],
    (rows, gone): (&RecordBatch, &[RawId]),
) -> Result<Vec<Segment>> {
    let schema = rows.schema();
    let mut changes: Changes = gone.iter().map(|id| (id.0, None)).collect();
    changes.extend(ids(rows)?.iter().enumerate().map(|(at, id)| (*id, Some(at))));
    let mut now = Vec::with_capacity(segments.len() + 1);
    for (at, segment) in segments.iter().enumerate() {
        // Ids between two files belong to the first of them.
        let from = if at == 0 { i64::MIN } else { segment.first };
        let own = match segments.get(at + 1) {
            Some(next) => changes.range(from..next.first),
            None => changes.range(from..=segment.last),
        };
        let own: Changes = own.map(|(id, at)| (*id, *at)).collect();
        if own.is_empty() {
            now.push(segment.clone());
            continue;
        }
        let old = read(store, segment, &schema).await?;
        let merged = merged(&old, rows, &own)?;
        now.extend(write(store, table, number, &merged).await?);
    }
    let after = segments.last().map_or(i64::MIN, |last| last.last.saturating_add(1));
    let new: Changes = changes.range(after..).map(|(id, at)| (*id, *at)).collect();
    if new.values().any(Option::is_some) {
        let empty = RecordBatch::new_empty(schema.clone());
        now.extend(write(store, table, number, &merged(&empty, rows, &new)?).await?);
    }
    joined(store, (table, number), now, &schema).await
}

/// Rows with changes made to them, sorted by id.
fn merged(old: &RecordBatch, rows: &RecordBatch, changes: &Changes) -> Result<RecordBatch> {
    let stays: BooleanArray = ids(old)?.iter().map(|id| Some(!changes.contains_key(id))).collect();
    let old = filter_record_batch(old, &stays).map_err(Error::internal)?;
    let places: UInt64Array = changes.values().flatten().map(|at| *at as u64).collect();
    let new = take_record_batch(rows, &places).map_err(Error::internal)?;
    let all = concat_batches(&rows.schema(), [&old, &new]).map_err(Error::internal)?;
    sorted(&all)
}

pub(crate) fn sorted(rows: &RecordBatch) -> Result<RecordBatch> {
    let ids = ids(rows)?;
    if ids.is_sorted() {
        return Ok(rows.clone());
    }
    let mut order: Vec<u64> = (0..rows.num_rows() as u64).collect();
    order.sort_by_key(|at| ids[*at as usize]);
    let order = UInt64Array::from(order);
    take_record_batch(rows, &order).map_err(Error::internal)
}

/// Joins small neighbours, so that a table of n rows has few files and each row was written
/// about log n times.
async fn joined(
    store: &dyn ObjectStore,
    (table, number): (&str, u64),
    segments: Vec<Segment>,
    schema: &SchemaRef,
) -> Result<Vec<Segment>> {
    let mut now: Vec<Vec<Segment>> = Vec::with_capacity(segments.len());
    let rows_of = |group: &[Segment]| group.iter().map(|one| one.rows).sum::<usize>();
    for segment in segments {
        now.push(vec![segment]);
        while let [.., before, last] = now.as_mut_slice() {
            let (first, second) = (rows_of(before), rows_of(last));
            if first >= JOINED_UNDER * second || first + second > SEGMENT_ROWS {
                break;
            }
            before.append(last);
            now.pop();
        }
    }
    let mut whole = Vec::with_capacity(now.len());
    for group in now {
        if group.len() == 1 {
            whole.extend(group);
            continue;
        }
        let mut parts = Vec::with_capacity(group.len());
        for segment in &group {
            parts.push(read(store, segment, schema).await?);
        }
        let all = concat_batches(schema, &parts).map_err(Error::internal)?;
        whole.extend(write(store, table, number, &all).await?);
    }
    Ok(whole)
}
