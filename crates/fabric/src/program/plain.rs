//! Commands that print what the host knows of itself.

use super::options::{self, Arg};
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

/// echo, as bash has it: `-n` without a line end, `-e` with escapes, `-E` without.
pub(super) fn echo(args: &[String]) -> String {
    let is_option = |arg: &&String| {
        arg.strip_prefix('-').is_some_and(|letters| {
            !letters.is_empty() && letters.chars().all(|letter| "neE".contains(letter))
        })
    };
    let options = args.iter().take_while(is_option).count();
    let (mut has_end, mut has_escapes) = (true, false);
    for letter in args[..options].iter().flat_map(|arg| arg[1..].chars()) {
        match letter {
            'n' => has_end = false,
            'e' => has_escapes = true,
            _ => has_escapes = false,
        }
    }
    let text = args[options..].join(" ");
    let (text, is_cut) = if has_escapes { unescaped(&text) } else { (text, false) };
    if has_end && !is_cut { text + "\n" } else { text }
}

/// The text with its escapes read, and whether `\c` has cut it off.
fn unescaped(text: &str) -> (String, bool) {
    let (mut read, mut letters) = (String::new(), text.chars());
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            read.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => read.push('\n'),
            Some('t') => read.push('\t'),
            Some('r') => read.push('\r'),
            Some('a') => read.push('\u{7}'),
            Some('e') => read.push('\u{1b}'),
            Some('\\') | None => read.push('\\'),
            Some('c') => return (read, true),
            Some(other) => read.extend(['\\', other]),
        }
    }
    (read, false)
}

/// cat(1), of the files that say how names are resolved.
pub(super) fn cat(args: &[String], machine: &Machine) -> Started {
    let (mut output, mut exit_code) = (Output::default(), 0);
    for path in args.iter().filter(|arg| !arg.starts_with('-')) {
        match file(path, machine) {
            Some(text) => output.stdout += &text,
            None => {
                output.stderr += &format!("cat: {path}: No such file or directory\n");
                exit_code = 1;
            }
        }
    }
    Started::Done(Output { exit_code: Some(exit_code), ..output })
}

fn file(path: &str, machine: &Machine) -> Option<String> {
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

/// As on Amazon Linux 2023.
const HOSTS: &str = "\
127.0.0.1   localhost localhost.localdomain localhost4 localhost4.localdomain4
::1         localhost6 localhost6.localdomain6
";

/// The addresses of one link with the lengths of their prefixes.
pub(crate) type Link = Vec<(IpAddr, u8)>;
