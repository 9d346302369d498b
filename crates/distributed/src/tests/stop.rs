//! What nobody waits for any more ends.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use ballista_core::execution_plans::ShuffleWriterExec;
use ballista_executor::execution_engine::{ExecutionEngine, QueryStageExecutor};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::functions_aggregate::min_max::max;
use datafusion::logical_expr::{JoinType, lit};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionConfig, SessionContext, col};
use futures::{TryStreamExt, stream};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use weir_engine::Workers;

use super::{Machines, flows, wait};
use crate::cluster::settings;
use crate::piece::Pieces;

/// Never has a row; who waits for one holds what is held here.
#[derive(Debug)]
struct Endless {
    schema: SchemaRef,
    held: Weak<()>,
}

impl PartitionStream for Endless {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let held = self.held.upgrade();
        let rows = stream::poll_fn(move |_| {
            let _ = &held;
            std::task::Poll::Pending
        });
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), rows))
    }
}

/// A piece that waits for rows for ever, holding what is held.
fn endless(pieces: &Pieces, held: &Arc<()>, folder: &Path) -> Arc<dyn QueryStageExecutor> {
    let path = folder.to_str().expect("a path of letters");
    let schema = Arc::new(Schema::empty());
    let rows: Arc<dyn PartitionStream> =
        Arc::new(Endless { schema: schema.clone(), held: Arc::downgrade(held) });
    let rows = StreamingTableExec::try_new(schema, vec![rows], None, [], true, None).expect("one schema");
    let writer = ShuffleWriterExec::try_new("job".into(), 1, Arc::new(rows), path.into()).expect("a plan");
    let config = SessionConfig::new();
    let piece = pieces.create_query_stage_exec("job".into(), 1, 0, vec![0], Arc::new(writer), path, &config);
    piece.expect("a writer")
}

#[test]
fn a_piece_that_is_aborted_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let held = Arc::new(());
    let piece = endless(&Pieces::default(), &held, folder.path());
    let runtime = Runtime::new().expect("threads");
    let running = runtime.spawn(async move {
        piece.execute_query_stage(0, SessionContext::new().task_ctx()).await.map(|_| ())
    });
    wait("rows to be waited for", || Arc::strong_count(&held) == 2);
    running.abort();
    wait("nobody to wait for rows", || Arc::strong_count(&held) == 1);
}

/// On a worker with one thread, who would abort the piece may wait behind it.
#[test]
fn a_piece_that_is_stopped_ends_though_nobody_aborts_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pieces, held) = (Pieces::default(), Arc::new(()));
    let piece = endless(&pieces, &held, folder.path());
    let runtime = Runtime::new().expect("threads");
    let running = runtime.spawn(async move {
        piece.execute_query_stage(0, SessionContext::new().task_ctx()).await.map(|_| ())
    });
    wait("rows to be waited for", || Arc::strong_count(&held) == 2);
    pieces.stopped.add(("job".into(), 1, 1));
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(Arc::strong_count(&held), 2, "another piece was stopped");
    pieces.stopped.add(("job".into(), 1, 0));
    wait("it to end", || running.is_finished());
    let error = runtime.block_on(running).expect("no panic").expect_err("it is stopped");
    assert!(error.to_string().ends_with("the query was stopped"), "{error}");
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn a_piece_that_is_stopped_before_it_begins_ends_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pieces, held) = (Pieces::default(), Arc::new(()));
    pieces.stopped.add(("job".into(), 1, 1));
    pieces.stopped.add(("job".into(), 1, 0));
    let piece = endless(&pieces, &held, folder.path());
    let runtime = Runtime::new().expect("threads");
    let ended = runtime.block_on(async {
        let ended = piece.execute_query_stage(0, SessionContext::new().task_ctx());
        tokio::time::timeout(Duration::from_secs(30), ended).await
    });
    let error = ended.expect("it ends").expect_err("it is stopped");
    assert!(error.to_string().ends_with("the query was stopped"), "{error}");
}

/// The most of something over as many rows as there are quadruples of records: years of work, in one piece.
async fn years_of_work(context: &SessionContext, file: &Path) -> Arc<dyn ExecutionPlan> {
    let file = file.to_str().expect("a path of letters");
    let mut rows: Option<DataFrame> = None;
    for name in ["a", "b", "c", "d"] {
        let more = context.read_parquet(file, ParquetReadOptions::default()).await.expect("a file");
        let more = more.select(vec![col("start").alias(name)]).expect("a column");
        rows = Some(match rows {
            None => more,
            Some(rows) => more.join_on(rows, JoinType::Inner, [lit(true)]).expect("two tables"),
        });
    }
    // Which no statistics tell.
    let most = max(col("a") - col("b") + col("c") - col("d"));
    let most = rows.expect("four").aggregate(vec![], vec![most]).expect("a table");
    let plan = most.create_physical_plan().await.expect("a plan");
    // A join by itself gives way only where it reads.
    let plan = plan.transform_up(|node| {
        Ok(match node.name().contains("Join") {
            true => Transformed::yes(Arc::new(CooperativeExec::new(node)) as Arc<dyn ExecutionPlan>),
            false => Transformed::no(node),
        })
    });
    plan.expect("a plan").data
}

/// A worker with one core, and a file of 10,000 records.
struct Alone {
    file: PathBuf,
    machines: Machines,
    /// Its plans are one piece.
    context: SessionContext,
    runtime: Runtime,
    _folder: TempDir,
}

impl Alone {
    fn start() -> Alone {
        let folder = tempfile::tempdir().expect("a folder");
        let file = flows::write(folder.path(), 1, 10_000).remove(0);
        let config = settings(SessionConfig::new().with_target_partitions(1));
        let context = SessionContext::new_with_config(config);
        let runtime = Runtime::new().expect("threads");
        Alone { file, machines: Machines::start(1, 1), context, runtime, _folder: folder }
    }
}

#[test]
fn a_query_that_is_dropped_is_stopped_on_its_worker() {
    let Alone { file, machines, context, runtime, .. } = &Alone::start();
    runtime.block_on(async {
        let plan = years_of_work(context, file).await;
        let (cluster, worker) = (machines.cluster(), &machines.workers[0]);
        let is_busy = async {
            while worker.pieces() == 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            answer = cluster.run(plan, context) => panic!("{:?}", answer.map(|_| "it has ended")),
            () = is_busy => {}
        }
    });
    wait("the worker to stop", || machines.workers[0].pieces() == 0);
}

/// The worker has one core: what is not stopped keeps it from all other work.
#[test]
fn a_query_that_is_dropped_before_the_scheduler_has_named_it_is_stopped() {
    let Alone { file, machines, context, runtime, .. } = &Alone::start();
    runtime.block_on(async {
        let cluster = machines.cluster();
        let plan = years_of_work(context, file).await;
        // At one of these moments it is on its way to the scheduler, or its name on the way back.
        for dropped_after in (0..20).map(Duration::from_millis) {
            let run = cluster.run(plan.clone(), context);
            assert!(tokio::time::timeout(dropped_after, run).await.is_err());
        }
        let rows = context.read_parquet(file.to_str().expect("a path"), ParquetReadOptions::default()).await;
        let plan = rows.expect("a file").create_physical_plan().await.expect("a plan");
        let rows = async { cluster.run(plan, context).await?.try_collect::<Vec<_>>().await };
        let rows = tokio::time::timeout(Duration::from_secs(30), rows).await;
        let rows = rows.expect("the worker is free").expect("rows");
        assert_eq!(rows.iter().map(|batch| batch.num_rows()).sum::<usize>(), 10_000);
    });
}
