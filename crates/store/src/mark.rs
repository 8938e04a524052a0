//! Marks: numbers under a name that the product keeps beside its records, such as that something is
//! still to be done. They are written in a transaction with what they are about.

use guanxi_base::Result;

use crate::counter;
use crate::tx::Tx;
use crate::view::View;

/// Series of numbers never begin so.
const SIGN: &str = "#mark ";

impl View {
    /// What is marked under a name; 0 when nothing ever was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mark(&mut self, name: &str) -> Result<i64> {
        counter::value(&mut self.session, &format!("{SIGN}{name}")).await
    }
}

impl Tx {
    /// Marks a number under a name, in place of what was marked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_mark(&mut self, name: &str, value: i64) -> Result<()> {
        counter::set(&mut self.view.session, &format!("{SIGN}{name}"), value).await
    }
}
