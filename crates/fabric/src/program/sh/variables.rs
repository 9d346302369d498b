//! The variables of a shell, and which of them its commands are given.
//!
//! Source: POSIX.1-2017, Shell Command Language, section 2.5.3 and `export` in 2.14.

use super::bounds::WORD_BYTES;
use super::expand::Failure;
use std::collections::{BTreeMap, BTreeSet};

/// Most bytes of the names and values of a shell's variables together, and of the names to be given to commands.
///
/// Assumption: this is all the memory that a shell here has for them. Linux sets no bound but the machine's.
pub(super) const VARIABLES_BYTES_MAX: usize = 1 << 20;

/// A variable as it was when it was put aside.
pub(super) struct Aside {
    name: String,
    value: Option<String>,
    is_exported: bool,
}

impl Aside {
    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// How long the shell has run: what bash changes by itself and is simulated.
pub(super) const SECONDS: &str = "SECONDS";

/// Variables that bash changes by itself, or that tell of itself, and that are not simulated (bash(1), Shell Variables).
const NOT_SIMULATED: [&str; 18] = [
    "BASH",
    "BASHOPTS",
    "BASHPID",
    "BASH_VERSION",
    "DIRSTACK",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "FUNCNAME",
    "GROUPS",
    "HOSTTYPE",
    "LINENO",
    "MACHTYPE",
    "OSTYPE",
    "PIPESTATUS",
    "PPID",
    "RANDOM",
    "SHELLOPTS",
    "SRANDOM",
];

/// Whether a variable has a value in bash, and none here.
pub(super) fn is_not_simulated(name: &str) -> bool {
    NOT_SIMULATED.contains(&name)
}

/// Names and values; never more than [`VARIABLES_BYTES_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Variables {
    values: BTreeMap<String, String>,
    /// Names to be given to commands, whether they have a value or not.
    exported: BTreeSet<String>,
    bytes: usize,
}

impl Variables {
    /// Has no variable be set whose name begins so.
    pub(super) fn unset_all(&mut self, beginning: &str) {
        let is_one = |name: &&String| name.starts_with(beginning);
        let names: Vec<String> = self.values.keys().filter(is_one).cloned().collect();
        names.iter().for_each(|name| self.unset(name));
    }

    /// How many bytes it has.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The value of a variable, if it is set.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Sets a variable; an exported one stays so.
    ///
    /// # Errors
    /// There is no room for it: it keeps the value it has.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let before = self.values.get(name).map_or(0, |value| name.len() + value.len());
        let (bytes, added) = (self.bytes - before, name.len() + value.len());
        if bytes + added > VARIABLES_BYTES_MAX {
            return Err(Failure::NoMemory(added));
        }
        self.bytes = bytes + added;
        self.values.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// Has commands be given a variable from here on.
    ///
    /// # Errors
    /// There is no room for its name.
    pub(super) fn export(&mut self, name: &str) -> Result<(), Failure> {
        if self.exported.contains(name) {
            return Ok(());
        }
        if self.bytes + name.len() > VARIABLES_BYTES_MAX {
            return Err(Failure::NoMemory(name.len()));
        }
        self.bytes += name.len();
        self.exported.insert(name.to_owned());
        Ok(())
    }

    /// Whether commands are given a variable.
    pub(super) fn is_exported(&self, name: &str) -> bool {
        self.exported.contains(name)
    }

    /// Counts bytes that something else holds with those of the variables.
    ///
    /// # Errors
    /// There is no room for them.
    pub(super) fn hold(&mut self, bytes: usize) -> Result<(), Failure> {
        if self.bytes + bytes > VARIABLES_BYTES_MAX {
            return Err(Failure::NoMemory(bytes));
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Counts them no more.
    pub(super) fn release(&mut self, bytes: usize) {
        self.bytes -= bytes;
    }

    /// Takes a variable away to be put back later; it is counted on, so that there is room for it then.
    ///
    /// # Errors
    /// There is no room for what it takes to remember it.
    pub(super) fn put_aside(&mut self, name: &str) -> Result<Aside, Failure> {
        self.hold(name.len() + WORD_BYTES)?;
        let (value, is_exported) = (self.values.remove(name), self.exported.remove(name));
        Ok(Aside { name: name.to_owned(), value, is_exported })
    }

    /// Puts a variable back as it was, whatever it is here.
    pub(super) fn put_back(&mut self, aside: Aside) {
        self.unset(&aside.name);
        self.release(aside.name.len() + WORD_BYTES);
        if let Some(value) = aside.value {
            self.values.insert(aside.name.clone(), value);
        }
        if aside.is_exported {
            self.exported.insert(aside.name);
        }
    }

    /// Takes a variable away.
    pub(super) fn unset(&mut self, name: &str) {
        self.bytes -= self.values.remove(name).map_or(0, |value| name.len() + value.len());
        self.bytes -= if self.exported.remove(name) { name.len() } else { 0 };
    }

    /// What a command is given: what is exported, and what is assigned before it, which in the command is exported too.
    ///
    /// # Errors
    /// There is no room for what is assigned.
    pub(super) fn environment(&self, assigned: &[(String, String)]) -> Result<Variables, Failure> {
        let mut given = Variables::default();
        for (name, value) in self.values.iter().filter(|(name, _)| self.exported.contains(*name)) {
            given.set(name, value)?;
            given.export(name)?;
        }
        for (name, value) in assigned {
            given.set(name, value)?;
            given.export(name)?;
        }
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_so_much() {
        let mut variables = Variables::default();
        let half = "x".repeat(VARIABLES_BYTES_MAX / 2);
        assert_eq!(variables.set("A", &half), Ok(()));
        assert_eq!(variables.set("A", &half), Ok(()), "it takes the place of the one before");
        assert_eq!(variables.set("B", &half), Err(Failure::NoMemory(half.len() + 1)));
        assert_eq!((variables.get("A"), variables.get("B")), (Some(half.as_str()), None));
        variables.unset("A");
        assert_eq!(variables.set("B", &half), Ok(()));
        assert_eq!(
            variables.export(&half),
            Err(Failure::NoMemory(half.len())),
            "names without values as well"
        );
        variables.unset("B");
        assert_eq!(variables.export(&half).and_then(|()| variables.export(&half)), Ok(()));
        variables.unset(&half);
        assert_eq!(variables.bytes(), 0);
    }

    #[test]
    fn commands_are_given_what_is_exported_or_assigned_before_them() {
        let mut variables = Variables::default();
        for name in ["A", "B", "C"] {
            variables.set(name, "1").expect("there is room");
        }
        for name in ["A", "D"] {
            variables.export(name).expect("there is room");
        }
        let given = variables.environment(&[("C".to_owned(), "2".to_owned())]).expect("there is room");
        let of = |name| given.get(name);
        assert_eq!((of("A"), of("B"), of("C"), of("D")), (Some("1"), None, Some("2"), None));
        assert_eq!(given.environment(&[]), Ok(given.clone()), "they are given on");
    }
}
