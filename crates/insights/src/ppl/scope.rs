//! Which fields there are at a place of a query, and which of them are shown.
//!
//! Log events have no schema: as long as no command names all that is left, any field may be named, but for those that a
//! command has taken away. Behind `fields`, `stats` and their like only their columns are there; another name is refused, as it
//! would be absent in every row.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{QueryError, QueryErrorKind};
use crate::sql::function::not_implemented;
use crate::sql::qualify::{Sides, Tables, column_of};
use crate::syntax::{ABSENT, Expr, ExprKind};

/// The names of a struct's members, in their order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) members: Vec<String>,
    /// Whether it is a list of such structs.
    pub(super) is_list: bool,
}

/// The fields at a place.
pub(super) struct Scope {
    /// Whether any field may be named that is not gone, or only those shown.
    is_open: bool,
    shown: Vec<String>,
    gone: BTreeSet<String>,
    /// What commands have made: none of them is a field of the sides of a join.
    made: BTreeSet<String>,
    /// What may stand before names.
    tables: Tables,
    /// Tables of the queries outside.
    outside: Vec<String>,
    /// Columns whose numbers are never taken for whole ones.
    floats: BTreeSet<String>,
    shapes: BTreeMap<String, Shape>,
}

impl Default for Scope {
    /// All fields of events.
    fn default() -> Scope {
        Scope {
            is_open: true,
            shown: ["@timestamp", "@message"].map(String::from).to_vec(),
            gone: BTreeSet::new(),
            made: BTreeSet::new(),
            tables: Tables::default(),
            outside: vec![],
            floats: BTreeSet::new(),
            shapes: BTreeMap::new(),
        }
    }
}

impl Scope {
    /// What is shown, in order.
    pub(super) fn shown(&self) -> &[String] {
        &self.shown
    }

    /// The columns there are; `None` if any field may be.
    pub(super) fn columns(&self) -> Option<Vec<String>> {
        (!self.is_open).then(|| self.shown.clone())
    }

    /// Those of a query within the one that has these.
    pub(super) fn within(&self) -> Scope {
        let outside = self.outside.iter().cloned().chain(self.tables.names()).collect();
        Scope { outside, ..Scope::default() }
    }

    /// Has a table's name stand before its fields.
    pub(super) fn name_table(&mut self, name: String) {
        self.tables = Tables::One(Some(name), None);
    }

    /// The name of the only table.
    pub(super) fn table(&self) -> Option<String> {
        match &self.tables {
            Tables::One(name, _) => name.clone(),
            Tables::Two(_) => None,
        }
    }

    /// Adds a column, or puts it in the place of one of its name.
    pub(super) fn add(&mut self, name: &str) {
        self.gone.remove(name);
        self.floats.remove(name);
        self.shapes.remove(name);
        self.made.insert(name.to_owned());
        if !self.shown.iter().any(|known| known == name) {
            self.shown.push(name.to_owned());
        }
    }

    /// Takes fields away.
    pub(super) fn remove(&mut self, names: &[String]) {
        self.shown.retain(|name| !names.contains(name));
        self.gone.extend(names.iter().cloned());
    }

    /// Leaves these fields only.
    pub(super) fn keep(&mut self, names: Vec<String>) {
        self.is_open = false;
        self.shown.clear();
        for name in names {
            if !self.shown.contains(&name) {
                self.shown.push(name);
            }
        }
    }

    /// Leaves these columns of groups, which no name of a table stands before.
    pub(super) fn group(&mut self, columns: Vec<String>) {
        *self = Scope { outside: std::mem::take(&mut self.outside), ..Scope::default() };
        self.made.extend(columns.iter().cloned());
        self.keep(columns);
    }

    /// Shows a name where another was shown.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        let shape = self.shapes.get(old).cloned();
        let is_float = self.floats.contains(old);
        self.shown.retain(|name| name != new || name == old);
        self.gone.remove(new);
        self.made.insert(new.to_owned());
        match self.shown.iter_mut().find(|name| *name == old) {
            Some(name) => new.clone_into(name),
            None => self.shown.push(new.to_owned()),
        }
        self.floats.remove(new);
        self.floats.extend(is_float.then(|| new.to_owned()));
        self.shapes.remove(new);
        self.shapes.extend(shape.map(|shape| (new.to_owned(), shape)));
    }

    /// Puts the fields of two sides in the place of those of one.
    pub(super) fn join(&mut self, other: &Scope, sides: Sides) {
        let of = |side: &str, columns: Option<&Vec<String>>| -> Vec<String> {
            let columns = columns.cloned().unwrap_or(Scope::default().shown);
            columns.iter().map(|name| format!("{side}.{name}")).collect()
        };
        let (left, right) = &sides.columns;
        let shown = [of(&sides.left, left.as_ref()), of(&sides.right, right.as_ref())].concat();
        let is_open = left.is_none() || right.is_none();
        let gone = |side: &str, scope: &Scope| -> Vec<String> {
            scope.gone.iter().map(|name| format!("{side}.{name}")).collect()
        };
        let gone = gone(&sides.left, self).into_iter().chain(gone(&sides.right, other)).collect();
        let outside = std::mem::take(&mut self.outside);
        *self = Scope { is_open, shown, gone, tables: Tables::Two(sides), outside, ..Scope::default() };
    }

    /// Notes that the numbers of a column are never taken for whole ones.
    pub(super) fn note_float(&mut self, name: &str) {
        self.floats.insert(name.to_owned());
    }

    /// Whether a column's numbers are never taken for whole ones.
    pub(super) fn is_float(&self, name: &str) -> bool {
        self.floats.contains(name)
    }

    /// Notes the members of a column.
    pub(super) fn note_shape(&mut self, name: &str, shape: Shape) {
        self.shapes.insert(name.to_owned(), shape);
    }

    /// The members of a column, if a command has made them.
    pub(super) fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }

    /// The tables whose fields there are.
    pub(super) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Whether a command has made a column of this name that is still shown.
    pub(super) fn is_made(&self, name: &str) -> bool {
        self.made.contains(name) && self.shown.iter().any(|known| known == name)
    }

    /// Puts fields in the place of the names that are written for them.
    ///
    /// # Errors
    /// A name that no field has here, with its place.
    pub(super) fn resolve(&self, expr: &mut Expr) -> Result<(), QueryError> {
        let ExprKind::Field(name) = &expr.kind else {
            return expr.parts_mut().into_iter().try_for_each(|part| self.resolve(part));
        };
        if name == ABSENT || name.starts_with("# ") {
            return Ok(());
        }
        let is_of = |table: &String| column_of(name, table).is_some();
        if self.outside.iter().any(is_of) && !self.tables.names().iter().any(is_of) {
            return Err(not_implemented("field", &format!("{name} of the query outside"), expr.span));
        }
        let missing = QueryError { span: expr.span, kind: QueryErrorKind::NoField(name.clone()) };
        if self.made.contains(name) && !self.gone.contains(name) && (self.is_open || self.is_shown(name)) {
            return Ok(());
        }
        if self.is_open {
            self.tables.resolve(expr, &[]);
            return if self.is_gone(expr) || self.is_lacking(expr) { Err(missing) } else { Ok(()) };
        }
        let plain = self.without_table(name);
        match self.shown_as(plain) {
            Some(found) => {
                expr.kind = ExprKind::Field(found);
                Ok(())
            }
            None => Err(missing),
        }
    }

    /// Whether the name is that of a column, or of a part of one.
    fn is_shown(&self, name: &str) -> bool {
        self.shown.iter().any(|known| is_of(name, known))
    }

    fn is_gone(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Field(name) => self.gone.iter().any(|gone| is_of(name, gone)),
            _ => expr.parts().into_iter().any(|part| self.is_gone(part)),
        }
    }

    /// Whether it is a column of a side of a join whose columns are known, and none of them.
    fn is_lacking(&self, expr: &Expr) -> bool {
        let (ExprKind::Field(name), Tables::Two(Sides { left, right, columns })) = (&expr.kind, &self.tables)
        else {
            return false;
        };
        [(right, &columns.1), (left, &columns.0)].into_iter().any(|(side, columns)| {
            let column = column_of(name, side).zip(columns.as_ref());
            column.is_some_and(|(column, columns)| !columns.iter().any(|known| is_of(column, known)))
        })
    }

    fn without_table<'n>(&self, name: &'n str) -> &'n str {
        match &self.tables {
            Tables::One(Some(table), _) => column_of(name, table).unwrap_or(name),
            _ => name,
        }
    }

    /// The column that a name means; of two sides the name of neither need be told.
    fn shown_as(&self, name: &str) -> Option<String> {
        if self.is_shown(name) {
            return Some(name.to_owned());
        }
        let Tables::Two(Sides { left, right, .. }) = &self.tables else { return None };
        let of_side = |side: &String| {
            let full = format!("{side}.{}", column_of(name, side).unwrap_or(name));
            self.is_shown(&full).then_some(full)
        };
        of_side(left).or_else(|| of_side(right))
    }
}

/// Whether a name is this one, or that of a part of it.
fn is_of(name: &str, whole: &str) -> bool {
    name.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
