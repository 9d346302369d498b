//! Standard input as a file.

use std::path::{Path, PathBuf};

/// The name of standard input on the command line.
pub const STDIN: &str = "-";

/// Standard input in a file, since a file is read twice: once for its format. It goes when this is dropped.
pub struct Spool {
    folder: Option<PathBuf>,
}

impl Spool {
    /// Reads standard input to its end, if it is among the sources.
    pub fn of(sources: &[String]) -> std::io::Result<Spool> {
        if !sources.iter().any(|source| source == STDIN) {
            return Ok(Spool { folder: None });
        }
        let folder = std::env::temp_dir().join(format!("weir-insights-{}", std::process::id()));
        std::fs::create_dir(&folder)?;
        remove_when_interrupted(folder.clone());
        let spool = Spool { folder: Some(folder) };
        std::io::copy(&mut std::io::stdin().lock(), &mut std::fs::File::create_new(spool.path())?)?;
        Ok(spool)
    }

    /// The file that holds it.
    pub fn path(&self) -> PathBuf {
        self.folder.as_deref().unwrap_or(Path::new(STDIN)).join("stdin")
    }
}

/// Ends the process on Ctrl-C, the folder with it.
fn remove_when_interrupted(folder: PathBuf) {
    const INTERRUPTED: i32 = 130;
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if runtime.is_ok_and(|runtime| runtime.block_on(tokio::signal::ctrl_c()).is_ok()) {
            let _ = std::fs::remove_dir_all(&folder);
            std::process::exit(INTERRUPTED);
        }
    });
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
