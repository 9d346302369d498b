//! Objects that come in parts.
//!
//! Completing an upload copies nothing: the object has the bytes of its parts, one after the other.
//! Source: Amazon S3 User Guide, "Uploading and copying objects using multipart upload" and "Multipart upload limits".

use crate::buckets::{Buckets, Condition};
use crate::catalog::Catalog;
use crate::draft::{Content, hex};
use crate::object::{Description, Object, Piece};
use crate::reader::Reader;
use crate::refused::Refused;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Smallest part that is not the last, in bytes.
pub const PART_BYTES_MIN: u64 = 5 << 20;
/// Largest part number, and so most parts.
pub const PARTS_MAX: u32 = 10_000;

/// An upload that has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Its id.
    #[serde(skip)]
    pub id: String,
    /// The key of what it will be.
    #[serde(skip)]
    pub key: String,
    /// When it began, ms since 1970.
    pub created_ms: i64,
    /// What was said of it.
    #[serde(flatten)]
    pub description: Description,
}

/// A part that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its number, from 1.
    pub number: u32,
    /// Its size, in bytes.
    pub size: u64,
    /// Its MD5 in hexadecimal.
    pub etag: String,
    /// When it was written, ms since 1970.
    pub modified_ms: i64,
    /// Its checksums by algorithm.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checksums: BTreeMap<String, String>,
    /// Its bytes, unless there are none.
    pub(crate) piece: Option<Piece>,
    md5: [u8; 16],
}

/// A part as one who completes an upload names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPart {
    /// Its number.
    pub number: u32,
    /// Its ETag, without quotes.
    pub etag: String,
}

impl Buckets {
    /// Begins an upload; gives its id.
    ///
    /// # Errors
    /// No such bucket; a key that is too long.
    pub fn begin_upload(
        &self,
        bucket: &str,
        key: &str,
        description: Description,
        now_ms: i64,
    ) -> Result<String, Refused> {
        let number = self.inner.files.fresh();
        let id = format!("{now_ms:012x}{number:016x}");
        let upload = Upload { id: id.clone(), key: key.to_owned(), created_ms: now_ms, description };
        self.change(|catalog, _| {
            Buckets::check(catalog, bucket, key)?;
            catalog.put_upload(bucket, &upload)
        })?;
        Ok(id)
    }

    /// An upload.
    ///
    /// # Errors
    /// There is none of that id to that key.
    pub fn upload(&self, bucket: &str, key: &str, id: &str) -> Result<Upload, Refused> {
        self.look(|catalog| upload(catalog, bucket, key, id))
    }

    /// All uploads to a bucket, by key and then by age.
    ///
    /// # Errors
    /// No such bucket.
    pub fn uploads(&self, bucket: &str) -> Result<Vec<Upload>, Refused> {
        self.look(|catalog| {
            catalog.bucket(bucket)?.ok_or(Refused::NoSuchBucket)?;
            catalog.uploads(bucket)
        })
    }

    /// Adds a part to an upload, in place of one of the same number.
    ///
    /// # Errors
    /// No such upload.
    pub fn put_part(
        &self,
        (bucket, key, id): (&str, &str, &str),
        (number, content): (u32, Content),
        checksums: BTreeMap<String, String>,
        now_ms: i64,
    ) -> Result<Part, Refused> {
        let (size, etag, md5) = (content.size(), content.etag(), content.md5());
        let part = Part { number, size, etag, modified_ms: now_ms, checksums, piece: content.piece, md5 };
        self.change(|catalog, gone| {
            upload(catalog, bucket, key, id)?;
            gone.extend(catalog.part(id, number)?.and_then(|old| old.piece));
            if let Some(piece) = content.piece {
                catalog.add_piece(piece, &content.inline)?;
            }
            catalog.put_part(id, &part)
        })?;
        content.keep();
        Ok(part)
    }

    /// All parts of an upload, by number.
    ///
    /// # Errors
    /// No such upload.
    pub fn parts(&self, bucket: &str, key: &str, id: &str) -> Result<Vec<Part>, Refused> {
        self.look(|catalog| {
            upload(catalog, bucket, key, id)?;
            catalog.parts(id)
        })
    }

    /// The bytes of these parts, one after the other.
    ///
    /// # Errors
    /// Those of the catalog.
    pub fn read_parts(&self, parts: &[&Part]) -> Result<Reader, Refused> {
        self.look(|catalog| self.reader(catalog, parts.iter().filter_map(|part| part.piece).collect()))
    }

    /// Makes an object of the parts named; those not named are forgotten. `checksums` are the object's.
    ///
    /// # Errors
    /// No such upload; parts that are not there as named, out of order, or too small; a condition that does not hold.
    pub fn complete_upload(
        &self,
        (bucket, key, id): (&str, &str, &str),
        named: &[NamedPart],
        checksums: BTreeMap<String, String>,
        condition: &Condition,
        now_ms: i64,
    ) -> Result<Object, Refused> {
        self.change(|catalog, gone| {
            let upload = upload(catalog, bucket, key, id)?;
            let (chosen, rest) = choose(catalog.parts(id)?, named)?;
            condition.check(catalog.object(bucket, key)?.as_ref())?;
            let description = Description { checksums, ..upload.description.clone() };
            let object = assemble(key, &chosen, description, now_ms);
            gone.extend(rest.into_iter().filter_map(|part| part.piece));
            gone.extend(catalog.object(bucket, key)?.into_iter().flat_map(|old| old.pieces));
            catalog.put_object(bucket, &object)?;
            catalog.remove_upload(bucket, &upload)?;
            Ok(object)
        })
    }

    /// Ends an upload; its parts are forgotten.
    ///
    /// # Errors
    /// No such upload.
    pub fn abort_upload(&self, bucket: &str, key: &str, id: &str) -> Result<(), Refused> {
        self.change(|catalog, gone| {
            let upload = upload(catalog, bucket, key, id)?;
            gone.extend(catalog.parts(id)?.into_iter().filter_map(|part| part.piece));
            catalog.remove_upload(bucket, &upload)
        })
    }
}

fn upload(catalog: &Catalog<'_>, bucket: &str, key: &str, id: &str) -> Result<Upload, Refused> {
    catalog.bucket(bucket)?.ok_or(Refused::NoSuchBucket)?;
    catalog.upload(bucket, key, id)?.ok_or(Refused::NoSuchUpload)
}

/// The parts that are named, in order, and the others.
fn choose(parts: Vec<Part>, named: &[NamedPart]) -> Result<(Vec<Part>, Vec<Part>), Refused> {
    if !named.is_sorted_by(|one, next| one.number < next.number) {
        return Err(Refused::InvalidPartOrder);
    }
    let mut parts: BTreeMap<u32, Part> = parts.into_iter().map(|part| (part.number, part)).collect();
    let mut chosen = vec![];
    for name in named {
        let part = parts.remove(&name.number).filter(|part| part.etag == name.etag);
        chosen.push(part.ok_or(Refused::InvalidPart { number: name.number })?);
    }
    let but_last = chosen.split_last().map_or(&[][..], |(_, rest)| rest);
    if let Some(small) = but_last.iter().find(|part| part.size < PART_BYTES_MIN) {
        let Part { number, size, ref etag, .. } = *small;
        return Err(Refused::PartTooSmall { number, size, etag: etag.clone() });
    }
    Ok((chosen, parts.into_values().collect()))
}

fn assemble(key: &str, parts: &[Part], description: Description, now_ms: i64) -> Object {
    let md5 = parts.iter().fold(Md5::new(), |md5, part| md5.chain_update(part.md5));
    Object {
        key: key.to_owned(),
        size: parts.iter().map(|part| part.size).sum(),
        etag: format!("{}-{}", hex(&md5.finalize()), parts.len()),
        modified_ms: now_ms,
        description,
        part_sizes: parts.iter().map(|part| part.size).collect(),
        pieces: parts.iter().filter_map(|part| part.piece).collect(),
    }
}
