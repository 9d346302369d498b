//! What this machine allows: which driver, and what is missing for it.
//!
//! Nothing is pretended: where instances cannot be namespaces, it is said what is missing and that `simulated` hosts need
//! none of it. Source: user_namespaces(7), capabilities(7).

use crate::namespace::Namespace;
use crate::netlink::Netlink;
use crate::packet::PacketSocket;
use crate::sys;
use crate::tap::{DEVICE, Tap};
use std::fmt;
use std::io;
use std::os::fd::AsFd;

/// A driver of interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriverKind {
    /// TAP devices.
    Tap,
    /// Pairs of veth and packet sockets.
    Packet,
}

impl fmt::Display for DriverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DriverKind::Tap => "TAP devices",
            DriverKind::Packet => "veth pairs and packet sockets",
        })
    }
}

/// Why something is not possible here.
#[derive(Debug)]
pub struct Missing {
    /// What was tried.
    pub what: &'static str,
    /// What the machine answered.
    pub error: io::Error,
    /// What would help.
    pub help: &'static str,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.what, self.error, self.help)
    }
}

/// What is possible.
#[derive(Debug)]
pub struct Possible {
    /// The driver to take, TAP if possible.
    pub driver: Result<DriverKind, Missing>,
    /// Why not TAP, if not.
    pub tap: Result<(), Missing>,
    /// Why not packet sockets, if not.
    pub packet: Result<(), Missing>,
}

/// Tries out what the machine allows the calling process, and leaves nothing behind.
pub fn possible() -> Possible {
    let (tap, packet) = (try_tap(), try_packet());
    let driver = match (&tap, &packet) {
        (Ok(()), _) => Ok(DriverKind::Tap),
        (_, Ok(())) => Ok(DriverKind::Packet),
        (_, Err(missing)) => Err(missing.copy()),
    };
    Possible { driver, tap, packet }
}

impl Missing {
    fn new(what: &'static str, help: &'static str) -> impl FnOnce(io::Error) -> Missing {
        move |error| Missing { what, error, help }
    }

    fn copy(&self) -> Missing {
        let error = self.error.raw_os_error().map_or_else(
            || io::Error::new(self.error.kind(), self.error.to_string()),
            io::Error::from_raw_os_error,
        );
        Missing { what: self.what, error, help: self.help }
    }
}

fn namespace() -> Result<Namespace, Missing> {
    Namespace::network().map_err(Missing::new(
        "making a network namespace",
        "run weir as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces, \
         kernel.apparmor_restrict_unprivileged_userns)",
    ))
}

fn try_tap() -> Result<(), Missing> {
    let help = "load the module tun, or make /dev/net/tun readable and writable";
    std::fs::metadata(DEVICE).map_err(Missing::new("finding /dev/net/tun", help))?;
    let made = namespace()?.run(|| Tap::new("eth0").map(drop));
    made.map_err(Missing::new("making a TAP device", help))
}

fn try_packet() -> Result<(), Missing> {
    let (outer, inner) = (namespace()?, namespace()?);
    let there = inner.descriptor().try_clone_to_owned();
    let made = there.and_then(|there| {
        outer.run(move || {
            let netlink = Netlink::open()?;
            netlink.create_pair("port0", 1500, ("eth0", there.as_fd()))?;
            PacketSocket::new(netlink.index_of("port0")?).map(drop)
        })
    });
    made.map_err(Missing::new(
        "making a veth pair with a packet socket",
        "load the modules veth and af_packet",
    ))
}

/// Makes an ordinary user root of a user namespace of its own, where it may make network namespaces; root stays what it
/// is. The process stays in the machine's network. To be called before the process has a second thread.
///
/// # Errors
/// The machine allows no user namespaces, or there is a second thread.
pub fn become_root() -> Result<(), Missing> {
    let (user, group) = sys::user();
    if user == 0 {
        return Ok(());
    }
    let help = "run weir as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone, \
                user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)";
    let enter = || {
        // The kernel refuses it to a process with more than one thread.
        sys::unshare(libc::CLONE_NEWUSER)?;
        std::fs::write("/proc/self/setgroups", "deny")?;
        std::fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
        std::fs::write("/proc/self/gid_map", format!("0 {group} 1"))
    };
    enter().map_err(Missing::new("making a user namespace", help))
}
