//! The operations, by what they are about. Each is one function from a request to its answer.

pub(crate) mod attributes;
pub(crate) mod bucket;
pub(crate) mod copy;
mod describe;
pub(crate) mod encryption;
pub(crate) mod list;
pub(crate) mod multipart;
pub(crate) mod object;
pub(crate) mod setting;
pub(crate) mod tagging;

use crate::conditions::time;
use s3s::dto::{ETag, Owner};
use s3s::{S3Response, S3Result};

fn done<T>(output: T) -> S3Result<S3Response<T>> {
    Ok(S3Response::new(output))
}

fn etag(text: &str) -> Option<ETag> {
    Some(ETag::Strong(text.to_owned()))
}

/// The canonical user of an account.
///
/// Assumption: AWS's ids are arbitrary; here the account number is repeated until there are 64 digits.
fn owner(account: &str) -> Owner {
    let id: String = account.chars().cycle().take(64).collect();
    Owner { display_name: None, id: Some(id) }
}
