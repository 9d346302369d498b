//! Standard input and other pipes as files.

use crate::Failure;
use crate::signals::asked_to_stop;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The name of standard input on the command line.
const STDIN: &str = "-";

/// Standard input and named pipes in files, since a file is read twice: once for its format. They go when this is dropped.
#[derive(Default)]
pub struct Spool {
    /// What was named, and the file that holds it.
    files: BTreeMap<String, PathBuf>,
    _folder: Option<TempDir>,
}

impl Spool {
    /// Reads those of the sources to their end that can be read but once.
    ///
    /// # Errors
    /// One cannot be read, or there is no room for it.
    pub fn of(sources: &[String]) -> Result<Spool, Failure> {
        let mut files = BTreeMap::new();
        let mut folder = None;
        for (number, source) in sources.iter().filter(|source| is_pipe(source)).enumerate() {
            let failed = |error: std::io::Error| Failure::from(format!("{source}: {error}"));
            if files.contains_key(source) {
                continue;
            }
            let below = match &folder {
                Some(folder) => TempDir::path(folder),
                None => {
                    let made = tempfile::Builder::new().prefix("weir-insights-").tempdir().map_err(failed)?;
                    remove_when_stopped(made.path().to_owned());
                    folder.insert(made).path()
                }
            };
            let name = Path::new(source).file_name().filter(|_| source != STDIN);
            let name = name.map_or("stdin".into(), |name| name.to_string_lossy().into_owned());
            let file = below.join(number.to_string()).join(name);
            file.parent().map_or(Ok(()), std::fs::create_dir).map_err(failed)?;
            let mut from: Box<dyn Read> = match source.as_str() {
                STDIN => Box::new(std::io::stdin().lock()),
                path => Box::new(File::open(path).map_err(failed)?),
            };
            std::io::copy(&mut from, &mut File::create_new(&file).map_err(failed)?).map_err(failed)?;
            files.insert(source.clone(), file);
        }
        Ok(Spool { files, _folder: folder })
    }

    /// The file that holds what is named so.
    pub fn path(&self, source: &str) -> PathBuf {
        self.files.get(source).cloned().unwrap_or_else(|| PathBuf::from(source))
    }

    /// A text with what was named in the place of the files that hold it.
    pub fn as_named(&self, mut text: String) -> String {
        for (source, file) in &self.files {
            let name = if source == STDIN { "standard input" } else { source };
            text = text.replace(&*file.to_string_lossy(), name);
        }
        text
    }
}

/// Whether a source is standard input, or neither a file nor a folder: what a shell makes of `<(…)`, a named pipe.
fn is_pipe(source: &str) -> bool {
    source == STDIN
        || std::fs::metadata(source).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Ends the process when it is asked to stop, the folder with it.
fn remove_when_stopped(folder: PathBuf) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if runtime.is_ok_and(|runtime| runtime.block_on(asked_to_stop()).is_ok()) {
            let _ = std::fs::remove_dir_all(&folder);
            std::process::exit(Failure::STOPPED.into());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_a_spooled_file_is_told_of_its_source() {
        let file = |name: &str| PathBuf::from(format!("/tmp/weir-insights-a/{name}"));
        let files = [(STDIN.to_owned(), file("0/stdin")), ("/dev/fd/63".to_owned(), file("1/63"))];
        let spool = Spool { files: BTreeMap::from(files), _folder: None };
        let told = |line: &str| spool.as_named(line.to_owned());
        assert_eq!(told("/tmp/weir-insights-a/0/stdin:6: no record"), "standard input:6: no record");
        assert_eq!(told("/tmp/weir-insights-a/1/63:1: no record"), "/dev/fd/63:1: no record");
        assert_eq!(told("a.log:1: no record"), "a.log:1: no record");
    }
}
