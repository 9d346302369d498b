//! The UDP ports that programs of a host have bound, and what has come for them.
//!
//! Source: RFC 768; RFC 1122, section 4.1.3.3 (ICMP errors reach the program).

use crate::datagram::Datagram;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// Most bytes that wait for a program (Linux: rmem_default); what comes on top is lost.
const WAITING_BYTES_MAX: usize = 212_992;

/// The bound ports.
#[derive(Default)]
pub(crate) struct Ports {
    bound: BTreeMap<u16, Mailbox>,
}

#[derive(Default)]
struct Mailbox {
    letters: VecDeque<Letter>,
    bytes: usize,
    is_refused: bool,
    /// The only one whose datagrams are taken, if there is one.
    peer: Option<SocketAddr>,
}

/// A datagram that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) from: SocketAddr,
    pub(crate) payload: Vec<u8>,
}

impl Ports {
    /// Binds a port; false if it is bound.
    pub(crate) fn bind(&mut self, port: u16) -> bool {
        let is_free = !self.bound.contains_key(&port);
        if is_free {
            self.bound.insert(port, Mailbox::default());
        }
        is_free
    }

    /// Has a port take datagrams of one far end alone (connect(2)).
    pub(crate) fn connect(&mut self, port: u16, peer: SocketAddr) {
        if let Some(mailbox) = self.bound.get_mut(&port) {
            mailbox.peer = Some(peer);
        }
    }

    /// Gives a port back.
    pub(crate) fn release(&mut self, port: u16) {
        self.bound.remove(&port);
    }

    /// Takes in a datagram; false if nobody has bound its port, or for others alone.
    pub(crate) fn deliver(&mut self, datagram: &Datagram) -> bool {
        let Some(mailbox) = self.bound.get_mut(&datagram.destination.port()) else { return false };
        if mailbox.peer.is_some_and(|peer| peer != datagram.source) {
            return false;
        }
        if mailbox.bytes + datagram.payload.len() <= WAITING_BYTES_MAX {
            mailbox.bytes += datagram.payload.len();
            mailbox.letters.push_back(Letter { from: datagram.source, payload: datagram.payload.to_vec() });
        }
        true
    }

    /// Notes that what was sent from a port was refused; false if nobody has bound it.
    pub(crate) fn refuse(&mut self, port: u16) -> bool {
        let mailbox = self.bound.get_mut(&port);
        mailbox.map(|mailbox| mailbox.is_refused = true).is_some()
    }

    /// The next datagram for a port.
    pub(crate) fn take(&mut self, port: u16) -> Option<Letter> {
        let mailbox = self.bound.get_mut(&port)?;
        let letter = mailbox.letters.pop_front()?;
        mailbox.bytes -= letter.payload.len();
        Some(letter)
    }

    /// Whether what was sent from a port was refused since the last call.
    pub(crate) fn take_refusal(&mut self, port: u16) -> bool {
        self.bound.get_mut(&port).is_some_and(|mailbox| std::mem::take(&mut mailbox.is_refused))
    }
}
