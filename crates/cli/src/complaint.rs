//! What the server has to say to whoever runs it: a line on standard error.
//!
//! `eprintln!` panics if the line cannot be written, which ends the thread that complains. Standard error may be a file on
//! the very disk that is full; then nobody reads the line, and the server goes on.

use std::fmt::Display;
use std::io::Write;

/// Says what is wrong.
pub fn complain(what: impl Display) {
    // There is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "weir: {what}");
}
