//! Makes the search index anew where it was made by a program that took texts apart in another way:
//! what is written from now on would be found by other words than what is there.

use guanxi_base::Result;
use guanxi_record::RecordType;

use crate::columns::{read_row, select_list};
use crate::counter;
use crate::dialect::Dialect;
use crate::search;
use crate::session::Session;
use crate::sql::SqlValue;
use crate::store::Store;
use crate::terms;

/// The counter that keeps the version of the terms in the index.
const COUNTER: &str = "#search_terms";
/// Records that are read at once.
const CHUNK: usize = 2_000;

/// Renews the index of all records in one transaction, unless its terms are those of this program.
///
/// # Errors
/// When the database fails.
pub(crate) async fn renew(store: &Store) -> Result<()> {
    // Where nothing is described, nothing is found.
    if store.catalog().types().next().is_none() {
        return Ok(());
    }
    let mut session = store.reader().await?;
    if counter::value(&mut session, COUNTER).await? == terms::VERSION {
        return Ok(());
    }
    drop(session);
    let mut session = store.writer().await?;
    session.begin_patiently().await?;
    if session.dialect() == Dialect::Postgres {
        // Nobody writes into it meanwhile, and of two programs that start one does the work.
        let lock = session.sql("LOCK TABLE search_document IN EXCLUSIVE MODE");
        session.execute(&lock).await?;
    }
    if counter::value(&mut session, COUNTER).await? != terms::VERSION {
        let any = session.sql("SELECT 1 FROM search_document LIMIT 1");
        if !session.rows(&any).await?.is_empty() {
            tracing::info!("the search index is made anew: this may take some minutes");
            clear(&mut session).await?;
            for record_type in store.catalog().types() {
                if record_type.fields.iter().any(|field| field.searchable) {
                    fill(&mut session, record_type).await?;
                }
            }
            tracing::info!("the search index is up to date");
        }
        counter::set(&mut session, COUNTER, terms::VERSION).await?;
    }
    session.commit().await
}

async fn clear(session: &mut Session) -> Result<()> {
    if session.dialect() == Dialect::Sqlite {
        let all = session.sql("INSERT INTO search_index (search_index) VALUES ('delete-all')");
        session.execute(&all).await?;
    }
    let documents = session.sql("DELETE FROM search_document");
    session.execute(&documents).await.map(drop)
}

async fn fill(session: &mut Session, record_type: &RecordType) -> Result<()> {
    let mut last = i64::MIN;
    loop {
        let mut sql = session.sql("SELECT ");
        sql.push(&select_list(record_type, "t0")).push(" FROM ").name(&record_type.name);
        sql.push(" t0 WHERE t0.\"id\" > ").bind(SqlValue::Integer(last));
        sql.push(&format!(" ORDER BY t0.\"id\" LIMIT {CHUNK}"));
        let rows = session.rows(&sql).await?;
        let rows = rows.into_iter().map(|columns| read_row(record_type, columns));
        let rows = rows.collect::<Result<Vec<_>>>()?;
        let Some(newest) = rows.last() else { return Ok(()) };
        last = newest.id.0;
        search::add(session, record_type, &rows).await?;
    }
}
