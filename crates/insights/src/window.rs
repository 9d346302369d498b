//! Window functions: a value for each row, of the rows of its partition.
//!
//! Source: OpenSearch Service Developer Guide, "Supported OpenSearch SQL commands and functions", Window functions (read
//! 2026-11). It is the SQL of Spark, whose frame without words is used: with ORDER BY the rows up to the last one that is
//! equal by it, else the whole partition. Frames with words are read from it too. Assumption: among equal rows those come first that came first before, of groups
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
    /// The rows that the function is told of; `None` for those of Spark's frame without words.
    pub frame: Option<Frame>,
    /// Whether absent values are passed over.
    pub ignores_nulls: bool,
}

/// The rows around a row that a function is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What its ends count.
    pub unit: FrameUnit,
    /// The first row.
    pub start: FrameEnd,
    /// The last row.
    pub end: FrameEnd,
}

/// What the ends of a frame count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameUnit {
    /// ROWS.
    Rows,
    /// RANGE: equal rows belong together, and offsets are of the number that the rows are ordered by.
    Values,
    /// RANGE with intervals: offsets are milliseconds, of the time that the rows are ordered by.
    Times,
}

/// An end of a frame, in the order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrameEnd {
    /// The first row of the partition.
    First,
    /// The row so many rows before, or the first one that is so much less. The most come first.
    Before(std::cmp::Reverse<u64>),
    /// The row itself, or those equal to it.
    Current,
    /// The row so many rows behind, or the last one that is so much more.
    After(u64),
    /// The last row of the partition.
    Last,
}

/// Rows before or behind a row that a frame of ROWS reaches; an aggregate of RANGE is told of as many on both sides.
/// Assumption: Spark names no number; this bounds the time of a row.
pub(crate) const FRAME_MAX: u64 = 10_000;

impl Frame {
    /// Up to the row itself: what functions of the order alone take.
    pub(crate) fn is_up_to_current(self) -> bool {
        (self.start, self.end) == (FrameEnd::First, FrameEnd::Current)
    }

    /// Whether an end is an offset.
    pub(crate) fn has_offset(self) -> bool {
        [self.start, self.end].iter().any(|end| matches!(end, FrameEnd::Before(_) | FrameEnd::After(_)))
    }

    /// The whole partition.
    pub(crate) fn is_whole(self) -> bool {
        (self.start, self.end) == (FrameEnd::First, FrameEnd::Last)
    }
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

    /// Whether it reads the frame, and not the order alone.
    pub(crate) fn reads_frame(self) -> bool {
        use WindowFunction::{Aggregate, First, Last, Nth};
        matches!(self, First | Last | Nth(_) | Aggregate(_))
    }

    /// Whether it may pass over absent values.
    pub(crate) fn may_ignore_nulls(self) -> bool {
        use WindowFunction::{First, Lag, Last, Lead, Nth};
        matches!(self, First | Last | Nth(_) | Lag(_) | Lead(_))
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
    /// Whether it is told of rows in memory only: an executor need not have frames, and sums that move are never exact.
    pub fn needs_rows(&self) -> bool {
        self.frame.is_some() || self.ignores_nulls
    }

    /// Adds the names of all fields that the window reads.
    pub fn read_fields(&self, into: &mut BTreeSet<String>) {
        let keys = self.order.iter().chain(&self.ties).map(|key| &key.expr);
        keys.chain(&self.argument).chain(&self.partition).for_each(|expr| expr.read_fields(into));
    }
}
