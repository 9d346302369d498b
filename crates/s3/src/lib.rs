//! S3's protocol over buckets: HTTP requests to answers.
//!
//! A request goes [`S3::answer`] → who calls ([`caller`]) → its body, unless it is data ([`body`]) → what it asks for (`s3s`
//! knows S3's model) → whether it may ([`access`]) → one function of [`ops`] → a command to [`weir_buckets`]. Errors get
//! AWS's words last ([`errors`]). What is for S3 Control goes to [`control`] in place of `s3s`.
//!
//! - Signatures are not verified: whoever signs is whom the access key says. Without a signature only what the bucket's
//!   policy allows everyone is done.
//! - Data is streamed: it is never whole in memory.
//! - What is not there is refused by name: an operation that is not in [`operations`], a header in [`refusals`].
//! - No sockets, no clock: the time is part of the [`Call`].
//!
//! Source: Amazon S3 API Reference; Amazon S3 User Guide.

mod access;
mod address;
mod body;
mod caller;
mod checksum;
mod chunked;
mod conditions;
mod control;
mod errors;
mod operations;
mod ops;
mod policy;
mod refusals;
mod service;
mod stream;
#[cfg(test)]
mod tests;

pub use address::is_for_s3;
pub use control::CONTROL_OPERATIONS;
pub use errors::Missing;
pub use operations::{OPERATIONS, Row};
pub use refusals::WITHOUT_EFFECT;
pub use s3s::Body;
pub use service::{Call, Passage, S3, Settings};
