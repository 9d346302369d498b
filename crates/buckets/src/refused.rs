//! Why something is not done.

use std::fmt;
use std::io;

/// Why a command is refused. Nothing has changed then.
#[derive(Debug)]
pub enum Refused {
    /// There is no such bucket.
    NoSuchBucket,
    /// A bucket of that name is there already, owned by this account and in this region.
    BucketExists {
        /// Who owns it.
        account: String,
        /// Where it is.
        region: String,
    },
    /// The bucket has objects.
    BucketNotEmpty,
    /// There is no object of that key.
    NoSuchKey,
    /// The key is too long.
    KeyTooLong,
    /// There is no upload of that id to that key.
    NoSuchUpload,
    /// The object is not as it was to be.
    PreconditionFailed,
    /// The upload has no such part, or it is another than was named.
    InvalidPart {
        /// Its number.
        number: u32,
    },
    /// The parts were not named in rising order.
    InvalidPartOrder,
    /// A part other than the last is smaller than parts have to be.
    PartTooSmall {
        /// Its number.
        number: u32,
        /// Its size, in bytes.
        size: u64,
        /// Its ETag.
        etag: String,
    },
    /// The disk or the catalog fails.
    Failed(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::NoSuchBucket => f.write_str("no such bucket"),
            Refused::BucketExists { account, .. } => write!(f, "a bucket of account {account} has that name"),
            Refused::BucketNotEmpty => f.write_str("the bucket has objects"),
            Refused::NoSuchKey => f.write_str("no such object"),
            Refused::KeyTooLong => f.write_str("the key is too long"),
            Refused::NoSuchUpload => f.write_str("no such upload"),
            Refused::PreconditionFailed => f.write_str("the object is not as it was to be"),
            Refused::InvalidPart { number } => write!(f, "part {number} is not there as named"),
            Refused::InvalidPartOrder => f.write_str("the parts are not in order"),
            Refused::PartTooSmall { number, .. } => write!(f, "part {number} is too small"),
            Refused::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Refused {}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Refused {
        Refused::Failed(error.to_string())
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Refused {
        Refused::Failed(error.to_string())
    }
}

/// Why the buckets of a folder cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    /// Another process has them open.
    InUse,
    /// They were written by a later version of Weir.
    Format(i64),
    /// The disk or the catalog fails.
    Failed(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::InUse => f.write_str("another process has the buckets open"),
            OpenError::Format(format) => {
                write!(f, "the buckets have format {format}, which this weir does not read")
            }
            OpenError::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> OpenError {
        OpenError::Failed(error.to_string())
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> OpenError {
        match error.kind() {
            io::ErrorKind::WouldBlock => OpenError::InUse,
            _ => OpenError::Failed(error.to_string()),
        }
    }
}
