//! REST under `/api/v1`: one implementation for every record type.

mod body;
mod charts;
mod describe;
mod exchange;
pub(crate) mod openapi;
mod records;
mod resolution;
mod segments;
mod subscriptions;
mod write;

pub(crate) use charts::{chart_numbers, drawn};
pub(crate) use describe::{describe, search};
pub(crate) use exchange::{
    begin_import, examine_import, export, set_import_state, stop_import, undo_import,
};
pub(crate) use openapi::{docs, document_answer};
pub(crate) use records::{aggregate, get, history, list, parse_id};
pub(crate) use resolution::{alike, decide_pair, undo_merge};
pub(crate) use segments::segment_knowledge;
pub(crate) use subscriptions::decline;
pub(crate) use write::{archive, bulk, create, restore, undo, update};
