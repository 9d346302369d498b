//! Commands over several rows: names and defaults filled in.

use super::{Checker, refuse};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::plan::{
    Column, Direction, Expr, FillMissing, Outliers, Relevant, RowStep, SortKey, Stats, Step, Totals,
};
use crate::syntax::{self, ExprKind, Item, RowCommand};

/// How long `sessionize` waits for the next row unless told, in milliseconds.
const SESSION_GAP_MS: i64 = 30 * 60_000;

impl Checker {
    pub(super) fn rows(&mut self, command: RowCommand, span: Span) -> Result<(), QueryError> {
        let step = match command {
            RowCommand::Unnest { list, name } => self.unnest(&list, name)?,
            RowCommand::Accumulate { value, name } => {
                let name = name.unwrap_or_else(|| name_of(&value));
                self.show(&name);
                RowStep::Accumulate { value: self.plain(&value, "accum")?, name }
            }
            RowCommand::Lag { value, name, first, last } => {
                let column =
                    |lag: usize| (lag, name.clone().unwrap_or_else(|| format!("{}_p{lag}", name_of(&value))));
                let columns: Vec<_> = (first..=last).map(column).collect();
                columns.iter().for_each(|(_, name)| self.show(name));
                RowStep::Lag { value: self.expr(&value)?, columns }
            }
            RowCommand::FillDown { patterns } => {
                let is_meant =
                    |name: &String| patterns.is_empty() || patterns.iter().any(|p| matches(p, name));
                let names = self.shown().into_iter().filter(is_meant).collect();
                RowStep::FillDown { names }
            }
            RowCommand::FillMissing { constants } => {
                RowStep::FillMissing(self.fill_missing(constants, span)?)
            }
            RowCommand::Totals { name, row, col, fields } => {
                let names = self.named_or_shown(fields, "addtotals")?;
                if row {
                    self.show(&name);
                }
                RowStep::Totals(Totals { row_total: row.then_some(name), has_last_row: col, names })
            }
            RowCommand::Sessions { keys, gap, name } => {
                let gap_ms = gap.map_or(Ok(Some(SESSION_GAP_MS)), |gap| {
                    self.period(&gap).map(|(period, _)| period.fixed_ms())
                })?;
                let gap_ms = gap_ms.ok_or_else(|| {
                    let rule = "takes a span of fixed length, up to weeks";
                    refuse(span, QueryErrorKind::Misplaced { command: "sessionize", rule })
                })?;
                let keys = keys.iter().map(|key| self.plain(key, "sessionize")).collect::<Result<_, _>>()?;
                self.show(&name);
                RowStep::Sessions { keys, gap_ms, name }
            }
            RowCommand::Outliers { removes, factor, uses_lower, marks, fields } => {
                let names = self.named_or_shown(fields, "outlier")?;
                RowStep::Outliers(Outliers { removes, factor, uses_lower, marks, names })
            }
        };
        self.order();
        self.steps.push(Step::Rows(step));
        Ok(())
    }

    fn unnest(&mut self, list: &syntax::Expr, name: Option<String>) -> Result<RowStep, QueryError> {
        let checked = self.expr(list)?;
        let name = match (name, &list.kind) {
            (Some(name), _) => {
                self.show(&name);
                name
            }
            (None, ExprKind::Field(field)) => field.clone(),
            (None, _) => {
                let rule = "takes the name of a field";
                return Err(refuse(list.span, QueryErrorKind::Misplaced { command: "expand", rule }));
            }
        };
        // An element may be a list or map itself.
        self.name(&name, &Expr::Part { value: Box::new(checked.clone()), path: vec![] });
        Ok(RowStep::Unnest { list: checked, name })
    }

    fn fill_missing(
        &mut self,
        constants: Vec<(syntax::Expr, String)>,
        span: Span,
    ) -> Result<FillMissing, QueryError> {
        let Some((bin, period, offset_ms)) = self.bin.clone() else {
            let rule = "must follow stats ... by bin()";
            return Err(refuse(span, QueryErrorKind::Misplaced { command: "fillmissing", rule }));
        };
        let mut checked = vec![];
        for (value, name) in constants {
            match self.expr(&value)? {
                Expr::Literal(constant) => checked.push((name, constant)),
                _ => return Err(super::expression::wanted(&value, "a constant")),
            }
        }
        let groups = self.groups.clone().unwrap_or_default();
        Ok(FillMissing { bin, period, offset_ms, groups, constants: checked })
    }

    /// `relevantfields` looks at the fields named, or at all, and the columns made of them.
    pub(super) fn relevant(
        &mut self,
        fields: Vec<syntax::Expr>,
        condition: &syntax::Expr,
    ) -> Result<(), QueryError> {
        let condition = self.expr(condition)?;
        let is_all = fields.is_empty() && self.groups.is_none();
        let mut names = match (fields.is_empty(), &self.groups) {
            (true, None) => self.computed(),
            (true, Some(_)) => self.shown(),
            (false, _) => self.named_or_shown(fields.clone(), "relevantfields")?,
        };
        if fields.is_empty() {
            let mut read = std::collections::BTreeSet::new();
            condition.read_fields(&mut read);
            names.retain(|name| !read.contains(name));
        }
        self.steps.push(Step::Rows(RowStep::Relevant(Relevant { condition, names, is_all })));
        self.pattern = None;
        self.only(&[
            "@fieldName",
            "@relevanceScore",
            "@topRelevanceContributors",
            "@conditionalMedian",
            "@baselineMedian",
        ]);
        Ok(())
    }

    /// The columns that earlier commands have made.
    fn computed(&self) -> Vec<String> {
        let mut names = vec![];
        for step in &self.steps {
            match step {
                Step::Extend(columns) => names.extend(columns.iter().map(|column| column.name.clone())),
                Step::Parse { extract, .. } => names.extend(extract.columns.iter().flatten().cloned()),
                _ => {}
            }
        }
        names.retain(|name| !name.starts_with("# "));
        names
    }

    /// `countFrequent` is `stats count(*) ... by ...`, most frequent first. Here the count is exact.
    pub(super) fn count_frequent(&mut self, items: Vec<Item>, span: Span) -> Result<(), QueryError> {
        const COUNT: &str = "_approxcount";
        let count = syntax::Expr::new(span, ExprKind::Call("count".into(), vec![]));
        let counted = Item { expr: count, alias: Some(COUNT.into()), text: COUNT.into(), offset: None };
        self.stats_command(vec![counted], (items, vec![]), span)?;
        let key = |name: &str, direction| SortKey { expr: Expr::Field(name.into()), direction };
        let mut keys = vec![key(COUNT, Direction::Descending)];
        keys.extend(self.groups.iter().flatten().map(|name| key(name, Direction::Ascending)));
        self.steps.push(Step::Sort(keys));
        self.is_ordered = true;
        Ok(())
    }

    /// Has a column shown beside those listed.
    pub(super) fn show(&mut self, name: &str) {
        let shown = self.shown();
        self.lists_default |= self.displayed.is_none() && self.listed.is_empty() && self.groups.is_none();
        let listed = self.displayed.as_mut().unwrap_or(&mut self.listed);
        if listed.is_empty() {
            *listed = shown;
        }
        if !listed.iter().any(|known| known == name) {
            listed.push(name.to_owned());
        }
    }

    /// The names shown at this point.
    pub(super) fn shown(&self) -> Vec<String> {
        match (&self.displayed, self.listed.is_empty() && self.groups.is_none()) {
            (Some(displayed), _) => displayed.clone(),
            (None, true) => vec!["@timestamp".into(), "@message".into()],
            (None, false) => self.listed.clone(),
        }
    }

    /// The fields named, or all shown.
    fn named_or_shown(
        &mut self,
        fields: Vec<syntax::Expr>,
        command: &'static str,
    ) -> Result<Vec<String>, QueryError> {
        if fields.is_empty() {
            return Ok(self.shown());
        }
        let name = |field: syntax::Expr| match field.kind {
            ExprKind::Field(name) => Ok(name),
            _ => {
                let rule = "takes the names of fields";
                Err(refuse(field.span, QueryErrorKind::Misplaced { command, rule }))
            }
        };
        fields.into_iter().map(name).collect()
    }

    /// Notes the bins of a `stats`, for `fillmissing`.
    pub(super) fn note_bin(&mut self, stats: &Stats) {
        let bin = |column: &Column| match &column.expr {
            Expr::Round { time, period, offset_ms, is_up: false } => {
                let is_event_time = **time == Expr::Field("@timestamp".into());
                is_event_time.then(|| (column.name.clone(), *period, *offset_ms))
            }
            _ => None,
        };
        self.bin = stats.groups.iter().find_map(bin);
    }
}

/// A field's name, or what else is written.
fn name_of(expr: &syntax::Expr) -> String {
    match &expr.kind {
        ExprKind::Field(name) => name.clone(),
        _ => expr.to_string(),
    }
}

/// Whether the name is as the pattern says, where `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = pattern.rsplit_once('*').map(|(_, last)| last) else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    name.len() >= first.len() + last.len() && name.ends_with(last)
}
