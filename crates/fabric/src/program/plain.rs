//! Commands that print what the host knows of itself.

use super::Started;
use super::condition::Unknown;
use super::options::{self, Arg};
use crate::host::Machine;
use std::net::IpAddr;

/// hostname(1): the name, `-s` its first part, `-d` the rest, `-i` and `-I` the addresses.
pub(super) fn hostname(args: &[String], machine: &Machine) -> Started {
    let name = &machine.identity.hostname;
    let (short, domain) = name.split_once('.').unwrap_or((name, ""));
    let args = match options::parse(args, "Idfis") {
        Ok(args) => args,
        Err(error) => return Started::failed(error.message("hostname") + "Usage: hostname [-sdfiI]\n", 255),
    };
    let addresses: Vec<String> =
        machine.identity.addresses.iter().map(|(address, _)| address.to_string()).collect();
    Started::printed(match args.first() {
        None | Some(Arg::Flag('f')) => format!("{name}\n"),
        Some(Arg::Flag('s')) => format!("{short}\n"),
        Some(Arg::Flag('d')) => format!("{domain}\n"),
        Some(Arg::Flag('i')) => format!("{}\n", addresses.first().map_or("", String::as_str)),
        Some(Arg::Flag(_)) => format!("{} \n", addresses.join(" ")),
        Some(_) => {
            return Started::failed("hostname: you must be root to change the host name\n".to_owned(), 1);
        }
    })
}

/// The text of a file that the host has.
pub(super) fn file(path: &str, machine: &Machine) -> Option<String> {
    let identity = &machine.identity;
    match path {
        "/etc/resolv.conf" => {
            let servers = identity.resolvers.iter().map(|server| format!("nameserver {server}\n"));
            let search = identity.search.join(" ");
            let search = if search.is_empty() { String::new() } else { format!("search {search}\n") };
            Some(servers.collect::<String>() + &search)
        }
        "/etc/hosts" => Some(HOSTS.to_owned()),
        "/var/log/cloud-init-output.log" => {
            Some(identity.boot_log.iter().map(|line| format!("{line}\n")).collect())
        }
        "/etc/hostname" => Some(format!("{}\n", identity.hostname)),
        _ => None,
    }
}

/// What is at a path of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    /// /dev/null.
    Null,
    Absent,
}

/// Folders that images bring, with files that hosts do not have.
const OF_IMAGES: [&str; 14] =
    ["bin", "boot", "dev", "etc", "lib", "lib64", "opt", "proc", "root", "run", "sbin", "sys", "usr", "var"];

/// What is at a path, as the user sees it who runs commands. Nobody can have made a file: where an image brings none, there is none.
///
/// # Errors
/// An image may bring it, and it is not simulated.
pub(super) fn kind(path: &str, machine: &Machine) -> Result<Kind, Unknown> {
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    match path {
        "/dev/null" => return Ok(Kind::Null),
        "." | "/" | "/dev" | "/etc" | "/home" | "/home/ec2-user" | "/tmp" | "/var" | "/var/log" => {
            return Ok(Kind::Folder);
        }
        _ if file(path, machine).is_some() => return Ok(Kind::File),
        _ => {}
    }
    let first = path.strip_prefix('/').and_then(|path| path.split('/').next());
    if first.is_some_and(|first| OF_IMAGES.contains(&first)) { Err(Unknown) } else { Ok(Kind::Absent) }
}

/// As on Amazon Linux 2023.
const HOSTS: &str = "\
127.0.0.1   localhost localhost.localdomain localhost4 localhost4.localdomain4
::1         localhost6 localhost6.localdomain6
";

/// The addresses of one link with the lengths of their prefixes.
pub(crate) type Link = Vec<(IpAddr, u8)>;
