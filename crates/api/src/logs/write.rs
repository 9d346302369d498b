//! Writing events: PutLogEvents and its limits.
//!
//! Source: CloudWatch Logs API Reference, PutLogEvents.

use crate::logs::check::{constraint, invalid};
use crate::logs::entity::{Entity, RejectedEntityInfo};
use crate::logs::name;
use crate::logs::position::sequence_token;
use crate::logs::state::Taken;
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use weir_model::Timestamp;
use weir_store::{EVENT_OVERHEAD_BYTES, Group};

/// Most events of a batch.
pub const EVENTS_MAX: usize = 10_000;
/// Most bytes of a batch: the UTF-8 of all messages and 26 for each event.
pub const BATCH_BYTES_MAX: u64 = 1_048_576;
/// From the first event of a batch to its last.
pub const SPAN_MS_MAX: i64 = DAY_MS;
/// How far an event may be ahead of the clock.
pub const AHEAD_MS_MAX: i64 = 2 * 60 * 60 * 1000;
/// How old an event may be.
pub const AGE_MS_MAX: i64 = 14 * DAY_MS;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Stores a batch of events in a stream.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutLogEvents {
    log_group_name: String,
    log_stream_name: String,
    log_events: Vec<InputLogEvent>,
    /// Ignored, as AWS does since 2023.
    #[serde(rename = "sequenceToken")]
    _sequence_token: Option<String>,
    entity: Option<Entity>,
}

/// One event of a batch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InputLogEvent {
    timestamp: i64,
    message: String,
}

/// What became of a batch.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PutLogEventsResponse {
    next_sequence_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_log_events_info: Option<RejectedLogEventsInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_entity_info: Option<RejectedEntityInfo>,
}

/// Which events of a batch were not stored, by index.
#[derive(Serialize, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
struct RejectedLogEventsInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    too_new_log_event_start_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    too_old_log_event_end_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_log_event_end_index: Option<usize>,
}

impl Operation for PutLogEvents {
    type Response = PutLogEventsResponse;
    const WITHOUT_EFFECT: &'static [&'static str] = &["sequenceToken"];

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let stream = name::stream(&self.log_stream_name, "logStreamName")?;
        name::group(&self.log_group_name, "logGroupName")?;
        check_batch(&self.log_events)?;
        let group = cx.log_group(&self.log_group_name, "logGroupName")?;
        let (accepted, rejected) = sift(&self.log_events, &group, cx.now);
        let accepted = &self.log_events[accepted];
        check_span(accepted)?;
        let events = accepted.iter().map(|event| (event.timestamp, event.message.as_str()));
        let events: Vec<_> = events.collect();
        let entity = self.entity.map(|entity| entity.accepted(group.class)).transpose();
        let (entity, rejected_entity_info) = match entity {
            Ok(entity) => (entity, None),
            Err(rejected) => (None, Some(rejected)),
        };
        let stored = events.iter().copied();
        let ticket = match &entity {
            Some(entity) => cx.logs.append_of(entity, (&group.key, stream), stored, cx.now.0)?,
            None => cx.logs.append(&group.key, stream, stored, cx.now.0)?,
        };
        let witness = ticket.witness();
        cx.acknowledge_with(ticket);
        let taken = Taken { scope: cx.scope, group: &group.key.name, stream, events: &events, witness };
        cx.log_state.note(&taken, cx.now);
        let last = cx.logs.stream(&group.key, stream).map_or(0, |stream| stream.last_sequence);
        let rejected_log_events_info = (rejected != RejectedLogEventsInfo::default()).then_some(rejected);
        let next_sequence_token = sequence_token(last);
        Ok(PutLogEventsResponse { next_sequence_token, rejected_log_events_info, rejected_entity_info })
    }
}

/// Refuses a batch that is wrong as a whole.
fn check_batch(events: &[InputLogEvent]) -> Result<(), Error> {
    if events.is_empty() {
        return Err(constraint("[]", "logEvents", "have length greater than or equal to 1"));
    }
    if events.len() > EVENTS_MAX {
        let rule = format!("have length less than or equal to {EVENTS_MAX}");
        return Err(constraint(format!("[{} events]", events.len()), "logEvents", &rule));
    }
    for (event, number) in events.iter().zip(1..) {
        if event.timestamp < 0 {
            let member = format!("logEvents.{number}.member.timestamp");
            return Err(constraint(event.timestamp, &member, "have value greater than or equal to 0"));
        }
        if event.message.is_empty() {
            let member = format!("logEvents.{number}.member.message");
            return Err(constraint("", &member, "have length greater than or equal to 1"));
        }
    }
    let bytes: u64 = events.iter().map(|event| event.message.len() as u64 + EVENT_OVERHEAD_BYTES).sum();
    if bytes > BATCH_BYTES_MAX {
        return Err(invalid(format!("Upload too large: {bytes} bytes exceeds limit of {BATCH_BYTES_MAX}")));
    }
    if events.windows(2).any(|two| two[0].timestamp > two[1].timestamp) {
        return Err(invalid("Log events in a single PutLogEvents request must be in chronological order."));
    }
    Ok(())
}

/// Refuses events to be stored that are too far apart; those that are not stored do not count.
fn check_span(accepted: &[InputLogEvent]) -> Result<(), Error> {
    let span_ms =
        accepted.first().zip(accepted.last()).map_or(0, |(first, last)| last.timestamp - first.timestamp);
    if span_ms > SPAN_MS_MAX {
        return Err(invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ));
    }
    Ok(())
}

/// Which events of a batch, which is in order of time, are stored.
fn sift(events: &[InputLogEvent], group: &Group, now: Timestamp) -> (Range<usize>, RejectedLogEventsInfo) {
    let before = |ms: i64| events.partition_point(|event| event.timestamp < ms);
    let too_old = before(now.0 - AGE_MS_MAX);
    let expired = group.retention_days.map_or(0, |days| before(now.0 - i64::from(days) * DAY_MS));
    let too_new = before(now.0 + AHEAD_MS_MAX + 1);
    let end = |index: usize| (index > 0).then_some(index);
    let rejected = RejectedLogEventsInfo {
        too_new_log_event_start_index: (too_new < events.len()).then_some(too_new),
        too_old_log_event_end_index: end(too_old),
        expired_log_event_end_index: end(expired),
    };
    let first = too_old.max(expired);
    (first..too_new.max(first), rejected)
}
