//! What customers are asked to pay, and what they paid.

mod invoice;
mod invoice_line;
mod payment;

pub use invoice::{Invoice, InvoiceStatus};
pub use invoice_line::InvoiceLine;
pub use payment::{Payment, PaymentMethod};
