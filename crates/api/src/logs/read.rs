//! Reading events: of one stream in pages, or of a group through a filter.
//!
//! Source: CloudWatch Logs API Reference, GetLogEvents and FilterLogEvents.

use crate::logs::check::{constraint, invalid, length, number, time};
use crate::logs::class;
use crate::logs::event::{FilteredLogEvent, OutputLogEvent};
use crate::logs::name;
use crate::logs::pattern::{self, Pattern};
use crate::logs::position::{digits_at, parse_token, position, token};
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use weir_model::Timestamp;
use weir_store::{Direction, EVENT_OVERHEAD_BYTES, GroupKey, Position, Refused, Row, Select, Streams};

/// Most events of an answer, and how many there are if the caller does not say.
const EVENTS_MAX: i64 = 10_000;
/// Most bytes of an answer, counted as PutLogEvents counts them.
const BYTES_MAX: u64 = 1_048_576;
/// Most events that one call of FilterLogEvents looks at; then it answers with what it has, and a token.
const LOOKED_AT_MAX: usize = 100_000;
/// Events before 2024-01-01 are not read backwards by FilterLogEvents.
const BACKWARD_FROM_MS: i64 = 1_704_067_200_000;
/// Most stream names of FilterLogEvents.
const STREAMS_MAX: usize = 100;

/// Reads a page of one stream, forwards or backwards.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetLogEvents {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<i64>,
    start_from_head: Option<bool>,
    /// Accepted without effect: nothing is masked.
    #[serde(rename = "unmask")]
    _unmask: Option<bool>,
}

/// A page of events, oldest first, and where the pages beside it begin. At the end the token is the one that was given.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogEventsResponse {
    events: Vec<OutputLogEvent>,
    next_forward_token: String,
    next_backward_token: String,
}

impl Operation for GetLogEvents {
    type Response = GetLogEventsResponse;
    const WITHOUT_EFFECT: &'static [&'static str] = &["unmask"];

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let stream = name::stream(&self.log_stream_name, "logStreamName")?;
        let limit = number(self.limit, "limit", 1..=EVENTS_MAX, EVENTS_MAX as usize)?;
        let select = self.select(stream, cx.now)?;
        let group = cx.log_group_by(self.log_group_name.as_deref(), self.log_group_identifier.as_deref())?;
        class::check_readable(&group, "GetLogEvents")?;
        cx.logs.stream(&group.key, stream).ok_or(Refused::NoStream)?;
        let (given, direction, from_ms) = (select.after, select.direction, select.from_ms);
        let page = cx.logs.page(&group.key, select, limit, BYTES_MAX)?;
        // A page without events lies where its token points; without a token, before all that is still to come.
        let here = given.unwrap_or(Position { timestamp_ms: from_ms.max(0), sequence: 0 });
        let (first, last) = (page.first().map(Row::position), page.last().map(Row::position));
        // At the end the token is the very one that was given, as old as it is.
        let same = |to: Direction| self.next_token.clone().filter(|_| page.is_empty() && direction == to);
        let next = |to: Direction, place: Option<Position>| {
            same(to).unwrap_or_else(|| token(to, place.unwrap_or(here), cx.now))
        };
        Ok(GetLogEventsResponse {
            next_forward_token: next(Direction::Forward, last),
            next_backward_token: next(Direction::Backward, first),
            events: page.into_iter().map(OutputLogEvent::from).collect(),
        })
    }
}

impl GetLogEvents {
    /// The events asked for. A token says by itself which way it leads.
    fn select(&self, stream: &str, now: Timestamp) -> Result<Select, Error> {
        let from_head = self.start_from_head.unwrap_or(false);
        let direction = if from_head { Direction::Forward } else { Direction::Backward };
        let (direction, after) = match &self.next_token {
            Some(token) => {
                parse_token(token, now).map(|(direction, position)| (direction, Some(position)))?
            }
            None => (direction, None),
        };
        Ok(Select {
            from_ms: time(self.start_time, "startTime", i64::MIN)?,
            to_ms: time(self.end_time, "endTime", i64::MAX)?,
            streams: Streams::Named([stream.to_owned()].into()),
            direction,
            after,
        })
    }
}

/// Reads the events of a group, or of some of its streams, that match a pattern, oldest first.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FilterLogEvents {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
    start_from_head: Option<bool>,
    /// Ignored: streams are always interleaved, as in AWS since 2019.
    #[serde(rename = "interleaved")]
    _interleaved: Option<bool>,
    /// Accepted without effect: nothing is masked.
    #[serde(rename = "unmask")]
    _unmask: Option<bool>,
}

/// The events that match, and where to go on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterLogEventsResponse {
    events: Vec<FilteredLogEvent>,
    /// Always empty, as in AWS.
    searched_log_streams: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for FilterLogEvents {
    type Response = FilterLogEventsResponse;
    const WITHOUT_EFFECT: &'static [&'static str] = &["interleaved", "unmask"];

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let limit = number(self.limit, "limit", 1..=EVENTS_MAX, EVENTS_MAX as usize)?;
        let pattern = self.filter_pattern.as_deref().unwrap_or_default();
        length(pattern, "filterPattern", 0..=pattern::CHARS_MAX)?;
        let pattern = Pattern::parse(pattern)?;
        let select = self.select(cx.now)?;
        let group = cx.log_group_by(self.log_group_name.as_deref(), self.log_group_identifier.as_deref())?;
        class::check_readable(&group, "FilterLogEvents")?;
        self.check_streams_exist(cx, &group.key)?;
        let mut search = Search { found: vec![], looked_at: 0, bytes: 0, limit };
        let (mut last, mut has_more) = (None, false);
        for row in cx.logs.rows(&group.key, select)? {
            let row = row?;
            let place = row.position();
            has_more = !search.take(row, &pattern);
            if has_more {
                break;
            }
            last = Some(place);
        }
        let next_token = last.filter(|_| has_more).map(|last| digits_at(last, cx.now));
        let events = search.found.into_iter().map(FilteredLogEvent::from).collect();
        Ok(FilterLogEventsResponse { events, searched_log_streams: [], next_token })
    }
}

/// An answer to FilterLogEvents in the making.
struct Search {
    found: Vec<Row>,
    looked_at: usize,
    bytes: u64,
    limit: usize,
}

impl Search {
    /// Looks at an event; `false` if the answer is full without it. The first that matches is always taken, so that a
    /// reader gets on.
    fn take(&mut self, row: Row, pattern: &Pattern) -> bool {
        if self.found.len() >= self.limit || self.looked_at >= LOOKED_AT_MAX {
            return false;
        }
        self.looked_at += 1;
        if pattern.matches(&row.message) {
            let bytes = row.message.len() as u64 + EVENT_OVERHEAD_BYTES;
            if self.bytes + bytes > BYTES_MAX && !self.found.is_empty() {
                return false;
            }
            self.bytes += bytes;
            self.found.push(row);
        }
        true
    }
}

impl FilterLogEvents {
    fn select(&self, now: Timestamp) -> Result<Select, Error> {
        let from_ms = time(self.start_time, "startTime", i64::MIN)?;
        let to_ms = time(self.end_time, "endTime", i64::MAX)?.saturating_add(1);
        if from_ms >= to_ms {
            return Err(invalid("startTime must not be after endTime."));
        }
        let after = self
            .next_token
            .as_deref()
            .map(|token| position(token, now).ok_or_else(|| invalid("The specified nextToken is invalid.")));
        let is_forward = self.start_from_head.unwrap_or(true);
        if !is_forward && from_ms < BACKWARD_FROM_MS {
            return Err(invalid("startFromHead can be false only if startTime is 2024-01-01 or later."));
        }
        let direction = if is_forward { Direction::Forward } else { Direction::Backward };
        Ok(Select { from_ms, to_ms, streams: self.streams()?, direction, after: after.transpose()? })
    }

    fn streams(&self) -> Result<Streams, Error> {
        match (&self.log_stream_names, &self.log_stream_name_prefix) {
            (Some(_), Some(_)) => {
                Err(invalid("Only one of logStreamNames and logStreamNamePrefix can be specified."))
            }
            (Some(names), None) if names.is_empty() || names.len() > STREAMS_MAX => {
                let rule = format!("have length between 1 and {STREAMS_MAX}");
                Err(constraint(format!("[{} names]", names.len()), "logStreamNames", &rule))
            }
            (Some(names), None) => {
                let names = names.iter().map(|name| name::stream(name, "logStreamNames").map(str::to_owned));
                Ok(Streams::Named(names.collect::<Result<_, _>>()?))
            }
            (None, Some(prefix)) => {
                Ok(Streams::Prefix(name::stream(prefix, "logStreamNamePrefix")?.to_owned()))
            }
            (None, None) => Ok(Streams::All),
        }
    }

    fn check_streams_exist(&self, cx: &Context<'_>, group: &GroupKey) -> Result<(), Error> {
        let mut names = self.log_stream_names.iter().flatten();
        match names.all(|name| cx.logs.stream(group, name).is_some()) {
            true => Ok(()),
            false => Err(Refused::NoStream.into()),
        }
    }
}
