//! Where the answers of scheduled queries go: to a bucket, as JSON, or into a lookup table.
//!
//! A role writes, which CloudWatch Logs assumes: what it may is asked at each delivery, and of a bucket also its policy.
//!
//! Source: CloudWatch Logs User Guide, "Understanding scheduled queries concepts" (the roles, the form of the object), "Configuring S3
//! destinations for scheduled queries", "Configuring lookup table destinations for scheduled queries" (read 2026-11). Assumptions: the key of an object, PREFIX/QUERY-ID.json; values are texts, as in
//! GetQueryResults, and absent ones are left out; `@ptr` is in no lookup table either; a table is named by its name before and its
//! ARN after the delivery; whatever the user can mend is a `CLIENT_ERROR`; the words of errors.

use crate::bucket_policy::said_of;
use crate::logs::check::{constraint, length};
use crate::logs::encryption::check_key;
use crate::logs::lookup_table::{self, NewTable};
use crate::logs::scheduled_query::{ARN_CHARS_MAX, DESCRIPTION_CHARS_MAX, ScheduledQuery};
use crate::logs::tag;
use crate::operation::{Context, Error};
use serde::{Deserialize, Serialize, Serializer};
use weir_buckets::{Bucket, Condition, Description};
use weir_insights::{QueryResult, ResultRow};
use weir_model::Tags;
use weir_model::iam::evaluate::Context as Conditions;
use weir_model::iam::role::Role;
use weir_model::iam::{Decision, Identities, Principal};

/// The service that assumes the roles of scheduled queries.
const SERVICE: &str = "logs.amazonaws.com";
const URI_CHARS_MAX: usize = 1024;

/// Where the answers of a scheduled query go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Destinations {
    /// To a bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_configuration: Option<S3Configuration>,
    /// Into a lookup table.
    #[serde(skip_serializing_if = "Option::is_none")]
    lookup_table_configuration: Option<LookupTableConfiguration>,
}

/// A bucket and a prefix in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct S3Configuration {
    /// `s3://bucket/prefix`.
    destination_identifier: String,
    /// The ARN of the role that writes there.
    role_arn: String,
    /// The account that is to own the bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_account_id: Option<String>,
    /// Without effect: nothing is encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
}

/// A lookup table that is made or replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LookupTableConfiguration {
    /// Its name.
    table_name: String,
    /// The ARN of the role that makes and changes it.
    role_arn: String,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Without effect but that it is shown: nothing is encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    /// The tags that it gets when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Tags>,
}

impl Destinations {
    /// Refuses what is malformed.
    ///
    /// # Errors
    /// `InvalidParameterException`.
    pub fn check(&self) -> Result<(), Error> {
        if let Some(s3) = &self.s3_configuration {
            s3.check()?;
        }
        self.lookup_table_configuration.as_ref().map_or(Ok(()), LookupTableConfiguration::check)
    }
}

impl S3Configuration {
    /// The bucket and the prefix, without a slash before it.
    fn place(&self) -> (&str, &str) {
        let place = self.destination_identifier.strip_prefix("s3://").unwrap_or(&self.destination_identifier);
        place.split_once('/').unwrap_or((place, ""))
    }

    /// The key of the object with the answer of a query.
    fn key(&self, query_id: &str) -> String {
        match self.place().1 {
            "" => format!("{query_id}.json"),
            prefix => format!("{}/{query_id}.json", prefix.strip_suffix('/').unwrap_or(prefix)),
        }
    }

    fn check(&self) -> Result<(), Error> {
        let member = "destinationConfiguration.s3Configuration.destinationIdentifier";
        length(&self.destination_identifier, member, 0..=URI_CHARS_MAX)?;
        let (bucket, _) = self.place();
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let ends = bucket.bytes().next().zip(bucket.bytes().last());
        let is_bucket = (3..=63).contains(&bucket.len())
            && bucket.bytes().all(|byte| is_plain(byte) || b".-".contains(&byte))
            && ends.is_some_and(|(first, last)| is_plain(first) && is_plain(last));
        if !self.destination_identifier.starts_with("s3://") || !is_bucket {
            let rule = r"satisfy regular expression pattern: s3://[a-z0-9][\.\-a-z0-9]{1,61}[a-z0-9](/.*)?";
            return Err(constraint(&self.destination_identifier, member, rule));
        }
        length(&self.role_arn, "destinationConfiguration.s3Configuration.roleArn", 1..=ARN_CHARS_MAX)?;
        if let Some(account) = &self.owner_account_id
            && !(account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()))
        {
            let member = "destinationConfiguration.s3Configuration.ownerAccountId";
            return Err(constraint(account, member, r"satisfy regular expression pattern: ^\d{12}$"));
        }
        self.kms_key_id.as_deref().map_or(Ok(()), check_key)
    }
}

impl LookupTableConfiguration {
    fn check(&self) -> Result<(), Error> {
        let member = |name: &str| format!("destinationConfiguration.lookupTableConfiguration.{name}");
        lookup_table::check_name(&self.table_name, &member("tableName"))?;
        length(&self.role_arn, &member("roleArn"), 1..=ARN_CHARS_MAX)?;
        let description = self.description.as_deref().unwrap_or_default();
        length(description, &member("description"), 0..=DESCRIPTION_CHARS_MAX)?;
        self.tags.as_ref().map_or(Ok(()), |tags| tag::check(&Tags::default(), tags))?;
        self.kms_key_id.as_deref().map_or(Ok(()), check_key)
    }
}

/// Which kind of destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum DestinationType {
    #[serde(rename = "S3")]
    Bucket,
    #[serde(rename = "LOOKUP_TABLE")]
    LookupTable,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ActionStatus {
    Complete,
    ClientError,
    Failed,
}

/// What became of an answer at a destination, as answers show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivered {
    destination_type: DestinationType,
    destination_identifier: String,
    status: ActionStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    processed_identifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
}

/// Why an answer has not been delivered.
enum Undelivered {
    /// Something that the user can mend.
    Client(String),
    /// A fault of ours.
    Fault(String),
}

impl Delivered {
    /// Notes where an answer has arrived, or why it has not.
    fn of((kind, identifier): (DestinationType, &str), outcome: Result<String, Undelivered>) -> Delivered {
        let (status, processed_identifier, error_message) = match outcome {
            Ok(processed) => (ActionStatus::Complete, Some(processed), None),
            Err(Undelivered::Client(why)) => (ActionStatus::ClientError, None, Some(why)),
            Err(Undelivered::Fault(why)) => (ActionStatus::Failed, None, Some(why)),
        };
        let destination_identifier = identifier.to_owned();
        Delivered {
            destination_type: kind,
            destination_identifier,
            status,
            processed_identifier,
            error_message,
        }
    }
}

/// A role at work for a scheduled query.
pub(super) struct Worker<'a> {
    identities: &'a Identities,
    role: &'a Role,
    conditions: Conditions,
}

impl Worker<'_> {
    /// Refuses what the role's policies do not allow.
    ///
    /// # Errors
    /// That refusal, in words.
    pub fn check(&self, action: &str, resource: &str) -> Result<(), String> {
        match self.identities.decide(self.role, action, resource, &self.conditions) {
            Decision::Allowed => Ok(()),
            _ => Err(self.unauthorized(action, resource)),
        }
    }

    /// Refuses to write an object, unless the role's policies and the bucket's allow it.
    fn check_put(&self, bucket: &Bucket, key: &str) -> Result<(), String> {
        let (action, resource) = ("s3:PutObject", format!("arn:aws:s3:::{}/{key}", bucket.name));
        let principal = Principal::Aws(self.role.arn());
        let (own, boundary) = self.identities.decide_apart(self.role, action, &resource, &self.conditions);
        let said = said_of(bucket, &principal, (action, &resource), &self.conditions);
        let is_own = bucket.account == self.role.account.to_string();
        match own.allows_with(boundary, said, is_own) {
            true => Ok(()),
            false => Err(self.unauthorized(action, &resource)),
        }
    }

    fn unauthorized(&self, action: &str, resource: &str) -> String {
        format!("The role {} is not authorized to perform: {action} on resource: {resource}", self.role.arn())
    }
}

impl Context<'_> {
    /// The caller's role with this ARN, assumed by the service for a scheduled query.
    ///
    /// # Errors
    /// There is no such role, or it does not trust the service; in words.
    pub(super) fn worker(&self, query: &ScheduledQuery, role_arn: &str) -> Result<Worker<'_>, String> {
        let conditions = Conditions::from([
            ("aws:sourceaccount".to_owned(), vec![query.scope.account.to_string()]),
            ("aws:sourcearn".to_owned(), vec![query.arn()]),
        ]);
        let identities = &*self.identities;
        let role = identities.role_by_arn(role_arn).filter(|role| role.account == query.scope.account);
        let service = Principal::Service(SERVICE.to_owned());
        let trusting = role.filter(|role| identities.may_assume(role, &service, &conditions));
        let refused = || format!("{SERVICE} cannot assume the role {role_arn}");
        trusting.map(|role| Worker { identities, role, conditions }).ok_or_else(refused)
    }

    /// Delivers the answer of a scheduled query to all its destinations.
    pub(super) fn deliver(&mut self, query: &ScheduledQuery, query_id: &str) -> Vec<Delivered> {
        let Some(Destinations { s3_configuration, lookup_table_configuration }) = &query.spec.destinations
        else {
            return vec![];
        };
        let mut delivered = vec![];
        if let Some(s3) = s3_configuration {
            let outcome = self.deliver_to_bucket(query, s3, query_id);
            delivered.push(Delivered::of((DestinationType::Bucket, &s3.destination_identifier), outcome));
        }
        if let Some(table) = lookup_table_configuration {
            let outcome = self.deliver_to_table(query, table, query_id);
            delivered.push(Delivered::of((DestinationType::LookupTable, &table.table_name), outcome));
        }
        delivered
    }

    /// Makes an object of the answer; gives its URI.
    fn deliver_to_bucket(
        &self,
        query: &ScheduledQuery,
        s3: &S3Configuration,
        query_id: &str,
    ) -> Result<String, Undelivered> {
        let fault = |what: &str| Undelivered::Fault(what.to_owned());
        let buckets = self.buckets.ok_or_else(|| fault("there are no buckets"))?;
        let worker = self.worker(query, &s3.role_arn).map_err(Undelivered::Client)?;
        let ((name, _), key) = (s3.place(), s3.key(query_id));
        let missing = || Undelivered::Client("The specified bucket does not exist".to_owned());
        let bucket = buckets.bucket(name).map_err(|_| missing())?;
        worker.check_put(&bucket, &key).map_err(Undelivered::Client)?;
        let own = query.scope.account.to_string();
        if bucket.account != *s3.owner_account_id.as_ref().unwrap_or(&own) {
            return Err(Undelivered::Client("The bucket is owned by another account".to_owned()));
        }
        let body = self.queries.find(query.scope, query_id).and_then(|found| found.view(rows_as_json));
        let body = body.ok_or_else(|| fault("the results are gone"))?;
        let mut draft = buckets.draft();
        draft.write(&body).map_err(|error| fault(&error.to_string()))?;
        let content = draft.finish().map_err(|error| fault(&error.to_string()))?;
        let attributes = [("content-type".to_owned(), "application/json".to_owned())].into();
        let description = Description { attributes, ..Description::default() };
        let put = buckets.put((name, &key), content, description, &Condition::Always, self.now.0);
        put.map_err(|error| fault(&error.to_string()))?;
        Ok(format!("s3://{name}/{key}"))
    }

    /// Makes a lookup table of the answer, or replaces its rows; gives its ARN.
    fn deliver_to_table(
        &mut self,
        query: &ScheduledQuery,
        into: &LookupTableConfiguration,
        query_id: &str,
    ) -> Result<String, Undelivered> {
        let worker = self.worker(query, &into.role_arn).map_err(Undelivered::Client)?;
        let action = match self.lookup_table(&into.table_name) {
            Some(_) => "logs:UpdateLookupTable",
            None => "logs:CreateLookupTable",
        };
        let arn = lookup_table::arn(query.scope, &into.table_name);
        worker.check("logs:GetQueryResults", "*").map_err(Undelivered::Client)?;
        worker.check(action, &arn).map_err(Undelivered::Client)?;
        let body = self.queries.find(query.scope, query_id).and_then(|found| found.view(rows_as_csv));
        let body = body.ok_or_else(|| Undelivered::Fault("the results are gone".to_owned()))?;
        let table = NewTable {
            name: into.table_name.clone(),
            description: into.description.clone(),
            body,
            kms_key: into.kms_key_id.clone(),
            tags: into.tags.clone().unwrap_or_default(),
        };
        let put = self.put_lookup_table(table);
        put.map(|()| arn).map_err(|error| Undelivered::Client(error.into_wire().message))
    }
}

/// The names that are shown, each with its place in the rows.
fn columns(result: &QueryResult) -> impl Iterator<Item = (usize, &str)> {
    let named = result.columns.iter().map(String::as_str).enumerate();
    named.filter(|(_, name)| *name != "@ptr")
}

/// The rows as an array of objects, a member for each present field.
fn rows_as_json(result: &QueryResult) -> Vec<u8> {
    let rows: Vec<Row<'_>> = result.rows.iter().map(|row| Row { result, row }).collect();
    serde_json::to_vec(&rows).expect("rows are texts")
}

/// A row as an object.
struct Row<'a> {
    result: &'a QueryResult,
    row: &'a ResultRow,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = columns(self.result);
        let present = fields.filter_map(|(at, name)| Some((name, self.row.values.get(at)?.as_deref()?)));
        serializer.collect_map(present)
    }
}

/// The rows as CSV with a header (RFC 4180).
fn rows_as_csv(result: &QueryResult) -> String {
    let header = columns(result).map(|(_, name)| cell(name)).collect::<Vec<_>>().join(",");
    let rows = result.rows.iter().map(|row| {
        let value = |at: usize| row.values.get(at).and_then(|value| value.as_deref()).unwrap_or_default();
        columns(result).map(|(at, _)| cell(value(at))).collect::<Vec<_>>().join(",")
    });
    std::iter::once(header).chain(rows).map(|line| line + "\n").collect()
}

/// A text as a cell, in quotes if it must be.
fn cell(text: &str) -> String {
    match text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
