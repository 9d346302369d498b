//! The services of a host: what it does on a TCP port.
//!
//! A Linux image runs sshd on port 22. User data declares more, one a line, wherever in it:
//!
//! ```text
//! #weir listen tcp/7 echo              sends back what it receives
//! #weir listen tcp/80 http Hello       answers each request with 200 and the rest of the line
//! #weir listen tcp/9 discard           accepts and reads
//! ```
//!
//! To cloud-init and to a shell these lines are comments, so the same user data runs on AWS.

use smoltcp::socket::tcp;

/// Most services that user data may declare.
pub const SERVICES_MAX: usize = 64;

/// Most bytes of a service's answer.
pub const BODY_BYTES_MAX: usize = 4096;

/// What sshd says first: the version that Amazon Linux 2023 has.
pub const SSH_BANNER: &str = "SSH-2.0-OpenSSH_8.7\r\n";

/// A TCP port that accepts connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The port.
    pub port: u16,
    /// What it does with a connection.
    pub kind: Kind,
}

/// What a service does with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sends its banner and runs what the session asks for.
    Ssh,
    /// Sends back what it receives (RFC 862).
    Echo,
    /// Reads and says nothing (RFC 863).
    Discard,
    /// Answers a request with 200 and this body, then closes.
    Http(String),
}

impl Service {
    /// The services of an instance: sshd, and what its user data declares. Lines that declare nothing are left out, and
    /// so are ports declared before.
    pub fn of_user_data(user_data: Option<&[u8]>) -> Vec<Service> {
        let mut services = vec![Service { port: 22, kind: Kind::Ssh }];
        let text = String::from_utf8_lossy(user_data.unwrap_or_default());
        for service in text.lines().filter_map(Service::of_line).take(SERVICES_MAX) {
            if services.iter().all(|known| known.port != service.port) {
                services.push(service);
            }
        }
        services
    }

    /// The services of a host on the internet: 53, 80 and 443 accept connections.
    pub fn of_internet() -> Vec<Service> {
        let accept = |port| Service { port, kind: Kind::Discard };
        let page = Kind::Http("Hello from the internet\n".to_owned());
        vec![accept(53), Service { port: 80, kind: page }, accept(443)]
    }

    fn of_line(line: &str) -> Option<Service> {
        let rest = line.trim().strip_prefix("#weir listen tcp/")?;
        let (port, rest) = rest.split_once(' ')?;
        let port = port.parse().ok().filter(|port| *port > 0)?;
        let rest = rest.trim();
        let kind = match rest.split_once(' ').unwrap_or((rest, "")) {
            ("echo", "") => Kind::Echo,
            ("discard", "") => Kind::Discard,
            ("http", body) if body.len() <= BODY_BYTES_MAX => Kind::Http(format!("{}\n", body.trim())),
            _ => return None,
        };
        Some(Service { port, kind })
    }
}

/// A connection to a service.
#[derive(Debug)]
pub(crate) struct Connection {
    kind: Kind,
    has_greeted: bool,
}

impl Connection {
    pub(crate) fn new(kind: Kind) -> Connection {
        Connection { kind, has_greeted: false }
    }

    /// Reads and writes as far as the socket goes.
    pub(crate) fn serve(&mut self, socket: &mut tcp::Socket<'static>) {
        match &self.kind {
            // A shell serves these: it needs more than the socket.
            Kind::Ssh => {}
            Kind::Discard => discard(socket),
            Kind::Echo => echo(socket),
            Kind::Http(body) => {
                if socket.can_recv() && !self.has_greeted {
                    discard(socket);
                    let length = body.len();
                    let page = format!(
                        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                    );
                    self.has_greeted = socket.send_slice(page.as_bytes()).is_ok();
                    socket.close();
                }
            }
        }
        if !socket.may_recv() && socket.may_send() && socket.state() == tcp::State::CloseWait {
            socket.close();
        }
    }
}

fn discard(socket: &mut tcp::Socket<'static>) {
    while socket.can_recv() {
        if socket.recv(|bytes| (bytes.len(), ())).is_err() {
            return;
        }
    }
}

fn echo(socket: &mut tcp::Socket<'static>) {
    while socket.can_recv() && socket.can_send() {
        let room = socket.send_capacity() - socket.send_queue();
        let taken = socket.recv(|bytes| {
            let length = bytes.len().min(room);
            (length, bytes[..length].to_vec())
        });
        let sent = taken.ok().and_then(|bytes| socket.send_slice(&bytes).ok());
        if sent.is_none_or(|sent| sent == 0) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(user_data: &str, expected: &[(u16, Kind)]) {
        let services = Service::of_user_data(Some(user_data.as_bytes()));
        let found: Vec<_> = services.into_iter().map(|service| (service.port, service.kind)).collect();
        assert_eq!(found[0], (22, Kind::Ssh));
        assert_eq!(found[1..], *expected, "{user_data}");
    }

    #[test]
    fn user_data_declares_services() {
        check("#!/bin/bash\n#weir listen tcp/7 echo\n", &[(7, Kind::Echo)]);
        check("  #weir listen tcp/80 http Hello, you\r\n", &[(80, Kind::Http("Hello, you\n".to_owned()))]);
        check("#weir listen tcp/9 discard\n#weir listen tcp/9 echo", &[(9, Kind::Discard)]);
    }

    #[test]
    fn other_lines_declare_nothing() {
        for line in [
            "",
            "yum install -y httpd",
            "#weir listen tcp/0 echo",
            "#weir listen tcp/99999 echo",
            "#weir listen udp/7 echo",
            "#weir listen tcp/7 dance",
            "#weir listen tcp/7",
            "#weir listen tcp/22 echo",
        ] {
            check(line, &[]);
        }
        assert_eq!(Service::of_user_data(Some(&[0xff, 0xfe, 0])).len(), 1);
    }
}
