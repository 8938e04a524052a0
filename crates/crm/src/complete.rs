//! What every record passes before its own rule is asked, whichever face it came from: lines take from
//! their products what nobody said, and rules name records by their ids.

use std::future::Future;
use std::pin::Pin;

use guanxi_base::Result;
use guanxi_record::{RecordType, Row, Value};
use guanxi_store::Tx;

use crate::kept_condition::state_by_ids;
use crate::trading::take_from_product;

/// Completes a record; see `guanxi_store::Complete`.
#[expect(clippy::ptr_arg, reason = "the shape of `guanxi_store::Complete`")]
pub(crate) fn complete<'a>(
    tx: &'a mut Tx,
    record_type: &'a RecordType,
    values: &'a mut Vec<Value>,
    old: Option<&'a Row>,
) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
    Box::pin(async move {
        take_from_product(tx, record_type, values, old).await?;
        state_by_ids(tx, record_type, values, old).await
    })
}
