//! What the first pass of an import decided about its lines: which record each came to, and whether
//! the line may link it to others. The second pass goes by it, and so does an import that goes on
//! after a stop: it is kept with the job until that is done.

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_store::Store;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// The rows of a job from this number on hold it; refused lines are below.
pub(super) const SETTLED_ROWS: i64 = 1 << 41;
/// So many of these rows are read at once.
const ROWS_READ: usize = 20;

/// Whether a line links the record that it came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Links {
    /// An earlier line said what holds, or nothing is to be written.
    #[default]
    No,
    /// As it says.
    AsSaid,
    /// Only what this other part did not say.
    Unsaid(u16),
}

impl Links {
    pub(super) fn unsaid_by(part: usize) -> Self {
        u16::try_from(part).map_or(Self::No, Self::Unsaid)
    }

    fn number(self) -> u32 {
        match self {
            Self::No => 0,
            Self::AsSaid => 1,
            Self::Unsaid(part) => 2 + u32::from(part),
        }
    }

    fn of_number(number: u32) -> Self {
        match number {
            0 => Self::No,
            1 => Self::AsSaid,
            part => u16::try_from(part - 2).map_or(Self::No, Self::Unsaid),
        }
    }
}

/// What a line came to for one part: the record, and what the line does to its links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct CameTo {
    pub(super) id: Option<RawId>,
    pub(super) links: Links,
}

/// The same of the lines of one transaction, by part, as the job keeps it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// 0 stands for none.
    ids: Vec<Vec<i64>>,
    links: Vec<Vec<u32>>,
}

/// As the job keeps what lines came to.
pub(super) fn to_json(lines: &[Vec<CameTo>]) -> Result<Json> {
    let parts = 0..lines.first().map_or(0, Vec::len);
    let column = |part: usize| lines.iter().map(move |line| line[part]);
    let kept = Kept {
        ids: parts
            .clone()
            .map(|at| column(at).map(|came| came.id.map_or(0, |id| id.0)).collect())
            .collect(),
        links: parts.map(|at| column(at).map(|came| came.links.number()).collect()).collect(),
    };
    serde_json::to_value(kept).map_err(Error::internal)
}

fn of_json(content: Json) -> Result<Vec<Vec<CameTo>>> {
    let kept: Kept = serde_json::from_value(content).map_err(Error::internal)?;
    let lines = kept.ids.first().map_or(0, Vec::len);
    let cell = |part: usize, line: usize| CameTo {
        id: kept.ids[part].get(line).copied().filter(|id| *id != 0).map(RawId),
        links: kept
            .links
            .get(part)
            .and_then(|links| links.get(line))
            .copied()
            .map_or(Links::No, Links::of_number),
    };
    let parts = kept.ids.len();
    Ok((0..lines).map(|line| (0..parts).map(|part| cell(part, line)).collect()).collect())
}

/// What lines came to of the parts that the second pass links, by part and in the order of lines.
#[derive(Debug)]
pub(super) struct Settled(Vec<Option<Vec<CameTo>>>);

impl Settled {
    /// Of these parts some have links to records of the file itself.
    pub(super) fn new(has_later_links: impl Iterator<Item = bool>) -> Self {
        Self(has_later_links.map(|has| has.then(Vec::new)).collect())
    }

    pub(super) fn extend(&mut self, lines: &[Vec<CameTo>]) {
        for (part, kept) in self.0.iter_mut().enumerate() {
            if let Some(kept) = kept {
                kept.extend(lines.iter().map(|line| line.get(part).copied().unwrap_or_default()));
            }
        }
    }

    /// What a line came to, by its place among the lines.
    pub(super) fn of(&self, part: usize, line: u64) -> CameTo {
        let lines = self.0.get(part).and_then(Option::as_ref);
        let line = usize::try_from(line).ok();
        lines.zip(line).and_then(|(lines, at)| lines.get(at)).copied().unwrap_or_default()
    }
}

/// Reads what was kept, transaction by transaction.
pub(super) struct KeptLines {
    job: RawId,
    after: i64,
    rows: std::vec::IntoIter<(i64, Json)>,
}

impl KeptLines {
    pub(super) fn of(job: RawId) -> Self {
        Self { job, after: SETTLED_ROWS - 1, rows: Vec::new().into_iter() }
    }

    /// The next lines; none at the end.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn next(&mut self, store: &Store) -> Result<Option<Vec<Vec<CameTo>>>> {
        if self.rows.len() == 0 {
            self.rows = store.job_rows(self.job, self.after, ROWS_READ).await?.into_iter();
        }
        let Some((number, content)) = self.rows.next() else { return Ok(None) };
        self.after = number;
        of_json(content).map(Some)
    }
}

/// What is said of an import that cannot go on where it stood.
pub(super) fn cannot_go_on() -> Error {
    Refusal::new("import-cannot-go-on").into()
}
