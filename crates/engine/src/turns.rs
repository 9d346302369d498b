//! Groups in turn: what belongs to the same part of all groups is put together first, and then part after part is grouped.
//!
//! A hash table of millions of groups is larger than the processor's caches, and every row waits for memory. The table of one
//! of [`PARTS`] parts fits them, and whatever the parts before took is free again. The price is that rows wait, in memory or,
//! where that is too little, in temporary files, until the last has been read. Radix-partitioned aggregation is the field's
//! name for it.

use std::fmt;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result as Tried, exec_datafusion_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    InputOrderMode, Partitioning, PlanProperties, ReplaceChildrenOptions,
};
use futures::{StreamExt, TryStreamExt, stream};

/// Parts of all groups. With ten million groups a part's table has some megabytes; with a thousand, the parts take less than a
/// millisecond.
const PARTS: usize = 64;

/// Cuts the second half of grouping, which has the rows of a group in one partition, into [`PARTS`] or a few more.
#[derive(Debug)]
pub struct GroupInTurn;

impl PhysicalOptimizerRule for GroupInTurn {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Tried<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            let in_turn = in_turn(&node)?;
            Ok(in_turn.map_or(Transformed::no(node), Transformed::yes))
        })
        .data()
    }

    fn name(&self) -> &str {
        "group_in_turn"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The same grouping in turn, if it is one by hash of rows that come in no order.
fn in_turn(node: &Arc<dyn ExecutionPlan>) -> Tried<Option<Arc<dyn ExecutionPlan>>> {
    let Some(grouping) = node.downcast_ref::<AggregateExec>() else { return Ok(None) };
    if *grouping.mode() != AggregateMode::FinalPartitioned
        || *grouping.input_order_mode() != InputOrderMode::Linear
    {
        return Ok(None);
    }
    let Some(shared) = grouping.input().downcast_ref::<RepartitionExec>() else { return Ok(None) };
    let Partitioning::Hash(by, partitions) = shared.partitioning() else { return Ok(None) };
    // A multiple: a group's part, counted round by the partitions, is then the partition that it was in before.
    let parts = PARTS.next_multiple_of(*partitions);
    let shared = RepartitionExec::try_new(shared.input().clone(), Partitioning::Hash(by.clone(), parts))?;
    let again = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
    let parts = node.clone().replace_children(vec![Arc::new(shared)], again)?;
    Ok(Some(Arc::new(InTurnExec { parts, properties: node.properties().clone() })))
}

/// Gives the parts of its input one after the other. Of `n` partitions the first has parts 0, `n`, `2 n` and so on, the next 1,
/// `n + 1`, and so on.
#[derive(Clone, Debug)]
struct InTurnExec {
    parts: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl DisplayAs for InTurnExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InTurnExec: parts={}", self.parts.output_partitioning().partition_count())
    }
}

impl ExecutionPlan for InTurnExec {
    fn name(&self) -> &str {
        "InTurnExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.parts]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Tried<TreeNodeRecursion>,
    ) -> Tried<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Tried<Arc<dyn ExecutionPlan>> {
        let [parts]: [_; 1] =
            children.try_into().map_err(|_| exec_datafusion_err!("InTurnExec has one input"))?;
        Ok(Arc::new(InTurnExec { parts, ..Self::clone(&self) }))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Tried<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Tried<SendableRecordBatchStream> {
        let parts = self.parts.clone();
        let own = (partition..parts.output_partitioning().partition_count())
            .step_by(self.properties.output_partitioning().partition_count());
        // A part begins when the one before is done: its table is made then.
        let rows = stream::iter(own).map(move |part| parts.execute(part, context.clone())).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch};
    use datafusion::arrow::datatypes::Int64Type;
    use datafusion::execution::SessionStateBuilder;
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::functions_aggregate::expr_fn::sum;
    use datafusion::physical_plan::{collect, displayable};
    use datafusion::prelude::{SessionConfig, SessionContext, col};

    use super::*;
    use crate::memory::Memory;

    const PARTITIONS: usize = 3;

    fn context(memory_bytes: usize, is_in_turn: bool) -> SessionContext {
        let memory = Arc::new(Memory::new(memory_bytes));
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(memory).build_arc().expect("settings");
        let mut state = SessionStateBuilder::new_with_default_features().with_runtime_env(runtime);
        state = state.with_config(SessionConfig::new().with_target_partitions(PARTITIONS));
        if is_in_turn {
            state = state.with_physical_optimizer_rule(Arc::new(GroupInTurn));
        }
        SessionContext::new_with_state(state.build())
    }

    /// `key` from 0 to before `groups`, twice each, with `value` 1 and 2.
    fn rows(groups: i64) -> RecordBatch {
        let keys = Int64Array::from_iter_values((0..groups).chain(0..groups));
        let values = (0..groups).map(|_| 1).chain((0..groups).map(|_| 2));
        let values = Int64Array::from_iter_values(values);
        RecordBatch::try_from_iter([("key", Arc::new(keys) as _), ("value", Arc::new(values) as _)])
            .expect("two columns")
    }

    async fn sums(context: &SessionContext, groups: i64) -> Arc<dyn ExecutionPlan> {
        let frame = context.read_batch(rows(groups)).expect("a batch");
        let sums = frame.aggregate(vec![col("key")], vec![sum(col("value"))]).expect("columns");
        sums.create_physical_plan().await.expect("a plan")
    }

    fn groups(batches: &[RecordBatch]) -> BTreeMap<i64, i64> {
        let of = |batch: &RecordBatch, at: usize| batch.column(at).as_primitive::<Int64Type>().clone();
        let pairs = |batch: &RecordBatch| {
            std::iter::zip(of(batch, 0).values().to_vec(), of(batch, 1).values().to_vec())
        };
        batches.iter().flat_map(pairs).collect()
    }

    /// Joins rely on it: the other side may be shared out by the same hash without turns.
    #[tokio::test]
    async fn a_group_is_in_the_partition_that_it_was_in_before() {
        let contexts = [false, true].map(|is_in_turn| context(1 << 30, is_in_turn));
        let [simple, in_turn] = [sums(&contexts[0], 10_000).await, sums(&contexts[1], 10_000).await];
        let shown = displayable(in_turn.as_ref()).indent(false).to_string();
        assert!(shown.contains("InTurnExec: parts=66"), "{shown}");
        assert_eq!(in_turn.output_partitioning().partition_count(), PARTITIONS);
        let mut count = 0;
        for partition in 0..PARTITIONS {
            let [expected, found] = [(&simple, &contexts[0]), (&in_turn, &contexts[1])]
                .map(|(plan, context)| plan.execute(partition, context.task_ctx()).expect("a stream"));
            let [expected, found] = [expected.try_collect::<Vec<_>>().await, found.try_collect().await]
                .map(|batches| groups(&batches.expect("rows")));
            assert_eq!(found, expected);
            assert!(found.values().all(|sum| *sum == 3));
            count += found.len();
        }
        assert_eq!(count, 10_000);
    }

    #[tokio::test]
    async fn rows_that_memory_has_no_room_for_wait_in_files() {
        let context = context(2 << 20, true);
        let plan = sums(&context, 200_000).await;
        let found = groups(&collect(plan.clone(), context.task_ctx()).await.expect("rows"));
        assert_eq!((found.len(), found.values().all(|sum| *sum == 3)), (200_000, true));
        let mut waited = 0;
        plan.apply(|node| {
            if node.is::<RepartitionExec>() {
                waited += node.metrics().and_then(|metrics| metrics.spilled_rows()).unwrap_or(0);
            }
            Ok(TreeNodeRecursion::Continue)
        })
        .expect("a plan");
        assert!(waited > 100_000, "{waited}");
    }
}
