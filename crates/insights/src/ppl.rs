//! PPL over log groups: commands with `|` between them, turned into those of the query language.
//!
//! Each command is lowered as it is read. What the two languages mean otherwise is told by other commands: what is shown, and
//! which fields there are, is known here ([`scope`]); conditions have three values, as in SQL.
//! Source: CloudWatch Logs User Guide, "OpenSearch Piped Processing Language (PPL)"; OpenSearch Service Developer Guide,
//! "Supported PPL commands", column CloudWatch Logs; where they are silent, the grammar of opensearch-spark, whose PPL it is
//! (all read 2026-11). Assumptions, where these are silent: without `fields` a query shows `@timestamp`, `@message` and what its
//! commands have added; keywords and functions are the same in any case, fields are not; a name without quotes may hold
//! hyphens, never `*`; rows come as in the query language unless `sort` says otherwise.

mod columns;
mod expression;
mod function;
mod grok;
mod join;
mod lexer;
mod node;
mod parser;
mod pattern;
mod rows;
mod scope;
mod source;
mod stats;
#[cfg(test)]
mod tests;

use crate::check::{Dialect, plan_in};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::parser::QUERY_CHARS_MAX;
use crate::plan::Plan;
pub(crate) use function::names as function_names;
use parser::Parser;

/// Rows that a query gives (CloudWatch Logs User Guide, "CloudWatch Logs quotas").
pub const PPL_ROWS_MAX: u32 = 10_000;

/// What a query in PPL means.
///
/// `limit` is StartQuery's own.
///
/// # Errors
/// The first thing wrong, with its place.
pub fn ppl_plan(query: &str, limit: Option<u32>) -> Result<Plan, QueryError> {
    if query.chars().count() > QUERY_CHARS_MAX {
        let span = Span { start: 0, end: query.len() };
        return Err(QueryError { span, kind: QueryErrorKind::TooLong });
    }
    let commands = Parser::new(query)?.query()?;
    plan_in(Dialect::Ppl, commands, Some(limit.unwrap_or(PPL_ROWS_MAX).min(PPL_ROWS_MAX)))
}
