//! An import that was stopped or killed goes on as if it had not been: what the lines that are done
//! taught it is learned from them again, and from what the job kept of them.

use std::path::PathBuf;
use std::sync::Arc;

use guanxi_base::Result;

use super::import::{Import, aside, open};
use super::line_reader::LineReader;
use super::look_up::Key;
use super::mapping::Mapping;
use super::origin::Origin;
use super::plan::Part;
use super::read_lines::key_cells;
use super::row::FileRow;
use super::settled::{CameTo, KeptLines, cannot_go_on};

impl Import<'_> {
    /// Opens the file for a pass.
    pub(super) async fn reader(&self, file: &Arc<(PathBuf, Mapping)>) -> Result<LineReader> {
        let file = file.clone();
        let tells_identical = self.plan.tells_identical() && self.progress.pass == 1;
        aside(move || {
            let source = open(&file)?;
            Ok(match tells_identical {
                true => LineReader::telling_identical(source),
                false => LineReader::new(source),
            })
        })
        .await
    }

    /// Opens the file behind the lines that are done, and learns what they taught.
    ///
    /// # Errors
    /// `import-cannot-go-on` where it is another file, or what was kept of it is gone.
    pub(super) async fn take_up(&mut self, file: &Arc<(PathBuf, Mapping)>) -> Result<LineReader> {
        if self.progress.lines != self.plan.lines {
            return Err(cannot_go_on());
        }
        self.changed = self.store.changed_by_job(self.job).await?;
        let mut reader = self.reader(file).await?;
        let done = match self.progress.pass {
            1 => self.progress.line,
            _ => self.progress.lines,
        };
        let (mut kept, mut learned) = (KeptLines::of(self.job), 0);
        while let Some(came_to) = kept.next(self.store).await? {
            learned += came_to.len() as u64;
            self.settled.extend(&came_to);
            if self.progress.pass == 1 {
                let count = came_to.len();
                let (rest, lines) = aside(move || {
                    let (lines, _) = reader.batch(count, usize::MAX)?;
                    Ok((reader, lines))
                })
                .await?;
                reader = rest;
                self.learn(&lines, &came_to).await?;
            }
        }
        if learned != done {
            return Err(cannot_go_on());
        }
        if self.progress.pass == 2 {
            let line = self.progress.line;
            reader = aside(move || {
                reader.skip(line)?;
                Ok(reader)
            })
            .await?;
        }
        Ok(reader)
    }

    /// Learns the keys of lines that are done.
    async fn learn(&mut self, lines: &[FileRow], came_to: &[Vec<CameTo>]) -> Result<()> {
        let found_by: Vec<usize> = (0..self.plan.parts.len())
            .filter(|at| is_known_by_link(&self.plan.parts[*at]))
            .collect();
        if !found_by.is_empty() {
            let mut tx = self.store.write(&self.actor).await?;
            for at in found_by {
                self.find_links(&mut tx, lines, at).await?;
            }
        }
        for (row, came_to) in lines.iter().zip(came_to) {
            let ids: Vec<_> = came_to.iter().map(|came| came.id).collect();
            for (at, part) in self.plan.parts.iter().enumerate() {
                let Some(id) = ids.get(at).copied().flatten() else { continue };
                if let Some(cells) = key_cells(part, row) {
                    self.known[at].by_cells.insert(cells, Some(id));
                }
                if let Ok(Key::Of(key, _)) = self.key(part, row, &ids) {
                    self.known[at].by_key.insert(key, id);
                }
            }
        }
        Ok(())
    }
}

/// Whether a key of a part has a link that is looked up.
fn is_known_by_link(part: &Part) -> bool {
    let mut keys = part.fields.iter().filter(|(place, _)| part.match_places.contains(place));
    keys.any(|(_, origin)| matches!(origin, Origin::Find { later: false, .. }))
}
