//! The options of a shell, as `set` and the command line of a shell have them.
//!
//! Source: POSIX.1-2017, Shell Command Language, `set` in 2.14; bash 5.2 for `pipefail`.

/// What is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// `-e`: a failure ends the script.
    pub(super) ends_on_failure: bool,
    /// `-u`: a variable that is not set is a failure.
    pub(super) needs_variables: bool,
    /// `-x`: commands are shown before they run.
    pub(super) shows_commands: bool,
    /// `-o pipefail`: a pipe fails with any of its commands.
    pub(super) has_pipefail: bool,
}

/// Where the command line of a shell says that its script is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    /// `-c`: in the first operand.
    pub(super) is_operand: bool,
    /// `-s`: on standard input, also if there are operands.
    pub(super) is_input: bool,
}

/// Options by their letters and names. Without effect are those of patterns, of which there are none, of looking up commands, of
/// braces, and of traps, which are refused.
const KNOWN: [(char, &str); 8] = [
    ('e', "errexit"),
    ('u', "nounset"),
    ('x', "xtrace"),
    (' ', "pipefail"),
    ('f', "noglob"),
    ('h', "hashall"),
    ('B', "braceexpand"),
    ('E', "errtrace"),
];

impl Options {
    /// Takes the words that are options, and gives how many there are. Ends before `--` and `-`. Only on the shell's own command
    /// line, which says where its script is, the letters `c` and `s` are known.
    ///
    /// # Errors
    /// An option is not known: the message of it.
    pub(super) fn take<T: AsRef<str>>(
        &mut self,
        words: &[T],
        mut given: Option<&mut Given>,
    ) -> Result<usize, String> {
        let mut at = 0;
        while let Some(word) = words.get(at).map(AsRef::as_ref) {
            let is_on = word.starts_with('-');
            let letters = word.strip_prefix(['-', '+']).unwrap_or_default();
            if letters.is_empty() || letters.starts_with('-') {
                break;
            }
            at += 1;
            for letter in letters.chars() {
                match (letter, &mut given) {
                    ('o', _) => {
                        let name = words.get(at).map(AsRef::as_ref).unwrap_or_default();
                        self.set(|known| known.1 == name, is_on, name)?;
                        at += 1;
                    }
                    ('c', Some(given)) if is_on => given.is_operand = true,
                    ('s', Some(given)) if is_on => given.is_input = true,
                    (letter, _) => self.set(|known| known.0 == letter, is_on, &word[..1 + letters.len()])?,
                }
            }
        }
        Ok(at)
    }

    fn set(&mut self, is_it: impl Fn(&(char, &str)) -> bool, is_on: bool, shown: &str) -> Result<(), String> {
        match KNOWN.iter().find(|known| is_it(known)).map(|known| known.1) {
            Some("errexit") => self.ends_on_failure = is_on,
            Some("nounset") => self.needs_variables = is_on,
            Some("xtrace") => self.shows_commands = is_on,
            Some("pipefail") => self.has_pipefail = is_on,
            Some(_) => {}
            None => return Err(format!("{shown}: not simulated by weir")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_letters_and_names() {
        let of = |line: &str| {
            let (mut options, mut given) = (Options::default(), Given::default());
            let words: Vec<&str> = line.split(' ').collect();
            let taken = options.take(&words, Some(&mut given));
            let Options { ends_on_failure, needs_variables, shows_commands, has_pipefail } = options;
            let shown = [ends_on_failure, needs_variables, shows_commands, has_pipefail, given.is_operand];
            (taken, shown.map(u8::from))
        };
        assert_eq!(of("-c x"), (Ok(1), [0, 0, 0, 0, 1]));
        assert_eq!(of("-ec x"), (Ok(1), [1, 0, 0, 0, 1]));
        assert_eq!(of("-euo pipefail -c x"), (Ok(3), [1, 1, 0, 1, 1]));
        assert_eq!(of("-eux +e -o noglob -- -c"), (Ok(4), [0, 1, 1, 0, 0]));
        assert_eq!(of("-n x").0, Err("-n: not simulated by weir".to_owned()));
        assert_eq!(of("-o vi").0, Err("vi: not simulated by weir".to_owned()));
    }
}
