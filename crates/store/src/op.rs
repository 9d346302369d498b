//! Operations: what the write-ahead log holds and what applying it again changes.
//!
//! Each says what is to be, not what to do, under ids that are never given twice: applying one again, or after a later
//! one has been seen through the catalog, ends in the same state.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::bytes::{Reader, Short};
use crate::chunk::Chunk;
use crate::group::Group;

/// One operation.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// The group is as this says.
    PutGroup(u64, Arc<Group>),
    /// The group and all in it is gone.
    RemoveGroup(u64),
    /// The stream is there.
    PutStream(Arc<NewStream>),
    /// The stream and all its events are gone.
    RemoveStream(Arc<GoneStream>),
    /// These events are in the stream.
    Append(Chunk),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NewStream {
    pub group: u64,
    pub id: u64,
    pub name: String,
    pub created_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct GoneStream {
    pub group: u64,
    pub id: u64,
    /// Its events have smaller sequence numbers than this; a stream of the same name added later has none of them.
    pub before_sequence: u64,
}

const PUT_GROUP: u8 = 1;
const REMOVE_GROUP: u8 = 2;
const PUT_STREAM: u8 = 3;
const REMOVE_STREAM: u8 = 4;
const APPEND: u8 = 5;
/// The same with the entity that the events are of.
const APPEND_OF_ENTITY: u8 = 6;

impl Op {
    /// Appends kind, length of the body and body.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Op::PutGroup(id, group) => put_json(PUT_GROUP, &(id, group.as_ref()), out),
            Op::RemoveGroup(id) => put(REMOVE_GROUP, &id.to_le_bytes(), out),
            Op::PutStream(stream) => put_json(PUT_STREAM, stream.as_ref(), out),
            Op::RemoveStream(stream) => put_json(REMOVE_STREAM, stream.as_ref(), out),
            Op::Append(chunk) => match chunk.entity.as_deref() {
                None => put(APPEND, chunk.body(), out),
                Some(entity) => {
                    begin(APPEND_OF_ENTITY, chunk.length_of_entity(entity), out);
                    chunk.write_of_entity(entity, out);
                }
            },
        }
    }

    /// Takes one operation off the front of what [`Op::write`] wrote.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Short> {
        let kind = reader.u8()?;
        let length = reader.u32()? as usize;
        let body = reader.take(length)?;
        match kind {
            PUT_GROUP => json(body).map(|(id, group)| Op::PutGroup(id, Arc::new(group))),
            REMOVE_GROUP => Reader::new(body).u64().map(Op::RemoveGroup),
            PUT_STREAM => json(body).map(|stream| Op::PutStream(Arc::new(stream))),
            REMOVE_STREAM => json(body).map(|stream| Op::RemoveStream(Arc::new(stream))),
            APPEND => Chunk::decode(body.to_vec()).map(Op::Append),
            APPEND_OF_ENTITY => Chunk::decode_of_entity(body).map(Op::Append),
            _ => Err(Short),
        }
    }

    /// About how many bytes [`Op::write`] writes.
    pub fn size(&self) -> usize {
        match self {
            Op::Append(chunk) => chunk.body().len() + chunk.entity_bytes() as usize,
            _ => 256,
        }
    }
}

fn put(kind: u8, body: &[u8], out: &mut Vec<u8>) {
    begin(kind, body.len(), out);
    out.extend_from_slice(body);
}

/// Appends what stands before a body of so many bytes.
fn begin(kind: u8, length: usize, out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(&(length as u32).to_le_bytes());
}

fn put_json(kind: u8, value: &impl Serialize, out: &mut Vec<u8>) {
    let body = serde_json::to_vec(value).expect("operations are plain values with text keys");
    put(kind, &body, out);
}

fn json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Short> {
    serde_json::from_slice(body).map_err(|_| Short)
}
