//! Buckets and objects on disk: acknowledged means durable.
//!
//! [`Buckets`] is a handle that many threads may hold. The bytes of an object are written to a [`Draft`] first; then one
//! transaction of the catalog makes them an object, which is the moment of truth: a crash leaves the state before it or
//! after it, and files that no object has are taken away at the next start.
//!
//! - Small bodies are in the catalog itself, with one sync for all; larger ones are files beside it, named by number. A key
//!   is never part of a path.
//! - A reader goes on reading what it began with, whatever becomes of the object.
//! - Nothing here knows wire names, policies or a clock. Files are the business of [`disk`].
//!
//! Source: Amazon S3 User Guide, "Uploading, downloading, and working with objects" and "Amazon S3 data consistency model".

mod bucket;
mod buckets;
mod catalog;
mod draft;
mod files;
mod listing;
mod multipart;
mod object;
mod reader;
mod refused;
#[cfg(test)]
mod tests;

pub use bucket::{Bucket, NewBucket, is_bucket_name};
pub use buckets::{Buckets, Condition};
pub use draft::{Content, Draft, INLINE_BYTES_MAX};
pub use listing::{Listing, Select};
pub use multipart::{NamedPart, PART_BYTES_MIN, PARTS_MAX, Part, Upload};
pub use object::{Description, KEY_BYTES_MAX, Object};
pub use reader::Reader;
pub use refused::{OpenError, Refused};
pub use weir_disk as disk;
pub(crate) use weir_disk::lock;
