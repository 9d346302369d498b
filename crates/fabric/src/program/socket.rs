//! A TCP connection that a program opens.

use super::Cx;
use crate::stack;
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::State;
use std::net::{IpAddr, SocketAddr};

/// A connection to another host.
pub(crate) struct Client {
    handle: Option<SocketHandle>,
    was_open: bool,
}

/// How far a connection has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// No answer yet.
    Connecting,
    /// Open, at least for reading what has come.
    Open,
    /// The far side has reset it before it was open.
    Refused,
    /// It has ended.
    Closed,
}

impl Client {
    /// Begins to connect; `None` if the host has no address of the family, or too many sockets.
    pub(crate) fn open(cx: &mut Cx, to: SocketAddr) -> Option<Client> {
        Client::open_from(cx, None, to)
    }

    /// The same from an own address, if one is given.
    pub(crate) fn open_from(cx: &mut Cx, source: Option<IpAddr>, to: SocketAddr) -> Option<Client> {
        let handle = cx.machine.connect(source, to)?;
        Some(Client { handle: Some(handle), was_open: false })
    }

    /// Waits for one connection to a port; `None` if something listens there, or there are too many sockets.
    pub(crate) fn listen(cx: &mut Cx, port: u16) -> Option<Client> {
        let handle = cx.machine.listen(port)?;
        Some(Client { handle: Some(handle), was_open: false })
    }

    /// The own end; unspecified once the socket has been given back.
    pub(crate) fn local(&self, cx: &mut Cx) -> SocketAddr {
        let socket = self.handle.map(|handle| cx.machine.stack.socket(handle));
        let end = socket.and_then(|socket| socket.local_endpoint());
        end.map_or(SocketAddr::from(([0, 0, 0, 0], 0)), SocketAddr::from)
    }

    /// How far it has got.
    pub(crate) fn progress(&mut self, cx: &mut Cx) -> Progress {
        let Some(handle) = self.handle else { return Progress::Closed };
        let socket = cx.machine.stack.socket(handle);
        match socket.state() {
            State::SynSent | State::Listen => Progress::Connecting,
            State::Closed if !self.was_open => Progress::Refused,
            State::Closed | State::TimeWait => Progress::Closed,
            State::CloseWait | State::LastAck if socket.recv_queue() == 0 => {
                self.was_open = true;
                Progress::Closed
            }
            _ => {
                self.was_open = true;
                Progress::Open
            }
        }
    }

    /// Takes what has come, as text.
    pub(crate) fn read(&self, cx: &mut Cx) -> Vec<u8> {
        let mut bytes = Vec::new();
        let Some(handle) = self.handle else { return bytes };
        stack::drain(cx.machine.stack.socket(handle), &mut bytes, usize::MAX);
        bytes
    }

    /// Sends as much of `bytes` as the socket takes, and says how much that was.
    pub(crate) fn write(&self, bytes: &[u8], cx: &mut Cx) -> usize {
        let Some(handle) = self.handle else { return 0 };
        cx.machine.stack.socket(handle).send_slice(bytes).unwrap_or(0)
    }

    /// Sends zeros, at most `limit` and as many as the socket takes, and says how many.
    pub(crate) fn write_zeros(&self, limit: u64, cx: &mut Cx) -> u64 {
        let Some(handle) = self.handle else { return 0 };
        stack::send_zeros(cx.machine.stack.socket(handle), limit)
    }

    /// Says that no more will be sent.
    pub(crate) fn finish(&self, cx: &mut Cx) {
        if let Some(handle) = self.handle {
            cx.machine.stack.socket(handle).close();
        }
    }

    /// The far end, once there is one.
    pub(crate) fn remote(&self, cx: &mut Cx) -> Option<SocketAddr> {
        let socket = cx.machine.stack.socket(self.handle?);
        socket.remote_endpoint().map(SocketAddr::from)
    }

    /// Whether what is written may still reach the far side, though that may say no more itself.
    pub(crate) fn may_write(&self, cx: &mut Cx) -> bool {
        self.handle.is_some_and(|handle| cx.machine.stack.socket(handle).may_send())
    }

    /// Gives the socket back.
    pub(crate) fn leave(&mut self, cx: &mut Cx) {
        if let Some(handle) = self.handle.take() {
            cx.machine.release(handle, cx.now);
        }
    }
}
