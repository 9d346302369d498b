//! Window functions: a value for each row, of the rows of its partition.
//!
//! Source: OpenSearch Service Developer Guide, "Supported OpenSearch SQL commands and functions", Window functions (read
//! 2026-11). It is the SQL of Spark, whose frame without words is used: with ORDER BY the rows up to the last one that is
//! equal by it, else the whole partition. Assumption: among equal rows those come first that came first before, of groups
//! those with the lesser values.

use std::collections::BTreeSet;

use crate::aggregate::{Aggregate, AggregateRow};
use crate::plan::{Expr, SortKey};

/// A column that tells of each row how it stands among others.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The column.
    pub name: String,
    /// What is told.
    pub function: WindowFunction,
    /// What is read; `None` for `count(*)` and for functions of the order alone.
    pub argument: Option<Expr>,
    /// Rows with the same values are one partition; absent is the same as absent.
    pub partition: Vec<Expr>,
    /// The order within a partition.
    pub order: Vec<SortKey>,
    /// Which of equal rows comes first, before the order that the rows have.
    pub ties: Vec<SortKey>,
}

/// What a window tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WindowFunction {
    /// The row's place, from 1.
    RowNumber,
    /// The place of the first row that is equal by the order.
    Rank,
    /// How many different rows by the order there are up to it.
    DenseRank,
    /// The rank less one over the rows less one; 0 in a partition of one row.
    PercentRank,
    /// The share of the rows that do not come behind it.
    CumeDist,
    /// Which of so many parts, as equal as can be, the first ones the larger.
    Tile(u32),
    /// The value so many rows before; absent if there is none.
    Lag(u32),
    /// The value so many rows behind; absent if there is none.
    Lead(u32),
    /// The value of the frame's first row.
    First,
    /// The value of the frame's last row.
    Last,
    /// The value of the frame's row of this place, from 1; absent if the frame has none.
    Nth(u32),
    /// An aggregate of the frame.
    Aggregate(&'static AggregateRow),
}

impl WindowFunction {
    /// Those that stand before OVER only; numbers are any.
    const ALONE: [WindowFunction; 11] = [
        WindowFunction::RowNumber,
        WindowFunction::Rank,
        WindowFunction::DenseRank,
        WindowFunction::PercentRank,
        WindowFunction::CumeDist,
        WindowFunction::Tile(1),
        WindowFunction::Lag(1),
        WindowFunction::Lead(1),
        WindowFunction::First,
        WindowFunction::Last,
        WindowFunction::Nth(1),
    ];

    /// The name in SQL of a function that stands before OVER only, if `lower` is one.
    pub(crate) fn named(lower: &str) -> Option<&'static str> {
        WindowFunction::ALONE.into_iter().map(WindowFunction::name).find(|name| *name == lower)
    }

    /// Its name in SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            WindowFunction::RowNumber => "row_number",
            WindowFunction::Rank => "rank",
            WindowFunction::DenseRank => "dense_rank",
            WindowFunction::PercentRank => "percent_rank",
            WindowFunction::CumeDist => "cume_dist",
            WindowFunction::Tile(_) => "ntile",
            WindowFunction::Lag(_) => "lag",
            WindowFunction::Lead(_) => "lead",
            WindowFunction::First => "first_value",
            WindowFunction::Last => "last_value",
            WindowFunction::Nth(_) => "nth_value",
            WindowFunction::Aggregate(row) => row.name,
        }
    }

    /// The number among its arguments.
    pub(crate) fn number(self) -> Option<u32> {
        match self {
            WindowFunction::Tile(number)
            | WindowFunction::Lag(number)
            | WindowFunction::Lead(number)
            | WindowFunction::Nth(number) => Some(number),
            _ => None,
        }
    }

    /// Whether it means nothing without an order; Spark refuses it then.
    pub(crate) fn needs_order(self) -> bool {
        !matches!(self, WindowFunction::First | WindowFunction::Last | WindowFunction::Aggregate(_))
    }
}

/// Whether the aggregate stands over a window: those that a running value can be told of.
pub(crate) fn is_running(aggregate: Aggregate) -> bool {
    matches!(
        aggregate,
        Aggregate::Count
            | Aggregate::Sum
            | Aggregate::Average
            | Aggregate::Min
            | Aggregate::Max
            | Aggregate::StandardDeviation
            | Aggregate::Variance
    )
}

impl Window {
    /// Adds the names of all fields that the window reads.
    pub fn read_fields(&self, into: &mut BTreeSet<String>) {
        let keys = self.order.iter().chain(&self.ties).map(|key| &key.expr);
        keys.chain(&self.argument).chain(&self.partition).for_each(|expr| expr.read_fields(into));
    }
}
