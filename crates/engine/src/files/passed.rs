//! How far reading has come in a file whose rows are not read one after the other.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::parquet::file::metadata::ParquetMetaData;

use super::inflated::place;

/// Counts the bytes of a part of a Parquet file once reading is behind them, whether they were wanted or not: all of them when
/// it is dropped.
#[derive(Debug)]
pub struct Passed {
    read_bytes: Arc<AtomicU64>,
    /// The bytes that reading has not come to.
    rest: Range<u64>,
    /// Where the rows end: what is behind them is read first.
    rows_end: u64,
}

impl Passed {
    /// Nothing of the part has been read.
    pub fn new(read_bytes: Arc<AtomicU64>, part: Range<u64>, rows_end: u64) -> Passed {
        Passed { read_bytes, rest: part, rows_end }
    }

    /// Rows up to this place are being read.
    pub fn up_to(&mut self, at: u64) {
        if at <= self.rows_end {
            self.count(at);
        }
    }

    fn count(&mut self, at: u64) {
        let at = at.min(self.rest.end);
        let passed = at.saturating_sub(self.rest.start);
        self.rest.start += passed;
        self.read_bytes.fetch_add(passed, Ordering::Relaxed);
    }
}

impl Drop for Passed {
    fn drop(&mut self) {
        self.count(self.rest.end);
    }
}

/// Where the rows of a file end.
pub fn rows_end(metadata: &ParquetMetaData) -> u64 {
    let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
    columns.filter_map(place).map(|place| place.end).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_once_and_all_in_the_end() {
        let read_bytes = Arc::new(AtomicU64::new(0));
        let read = || read_bytes.load(Ordering::Relaxed);
        let mut passed = Passed::new(read_bytes.clone(), 100..1000, 900);
        for (at, expected) in [(50, 0), (300, 200), (200, 200), (950, 200), (900, 800), (300, 800)] {
            passed.up_to(at);
            assert_eq!(read(), expected, "{at}");
        }
        drop(passed);
        assert_eq!(read(), 900);
        // A part that ends before the rows do.
        Passed::new(read_bytes.clone(), 0..100, 900).up_to(500);
        assert_eq!(read(), 1000);
    }
}
