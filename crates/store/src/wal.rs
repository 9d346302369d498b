//! The write-ahead log.

use std::io;

use crate::op::Op;

#[derive(Debug)]
pub(crate) struct Wal;

impl Wal {
    pub fn append<'a>(&mut self, _lsn: u64, _ops: impl Iterator<Item = &'a Op>) -> io::Result<()> {
        Ok(())
    }
}
