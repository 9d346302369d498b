//! Tags: up to 50 key and value pairs on a resource.
//!
//! Source: EC2 User Guide, "Tag your Amazon EC2 resources" (restrictions).

use std::collections::BTreeMap;

/// The tags of one resource, ordered by key.
pub type Tags = BTreeMap<String, String>;

/// Most tags a resource may carry.
pub const TAGS_MAX: usize = 50;
/// Longest tag key in characters.
pub const KEY_CHARS_MAX: usize = 128;
/// Longest tag value in characters.
pub const VALUE_CHARS_MAX: usize = 256;
