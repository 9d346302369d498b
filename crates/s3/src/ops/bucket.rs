//! Buckets: making, finding and deleting them.
//!
//! Source: Amazon S3 API Reference, "CreateBucket", "ListBuckets", "HeadBucket", "DeleteBucket" and "GetBucketLocation".

use super::{done, owner, tagging, time};
use crate::errors;
use crate::policy::{ACCESS_BLOCK, AccessBlock};
use crate::service::{Backend, known};
use http::StatusCode;
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use std::collections::BTreeMap;
use weir_buckets::{NewBucket, Refused, is_bucket_name};
use weir_model::RegionName;

/// The region whose buckets have no location.
const FIRST_REGION: &str = "us-east-1";
/// Most buckets of a page.
const PAGE_MAX: i32 = 10_000;

/// `ListBuckets`.
pub(crate) fn list(
    backend: &Backend,
    request: S3Request<ListBucketsInput>,
) -> S3Result<S3Response<ListBucketsOutput>> {
    let known = known(&request)?;
    let account = backend.account(known).ok_or_else(|| errors::denied("Access Denied"))?.to_string();
    let ListBucketsInput { bucket_region, continuation_token, max_buckets, prefix } = request.input;
    let limit = max_buckets.unwrap_or(PAGE_MAX);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(s3_error!(
            InvalidArgument,
            "Argument max-buckets must be an integer between 1 and {PAGE_MAX}"
        ));
    }
    let after = continuation_token.unwrap_or_default();
    let all = backend.buckets.buckets(&account).map_err(errors::of)?;
    let mut found: Vec<_> = all
        .into_iter()
        .filter(|bucket| bucket.name > after)
        .filter(|bucket| bucket.name.starts_with(prefix.as_deref().unwrap_or_default()))
        .filter(|bucket| bucket_region.as_ref().is_none_or(|region| *region == bucket.region))
        .collect();
    let has_more = found.len() > usize::try_from(limit).unwrap_or(0);
    found.truncate(usize::try_from(limit).unwrap_or(0));
    let token = found.last().filter(|_| has_more).map(|last| last.name.clone());
    let seen = |bucket: weir_buckets::Bucket| Bucket {
        bucket_region: Some(bucket.region),
        creation_date: Some(time(bucket.created_ms)),
        name: Some(bucket.name),
    };
    let buckets = found.into_iter().map(seen).collect();
    done(ListBucketsOutput {
        buckets: Some(buckets),
        continuation_token: token,
        owner: Some(owner(&account)),
        prefix,
    })
}

/// `CreateBucket`.
pub(crate) fn create(
    backend: &Backend,
    request: S3Request<CreateBucketInput>,
) -> S3Result<S3Response<CreateBucketOutput>> {
    let known = known(&request)?.clone();
    let input = request.input;
    let name = input.bucket;
    if !is_bucket_name(&name) {
        return Err(S3Error::new(S3ErrorCode::InvalidBucketName));
    }
    let configuration = input.create_bucket_configuration.unwrap_or_default();
    if configuration.bucket.is_some() || configuration.location.is_some() {
        return Err(errors::not_implemented("A directory bucket"));
    }
    let signed = backend.region(&known);
    let constraint = configuration.location_constraint.as_ref().map(|constraint| constraint.as_str());
    let region = region(signed, constraint)?;
    let account = backend.account(&known).ok_or_else(|| errors::denied("Access Denied"))?.to_string();
    let mut settings = BTreeMap::from([(ACCESS_BLOCK.to_owned(), AccessBlock::ALL.text())]);
    let ownership = input
        .object_ownership
        .as_ref()
        .map_or(ObjectOwnership::BUCKET_OWNER_ENFORCED, |ownership| ownership.as_str());
    super::setting::check_ownership(ownership)?;
    settings.insert(super::setting::OWNERSHIP.to_owned(), ownership.to_owned());
    let tags = tagging::of_body(&known.body)?;
    let new = NewBucket {
        name: name.clone(),
        account: account.clone(),
        region: region.to_string(),
        tags,
        settings,
    };
    match backend.buckets.create(new, known.call.now.0) {
        Ok(_) => {}
        // Where it all began, making one's own bucket again is no error.
        Err(Refused::BucketExists { account: owner, region: theirs }) if owner == account => {
            if (region.as_str(), theirs.as_str()) != (FIRST_REGION, FIRST_REGION) {
                return Err(S3Error::new(S3ErrorCode::BucketAlreadyOwnedByYou));
            }
        }
        Err(refused) => return Err(errors::of(refused)),
    }
    done(CreateBucketOutput { location: Some(format!("/{name}")) })
}

/// Where a bucket will be, for a caller who signs for `signed`.
fn region(signed: RegionName, constraint: Option<&str>) -> S3Result<RegionName> {
    let illegal = |which: &str| {
        s3_error!(
            IllegalLocationConstraintException,
            "The {which} location constraint is incompatible for the region specific endpoint this request was sent to."
        )
    };
    let is_first = signed.as_str() == FIRST_REGION;
    match constraint {
        None | Some("") if is_first => Ok(signed),
        None | Some("") => Err(illegal("unspecified")),
        Some("EU") if is_first => "eu-west-1".parse().map_err(|_| illegal("EU")),
        Some(name) => {
            let found = name.parse::<RegionName>().ok().filter(|_| name != FIRST_REGION);
            let found = found.ok_or_else(|| {
                s3_error!(InvalidLocationConstraint, "The specified location-constraint is not valid")
            })?;
            if is_first || found == signed { Ok(found) } else { Err(illegal(name)) }
        }
    }
}

/// `HeadBucket`.
pub(crate) fn head(
    backend: &Backend,
    request: S3Request<HeadBucketInput>,
) -> S3Result<S3Response<HeadBucketOutput>> {
    let bucket = backend.buckets.bucket(&request.input.bucket).map_err(errors::of)?;
    done(HeadBucketOutput {
        bucket_region: Some(bucket.region),
        access_point_alias: Some(false),
        ..Default::default()
    })
}

/// `DeleteBucket`.
pub(crate) fn delete(
    backend: &Backend,
    request: S3Request<DeleteBucketInput>,
) -> S3Result<S3Response<DeleteBucketOutput>> {
    backend.buckets.remove_bucket(&request.input.bucket).map_err(errors::of)?;
    Ok(S3Response::with_status(DeleteBucketOutput::default(), StatusCode::NO_CONTENT))
}

/// `GetBucketLocation`.
pub(crate) fn location(
    backend: &Backend,
    request: S3Request<GetBucketLocationInput>,
) -> S3Result<S3Response<GetBucketLocationOutput>> {
    let bucket = backend.buckets.bucket(&request.input.bucket).map_err(errors::of)?;
    let region = Some(bucket.region).filter(|region| region != FIRST_REGION);
    done(GetBucketLocationOutput { location_constraint: region.map(BucketLocationConstraint::from) })
}
