//! Rows in memory as Arrow, made when they are first read and kept.
//!
//! Chunks are turned into batches once. A batch that is no greater than twice its follower is joined with it, so that
//! many small appends make few batches at a cost that stays in proportion.

use arrow::error::ArrowError;

use crate::line::LineFormat;
use crate::record::{self, Batch};
use crate::state::Held;

/// The batches of a group's chunks so far.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    /// So many chunks, from the first, are in `batches`.
    taken: usize,
    batches: Vec<Batch>,
}

impl Cache {
    /// The batches of `chunks`, which begin with all chunks of earlier calls.
    ///
    /// A caller with fewer chunks than another had before gets the rows of that other too.
    pub fn batches(&mut self, chunks: &[Held], formats: &[LineFormat]) -> Result<Vec<Batch>, ArrowError> {
        if let Some(fresh) = chunks.get(self.taken..)
            && !fresh.is_empty()
        {
            let fresh = fresh.iter().map(|held| (held.stream.as_ref(), &held.chunk));
            for batch in record::batches(fresh, formats) {
                self.add(batch)?;
            }
            self.taken = chunks.len();
        }
        Ok(self.batches.clone())
    }

    /// The batches of exactly the first `count` chunks, if those have been read and none behind them.
    pub fn exactly(&self, count: usize) -> Option<Vec<Batch>> {
        (self.taken == count).then(|| self.batches.clone())
    }

    fn add(&mut self, mut batch: Batch) -> Result<(), ArrowError> {
        while let Some(at) = self.batches.iter().rposition(|other| other.format == batch.format) {
            if self.batches[at].records.num_rows() > 2 * batch.records.num_rows() {
                break;
            }
            batch = record::join(&self.batches.remove(at), &batch)?;
        }
        self.batches.push(batch);
        Ok(())
    }
}
