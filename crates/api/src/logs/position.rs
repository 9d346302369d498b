//! Places in a group as clients hold them: tokens and event ids of 56 digits.
//!
//! The digits are a timestamp and a sequence number: 20 digits each, then 16 zeros. Clients must not read them.

use crate::logs::check::invalid;
use crate::operation::Error;
use weir_store::{Direction, Position};

const PART: usize = 20;
const DIGITS: usize = 56;

/// The id of the event at `position` (`eventId`).
pub fn digits(position: Position) -> String {
    // Timestamps are not negative: PutLogEvents refuses those.
    format!("{:020}{:020}{:016}", position.timestamp_ms.max(0), position.sequence, 0)
}

/// The position that 56 digits were made of.
pub fn position(text: &str) -> Option<Position> {
    if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (timestamp, rest) = text.split_at(PART);
    Some(Position { timestamp_ms: timestamp.parse().ok()?, sequence: rest[..PART].parse().ok()? })
}

/// A token of GetLogEvents: `f/` or `b/` and the place to go on from.
pub fn token(direction: Direction, position: Position) -> String {
    let letter = if direction == Direction::Forward { 'f' } else { 'b' };
    format!("{letter}/{}", digits(position))
}

/// What a token of GetLogEvents says.
///
/// # Errors
/// `InvalidParameterException` for a text that is not such a token.
pub fn parse_token(text: &str) -> Result<(Direction, Position), Error> {
    let (letter, rest) = text.split_once('/').unwrap_or((text, ""));
    let direction = match letter {
        "f" => Some(Direction::Forward),
        "b" => Some(Direction::Backward),
        _ => None,
    };
    direction.zip(position(rest)).ok_or_else(|| invalid("The specified nextToken is invalid."))
}

/// An upload token: 56 digits that no call needs any more (PutLogEvents, `sequenceToken`).
pub fn sequence_token(sequence: u64) -> String {
    format!("{sequence:056}")
}
