//! Record types described as data: one description gives a type its storage, lists, forms,
//! import, export, search, history and API. No SQL, no I/O: only what the words mean.

mod address;
mod catalog;
mod changes;
mod chinese_address;
mod compared;
mod field;
mod field_type;
mod filter;
mod filter_text;
mod kind;
pub mod period;
mod query;
mod record_type;
mod row;
mod telephone;
mod value;
mod value_json;
mod value_text;
mod width;
mod zone_offsets;

pub use address::Address;
pub use catalog::Catalog;
pub use changes::{Changes, FieldChange};
pub use compared::{ANY_CURRENCY, CURRENCY, Compared, about, not_comparable, unknown_field};
pub use field::{CustomLabels, Default, Field, Meaning, Rollup, SYSTEM_FIELDS, VERSION_FIELD};
pub use field_type::{Choice, Email, FieldType, FileId, Json, LongText, Owner, Phone, Url};
pub use filter::{Count, Filter, Op};
pub use filter_text::{
    MAX_FILTER_DEPTH, PARAMETERS, condition_from_param, is_parameter, param_name, read_list,
    write_list,
};
pub use guanxi_record_derive::{Choice, Record};
pub use kind::{Kind, OnDelete, Options};
pub use period::Period;
pub use query::{Aggregate, Bucket, Cursor, Direction, Function, GroupKey, Measure, Query, Sort};
pub use record_type::{Record, RecordType, Settle, Stored};
pub use row::Row;
pub use telephone::{TelephoneForms, TelephonePattern, TelephoneTexts, telephone_patterns};
pub use value::Value;
pub use value_text::email_forms;
pub use width::half_width;
pub use zone_offsets::ZoneOffsets;
