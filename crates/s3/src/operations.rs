//! The table of operations: what `s3s` is to call, and what the documentation and policies call it.

use crate::ops::{attributes, bucket, copy, encryption, list, multipart, object, setting, tagging};
use crate::service::Backend;
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result};

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// AWS's name of the operation.
    pub name: &'static str,
    /// The action that policies have to allow (Service Authorization Reference, "Actions, resources, and condition keys for
    /// Amazon S3").
    pub action: &'static str,
}

/// The operation of this name.
pub(crate) fn find(name: &str) -> Option<&'static Row> {
    OPERATIONS.iter().find(|row| row.name == name)
}

/// Declares the operations: method, name, action and the function that does it. Those in front take data in.
macro_rules! operations {
    (
        streamed { $($streamed:ident $StreamedInput:ident $StreamedOutput:ident $streamed_name:literal $streamed_action:literal => $stream:path;)* }
        $($method:ident $Input:ident $Output:ident $name:literal $action:literal => $run:path;)*
    ) => {
        /// Every operation that there is.
        pub const OPERATIONS: &[Row] = &[
            $(Row { name: $streamed_name, action: $streamed_action },)*
            $(Row { name: $name, action: $action },)*
        ];

        #[async_trait::async_trait]
        impl s3s::S3 for Backend {
            $(async fn $streamed(&self, request: S3Request<$StreamedInput>) -> S3Result<S3Response<$StreamedOutput>> {
                $stream(self, request).await
            })*
            $(async fn $method(&self, request: S3Request<$Input>) -> S3Result<S3Response<$Output>> {
                $run(self, request)
            })*
        }
    };
}

operations! {
    streamed {
        put_object PutObjectInput PutObjectOutput "PutObject" "s3:PutObject" => object::put;
        upload_part UploadPartInput UploadPartOutput "UploadPart" "s3:PutObject" => multipart::upload_part;
    }

    list_buckets ListBucketsInput ListBucketsOutput "ListBuckets" "s3:ListAllMyBuckets" => bucket::list;
    create_bucket CreateBucketInput CreateBucketOutput "CreateBucket" "s3:CreateBucket" => bucket::create;
    head_bucket HeadBucketInput HeadBucketOutput "HeadBucket" "s3:ListBucket" => bucket::head;
    delete_bucket DeleteBucketInput DeleteBucketOutput "DeleteBucket" "s3:DeleteBucket" => bucket::delete;
    get_bucket_location GetBucketLocationInput GetBucketLocationOutput "GetBucketLocation" "s3:GetBucketLocation" => bucket::location;

    list_objects ListObjectsInput ListObjectsOutput "ListObjects" "s3:ListBucket" => list::first;
    list_objects_v2 ListObjectsV2Input ListObjectsV2Output "ListObjectsV2" "s3:ListBucket" => list::second;
    list_object_versions ListObjectVersionsInput ListObjectVersionsOutput "ListObjectVersions" "s3:ListBucketVersions" => list::versions;

    get_object GetObjectInput GetObjectOutput "GetObject" "s3:GetObject" => object::get;
    head_object HeadObjectInput HeadObjectOutput "HeadObject" "s3:GetObject" => object::head;
    get_object_attributes GetObjectAttributesInput GetObjectAttributesOutput "GetObjectAttributes" "s3:GetObjectAttributes" => attributes::get;
    delete_object DeleteObjectInput DeleteObjectOutput "DeleteObject" "s3:DeleteObject" => object::delete;
    delete_objects DeleteObjectsInput DeleteObjectsOutput "DeleteObjects" "s3:DeleteObject" => object::delete_many;
    copy_object CopyObjectInput CopyObjectOutput "CopyObject" "s3:PutObject" => copy::object;

    create_multipart_upload CreateMultipartUploadInput CreateMultipartUploadOutput "CreateMultipartUpload" "s3:PutObject" => multipart::create;
    upload_part_copy UploadPartCopyInput UploadPartCopyOutput "UploadPartCopy" "s3:PutObject" => copy::part;
    complete_multipart_upload CompleteMultipartUploadInput CompleteMultipartUploadOutput "CompleteMultipartUpload" "s3:PutObject" => multipart::complete;
    abort_multipart_upload AbortMultipartUploadInput AbortMultipartUploadOutput "AbortMultipartUpload" "s3:AbortMultipartUpload" => multipart::abort;
    list_parts ListPartsInput ListPartsOutput "ListParts" "s3:ListMultipartUploadParts" => multipart::list_parts;
    list_multipart_uploads ListMultipartUploadsInput ListMultipartUploadsOutput "ListMultipartUploads" "s3:ListBucketMultipartUploads" => multipart::list;

    get_object_tagging GetObjectTaggingInput GetObjectTaggingOutput "GetObjectTagging" "s3:GetObjectTagging" => tagging::get_object;
    put_object_tagging PutObjectTaggingInput PutObjectTaggingOutput "PutObjectTagging" "s3:PutObjectTagging" => tagging::put_object;
    delete_object_tagging DeleteObjectTaggingInput DeleteObjectTaggingOutput "DeleteObjectTagging" "s3:DeleteObjectTagging" => tagging::delete_object;
    get_bucket_tagging GetBucketTaggingInput GetBucketTaggingOutput "GetBucketTagging" "s3:GetBucketTagging" => tagging::get_bucket;
    put_bucket_tagging PutBucketTaggingInput PutBucketTaggingOutput "PutBucketTagging" "s3:PutBucketTagging" => tagging::put_bucket;
    delete_bucket_tagging DeleteBucketTaggingInput DeleteBucketTaggingOutput "DeleteBucketTagging" "s3:PutBucketTagging" => tagging::delete_bucket;

    get_bucket_policy GetBucketPolicyInput GetBucketPolicyOutput "GetBucketPolicy" "s3:GetBucketPolicy" => setting::get_policy;
    put_bucket_policy PutBucketPolicyInput PutBucketPolicyOutput "PutBucketPolicy" "s3:PutBucketPolicy" => setting::put_policy;
    delete_bucket_policy DeleteBucketPolicyInput DeleteBucketPolicyOutput "DeleteBucketPolicy" "s3:DeleteBucketPolicy" => setting::delete_policy;
    get_bucket_policy_status GetBucketPolicyStatusInput GetBucketPolicyStatusOutput "GetBucketPolicyStatus" "s3:GetBucketPolicyStatus" => setting::policy_status;
    get_public_access_block GetPublicAccessBlockInput GetPublicAccessBlockOutput "GetPublicAccessBlock" "s3:GetBucketPublicAccessBlock" => setting::get_access_block;
    put_public_access_block PutPublicAccessBlockInput PutPublicAccessBlockOutput "PutPublicAccessBlock" "s3:PutBucketPublicAccessBlock" => setting::put_access_block;
    delete_public_access_block DeletePublicAccessBlockInput DeletePublicAccessBlockOutput "DeletePublicAccessBlock" "s3:PutBucketPublicAccessBlock" => setting::delete_access_block;
    get_bucket_ownership_controls GetBucketOwnershipControlsInput GetBucketOwnershipControlsOutput "GetBucketOwnershipControls" "s3:GetBucketOwnershipControls" => setting::get_ownership;
    put_bucket_ownership_controls PutBucketOwnershipControlsInput PutBucketOwnershipControlsOutput "PutBucketOwnershipControls" "s3:PutBucketOwnershipControls" => setting::put_ownership;
    delete_bucket_ownership_controls DeleteBucketOwnershipControlsInput DeleteBucketOwnershipControlsOutput "DeleteBucketOwnershipControls" "s3:PutBucketOwnershipControls" => setting::delete_ownership;
    get_bucket_acl GetBucketAclInput GetBucketAclOutput "GetBucketAcl" "s3:GetBucketAcl" => setting::acl;
    get_object_acl GetObjectAclInput GetObjectAclOutput "GetObjectAcl" "s3:GetObjectAcl" => setting::object_acl;
    get_bucket_encryption GetBucketEncryptionInput GetBucketEncryptionOutput "GetBucketEncryption" "s3:GetEncryptionConfiguration" => encryption::get;
    put_bucket_encryption PutBucketEncryptionInput PutBucketEncryptionOutput "PutBucketEncryption" "s3:PutEncryptionConfiguration" => encryption::put;
    delete_bucket_encryption DeleteBucketEncryptionInput DeleteBucketEncryptionOutput "DeleteBucketEncryption" "s3:PutEncryptionConfiguration" => encryption::delete;
    get_bucket_versioning GetBucketVersioningInput GetBucketVersioningOutput "GetBucketVersioning" "s3:GetBucketVersioning" => setting::versioning;

    get_bucket_cors GetBucketCorsInput GetBucketCorsOutput "GetBucketCors" "s3:GetBucketCORS" => setting::cors;
    get_bucket_website GetBucketWebsiteInput GetBucketWebsiteOutput "GetBucketWebsite" "s3:GetBucketWebsite" => setting::website;
    get_bucket_lifecycle_configuration GetBucketLifecycleConfigurationInput GetBucketLifecycleConfigurationOutput "GetBucketLifecycleConfiguration" "s3:GetLifecycleConfiguration" => setting::lifecycle;
    get_bucket_replication GetBucketReplicationInput GetBucketReplicationOutput "GetBucketReplication" "s3:GetReplicationConfiguration" => setting::replication;
    get_object_lock_configuration GetObjectLockConfigurationInput GetObjectLockConfigurationOutput "GetObjectLockConfiguration" "s3:GetBucketObjectLockConfiguration" => setting::object_lock;
    get_bucket_logging GetBucketLoggingInput GetBucketLoggingOutput "GetBucketLogging" "s3:GetBucketLogging" => setting::logging;
    get_bucket_accelerate_configuration GetBucketAccelerateConfigurationInput GetBucketAccelerateConfigurationOutput "GetBucketAccelerateConfiguration" "s3:GetAccelerateConfiguration" => setting::acceleration;
    get_bucket_request_payment GetBucketRequestPaymentInput GetBucketRequestPaymentOutput "GetBucketRequestPayment" "s3:GetBucketRequestPayment" => setting::request_payment;
    get_bucket_notification_configuration GetBucketNotificationConfigurationInput GetBucketNotificationConfigurationOutput "GetBucketNotificationConfiguration" "s3:GetBucketNotification" => setting::notification;
}
