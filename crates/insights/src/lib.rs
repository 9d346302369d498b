//! The Logs Insights query language: lexer, parser, checker, typed plan, functions.
//!
//! [`plan`] turns a query's text into a [`Plan`] or says where it is wrong; an [`Execute`] runs plans over rows.
//! [`Naive`] is the executor by definition: it holds all rows and walks them one at a time, and a fast executor must
//! agree with it. Nothing here knows Arrow, storage or a clock.
//!
//! Source: CloudWatch Logs User Guide, "CloudWatch Logs Insights language query syntax" (read 2026-11).

mod aggregate;
mod bind;
mod carry;
mod chart;
mod check;
mod cursor;
mod discover;
mod entity;
mod error;
mod execute;
mod functions;
mod lexer;
mod naive;
mod order;
mod parser;
mod pattern;
mod period;
mod plan;
mod ppl;
mod reference;
mod rows;
mod selection;
mod source;
mod sql;
mod syntax;
mod table;
mod value;
mod window;

pub use aggregate::{
    AGGREGATES, Accumulator, Aggregate, AggregateRow, histogram, percentile, rate, values, whole_sum,
};
pub use bind::{Answers, Bound, Input, JOIN_KEYS_MAX, JoinRows, Reads, Shift, TableUse, ValueSet};
pub use chart::bar_chart;
pub use check::plan;
pub use discover::{
    FLOW_FIELDS, FlowField, FlowType, LAMBDA_FIELDS, Named, default_format, discover, discover_in,
    discoverable, flow_field, is_of_lambda, lambda_fields, wholes,
};
pub use entity::{entity_field, entity_fields, entity_text, is_entity_field};
pub use error::{CharRange, QueryError, QueryErrorKind, Span};
pub use execute::{
    Execute, ExecuteError, QueryResult, ResultRow, Run, Statistics, TimeRange, check_bound, estimated,
};
pub use functions::{Example, FUNCTIONS, Function, LAMBDA_OF, PPL_FUNCTIONS, Parameters, SQL_FUNCTIONS};
pub use naive::{Naive, Row, evaluate, finish, result};
pub use order::natural_key;
pub use pattern::gathered;
pub use period::{Period, Unit};
pub use plan::{
    AggregateCall, Append, Arithmetic, Column, Comparison, Direction, Expr, Extract, FIELDS, FillMissing,
    Find, Join, LIMIT_DEFAULT, LIMIT_MAX, Outliers, Pattern, Patterns, Plan, QueryFact, Relevant, RowStep,
    SortKey, Stats, Step, Totals, Type, Warning,
};
pub use ppl::{PPL_ROWS_MAX, ppl_plan};
pub use reference::reference;
pub use rows::{ROWS_MAX, too_many};
pub use selection::{Candidate, SELECTED_MAX, Selection};
pub use source::{
    DEFAULT_INDEXES, Event, FLOW_INDEXES, Fields, Origin, Source, all_fields, event_pointer, fields_of_event,
    parse_pointer,
};
pub use sql::{SQL_ROWS_MAX, sql_plan};
pub use table::{Index, Lookup, LookupBy, TABLE_BYTES_MAX, Table, TableError, Tables};
pub use value::{Number, Value, parse_number, print_time};
pub use window::{Frame, FrameEnd, FrameUnit, Window, WindowFunction};
