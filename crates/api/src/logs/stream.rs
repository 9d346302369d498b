//! Log streams.

use crate::logs::check::{constraint, invalid, number};
use crate::logs::group::{last_of, token_after};
use crate::logs::name;
use crate::logs::position::sequence_token;
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use weir_model::Timestamp;
use weir_store::{Group, Stream, StreamOrder, StreamPage, StreamPlace};

/// Most streams of an answer, and how many there are if the caller does not say.
const PAGE: i64 = 50;

/// Makes an empty log stream.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateLogStream {
    log_group_name: String,
    log_stream_name: String,
}

impl Operation for CreateLogStream {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let stream = name::stream(&self.log_stream_name, "logStreamName")?;
        let group = cx.log_group(&self.log_group_name, "logGroupName")?;
        let ticket = cx.logs.add_stream(&group.key, stream, cx.now.0)?;
        cx.acknowledge_with(ticket);
        Ok(())
    }
}

/// Deletes a log stream with its events.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteLogStream {
    log_group_name: String,
    log_stream_name: String,
}

impl Operation for DeleteLogStream {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        let stream = name::stream(&self.log_stream_name, "logStreamName")?;
        let group = cx.log_group(&self.log_group_name, "logGroupName")?;
        let ticket = cx.logs.remove_stream(&group.key, stream)?;
        cx.acknowledge_with(ticket);
        Ok(())
    }
}

/// Lists the streams of a group, by name or by their last event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeLogStreams {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    descending: Option<bool>,
    next_token: Option<String>,
    limit: Option<i64>,
}

/// A page of log streams.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogStreamsResponse {
    log_streams: Vec<LogStream>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// A log stream as answers show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogStream {
    log_stream_name: String,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ingestion_time: Option<i64>,
    /// None before the first event.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_sequence_token: Option<String>,
    arn: String,
    /// Always 0 since June 2019 (CloudWatch Logs API Reference, LogStream).
    stored_bytes: u64,
}

impl Operation for DescribeLogStreams {
    type Response = DescribeLogStreamsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let limit = number(self.limit, "limit", 1..=PAGE, PAGE as usize)?;
        let order = self.order()?;
        let group = cx.log_group_by(self.log_group_name.as_deref(), self.log_group_identifier.as_deref())?;
        let after = self.next_token.as_deref().map(|token| place(token, cx.now)).transpose()?;
        let page = StreamPage {
            prefix: self.log_stream_name_prefix.as_deref().unwrap_or_default(),
            order,
            is_descending: self.descending.unwrap_or(false),
            after: after
                .as_ref()
                .map(|(last_event_ms, name)| StreamPlace { last_event_ms: *last_event_ms, name }),
            limit: Some(limit + 1),
        };
        let mut streams = cx.logs.streams(&group.key, page)?;
        let has_more = streams.len() > limit;
        streams.truncate(limit);
        let next_token = streams.last().filter(|_| has_more).map(|stream| token(stream, cx.now));
        let log_streams = streams.into_iter().map(|stream| LogStream::of(&group, stream)).collect();
        Ok(DescribeLogStreamsResponse { log_streams, next_token })
    }
}

impl DescribeLogStreams {
    fn order(&self) -> Result<StreamOrder, Error> {
        if let Some(prefix) = &self.log_stream_name_prefix {
            name::stream(prefix, "logStreamNamePrefix")?;
        }
        match self.order_by.as_deref() {
            None | Some("LogStreamName") => Ok(StreamOrder::Name),
            Some("LastEventTime") if self.log_stream_name_prefix.is_some() => {
                Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."))
            }
            Some("LastEventTime") => Ok(StreamOrder::LastEvent),
            Some(other) => {
                Err(constraint(other, "orderBy", "satisfy enum value set: [LogStreamName, LastEventTime]"))
            }
        }
    }
}

impl LogStream {
    fn of(group: &Group, stream: Stream) -> LogStream {
        LogStream {
            arn: format!("{}:log-stream:{}", name::arn(&group.key), stream.name),
            log_stream_name: stream.name,
            creation_time: stream.created_ms,
            first_event_timestamp: stream.first_event_ms,
            last_event_timestamp: stream.last_event_ms,
            last_ingestion_time: stream.last_ingestion_ms,
            upload_sequence_token: stream.last_event_ms.map(|_| sequence_token(stream.last_sequence)),
            stored_bytes: 0,
        }
    }
}

/// The token of what follows `stream` in either order.
fn token(stream: &Stream, now: Timestamp) -> String {
    let last_event = stream.last_event_ms.map_or("-".to_owned(), |ms| ms.to_string());
    token_after(&format!("{last_event} {}", stream.name), now)
}

/// The place that a token was made of.
fn place(token: &str, now: Timestamp) -> Result<(Option<i64>, String), Error> {
    let text = last_of(token, now)?;
    let (last_event, name) =
        text.split_once(' ').ok_or_else(|| invalid("The specified nextToken is invalid."))?;
    Ok((last_event.parse().ok(), name.to_owned()))
}
