//! The bytes of an object, as they were when the reading began.

use crate::disk::Source;
use crate::files::Hold;
use crate::object::Piece;
use std::collections::BTreeMap;
use std::fmt;
use std::io;

/// Reads an object from a place on. What is read stays readable, whatever becomes of the object.
pub struct Reader {
    pieces: Vec<Piece>,
    inline: BTreeMap<u64, Vec<u8>>,
    hold: Hold,
    at: u64,
    end: u64,
    open: Option<(u64, Source)>,
}

impl Reader {
    pub(crate) fn new(pieces: Vec<Piece>, inline: BTreeMap<u64, Vec<u8>>, hold: Hold) -> Reader {
        let end = pieces.iter().map(|piece| piece.size).sum();
        Reader { pieces, inline, hold, at: 0, end, open: None }
    }

    /// Narrows what is read to `len` bytes from `start` on, or to what of them there is.
    #[must_use]
    pub fn range(mut self, start: u64, len: u64) -> Reader {
        self.at = start.min(self.end);
        self.end = self.at.saturating_add(len).min(self.end);
        self
    }

    /// How many bytes are still to come.
    pub fn remaining(&self) -> u64 {
        self.end - self.at
    }

    fn piece(&self) -> Option<(Piece, u64)> {
        let mut start = 0;
        for piece in &self.pieces {
            if self.at < start + piece.size {
                return Some((*piece, self.at - start));
            }
            start += piece.size;
        }
        None
    }

    fn read_piece(&mut self, piece: Piece, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if piece.is_inline {
            let bytes = self.inline.get(&piece.id).ok_or(io::ErrorKind::NotFound)?;
            let rest = bytes.get(usize::try_from(at).unwrap_or(usize::MAX)..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            return Ok(count);
        }
        if self.open.as_ref().is_none_or(|(id, _)| *id != piece.id) {
            self.open = Some((piece.id, self.hold.open(piece.id)?));
        }
        self.open.as_mut().map_or(Ok(0), |(_, file)| file.read_at(at, buffer))
    }
}

impl io::Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.remaining()).unwrap_or(usize::MAX).min(buffer.len());
        let (Some((piece, at)), true) = (self.piece(), wanted > 0) else { return Ok(0) };
        let left = usize::try_from(piece.size - at).unwrap_or(usize::MAX);
        let count = self.read_piece(piece, at, &mut buffer[..wanted.min(left)])?;
        if count == 0 {
            // A file that is shorter than the catalog says.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("at", &self.at).field("end", &self.end).finish_non_exhaustive()
    }
}
