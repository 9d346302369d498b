//! A UDP port that a program talks to one far end from.

use super::Cx;
use crate::datagram::Datagram;
use std::net::SocketAddr;

/// A bound port and its far end.
pub(crate) struct UdpClient {
    pub(crate) local: SocketAddr,
    pub(crate) to: SocketAddr,
}

impl UdpClient {
    /// Binds a fresh port; `None` if the host has no address of the family, or no port.
    pub(crate) fn open(cx: &mut Cx, to: SocketAddr) -> Option<UdpClient> {
        let source = cx.machine.source_for(to.ip())?;
        let port = cx.machine.bind_fresh()?;
        Some(UdpClient { local: SocketAddr::new(source, port), to })
    }

    /// Sends a datagram.
    pub(crate) fn send(&self, payload: &[u8], cx: &mut Cx) {
        let datagram = Datagram { source: self.local, destination: self.to, payload };
        let mut buffer = cx.outbox.buffer(datagram.length());
        datagram.write(cx.machine.ttl, &mut buffer);
        cx.outbox.packets.push(buffer);
    }

    /// The next datagram from the far end; those of others are dropped.
    pub(crate) fn receive(&self, cx: &mut Cx) -> Option<Vec<u8>> {
        loop {
            let letter = cx.machine.udp.take(self.local.port())?;
            if letter.from == self.to {
                return Some(letter.payload);
            }
        }
    }

    /// Whether the far end has no such port.
    pub(crate) fn is_refused(&self, cx: &mut Cx) -> bool {
        cx.machine.udp.take_refusal(self.local.port())
    }

    /// Gives the port back.
    pub(crate) fn leave(&self, cx: &mut Cx) {
        cx.machine.udp.release(self.local.port());
    }
}
