//! The TAP driver: the interface of a namespace is a TAP device, its outer end a file.
//!
//! The device leaves checksums and segmentation of TCP and, where the kernel can, UDP to the reader, and takes frames for
//! which they are still to be done. One thread reads a queue: two would change the order of packets.
//!
//! Source: Linux kernel documentation, "Universal TUN/TAP device driver"; include/uapi/linux/if_tun.h.
#![allow(unsafe_code)]

use crate::driver::{Burst, Driver, VIRTIO_HEADER};
use crate::sys::check;
use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;

/// Where TAP devices are made.
pub const DEVICE: &str = "/dev/net/tun";

const TUNSETIFF: libc::Ioctl = 0x4004_54ca;
const TUNSETOFFLOAD: libc::Ioctl = 0x4004_54d0;
const TUNSETVNETHDRSZ: libc::Ioctl = 0x4004_54d8;

const KIND: libc::c_int = libc::IFF_TAP | libc::IFF_NO_PI | libc::IFF_VNET_HDR;
/// What is left to the reader: checksums, TCP over both versions of IP; UDP since Linux 6.2.
const CHECKSUM: libc::c_ulong = 1;
const TCP: libc::c_ulong = 2 | 4;
const UDP: libc::c_ulong = 0x20 | 0x40;

/// The outer end of a TAP device; the device goes when it is dropped.
pub struct Tap {
    file: File,
}

/// What TUNSETIFF reads: the first two members of `struct ifreq`, and its length.
#[repr(C)]
struct InterfaceRequest {
    name: [u8; libc::IFNAMSIZ],
    flags: libc::c_short,
    rest: [u8; 22],
}

impl Tap {
    /// Makes a device called `name` in the namespace of the calling thread.
    ///
    /// # Errors
    /// `/dev/net/tun` cannot be opened, or the kernel refuses the device.
    pub fn new(name: &str) -> io::Result<Tap> {
        let file = File::options().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(DEVICE)?;
        let mut request = InterfaceRequest { name: [0; _], flags: KIND as libc::c_short, rest: [0; 22] };
        let length = name.len().min(libc::IFNAMSIZ - 1);
        request.name[..length].copy_from_slice(&name.as_bytes()[..length]);
        // SAFETY: the descriptor is open, and TUNSETIFF reads and writes one `struct ifreq`, which `request` is by its
        // representation and length (checked below); it lives until the call returns.
        let done = unsafe { libc::ioctl(file.as_raw_fd(), TUNSETIFF, &raw mut request) };
        check(done)?;
        let header = VIRTIO_HEADER as libc::c_int;
        // SAFETY: the descriptor is open, and TUNSETVNETHDRSZ reads one int, which `header` is.
        check(unsafe { libc::ioctl(file.as_raw_fd(), TUNSETVNETHDRSZ, &raw const header) })?;
        let tap = Tap { file };
        tap.offload(CHECKSUM | TCP | UDP).or_else(|_| tap.offload(CHECKSUM | TCP))?;
        Ok(tap)
    }

    fn offload(&self, what: libc::c_ulong) -> io::Result<()> {
        // SAFETY: the descriptor is open, and TUNSETOFFLOAD takes its argument by value; no memory is involved.
        check(unsafe { libc::ioctl(self.file.as_raw_fd(), TUNSETOFFLOAD, what) }).map(drop)
    }
}

const _: () = assert!(size_of::<InterfaceRequest>() == size_of::<libc::ifreq>());

fn is_none_yet(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

impl Driver for Tap {
    fn receive(&self, burst: &mut Burst) -> io::Result<usize> {
        burst.clear();
        while let Some(space) = burst.free() {
            match (&self.file).read(space) {
                Ok(length) => burst.push(length),
                Err(error) if is_none_yet(&error) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(burst.count())
    }

    fn transmit(&self, frames: &[IoSlice<'_>]) -> usize {
        frames.iter().filter(|frame| (&self.file).write(frame).is_ok()).count()
    }

    fn missed(&self) -> u64 {
        // A full queue is the device's, whose counters the host itself sees.
        0
    }

    fn wait_on(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
