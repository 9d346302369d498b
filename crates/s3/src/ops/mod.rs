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
use s3s::{S3Response, S3Result, s3_error};

/// Most entries of a page.
const PAGE_MAX: i32 = 1000;

fn done<T>(output: T) -> S3Result<S3Response<T>> {
    Ok(S3Response::new(output))
}

fn etag(text: &str) -> Option<ETag> {
    Some(ETag::Strong(text.to_owned()))
}

/// The number that an argument of a request gives, or `usual`.
///
/// # Errors
/// It is negative. Source: moto's tests, which were checked against AWS.
fn count(argument: &str, given: Option<i32>, usual: i32) -> S3Result<i32> {
    match given.unwrap_or(usual) {
        count if count < 0 => {
            Err(s3_error!(InvalidArgument, "Argument {argument} must be an integer between 0 and 2147483647"))
        }
        count => Ok(count),
    }
}

/// How many entries a page has for which the request asks: 1000 at most.
fn page_size(argument: &str, given: Option<i32>) -> S3Result<i32> {
    count(argument, given, PAGE_MAX).map(|count| count.min(PAGE_MAX))
}

/// The canonical user of an account.
///
/// Assumption: AWS's ids are arbitrary; here the account number is repeated until there are 64 digits.
fn owner(account: &str) -> Owner {
    let id: String = account.chars().cycle().take(64).collect();
    Owner { display_name: None, id: Some(id) }
}
