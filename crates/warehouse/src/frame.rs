//! Columns in memory, as models and segments read them: one number or code for each row.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, SchemaRef};
use futures_util::{StreamExt as _, stream};
use guanxi_base::{Error, Result};
use guanxi_record::RecordType;
use object_store::ObjectStore;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::ChunkReader;

use crate::columns::schema_of;
use crate::manifest::{Manifest, Segment};
use crate::trust;
use crate::warehouse::Warehouse;

/// No number.
pub const NO_NUMBER: i64 = i64::MIN;
/// No code.
pub const NO_CODE: u32 = u32::MAX;

/// One column of all rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// Numbers, amounts, ids, days since 1970-01-01, microseconds, yes (1) and no (0);
    /// [`NO_NUMBER`] where there is none.
    Numbers(Vec<i64>),
    /// Texts: for each row the place of its word; [`NO_CODE`] where there is none.
    Codes {
        /// A place for each row.
        codes: Vec<u32>,
        /// The words.
        words: Vec<String>,
    },
    /// Several numbers or texts in each row.
    Lists {
        /// Where each row's begin in `values`, and where the last one's end.
        starts: Vec<u32>,
        /// Numbers, or the places of words.
        values: Vec<i64>,
        /// The words, where they are texts.
        words: Vec<String>,
    },
}

impl Column {
    /// The numbers; none when it has others.
    #[must_use]
    pub fn numbers(&self) -> &[i64] {
        match self {
            Self::Numbers(numbers) => numbers,
            _ => &[],
        }
    }

    /// The codes of the rows and the words; none when it has no texts.
    #[must_use]
    pub fn codes(&self) -> (&[u32], &[String]) {
        match self {
            Self::Codes { codes, words } => (codes, words),
            _ => (&[], &[]),
        }
    }

    /// How many bytes of memory it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        let texts = |words: &[String]| words.iter().map(|word| word.len() + 24).sum::<usize>();
        match self {
            Self::Numbers(numbers) => numbers.len() * 8,
            Self::Codes { codes, words } => codes.len() * 4 + texts(words),
            Self::Lists { starts, values, words } => {
                starts.len() * 4 + values.len() * 8 + texts(words)
            }
        }
    }
}

/// Some columns of all rows of a table, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// How many rows.
    pub rows: usize,
    pub(crate) columns: HashMap<String, Column>,
}

impl Frame {
    /// A column of numbers; empty when it is none.
    #[must_use]
    pub fn numbers(&self, name: &str) -> &[i64] {
        self.columns.get(name).map_or(&[], Column::numbers)
    }

    /// A column of texts: the codes of the rows and the words; empty when it is none.
    #[must_use]
    pub fn codes(&self, name: &str) -> (&[u32], &[String]) {
        self.columns.get(name).map_or((&[], &[]), Column::codes)
    }
}

/// The words of a column, each once.
#[derive(Default)]
struct Words {
    words: Vec<String>,
    known: HashMap<String, u32>,
}

impl Words {
    fn code(&mut self, word: &str) -> u32 {
        if let Some(code) = self.known.get(word) {
            return *code;
        }
        let code = u32::try_from(self.words.len()).unwrap_or(NO_CODE);
        self.words.push(word.to_owned());
        self.known.insert(word.to_owned(), code);
        code
    }
}

/// Builds a column from one batch after another.
enum Growing {
    Numbers(Vec<i64>),
    Codes(Vec<u32>, Words),
    Lists(Vec<u32>, Vec<i64>, Words),
}

impl Growing {
    fn of(data_type: &DataType, rows: usize) -> Option<Self> {
        Some(match data_type {
            DataType::Int64 | DataType::Date32 | DataType::Timestamp(..) | DataType::Boolean => {
                Self::Numbers(Vec::with_capacity(rows))
            }
            DataType::Utf8 => Self::Codes(Vec::with_capacity(rows), Words::default()),
            DataType::List(_) => Self::Lists(vec![0], Vec::new(), Words::default()),
            _ => return None,
        })
    }

    fn extend(&mut self, batch: &RecordBatch, name: &str) {
        let Some(array) = batch.column_by_name(name) else {
            return self.extend_with_nothing(batch.num_rows());
        };
        match self {
            Self::Numbers(numbers) => extend_numbers(numbers, array),
            Self::Codes(codes, words) => {
                let Some(texts) = array.as_string_opt::<i32>() else {
                    return self.extend_with_nothing(batch.num_rows());
                };
                codes
                    .extend(texts.iter().map(|text| text.map_or(NO_CODE, |text| words.code(text))));
            }
            Self::Lists(starts, values, words) => {
                let Some(lists) = array.as_list_opt::<i32>() else {
                    return self.extend_with_nothing(batch.num_rows());
                };
                for list in lists.iter() {
                    let numbers = list.as_ref().and_then(|l| l.as_primitive_opt::<Int64Type>());
                    values.extend(numbers.into_iter().flat_map(|numbers| numbers.values()));
                    let texts = list.as_ref().and_then(|list| list.as_string_opt::<i32>());
                    let texts = texts.into_iter().flat_map(|texts| texts.iter().flatten());
                    values.extend(texts.map(|text| i64::from(words.code(text))));
                    starts.push(u32::try_from(values.len()).unwrap_or(u32::MAX));
                }
            }
        }
    }

    /// Rows of files from before the field was there.
    fn extend_with_nothing(&mut self, rows: usize) {
        match self {
            Self::Numbers(numbers) => numbers.extend(std::iter::repeat_n(NO_NUMBER, rows)),
            Self::Codes(codes, _) => codes.extend(std::iter::repeat_n(NO_CODE, rows)),
            Self::Lists(starts, values, _) => {
                let end = u32::try_from(values.len()).unwrap_or(u32::MAX);
                starts.extend(std::iter::repeat_n(end, rows));
            }
        }
    }

    fn finish(self) -> Column {
        match self {
            Self::Numbers(numbers) => Column::Numbers(numbers),
            Self::Codes(codes, words) => Column::Codes { codes, words: words.words },
            Self::Lists(starts, values, words) => {
                Column::Lists { starts, values, words: words.words }
            }
        }
    }
}

fn extend_numbers(numbers: &mut Vec<i64>, array: &dyn Array) {
    if let Some(values) = array.as_primitive_opt::<Int64Type>() {
        numbers.extend(values.iter().map(|value| value.unwrap_or(NO_NUMBER)));
    } else if let Some(values) = array.as_primitive_opt::<Date32Type>() {
        numbers.extend(values.iter().map(|value| value.map_or(NO_NUMBER, i64::from)));
    } else if let Some(values) = array.as_primitive_opt::<TimestampMicrosecondType>() {
        numbers.extend(values.iter().map(|value| value.unwrap_or(NO_NUMBER)));
    } else if let Some(values) = array.as_boolean_opt() {
        numbers.extend(values.iter().map(|value| value.map_or(NO_NUMBER, i64::from)));
    } else {
        numbers.extend(std::iter::repeat_n(NO_NUMBER, array.len()));
    }
}

impl Warehouse {
    /// Some columns of all rows of a table. What the type does not count is left out.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn frame(
        &self,
        manifest: &Manifest,
        record_type: &RecordType,
        names: &[&str],
    ) -> Result<Frame> {
        let schema = schema_of(record_type);
        let rows = manifest.rows(&record_type.name);
        let mut growing: Vec<(String, Growing)> = Vec::new();
        for name in names {
            let field = schema.field_with_name(name).ok();
            if let Some(column) = field.and_then(|field| Growing::of(field.data_type(), rows)) {
                growing.push(((*name).to_owned(), column));
            }
        }
        // Some files are decoded while the one before them is taken in.
        let segments = stream::iter(manifest.segments(&record_type.name).to_vec());
        let read = segments.map(|segment| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            projected(self.objects().clone(), segment, schema.clone(), names)
        });
        let at_once = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut batches = std::pin::pin!(read.buffered(at_once));
        while let Some(batches) = batches.next().await {
            for batch in self.trusting(batches)? {
                growing.iter_mut().for_each(|(name, column)| column.extend(&batch, name));
            }
        }
        let columns = growing.into_iter().map(|(name, column)| (name, column.finish())).collect();
        Ok(Frame { rows, columns })
    }
}

/// Some columns of a file.
async fn projected(
    store: Arc<dyn ObjectStore>,
    segment: Segment,
    schema: SchemaRef,
    names: Vec<String>,
) -> Result<Vec<RecordBatch>> {
    let bytes = trust::content(&*store, &segment).await?;
    // Long enough to keep others waiting who are served by the same thread.
    let decoded = tokio::task::spawn_blocking(move || decoded(bytes, &schema, &names));
    let batches = decoded.await.map_err(Error::internal)??;
    trust::has_its_rows(&segment, batches.iter().map(RecordBatch::num_rows).sum())?;
    Ok(batches)
}

fn decoded(
    bytes: impl ChunkReader + 'static,
    schema: &SchemaRef,
    names: &[String],
) -> Result<Vec<RecordBatch>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(Error::internal)?;
    let wanted: Vec<usize> = reader
        .schema()
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| {
            let is_same = schema
                .field_with_name(field.name())
                .is_ok_and(|now| now.data_type() == field.data_type());
            is_same && names.contains(field.name())
        })
        .map(|(at, _)| at)
        .collect();
    let mask = ProjectionMask::roots(reader.parquet_schema(), wanted);
    let reader = reader.with_projection(mask).with_batch_size(1 << 16).build();
    reader.map_err(Error::internal)?.map(|batch| batch.map_err(Error::internal)).collect()
}
