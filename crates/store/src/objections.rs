//! What stands against an undo, and how it is told: by the names that whoever asked may see. Of many
//! records the first are named, the others counted.

use std::collections::{BTreeSet, HashSet};

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_record::{RecordType, Row};

use crate::sql::{Sql, SqlValue};
use crate::view::View;

/// So many records are named; the others are counted.
const NAMED_MAX: usize = 10;
/// So many jobs are named that come first.
const JOBS_NAMED_MAX: usize = 5;

/// What is taken back together: it does not stand against itself.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Own {
    /// One set of changes.
    Set(RawId),
    /// All sets of a job.
    Job(RawId),
}

impl Own {
    /// That the set `s` is one of these. What a job took back was there before it.
    pub(crate) fn write(self, sql: &mut Sql) {
        match self {
            Self::Set(id) => sql.push("s.id = ").bind(SqlValue::Integer(id.0)),
            Self::Job(id) => {
                sql.push("s.undoes IS NULL AND COALESCE(s.job, 0) = ");
                sql.bind(SqlValue::Integer(id.0))
            }
        };
    }
}

/// What stands against an undo.
#[derive(Debug, Default)]
pub(crate) struct Objections {
    /// The records that were changed, and those that were built upon them.
    pub(crate) against: HashSet<RawId>,
    /// The first reasons, by name.
    named: Vec<Refusal>,
    /// The jobs that made what was built upon them.
    pub(crate) jobs: BTreeSet<RawId>,
}

impl Objections {
    pub(crate) fn add(&mut self, record: RawId, refusal: Refusal) {
        self.against.insert(record);
        if self.has_room() {
            self.named.push(refusal);
        }
    }

    /// Whether one more reason is told by name.
    pub(crate) fn has_room(&self) -> bool {
        self.named.len() < NAMED_MAX
    }

    /// As an error, when there are any; of a job, how many come first, and which jobs to undo before.
    pub(crate) fn refuse(self, own: Own) -> Result<()> {
        if self.against.is_empty() {
            return Ok(());
        }
        let mut refusals = self.named;
        if matches!(own, Own::Job(_)) {
            let before = self.jobs.iter().take(JOBS_NAMED_MAX);
            let before = before.map(|job| Refusal::new("undo-job-first").with("job", job));
            let count = Refusal::new("undo-nothing-done").with("count", self.against.len());
            refusals.splice(0..0, std::iter::once(count).chain(before));
        }
        Err(Error::Refused(refusals))
    }
}

pub(crate) fn changed_since(record_type: &RecordType, title: &str) -> Refusal {
    Refusal::new("changed-since").with("type", &record_type.name).with("title", title)
}

impl View {
    /// What a record is called, for whoever is told; `None` where they may not see it.
    pub(crate) async fn title_told(
        &mut self,
        record_type: &str,
        id: RawId,
    ) -> Result<Option<String>> {
        let rights = self.told_to.clone().map(|theirs| self.act_with(theirs));
        let titles = self.titles(record_type, &[id]).await;
        if let Some(rights) = rights {
            self.act_with(rights);
        }
        Ok(titles?.remove(&id))
    }

    /// The same of a record that is taken back.
    pub(crate) async fn own_title(
        &mut self,
        record_type: &RecordType,
        row: &Row,
    ) -> Result<String> {
        if self.told_to.is_none() {
            return Ok(self.withheld(record_type, row.clone()).await?.title(record_type));
        }
        let told = self.title_told(&record_type.name, row.id).await?;
        Ok(told.unwrap_or_else(|| UNSEEN.to_owned()))
    }
}

/// Stands for the name of a record that whoever is told may not see.
pub(crate) const UNSEEN: &str = "?";
