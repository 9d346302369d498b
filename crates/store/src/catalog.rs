//! The catalog: which groups, streams and segments there are, in SQLite.
//!
//! It is written when rows are sealed or expire and when groups go, never for an append: one transaction each time, and
//! that transaction is the moment at which the change has happened. Between, the write-ahead log holds what is newer.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, Row, Transaction, params};

use crate::disk::Disk;
use crate::disk::catalog::{all, json, number, text};
use crate::group::{Group, Stream};
use crate::lock;
use crate::segment::Segment;
use crate::state::Hidden;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS groups (
        id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
        description TEXT NOT NULL, hidden TEXT NOT NULL, sealed_lsn INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS streams (
        id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS streams_of_group ON streams (group_id);
    CREATE TABLE IF NOT EXISTS segments (
        id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL, path TEXT NOT NULL, format TEXT,
        min_ms INTEGER NOT NULL, max_ms INTEGER NOT NULL, min_sequence INTEGER NOT NULL, rows INTEGER NOT NULL,
        bytes INTEGER NOT NULL, raw_bytes INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS segments_of_group ON segments (group_id);";

/// What catalogs had not at first, each with whether this one has it and what gives it to it.
const LATER: &[(&str, &str)] = &[(
    "SELECT COUNT(*) FROM pragma_table_info('segments') WHERE name = 'entity_bytes'",
    "ALTER TABLE segments ADD COLUMN entity_bytes INTEGER NOT NULL DEFAULT 0",
)];

/// The database.
#[derive(Debug)]
pub(crate) struct Catalog {
    connection: Arc<Mutex<Connection>>,
}

/// A group's row.
#[derive(Clone, Debug)]
pub(crate) struct GroupRow {
    pub id: u64,
    pub group: Group,
    pub hidden: Vec<Hidden>,
    pub sealed_lsn: u64,
}

/// A stream's row.
#[derive(Clone, Debug)]
pub(crate) struct StreamRow {
    pub id: u64,
    pub group: u64,
    pub stream: Stream,
}

/// Numbers that outlive what they were given to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// The catalog knows all changes of groups and streams up to this frame.
    pub lsn: u64,
    pub last_id: u64,
    pub last_sequence: u64,
}

/// Everything in the catalog.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub numbers: Numbers,
    pub groups: Vec<GroupRow>,
    pub streams: Vec<StreamRow>,
    /// With their groups.
    pub segments: Vec<(u64, Segment)>,
}

/// What one transaction changes.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub numbers: Numbers,
    pub groups: Vec<GroupRow>,
    pub streams: Vec<StreamRow>,
    pub removed_groups: Vec<u64>,
    pub removed_streams: Vec<u64>,
    /// With their group.
    pub added: Vec<(u64, Arc<Segment>)>,
    pub removed: Vec<u64>,
}

impl Catalog {
    /// The catalog of `disk`, with its tables.
    pub fn open(disk: &dyn Disk) -> rusqlite::Result<Self> {
        let connection = disk.catalog()?;
        {
            let connection = lock(&connection);
            connection.execute_batch(SCHEMA)?;
            for (is_there, add) in LATER {
                if !connection.query_row(is_there, [], |row| row.get(0))? {
                    connection.execute_batch(add)?;
                }
            }
        }
        Ok(Catalog { connection })
    }

    /// Reads all of it.
    pub fn load(&self, disk: &Arc<dyn Disk>) -> rusqlite::Result<Content> {
        let connection = lock(&self.connection);
        let number = |name: &str| {
            let found =
                connection.query_row("SELECT value FROM numbers WHERE name = ?1", [name], |row| row.get(0));
            match found {
                Err(rusqlite::Error::QueryReturnedNoRows) => Ok(0),
                other => other.map(i64::cast_unsigned),
            }
        };
        Ok(Content {
            numbers: Numbers {
                lsn: number("lsn")?,
                last_id: number("id")?,
                last_sequence: number("sequence")?,
            },
            groups: all(&connection, "SELECT id, description, hidden, sealed_lsn FROM groups", group)?,
            streams: all(&connection, "SELECT id, group_id, description FROM streams", stream)?,
            segments: all(
                &connection,
                "SELECT id, group_id, path, format, min_ms, max_ms, min_sequence, rows, bytes, raw_bytes,
                 entity_bytes FROM segments ORDER BY id",
                |row| segment(row, disk),
            )?,
        })
    }

    /// Makes `change` happen, all of it or nothing.
    pub fn commit(&self, change: &Change) -> rusqlite::Result<()> {
        let mut connection = lock(&self.connection);
        let transaction = connection.transaction()?;
        put_metadata(&transaction, change)?;
        remove(&transaction, change)?;
        add_segments(&transaction, change)?;
        transaction.commit()
    }
}

fn group(row: &Row<'_>) -> rusqlite::Result<GroupRow> {
    Ok(GroupRow {
        id: number(row, 0)?,
        group: json(row, 1)?,
        hidden: json(row, 2)?,
        sealed_lsn: number(row, 3)?,
    })
}

fn stream(row: &Row<'_>) -> rusqlite::Result<StreamRow> {
    Ok(StreamRow { id: number(row, 0)?, group: number(row, 1)?, stream: json(row, 2)? })
}

fn segment(row: &Row<'_>, disk: &Arc<dyn Disk>) -> rusqlite::Result<(u64, Segment)> {
    let segment = Segment {
        id: number(row, 0)?,
        path: row.get(2)?,
        format: row.get::<_, Option<String>>(3)?.map(Arc::from),
        min_ms: row.get(4)?,
        max_ms: row.get(5)?,
        min_sequence: number(row, 6)?,
        rows: number(row, 7)?,
        bytes: number(row, 8)?,
        raw_bytes: number(row, 9)?,
        entity_bytes: number(row, 10)?,
        disk: disk.clone(),
        is_doomed: AtomicBool::new(false),
    };
    Ok((number(row, 1)?, segment))
}

fn put_metadata(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    let numbers = change.numbers;
    let mut put = transaction.prepare_cached("INSERT OR REPLACE INTO numbers VALUES (?1, ?2)")?;
    put.execute(params!["lsn", numbers.lsn.cast_signed()])?;
    put.execute(params!["id", numbers.last_id.cast_signed()])?;
    put.execute(params!["sequence", numbers.last_sequence.cast_signed()])?;
    let mut put =
        transaction.prepare_cached("INSERT OR REPLACE INTO groups VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for row in &change.groups {
        let key = &row.group.key;
        let (description, hidden) = (text(&row.group), text(&row.hidden));
        let (id, sealed_lsn) = (row.id.cast_signed(), row.sealed_lsn.cast_signed());
        put.execute(params![id, key.account, key.region, key.name, description, hidden, sealed_lsn])?;
    }
    let mut put = transaction.prepare_cached("INSERT OR REPLACE INTO streams VALUES (?1, ?2, ?3, ?4)")?;
    for row in &change.streams {
        put.execute(params![
            row.id.cast_signed(),
            row.group.cast_signed(),
            row.stream.name,
            text(&row.stream)
        ])?;
    }
    Ok(())
}

fn remove(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    for id in &change.removed_groups {
        transaction.execute("DELETE FROM groups WHERE id = ?1", [id.cast_signed()])?;
        transaction.execute("DELETE FROM streams WHERE group_id = ?1", [id.cast_signed()])?;
        transaction.execute("DELETE FROM segments WHERE group_id = ?1", [id.cast_signed()])?;
    }
    for id in &change.removed_streams {
        transaction.execute("DELETE FROM streams WHERE id = ?1", [id.cast_signed()])?;
    }
    for id in &change.removed {
        transaction.execute("DELETE FROM segments WHERE id = ?1", [id.cast_signed()])?;
    }
    Ok(())
}

fn add_segments(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    let mut put = transaction
        .prepare_cached("INSERT INTO segments VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?;
    for (group, segment) in &change.added {
        put.execute(params![
            segment.id.cast_signed(),
            group.cast_signed(),
            segment.path,
            segment.format.as_deref(),
            segment.min_ms,
            segment.max_ms,
            segment.min_sequence.cast_signed(),
            segment.rows.cast_signed(),
            segment.bytes.cast_signed(),
            segment.raw_bytes.cast_signed(),
            segment.entity_bytes.cast_signed(),
        ])?;
    }
    Ok(())
}
