//! Rows that hold their own bytes and no others.
//!
//! An array of texts by view shares buffers with those it was taken from, and Arrow IPC writes each buffer whole: a sorted
//! batch would be written with the texts of all batches that its rows come from (apache/datafusion-ballista#1182).

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, GenericByteViewArray, ListArray, RecordBatch, RecordBatchOptions, StructArray,
};
use datafusion::arrow::buffer::{OffsetBuffer, ScalarBuffer};
use datafusion::arrow::datatypes::{ByteViewType, DataType, FieldRef};
use datafusion::common::Result;

/// An array is copied if its buffers have more than so many times the bytes of its texts. One whose rows share texts has
/// fewer, and would grow.
const SHARE_MAX: usize = 2;

/// The batch with the bytes of its own texts only, also in structures, lists and dictionaries: where the engine has texts.
pub fn compact(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(compact_array).collect::<Result<_>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(batch.schema(), columns, &rows)?)
}

fn compact_array(array: &ArrayRef) -> Result<ArrayRef> {
    Ok(match array.data_type() {
        DataType::Utf8View => views(array.as_string_view()),
        DataType::BinaryView => views(array.as_binary_view()),
        DataType::Struct(_) => structure(array.as_struct())?,
        DataType::List(field) => list(array.as_list(), field)?,
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            dictionary.with_values(compact_array(dictionary.values())?)
        }
        _ => array.clone(),
    })
}

fn views<T: ByteViewType>(array: &GenericByteViewArray<T>) -> ArrayRef {
    let held: usize = array.data_buffers().iter().map(|buffer| buffer.len()).sum();
    match held > SHARE_MAX * array.total_buffer_bytes_used() {
        true => Arc::new(array.gc()),
        false => Arc::new(array.clone()),
    }
}

fn structure(array: &StructArray) -> Result<ArrayRef> {
    let columns = array.columns().iter().map(compact_array).collect::<Result<_>>()?;
    let nulls = array.nulls().cloned();
    Ok(Arc::new(StructArray::try_new_with_length(array.fields().clone(), columns, nulls, array.len())?))
}

/// A list that is a slice has the values of all rows, of which some are its own.
fn list(array: &ListArray, field: &FieldRef) -> Result<ArrayRef> {
    let (first, last) = (array.offsets()[0], array.offsets()[array.len()]);
    let values = array.values().slice(first as usize, (last - first) as usize);
    let offsets: ScalarBuffer<i32> = array.offsets().iter().map(|offset| offset - first).collect();
    let (offsets, nulls) = (OffsetBuffer::new(offsets), array.nulls().cloned());
    Ok(Arc::new(ListArray::try_new(field.clone(), offsets, compact_array(&values)?, nulls)?))
}
