//! Links, addresses and routes, by netlink: a socket in a namespace, one message and its acknowledgement at a time.
//!
//! Source: netlink(7), rtnetlink(7); Linux, include/uapi/linux/{netlink,rtnetlink,if_link,if_addr,veth}.h.

use crate::sys;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const EXCLUSIVE: u16 = 0x200;
const CREATE: u16 = 0x400;
const REPLACE: u16 = 0x100;
const ERROR: u16 = 2;

const NEW_LINK: u16 = 16;
const DELETE_LINK: u16 = 17;
const NEW_ADDRESS: u16 = 20;
const DELETE_ADDRESS: u16 = 21;
const NEW_ROUTE: u16 = 24;

const LINK_MAC: u16 = 1;
const LINK_NAME: u16 = 3;
const LINK_MTU: u16 = 4;
const LINK_QUEUE: u16 = 13;
const LINK_KIND_AND_DATA: u16 = 18;
const LINK_KIND: u16 = 1;
const LINK_DATA: u16 = 2;
const VETH_PEER: u16 = 1;
const LINK_NAMESPACE: u16 = 28;
const IS_UP: u32 = 1;

const ADDRESS: u16 = 1;
const ADDRESS_LOCAL: u16 = 2;
/// Without duplicate address detection: the network gives no address twice.
const NO_DETECTION: u8 = 2;

const ROUTE_OUT: u16 = 4;
const ROUTE_GATEWAY: u16 = 5;
const ROUTE_TABLE: u16 = 15;
/// The gateway is on the link, whatever the addresses say.
const ON_LINK: u32 = 4;
/// The table that is asked if no rule says otherwise.
pub const TABLE_MAIN: u32 = 254;

const NEW_RULE: u16 = 32;
const DELETE_RULE: u16 = 33;
const RULE_SOURCE: u16 = 2;
const RULE_PRIORITY: u16 = 6;
const RULE_TABLE: u16 = 15;
const TO_TABLE: u8 = 1;

const PROTOCOL_BOOT: u8 = 3;
const SCOPE_UNIVERSE: u8 = 0;
const UNICAST: u8 = 1;

/// What is set of a link when it is brought up.
#[derive(Clone, Copy, Debug)]
pub struct LinkShape {
    /// Its MAC address.
    pub mac: [u8; 6],
    /// Its MTU.
    pub mtu: u32,
    /// How many frames may wait in it.
    pub queue: u32,
}

/// A netlink socket in the namespace of the thread that made it.
pub struct Netlink {
    /// A socket that is read and written as a file: what is written goes to the kernel.
    socket: File,
}

/// A message under construction.
struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// A message of a kind, with the fixed part that the kind has.
    fn new(kind: u16, flags: u16, fixed: &[u8]) -> Message {
        let mut bytes = vec![0; 16];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&(REQUEST | ACKNOWLEDGE | flags).to_ne_bytes());
        bytes.extend_from_slice(fixed);
        Message { bytes }
    }

    fn link(kind: u16, flags: u16, index: u32, up: bool) -> Message {
        Message::new(kind, flags, &link_header(index, up))
    }

    fn put(mut self, kind: u16, value: &[u8]) -> Message {
        let length = (4 + value.len()) as u16;
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// An attribute that holds a fixed part and attributes.
    fn nest(mut self, kind: u16, fixed: &[u8], fill: impl FnOnce(Message) -> Message) -> Message {
        let inner = fill(Message { bytes: fixed.to_vec() });
        self = self.put(kind, &inner.bytes);
        self
    }

    fn name(self, name: &str) -> Message {
        let mut terminated = name.as_bytes().to_vec();
        terminated.push(0);
        self.put(LINK_NAME, &terminated)
    }

    fn number(self, kind: u16, value: u32) -> Message {
        self.put(kind, &value.to_ne_bytes())
    }
}

/// `struct ifinfomsg`.
fn link_header(index: u32, up: bool) -> [u8; 16] {
    let mut fixed = [0; 16];
    fixed[4..8].copy_from_slice(&index.to_ne_bytes());
    let flags = if up { IS_UP } else { 0 };
    fixed[8..12].copy_from_slice(&flags.to_ne_bytes());
    fixed[12..16].copy_from_slice(&flags.to_ne_bytes());
    fixed
}

/// The bytes of an address, and the number of its family.
fn octets(address: IpAddr) -> (u8, Vec<u8>) {
    match address {
        IpAddr::V4(address) => (libc::AF_INET as u8, address.octets().to_vec()),
        IpAddr::V6(address) => (libc::AF_INET6 as u8, address.octets().to_vec()),
    }
}

impl Netlink {
    /// A socket in the namespace of the calling thread.
    ///
    /// # Errors
    /// The kernel has no netlink.
    pub fn open() -> io::Result<Netlink> {
        let socket = File::from(sys::raw_socket(libc::AF_NETLINK, 0)?);
        Ok(Netlink { socket })
    }

    /// The index of a link.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn index_of(&self, name: &str) -> io::Result<u32> {
        sys::link_index(name)
    }

    /// Brings up a link as it is.
    ///
    /// # Errors
    /// There is none with this index.
    pub fn bring_up(&self, index: u32) -> io::Result<()> {
        self.send(Message::link(NEW_LINK, 0, index, true))
    }

    /// Shapes a link and brings it up.
    ///
    /// # Errors
    /// There is none with this index, or it cannot have the shape.
    pub fn shape(&self, index: u32, shape: &LinkShape) -> io::Result<()> {
        let shaped = Message::link(NEW_LINK, 0, index, false)
            .put(LINK_MAC, &shape.mac)
            .number(LINK_MTU, shape.mtu)
            .number(LINK_QUEUE, shape.queue);
        self.send(shaped)?;
        self.bring_up(index)
    }

    /// Makes a pair of veth: `outer` here, `inner` in the namespace `there`.
    ///
    /// # Errors
    /// A name is taken, or the kernel has no veth.
    pub fn create_pair(
        &self,
        outer: &str,
        mtu: u32,
        (inner, there): (&str, BorrowedFd<'_>),
    ) -> io::Result<()> {
        let there = there.as_raw_fd() as u32;
        let pair = Message::link(NEW_LINK, CREATE | EXCLUSIVE, 0, true)
            .name(outer)
            .number(LINK_MTU, mtu)
            .nest(LINK_KIND_AND_DATA, &[], |about| {
                about.put(LINK_KIND, b"veth").nest(LINK_DATA, &[], |data| {
                    data.nest(VETH_PEER, &link_header(0, false), |peer| {
                        peer.name(inner).number(LINK_MTU, mtu).number(LINK_NAMESPACE, there)
                    })
                })
            });
        self.send(pair)
    }

    /// Takes a link away.
    ///
    /// # Errors
    /// There is none with this index.
    pub fn delete_link(&self, index: u32) -> io::Result<()> {
        self.send(Message::link(DELETE_LINK, 0, index, false))
    }

    /// Gives a link an address; one that it has stays.
    ///
    /// # Errors
    /// The link is gone, or cannot have the address.
    pub fn add_address(&self, index: u32, address: (IpAddr, u8)) -> io::Result<()> {
        self.send(address_message(NEW_ADDRESS, CREATE | REPLACE, index, address))
    }

    /// Takes an address from a link.
    ///
    /// # Errors
    /// It has it not.
    pub fn remove_address(&self, index: u32, address: (IpAddr, u8)) -> io::Result<()> {
        self.send(address_message(DELETE_ADDRESS, 0, index, address))
    }

    /// Sends what has no closer route in `table` to `gateway`.
    ///
    /// # Errors
    /// The link is gone or down.
    pub fn add_default_route(&self, index: u32, gateway: IpAddr, table: u32) -> io::Result<()> {
        let (family, bytes) = octets(gateway);
        let mut fixed = [family, 0, 0, 0, 0, PROTOCOL_BOOT, SCOPE_UNIVERSE, UNICAST, 0, 0, 0, 0];
        fixed[8..12].copy_from_slice(&ON_LINK.to_ne_bytes());
        let route = Message::new(NEW_ROUTE, CREATE | REPLACE, &fixed)
            .put(ROUTE_GATEWAY, &bytes)
            .number(ROUTE_OUT, index)
            .number(ROUTE_TABLE, table);
        self.send(route)
    }

    /// Routes what is sent from `address` by `table`.
    ///
    /// # Errors
    /// The rule is there already.
    pub fn add_rule(&self, address: IpAddr, table: u32) -> io::Result<()> {
        self.send(rule_message(NEW_RULE, CREATE | EXCLUSIVE, address, table))
    }

    /// Routes what is sent from `address` as everything else.
    ///
    /// # Errors
    /// There is no such rule.
    pub fn remove_rule(&self, address: IpAddr, table: u32) -> io::Result<()> {
        self.send(rule_message(DELETE_RULE, 0, address, table))
    }

    /// Sends a message and waits for its acknowledgement.
    fn send(&self, mut message: Message) -> io::Result<()> {
        let length = message.bytes.len() as u32;
        message.bytes[..4].copy_from_slice(&length.to_ne_bytes());
        (&self.socket).write_all(&message.bytes)?;
        let mut answer = [0; 4096];
        let length = (&self.socket).read(&mut answer)?;
        acknowledged(&answer[..length])
    }
}

/// `struct ifaddrmsg` and the address, as local and as own end.
fn address_message(kind: u16, flags: u16, index: u32, (address, prefix): (IpAddr, u8)) -> Message {
    let (family, bytes) = octets(address);
    let mut fixed = [family, prefix, NO_DETECTION, SCOPE_UNIVERSE, 0, 0, 0, 0];
    if address.is_ipv4() {
        fixed[2] = 0;
    }
    fixed[4..8].copy_from_slice(&index.to_ne_bytes());
    Message::new(kind, flags, &fixed).put(ADDRESS_LOCAL, &bytes).put(ADDRESS, &bytes)
}

/// `struct fib_rule_hdr` and whom the rule is about.
fn rule_message(kind: u16, flags: u16, address: IpAddr, table: u32) -> Message {
    let (family, bytes) = octets(address);
    let bits = 8 * bytes.len() as u8;
    let fixed = [family, 0, bits, 0, 0, 0, 0, TO_TABLE, 0, 0, 0, 0];
    Message::new(kind, flags, &fixed)
        .put(RULE_SOURCE, &bytes)
        .number(RULE_TABLE, table)
        .number(RULE_PRIORITY, table)
}

/// What the kernel answered: an error message whose number is zero is an acknowledgement.
fn acknowledged(answer: &[u8]) -> io::Result<()> {
    let (Some(kind), Some(number)) = (answer.get(4..6), answer.get(16..20)) else {
        return Err(io::Error::other("netlink: the answer is cut off"));
    };
    if u16::from_ne_bytes([kind[0], kind[1]]) != ERROR {
        return Err(io::Error::other("netlink: no acknowledgement"));
    }
    match i32::from_ne_bytes([number[0], number[1], number[2], number[3]]) {
        0 => Ok(()),
        number => Err(io::Error::from_raw_os_error(-number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_to_four_bytes_and_their_length_is_not() {
        let message = Message { bytes: Vec::new() }.name("eth0");
        assert_eq!(message.bytes, [9, 0, 3, 0, b'e', b't', b'h', b'0', 0, 0, 0, 0]);
    }

    #[test]
    fn an_answer_is_an_acknowledgement_or_the_kernels_error() {
        let answer = |kind: u16, number: i32| {
            let mut bytes = vec![0; 20];
            bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
            bytes[16..20].copy_from_slice(&number.to_ne_bytes());
            bytes
        };
        assert!(acknowledged(&answer(ERROR, 0)).is_ok());
        let refused = acknowledged(&answer(ERROR, -libc::EEXIST)).expect_err("refused");
        assert_eq!(refused.raw_os_error(), Some(libc::EEXIST));
        assert!(acknowledged(&answer(NEW_LINK, 0)).is_err());
        assert!(acknowledged(&[]).is_err());
    }
}
