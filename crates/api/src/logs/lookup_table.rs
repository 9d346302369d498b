//! Lookup tables: CSV that `lookup` and `cidrlookup` read.
//!
//! Source: CloudWatch Logs API Reference, CreateLookupTable, UpdateLookupTable, GetLookupTable, DescribeLookupTables,
//! DeleteLookupTable; Service Authorization Reference, "Resource types defined by Amazon CloudWatch Logs", for the ARN
//! (2026-11). Assumption: CSV that is none is a `ValidationException`, which both operations that take CSV have, in words of ours.

use crate::logs::check::{constraint, invalid, length, number};
use crate::logs::encryption::check_key;
use crate::logs::group::{last_of, token_after};
use crate::logs::tag;
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_insights::{TABLE_BYTES_MAX, Table, TableError};
use weir_model::table::Resource;
use weir_model::{Scope, Tags, Timestamp};

/// Most lookup tables of an account in a region (CloudWatch Logs User Guide, quotas).
pub const TABLES_MAX: usize = 100;
const NAME_CHARS_MAX: usize = 256;
const DESCRIPTION_CHARS_MAX: usize = 1024;
const ARN_CHARS_MAX: usize = 2048;
const PAGE: usize = 50;
const PAGE_MAX: i64 = 100;

/// A lookup table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct LookupTable {
    stored: Stored,
    /// The rows of its CSV, which queries read.
    table: Arc<Table>,
}

/// What the disk keeps of a lookup table.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored {
    scope: Scope,
    name: String,
    description: Option<String>,
    body: String,
    kms_key: Option<String>,
    tags: Tags,
    changed: Timestamp,
}

impl TryFrom<Stored> for LookupTable {
    type Error = TableError;

    fn try_from(stored: Stored) -> Result<LookupTable, TableError> {
        let table = Arc::new(Table::of_csv(&stored.body)?);
        Ok(LookupTable { stored, table })
    }
}

impl From<LookupTable> for Stored {
    fn from(table: LookupTable) -> Stored {
        table.stored
    }
}

impl Resource for LookupTable {
    type Key = String;
    const KIND: &'static str = "lookup-table";
    fn key(&self) -> String {
        arn(self.stored.scope, &self.stored.name)
    }
}

impl LookupTable {
    fn is_of(&self, scope: Scope) -> bool {
        self.stored.scope == scope
    }

    /// Its tags.
    pub fn tags(&self) -> &Tags {
        &self.stored.tags
    }

    /// Its tags, to be changed.
    pub fn tags_mut(&mut self) -> &mut Tags {
        &mut self.stored.tags
    }
}

/// The ARN of a lookup table.
pub(super) fn arn(scope: Scope, name: &str) -> String {
    format!("arn:aws:logs:{}:{}:lookup-table:{name}", scope.region, scope.account)
}

/// Whether the ARN is that of a lookup table, not of a log group.
pub fn is_arn(arn: &str) -> bool {
    arn.split(':').nth(5) == Some("lookup-table")
}

impl Context<'_> {
    /// The caller's lookup table of this name, as queries read it.
    pub(super) fn lookup_table(&self, name: &str) -> Option<Arc<Table>> {
        self.log_state.lookup_tables.get(&arn(self.scope, name)).map(|table| table.table.clone())
    }

    /// The key of the caller's lookup table with this ARN.
    ///
    /// # Errors
    /// An ARN of something else, or that no table has.
    pub(super) fn lookup_table_key(&self, arn: &str) -> Result<String, Error> {
        length(arn, "lookupTableArn", 1..=ARN_CHARS_MAX)?;
        if !arn.starts_with("arn:") || !is_arn(arn) {
            return Err(invalid("The specified lookupTableArn is not the ARN of a lookup table."));
        }
        let table = self.log_state.lookup_tables.get(&arn.to_owned()).filter(|table| table.is_of(self.scope));
        table.map(LookupTable::key).ok_or_else(missing)
    }
}

/// That no table has the ARN.
pub(super) fn missing() -> Error {
    Error::new("ResourceNotFoundException", "The specified lookup table does not exist.")
}

/// Refuses what is no name, or no beginning of one.
pub(super) fn check_name(name: &str, member: &str) -> Result<(), Error> {
    length(name, member, 1..=NAME_CHARS_MAX)?;
    match name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        true => Ok(()),
        false => Err(constraint(name, member, "satisfy regular expression pattern: ^[a-zA-Z0-9_]+$")),
    }
}

/// The table of a CSV text.
fn read(body: &str) -> Result<Arc<Table>, Error> {
    length(body, "tableBody", 1..=TABLE_BYTES_MAX)?;
    let table = Table::of_csv(body).map_err(|error| Error::new("ValidationException", error.to_string()));
    table.map(Arc::new)
}

/// What a lookup table begins with.
pub(super) struct NewTable {
    /// Its name, which is well formed.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Its CSV.
    pub body: String,
    /// The ARN of its key.
    pub kms_key: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Context<'_> {
    /// Makes the caller's lookup table of this name anew, or replaces its CSV, and its description and key if they are given.
    ///
    /// # Errors
    /// What is no table, and as many tables as there may be. The table is then as it was.
    pub(super) fn put_lookup_table(&mut self, new: NewTable) -> Result<(), Error> {
        let table = read(&new.body)?;
        let Some(changed) = self.log_state.lookup_tables.get_mut(&arn(self.scope, &new.name)) else {
            return self.add_lookup_table(new, table);
        };
        changed.table = table;
        changed.stored.body = new.body;
        changed.stored.changed = self.now;
        changed.stored.description = new.description.or(changed.stored.description.take());
        changed.stored.kms_key = new.kms_key.or(changed.stored.kms_key.take());
        Ok(())
    }

    fn add_lookup_table(&mut self, new: NewTable, table: Arc<Table>) -> Result<(), Error> {
        if self.log_state.lookup_tables.iter().filter(|table| table.is_of(self.scope)).count() >= TABLES_MAX {
            return Err(Error::new("LimitExceededException", "Resource limit exceeded."));
        }
        let NewTable { name, description, body, kms_key, tags } = new;
        let stored = Stored { scope: self.scope, name, description, body, kms_key, tags, changed: self.now };
        self.log_state.lookup_tables.insert(LookupTable { stored, table });
        Ok(())
    }
}

/// Makes a lookup table of CSV.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateLookupTable {
    lookup_table_name: String,
    description: Option<String>,
    table_body: String,
    kms_key_id: Option<String>,
    #[serde(default)]
    tags: Tags,
}

/// The ARN of the table.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateLookupTableResponse {
    lookup_table_arn: String,
    created_at: i64,
}

impl Operation for CreateLookupTable {
    type Response = CreateLookupTableResponse;
    const WITHOUT_EFFECT: &'static [&'static str] = &["kmsKeyId"];

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        check_name(&self.lookup_table_name, "lookupTableName")?;
        length(self.description.as_deref().unwrap_or_default(), "description", 0..=DESCRIPTION_CHARS_MAX)?;
        self.kms_key_id.as_deref().map_or(Ok(()), check_key)?;
        tag::check(&Tags::default(), &self.tags)?;
        let table = read(&self.table_body)?;
        let lookup_table_arn = arn(cx.scope, &self.lookup_table_name);
        if cx.log_state.lookup_tables.get(&lookup_table_arn).is_some() {
            let message = "The specified lookup table already exists.";
            return Err(Error::new("ResourceAlreadyExistsException", message));
        }
        let new = NewTable {
            name: self.lookup_table_name,
            description: self.description,
            body: self.table_body,
            kms_key: self.kms_key_id,
            tags: self.tags,
        };
        cx.add_lookup_table(new, table)?;
        Ok(CreateLookupTableResponse { lookup_table_arn, created_at: cx.now.0 })
    }
}

/// Replaces the CSV of a lookup table, and what else is given.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateLookupTable {
    lookup_table_arn: String,
    description: Option<String>,
    table_body: String,
    kms_key_id: Option<String>,
}

/// When the table was changed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateLookupTableResponse {
    lookup_table_arn: String,
    last_updated_time: i64,
}

impl Operation for UpdateLookupTable {
    type Response = UpdateLookupTableResponse;
    const WITHOUT_EFFECT: &'static [&'static str] = &["kmsKeyId"];

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let key = cx.lookup_table_key(&self.lookup_table_arn)?;
        length(self.description.as_deref().unwrap_or_default(), "description", 0..=DESCRIPTION_CHARS_MAX)?;
        // An empty text takes the key away.
        let kms_key = self.kms_key_id.map(|key| Some(key).filter(|key| !key.is_empty()));
        kms_key.iter().flatten().try_for_each(|key| check_key(key))?;
        let table = read(&self.table_body)?;
        let changed = cx.log_state.lookup_tables.get_mut(&key).ok_or_else(missing)?;
        changed.table = table;
        changed.stored.body = self.table_body;
        changed.stored.changed = cx.now;
        if self.description.is_some() {
            changed.stored.description = self.description;
        }
        if let Some(kms_key) = kms_key {
            changed.stored.kms_key = kms_key;
        }
        Ok(UpdateLookupTableResponse { lookup_table_arn: key, last_updated_time: cx.now.0 })
    }
}

/// Shows a lookup table with its CSV.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetLookupTable {
    lookup_table_arn: String,
}

/// A lookup table with its CSV.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLookupTableResponse {
    #[serde(flatten)]
    detail: Detail,
    table_body: String,
}

/// What is shown of a lookup table in any case.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    lookup_table_arn: String,
    lookup_table_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    size_bytes: usize,
    last_updated_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
}

impl Detail {
    fn of(table: &LookupTable) -> Detail {
        let Stored { name, description, body, kms_key, changed, .. } = &table.stored;
        Detail {
            lookup_table_arn: table.key(),
            lookup_table_name: name.clone(),
            description: description.clone(),
            size_bytes: body.len(),
            last_updated_time: changed.0,
            kms_key_id: kms_key.clone(),
        }
    }
}

impl Operation for GetLookupTable {
    type Response = GetLookupTableResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let key = cx.lookup_table_key(&self.lookup_table_arn)?;
        let table = cx.log_state.lookup_tables.get(&key).ok_or_else(missing)?;
        Ok(GetLookupTableResponse { detail: Detail::of(table), table_body: table.stored.body.clone() })
    }
}

/// Deletes a lookup table. Queries that are running keep it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteLookupTable {
    lookup_table_arn: String,
}

impl Operation for DeleteLookupTable {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let key = cx.lookup_table_key(&self.lookup_table_arn)?;
        cx.log_state.lookup_tables.remove(&key);
        Ok(())
    }
}

/// Lists lookup tables by name, all or those whose name begins so.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeLookupTables {
    lookup_table_name_prefix: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// A page of lookup tables.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLookupTablesResponse {
    lookup_tables: Vec<Listed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(flatten)]
    detail: Detail,
    table_fields: Vec<String>,
    records_count: usize,
}

impl Operation for DescribeLookupTables {
    type Response = DescribeLookupTablesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let size = number(self.max_results, "maxResults", 1..=PAGE_MAX, PAGE)?;
        let prefix = self.lookup_table_name_prefix.as_deref();
        prefix.map_or(Ok(()), |prefix| check_name(prefix, "lookupTableNamePrefix"))?;
        let prefix = prefix.unwrap_or_default();
        let after =
            self.next_token.as_deref().map(|token| last_of(token, cx.now)).transpose()?.unwrap_or_default();
        // The keys are in the order of names: they differ in nothing else.
        let mut found = cx.log_state.lookup_tables.iter().filter(|table| {
            let name = table.stored.name.as_str();
            table.is_of(cx.scope) && name.starts_with(prefix) && name > after.as_str()
        });
        let page: Vec<&LookupTable> = found.by_ref().take(size).collect();
        let last = page.last().filter(|_| found.next().is_some());
        let next_token = last.map(|table| token_after(&table.stored.name, cx.now));
        let listed = |table: &LookupTable| Listed {
            detail: Detail::of(table),
            table_fields: table.table.columns().to_vec(),
            records_count: table.table.rows().len(),
        };
        Ok(DescribeLookupTablesResponse { lookup_tables: page.into_iter().map(listed).collect(), next_token })
    }
}
