//! `parse`: a glob becomes a regular expression, groups become columns. `json`: a part of what a field is in JSON.
//!
//! Source: CloudWatch Logs User Guide, "parse" (read 2026-11). Assumption: a star takes as little as the text behind it allows, the last star at the end of the glob takes the
//! rest, and the glob may begin anywhere in the text.

use super::expression::{compile, wanted};
use super::{Checker, refuse};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::functions::{CSV_OF, LOGFMT_OF, function_named};
use crate::plan::{Column, Expr, Extract, Find, Pattern, RowStep, Step};
use crate::syntax::{self, ExprKind, LineFormat};
use crate::value::Value;

/// Columns that are not shown, with what a line or a match holds.
const LINE: &str = "# line";
const MATCH: &str = "# match";

impl Checker {
    /// What `parse` reads: `@message` unless told.
    fn source(&mut self, source: Option<syntax::Expr>) -> Result<Expr, QueryError> {
        source.map_or(Ok(Expr::Field("@message".into())), |source| self.expr(&source))
    }

    pub(super) fn parse(
        &mut self,
        source: Option<syntax::Expr>,
        pattern: &syntax::Expr,
        (names, names_span): (Vec<String>, Span),
        is_multi: bool,
    ) -> Result<(), QueryError> {
        let source = self.source(source)?;
        let extract = match &pattern.kind {
            ExprKind::Text(text) => glob(text, names, pattern.span)?,
            ExprKind::Regex(text) => groups(compile(text, pattern.span)?, names, pattern.span, names_span)?,
            _ => return Err(wanted(pattern, "a string or a regular expression")),
        };
        for name in extract.columns.iter().flatten() {
            self.name(name, &Expr::Literal(Value::Null));
        }
        match is_multi {
            true => self.each_match(source, extract),
            false => self.steps.push(Step::Parse { source, extract }),
        }
        Ok(())
    }

    /// A row for each match; a row without one stays as it is, without the columns.
    fn each_match(&mut self, source: Expr, extract: Extract) {
        let list = Expr::Find { value: Box::new(source), pattern: extract.pattern, find: Find::Matches };
        self.order();
        self.steps.push(Step::Rows(RowStep::Unnest { list, name: MATCH.into() }));
        self.steps.push(Step::Extend(parts_of(MATCH, extract.columns)));
    }

    /// `logfmt` gives a map of all pairs, `csv` a column for each value.
    pub(super) fn parse_line(
        &mut self,
        source: Option<syntax::Expr>,
        format: LineFormat,
        names: Vec<String>,
    ) -> Result<(), QueryError> {
        let arguments = vec![self.source(source)?];
        match format {
            LineFormat::Logfmt => {
                let expr = Expr::Call { function: &LOGFMT_OF, arguments };
                for name in names {
                    self.name(&name, &expr);
                    self.steps.push(Step::Extend(vec![Column { name, expr: expr.clone() }]));
                }
            }
            LineFormat::Csv => {
                let expr = Expr::Call { function: &CSV_OF, arguments };
                self.steps.push(Step::Extend(vec![Column { name: LINE.into(), expr }]));
                names.iter().for_each(|name| self.name(name, &Expr::Literal(Value::Null)));
                self.steps.push(Step::Extend(parts_of(LINE, names.into_iter().map(Some).collect())));
            }
        }
        Ok(())
    }

    /// `json field=a "b.c" as d`: a part of a list or map, or of a text in JSON.
    pub(super) fn json(
        &mut self,
        field: &syntax::Expr,
        path: Vec<String>,
        name: String,
    ) -> Result<(), QueryError> {
        let mut expr = self.expr(field)?;
        let Some(get) = function_named("sql get") else { return Ok(()) };
        for part in path {
            expr = Expr::Call { function: get, arguments: vec![expr, Expr::Literal(Value::text(part))] };
        }
        self.name(&name, &Expr::Part { value: Box::new(expr.clone()), path: vec![] });
        self.steps.push(Step::Extend(vec![Column { name, expr }]));
        Ok(())
    }
}

/// The elements of a list under these names.
fn parts_of(list: &str, names: Vec<Option<String>>) -> Vec<Column> {
    let part = |(at, name): (usize, Option<String>)| {
        let expr = Expr::Part { value: Box::new(Expr::Field(list.into())), path: vec![at.to_string()] };
        Some(Column { name: name?, expr })
    };
    names.into_iter().enumerate().filter_map(part).collect()
}

fn glob(text: &str, names: Vec<String>, span: Span) -> Result<Extract, QueryError> {
    let stars = text.matches('*').count();
    if stars != names.len() || stars == 0 {
        return Err(refuse(span, QueryErrorKind::GlobNames { stars, names: names.len() }));
    }
    let parts: Vec<_> = text.split('*').map(regex::escape).collect();
    let anchor = if text.starts_with('*') { "^" } else { "" };
    let mut regex = format!("(?s){anchor}{}", parts.join("(.*?)"));
    if text.ends_with('*') {
        regex.push('$');
    }
    Ok(Extract { pattern: compile(&regex, span)?, columns: names.into_iter().map(Some).collect() })
}

fn groups(pattern: Pattern, names: Vec<String>, span: Span, names_span: Span) -> Result<Extract, QueryError> {
    let mut columns: Vec<_> =
        pattern.0.capture_names().skip(1).map(|name| name.map(str::to_string)).collect();
    if !names.is_empty() {
        // Assumption: they are names of all groups, whether these have one or not.
        if names.len() != columns.len() {
            let rule = "names each star of a glob, or each group of a regular expression";
            return Err(refuse(names_span, QueryErrorKind::Misplaced { command: "as", rule }));
        }
        columns = names.into_iter().map(Some).collect();
    }
    if columns.iter().all(Option::is_none) {
        return Err(refuse(span, QueryErrorKind::NoNamedGroups));
    }
    Ok(Extract { pattern, columns })
}
