//! What S3 and STS answer.

use percent_encoding::percent_decode_str;
use roxmltree::{Document, Node};

use crate::credentials::Credentials;

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Keys and lengths.
    pub objects: Vec<(String, u64)>,
    /// Common prefixes.
    pub folders: Vec<String>,
    /// What asks for the next page.
    pub next: Option<String>,
}

/// What an error says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    pub code: String,
    pub message: String,
    /// The Region where the bucket is, if that is what is wrong.
    pub region: Option<String>,
}

/// Reads the answer of ListObjectsV2 with `encoding-type=url`.
///
/// # Errors
/// It is none; the text says why.
pub fn page(body: &[u8]) -> Result<Page, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let document = Document::parse(text).map_err(|error| error.to_string())?;
    let root = document.root_element();
    if root.tag_name().name() != "ListBucketResult" {
        return Err(format!("no listing: <{}>", root.tag_name().name()));
    }
    let is_encoded = child(root, "EncodingType").as_deref() == Some("url");
    let name = |text: String| match is_encoded {
        true => percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned(),
        false => text,
    };
    let mut page = Page::default();
    for node in root.children() {
        match node.tag_name().name() {
            "Contents" => {
                let key = child(node, "Key").ok_or("an object without a key")?;
                let size = child(node, "Size").and_then(|size| size.parse().ok());
                page.objects.push((name(key), size.ok_or("an object without a length")?));
            }
            "CommonPrefixes" => page.folders.extend(child(node, "Prefix").map(name)),
            _ => {}
        }
    }
    page.next = child(root, "NextContinuationToken").filter(|token| !token.is_empty());
    if page.next.is_none() && child(root, "IsTruncated").as_deref() == Some("true") {
        return Err("a listing that goes on and does not say where".into());
    }
    Ok(page)
}

/// Reads an error of S3 or STS, as far as it is one.
pub fn refusal(body: &[u8]) -> Refusal {
    let text = String::from_utf8_lossy(body);
    let Ok(document) = Document::parse(&text) else { return Refusal::default() };
    let of = |name: &str| {
        let found = document.descendants().find(|node| node.tag_name().name() == name)?;
        found.text().map(|text| text.trim().to_owned())
    };
    Refusal {
        code: of("Code").unwrap_or_default(),
        message: of("Message").unwrap_or_default(),
        region: of("Region"),
    }
}

/// Reads the credentials in an answer of AssumeRole or AssumeRoleWithWebIdentity.
pub fn assumed(body: &[u8]) -> Option<Credentials> {
    let text = std::str::from_utf8(body).ok()?;
    let document = Document::parse(text).ok()?;
    let found = document.descendants().find(|node| node.tag_name().name() == "Credentials")?;
    Some(Credentials {
        access_key_id: child(found, "AccessKeyId")?,
        secret_access_key: child(found, "SecretAccessKey")?,
        session_token: child(found, "SessionToken"),
        expires_ms: child(found, "Expiration").and_then(|time| moment_ms(&time)),
    })
}

/// Reads the credentials in JSON of a process, a container's host or an instance's metadata.
pub fn told(body: &[u8]) -> Option<Credentials> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    let of = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    Some(Credentials {
        access_key_id: of("AccessKeyId")?,
        secret_access_key: of("SecretAccessKey")?,
        session_token: of("SessionToken").or_else(|| of("Token")),
        expires_ms: of("Expiration").and_then(|time| moment_ms(&time)),
    })
}

/// Milliseconds since 1970 of a moment as RFC 3339 writes it.
pub fn moment_ms(text: &str) -> Option<i64> {
    chrono::DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis())
}

fn child(node: Node<'_, '_>, name: &str) -> Option<String> {
    let found = node.children().find(|child| child.tag_name().name() == name)?;
    Some(found.text().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in the reference of ListObjectsV2, "Sample Response for listing keys using the prefix and delimiter parameters".
    const LISTING: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>example-bucket</Name><Prefix></Prefix><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><Delimiter>/</Delimiter>
  <EncodingType>url</EncodingType>
  <IsTruncated>true</IsTruncated>
  <NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>
  <Contents><Key>a+b%2Bc/sample.log.gz</Key><Size>142863</Size></Contents>
  <CommonPrefixes><Prefix>AWSLogs/</Prefix></CommonPrefixes>
</ListBucketResult>"#;

    #[test]
    fn a_listing_is_read() {
        let page = page(LISTING.as_bytes()).expect("a page");
        assert_eq!(page.objects, [("a b+c/sample.log.gz".to_owned(), 142_863)]);
        assert_eq!(page.folders, ["AWSLogs/"]);
        assert_eq!(page.next.as_deref(), Some("1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM="));
    }

    #[test]
    fn what_is_no_listing_is_told() {
        for (body, expected) in [
            ("<html/>", "no listing: <html>"),
            (
                "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
                "an object without a key",
            ),
            (
                "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
                "an object without a length",
            ),
            (
                "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
                "a listing that goes on and does not say where",
            ),
        ] {
            assert_eq!(page(body.as_bytes()), Err(expected.to_owned()));
        }
        assert!(page(b"\xff").is_err() && page(b"").is_err());
    }

    #[test]
    fn a_refusal_is_read_as_far_as_it_is_one() {
        let body = b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>expecting 'eu-west-1'</Message><Region>eu-west-1</Region></Error>";
        let read = refusal(body);
        assert_eq!(
            (&*read.code, read.region.as_deref()),
            ("AuthorizationHeaderMalformed", Some("eu-west-1"))
        );
        assert_eq!(refusal(b"gone"), Refusal::default());
    }
}
