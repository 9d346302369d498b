//! Sums of whole numbers: in 64 bits, or in a double where texts show them, until one needs more.
//!
//! DataFusion's own begins again at the other end of the 64 bits, and rounds doubles. These add as fast, and tell when a
//! sum has left what it is exact in: then the query begins again, and its sums are [exact](crate::narrow).

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type};
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
    AggregateUDF::new_from_impl(Sum::new(narrow, DataType::Int64))
}

/// The sum of a column of doubles, which fails the query's narrow beginning where whole numbers might have been rounded.
pub fn narrow_float_sum(narrow: &Narrow) -> AggregateUDF {
    AggregateUDF::new_from_impl(Sum::new(narrow, DataType::Float64))
}

/// Up to here every whole number is a double.
const WHOLE_FLOAT_MAX: f64 = (1u64 << f64::MANTISSA_DIGITS) as f64;

/// Whether the numbers that made this sum may have been rounded, as whole numbers.
fn may_be_rounded(sum: f64) -> bool {
    sum.abs() >= WHOLE_FLOAT_MAX || sum.is_nan()
}

#[derive(Debug)]
struct Sum {
    narrow: Narrow,
    data_type: DataType,
    signature: Signature,
}

impl Sum {
    fn new(narrow: &Narrow, data_type: DataType) -> Sum {
        let signature = Signature::exact(vec![data_type.clone()], Volatility::Immutable);
        Sum { narrow: narrow.clone(), data_type, signature }
    }
}

// All of one query and type are the same.
impl PartialEq for Sum {
    fn eq(&self, other: &Sum) -> bool {
        self.data_type == other.data_type
    }
}

impl Eq for Sum {}

impl Hash for Sum {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.data_type.hash(state);
    }
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
        Ok(self.data_type.clone())
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format_state_name(args.name, "sum"), self.data_type.clone(), true))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let narrow = self.narrow.clone();
        Ok(match self.data_type {
            DataType::Float64 => Box::new(FloatTotal { sum: None, narrow }),
            _ => Box::new(Total { sum: None, narrow }),
        })
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        let narrow = self.narrow.clone();
        let sums: Box<dyn GroupsAccumulator> = match self.data_type {
            DataType::Float64 => {
                let add = move |sum: &mut f64, number: f64| {
                    *sum += number;
                    if may_be_rounded(*sum) {
                        narrow.fail();
                    }
                };
                Box::new(PrimitiveGroupsAccumulator::<Float64Type, _>::new(&self.data_type, add))
            }
            _ => {
                let add = move |sum: &mut i64, number: i64| {
                    let (next, is_wider) = sum.overflowing_add(number);
                    *sum = next;
                    if is_wider {
                        narrow.fail();
                    }
                };
                Box::new(PrimitiveGroupsAccumulator::<Int64Type, _>::new(&self.data_type, add))
            }
        };
        Ok(Box::new(Totals { sums, narrow: self.narrow.clone() }))
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

/// The sum of all rows, of doubles.
#[derive(Debug)]
struct FloatTotal {
    sum: Option<f64>,
    narrow: Narrow,
}

impl Accumulator for FloatTotal {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for number in values[0].as_primitive::<Float64Type>().iter().flatten() {
            let sum = self.sum.insert(self.sum.unwrap_or_default() + number);
            if may_be_rounded(*sum) {
                return Err(self.narrow.fail());
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(self.sum))
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
