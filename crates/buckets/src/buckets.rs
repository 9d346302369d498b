//! The buckets of all accounts and regions, and what is in them.

use crate::bucket::{Bucket, NewBucket};
use crate::catalog::{self, Catalog};
use crate::disk::{Disk, FileDisk, MemoryDisk};
use crate::draft::{Content, Draft};
use crate::files::Files;
use crate::lock;
use crate::object::{Description, KEY_BYTES_MAX, Object, Piece};
use crate::reader::Reader;
use crate::refused::{OpenError, Refused};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The buckets. Clones are the same buckets.
#[derive(Clone, Debug)]
pub struct Buckets {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    connection: Arc<Mutex<Connection>>,
    pub files: Arc<Files>,
}

/// What must be so for an object to be written or removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    #[default]
    Always,
    /// There is no object of that key.
    Absent,
    /// There is one with this ETag, without quotes.
    Etag(String),
    /// There is one.
    Present,
}

impl Condition {
    pub(crate) fn check(&self, object: Option<&Object>) -> Result<(), Refused> {
        match (self, object) {
            (Condition::Always, _) | (Condition::Absent, None) | (Condition::Present, Some(_)) => Ok(()),
            (Condition::Etag(_) | Condition::Present, None) => Err(Refused::NoSuchKey),
            (Condition::Etag(etag), Some(object)) if *etag == object.etag => Ok(()),
            _ => Err(Refused::PreconditionFailed),
        }
    }
}

impl Buckets {
    /// The buckets in `folder`, made if it is not there.
    ///
    /// # Errors
    /// Another process has them open; the disk fails; a later version of Weir wrote them.
    pub fn open(folder: &Path) -> Result<Buckets, OpenError> {
        Buckets::on(Arc::new(FileDisk::open(folder)?))
    }

    /// Buckets that are forgotten when the last handle is dropped.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn in_memory() -> Result<Buckets, OpenError> {
        Buckets::on(Arc::new(MemoryDisk::new()))
    }

    /// The buckets of a disk.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn on(disk: Arc<dyn Disk>) -> Result<Buckets, OpenError> {
        let connection = disk.catalog()?;
        let next = catalog::open(&lock(&connection), disk.as_ref())?;
        Ok(Buckets { inner: Arc::new(Inner { connection, files: Arc::new(Files::new(disk, next)) }) })
    }

    /// Makes a bucket.
    ///
    /// # Errors
    /// There is one of that name.
    pub fn create(&self, new: NewBucket, now_ms: i64) -> Result<Bucket, Refused> {
        let NewBucket { name, account, region, tags, settings } = new;
        let bucket = Bucket { name, account, region, created_ms: now_ms, tags, settings };
        self.change(|catalog, _| {
            if let Some(Bucket { account, region, .. }) = catalog.bucket(&bucket.name)? {
                return Err(Refused::BucketExists { account, region });
            }
            catalog.put_bucket(&bucket)
        })?;
        Ok(bucket)
    }

    /// A bucket.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn bucket(&self, name: &str) -> Result<Bucket, Refused> {
        self.look(|catalog| catalog.bucket(name)?.ok_or(Refused::NoSuchBucket))
    }

    /// The buckets of an account in all regions, by name.
    ///
    /// # Errors
    /// Those of the catalog.
    pub fn buckets(&self, account: &str) -> Result<Vec<Bucket>, Refused> {
        self.look(|catalog| catalog.buckets(account))
    }

    /// Changes how a bucket is set up: its tags and settings.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn set_up(&self, name: &str, change: impl FnOnce(&mut Bucket)) -> Result<(), Refused> {
        self.change(|catalog, _| {
            let mut bucket = catalog.bucket(name)?.ok_or(Refused::NoSuchBucket)?;
            change(&mut bucket);
            catalog.put_bucket(&bucket)
        })
    }

    /// Removes a bucket; uploads to it end.
    ///
    /// # Errors
    /// There is none of that name; it has objects.
    pub fn remove_bucket(&self, name: &str) -> Result<(), Refused> {
        self.change(|catalog, gone| {
            catalog.bucket(name)?.ok_or(Refused::NoSuchBucket)?;
            if catalog.has_objects(name)? {
                return Err(Refused::BucketNotEmpty);
            }
            for upload in catalog.uploads(name)? {
                gone.extend(catalog.parts(&upload.id)?.into_iter().filter_map(|part| part.piece));
                catalog.remove_upload(name, &upload)?;
            }
            catalog.remove_bucket(name)
        })
    }

    /// Bytes to be written, for an object or a part.
    pub fn draft(&self) -> Draft {
        Draft::new(self.inner.files.clone())
    }

    /// Makes an object of what was written, in place of one of the same key.
    ///
    /// # Errors
    /// No such bucket; a key that is too long; a condition that does not hold.
    pub fn put(
        &self,
        (bucket, key): (&str, &str),
        content: Content,
        description: Description,
        condition: &Condition,
        now_ms: i64,
    ) -> Result<Object, Refused> {
        let object = Object {
            key: key.to_owned(),
            size: content.size(),
            etag: content.etag(),
            modified_ms: now_ms,
            description,
            part_sizes: vec![],
            pieces: content.piece.into_iter().collect(),
        };
        self.change(|catalog, gone| {
            Buckets::check(catalog, bucket, key)?;
            let old = catalog.object(bucket, key)?;
            condition.check(old.as_ref())?;
            gone.extend(old.into_iter().flat_map(|old| old.pieces));
            if let Some(piece) = content.piece {
                catalog.add_piece(piece, &content.inline)?;
            }
            catalog.put_object(bucket, &object)
        })?;
        content.keep();
        Ok(object)
    }

    /// What is known of an object.
    ///
    /// # Errors
    /// No such bucket or key.
    pub fn object(&self, bucket: &str, key: &str) -> Result<Object, Refused> {
        self.look(|catalog| found(catalog, bucket, key))
    }

    /// An object and its bytes, as they are now.
    ///
    /// # Errors
    /// No such bucket or key.
    pub fn read(&self, bucket: &str, key: &str) -> Result<(Object, Reader), Refused> {
        self.look(|catalog| {
            let object = found(catalog, bucket, key)?;
            let reader = self.reader(catalog, object.pieces.clone())?;
            Ok((object, reader))
        })
    }

    /// Reads pieces, which stay for as long as it does.
    pub(crate) fn reader(&self, catalog: &Catalog<'_>, pieces: Vec<Piece>) -> Result<Reader, Refused> {
        let mut inline = BTreeMap::new();
        for piece in pieces.iter().filter(|piece| piece.is_inline) {
            inline.insert(piece.id, catalog.inline(piece.id)?);
        }
        let files = pieces.iter().filter(|piece| !piece.is_inline).map(|piece| piece.id);
        let hold = self.inner.files.hold(files.collect());
        Ok(Reader::new(pieces, inline, hold))
    }

    /// Changes what is said of an object; its bytes and its time stay.
    ///
    /// # Errors
    /// No such bucket or key.
    pub fn describe(
        &self,
        bucket: &str,
        key: &str,
        change: impl FnOnce(&mut Description),
    ) -> Result<(), Refused> {
        self.change(|catalog, _| {
            let mut object = found(catalog, bucket, key)?;
            change(&mut object.description);
            catalog.put_object(bucket, &object)
        })
    }

    /// Removes an object; gives whether there was one.
    ///
    /// # Errors
    /// No such bucket; a condition that does not hold.
    pub fn remove(&self, bucket: &str, key: &str, condition: &Condition) -> Result<bool, Refused> {
        self.change(|catalog, gone| {
            catalog.bucket(bucket)?.ok_or(Refused::NoSuchBucket)?;
            let old = catalog.object(bucket, key)?;
            condition.check(old.as_ref())?;
            let Some(old) = old else { return Ok(false) };
            catalog.remove_object(bucket, key)?;
            gone.extend(old.pieces);
            Ok(true)
        })
    }

    /// Looks at the catalog.
    pub(crate) fn look<T>(
        &self,
        look: impl FnOnce(&Catalog<'_>) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        look(&Catalog(&lock(&self.inner.connection)))
    }

    /// Runs `change` in one transaction. Pieces that it puts into the list are gone with it, and their files afterwards.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&Catalog<'_>, &mut Vec<Piece>) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let mut gone = vec![];
        let mut connection = lock(&self.inner.connection);
        let transaction = connection.transaction()?;
        let catalog = Catalog(&transaction);
        let done = change(&catalog, &mut gone)?;
        for piece in &gone {
            catalog.remove_piece(*piece)?;
        }
        self.inner.files.disk.before_commit()?;
        transaction.commit()?;
        // Still under the lock: nobody can begin to read what is gone.
        self.inner.files.remove(gone.iter().filter(|piece| !piece.is_inline).map(|piece| piece.id));
        Ok(done)
    }

    /// Refuses a key that cannot be in a bucket.
    pub(crate) fn check(catalog: &Catalog<'_>, bucket: &str, key: &str) -> Result<(), Refused> {
        catalog.bucket(bucket)?.ok_or(Refused::NoSuchBucket)?;
        if key.len() > KEY_BYTES_MAX { Err(Refused::KeyTooLong) } else { Ok(()) }
    }
}

fn found(catalog: &Catalog<'_>, bucket: &str, key: &str) -> Result<Object, Refused> {
    catalog.bucket(bucket)?.ok_or(Refused::NoSuchBucket)?;
    catalog.object(bucket, key)?.ok_or(Refused::NoSuchKey)
}
