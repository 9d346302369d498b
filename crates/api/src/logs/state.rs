//! What CloudWatch Logs keeps beside groups, streams and events: saved queries, metric filters, and the metrics they make.

use crate::logs::definition::Definition;
use crate::logs::metric_filter::MetricFilters;
use crate::monitoring::metric::Metrics;
use weir_model::table::{Resource, Table};
use weir_model::{Change, Scope, Timestamp};

/// Events as they come in: each a time in ms and a message.
pub type Events<'a> = &'a [(i64, &'a str)];

/// All of it, of all accounts and regions.
#[derive(Default)]
pub struct LogState {
    /// Saved queries.
    pub definitions: Table<Definition>,
    /// Metric filters.
    pub filters: MetricFilters,
    /// What they have counted.
    pub metrics: Metrics,
}

impl LogState {
    /// Takes note of events that a group has taken.
    pub fn note(&mut self, scope: Scope, group: &str, events: Events<'_>, now: Timestamp) {
        let points = self.filters.points(scope, group, events);
        self.metrics.add(scope, points, now);
    }

    /// Forgets what belongs to a group that is gone.
    pub fn forget_group(&mut self, scope: Scope, group: &str) {
        self.filters.remove_group(scope, group);
    }

    /// Puts back a resource read from disk. `Ok(false)` if nothing here is of this kind.
    ///
    /// # Errors
    /// The text is not a resource of that kind.
    pub fn restore(&mut self, kind: &str, body: &str) -> Result<bool, serde_json::Error> {
        if kind == Definition::KIND {
            return self.definitions.restore(body).map(|()| true);
        }
        Ok(self.filters.restore(kind, body)? || self.metrics.restore(kind, body)?)
    }

    /// Moves what changed since the last call to `out`.
    pub fn drain_changes(&mut self, out: &mut Vec<Change>) {
        self.definitions.drain_changes(out);
        self.filters.drain_changes(out);
        self.metrics.drain_changes(out);
    }
}
