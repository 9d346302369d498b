//! Objects: what is known of them beside their bytes.
//!
//! Source: Amazon S3 User Guide, "Naming Amazon S3 objects" and "Working with object metadata".

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest key, in bytes of UTF-8.
pub const KEY_BYTES_MAX: usize = 1024;

/// What a client says of an object. Nothing here looks into it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Headers that S3 knows and gives back: the type of the content and the like.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// The user's own metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Checksums by algorithm.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checksums: BTreeMap<String, String>,
}

/// An object, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Its key. In the catalog it is a column of its own.
    #[serde(skip)]
    pub key: String,
    /// Its size, in bytes.
    pub size: u64,
    /// The MD5 of its bytes in hexadecimal; of one made of parts the MD5 of their MD5s, `-` and how many they are.
    pub etag: String,
    /// When it was last written, ms since 1970.
    pub modified_ms: i64,
    /// What was said of it.
    #[serde(flatten)]
    pub description: Description,
    /// The sizes of the parts it was made of, in their order; empty if it was written as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub part_sizes: Vec<u64>,
    /// Where its bytes are.
    pub(crate) pieces: Vec<Piece>,
}

/// A run of bytes that were written together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Piece {
    /// The number of its file, or of its row in the catalog.
    pub id: u64,
    /// Its length, in bytes.
    pub size: u64,
    /// Whether it is in the catalog.
    pub is_inline: bool,
}
