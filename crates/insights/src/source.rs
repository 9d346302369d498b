//! Where rows come from.

use crate::execute::TimeRange;
use crate::value::Value;

/// The discovered fields of one event, in the order found.
pub type Fields = Vec<(String, Value)>;

/// One log event with its system fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `@timestamp`, in milliseconds.
    pub timestamp_ms: i64,
    /// `@ingestionTime`, in milliseconds; `None` for a file.
    pub ingestion_ms: Option<i64>,
    /// `@message`, as written.
    pub message: String,
    /// `@logStream`.
    pub log_stream: String,
    /// `@log`: account and group, `123456789012:/vpc/flow-logs`.
    pub log: String,
    /// `@ptr`: what GetLogRecord takes.
    pub ptr: String,
    /// What was found in the message: [`crate::discover`], or a source's own typed fields.
    pub fields: Fields,
}

/// A set of log events to query.
pub trait Source {
    /// The events of the window, in the order that breaks ties: by time, then as ingested.
    fn scan(&self, window: TimeRange) -> Box<dyn Iterator<Item = Event> + '_>;
}

impl Source for [Event] {
    fn scan(&self, window: TimeRange) -> Box<dyn Iterator<Item = Event> + '_> {
        Box::new(self.iter().filter(move |event| window.contains(event.timestamp_ms)).cloned())
    }
}

impl Source for Vec<Event> {
    fn scan(&self, window: TimeRange) -> Box<dyn Iterator<Item = Event> + '_> {
        self.as_slice().scan(window)
    }
}
