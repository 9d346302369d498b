//! Bytes on their way to become an object.

use crate::disk::DiskFile;
use crate::files::{self, Files};
use crate::object::Piece;
use md5::{Digest, Md5};
use std::io;
use std::sync::Arc;

/// Largest body that is kept in the catalog: one sync instead of three.
pub const INLINE_BYTES_MAX: usize = 32 << 10;
/// How much is collected before it is written to a file.
const BUFFER_BYTES: usize = 256 << 10;

/// Bytes that are being written. Dropped before it is finished, it leaves nothing.
#[derive(Debug)]
pub struct Draft {
    files: Arc<Files>,
    buffer: Vec<u8>,
    file: Option<(u64, Box<dyn DiskFile>)>,
    size: u64,
    md5: Md5,
    is_finished: bool,
}

impl Draft {
    pub(crate) fn new(files: Arc<Files>) -> Draft {
        Draft { files, buffer: vec![], file: None, size: 0, md5: Md5::new(), is_finished: false }
    }

    /// The bytes written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds bytes at the end.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.md5.update(bytes);
        self.size += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    /// Makes what was written durable, unless it is small: that becomes durable with its object.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn finish(mut self) -> io::Result<Content> {
        let id = match (&self.file, self.buffer.len() > INLINE_BYTES_MAX) {
            (None, false) => self.files.fresh(),
            _ => {
                self.flush()?;
                let Some((id, mut file)) = self.file.take() else {
                    return Err(io::ErrorKind::NotFound.into());
                };
                let synced = file.sync().and_then(|()| self.files.disk.sync_dir(files::DIRECTORY));
                if let Err(error) = synced {
                    self.files.remove([id]);
                    return Err(error);
                }
                id
            }
        };
        self.is_finished = true;
        let inline = std::mem::take(&mut self.buffer);
        let is_inline = !inline.is_empty();
        let piece = (self.size > 0).then_some(Piece { id, size: self.size, is_inline });
        let md5 = std::mem::replace(&mut self.md5, Md5::new()).finalize().into();
        Ok(Content { files: self.files.clone(), piece, inline, md5, is_kept: false })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            let id = self.files.fresh();
            self.file = Some((id, self.files.disk.create(&files::path(id))?));
        }
        if let Some((_, file)) = &mut self.file {
            file.write_all(&self.buffer)?;
        }
        self.buffer.clear();
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let (false, Some((id, _))) = (self.is_finished, &self.file) {
            self.files.remove([*id]);
        }
    }
}

/// Bytes that are whole, and not yet an object. Dropped before they are one, they leave nothing.
#[derive(Debug)]
pub struct Content {
    files: Arc<Files>,
    pub(crate) piece: Option<Piece>,
    pub(crate) inline: Vec<u8>,
    md5: [u8; 16],
    is_kept: bool,
}

impl Content {
    /// How many bytes they are.
    pub fn size(&self) -> u64 {
        self.piece.map_or(0, |piece| piece.size)
    }

    /// Their MD5.
    pub fn md5(&self) -> [u8; 16] {
        self.md5
    }

    /// The MD5 in hexadecimal.
    pub fn etag(&self) -> String {
        hex(&self.md5)
    }

    /// To be called once an object has them.
    pub(crate) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        if let (false, Some(piece)) = (self.is_kept, self.piece.filter(|piece| !piece.is_inline)) {
            self.files.remove([piece.id]);
        }
    }
}

/// Bytes in hexadecimal, lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
