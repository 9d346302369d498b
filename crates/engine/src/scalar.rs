//! The language's operators as functions of DataFusion.
//!
//! Each takes columns of known kinds. The operators that flow-log queries spend their time in work on whole columns
//! (`fast`); all others ask the language for the value of each row.

mod address;
mod carry;
mod fast;
mod gathered;
mod memo;
mod packed;
mod record;

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use datafusion::arrow::array::{ArrayRef, AsArray, BinaryBuilder, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, resources_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr as Lowered, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use weir_insights::{
    Aggregate, Expr, Extract, Number, Row, Run, TimeRange, Value, evaluate, event_pointer, natural_key,
};

pub use carry::{function_bytes, function_of_bytes};
pub use packed::{Key, is_packed, shifts};

use crate::files::partition;
use crate::kind::{Kind, whole};
use crate::narrow::Narrow;
use memo::Memo;

/// What one function does with its columns.
#[derive(Debug)]
pub enum Op {
    /// The value of an expression whose fields `0`, `1`, ... are the columns.
    Expr(Expr),
    /// The number view.
    Number,
    /// The number view without decimals.
    Whole,
    /// The number view where it is a whole number of 64 bits.
    Exact,
    /// The text view.
    Print,
    /// Whether a filter keeps the row.
    Truth,
    /// The bytes that sort as the value does.
    NaturalKey,
    /// The groups of a pattern, as a structure with the fields `0`, `1`, ...
    Extract(Extract),
    /// The discovered fields of these names in messages of a log group, as a structure with the fields `0`, `1`, ...
    Discover(Vec<String>, String),
    /// The line of a flow-log record whose fields are the columns.
    Line,
    /// `@ptr` of group, time and place.
    Pointer,
    /// What an aggregate makes of what was gathered for it.
    Gathered(GatheredOp),
    /// The value of this partition in a path.
    Partition(String),
    /// The field of this name of entities, a dictionary of texts.
    Entity(String),
    /// The map of all fields of a message of a log group, which is the first column.
    AllFields,
    /// The map of the columns under these names.
    Map(Vec<String>),
    /// The numbers of texts that are IPv4 addresses or dashes; another text is too wide.
    Address(Narrow),
    /// The columns of these keys as one number; values that are too wide are an error.
    Pack(Vec<Key>, Narrow),
    /// The column of a key of a packed number that has so many bits below it.
    Unpack(Key, u32),
}

/// Aggregates that the language finishes by itself.
#[derive(Clone, Copy, Debug)]
pub enum GatheredOp {
    /// The list of different values, of a list of texts.
    Values,
    /// How many numbers lie in each of so many ranges, of a list of numbers.
    Histogram(f64),
    /// What tokens are like, of a list of lists of them.
    Tokens,
    /// The sum, of one in 128 bits.
    Sum,
    /// The sum, of one of the whole numbers in 128 bits, one of all in doubles, and how many numbers there are of each.
    SumOfAny,
    /// An aggregate of a list of numbers, perhaps of the different ones.
    Numbers { aggregate: Aggregate, parameter: f64, is_distinct: bool },
    /// The change in so many milliseconds, of the earliest time and number and the latest.
    Rate(f64),
}

/// A call of the function over these columns.
pub fn call(op: Op, result: Kind, arguments: Vec<(Lowered, Kind)>) -> Lowered {
    let (arguments, kinds): (Vec<_>, Vec<_>) = arguments.into_iter().unzip();
    ScalarUDF::new_from_impl(Scalar::new(op, kinds, result)).call(arguments)
}

fn structure(fields: usize) -> DataType {
    let field = |index: usize| Field::new(index.to_string(), DataType::Utf8View, true);
    DataType::Struct(Fields::from((0..fields).map(field).collect::<Vec<_>>()))
}

#[derive(Debug)]
struct Scalar {
    op: Op,
    kinds: Vec<Kind>,
    result: Kind,
    data_type: DataType,
    signature: Signature,
    key: String,
    memo: Memo,
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Scalar) -> bool {
        self.key == other.key
    }
}

impl Eq for Scalar {}

impl Hash for Scalar {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl ScalarUDFImpl for Scalar {
    fn name(&self) -> &str {
        &self.key
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.data_type.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let columns: Vec<ArrayRef> =
            args.args.into_iter().map(|argument| argument.into_array(rows)).collect::<Result<_>>()?;
        Ok(ColumnarValue::Array(match (&self.op, &columns[..]) {
            (Op::Discover(..) | Op::Extract(_), [column]) => {
                self.memo.get_or(column, || self.column(&columns, rows))?
            }
            _ => self.column(&columns, rows)?,
        }))
    }
}

impl Scalar {
    fn new(op: Op, kinds: Vec<Kind>, result: Kind) -> Scalar {
        let data_type = match &op {
            Op::NaturalKey => DataType::Binary,
            Op::Extract(extract) => structure(extract.columns.len()),
            Op::Discover(names, _) => structure(names.len()),
            _ => result.data_type(),
        };
        // The description tells calls apart: equal calls are computed once.
        let key = format!("{op:?} {kinds:?} {result:?}");
        let signature = Signature::any(kinds.len(), Volatility::Immutable);
        Scalar { op, kinds, result, data_type, signature, key, memo: Memo::default() }
    }

    fn column(&self, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        if let Some(column) = fast::column(&self.op, &self.kinds, columns) {
            return Ok(column);
        }
        let value = |index: usize, row: usize| self.kinds[index].value(&columns[index], row);
        Ok(match &self.op {
            Op::Expr(template) => {
                let names: Vec<String> = (0..columns.len()).map(|index| index.to_string()).collect();
                let mut named = Row::default();
                self.bounded(rows, |row| {
                    names.iter().enumerate().for_each(|(index, name)| named.set(name, value(index, row)));
                    evaluate(template, &named, NO_RUN)
                })?
            }
            Op::Number => self.each(rows, |row| value(0, row).as_f64().map_or(Value::Null, Value::Float)),
            Op::Whole => self.each(rows, |row| whole(&value(0, row)).map_or(Value::Null, Value::Int)),
            Op::Exact => self.each(rows, |row| match value(0, row).number() {
                Some(Number::Int(number)) => Value::Int(number),
                _ => Value::Null,
            }),
            Op::Print => self.each(rows, |row| value(0, row)),
            Op::Truth => self.each(rows, |row| Value::Bool(value(0, row).is_true())),
            Op::Pointer => self.each(rows, |row| pointer(value(0, row), value(1, row), value(2, row))),
            Op::NaturalKey => {
                let mut builder = BinaryBuilder::new();
                (0..rows).for_each(|row| builder.append_value(natural_key(&value(0, row))));
                Arc::new(builder.finish())
            }
            Op::Extract(extract) => {
                let values = (0..rows).map(|row| value(0, row));
                self.structure(record::extract(extract, values))?
            }
            Op::Discover(names, log) => {
                self.structure(record::discovered(names, log, columns[0].as_string_view()))?
            }
            Op::Line => record::lines(&self.kinds, columns, rows),
            Op::Partition(key) => self.each(rows, |row| {
                let path = value(0, row);
                path.print().and_then(|path| partition(&path, key).map(Value::text)).unwrap_or(Value::Null)
            }),
            Op::Entity(name) => record::entity_field(name, &columns[0])?,
            Op::AllFields => self.each(rows, |row| record::all_fields(&value(0, row), &value(1, row))),
            Op::Map(names) => self.each(rows, |row| {
                let fields = names.iter().enumerate();
                weir_insights::all_fields(fields.map(|(index, name)| (name.as_str(), value(index, row))))
            }),
            Op::Address(narrow) => address::numbers(self.kinds[0], &columns[0], narrow)?,
            Op::Pack(keys, narrow) => packed::pack(keys, columns, rows, narrow)?,
            Op::Unpack(key, shift) => packed::unpack(*key, &columns[0], *shift),
            Op::Gathered(op) => self.each(rows, |row| gathered::value(*op, &self.kinds, columns, row)),
        })
    }

    fn each(&self, rows: usize, value: impl FnMut(usize) -> Value) -> ArrayRef {
        self.result.collect((0..rows).map(value))
    }

    /// The same of functions that make texts, until there is too much.
    fn bounded(&self, rows: usize, mut value: impl FnMut(usize) -> Value) -> Result<ArrayRef> {
        let made = Cell::new(0);
        let column = self.each(rows, |row| {
            if made.get() > COLUMN_BYTES_MAX {
                return Value::Null;
            }
            let value = value(row);
            made.set(made.get() + if let Value::Text(text) = &value { text.len() } else { 0 });
            value
        });
        match made.get() <= COLUMN_BYTES_MAX {
            true => Ok(column),
            false => resources_err!("a function made more than 1 GiB of text of {rows} rows"),
        }
    }

    fn structure(&self, columns: Vec<ArrayRef>) -> Result<ArrayRef> {
        let DataType::Struct(fields) = &self.data_type else {
            unreachable!("the caller's operators give structures")
        };
        Ok(Arc::new(StructArray::try_new(fields.clone(), columns, None)?))
    }
}

/// Text that a function may make of one batch of rows: what one value may be is bounded, but there are many.
const COLUMN_BYTES_MAX: usize = 1 << 30;

/// Facts of the run are constants before an expression comes here.
static NEVER: AtomicBool = AtomicBool::new(false);
const NO_RUN: Run<'static> = Run { window: TimeRange::ALL, now_ms: 0, cancelled: &NEVER };

fn pointer(log: Value, timestamp: Value, sequence: Value) -> Value {
    let (log, timestamp, sequence) = (log.print(), whole(&timestamp), whole(&sequence));
    let log = log.as_deref().unwrap_or_default();
    Value::Text(event_pointer(log, timestamp.unwrap_or_default(), sequence.unwrap_or_default() as u64))
}
