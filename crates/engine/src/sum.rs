//! Sums of whole numbers: in 64 bits, until one needs more.
//!
//! DataFusion's own begins again at the other end of the 64 bits. This one adds as fast, and tells when a sum has left
//! them: then the query begins again, and its sums are [exact](crate::narrow).

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use datafusion_functions_aggregate_common::aggregate::groups_accumulator::prim_op::PrimitiveGroupsAccumulator;

use crate::narrow::Narrow;

/// The sum of a column of 64 bits, which fails the query's narrow beginning where it has not room in as many.
pub fn narrow_sum(narrow: &Narrow) -> AggregateUDF {
    let signature = Signature::exact(vec![DataType::Int64], Volatility::Immutable);
    AggregateUDF::new_from_impl(Sum { narrow: narrow.clone(), signature })
}

#[derive(Debug)]
struct Sum {
    narrow: Narrow,
    signature: Signature,
}

// All of one query are the same.
impl PartialEq for Sum {
    fn eq(&self, _: &Sum) -> bool {
        true
    }
}

impl Eq for Sum {}

impl Hash for Sum {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl AggregateUDFImpl for Sum {
    // The optimizer knows by its name that sums of sums are one.
    fn name(&self) -> &str {
        "sum"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format_state_name(args.name, "sum"), DataType::Int64, true))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Total { sum: None, narrow: self.narrow.clone() }))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        let narrow = self.narrow.clone();
        let add = move |sum: &mut i64, number: i64| {
            let (next, is_wider) = sum.overflowing_add(number);
            *sum = next;
            if is_wider {
                narrow.fail();
            }
        };
        let sums = PrimitiveGroupsAccumulator::<Int64Type, _>::new(&DataType::Int64, add);
        Ok(Box::new(Totals { sums: Box::new(sums), narrow: self.narrow.clone() }))
    }
}

/// The sum of all rows.
#[derive(Debug)]
struct Total {
    sum: Option<i128>,
    narrow: Narrow,
}

impl Accumulator for Total {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let numbers = values[0].as_primitive::<Int64Type>();
        if numbers.null_count() == numbers.len() {
            return Ok(());
        }
        // The halves of the numbers leave room for those of any batch.
        let halves =
            |(high, low): (i64, i64), number: i64| (high + (number >> 32), low + (number & 0xFFFF_FFFF));
        let (high, low) = match numbers.nulls() {
            None => numbers.values().iter().copied().fold((0, 0), halves),
            Some(_) => numbers.iter().flatten().fold((0, 0), halves),
        };
        *self.sum.get_or_insert(0) += (i128::from(high) << 32) + i128::from(low);
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let sum = self.sum.map(i64::try_from).transpose();
        sum.map(ScalarValue::Int64).map_err(|_| self.narrow.fail())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The sum of each group.
struct Totals {
    sums: Box<dyn GroupsAccumulator>,
    narrow: Narrow,
}

impl Totals {
    fn check(&self) -> Result<()> {
        if self.narrow.has_failed() { Err(self.narrow.fail()) } else { Ok(()) }
    }
}

impl GroupsAccumulator for Totals {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.sums.update_batch(values, group_indices, filter, total_num_groups)?;
        self.check()
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.sums.merge_batch(values, group_indices, total_num_groups)?;
        self.check()
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.sums.evaluate(emit_to)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.sums.state(emit_to)
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        self.sums.convert_to_state(values, filter)
    }

    fn size(&self) -> usize {
        self.sums.size() + size_of_val(self)
    }
}
