//! `weir insights FILE… 'QUERY'`: Logs Insights over flow-log files.

use crate::arguments::Insights;
use crate::{Failure, Outcome};

/// Runs the command.
pub fn run(arguments: &Insights) -> Outcome {
    Err(Failure::from(format!("{} files", arguments.files_and_query.len())))
}
