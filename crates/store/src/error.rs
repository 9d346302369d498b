//! What can go wrong: a refusal of the store's own rules, a write that is not durable, a read, an opening.

use std::fmt;
use std::io;
use std::sync::Arc;

use arrow::error::ArrowError;
use parquet::errors::ParquetError;

/// Why an operation on groups, streams or events is refused; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is a group of this name already.
    GroupExists,
    /// The account has as many groups in the region as it may have.
    TooManyGroups,
    /// There is no such group.
    NoGroup,
    /// The group is protected against removal.
    Protected,
    /// There is a stream of this name already.
    StreamExists,
    /// There is no such stream.
    NoStream,
    /// The events of one call, with their entity, are more than [`crate::BATCH_BYTES_MAX`].
    BatchTooLarge,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refused::GroupExists => "the group exists already",
            Refused::TooManyGroups => "there are as many groups as there may be",
            Refused::NoGroup => "the group does not exist",
            Refused::Protected => "the group is protected against removal",
            Refused::StreamExists => "the stream exists already",
            Refused::NoStream => "the stream does not exist",
            Refused::BatchTooLarge => "the batch is too large",
        })
    }
}

impl std::error::Error for Refused {}

/// Why a write was not acknowledged: it may or may not be there after a restart, and is not readable before one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// The disk refused: full, gone, broken.
    Disk(io::ErrorKind),
    /// More than [`crate::QUEUE_BYTES_MAX`] waits to be written, or to be sealed; try again later.
    Overloaded,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Disk(kind) => write!(f, "the write-ahead log could not be written: {kind}"),
            WriteError::Overloaded => f.write_str("too much waits to be written"),
        }
    }
}

impl std::error::Error for WriteError {}

/// Why events could not be read.
#[derive(Clone, Debug)]
pub enum ReadError {
    /// There is no such group.
    NoGroup,
    /// A segment could not be opened.
    Disk(Arc<io::Error>),
    /// A segment is not the Parquet that was written.
    Parquet(Arc<ParquetError>),
    /// Rows of a segment could not be decoded.
    Arrow(Arc<ArrowError>),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::NoGroup => f.write_str("the group does not exist"),
            ReadError::Disk(error) => write!(f, "a segment could not be opened: {error}"),
            ReadError::Parquet(error) => write!(f, "a segment is damaged: {error}"),
            ReadError::Arrow(error) => write!(f, "a segment's rows are damaged: {error}"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        ReadError::Disk(Arc::new(error))
    }
}

impl From<ParquetError> for ReadError {
    fn from(error: ParquetError) -> Self {
        ReadError::Parquet(Arc::new(error))
    }
}

impl From<ArrowError> for ReadError {
    fn from(error: ArrowError) -> Self {
        ReadError::Arrow(Arc::new(error))
    }
}

/// Why a store cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    /// Another process holds the directory.
    Held,
    /// The disk refused.
    Disk(io::Error),
    /// The catalog refused.
    Catalog(rusqlite::Error),
    /// The write-ahead log is damaged before its end: acknowledged events are missing.
    Damaged {
        /// The file.
        path: String,
        /// Where in it the damage begins.
        offset: u64,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Held => f.write_str("another process holds the log store's directory"),
            OpenError::Disk(error) => write!(f, "the log store cannot be read: {error}"),
            OpenError::Catalog(error) => write!(f, "the log store's catalog cannot be read: {error}"),
            OpenError::Damaged { path, offset } => write!(f, "{path} is damaged from byte {offset} on"),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock => OpenError::Held,
            _ => OpenError::Disk(error),
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        OpenError::Catalog(error)
    }
}

/// Why rows could not be sealed or segments not be removed; nothing is lost, and it is tried again.
#[derive(Debug)]
pub enum SealError {
    /// The disk refused.
    Disk(io::Error),
    /// The catalog refused.
    Catalog(rusqlite::Error),
    /// A segment to be merged could not be read.
    Read(ReadError),
    /// The rows could not be put in order.
    Arrow(ArrowError),
    /// The rows could not be written as Parquet.
    Parquet(ParquetError),
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SealError::Disk(error) => write!(f, "the log store cannot be written: {error}"),
            SealError::Catalog(error) => write!(f, "the log store's catalog cannot be written: {error}"),
            SealError::Read(error) => error.fmt(f),
            SealError::Arrow(error) => write!(f, "log rows cannot be put in order: {error}"),
            SealError::Parquet(error) => write!(f, "log rows cannot be written as Parquet: {error}"),
        }
    }
}

impl std::error::Error for SealError {}

impl From<io::Error> for SealError {
    fn from(error: io::Error) -> Self {
        SealError::Disk(error)
    }
}

impl From<rusqlite::Error> for SealError {
    fn from(error: rusqlite::Error) -> Self {
        SealError::Catalog(error)
    }
}

impl From<ReadError> for SealError {
    fn from(error: ReadError) -> Self {
        SealError::Read(error)
    }
}

impl From<ArrowError> for SealError {
    fn from(error: ArrowError) -> Self {
        SealError::Arrow(error)
    }
}

impl From<ParquetError> for SealError {
    fn from(error: ParquetError) -> Self {
        SealError::Parquet(error)
    }
}
