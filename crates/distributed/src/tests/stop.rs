//! What nobody waits for any more ends.

use std::sync::{Arc, Weak};

use ballista_core::execution_plans::ShuffleWriterExec;
use ballista_executor::execution_engine::ExecutionEngine;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::functions_aggregate::count::count_all;
use datafusion::logical_expr::{JoinType, lit};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionConfig, SessionContext, col};
use futures::stream;
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

#[test]
fn a_piece_that_is_aborted_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path of letters");
    let (schema, held) = (Arc::new(Schema::empty()), Arc::new(()));
    let rows: Arc<dyn PartitionStream> =
        Arc::new(Endless { schema: schema.clone(), held: Arc::downgrade(&held) });
    let rows = StreamingTableExec::try_new(schema, vec![rows], None, [], true, None).expect("one schema");
    let writer = ShuffleWriterExec::try_new("job".into(), 1, Arc::new(rows), path.into()).expect("a plan");
    let config = SessionConfig::new();
    let piece = Pieces::default()
        .create_query_stage_exec("job".into(), 1, 0, vec![0], Arc::new(writer), path, &config)
        .expect("a writer");
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let running = runtime.spawn(async move {
        piece.execute_query_stage(0, SessionContext::new().task_ctx()).await.map(|_| ())
    });
    wait("rows to be waited for", || Arc::strong_count(&held) == 2);
    running.abort();
    wait("nobody to wait for rows", || Arc::strong_count(&held) == 1);
}

/// As many rows as there are quadruples of records: years of work, in one piece.
#[test]
fn a_query_that_is_dropped_is_stopped_on_its_worker() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = flows::write(folder.path(), 1, 10_000).remove(0);
    let machines = Machines::start(1, 1);
    let context = SessionContext::new_with_config(settings(SessionConfig::new().with_target_partitions(1)));
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
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
        let count = rows.expect("four").aggregate(vec![], vec![count_all()]).expect("a count");
        let plan = count.create_physical_plan().await.expect("a plan");
        let (cluster, worker) = (machines.cluster(), &machines.workers[0]);
        let is_busy = async {
            while worker.pieces() == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            answer = cluster.run(plan, &context) => panic!("{:?}", answer.map(|_| "it has ended")),
            () = is_busy => {}
        }
    });
    wait("the worker to stop", || machines.workers[0].pieces() == 0);
}
