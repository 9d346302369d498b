//! The packet-socket driver: the interface of a namespace is one end of a veth pair; a socket reads and writes the other.
//!
//! It needs no device file, only a namespace of one's own, so an ordinary user can have it. The virtio header goes with
//! each frame as with TAP, so super-packets pass whole.
//!
//! Source: packet(7), PACKET_VNET_HDR; Linux, include/uapi/linux/if_packet.h.
#![allow(unsafe_code)]

use crate::driver::{BURST, Burst, Driver};
use crate::sys;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

const SOL_PACKET: libc::c_int = 263;
const PACKET_STATISTICS: libc::c_int = 6;
const PACKET_VNET_HDR: libc::c_int = 15;
const PACKET_QDISC_BYPASS: libc::c_int = 20;
const PACKET_IGNORE_OUTGOING: libc::c_int = 23;

/// How much may wait in the socket, in bytes, if the machine allows: super-packets are large.
const BUFFER_BYTES: libc::c_int = 16 << 20;

/// A socket on the outer end of a veth pair.
pub struct PacketSocket {
    socket: OwnedFd,
}

impl PacketSocket {
    /// A socket on the interface with this index in the namespace of the calling thread.
    ///
    /// # Errors
    /// The kernel has no packet sockets, or the caller may not use them.
    pub fn new(interface: u32) -> io::Result<PacketSocket> {
        // Without a protocol: it hears nothing before it is bound.
        let socket = sys::raw_socket(libc::AF_PACKET, libc::SOCK_NONBLOCK)?;
        let set = |option, value| sys::set_option(&socket, option, value);
        set((SOL_PACKET, PACKET_VNET_HDR), 1)?;
        set((SOL_PACKET, PACKET_IGNORE_OUTGOING), 1)?;
        // Without it frames take a detour; nothing else.
        let _ = set((SOL_PACKET, PACKET_QDISC_BYPASS), 1);
        // Who may not have a large buffer gets the largest that everybody may have.
        set((libc::SOL_SOCKET, libc::SO_RCVBUFFORCE), BUFFER_BYTES)
            .or_else(|_| set((libc::SOL_SOCKET, libc::SO_RCVBUF), BUFFER_BYTES))?;
        set((libc::SOL_SOCKET, libc::SO_SNDBUF), BUFFER_BYTES)?;
        bind(&socket, interface)?;
        Ok(PacketSocket { socket })
    }
}

fn bind(socket: &OwnedFd, interface: u32) -> io::Result<()> {
    let address = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: (libc::ETH_P_ALL as u16).to_be(),
        sll_ifindex: interface as i32,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let length = size_of_val(&address) as libc::socklen_t;
    // SAFETY: the descriptor is open, and the address is of the family's type and length and lives until the call returns.
    let done = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
    check(done as isize).map(drop)
}

fn check(returned: isize) -> io::Result<usize> {
    usize::try_from(returned).map_err(|_| io::Error::last_os_error())
}

/// Messages without addresses and control data, one for each buffer.
fn messages(buffers: &mut [libc::iovec]) -> [libc::mmsghdr; BURST] {
    // SAFETY: all zeros are a message without name, buffers and control data: null pointers and lengths of zero.
    let mut messages: [libc::mmsghdr; BURST] = unsafe { std::mem::zeroed() };
    for (message, buffer) in messages.iter_mut().zip(buffers) {
        message.msg_hdr.msg_iov = buffer;
        message.msg_hdr.msg_iovlen = 1;
    }
    messages
}

impl Driver for PacketSocket {
    fn receive(&self, burst: &mut Burst) -> io::Result<usize> {
        burst.clear();
        let mut buffers = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BURST];
        for (buffer, space) in buffers.iter_mut().zip(burst.spaces()) {
            *buffer = libc::iovec { iov_base: space.as_mut_ptr().cast(), iov_len: space.len() };
        }
        let mut messages = messages(&mut buffers);
        // SAFETY: the descriptor is open. Each message has one buffer, a space of `burst` that nothing else refers to
        // while the call lasts; the kernel writes no more than the length of each.
        let done = unsafe {
            let flags = libc::MSG_DONTWAIT as _;
            libc::recvmmsg(
                self.socket.as_raw_fd(),
                messages.as_mut_ptr(),
                BURST as u32,
                flags,
                std::ptr::null_mut(),
            )
        };
        let count = match check(done as isize) {
            Ok(count) => count,
            Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EINTR)) => 0,
            // The interface is down for a moment while its other end is set up.
            Err(error) if error.raw_os_error() == Some(libc::ENETDOWN) => 0,
            Err(error) => return Err(error),
        };
        for message in &messages[..count] {
            burst.push_or_blank(message.msg_len as usize);
        }
        Ok(burst.count())
    }

    fn transmit(&self, frames: &[IoSlice<'_>]) -> usize {
        let mut sent = 0;
        for frames in frames.chunks(BURST) {
            let mut buffers = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BURST];
            for (buffer, frame) in buffers.iter_mut().zip(frames) {
                *buffer = libc::iovec { iov_base: frame.as_ptr().cast_mut().cast(), iov_len: frame.len() };
            }
            let mut messages = messages(&mut buffers);
            let mut at = 0;
            while at < frames.len() {
                let rest = &mut messages[at..frames.len()];
                // SAFETY: the descriptor is open. Each message has one buffer, a frame that outlives the call, and
                // sending only reads it: that is why the pointer may be made mutable.
                let done = unsafe {
                    let flags = libc::MSG_DONTWAIT as _;
                    libc::sendmmsg(self.socket.as_raw_fd(), rest.as_mut_ptr(), rest.len() as u32, flags)
                };
                // What the kernel refuses is lost; the frames after it are tried.
                let taken = check(done as isize).unwrap_or(0);
                sent += taken;
                at += taken.max(1);
            }
        }
        sent
    }

    fn missed(&self) -> u64 {
        let mut seen = [0u32; 2];
        let mut length = size_of_val(&seen) as libc::socklen_t;
        // SAFETY: the descriptor is open, and the option is two ints (`struct tpacket_stats`), for which there is room.
        let done = unsafe {
            let into = (&raw mut seen).cast();
            libc::getsockopt(self.socket.as_raw_fd(), SOL_PACKET, PACKET_STATISTICS, into, &raw mut length)
        };
        if done == 0 { u64::from(seen[1]) } else { 0 }
    }

    fn wait_on(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
