//! Windows: names looked up, equal rows told apart.

use super::{Checker, Dialect};
use crate::error::{QueryError, QueryErrorKind};
use crate::plan::{Direction, Expr, SortKey, Step};
use crate::syntax;
use crate::window::{Window, WindowFunction};

/// A window where there are no rows to look at yet.
pub(crate) const MISPLACED: QueryErrorKind = QueryErrorKind::Misplaced {
    command: "OVER",
    rule: "stands in SELECT and ORDER BY only, and not inside another",
};

impl Checker {
    /// Equal rows of groups are told apart by their groups; log events have their own order, as all rows have in PPL.
    pub(super) fn window(&mut self, name: String, window: syntax::Window) -> Result<(), QueryError> {
        let syntax::Window { function, argument, partition, order, frame, ignores_nulls } = window;
        let is_aggregate = matches!(function, WindowFunction::Aggregate(_));
        let argument = match argument {
            Some(argument) if is_aggregate => Some(self.expr(&argument)?),
            Some(argument) => Some(self.plain(&argument, function.name())?),
            None => None,
        };
        let partition =
            partition.iter().map(|key| self.plain(key, "PARTITION BY")).collect::<Result<_, _>>()?;
        let mut keys = vec![];
        for (key, direction) in &order {
            keys.push(SortKey { expr: self.plain(key, "ORDER BY")?, direction: *direction });
        }
        let has_order = self.dialect == Dialect::Ppl;
        if has_order {
            self.order();
        }
        let tie =
            |name: &String| SortKey { expr: Expr::Field(name.clone()), direction: Direction::Ascending };
        let ties = self.groups.iter().flatten().filter(|_| !has_order).map(tie).collect();
        let order = keys;
        let window = Window { name, function, argument, partition, order, ties, frame, ignores_nulls };
        self.steps.push(Step::Window(window));
        Ok(())
    }
}
