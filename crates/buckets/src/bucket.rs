//! Buckets: whose they are, where, and how they are set up.
//!
//! Source: Amazon S3 User Guide, "General purpose bucket naming rules".

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// A bucket. Names are global: no two accounts have the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// The account that owns it.
    pub account: String,
    /// The region it is in.
    pub region: String,
    /// When it was made, ms since 1970.
    pub created_ms: i64,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What else has been set, by name: policy, access block, ownership. Nothing here looks into the texts.
    pub settings: BTreeMap<String, String>,
}

impl Bucket {
    /// The setting that holds the bucket's policy, which services that write to buckets ask, too.
    pub const POLICY: &'static str = "policy";
}

/// What is said when a bucket is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewBucket {
    /// Its name.
    pub name: String,
    /// The account that will own it.
    pub account: String,
    /// The region it will be in.
    pub region: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What else is set from the beginning.
    pub settings: BTreeMap<String, String>,
}

/// What a name of a general purpose bucket may not begin with.
const PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
/// What it may not end with.
const SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/// Whether a new bucket may be called `name`: 3 to 63 lower-case letters, digits, dots and hyphens, beginning and ending with
/// a letter or digit, no two dots in a row, no IPv4 address, none of the prefixes and suffixes that S3 keeps for itself.
pub fn is_bucket_name(name: &str) -> bool {
    let is_edge = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| is_edge(byte) || matches!(byte, b'.' | b'-'))
        && bytes.first().is_some_and(is_edge)
        && bytes.last().is_some_and(is_edge)
        && !name.contains("..")
        && name.parse::<Ipv4Addr>().is_err()
        && !PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        && !SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the naming rules, and their neighbours.
    #[test]
    fn names_follow_the_rules_of_general_purpose_buckets() {
        let valid = [
            "amzn-s3-bucket1-a1b2c3d4",
            "example.com",
            "www.example.com",
            "my.example.s3.bucket",
            "abc",
            "1.2.3",
        ];
        let invalid = [
            "ab",
            "amzn_s3_bucket",
            "AmznS3Bucket",
            "amzn-s3-bucket-",
            "-amzn",
            ".amzn",
            "example..com",
            "192.168.5.4",
            "xn--bucket",
            "sthree-bucket",
            "bucket-s3alias",
            "bucket--ol-s3",
            "a\u{e9}bc",
            "",
        ];
        let long = "a".repeat(63);
        assert!(valid.iter().copied().chain([long.as_str()]).all(is_bucket_name));
        assert_eq!(
            invalid.iter().filter(|name| is_bucket_name(name)).collect::<Vec<_>>(),
            Vec::<&&str>::new()
        );
        assert!(!is_bucket_name(&"a".repeat(64)));
    }
}
