//! Commands that print what the host knows of itself.

use super::condition::Unknown;
use super::options::{self, Arg, BadOption};
use super::{Output, Started};
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

/// id(1), of the first user of Amazon Linux: `-u`, `-g` and `-G` numbers, with `-n` names.
pub(super) fn id(args: &[String]) -> Started {
    let wrong = |error: BadOption| {
        let message = error.not_simulated("id", args, "arzZ");
        Started::failed(
            message.unwrap_or_else(|| error.message("id") + "Try 'id --help' for more information.\n"),
            1,
        )
    };
    let flags = match options::parse(args, "ugGn").map_err(wrong) {
        Ok(flags) => flags,
        Err(started) => return started,
    };
    let has = |letter| flags.contains(&Arg::Flag(letter));
    if flags.iter().any(|arg| matches!(arg, Arg::Operand(_))) {
        return Started::failed("id: of others: not simulated by weir\n".to_owned(), 1);
    }
    Started::printed(match (has('u') || has('g'), has('G'), has('n')) {
        (true, false, true) => "ec2-user\n".to_owned(),
        (true, false, false) => "1000\n".to_owned(),
        (false, true, true) => "ec2-user adm wheel systemd-journal\n".to_owned(),
        (false, true, false) => "1000 4 10 190\n".to_owned(),
        (false, false, false) => {
            "uid=1000(ec2-user) gid=1000(ec2-user) groups=1000(ec2-user),4(adm),10(wheel),190(systemd-journal)\n"
                .to_owned()
        }
        _ => return Started::failed("id: cannot print only names or real IDs in default format\n".to_owned(), 1),
    })
}

/// which(1): where programs are.
pub(super) fn which(args: &[String]) -> Started {
    let (mut stdout, mut stderr) = (String::new(), String::new());
    for name in args {
        match super::PROGRAMS.contains(&name.as_str()) {
            true => stdout += &format!("/usr/bin/{name}\n"),
            false if super::NOT_SIMULATED.contains(&name.as_str()) => {
                stderr += &format!("which: {name}: not simulated by weir\n");
            }
            false => stderr += &format!("/usr/bin/which: no {name} in ({PATH})\n"),
        }
    }
    let exit_code = Some(i32::from(!stderr.is_empty()));
    Started::Done(Output { stdout, stderr, exit_code })
}

/// Where commands are run.
pub(super) const HOME: &str = "/home/ec2-user";

/// Where programs are looked for.
pub(super) const PATH: &str = "/usr/local/bin:/usr/bin:/usr/local/sbin:/usr/sbin";

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
pub(super) const OF_IMAGES: [&str; 14] =
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
