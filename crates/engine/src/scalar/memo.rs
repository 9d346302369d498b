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
    use datafusion::arrow::array::{Int64Array, StringViewArray};
    use datafusion::arrow::datatypes::{DataType, Field};
    use datafusion::logical_expr::{ColumnarValue, Expr as Lowered, ScalarFunctionArgs, lit};

    use super::*;
    use crate::kind::Kind;
    use crate::scalar::{Op, call};

    #[test]
    fn fields_of_a_batch_are_discovered_once() {
        let discover =
            call(Op::Discover(vec!["a".into()], String::new()), Kind::Text, vec![(lit(""), Kind::Text)]);
        let Lowered::ScalarFunction(discover) = discover else { panic!("{discover}") };
        let messages: ArrayRef = Arc::new(StringViewArray::from(vec![r#"{"a": 1}"#]));
        let found = || {
            let field = |data_type| Arc::new(Field::new("f", data_type, true));
            let result = discover.func.return_type(&[DataType::Utf8View]).expect("a type");
            let found = discover.func.invoke_with_args(ScalarFunctionArgs {
                args: vec![ColumnarValue::Array(messages.clone())],
                arg_fields: vec![field(DataType::Utf8View)],
                number_rows: 1,
                return_field: field(result),
                config_options: Arc::default(),
            });
            found.and_then(|found| found.into_array(1)).expect("fields")
        };
        assert!(Arc::ptr_eq(&found(), &found()));
    }

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
