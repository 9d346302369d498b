//! Whether a call may be made: is there such an operation, does the endpoint it came through let it pass, does the bucket's
//! policy allow it, is the bucket whose the caller thinks it is.
//!
//! Source: Amazon S3 User Guide, "How Amazon S3 authorizes a request"; Amazon S3 API Reference, "Verifying bucket ownership
//! with bucket owner condition"; AWS PrivateLink Guide, "Gateway endpoints for Amazon S3".

use crate::caller::Caller;
use crate::errors::{denied, not_implemented};
use crate::operations::{self, Row};
use crate::policy;
use crate::service::{Backend, Known, Passage};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::dto::CopySource;
use s3s::path::S3Path;
use s3s::{S3Error, S3ErrorCode, S3Result};
use weir_model::AccountId;
use weir_model::iam::evaluate::Context;
use weir_model::iam::{Decision, PolicyDocument, Request};

/// Signatures have been taken off before: nobody is asked for a key.
pub(crate) struct Unasked;

#[async_trait::async_trait]
impl S3Auth for Unasked {
    async fn get_secret_key(&self, _: &str) -> S3Result<SecretKey> {
        Err(S3Error::new(S3ErrorCode::InternalError))
    }
}

#[async_trait::async_trait]
impl S3Access for Backend {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let name = cx.s3_op().name();
        let row = operations::find(name).ok_or_else(|| not_implemented(name))?;
        let source =
            cx.headers().get("x-amz-copy-source").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let owner = cx
            .headers()
            .get("x-amz-expected-bucket-owner")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let (bucket, key) = match cx.s3_path() {
            S3Path::Root => (None, None),
            S3Path::Bucket { bucket } => (Some(bucket.to_string()), None),
            S3Path::Object { bucket, key } => (Some(bucket.to_string()), Some(key.to_string())),
        };
        let known = cx.extensions_mut().get::<Known>().cloned();
        let known = known.ok_or_else(|| S3Error::new(S3ErrorCode::InternalError))?;
        let Some(bucket) = bucket else { return self.check_unowned(&known, row, "*") };
        if row.name == "CreateBucket" {
            return self.check_unowned(&known, row, &arn(&bucket, None));
        }
        self.check(&known, row.action, (&bucket, key.as_deref()), owner.as_deref())?;
        match source.map(|source| CopySource::parse(&source)) {
            Some(Ok(CopySource::Bucket { bucket, key, .. })) => {
                self.check(&known, "s3:GetObject", (&bucket, Some(&key)), None)
            }
            _ => Ok(()),
        }
    }
}

/// The ARN of a bucket or an object.
pub(crate) fn arn(bucket: &str, key: Option<&str>) -> String {
    key.map_or_else(|| format!("arn:aws:s3:::{bucket}"), |key| format!("arn:aws:s3:::{bucket}/{key}"))
}

/// `AccessDenied`: an account is told why, whoever has not signed is not.
pub(crate) fn unauthorized(
    account: Option<AccountId>,
    (action, resource): (&str, &str),
    because: &str,
) -> S3Error {
    let Some(account) = account else { return denied("Access Denied") };
    denied(format!(
        "User: arn:aws:iam::{account}:root is not authorized to perform: {action} on resource: \"{resource}\" {because}"
    ))
}

impl Backend {
    /// What is about no bucket that is there: whoever has signed may.
    fn check_unowned(&self, known: &Known, row: &Row, resource: &str) -> S3Result<()> {
        self.check_passage(known, row.action, resource)?;
        match known.caller {
            Caller::Account(..) => Ok(()),
            Caller::Anyone => Err(denied("Access Denied")),
        }
    }

    /// Refuses what the endpoint or the bucket's policy does not allow, or a bucket of another than the owner expected.
    ///
    /// # Errors
    /// Those refusals; no such bucket.
    pub(crate) fn check(
        &self,
        known: &Known,
        action: &str,
        (bucket, key): (&str, Option<&str>),
        owner: Option<&str>,
    ) -> S3Result<()> {
        let resource = arn(bucket, key);
        self.check_passage(known, action, &resource)?;
        let bucket = self.buckets.bucket(bucket).map_err(crate::errors::of)?;
        if owner.is_some_and(|owner| owner != bucket.account) {
            return Err(denied("Access Denied"));
        }
        let account = self.account(known);
        let because = match policy::decide(&bucket, account, (action, &resource), &self.context(known)) {
            Decision::Allowed => return Ok(()),
            Decision::ExplicitDeny => "with an explicit deny in a resource-based policy".to_owned(),
            Decision::ImplicitDeny => format!("because no resource-based policy allows the {action} action"),
        };
        Err(unauthorized(account, (action, &resource), &because))
    }

    /// Refuses what the policy of the endpoint that a call came through does not allow.
    fn check_passage(&self, known: &Known, action: &str, resource: &str) -> S3Result<()> {
        let Some(Passage { policy: Some(text), .. }) = &known.call.passage else { return Ok(()) };
        let account = self.account(known);
        let principal = policy::principal(account);
        let context = self.context(known);
        let request = Request { principal: &principal, action, resource, context: &context };
        let policy = PolicyDocument::parse(text).ok();
        let decision = policy.map_or(Decision::ImplicitDeny, |policy| policy.decide_for_principal(&request));
        let because = match decision {
            Decision::Allowed => return Ok(()),
            Decision::ExplicitDeny => "with an explicit deny in a VPC endpoint policy".to_owned(),
            Decision::ImplicitDeny => format!("because no VPC endpoint policy allows the {action} action"),
        };
        Err(unauthorized(account, (action, resource), &because))
    }

    /// The condition keys of a call.
    fn context(&self, known: &Known) -> Context {
        let mut context =
            known.call.passage.as_ref().map(|passage| passage.context.clone()).unwrap_or_default();
        let mut add = |key: &str, value: String| {
            context.entry(key.to_owned()).or_insert_with(|| vec![value]);
        };
        let now = known.call.now.0;
        add("aws:currenttime", weir_wire::Iso(now).to_string());
        add("aws:epochtime", (now / 1000).to_string());
        add("aws:securetransport", "false".to_owned());
        add("aws:requestedregion", self.region(known).to_string());
        if let Some(account) = self.account(known) {
            add("aws:principalaccount", account.to_string());
            add("aws:principalarn", format!("arn:aws:iam::{account}:root"));
            add("aws:principaltype", "Account".to_owned());
        }
        if let Some(source) = known.call.source {
            add("aws:sourceip", source.to_string());
        }
        for (key, value) in &known.keys {
            add(key, value.clone());
        }
        context
    }
}
