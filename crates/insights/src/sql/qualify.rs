//! Names of columns with the name of their table before them, and without.
//!
//! Names of tables are matched in any case of letters (Apache Spark SQL 3.5, "Identifiers"). Assumption: as log events have no
//! schema, a column that no side of a join is named with is that of whichever side has it, of the left side if both have.

use super::function::{called, not_implemented};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::plan::Comparison;
use crate::syntax::{ABSENT, Binary, Expr, ExprKind, Item};

/// The column that a name means, if it is one of this table.
pub(crate) fn column_of<'n>(name: &'n str, table: &str) -> Option<&'n str> {
    let (start, rest) = name.split_at_checked(table.len())?;
    rest.strip_prefix('.').filter(|_| start.eq_ignore_ascii_case(table))
}

/// Columns named with something before a dot, which no SELECT has yet known as one of its tables; and those that the SELECT
/// which ends next leaves to the one outside.
#[derive(Default)]
pub(super) struct Qualified(Vec<Column>, Vec<Column>);

struct Column {
    name: String,
    span: Span,
    /// Whether it stands in a SELECT within the one that is read.
    is_within: bool,
}

impl Qualified {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets all but the first.
    pub(super) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    pub(super) fn note(&mut self, name: &str, span: Span) {
        if name.contains('.') {
            self.0.push(Column { name: name.to_owned(), span, is_within: false });
        }
    }

    /// Counts columns behind `from` at these places as ones of the statement outside.
    pub(super) fn move_out(&mut self, from: usize, places: &[Span]) {
        let is_at = |column: &Column| {
            places.iter().any(|at| at.start <= column.span.start && column.span.end <= at.end)
        };
        let (moved, own): (Vec<Column>, Vec<Column>) =
            self.0.drain(from.min(self.0.len())..).partition(is_at);
        self.0.extend(own);
        self.1.extend(moved);
    }

    /// Ends a SELECT over these tables, whose columns begin behind `from`. A query within it that names one of them would
    /// have to be run for each row, unless it compares that column only.
    pub(super) fn end_select(&mut self, from: usize, tables: &[String]) -> Result<(), QueryError> {
        let own = self.0.split_off(from.min(self.0.len()));
        for column in own {
            match tables.iter().any(|table| column_of(&column.name, table).is_some()) {
                true if column.is_within => {
                    let name = format!("{} of the statement outside", column.name);
                    return Err(not_implemented("column", &name, column.span));
                }
                true => {}
                false => self.0.push(Column { is_within: true, ..column }),
            }
        }
        self.0.append(&mut self.1);
        Ok(())
    }
}

/// What stands behind FROM.
pub(crate) enum Tables {
    /// One, with its name and its columns, as far as these are known.
    One(Option<String>, Option<Vec<String>>),
    /// Two.
    Two(Sides),
}

impl Default for Tables {
    fn default() -> Tables {
        Tables::One(None, None)
    }
}

/// The tables of a join.
pub(crate) struct Sides {
    pub(crate) left: String,
    pub(crate) right: String,
    /// Those of each, if they are known.
    pub(crate) columns: (Option<Vec<String>>, Option<Vec<String>>),
}

/// Columns that `*` stands for in one SELECT, with those beside it: five times what is discovered in an event. SELECTs of `*, *`
/// within each other would have twice as many each.
const COLUMNS_MAX: usize = 1000;

/// What is known of a log event without looking at it, as `*` shows it.
const EVENT: &[&str] = &["@timestamp", "@message"];

impl Tables {
    /// What may stand before columns.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Tables::One(name, _) => name.iter().cloned().collect(),
            Tables::Two(sides) => vec![sides.left.clone(), sides.right.clone()],
        }
    }

    /// Puts columns in the place of `*` and `table.*` among others.
    pub(super) fn spread(&self, items: Vec<Item>) -> Result<Vec<Item>, QueryError> {
        let mut spread = vec![];
        for item in items {
            match item.expr.kind {
                ExprKind::Star => {
                    spread.extend(self.all(&item)?);
                    if spread.len() > COLUMNS_MAX {
                        let rule = "stands for more than 1000 columns";
                        let kind = QueryErrorKind::Misplaced { command: "*", rule };
                        return Err(QueryError { span: item.expr.span, kind });
                    }
                }
                _ => spread.push(item),
            }
        }
        Ok(spread)
    }

    fn all(&self, star: &Item) -> Result<Vec<Item>, QueryError> {
        let span = star.expr.span;
        let wanted = star.text.strip_suffix('.');
        let is_meant = |name: &str| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(name));
        let events = || EVENT.iter().map(|name| name.to_string()).collect();
        let known = |columns: &Option<Vec<String>>| columns.clone().unwrap_or_else(events);
        let mut names: Vec<String> = vec![];
        match self {
            Tables::One(name, columns) if is_meant(name.as_deref().unwrap_or_default()) => {
                names = known(columns);
            }
            Tables::One(..) => {}
            Tables::Two(sides) => {
                for (side, columns) in [(&sides.left, &sides.columns.0), (&sides.right, &sides.columns.1)] {
                    let columns = known(columns).into_iter().filter(|_| is_meant(side));
                    names.extend(columns.map(|name| format!("{side}.{name}")));
                }
            }
        }
        if names.is_empty() {
            let found = wanted.unwrap_or("*").to_owned();
            return Err(QueryError { span, kind: QueryErrorKind::Expected { wanted: "a table", found } });
        }
        let item = |name: String| Item {
            expr: Expr::new(span, ExprKind::Field(name.clone())),
            alias: None,
            text: name,
            offset: None,
        };
        Ok(names.into_iter().map(item).collect())
    }

    /// Takes the name of the only table away from its columns, or has it written as it is told. Of two tables a column
    /// without either's name is that of the side that has it; not one of those `kept`, which are names of what is selected.
    pub(crate) fn resolve(&self, expr: &mut Expr, kept: &[String]) {
        match (&mut expr.kind, self) {
            (ExprKind::Field(name), Tables::One(Some(table), _)) => {
                if let Some(column) = column_of(name, table) {
                    *name = column.to_owned();
                }
            }
            (ExprKind::Field(name), Tables::Two(sides)) if name != ABSENT && !is_truth(name) => {
                let name = name.clone();
                if let Some(plain) = sides.named(&name) {
                    *expr = Expr::new(expr.span, ExprKind::Field(plain));
                } else if !kept.contains(&name) && !name.starts_with('#') {
                    let of = |side: &str| Expr::new(expr.span, ExprKind::Field(format!("{side}.{name}")));
                    let (left, right) = (of(&sides.left), of(&sides.right));
                    let has = |columns: &Option<Vec<String>>| columns.as_ref().map(|it| it.contains(&name));
                    *expr = match (has(&sides.columns.0), has(&sides.columns.1)) {
                        (Some(true), _) | (_, Some(false)) => left,
                        (Some(false), _) => right,
                        _ => called("coalesce", vec![left, right], expr.span),
                    };
                }
            }
            _ => expr.parts_mut().into_iter().for_each(|part| self.resolve(part, kept)),
        }
    }

    /// A column of each side that a condition finds equal.
    pub(super) fn key(&self, condition: &Expr) -> Option<(Expr, Expr)> {
        let Tables::Two(sides) = self else { return None };
        let ExprKind::Binary(Binary::Compare(Comparison::Equal), one, other) = &condition.kind else {
            return None;
        };
        let side = |expr: &Expr| match &expr.kind {
            ExprKind::Field(name) => Some((column_of(name, &sides.right).is_some(), sides.named(name)?)),
            _ => None,
        };
        let ((is_one, one_name), (is_other, other_name)) = (side(one)?, side(other)?);
        let field = |of: &Expr, name: String| Expr::new(of.span, ExprKind::Field(name));
        (is_one != is_other).then(|| (field(one, one_name), field(other, other_name)))
    }

    /// A condition that names only columns of the right side, as it stands in that side.
    pub(super) fn of_right(&self, condition: &Expr) -> Option<Expr> {
        let Tables::Two(sides) = self else { return None };
        let mut own = condition.clone();
        sides.is_of_right(&mut own).then_some(own)
    }
}

impl Sides {
    /// The name as it is told, if it begins with that of a side.
    fn named(&self, name: &str) -> Option<String> {
        let of = |side: &String| column_of(name, side).map(|column| format!("{side}.{column}"));
        of(&self.right).or_else(|| of(&self.left))
    }

    fn is_of_right(&self, expr: &mut Expr) -> bool {
        match &mut expr.kind {
            ExprKind::Field(name) if name == ABSENT || is_truth(name) => true,
            ExprKind::Field(name) => match column_of(name, &self.right) {
                Some(column) => {
                    *name = column.to_owned();
                    true
                }
                None => false,
            },
            ExprKind::InQuery { .. } | ExprKind::Subquery { .. } | ExprKind::Answer { .. } => false,
            _ => expr.parts_mut().into_iter().all(|part| self.is_of_right(part)),
        }
    }
}

/// Words that are values.
fn is_truth(name: &str) -> bool {
    name.eq_ignore_ascii_case("true") || name.eq_ignore_ascii_case("false")
}
