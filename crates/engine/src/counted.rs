//! Rows that are counted on their way: the border between what looks at events one by one and what follows.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::{Stream, stream};

/// How many rows have passed.
#[derive(Debug, Default)]
pub struct Counter {
    count: AtomicU64,
    is_begun: AtomicBool,
}

impl Counter {
    /// The rows that have passed; `None` if nobody ever asked for one, as when what follows can keep none of them.
    pub fn passed(&self) -> Option<u64> {
        self.is_begun.load(Ordering::Relaxed).then(|| self.count.load(Ordering::Relaxed))
    }
}

/// The partitions of a plan, adding the rows that pass to `count`.
pub fn counted(
    plan: Arc<dyn ExecutionPlan>,
    count: Arc<Counter>,
) -> (SchemaRef, Vec<Arc<dyn PartitionStream>>) {
    let schema = plan.schema();
    let partition = |partition: usize| {
        let (plan, schema, count) = (plan.clone(), schema.clone(), count.clone());
        Arc::new(Partition { plan, partition, schema, count }) as Arc<dyn PartitionStream>
    };
    let partitions = (0..plan.output_partitioning().partition_count()).map(partition).collect();
    (schema.clone(), partitions)
}

#[derive(Debug)]
struct Partition {
    plan: Arc<dyn ExecutionPlan>,
    partition: usize,
    schema: SchemaRef,
    count: Arc<Counter>,
}

impl PartitionStream for Partition {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        self.count.is_begun.store(true, Ordering::Relaxed);
        match self.plan.execute(self.partition, context) {
            Ok(rows) => Box::pin(CountedRows { rows, count: self.count.clone() }),
            Err(error) => {
                let failed = stream::iter([Err(error)]);
                Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), failed))
            }
        }
    }
}

struct CountedRows {
    rows: SendableRecordBatchStream,
    count: Arc<Counter>,
}

impl Stream for CountedRows {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let batch = ready!(self.rows.as_mut().poll_next(context));
        if let Some(Ok(batch)) = &batch {
            self.count.count.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
        }
        Poll::Ready(batch)
    }
}

impl RecordBatchStream for CountedRows {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }
}
