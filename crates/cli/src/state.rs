//! State on disk: each resource is a row; what a call changed is written in one transaction before the call is answered.
//!
//! One thread owns the database. It takes all changes that wait, writes them in one transaction, and then tells every
//! waiting call (group commit), so that many clients share one sync of the disk. A transaction that fails is reported to
//! its calls and tried again with the next one, so that memory and disk do not drift apart.

use crate::complaint::complain;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use weir_model::Change;

const FILE: &str = "state.db";
const FORMAT: i64 = 1;
/// Most calls that share a transaction.
const GROUP_MAX: usize = 1024;

/// A resource as it was stored: its table, its JSON.
pub type Stored = (String, String);

/// Where calls hand in what they changed.
#[derive(Clone)]
pub struct State {
    queue: Sender<Batch>,
}

/// The outcome of a transaction, for one call.
pub type Committed = oneshot::Receiver<Result<(), String>>;

struct Batch {
    changes: Vec<Change>,
    done: oneshot::Sender<Result<(), String>>,
}

impl State {
    /// Opens the database in `folder`, made if it is not there; also gives what it holds and the thread to wait for at the end.
    ///
    /// # Errors
    /// The folder cannot be written, or holds a state that a later version of Weir made.
    pub fn open(folder: &Path) -> Result<(State, Vec<Stored>, JoinHandle<()>), String> {
        let database = open(&folder.join(FILE)).map_err(|error| format!("{}: {error}", folder.display()))?;
        check_format(&database)?;
        let stored = load(&database).map_err(|error| error.to_string())?;
        let (queue, batches) = channel();
        let writer =
            std::thread::Builder::new().name("state".into()).spawn(move || write(database, &batches));
        Ok((State { queue }, stored, writer.map_err(|error| error.to_string())?))
    }

    /// Hands in what a call changed. Must be called in the order of the calls.
    pub fn commit(&self, changes: Vec<Change>) -> Committed {
        let (done, committed) = oneshot::channel();
        // If the writer has gone, `done` is dropped with the batch and the call learns that nothing was committed.
        let _ = self.queue.send(Batch { changes, done });
        committed
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let database = Connection::open(path)?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    database.execute_batch(
        "CREATE TABLE IF NOT EXISTS resource (kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID",
    )?;
    Ok(database)
}

/// Refuses a state of another format; a fresh one gets ours.
fn check_format(database: &Connection) -> Result<(), String> {
    let format: i64 =
        database.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(|error| error.to_string())?;
    match format {
        0 => database.pragma_update(None, "user_version", FORMAT).map_err(|error| error.to_string()),
        FORMAT => Ok(()),
        other => {
            Err(format!("the state has format {other}, this weir reads {FORMAT}; use another --data folder"))
        }
    }
}

fn load(database: &Connection) -> rusqlite::Result<Vec<Stored>> {
    let mut rows = database.prepare("SELECT kind, body FROM resource ORDER BY kind, key")?;
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn write(mut database: Connection, batches: &Receiver<Batch>) {
    let mut unwritten = BTreeMap::new();
    while let Ok(first) = batches.recv() {
        let group: Vec<Batch> =
            std::iter::once(first).chain(batches.try_iter().take(GROUP_MAX - 1)).collect();
        let mut waiting = Vec::with_capacity(group.len());
        for batch in group {
            unwritten
                .extend(batch.changes.into_iter().map(|change| ((change.kind, change.key), change.body)));
            waiting.push(batch.done);
        }
        let outcome = transaction(&mut database, &unwritten).map_err(|error| error.to_string());
        match &outcome {
            Ok(()) => unwritten.clear(),
            Err(error) => complain(format_args!("state not written: {error}")),
        }
        // A call that no longer waits has lost its client; what it changed is written all the same.
        waiting.into_iter().for_each(|done| drop(done.send(outcome.clone())));
    }
}

type Unwritten = BTreeMap<(&'static str, String), Option<String>>;

fn transaction(database: &mut Connection, changes: &Unwritten) -> rusqlite::Result<()> {
    let transaction = database.transaction()?;
    {
        let mut put = transaction
            .prepare_cached("INSERT OR REPLACE INTO resource (kind, key, body) VALUES (?1, ?2, ?3)")?;
        let mut remove = transaction.prepare_cached("DELETE FROM resource WHERE kind = ?1 AND key = ?2")?;
        for ((kind, key), body) in changes {
            match body {
                Some(body) => put.execute(params![kind, key, body])?,
                None => remove.execute(params![kind, key])?,
            };
        }
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("weir-state-{name}-{}", std::process::id()));
        // A folder that is not there is as good as one removed.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
        folder
    }

    fn change(key: &str, body: Option<&str>) -> Change {
        Change { kind: "vpc", key: key.into(), body: body.map(str::to_owned) }
    }

    #[test]
    fn what_was_committed_is_there_again() {
        let folder = folder("again");
        let (state, stored, writer) = State::open(&folder).expect("a fresh state");
        assert_eq!(stored, vec![]);
        let first = state.commit(vec![change("a", Some("1")), change("b", Some("2"))]);
        let second = state.commit(vec![change("a", None), change("c", Some("3"))]);
        assert_eq!((first.blocking_recv(), second.blocking_recv()), (Ok(Ok(())), Ok(Ok(()))));
        drop(state);
        writer.join().expect("the writer ends when nobody can hand in");
        let (_, stored, _) = State::open(&folder).expect("the same state");
        assert_eq!(stored, vec![("vpc".into(), "2".into()), ("vpc".into(), "3".into())]);
    }

    #[test]
    fn a_state_of_another_format_is_refused() {
        let folder = folder("format");
        let database = open(&folder.join(FILE)).expect("a database");
        database.pragma_update(None, "user_version", 99).expect("set");
        drop(database);
        assert!(State::open(&folder).err().is_some_and(|message| message.contains("format 99")));
    }
}
