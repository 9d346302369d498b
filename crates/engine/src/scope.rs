//! Names in force at one step of a plan, and expressions over them.
//!
//! A lowered value has a kind, so that known columns are worked on as what they are. A lowered condition may be null
//! where the language says false; whoever shows or negates it makes that false.

mod compare;
mod value;

use std::collections::BTreeMap;

use datafusion::common::Column;
use datafusion::logical_expr::{Expr as Lowered, lit};
use weir_insights::{Expr, QueryFact, Run, Value};

use crate::events::MESSAGE;
use crate::kind::Kind;
use crate::scalar::{Op, call};

/// A lowered value.
#[derive(Clone, Debug)]
pub struct Typed {
    /// The expression, whose type is that of the kind.
    pub expr: Lowered,
    /// What it holds.
    pub kind: Kind,
}

/// The language's names and the columns that hold them.
#[derive(Clone, Debug)]
pub struct Scope {
    columns: BTreeMap<String, (String, Kind)>,
    /// What `@message` is made of, if it is no column.
    line: Vec<(String, Kind)>,
    facts: Facts,
}

/// What [`QueryFact`] asks for, of one run.
#[derive(Clone, Copy, Debug)]
struct Facts {
    now: i64,
    start: i64,
    end: i64,
    range: i64,
}

impl Scope {
    /// No names, for a run.
    pub fn new(run: Run<'_>) -> Scope {
        let facts = Facts {
            now: QueryFact::Now.of(run),
            start: QueryFact::StartTime.of(run),
            end: QueryFact::EndTime.of(run),
            range: QueryFact::TimeRange.of(run),
        };
        Scope { columns: BTreeMap::new(), line: vec![], facts }
    }

    /// The scope behind a step that leaves no name of before.
    pub fn cleared(&self) -> Scope {
        Scope { columns: BTreeMap::new(), line: vec![], facts: self.facts }
    }

    /// Puts a name in force; a name of before is hidden by it.
    pub fn insert(&mut self, name: &str, column: &str, kind: Kind) {
        self.columns.insert(name.into(), (column.into(), kind));
    }

    /// Has `@message` made of columns.
    pub fn set_line(&mut self, line: Vec<(String, Kind)>) {
        self.line = line;
    }

    /// The names in force and the columns that they stand for.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        let line = self.line.iter().map(|(column, _)| (MESSAGE, column.as_str()));
        self.columns.iter().map(|(name, (column, _))| (name.as_str(), column.as_str())).chain(line)
    }

    /// The value of a name; absent if it is not in force.
    pub fn field(&self, name: &str) -> Typed {
        match self.columns.get(name) {
            Some((column, kind)) => Typed { expr: column_of(column), kind: *kind },
            None if name == MESSAGE && !self.line.is_empty() => {
                let cells = self.line.iter().map(|(column, kind)| (column_of(column), *kind)).collect();
                Typed { expr: call(Op::Line, Kind::Text, cells), kind: Kind::Text }
            }
            None => constant(&Value::Null),
        }
    }

    /// The value of an expression that is the same for all rows.
    fn constant_of(&self, expr: &Expr) -> Option<Value> {
        match expr {
            Expr::Literal(value) => Some(value.clone()),
            Expr::Query(QueryFact::Now) => Some(Value::Int(self.facts.now)),
            Expr::Query(QueryFact::StartTime) => Some(Value::Int(self.facts.start)),
            Expr::Query(QueryFact::EndTime) => Some(Value::Int(self.facts.end)),
            Expr::Query(QueryFact::TimeRange) => Some(Value::Int(self.facts.range)),
            _ => None,
        }
    }
}

/// A column by its name as it is, in whatever case and with whatever dots.
pub fn column_of(name: &str) -> Lowered {
    Lowered::Column(Column::new_unqualified(name))
}

/// The same value for every row.
pub fn constant(value: &Value) -> Typed {
    Typed { expr: lit(Kind::scalar(value)), kind: Kind::of_value(value) }
}
