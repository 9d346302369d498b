//! Places in a group as clients hold them: tokens and event ids of 56 digits.
//!
//! The digits are a timestamp and a sequence number, 20 digits each, then 16 zeros; or, in tokens, when they were made, in
//! milliseconds. Clients must not read them.
//! Assumption: the tokens of FilterLogEvents live as long as those of GetLogEvents.
//! Source: CloudWatch Logs API Reference, GetLogEvents, `nextForwardToken`: "The token expires after 24 hours" (read 2026-11).

use crate::logs::check::invalid;
use crate::operation::Error;
use weir_model::Timestamp;
use weir_store::{Direction, Position};

const PART: usize = 20;
const DIGITS: usize = 56;
/// How long a token is taken.
pub const TOKEN_MS_MAX: i64 = 24 * 60 * 60 * 1000;

/// The id of the event at `position` (`eventId`).
pub fn digits(position: Position) -> String {
    digits_at(position, Timestamp(0))
}

/// A token, made now, of the place to go on from.
pub fn digits_at(position: Position, now: Timestamp) -> String {
    // Timestamps are not negative: PutLogEvents refuses those.
    format!("{:020}{:020}{:016}", position.timestamp_ms.max(0), position.sequence, now.0.max(0))
}

/// The position of a token; `None` if it is none, or was made more than 24 hours ago.
///
/// Assumption: both are refused in the same words.
pub fn position(text: &str, now: Timestamp) -> Option<Position> {
    if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (timestamp, rest) = text.split_at(PART);
    let (sequence, made) = rest.split_at(PART);
    let made_ms: i64 = made.parse().ok()?;
    let position = Position { timestamp_ms: timestamp.parse().ok()?, sequence: sequence.parse().ok()? };
    (now.0.saturating_sub(made_ms) <= TOKEN_MS_MAX).then_some(position)
}

/// A token of GetLogEvents, made now: `f/` or `b/` and the place to go on from.
pub fn token(direction: Direction, position: Position, now: Timestamp) -> String {
    let letter = if direction == Direction::Forward { 'f' } else { 'b' };
    format!("{letter}/{}", digits_at(position, now))
}

/// What a token of GetLogEvents says.
///
/// # Errors
/// `InvalidParameterException` for a text that is not such a token, or one that has expired.
pub fn parse_token(text: &str, now: Timestamp) -> Result<(Direction, Position), Error> {
    let (letter, rest) = text.split_once('/').unwrap_or((text, ""));
    let direction = match letter {
        "f" => Some(Direction::Forward),
        "b" => Some(Direction::Backward),
        _ => None,
    };
    direction.zip(position(rest, now)).ok_or_else(|| invalid("The specified nextToken is invalid."))
}

/// An upload token: 56 digits that no call needs any more (PutLogEvents, `sequenceToken`).
pub fn sequence_token(sequence: u64) -> String {
    format!("{sequence:056}")
}
