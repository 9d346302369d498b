//! What weirs that have ended left on the machine: folders and, if the kernel let one slip, programs.
//!
//! Namespaces and devices cannot be left: they belong to file descriptors. Source: proc(5).

use crate::instance::PID_VARIABLE;
use crate::sys::{self, SIGKILL};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What the folder of a weir without a data folder is called, before the number of its process.
const FOLDER_PREFIX: &str = "weir-hosts-";

/// The folder for the files of instances that go with the process.
pub fn temporary_folder() -> PathBuf {
    std::env::temp_dir().join(format!("{FOLDER_PREFIX}{}", std::process::id()))
}

/// Something that a weir has left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// Files of its instances.
    Folder(PathBuf),
    /// A program of one of its instances.
    Process(i32),
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Leftover::Folder(path) => write!(f, "{}", path.display()),
            Leftover::Process(id) => write!(f, "process {id}"),
        }
    }
}

impl Leftover {
    /// Removes it.
    ///
    /// # Errors
    /// It is another user's.
    pub fn remove(&self) -> io::Result<()> {
        match self {
            Leftover::Folder(path) => fs::remove_dir_all(path),
            Leftover::Process(id) => sys::kill(*id, SIGKILL),
        }
    }
}

/// What weirs that have ended left behind: folders in the machine's temporary folder, and programs.
pub fn leftovers() -> Vec<Leftover> {
    let folders = entries(&std::env::temp_dir()).into_iter().filter(|path| is_of_ended_weir(path));
    let processes = entries(Path::new("/proc")).into_iter().filter_map(|path| {
        let id = path.file_name()?.to_str()?.parse().ok()?;
        belongs_to_ended_weir(&path).then_some(Leftover::Process(id))
    });
    folders.map(Leftover::Folder).chain(processes).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn is_of_ended_weir(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.strip_prefix(FOLDER_PREFIX)).is_some_and(has_ended)
}

/// Whether a process was started by a weir that has ended. Those of other users cannot be asked.
fn belongs_to_ended_weir(process: &Path) -> bool {
    let Ok(environment) = fs::read(process.join("environ")) else { return false };
    let prefix = format!("{PID_VARIABLE}=");
    let variables = environment.split(|byte| *byte == 0).filter_map(|text| std::str::from_utf8(text).ok());
    variables.into_iter().filter_map(|text| text.strip_prefix(&prefix)).any(has_ended)
}

fn has_ended(process: &str) -> bool {
    let status = || fs::read_to_string(Path::new("/proc").join(process).join("status"));
    process.parse::<u32>().is_ok() && status().map_or(true, |status| is_zombie(&status))
}

/// Whether a process has ended and only its parent has not looked yet.
fn is_zombie(status: &str) -> bool {
    status.lines().filter_map(|line| line.strip_prefix("State:")).any(|state| state.trim().starts_with('Z'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::time::Duration;

    #[test]
    fn only_what_belongs_to_an_ended_process_is_left_behind() {
        let own = temporary_folder();
        assert!(!is_of_ended_weir(&own));
        // No process has a number beyond 2^22 (proc(5), pid_max).
        assert!(is_of_ended_weir(Path::new("/tmp/weir-hosts-99999999")));
        assert!(!is_of_ended_weir(Path::new("/tmp/weir-hosts-x")));
        assert!(!is_of_ended_weir(Path::new("/tmp/other-99999999")));
    }

    #[test]
    fn a_process_that_nobody_has_waited_for_has_ended() {
        let mut child = Command::new("true").spawn().expect("a program");
        let id = child.id().to_string();
        let has_ended_soon = (0..500).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            has_ended(&id)
        });
        assert!(has_ended_soon);
        child.wait().expect("its end");
        assert!(!has_ended(&std::process::id().to_string()));
    }
}
