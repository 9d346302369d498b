//! Memory that columns are inflated into, used again and again: what is fresh from the system is cleared page by page as it is
//! first touched, which takes longer than to inflate into it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Most buffers that wait to be used again: a few columns for each of some threads.
const WAITING_MAX: usize = 64;
/// Longer buffers are given back to the system.
const BUFFER_BYTES_MAX: usize = 4 << 20;

/// Buffers of one query, shared by its readers. At most 256 MB wait, where columns are as long as that.
#[derive(Clone, Default)]
pub struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

/// Bytes that go back to their [`Buffers`] when they are dropped.
pub struct Buffer {
    bytes: Vec<u8>,
    len: usize,
    home: Buffers,
}

impl Buffers {
    /// A buffer of a length, with whatever is in it.
    pub fn take(&self, len: usize) -> Buffer {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = waiting.iter().position(|bytes| bytes.len() >= len);
        let bytes = fitting.map(|at| waiting.swap_remove(at));
        drop(waiting);
        Buffer { bytes: bytes.unwrap_or_else(|| vec![0; len]), len, home: self.clone() }
    }
}

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buffers")
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl AsMut<[u8]> for Buffer {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut waiting = self.home.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING_MAX && self.bytes.len() <= BUFFER_BYTES_MAX {
            waiting.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_used_again_where_they_fit() {
        let buffers = Buffers::default();
        let waiting = || buffers.0.lock().expect("no panic").len();
        let [mut short, long] = [buffers.take(10), buffers.take(100)];
        short.as_mut().fill(7);
        drop(short);
        drop(long);
        assert_eq!(waiting(), 2);
        let again = buffers.take(8);
        assert_eq!((again.as_ref(), waiting()), (&[7; 8][..], 1));
        assert_eq!((buffers.take(101).as_ref().len(), waiting()), (101, 1));
        assert_eq!(waiting(), 2);
        drop(buffers.take(BUFFER_BYTES_MAX + 1));
        assert_eq!(waiting(), 2);
        let many: Vec<Buffer> = (0..2 * WAITING_MAX).map(|_| buffers.take(1)).collect();
        drop(many);
        assert_eq!(waiting(), WAITING_MAX);
    }
}
