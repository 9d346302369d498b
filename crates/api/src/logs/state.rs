//! What CloudWatch Logs keeps beside groups, streams and events: saved and scheduled queries, lookup tables, metric filters and the
//! metrics they make, policies, and who is looking on.

use crate::logs::definition::Definition;
use crate::logs::export::{ExportTask, Exports};
use crate::logs::index_policy::IndexPolicy;
use crate::logs::live_tail::Tails;
use crate::logs::lookup_table::LookupTable;
use crate::logs::metric_filter::MetricFilters;
use crate::logs::resource_policy::ResourcePolicy;
use crate::logs::scheduled_run::ScheduledQueries;
use crate::monitoring::metric::{Measured, Metrics};
use weir_model::table::{Resource, Table};
use weir_model::{Change, Scope, Timestamp};
use weir_store::Witness;

/// How long after events it is looked again whether they are durable, if nobody asks before.
const LOOK_MS: i64 = 20;

/// Events as they come in: each a time in ms and a message.
pub type Events<'a> = &'a [(i64, &'a str)];

/// Events that a stream has taken.
pub struct Taken<'a> {
    /// Whose group.
    pub scope: Scope,
    /// The group's name.
    pub group: &'a str,
    /// The stream's.
    pub stream: &'a str,
    /// The events.
    pub events: Events<'a>,
    /// Whether they are durable.
    pub witness: Witness,
}

/// All of it, of all accounts and regions.
#[derive(Default)]
pub struct LogState {
    /// Saved queries.
    pub definitions: Table<Definition>,
    /// Exports to buckets.
    pub exports: Exports,
    /// Metric filters.
    pub filters: MetricFilters,
    /// Lookup tables.
    pub lookup_tables: Table<LookupTable>,
    /// Which fields are to be indexed.
    pub index_policies: Table<IndexPolicy>,
    /// Which services may put events.
    pub policies: Table<ResourcePolicy>,
    /// Scheduled queries, and how they went.
    pub scheduled: ScheduledQueries,
    /// What the filters have counted.
    pub metrics: Metrics,
    /// What they have seen in events that may not be durable yet.
    uncounted: Vec<Uncounted>,
    /// Who is looking on.
    pub tails: Tails,
}

/// What filters have seen in a batch of events.
struct Uncounted {
    witness: Witness,
    scope: Scope,
    measured: Vec<Measured>,
    /// When it was last looked whether they are durable.
    looked: Timestamp,
}

impl LogState {
    /// Takes note of events that a stream has taken. Filters count them once they are durable ([`LogState::count_durable`]).
    pub fn note(&mut self, taken: &Taken<'_>, now: Timestamp) {
        let measured = self.filters.measure(taken.scope, taken.group, taken.events);
        if !measured.is_empty() {
            let (witness, scope) = (taken.witness.clone(), taken.scope);
            self.uncounted.push(Uncounted { witness, scope, measured, looked: now });
        }
        self.tails.note(taken, now);
    }

    /// Counts what has become durable; what the disk has refused is forgotten.
    pub fn count_durable(&mut self, now: Timestamp) {
        for batch in std::mem::take(&mut self.uncounted) {
            match batch.witness.outcome() {
                None => self.uncounted.push(Uncounted { looked: now, ..batch }),
                Some(Ok(())) => self.metrics.add(batch.scope, batch.measured, now),
                Some(Err(_)) => {}
            }
        }
    }

    /// When it is to be looked again whether events are durable; `None` if all are counted.
    pub fn next_count(&self) -> Option<Timestamp> {
        self.uncounted.iter().map(|batch| Timestamp(batch.looked.0 + LOOK_MS)).min()
    }

    /// Forgets what belongs to a group that is gone.
    pub fn forget_group(&mut self, scope: Scope, group: &str) {
        self.filters.remove_group(scope, group);
        let policy = self.policies.iter().find(|policy| policy.is_of(scope, group)).map(ResourcePolicy::key);
        policy.iter().for_each(|key| drop(self.policies.remove(key)));
        let policy =
            self.index_policies.iter().find(|policy| policy.is_of(scope, group)).map(IndexPolicy::key);
        policy.iter().for_each(|key| drop(self.index_policies.remove(key)));
    }

    /// Puts back a resource read from disk. `Ok(false)` if nothing here is of this kind.
    ///
    /// # Errors
    /// The text is not a resource of that kind.
    pub fn restore(&mut self, kind: &str, body: &str) -> Result<bool, serde_json::Error> {
        match kind {
            Definition::KIND => self.definitions.restore(body)?,
            ExportTask::KIND => self.exports.restore(body)?,
            LookupTable::KIND => self.lookup_tables.restore(body)?,
            IndexPolicy::KIND => self.index_policies.restore(body)?,
            ResourcePolicy::KIND => self.policies.restore(body)?,
            _ => {
                return Ok(self.filters.restore(kind, body)?
                    || self.metrics.restore(kind, body)?
                    || self.scheduled.restore(kind, body)?);
            }
        }
        Ok(true)
    }

    /// Moves what changed since the last call to `out`.
    pub fn drain_changes(&mut self, out: &mut Vec<Change>) {
        self.definitions.drain_changes(out);
        self.exports.drain_changes(out);
        self.filters.drain_changes(out);
        self.lookup_tables.drain_changes(out);
        self.index_policies.drain_changes(out);
        self.policies.drain_changes(out);
        self.scheduled.drain_changes(out);
        self.metrics.drain_changes(out);
    }
}
