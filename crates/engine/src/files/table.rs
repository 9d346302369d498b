//! Files of text as a table of DataFusion: it reads only the columns that a plan needs, and asks filters over numbers before
//! it makes any text.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result, project_schema};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr as Lowered, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};

use super::ahead::Turns;
use super::columns::Wanted;
use super::layout::{Content, Layout};
use super::read::{Reader, Source};

/// The records of files.
#[derive(Debug)]
pub struct FilesTable {
    /// The columns.
    pub layout: Arc<Layout>,
    /// The files.
    pub source: Arc<Source>,
    /// How many read them.
    pub threads: usize,
}

impl FilesTable {
    /// The columns that an expression looks at.
    fn columns_of(&self, expr: &Lowered) -> Vec<usize> {
        let columns = expr.column_refs();
        columns.into_iter().filter_map(|column| self.layout.schema.index_of(&column.name).ok()).collect()
    }

    fn content(&self, index: usize) -> Content {
        self.layout.contents[index]
    }
}

#[async_trait]
impl TableProvider for FilesTable {
    fn schema(&self) -> SchemaRef {
        self.layout.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Lowered]) -> Result<Vec<TableProviderFilterPushDown>> {
        let is_cheap =
            |filter: &&Lowered| self.columns_of(filter).iter().all(|index| self.content(*index).is_cheap());
        let support = |filter| match is_cheap(filter) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Lowered],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if self.source.files.is_empty() {
            return nothing(&self.layout.schema, projection);
        }
        let all: Vec<usize> = (0..self.layout.contents.len()).collect();
        let filtered: Vec<usize> = filters.iter().flat_map(|filter| self.columns_of(filter)).collect();
        let wanted = Wanted::new(&self.layout, projection.unwrap_or(&all), &filtered, |cheap| {
            let schema = DFSchema::try_from(cheap.clone())?;
            filters.iter().map(|filter| session.create_physical_expr(filter.clone(), &schema)).collect()
        })?;
        let schema = wanted.schema.clone();
        let turns = Arc::new(Turns::new(self.source.files.clone(), self.source.storage.clone()));
        let share = Arc::new(Share { source: self.source.clone(), turns, wanted: Arc::new(wanted) });
        let count = self.threads.clamp(1, self.source.files.len());
        let shares = (0..count).map(|_| share.clone() as Arc<dyn PartitionStream>).collect();
        Ok(Arc::new(StreamingTableExec::try_new(schema, shares, None, None, false, None)?))
    }
}

/// Reads no file: one share without rows. A plan without any share cannot be cut for workers.
///
/// # Errors
/// A column that the table does not have.
pub fn nothing(schema: &SchemaRef, projection: Option<&Vec<usize>>) -> Result<Arc<dyn ExecutionPlan>> {
    Ok(Arc::new(EmptyExec::new(project_schema(schema, projection)?)))
}

/// What one thread reads of the files.
#[derive(Debug)]
struct Share {
    source: Arc<Source>,
    /// Which file comes next, for all shares.
    turns: Arc<Turns>,
    wanted: Arc<Wanted>,
}

impl PartitionStream for Share {
    fn schema(&self) -> &SchemaRef {
        &self.wanted.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        // Reading is work more than waiting, and what comes next finds the batch where it was made.
        let batches =
            futures::stream::iter(Reader::new(self.source.clone(), self.turns.clone(), self.wanted.clone()));
        Box::pin(RecordBatchStreamAdapter::new(self.wanted.schema.clone(), batches))
    }
}
