//! `s3://bucket/key`.

use std::fmt;

/// An object, or what is below a prefix, of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uri {
    /// The bucket.
    pub bucket: String,
    /// The key or prefix; empty for the whole bucket.
    pub key: String,
}

impl Uri {
    /// What such texts begin with.
    pub const SCHEME: &str = "s3://";

    /// Reads `s3://bucket/key`; `None` if the text is no such, or names no bucket.
    pub fn parse(text: &str) -> Option<Uri> {
        let rest = text.strip_prefix(Uri::SCHEME)?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        (!bucket.is_empty()).then(|| Uri { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/{}", Uri::SCHEME, self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_a_bucket_and_a_key() {
        for (text, expected) in [
            ("s3://b", Some(("b", ""))),
            ("s3://b/", Some(("b", ""))),
            ("s3://b/AWSLogs/1/x.log.gz", Some(("b", "AWSLogs/1/x.log.gz"))),
            ("s3://b//x", Some(("b", "/x"))),
            ("s3://", None),
            ("s3:///x", None),
            ("b/x", None),
        ] {
            let uri = Uri::parse(text);
            assert_eq!(uri.as_ref().map(|uri| (&*uri.bucket, &*uri.key)), expected, "{text}");
        }
        assert_eq!(Uri::parse("s3://b/x").map(|uri| uri.to_string()).as_deref(), Some("s3://b/x"));
    }
}
