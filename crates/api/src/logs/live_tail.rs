//! Live Tail: the events of some groups as they come in.
//!
//! A session holds what came in since it was last asked; whoever holds the cloud asks once a second and sends what it gets.
//! An event is shown when it is durable.
//!
//! Assumption: an update names a group by its ARN, of which the documentation says "name or ARN".
//! Source: CloudWatch Logs API Reference, StartLiveTail, LiveTailSessionUpdate; User Guide, "CloudWatch Logs quotas".

use crate::logs::check::{constraint, invalid, length};
use crate::logs::class;
use crate::logs::name;
use crate::logs::pattern::{self, Pattern};
use crate::logs::state::Taken;
use crate::operation::{Context, Error, Operation, Stream};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use weir_model::{Scope, Timestamp};
use weir_store::Witness;
use weir_wire::event_stream::{event, exception, initial_response};

/// How often a session is to be asked.
pub const UPDATE_MS: u64 = 1000;
/// Most events of an update; of more a sample is shown.
const UPDATE_EVENTS_MAX: usize = 500;
/// Most events that wait for a client; then the oldest are dropped.
const WAITING_EVENTS_MAX: usize = 5000;
/// Most bytes of messages that wait for a client; then likewise.
const WAITING_BYTES_MAX: usize = 16 << 20;
/// How long a session lasts.
const SESSION_MS: i64 = 3 * 60 * 60 * 1000;
/// Most sessions of an account in a region at a time.
const SESSIONS_MAX: usize = 15;
const GROUPS_MAX: usize = 10;
const STREAMS_MAX: usize = 100;

/// Opens a session on up to ten groups.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartLiveTail {
    log_group_identifiers: Vec<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefixes: Option<Vec<String>>,
    log_event_filter_pattern: Option<String>,
}

impl Operation for StartLiveTail {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let text = self.log_event_filter_pattern.as_deref().unwrap_or_default();
        length(text, "logEventFilterPattern", 0..=pattern::CHARS_MAX)?;
        let pattern = Pattern::parse(text)?;
        let streams = self.streams()?;
        let groups = self.groups(cx)?;
        if cx.log_state.tails.count(cx.scope) >= SESSIONS_MAX {
            return Err(Error::new(
                "LimitExceededException",
                "The maximum number of concurrent Live Tail sessions has been reached.",
            ));
        }
        let id = cx.ids.uuid();
        let start = SessionStart {
            request_id: cx.request_id.to_owned(),
            session_id: id.clone(),
            log_group_identifiers: self.log_group_identifiers,
            log_stream_names: self.log_stream_names.unwrap_or_default(),
            log_stream_name_prefixes: self.log_stream_name_prefixes.unwrap_or_default(),
            log_event_filter_pattern: text.to_owned(),
        };
        let session = Session {
            scope: cx.scope,
            groups,
            streams,
            pattern,
            started: cx.now,
            waiting: Waiting::default(),
        };
        cx.log_state.tails.sessions.insert(id.clone(), session);
        let opening = [initial_response(), event("sessionStart", &start)].concat();
        *cx.stream = Some(Stream { opening, session: id });
        Ok(())
    }
}

/// The first message of a session: what was asked for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionStart {
    request_id: String,
    session_id: String,
    log_group_identifiers: Vec<String>,
    log_stream_names: Vec<String>,
    log_stream_name_prefixes: Vec<String>,
    log_event_filter_pattern: String,
}

impl StartLiveTail {
    /// The names of the groups and their ARNs.
    fn groups(&self, cx: &Context<'_>) -> Result<BTreeMap<String, String>, Error> {
        if self.log_group_identifiers.is_empty() || self.log_group_identifiers.len() > GROUPS_MAX {
            let given = format!("[{} identifiers]", self.log_group_identifiers.len());
            let rule = format!("have length between 1 and {GROUPS_MAX}");
            return Err(constraint(given, "logGroupIdentifiers", &rule));
        }
        let mut groups = BTreeMap::new();
        for identifier in &self.log_group_identifiers {
            let group = cx.identified_group(identifier, "logGroupIdentifiers")?;
            class::check_tailed(&group, "StartLiveTail")?;
            groups.insert(group.key.name.clone(), name::arn(&group.key));
        }
        Ok(groups)
    }

    fn streams(&self) -> Result<TailedStreams, Error> {
        let given = self.log_stream_names.as_ref().or(self.log_stream_name_prefixes.as_ref());
        if given.is_some() && self.log_group_identifiers.len() > 1 {
            return Err(invalid(
                "Log stream names and prefixes can be specified for a single log group only.",
            ));
        }
        match (&self.log_stream_names, &self.log_stream_name_prefixes) {
            (Some(_), Some(_)) => {
                Err(invalid("Only one of logStreamNames and logStreamNamePrefixes can be specified."))
            }
            (Some(names), None) => Ok(TailedStreams::Named(checked(names, "logStreamNames")?)),
            (None, Some(prefixes)) => {
                Ok(TailedStreams::Prefixed(checked(prefixes, "logStreamNamePrefixes")?))
            }
            (None, None) => Ok(TailedStreams::All),
        }
    }
}

fn checked(names: &[String], member: &str) -> Result<Vec<String>, Error> {
    if names.is_empty() || names.len() > STREAMS_MAX {
        let rule = format!("have length between 1 and {STREAMS_MAX}");
        return Err(constraint(format!("[{} names]", names.len()), member, &rule));
    }
    names.iter().map(|one| name::stream(one, member).map(str::to_owned)).collect()
}

/// What a session is about.
enum TailedStreams {
    All,
    Named(Vec<String>),
    Prefixed(Vec<String>),
}

impl TailedStreams {
    fn has(&self, stream: &str) -> bool {
        match self {
            TailedStreams::All => true,
            TailedStreams::Named(names) => names.iter().any(|name| name == stream),
            TailedStreams::Prefixed(prefixes) => {
                prefixes.iter().any(|prefix| stream.starts_with(prefix.as_str()))
            }
        }
    }
}

/// The sessions that are open. They do not outlive the process.
#[derive(Default)]
pub struct Tails {
    sessions: BTreeMap<String, Session>,
}

/// What to send to the client of a session.
#[derive(Debug, PartialEq, Eq)]
pub enum Update {
    /// This, and more later.
    More(Vec<u8>),
    /// This, and then the end.
    Last(Vec<u8>),
}

impl Tails {
    fn count(&self, scope: Scope) -> usize {
        self.sessions.values().filter(|session| session.scope == scope).count()
    }

    /// Keeps events that a group has taken for the sessions on it.
    pub fn note(&mut self, taken: &Taken<'_>, now: Timestamp) {
        for session in self.sessions.values_mut() {
            session.note(taken, now);
        }
    }

    /// What has come in since a session was last asked; `None` if there is no such session.
    pub fn update(&mut self, session: &str, now: Timestamp) -> Option<Update> {
        let open = self.sessions.get_mut(session)?;
        if now.0 - open.started.0 < SESSION_MS {
            return Some(Update::More(event("sessionUpdate", &open.waiting.update())));
        }
        self.end(session);
        let message = serde_json::json!({ "message": "The Live Tail session has timed out." });
        Some(Update::Last(exception("SessionTimeoutException", &message)))
    }

    /// Closes a session.
    pub fn end(&mut self, session: &str) {
        self.sessions.remove(session);
    }
}

struct Session {
    scope: Scope,
    /// The names of the groups and their ARNs.
    groups: BTreeMap<String, String>,
    streams: TailedStreams,
    pattern: Pattern,
    started: Timestamp,
    waiting: Waiting,
}

impl Session {
    fn note(&mut self, taken: &Taken<'_>, now: Timestamp) {
        let arn = self.groups.get(taken.group).filter(|_| taken.scope == self.scope);
        let Some(arn) = arn.filter(|_| self.streams.has(taken.stream)) else { return };
        let wanted = taken.events.iter().filter(|(_, message)| self.pattern.matches(message));
        let events: VecDeque<LogEvent> = wanted
            .map(|(timestamp, message)| LogEvent {
                log_stream_name: taken.stream.to_owned(),
                log_group_identifier: arn.clone(),
                message: (*message).to_owned(),
                timestamp: *timestamp,
                ingestion_time: now.0,
            })
            .collect();
        self.waiting.put(taken.witness.clone(), events);
    }
}

/// An event as an update shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogEvent {
    log_stream_name: String,
    log_group_identifier: String,
    message: String,
    timestamp: i64,
    ingestion_time: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionUpdate {
    session_metadata: SessionMetadata,
    session_results: Vec<LogEvent>,
}

#[derive(Serialize)]
struct SessionMetadata {
    /// Whether there were more events than are shown.
    sampled: bool,
}

/// Events that wait for a client, each batch with the witness of its durability.
#[derive(Default)]
struct Waiting {
    batches: VecDeque<(Witness, VecDeque<LogEvent>)>,
    count: usize,
    bytes: usize,
    is_sampled: bool,
}

impl Waiting {
    fn put(&mut self, witness: Witness, events: VecDeque<LogEvent>) {
        if events.is_empty() {
            return;
        }
        self.count += events.len();
        self.bytes += events.iter().map(|event| event.message.len()).sum::<usize>();
        self.batches.push_back((witness, events));
        while self.count > WAITING_EVENTS_MAX || self.bytes > WAITING_BYTES_MAX {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        self.is_sampled = true;
        let Some((_, events)) = self.batches.front_mut() else { return };
        if let Some(event) = events.pop_front() {
            self.count -= 1;
            self.bytes -= event.message.len();
        }
        if events.is_empty() {
            self.batches.pop_front();
        }
    }

    /// Takes out what is durable, in the order in which it came; what was not written is dropped.
    fn take_durable(&mut self) -> Vec<LogEvent> {
        let mut durable = vec![];
        while let Some(outcome) = self.batches.front().and_then(|(witness, _)| witness.outcome()) {
            let Some((_, events)) = self.batches.pop_front() else { break };
            self.count -= events.len();
            self.bytes -= events.iter().map(|event| event.message.len()).sum::<usize>();
            if outcome.is_ok() {
                durable.extend(events);
            }
        }
        durable
    }

    fn update(&mut self) -> SessionUpdate {
        let durable = self.take_durable();
        let count = durable.len();
        let is_sampled = std::mem::take(&mut self.is_sampled) || count > UPDATE_EVENTS_MAX;
        let session_results = match count > UPDATE_EVENTS_MAX {
            true => sample(durable),
            false => durable,
        };
        SessionUpdate { session_metadata: SessionMetadata { sampled: is_sampled }, session_results }
    }
}

/// As many events as an update may have, at equal distances.
fn sample(events: Vec<LogEvent>) -> Vec<LogEvent> {
    let count = events.len();
    let is_shown = |at: usize| at * UPDATE_EVENTS_MAX / count != (at + 1) * UPDATE_EVENTS_MAX / count;
    events.into_iter().enumerate().filter(|(at, _)| is_shown(*at)).map(|(_, event)| event).collect()
}
