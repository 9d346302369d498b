//! The actions of a Delta log: what a commit says, one to a line, in JSON.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One thing that a commit says. A row of a checkpoint is one, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    CommitInfo(CommitInfo),
    Protocol(Protocol),
    #[serde(rename = "metaData")]
    Metadata(Metadata),
    Add(Add),
    Remove(Remove),
}

/// What made a commit, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommitInfo {
    pub timestamp: i64,
    pub operation: String,
    #[serde(default)]
    pub engine_info: String,
}

impl CommitInfo {
    pub fn new(operation: &str, now_ms: i64) -> CommitInfo {
        let engine_info = concat!("weir/", env!("CARGO_PKG_VERSION")).to_owned();
        CommitInfo { timestamp: now_ms, operation: operation.to_owned(), engine_info }
    }
}

/// What a reader must know: the first version of the protocol will do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Protocol {
    pub min_reader_version: i32,
    pub min_writer_version: i32,
}

impl Default for Protocol {
    fn default() -> Protocol {
        Protocol { min_reader_version: 1, min_writer_version: 2 }
    }
}

/// What the table is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    pub id: String,
    pub format: Format,
    /// The columns, as JSON in a text.
    pub schema_string: String,
    pub partition_columns: Vec<String>,
    #[serde(default)]
    pub configuration: BTreeMap<String, String>,
    pub created_time: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    pub provider: String,
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

impl Metadata {
    /// A table that has only the columns of its folders.
    pub fn new(partitions: &[(&str, &str)], now_ms: i64) -> Metadata {
        Metadata {
            // A UUID of version 8, which is of the moment (RFC 9562, section 5.8).
            id: format!("00000000-0000-8000-8000-{:012x}", now_ms & 0xffff_ffff_ffff),
            format: Format { provider: "parquet".into(), options: BTreeMap::new() },
            schema_string: schema(partitions.iter().map(|(name, kind)| field(name, kind)).collect()),
            partition_columns: partitions.iter().map(|(name, _)| (*name).to_owned()).collect(),
            configuration: BTreeMap::new(),
            created_time: now_ms,
        }
    }

    /// The same with these columns too.
    pub fn with(mut self, columns: Vec<(String, &str)>) -> Metadata {
        let known: Value = serde_json::from_str(&self.schema_string).unwrap_or_default();
        let mut fields = known["fields"].as_array().cloned().unwrap_or_default();
        let mut is_new = false;
        for (name, kind) in columns {
            if fields.iter().all(|field| field["name"] != name.as_str()) {
                fields.push(field(&name, kind));
                is_new = true;
            }
        }
        if is_new {
            self.schema_string = schema(fields);
        }
        self
    }
}

fn field(name: &str, kind: &str) -> Value {
    json!({ "name": name, "type": kind, "nullable": true, "metadata": {} })
}

fn schema(fields: Vec<Value>) -> String {
    json!({ "type": "struct", "fields": fields }).to_string()
}

/// A file that is part of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Add {
    /// From the table's folder.
    pub path: String,
    pub partition_values: BTreeMap<String, String>,
    pub size: u64,
    pub modification_time: i64,
    pub data_change: bool,
    /// How many rows, and what bounds their columns, as JSON in a text.
    pub stats: String,
}

/// A file that is no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remove {
    pub path: String,
    pub deletion_timestamp: i64,
    pub data_change: bool,
}

/// One action a line.
pub fn lines(actions: &[Action]) -> io::Result<Vec<u8>> {
    let mut lines = vec![];
    for action in actions {
        serde_json::to_writer(&mut lines, action)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// The actions of lines.
///
/// # Errors
/// A line is none.
pub fn parse(lines: &[u8]) -> io::Result<Vec<Action>> {
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| Ok(serde_json::from_slice(line)?)).collect()
}
