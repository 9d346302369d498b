//! `parse`: a glob becomes a regular expression, named groups become columns.
//!
//! Assumption: a star takes as little as the text behind it allows, the last star at the end of the glob takes the
//! rest, and the glob may begin anywhere in the text.

use super::expression::{compile, wanted};
use super::{Checker, refuse};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::plan::{Expr, Extract, Pattern, Step};
use crate::syntax::{self, ExprKind};
use crate::value::Value;

impl Checker {
    pub(super) fn parse_step(
        &mut self,
        source: Option<syntax::Expr>,
        pattern: &syntax::Expr,
        names: Vec<String>,
        names_span: Span,
    ) -> Result<Step, QueryError> {
        let source = match source {
            Some(source) => self.expr(&source)?,
            None => Expr::Field("@message".into()),
        };
        let extract = match &pattern.kind {
            ExprKind::Text(text) => glob(text, names, pattern.span)?,
            ExprKind::Regex(text) => groups(compile(text, pattern.span)?, names, pattern.span, names_span)?,
            _ => return Err(wanted(pattern, "a string or a regular expression")),
        };
        for name in extract.columns.iter().flatten() {
            self.name(name, &Expr::Literal(Value::Null));
        }
        Ok(Step::Parse { source, extract })
    }
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
    if !names.is_empty() {
        let rule = "names the stars of a glob; name the groups of a regular expression (?<name>...)";
        return Err(refuse(names_span, QueryErrorKind::Misplaced { command: "as", rule }));
    }
    let columns: Vec<_> = pattern.0.capture_names().skip(1).map(|name| name.map(str::to_string)).collect();
    if columns.iter().all(Option::is_none) {
        return Err(refuse(span, QueryErrorKind::NoNamedGroups));
    }
    Ok(Extract { pattern, columns })
}
