//! What the two drivers have in common: bursts of Ethernet frames behind a virtio header.
//!
//! A frame in a buffer is the virtio header (10 bytes), the Ethernet header (14) and the packet. The virtio header says
//! what the sender has left to its network card; it goes with the frame to the receiver, which then has nothing to do
//! either. Source: Virtual I/O Device 1.2, section 5.1.6; Linux, include/uapi/linux/virtio_net.h.

use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;
use weir_fabric::Offload;

/// Most frames read at one time; fewer if they are large.
pub const BURST: usize = 64;

/// No more is read at one time once there are so many bytes, so that they are in the processor's own cache when they are
/// written: it makes TCP some twentieth faster.
const BURST_BYTES: usize = 192 << 10;

/// The length of the virtio header.
pub const VIRTIO_HEADER: usize = 10;
/// The length of the Ethernet header.
pub const ETHERNET_HEADER: usize = 14;
/// Where the packet begins.
pub const PACKET_AT: usize = VIRTIO_HEADER + ETHERNET_HEADER;

/// The largest frame: both headers and the largest IP packet.
pub const FRAME_BYTES_MAX: usize = PACKET_AT + 65_535;

/// The space for one frame: whole cache lines.
const SLOT: usize = FRAME_BYTES_MAX.next_multiple_of(64);

/// The flag of the virtio header that says that a checksum is still to be made.
const NEEDS_CHECKSUM: u8 = 1;
/// The kind of the virtio header that says that the frame is one packet.
const NO_SEGMENTS: u8 = 0;

/// An interface's outer end.
pub trait Driver: Send + Sync {
    /// Reads the frames that wait, at most [`BURST`]; none if there are none. Does not wait.
    ///
    /// # Errors
    /// The interface has gone.
    fn receive(&self, burst: &mut Burst) -> io::Result<usize>;

    /// Writes frames in order, and gives how many were taken; those that were not are lost, as on a full queue.
    fn transmit(&self, frames: &[IoSlice<'_>]) -> usize;

    /// How many frames of the host were lost before they could be read, since the last call.
    fn missed(&self) -> u64;

    /// What to wait on for frames.
    fn wait_on(&self) -> BorrowedFd<'_>;
}

/// Space for a burst, used again and again.
pub struct Burst {
    bytes: Box<[u8]>,
    lengths: [usize; BURST],
    count: usize,
    /// Bytes of all frames.
    held: usize,
}

impl Default for Burst {
    fn default() -> Burst {
        Burst { bytes: vec![0; SLOT * BURST].into_boxed_slice(), lengths: [0; BURST], count: 0, held: 0 }
    }
}

impl Burst {
    /// How many frames it holds.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Forgets all frames.
    pub fn clear(&mut self) {
        self.count = 0;
        self.held = 0;
    }

    /// The space for the next frame, or `None` if it is full.
    pub fn free(&mut self) -> Option<&mut [u8]> {
        let at = self.count * SLOT;
        if self.held < BURST_BYTES { self.bytes.get_mut(at..at + FRAME_BYTES_MAX) } else { None }
    }

    /// The free spaces, in order.
    pub fn spaces(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.bytes[self.count * SLOT..].chunks_exact_mut(SLOT)
    }

    /// Takes note that a frame of this length is in the next space. One without headers is no frame.
    pub fn push(&mut self, length: usize) {
        if length >= PACKET_AT && self.count < BURST {
            self.lengths[self.count] = length.min(FRAME_BYTES_MAX);
            self.count += 1;
            self.held += length;
        }
    }

    /// Like [`push`](Self::push), where the spaces have been filled in order: what is no frame keeps its space, with length
    /// zero in its Ethernet type, so that nobody reads it.
    pub fn push_or_blank(&mut self, length: usize) {
        if length < PACKET_AT
            && let Some(space) = self.spaces().next()
        {
            space[..PACKET_AT].fill(0);
        }
        self.push(length.max(PACKET_AT));
    }

    /// Frame `index`.
    pub fn frame(&self, index: usize) -> &[u8] {
        &self.bytes[index * SLOT..index * SLOT + self.lengths[index]]
    }

    /// Frame `index`.
    pub fn frame_mut(&mut self, index: usize) -> &mut [u8] {
        &mut self.bytes[index * SLOT..index * SLOT + self.lengths[index]]
    }
}

/// What the virtio header of a frame says is left to do.
pub fn offload(frame: &[u8]) -> Offload {
    let is_one = frame[1] == NO_SEGMENTS;
    let segment_bytes = if is_one { 0 } else { u16::from_ne_bytes([frame[4], frame[5]]) };
    Offload { segment_bytes, is_partial: frame[0] & NEEDS_CHECKSUM != 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtio_header_says_what_is_left_to_do() {
        let mut frame = [0; PACKET_AT];
        assert_eq!(offload(&frame), Offload { segment_bytes: 0, is_partial: false });
        frame[0] = NEEDS_CHECKSUM;
        frame[4..6].copy_from_slice(&1448u16.to_ne_bytes());
        assert_eq!(offload(&frame), Offload { segment_bytes: 0, is_partial: true });
        frame[1] = 1;
        assert_eq!(offload(&frame), Offload { segment_bytes: 1448, is_partial: true });
    }

    #[test]
    fn a_burst_takes_so_many_frames_and_none_without_headers() {
        let mut burst = Burst::default();
        burst.push(PACKET_AT - 1);
        assert_eq!(burst.count(), 0);
        for _ in 0..BURST {
            assert!(burst.free().is_some());
            burst.push(PACKET_AT + 1);
        }
        assert!(burst.free().is_none());
        burst.push(PACKET_AT + 1);
        assert_eq!(burst.count(), BURST);
    }

    #[test]
    fn a_burst_is_full_with_few_large_frames() {
        let mut burst = Burst::default();
        while burst.free().is_some() {
            burst.push(FRAME_BYTES_MAX);
        }
        assert_eq!(burst.count(), BURST_BYTES.div_ceil(FRAME_BYTES_MAX));
        // A driver that has read more at one time keeps what it has read.
        burst.push(FRAME_BYTES_MAX);
        assert_eq!(burst.held, burst.count() * FRAME_BYTES_MAX);
        assert!(burst.free().is_none());
        burst.clear();
        assert_eq!((burst.count(), burst.held, burst.free().is_some()), (0, 0, true));
    }
}
