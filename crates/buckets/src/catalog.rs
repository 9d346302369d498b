//! The catalog: which buckets, objects, uploads and parts there are, in SQLite.
//!
//! Keys are bytes, so that SQLite compares them as S3 lists them: in the order of their UTF-8. Descriptions are JSON. Every
//! command is one transaction.

use crate::bucket::Bucket;
use crate::disk::Disk;
use crate::disk::catalog::{all, json, number, text};
use crate::files;
use crate::multipart::{Part, Upload};
use crate::object::{Object, Piece};
use crate::refused::{OpenError, Refused};
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeSet;

const FORMAT: i64 = 1;
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, account TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS objects (
        bucket TEXT NOT NULL, key BLOB NOT NULL, body TEXT NOT NULL, PRIMARY KEY (bucket, key)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS uploads (
        bucket TEXT NOT NULL, key BLOB NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (bucket, key, id)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS parts (
        upload TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (upload, number)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS files (id INTEGER PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS inline (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);";

/// Makes the tables; gives the number after all that are taken. Files of nobody are taken away.
pub(crate) fn open(connection: &Connection, disk: &dyn Disk) -> Result<u64, OpenError> {
    let format: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match format {
        0 => connection.pragma_update(None, "user_version", FORMAT)?,
        FORMAT => {}
        other => return Err(OpenError::Format(other)),
    }
    connection.execute_batch(SCHEMA)?;
    let known: BTreeSet<u64> =
        all(connection, "SELECT id FROM files", |row| number(row, 0))?.into_iter().collect();
    files::remove_orphans(disk, &known)?;
    let inline: Option<i64> = connection.query_row("SELECT max(id) FROM inline", [], |row| row.get(0))?;
    let last = known.last().copied().unwrap_or(0).max(inline.unwrap_or(0).cast_unsigned());
    Ok(last + 1)
}

/// Rows as a transaction or a reader sees them.
pub(crate) struct Catalog<'a>(pub &'a Connection);

impl Catalog<'_> {
    pub fn bucket(&self, name: &str) -> Result<Option<Bucket>, Refused> {
        let mut find = self.0.prepare_cached("SELECT body FROM buckets WHERE name = ?1")?;
        Ok(find.query_row([name], |row| json(row, 0)).optional()?)
    }

    pub fn buckets(&self, account: &str) -> Result<Vec<Bucket>, Refused> {
        let mut find = self.0.prepare_cached("SELECT body FROM buckets WHERE account = ?1 ORDER BY name")?;
        Ok(find.query_map([account], |row| json(row, 0))?.collect::<Result<_, _>>()?)
    }

    pub fn put_bucket(&self, bucket: &Bucket) -> Result<(), Refused> {
        let mut put = self.0.prepare_cached("INSERT OR REPLACE INTO buckets VALUES (?1, ?2, ?3)")?;
        put.execute(params![bucket.name, bucket.account, text(bucket)])?;
        Ok(())
    }

    pub fn remove_bucket(&self, name: &str) -> Result<(), Refused> {
        self.0.execute("DELETE FROM buckets WHERE name = ?1", [name])?;
        Ok(())
    }

    pub fn has_objects(&self, bucket: &str) -> Result<bool, Refused> {
        let mut find = self.0.prepare_cached("SELECT 1 FROM objects WHERE bucket = ?1 LIMIT 1")?;
        Ok(find.exists([bucket])?)
    }

    pub fn object(&self, bucket: &str, key: &str) -> Result<Option<Object>, Refused> {
        let mut find =
            self.0.prepare_cached("SELECT key, body FROM objects WHERE bucket = ?1 AND key = ?2")?;
        Ok(find.query_row(params![bucket, key.as_bytes()], object).optional()?)
    }

    /// Up to `count` objects whose keys are after or at `from`, in order.
    pub fn objects_from(&self, bucket: &str, from: &[u8], count: usize) -> Result<Vec<Object>, Refused> {
        let query = "SELECT key, body FROM objects WHERE bucket = ?1 AND key >= ?2 ORDER BY key LIMIT ?3";
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let mut find = self.0.prepare_cached(query)?;
        Ok(find.query_map(params![bucket, from, count], object)?.collect::<Result<_, _>>()?)
    }

    pub fn put_object(&self, bucket: &str, object: &Object) -> Result<(), Refused> {
        let mut put = self.0.prepare_cached("INSERT OR REPLACE INTO objects VALUES (?1, ?2, ?3)")?;
        put.execute(params![bucket, object.key.as_bytes(), text(object)])?;
        Ok(())
    }

    pub fn remove_object(&self, bucket: &str, key: &str) -> Result<(), Refused> {
        let mut remove = self.0.prepare_cached("DELETE FROM objects WHERE bucket = ?1 AND key = ?2")?;
        remove.execute(params![bucket, key.as_bytes()])?;
        Ok(())
    }

    pub fn upload(&self, bucket: &str, key: &str, id: &str) -> Result<Option<Upload>, Refused> {
        let query = "SELECT key, id, body FROM uploads WHERE bucket = ?1 AND key = ?2 AND id = ?3";
        let mut find = self.0.prepare_cached(query)?;
        Ok(find.query_row(params![bucket, key.as_bytes(), id], upload).optional()?)
    }

    /// All uploads to a bucket, by key and then by age.
    pub fn uploads(&self, bucket: &str) -> Result<Vec<Upload>, Refused> {
        let query = "SELECT key, id, body FROM uploads WHERE bucket = ?1 ORDER BY key, id";
        let mut find = self.0.prepare_cached(query)?;
        Ok(find.query_map([bucket], upload)?.collect::<Result<_, _>>()?)
    }

    pub fn put_upload(&self, bucket: &str, upload: &Upload) -> Result<(), Refused> {
        let mut put = self.0.prepare_cached("INSERT INTO uploads VALUES (?1, ?2, ?3, ?4)")?;
        put.execute(params![bucket, upload.key.as_bytes(), upload.id, text(upload)])?;
        Ok(())
    }

    /// Forgets an upload and its parts, not their bytes.
    pub fn remove_upload(&self, bucket: &str, upload: &Upload) -> Result<(), Refused> {
        let key = upload.key.as_bytes();
        let query = "DELETE FROM uploads WHERE bucket = ?1 AND key = ?2 AND id = ?3";
        self.0.execute(query, params![bucket, key, upload.id])?;
        self.0.execute("DELETE FROM parts WHERE upload = ?1", [&upload.id])?;
        Ok(())
    }

    pub fn part(&self, upload: &str, number: u32) -> Result<Option<Part>, Refused> {
        let mut find = self.0.prepare_cached("SELECT body FROM parts WHERE upload = ?1 AND number = ?2")?;
        Ok(find.query_row(params![upload, number], |row| json(row, 0)).optional()?)
    }

    /// All parts of an upload, by number.
    pub fn parts(&self, upload: &str) -> Result<Vec<Part>, Refused> {
        let mut find = self.0.prepare_cached("SELECT body FROM parts WHERE upload = ?1 ORDER BY number")?;
        Ok(find.query_map([upload], |row| json(row, 0))?.collect::<Result<_, _>>()?)
    }

    pub fn put_part(&self, upload: &str, part: &Part) -> Result<(), Refused> {
        let mut put = self.0.prepare_cached("INSERT OR REPLACE INTO parts VALUES (?1, ?2, ?3)")?;
        put.execute(params![upload, part.number, text(part)])?;
        Ok(())
    }

    pub fn add_piece(&self, piece: Piece, inline: &[u8]) -> Result<(), Refused> {
        let id = piece.id.cast_signed();
        match piece.is_inline {
            true => {
                self.0.prepare_cached("INSERT INTO inline VALUES (?1, ?2)")?.execute(params![id, inline])?
            }
            false => self.0.prepare_cached("INSERT INTO files VALUES (?1)")?.execute([id])?,
        };
        Ok(())
    }

    pub fn remove_piece(&self, piece: Piece) -> Result<(), Refused> {
        let table = if piece.is_inline { "inline" } else { "files" };
        let mut remove = self.0.prepare_cached(&format!("DELETE FROM {table} WHERE id = ?1"))?;
        remove.execute([piece.id.cast_signed()])?;
        Ok(())
    }

    pub fn inline(&self, id: u64) -> Result<Vec<u8>, Refused> {
        let mut find = self.0.prepare_cached("SELECT bytes FROM inline WHERE id = ?1")?;
        Ok(find.query_row([id.cast_signed()], |row| row.get(0))?)
    }
}

fn object(row: &Row<'_>) -> rusqlite::Result<Object> {
    Ok(Object { key: key(row)?, ..json(row, 1)? })
}

fn upload(row: &Row<'_>) -> rusqlite::Result<Upload> {
    Ok(Upload { key: key(row)?, id: row.get(1)?, ..json(row, 2)? })
}

fn key(row: &Row<'_>) -> rusqlite::Result<String> {
    String::from_utf8(row.get(0)?).map_err(|error| FromSqlError::other(error).into())
}
