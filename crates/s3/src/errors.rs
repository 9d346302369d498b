//! Refusals in S3's words.
//!
//! What is refused deep down becomes a code here, and every error gets its message, ids and names before it is sent.
//! Source: Amazon S3 API Reference, "Error responses", "List of error codes".

use http::StatusCode;
use s3s::{S3Error, S3ErrorCode};
use std::io;
use weir_buckets::Refused;

/// Messages of codes that come without one.
const MESSAGES: &[(&str, &str)] = &[
    ("AccessDenied", "Access Denied"),
    (
        "BucketAlreadyExists",
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
    ),
    (
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
    ),
    ("BucketNotEmpty", "The bucket you tried to delete is not empty"),
    ("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"),
    ("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"),
    ("IncompleteBody", "The request body terminated unexpectedly"),
    ("InternalError", "We encountered an internal error. Please try again."),
    ("InvalidArgument", "Invalid Argument"),
    ("InvalidBucketName", "The specified bucket is not valid."),
    (
        "InvalidPart",
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    ),
    (
        "InvalidPartOrder",
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
    ),
    ("InvalidRange", "The requested range is not satisfiable"),
    ("InvalidRequest", "Invalid Request"),
    ("InvalidURI", "Couldn't parse the specified URI."),
    ("KeyTooLongError", "Your key is too long"),
    (
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    ),
    ("MaxMessageLengthExceeded", "Your request was too big"),
    ("MethodNotAllowed", "The specified method is not allowed against this resource."),
    ("MissingContentLength", "You must provide the Content-Length HTTP header."),
    ("MissingRequestBodyError", "Request Body is empty"),
    ("NoSuchBucket", "The specified bucket does not exist"),
    ("NoSuchBucketPolicy", "The bucket policy does not exist"),
    ("NoSuchCORSConfiguration", "The CORS configuration does not exist"),
    ("NoSuchKey", "The specified key does not exist."),
    ("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
    ("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"),
    ("NoSuchTagSet", "The TagSet does not exist"),
    (
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    ),
    ("NoSuchVersion", "The specified version does not exist."),
    ("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"),
    ("NotImplemented", "A header you provided implies functionality that is not implemented"),
    ("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket"),
    ("OwnershipControlsNotFoundError", "The bucket ownership controls were not found"),
    ("PreconditionFailed", "At least one of the pre-conditions you specified did not hold"),
    ("ReplicationConfigurationNotFoundError", "The replication configuration was not found"),
];

/// The message of a code that comes without one.
pub(crate) fn message(code: &str) -> &str {
    MESSAGES.iter().find(|(known, _)| *known == code).map_or(code, |(_, message)| message)
}

/// A refusal of the buckets.
pub(crate) fn of(refused: Refused) -> S3Error {
    let code = match refused {
        Refused::NoSuchBucket => S3ErrorCode::NoSuchBucket,
        Refused::BucketExists { .. } => S3ErrorCode::BucketAlreadyExists,
        Refused::BucketNotEmpty => S3ErrorCode::BucketNotEmpty,
        Refused::NoSuchKey => S3ErrorCode::NoSuchKey,
        Refused::KeyTooLong => S3ErrorCode::KeyTooLongError,
        Refused::NoSuchUpload => S3ErrorCode::NoSuchUpload,
        Refused::PreconditionFailed => S3ErrorCode::PreconditionFailed,
        Refused::InvalidPart { .. } => S3ErrorCode::InvalidPart,
        Refused::InvalidPartOrder => S3ErrorCode::InvalidPartOrder,
        Refused::PartTooSmall { .. } => S3ErrorCode::EntityTooSmall,
        Refused::Failed(why) => return S3Error::with_source(S3ErrorCode::InternalError, why.into()),
    };
    S3Error::new(code)
}

/// A failure of the disk.
pub(crate) fn of_disk(error: io::Error) -> S3Error {
    S3Error::with_source(S3ErrorCode::InternalError, error.into())
}

/// `AccessDenied`, because.
pub(crate) fn denied(because: impl Into<String>) -> S3Error {
    S3Error::with_message(S3ErrorCode::AccessDenied, because.into())
}

/// What Weir does not have, by name: an extension of the answer, for those who count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing(pub String);

impl Missing {
    /// What an error's body says to be missing.
    pub(crate) fn told_in(text: &str) -> Option<Missing> {
        let (before, _) = text.split_once(NOT_IMPLEMENTED)?;
        before.rsplit_once("<Message>").map(|(_, what)| Missing(what.to_owned()))
    }
}

const NOT_IMPLEMENTED: &str = " is not implemented by weir</Message>";

/// What Weir does not have, by name. S3 itself would say 501, which some clients try again.
pub(crate) fn not_implemented(what: &str) -> S3Error {
    let message = format!("{what} is not implemented by weir");
    let mut error = S3Error::with_message(S3ErrorCode::NotImplemented, message);
    error.set_status_code(StatusCode::BAD_REQUEST);
    error
}

/// Something that is not set up: a code of its own, with status 404.
pub(crate) fn not_found(code: &str) -> S3Error {
    with_status(code, StatusCode::NOT_FOUND)
}

/// A code with its status, where `s3s` may not know it.
pub(crate) fn with_status(code: &str, status: StatusCode) -> S3Error {
    let mut error =
        S3Error::new(S3ErrorCode::from_bytes(code.as_bytes()).unwrap_or(S3ErrorCode::InternalError));
    error.set_status_code(status);
    error
}

/// What an error is about, for those who read it.
pub(crate) struct About {
    /// The path of the request, decoded.
    pub resource: String,
    /// The bucket that it names, empty if none.
    pub bucket: String,
    /// The key, likewise.
    pub key: String,
    /// The id of the request.
    pub request_id: String,
    /// Whether S3 Control was asked, whose errors are one element deeper.
    pub is_control: bool,
}

/// The body of an error as S3 sends it, from one as `s3s` writes it.
pub(crate) fn complete(body: &[u8], about: &About) -> String {
    let text = String::from_utf8_lossy(body);
    let document = roxmltree::Document::parse(&text).ok();
    let find = |name: &str| {
        let document = document.as_ref()?;
        document.descendants().find(|node| node.has_tag_name(name))?.text().map(str::to_owned)
    };
    let code = find("Code").unwrap_or_else(|| "InternalError".to_owned());
    let message = find("Message").unwrap_or_else(|| message(&code).to_owned());
    let name = |tag, value: &str| (!value.is_empty()).then(|| (tag, value.to_owned()));
    let subject = match code.as_str() {
        "NoSuchKey" => name("Key", &about.key),
        "NoSuchBucket"
        | "NoSuchBucketPolicy"
        | "NoSuchTagSet"
        | "BucketNotEmpty"
        | "InvalidBucketName"
        | "BucketAlreadyExists"
        | "BucketAlreadyOwnedByYou" => name("BucketName", &about.bucket),
        _ => None,
    };
    let members = [("Code", code), ("Message", message)].into_iter().chain(subject);
    let ends = [
        ("Resource", about.resource.clone()),
        ("RequestId", about.request_id.clone()),
        ("HostId", host_id(&about.request_id)),
    ];
    let members = members.chain(ends).map(|(tag, value)| format!("<{tag}>{}</{tag}>", escape(&value)));
    let error = format!("<Error>{}</Error>", members.collect::<String>());
    let whole = if about.is_control { format!("<ErrorResponse>{error}</ErrorResponse>") } else { error };
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{whole}")
}

/// The second id of a request (`x-amz-id-2`), made of the first.
pub(crate) fn host_id(request_id: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(request_id.repeat(3))
}

/// Text as it is in XML: what XML cannot write is left out.
pub(crate) fn escape(text: &str) -> String {
    let is_written = |c: &char| matches!(*c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(is_written) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}
