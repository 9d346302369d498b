//! What a costly function gave last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

/// For each thread the last column and what became of it.
///
/// The optimizer writes a call wherever a part of its result is read, and moves filters below the column that would hold
/// all of it: each of several tests computes what the one before has just computed of the same batch.
#[derive(Debug, Default)]
pub struct Memo(Mutex<HashMap<ThreadId, (ArrayRef, ArrayRef)>>);

impl Memo {
    /// What became of this very column, or what `compute` makes of it now.
    ///
    /// # Errors
    /// That of `compute`.
    pub fn get_or(&self, column: &ArrayRef, compute: impl FnOnce() -> Result<ArrayRef>) -> Result<ArrayRef> {
        let last = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = thread::current().id();
        if let Some((before, result)) = last().get(&thread)
            && Arc::ptr_eq(before, column)
        {
            return Ok(result.clone());
        }
        let result = compute()?;
        last().insert(thread, (column.clone(), result.clone()));
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Int64Array;

    use super::*;

    #[test]
    fn the_same_column_is_computed_once_on_a_thread() {
        let memo = Memo::default();
        let column = |number: i64| Arc::new(Int64Array::from(vec![number])) as ArrayRef;
        let (one, other, result) = (column(1), column(1), column(2));
        let of = |column: &ArrayRef, result: &ArrayRef| {
            memo.get_or(column, || Ok(result.clone())).expect("no error")
        };
        assert!(Arc::ptr_eq(&of(&one, &result), &result));
        assert!(Arc::ptr_eq(&of(&one, &other), &result));
        assert!(thread::scope(|scope| scope
            .spawn(|| Arc::ptr_eq(&of(&one, &other), &other))
            .join()
            .is_ok_and(|is| is)));
        // Equal, and another one.
        assert!(Arc::ptr_eq(&of(&other, &one), &one));
        assert!(Arc::ptr_eq(&of(&one, &other), &other));
    }
}
