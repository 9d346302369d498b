//! Workers: other processes that run the engine's plans. Who they are and how they are reached is their crate's matter.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::common::Result as Tried;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use weir_insights::ExecuteError;

use crate::files::Files;

/// Runs plans in other processes.
#[async_trait]
pub trait Workers: Debug + Send + Sync {
    /// The settings that plans for them are made with.
    fn settings(&self, settings: SessionConfig) -> SessionConfig;

    /// Runs a plan and gives its rows, partition after partition.
    ///
    /// # Errors
    /// A part of the plan that cannot be carried to them, before anything runs; or what fails while it runs.
    async fn run(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        context: &SessionContext,
    ) -> Tried<SendableRecordBatchStream>;
}

/// Refuses files that workers do not read, before any of the query and the queries within it runs.
///
/// # Errors
/// [`ExecuteError::Source`] with the first of them.
pub(crate) fn check<'f>(files: impl Iterator<Item = &'f Files>) -> Result<(), ExecuteError> {
    match files.filter_map(Files::kept_from_workers).next() {
        None => Ok(()),
        Some(why) => Err(ExecuteError::Source(why)),
    }
}
