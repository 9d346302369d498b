//! What is wrong with a query, and where.

use std::fmt;

/// A range of bytes of the query's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// From the start of this span to the end of the other.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end }
    }
}

/// A range of characters, as `queryCompileError.location` counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CharRange {
    /// `startCharOffset`: the first character, counted from 0.
    pub start_char_offset: usize,
    /// `endCharOffset`: one past the last character. Assumption: AWS does not say whether the end is inclusive.
    pub end_char_offset: usize,
}

/// A refused query: what is wrong and at which bytes. Its display is the message of a MalformedQueryException.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: QueryErrorKind,
}

impl QueryError {
    /// The place in characters of `query`, the text that was refused.
    pub fn location(&self, query: &str) -> CharRange {
        let chars_before = |end: usize| query.char_indices().take_while(|(at, _)| *at < end).count();
        CharRange {
            start_char_offset: chars_before(self.span.start),
            end_char_offset: chars_before(self.span.end),
        }
    }
}

/// Every reason to refuse a query.
#[allow(missing_docs, reason = "the facts of a variant are named by its fields")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryErrorKind {
    /// More characters than StartQuery takes.
    TooLong,
    /// Parentheses or operators nested deeper than the parser follows.
    TooDeep,
    /// An expression of SQL that is too many once its copies are written out.
    TooLarge,
    /// More commands than a plan holds.
    TooManyCommands,
    /// A character that begins no token.
    UnexpectedCharacter(char),
    /// A string, regular expression or back-quoted name without its end.
    Unterminated(&'static str),
    /// Something else was needed here.
    Expected { wanted: &'static str, found: String },
    /// No command of this name.
    UnknownCommand(String),
    /// No function of this name; the second is what to write instead, if known.
    UnknownFunction(String, Option<&'static str>),
    /// A part of SQL that this program does not run.
    NotImplemented(&'static str, String),
    /// No lookup table of this name, as whoever runs the query finds.
    NoTable(String),
    /// No column of this name in a lookup table.
    NoColumn { table: String, column: String },
    /// A number of arguments that the function does not take.
    WrongArguments { function: &'static str, wanted: String },
    /// A period such as `5m` was needed.
    BadPeriod(String),
    /// The regular expression does not compile.
    BadRegex(String),
    /// The schema of `from_json` is none, or has a type that is not there.
    BadSchema(String),
    /// A regular expression for `parse` without named groups.
    NoNamedGroups,
    /// The stars of a glob and the names after `as` do not match.
    GlobNames { stars: usize, names: usize },
    /// A number of rows below the least or above the maximum.
    BadRows { command: &'static str, least: u32 },
    /// A second, third... command that AWS allows less often.
    TooMany { command: &'static str, max: usize },
    /// An aggregate such as `count` outside `stats`.
    AggregateOutsideStats(&'static str),
    /// An aggregate inside an aggregate.
    NestedAggregate(&'static str),
    /// A field in `stats` that is neither aggregated nor grouped by.
    NotAggregated(String),
    /// A field that an earlier command has left out.
    NoField(String),
    /// A command at a place where the language does not allow it.
    Misplaced { command: &'static str, rule: &'static str },
    /// A command that log groups of a class do not have.
    NotOfClass { command: &'static str, class: &'static str },
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for QueryErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use QueryErrorKind::*;
        match self {
            TooLong => write!(f, "the query is longer than {} characters", crate::parser::QUERY_CHARS_MAX),
            TooDeep => write!(f, "the expression is nested too deeply"),
            TooLarge => write!(f, "the expression is too large with its parts written out"),
            TooManyCommands => write!(f, "the query has more than {} commands", crate::parser::COMMANDS_MAX),
            UnexpectedCharacter(c) => write!(f, "unexpected character {c:?}"),
            Unterminated(what) => write!(f, "{what} without its end"),
            Expected { wanted, found } => write!(f, "expected {wanted}, found {found}"),
            UnknownCommand(name) => write!(f, "unknown command {name}"),
            UnknownFunction(name, None) => write!(f, "unknown function {name}"),
            UnknownFunction(name, Some(hint)) => write!(f, "unknown function {name}; write {hint}"),
            NotImplemented(what, name) => write!(f, "the {what} {name} is not implemented by weir"),
            NoTable(name) => write!(f, "there is no lookup table {name}"),
            NoColumn { table, column } => write!(f, "the lookup table {table} has no column {column}"),
            WrongArguments { function, wanted } => write!(f, "{function} takes {wanted}"),
            BadPeriod(text) => write!(f, "{text:?} is not a period such as 30s, 5m, 1h or 1d"),
            BadRegex(why) => write!(f, "bad regular expression: {why}"),
            BadSchema(why) => write!(f, "bad schema: {why}"),
            NoNamedGroups => write!(f, "parse needs named groups, such as (?<name>...)"),
            GlobNames { stars, names } => {
                let stars = if *stars == 0 { "no".to_owned() } else { stars.to_string() };
                let names = match names {
                    0 => "no name follows".to_owned(),
                    1 => "1 name follows".to_owned(),
                    names => format!("{names} names follow"),
                };
                write!(f, "the pattern has {stars} * and {names} as")
            }
            BadRows { command, least } => {
                write!(f, "{command} must be between {least} and {}", crate::plan::LIMIT_MAX)
            }
            TooMany { command, max } => write!(f, "a query has at most {max} {command} commands"),
            AggregateOutsideStats(name) => write!(f, "{name} is an aggregate and belongs in stats"),
            NestedAggregate(name) => write!(f, "{name} cannot stand inside another aggregate"),
            NotAggregated(name) => write!(f, "{name} is neither aggregated nor in by"),
            NoField(name) => write!(f, "there is no field {name} here: an earlier command leaves it out"),
            Misplaced { command, rule } => write!(f, "{command} {rule}"),
            NotOfClass { command, class } => {
                write!(f, "{command} is not supported for log groups of class {class}")
            }
        }
    }
}

impl std::error::Error for QueryError {}
