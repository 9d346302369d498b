//! A chunk: the events of one append, encoded once and kept as those bytes in the write-ahead log and in memory.
//!
//! Layout, little-endian: group u64, stream u64, ingestion i64, first sequence u64, count u32, then for each event
//! timestamp i64, length u32 and the message in UTF-8. Sequence numbers rise by one from event to event. The entity that the
//! events are of, if there is one, stands beside these bytes.

use std::sync::Arc;

use crate::bytes::{Reader, Short};
use crate::group::EVENT_OVERHEAD_BYTES;

const HEADER_BYTES: usize = 36;
const EVENT_HEADER_BYTES: usize = 12;

/// The numbers at a chunk's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub group: u64,
    pub stream: u64,
    pub ingestion_ms: i64,
    pub first_sequence: u64,
    pub count: u32,
}

/// The events of one append. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub header: Header,
    /// Smallest and greatest timestamp.
    pub span: (i64, i64),
    /// What all of the events are of.
    pub entity: Option<Arc<str>>,
    body: Arc<Vec<u8>>,
}

/// The events of one append before they have their numbers: the costly part of a chunk, made outside any lock.
#[derive(Debug)]
pub(crate) struct Draft {
    pub count: u32,
    span: (i64, i64),
    entity: Option<Arc<str>>,
    body: Vec<u8>,
}

impl Draft {
    /// Encodes `events`, which are of no entity.
    pub fn new<'a>(events: impl IntoIterator<Item = (i64, &'a str)>) -> Self {
        let mut body = vec![0; HEADER_BYTES];
        let mut span = (i64::MAX, i64::MIN);
        let mut count = 0;
        for (timestamp_ms, message) in events {
            span = (span.0.min(timestamp_ms), span.1.max(timestamp_ms));
            count += 1;
            body.extend_from_slice(&timestamp_ms.to_le_bytes());
            // A longer message makes the draft too large for any append.
            body.extend_from_slice(&(message.len() as u32).to_le_bytes());
            body.extend_from_slice(message.as_bytes());
        }
        // The body stays for as long as the events are in memory.
        body.shrink_to_fit();
        Draft { count, span, entity: None, body }
    }

    /// The same events of an entity.
    pub fn of(self, entity: &str) -> Self {
        Draft { entity: Some(entity.into()), ..self }
    }

    /// The length of the chunk and of its entity, in bytes.
    pub fn len(&self) -> usize {
        self.body.len() + self.entity.as_ref().map_or(0, |entity| entity.len())
    }

    /// The chunk with these numbers, of which `count` is known better here; `None` if there are no events.
    pub fn chunk(mut self, header: Header) -> Option<Chunk> {
        let header = Header { count: self.count, ..header };
        self.body[..HEADER_BYTES].copy_from_slice(&header_bytes(&header));
        let Draft { count, span, entity, body } = self;
        (count > 0).then(|| Chunk { header, span, entity, body: Arc::new(body) })
    }
}

impl Chunk {
    /// Decodes what [`Chunk::body`] gave, checking every length and every message. The events are of no entity.
    pub fn decode(body: Vec<u8>) -> Result<Self, Short> {
        let mut reader = Reader::new(&body);
        let header = read_header(&mut reader)?;
        let mut span = (i64::MAX, i64::MIN);
        for _ in 0..header.count {
            let timestamp_ms = reader.i64()?;
            span = (span.0.min(timestamp_ms), span.1.max(timestamp_ms));
            reader.text()?;
        }
        reader.end()?;
        Ok(Chunk { header, span, entity: None, body: Arc::new(body) })
    }

    /// Decodes what [`Chunk::write_of_entity`] wrote.
    pub fn decode_of_entity(bytes: &[u8]) -> Result<Self, Short> {
        let mut reader = Reader::new(bytes);
        let entity = reader.text()?.into();
        let chunk = Chunk::decode(reader.rest().to_vec())?;
        Ok(Chunk { entity: Some(entity), ..chunk })
    }

    /// How many bytes [`Chunk::write_of_entity`] writes.
    pub fn length_of_entity(&self, entity: &str) -> usize {
        size_of::<u32>() + entity.len() + self.body.len()
    }

    /// Appends the length of the entity as u32, the entity, and [`Chunk::body`].
    pub fn write_of_entity(&self, entity: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(&(entity.len() as u32).to_le_bytes());
        out.extend_from_slice(entity.as_bytes());
        out.extend_from_slice(self.body());
    }

    /// The encoded chunk.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Bytes of the messages, each with its overhead.
    pub fn raw_bytes(&self) -> u64 {
        let count = u64::from(self.header.count);
        let framing = HEADER_BYTES as u64 + count * EVENT_HEADER_BYTES as u64;
        self.body.len() as u64 - framing + count * EVENT_OVERHEAD_BYTES
    }

    /// Bytes that the entity takes.
    pub fn entity_bytes(&self) -> u64 {
        self.entity.as_ref().map_or(0, |entity| entity.len() as u64)
    }

    /// About how many bytes the chunk takes in memory.
    pub fn held_bytes(&self) -> u64 {
        self.raw_bytes() + self.entity_bytes()
    }

    /// Timestamp, sequence number and message of each event.
    pub fn events(&self) -> impl Iterator<Item = (i64, u64, &str)> {
        let mut reader = Reader::new(&self.body[HEADER_BYTES..]);
        (0..u64::from(self.header.count)).map(move |at| {
            let timestamp_ms = reader.i64().expect("the chunk was checked when it was made");
            let message = reader.text().expect("the chunk was checked when it was made");
            (timestamp_ms, self.header.first_sequence + at, message)
        })
    }
}

fn header_bytes(header: &Header) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..8].copy_from_slice(&header.group.to_le_bytes());
    bytes[8..16].copy_from_slice(&header.stream.to_le_bytes());
    bytes[16..24].copy_from_slice(&header.ingestion_ms.to_le_bytes());
    bytes[24..32].copy_from_slice(&header.first_sequence.to_le_bytes());
    bytes[32..].copy_from_slice(&header.count.to_le_bytes());
    bytes
}

fn read_header(reader: &mut Reader<'_>) -> Result<Header, Short> {
    Ok(Header {
        group: reader.u64()?,
        stream: reader.u64()?,
        ingestion_ms: reader.i64()?,
        first_sequence: reader.u64()?,
        count: reader.u32()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header { group: 1, stream: 2, ingestion_ms: 3, first_sequence: 10, count: 0 };

    #[test]
    fn events_come_back_with_rising_sequence_numbers() {
        let chunk = Draft::new([(7, "a"), (5, "é")]).chunk(HEADER).expect("has events");
        let again = Chunk::decode(chunk.body().to_vec()).expect("decodes");
        assert_eq!(again.events().collect::<Vec<_>>(), [(7, 10, "a"), (5, 11, "é")]);
        assert_eq!((again.header.count, again.span), (2, (5, 7)));
        assert_eq!(again.raw_bytes(), 3 + 2 * 26);
    }

    #[test]
    fn an_entity_stands_before_the_events() {
        let chunk = Draft::new([(7, "a")]).of("é").chunk(HEADER).expect("has events");
        let mut bytes = Vec::new();
        chunk.write_of_entity("é", &mut bytes);
        assert_eq!(bytes.len(), chunk.length_of_entity("é"));
        let again = Chunk::decode_of_entity(&bytes).expect("decodes");
        assert_eq!((again.entity.as_deref(), again.body()), (Some("é"), chunk.body()));
        assert_eq!((again.raw_bytes(), again.entity_bytes()), (1 + 26, 2));
        for length in 0..bytes.len() {
            assert!(Chunk::decode_of_entity(&bytes[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_cut_chunk_is_refused_at_every_length() {
        let chunk = Draft::new([(7, "a"), (5, "bc")]).chunk(HEADER).expect("has events");
        for length in 0..chunk.body().len() {
            assert!(Chunk::decode(chunk.body()[..length].to_vec()).is_err(), "{length}");
        }
        assert!(Draft::new([]).chunk(HEADER).is_none());
    }
}
