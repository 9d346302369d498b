//! A piece of a plan as a worker runs it: its rows are compact before they are written for others, an error is told in
//! its words, and a piece that is stopped ends.
//!
//! Ballista 55 runs a piece in tasks of their own, which go on when the piece is aborted; it forgets that a piece was to be
//! stopped which it has not yet begun; and on a worker with one thread, what aborts a piece may wait for minutes behind the
//! piece itself. So its rows end by themselves as soon as word comes that it is stopped.

use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ballista_core::JobId;
use ballista_core::serde::protobuf::ShuffleWritePartition;
use ballista_executor::execution_engine::{DefaultExecutionEngine, ExecutionEngine, QueryStageExecutor};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, exec_datafusion_err, internal_err};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::{
    ChildrenPropertiesMode, ReplaceChildrenOptions, replace_children_if_necessary,
};
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use datafusion::prelude::SessionConfig;
use futures::future::{ready, select};
use futures::{StreamExt, stream};
use tokio::sync::watch;

use crate::compact::compact;

/// Most pieces that are remembered as stopped: those that a worker has been given and not begun.
const STOPPED_MAX: usize = 1024;

/// A piece: its job, stage and task.
pub type PieceName = (JobId, usize, usize);

/// Pieces that were stopped, perhaps before they began.
#[derive(Debug, Default)]
pub struct Stopped {
    names: Mutex<VecDeque<PieceName>>,
    /// Tells that there is one more.
    more: watch::Sender<()>,
}

impl Stopped {
    /// Has a piece end: at once if it runs, or as soon as it begins.
    pub fn add(&self, piece: PieceName) {
        let mut names = self.names();
        if names.len() == STOPPED_MAX {
            names.pop_front();
        }
        names.push_back(piece);
        drop(names);
        self.more.send_replace(());
    }

    fn has(&self, piece: &PieceName) -> bool {
        self.names().contains(piece)
    }

    /// Waits until a piece is stopped.
    async fn wait_for(&self, piece: &PieceName) {
        let mut more = self.more.subscribe();
        while !self.has(piece) && more.changed().await.is_ok() {}
    }

    fn names(&self) -> MutexGuard<'_, VecDeque<PieceName>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes pieces as Ballista does, with a [`Handover`] below what writes their rows.
#[derive(Default)]
pub struct Pieces {
    made: DefaultExecutionEngine,
    /// Pieces that are not to begin.
    pub stopped: Arc<Stopped>,
}

impl ExecutionEngine for Pieces {
    fn create_query_stage_exec(
        &self,
        job: JobId,
        stage: usize,
        task: usize,
        partitions: Vec<usize>,
        writer: Arc<dyn ExecutionPlan>,
        folder: &str,
        config: &SessionConfig,
    ) -> Result<Arc<dyn QueryStageExecutor>> {
        let (keep, stop) = watch::channel(());
        let &[input] = &writer.children()[..] else {
            return internal_err!("a writer of rows has one input");
        };
        let (name, stopped) = ((job.clone(), stage, task), self.stopped.clone());
        let stop = Stop { name: name.clone(), stopped: stopped.clone(), aborted: stop };
        let handover = Arc::new(Handover { input: input.clone(), stop });
        let writer = replace_children_if_necessary(writer.clone(), vec![handover])?;
        let piece =
            self.made.create_query_stage_exec(job, stage, task, partitions, writer, folder, config)?;
        Ok(Arc::new(Piece { name, piece, stopped, keep: Mutex::new(Some(keep)) }))
    }
}

/// A piece, and what its rows end with.
#[derive(Debug)]
struct Piece {
    name: PieceName,
    piece: Arc<dyn QueryStageExecutor>,
    stopped: Arc<Stopped>,
    keep: Mutex<Option<watch::Sender<()>>>,
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.piece.fmt(f)
    }
}

/// The engine's plans have none of what else a piece may tell.
#[async_trait]
impl QueryStageExecutor for Piece {
    async fn execute_query_stage(
        &self,
        task: usize,
        context: Arc<TaskContext>,
    ) -> Result<Vec<ShuffleWritePartition>> {
        // Ballista can abort it by now: who was too early for that has left word.
        if self.stopped.has(&self.name) {
            return Err(was_stopped());
        }
        // It goes when this future does, at the end or before.
        let _keep = self.keep.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.piece.execute_query_stage(task, context).await
    }

    fn collect_plan_metrics(&self) -> Vec<MetricsSet> {
        self.piece.collect_plan_metrics()
    }
}

/// What ends a piece before its time: word that it is stopped, or that nobody runs it any more.
#[derive(Clone, Debug)]
struct Stop {
    name: PieceName,
    stopped: Arc<Stopped>,
    /// Its other end is dropped with who runs the piece.
    aborted: watch::Receiver<()>,
}

impl Stop {
    fn has_come(&self) -> bool {
        self.aborted.has_changed().is_err() || self.stopped.has(&self.name)
    }

    async fn come(mut self) {
        let aborted = async { while self.aborted.changed().await.is_ok() {} };
        select(pin!(aborted), pin!(self.stopped.wait_for(&self.name))).await;
    }
}

/// The rows of its input, compact, until it is to stop.
#[derive(Clone, Debug)]
struct Handover {
    input: Arc<dyn ExecutionPlan>,
    stop: Stop,
}

impl DisplayAs for Handover {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handover")
    }
}

impl ExecutionPlan for Handover {
    fn name(&self) -> &str {
        "Handover"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match &children[..] {
            [input] => Ok(Arc::new(Handover { input: input.clone(), stop: self.stop.clone() })),
            _ => internal_err!("rows are handed over of one input"),
        }
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rows = self.input.execute(partition, context)?;
        let (stopped, stop) = (self.stop.clone().come(), self.stop.clone());
        // Ended rows are written as if they were all.
        let end = stream::once(async move { stop.has_come() });
        let end = end.filter_map(|is_stopped| ready(is_stopped.then(|| Err(was_stopped()))));
        let schema = rows.schema();
        let rows =
            rows.map(|batch| compact(&batch.map_err(in_words)?)).take_until(Box::pin(stopped)).chain(end);
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}

fn was_stopped() -> DataFusionError {
    exec_datafusion_err!("the query was stopped")
}

/// The error as the embedded engine would print it, where Ballista would print its structure; but for those by which
/// Ballista knows that reading again may help.
fn in_words(error: DataFusionError) -> DataFusionError {
    match error.find_root() {
        DataFusionError::External(_) | DataFusionError::IoError(_) => error,
        _ => DataFusionError::Execution(error.strip_backtrace()),
    }
}
