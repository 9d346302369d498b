//! A TCP server of the platform: it answers on one port, whatever address it is asked at.
//!
//! It has a stack of its own for each host that asks, as the card does on which an instance sits, so equal addresses in
//! two VPCs never meet. What it sends goes to the host that asked.

use crate::stack::{self, Outbox, Shape, Stack};
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp;
use std::net::{IpAddr, SocketAddr};
use weir_model::Nanos;
use weir_pipeline::Packet;
use weir_pipeline::packet::{ACK, SYN};

/// The largest packet, and the TTL of the server's packets.
const SHAPE: Shape = Shape { mtu: 9001, ttl: 64 };

/// A server, with the connections that are open.
pub(crate) struct Server {
    port: u16,
    stack: Stack,
    talks: Vec<Talk>,
    /// When it is to be tended, as the queue has it.
    pub(crate) wake: Option<Nanos>,
}

/// A connection.
struct Talk {
    handle: SocketHandle,
    received: Vec<u8>,
    pending: Vec<u8>,
    has_answered: bool,
}

/// What a server says to what it has received on a connection.
#[derive(Default)]
pub(crate) struct Said {
    /// The answers to what was whole; none yet, if nothing was.
    pub(crate) bytes: Vec<u8>,
    /// Whether it says no more and closes.
    pub(crate) is_last: bool,
    /// The TTL of its packets from now on, if not the usual one.
    pub(crate) ttl: Option<u8>,
}

impl Server {
    /// A server on `port` of these addresses; `seed` chooses its sequence numbers.
    pub(crate) fn new(port: u16, addresses: &[IpAddr], seed: u64, now: Nanos) -> Server {
        Server { port, stack: Stack::new(addresses, SHAPE, seed, now), talks: Vec::new(), wake: None }
    }

    /// Whether it has no connections.
    pub(crate) fn is_idle(&self) -> bool {
        self.talks.is_empty()
    }

    /// Takes in a packet for the server's port.
    pub(crate) fn receive(&mut self, packet: &Packet, bytes: &[u8], now: Nanos, outbox: &mut Outbox) {
        let local = SocketAddr::new(packet.destination, packet.destination_port);
        let remote = SocketAddr::new(packet.source, packet.source_port);
        if packet.tcp_flags & (SYN | ACK) == SYN
            && !self.stack.has_connection(local, remote)
            && let Some(handle) = self.stack.listen(self.port)
        {
            self.talks.push(Talk { handle, received: Vec::new(), pending: Vec::new(), has_answered: false });
        }
        self.stack.receive(bytes, now, outbox);
    }

    /// Answers what has come, sends what is to be sent, and says when it wants to be tended next. `answer` takes away
    /// what it needs no more of the bytes that a connection has received.
    pub(crate) fn tend(
        &mut self,
        now: Nanos,
        mut answer: impl FnMut(&mut Vec<u8>) -> Said,
        outbox: &mut Outbox,
    ) -> Option<Nanos> {
        for talk in &mut self.talks {
            talk.serve(self.stack.socket(talk.handle), &mut answer);
        }
        self.stack.flush(now, outbox);
        let stack = &mut self.stack;
        self.talks.retain(|talk| {
            let is_open = stack.socket(talk.handle).state() != tcp::State::Closed;
            if !is_open {
                stack.remove(talk.handle);
            }
            is_open
        });
        self.stack.wake_at(now)
    }
}

impl Talk {
    fn serve(&mut self, socket: &mut tcp::Socket<'static>, answer: &mut impl FnMut(&mut Vec<u8>) -> Said) {
        stack::drain(socket, &mut self.received, usize::MAX);
        if self.has_answered {
            self.received.clear();
        }
        if !self.has_answered {
            let said = answer(&mut self.received);
            if said.ttl.is_some() {
                socket.set_hop_limit(said.ttl);
            }
            self.pending.extend(said.bytes);
            self.has_answered = said.is_last;
        }
        let sent = socket.send_slice(&self.pending).unwrap_or(0);
        self.pending.drain(..sent);
        let is_over = self.has_answered || socket.state() == tcp::State::CloseWait;
        if is_over && self.pending.is_empty() {
            socket.close();
        }
    }
}
