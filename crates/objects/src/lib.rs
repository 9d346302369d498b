//! Objects in buckets of S3 as a client reads them: where the bucket is, whose credentials count, listing, fetching.
//!
//! Settings are found as the aws CLI finds them: what the command says, the environment, the profile's files. Nothing is
//! ever written to a bucket. The environment and the clock are arguments.
//! Source: Amazon S3 API Reference, ListObjectsV2, GetObject; AWS SDKs and Tools Reference Guide (read 2026-11).

mod answer;
mod client;
mod credentials;
mod error;
mod http;
mod profile;
mod settings;
mod sign;
mod uri;

pub use client::{Client, Listing, Object};
pub use error::Error;
pub use settings::{Environment, Given, Settings};
pub use uri::Uri;
