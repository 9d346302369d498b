//! SQL over log groups: one SELECT, turned into the commands of the query language.
//!
//! There is no other way to the data, so that a statement can do what a query can: read the log groups that it is given.
//! Anything but SELECT, and what of SELECT is not here, is refused where it stands.
//! Source: CloudWatch Logs User Guide, "OpenSearch Structured Query Language (SQL)"; OpenSearch Service Developer Guide,
//! "Supported OpenSearch SQL commands and functions" (read 2026-11). Assumptions, where they are silent: `SELECT *` shows
//! `@timestamp` and `@message`; an alias stands for its item in the windows of later items; equal rows come in the order of
//! their groups. Absent values are SQL's NULL ([`logic`]).

mod commands;
mod correlate;
pub(crate) mod expression;
pub(crate) mod from;
pub(crate) mod function;
mod grouping;
pub(crate) mod lexer;
pub(crate) mod like;
pub(crate) mod logic;
pub(crate) mod qualify;
mod select;
mod set;
mod special;
#[cfg(test)]
mod tests;
mod time_window;
mod window;
mod with;

use crate::check;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::parser::QUERY_CHARS_MAX;
use crate::plan::Plan;
use select::Parser;

pub(crate) use function::SAME;

/// Rows that a statement gives (CloudWatch Logs User Guide, "CloudWatch Logs quotas").
pub const SQL_ROWS_MAX: u32 = 10_000;

/// Expressions that a statement may hold, and that a clause of it may become: what SQL says once is often written out twice
/// (`a BETWEEN b AND c`, conditions within values), and again within another. A statement without copies has fewer.
pub(crate) const EXPRESSIONS_MAX: usize = 20_000;

/// What a SELECT means.
///
/// `limit` is StartQuery's own.
///
/// # Errors
/// The first thing wrong, with its place.
pub fn sql_plan(statement: &str, limit: Option<u32>) -> Result<Plan, QueryError> {
    if statement.chars().count() > QUERY_CHARS_MAX {
        let span = Span { start: 0, end: statement.len() };
        return Err(QueryError { span, kind: QueryErrorKind::TooLong });
    }
    let commands = Parser::new(statement)?.statement()?;
    check::plan_of(commands, Some(limit.unwrap_or(SQL_ROWS_MAX).min(SQL_ROWS_MAX)))
}
