//! Commands that take texts apart: `parse` by a regular expression, `grok` by named patterns.
//!
//! Source: OpenSearch Service Developer Guide, "Supported PPL commands", parse and grok (read 2026-11). `parse` is told of the whole
//! text. Where the text does not match, the columns are empty texts. Assumption: `grok` finds its pattern anywhere in the text.

use super::grok;
use super::node::{field, text};
use super::parser::Parser;
use crate::check::compile;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::sql::function::called;
use crate::syntax::{CommandKind, Expr, ExprKind};

/// A regular expression, and the column that each of its groups is.
struct Groups {
    regex: String,
    columns: Vec<Option<String>>,
    span: Span,
}

impl Parser<'_> {
    /// `parse field 'regex'`
    pub(super) fn parse(&mut self) -> Result<(), QueryError> {
        let start = self.advance()?;
        let source = self.plain_value()?;
        let (regex, span) = self.text("a regular expression")?;
        let groups = compile(&regex, span)?.0;
        let columns = groups.capture_names().skip(1).map(|name| name.map(str::to_owned)).collect();
        self.extract(source, Groups { regex: format!("^(?:{regex})$"), columns, span }, start)
    }

    /// `grok field '%{PATTERN:column} ...'`
    pub(super) fn grok(&mut self) -> Result<(), QueryError> {
        let start = self.advance()?;
        let source = self.plain_value()?;
        let (pattern, span) = self.text("a pattern such as %{WORD:a}")?;
        let (regex, names) = grok::regex(&pattern).map_err(|kind| QueryError { span, kind })?;
        let groups = compile(&regex, span)?.0;
        let column = |name: Option<&str>| {
            let name = name?;
            Some(grok::number_of(name).and_then(|at| names.get(at)).map_or(name, String::as_str).to_owned())
        };
        let columns = groups.capture_names().skip(1).map(column).collect();
        self.extract(source, Groups { regex, columns, span }, start)
    }

    /// A column for each group with a name, all of the text as it was before.
    fn extract(&mut self, source: Expr, groups: Groups, start: Span) -> Result<(), QueryError> {
        let Groups { regex, columns, span } = groups;
        if columns.iter().all(Option::is_none) {
            return Err(QueryError { span, kind: QueryErrorKind::NoNamedGroups });
        }
        let names: Vec<String> = columns.iter().map(|_| self.hidden_name()).collect();
        let pattern = Expr::new(span, ExprKind::Regex(regex));
        let (source, aside) = (Some(source), names.clone());
        self.push(CommandKind::Parse { source, pattern, names, names_span: span, is_multi: false }, start);
        for (column, aside) in columns.into_iter().zip(aside) {
            if let Some(column) = column {
                let value = called("coalesce", vec![field(&aside, start), text("", start)], start);
                self.assign(column, value, start);
            }
        }
        Ok(())
    }
}
