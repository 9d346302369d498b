//! The query as written: commands and expressions with their places, before names are looked up.

use std::fmt;

use crate::bind::Shift;
use crate::error::Span;
use crate::functions::shown_name;
use crate::plan::{Arithmetic, Asked, Comparison, Direction, SetOperator};
use crate::selection::Selection;
use crate::table::LookupBy;
use crate::window::{Frame, WindowFunction};

/// One command with the place of its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// The place of the command's name.
    pub span: Span,
    /// What it says.
    pub kind: CommandKind,
}

/// The commands that this program runs.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandKind {
    /// `fields`
    Fields(Vec<Item>),
    /// `display`
    Display(Vec<Item>),
    /// Columns that are not shown for that, each able to see those before it; PPL only.
    Extend(Vec<Item>),
    /// `filter`, `where`
    Filter(Expr),
    /// `stats`
    Stats {
        items: Vec<Item>,
        groups: Vec<Item>,
        /// Groups that are grouped by at once, by their places in order; none if all are. SQL only.
        sets: Vec<Vec<usize>>,
    },
    /// Each row so many times, numbered from 0 in a column; SQL only.
    Repeat { times: u32, name: &'static str },
    /// `sort`
    Sort(Vec<(Expr, Direction)>),
    /// `limit`, `head`, `tail`
    Limit(Expr),
    /// `OFFSET`, which follows its limit; SQL only.
    Offset(Expr),
    /// `dedup`
    Dedup(Vec<Expr>),
    /// A column of a window; SQL only.
    Window { name: String, window: Window },
    /// A command over several rows.
    Rows(RowCommand),
    /// `countFrequent`
    CountFrequent(Vec<Item>),
    /// `SOURCE`
    Source(Selection),
    /// `join`
    Join(Box<Join>),
    /// `appendcols`
    AppendColumns { overrides: bool, rows_max: usize, query: Vec<Command> },
    /// `UNION` and its like; SQL only.
    Combine { operator: SetOperator, keeps_all: bool, query: Vec<Command> },
    /// `lookup`, `cidrlookup`
    Lookup(LookupCommand),
    /// `filterIndex`
    FilterIndex(Expr),
    /// Fields of which a log group must have an index; PPL only.
    Indexed(Vec<String>),
    /// `pattern`
    Pattern(Expr),
    /// `diff`, `logcompare`
    Diff { command: &'static str, shift: Shift },
    /// `anomaly`
    Anomaly,
    /// `relevantfields`
    Relevant { fields: Vec<Expr>, condition: Expr },
    /// `estimate`
    Estimate,
    /// `parse`
    Parse { source: Option<Expr>, pattern: Expr, names: Vec<String>, names_span: Span, is_multi: bool },
    /// `parse ... logfmt`, `parse ... csv`
    ParseLine { source: Option<Expr>, format: LineFormat, names: Vec<String> },
    /// `json field=a "b.c" as d`
    Json { field: Expr, path: Vec<String>, name: String },
}

/// How a line is written that `parse` reads without a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineFormat {
    /// `key=value` pairs.
    Logfmt,
    /// Values with commas between them.
    Csv,
}

/// `join`.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Whether rows of the left side without any of the right are kept.
    pub keeps_left: bool,
    /// What stands before names of the left side.
    pub left: String,
    /// What stands before names of the right side.
    pub right: String,
    /// Fields of both sides that are equal, as written.
    pub keys: Vec<(Expr, Expr)>,
    /// The right side.
    pub query: Vec<Command>,
}

/// A function and the rows that it is told of.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// What is told.
    pub function: WindowFunction,
    /// What is read.
    pub argument: Option<Expr>,
    /// Behind PARTITION BY.
    pub partition: Vec<Expr>,
    /// Behind ORDER BY.
    pub order: Vec<(Expr, Direction)>,
    /// Behind ROWS or RANGE, if it says more than no words.
    pub frame: Option<Frame>,
    /// IGNORE NULLS.
    pub ignores_nulls: bool,
}

impl Window {
    /// What it reads.
    pub fn parts(&self) -> impl Iterator<Item = &Expr> {
        let order = self.order.iter().map(|(key, _)| key);
        self.argument.iter().chain(&self.partition).chain(order)
    }

    /// The same, to be changed.
    pub fn parts_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        let order = self.order.iter_mut().map(|(key, _)| key);
        self.argument.iter_mut().chain(&mut self.partition).chain(order)
    }
}

/// `lookup` and `cidrlookup`.
#[derive(Clone, Debug, PartialEq)]
pub struct LookupCommand {
    /// The table's name.
    pub table: String,
    /// Its place.
    pub table_span: Span,
    /// How a row is found.
    pub by: LookupBy,
    /// What is looked for.
    pub values: Vec<Expr>,
    /// Columns of the table, and the names they get.
    pub outputs: Vec<(String, String)>,
    /// Whether only fields without a value get one: `OUTPUTNEW`.
    pub fills_only: bool,
}

/// Commands that look at several rows at once, or make several of one.
#[allow(missing_docs, reason = "the parts are the command's own words")]
#[derive(Clone, Debug, PartialEq)]
pub enum RowCommand {
    /// `unnest`; `expand` has no name.
    Unnest { list: Expr, name: Option<String> },
    /// `accum`
    Accumulate { value: Expr, name: Option<String> },
    /// `autoregress`
    Lag { value: Expr, name: Option<String>, first: usize, last: usize },
    /// `filldown`
    FillDown { patterns: Vec<String> },
    /// `fillmissing`
    FillMissing { constants: Vec<(Expr, String)> },
    /// `addtotals`
    Totals { name: String, row: bool, col: bool, fields: Vec<Expr> },
    /// `sessionize`
    Sessions { keys: Vec<Expr>, gap: Option<Expr>, name: String },
    /// `outlier`
    Outliers { removes: bool, factor: f64, uses_lower: bool, marks: bool, fields: Vec<Expr> },
}

/// An expression with the name it is shown under.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The expression.
    pub expr: Expr,
    /// After `as`.
    pub alias: Option<String>,
    /// The expression's source text, its name if there is no alias.
    pub text: String,
    /// After `offset`, behind `bin`.
    pub offset: Option<Expr>,
}

/// An expression with its place.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Its place.
    pub span: Span,
    /// What it says.
    pub kind: ExprKind,
    /// How many expressions are one inside the other, this one included.
    pub depth: usize,
    /// How many expressions it is made of, this one included.
    pub size: usize,
}

impl Expr {
    /// An expression at a place.
    pub fn new(span: Span, kind: ExprKind) -> Expr {
        let mut expr = Expr { span, kind, depth: 1, size: 1 };
        let parts = expr.parts().into_iter();
        let (deepest, size) = parts.fold((0, 1_usize), |(deepest, size), part| {
            (deepest.max(part.depth), size.saturating_add(part.size))
        });
        (expr.depth, expr.size) = (deepest + 1, size);
        expr
    }

    /// The expressions directly inside this one.
    pub fn parts(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Call(_, arguments) => arguments.iter().collect(),
            ExprKind::Negate(inner) | ExprKind::Not(inner) => vec![inner],
            ExprKind::Binary(_, left, right) => vec![left, right],
            ExprKind::Like { value, .. } | ExprKind::InQuery { value, .. } | ExprKind::Part { value, .. } => {
                vec![value]
            }
            ExprKind::In { value, list, .. } => [value.as_ref()].into_iter().chain(list).collect(),
            ExprKind::Answer { key, otherwise, .. } => vec![key, otherwise],
            ExprKind::Window(window) => window.parts().collect(),
            _ => vec![],
        }
    }

    /// The same, to be changed.
    pub fn parts_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.kind {
            ExprKind::Call(_, arguments) => arguments.iter_mut().collect(),
            ExprKind::Negate(inner) | ExprKind::Not(inner) => vec![inner],
            ExprKind::Binary(_, left, right) => vec![left, right],
            ExprKind::Like { value, .. } | ExprKind::InQuery { value, .. } | ExprKind::Part { value, .. } => {
                vec![value]
            }
            ExprKind::In { value, list, .. } => [value.as_mut()].into_iter().chain(list).collect(),
            ExprKind::Answer { key, otherwise, .. } => vec![key, otherwise],
            ExprKind::Window(window) => window.parts_mut().collect(),
            _ => vec![],
        }
    }
}

/// Expressions are equal if they say the same, wherever they stand.
impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        self.kind == other.kind
    }
}

/// What an expression says.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// Digits, perhaps with a fraction.
    Number(String),
    /// A string.
    Text(String),
    /// A regular expression.
    Regex(String),
    /// A number with a unit.
    Period(String),
    /// `*` as an argument.
    Star,
    /// A field.
    Field(String),
    /// A function with its name as written.
    Call(String, Vec<Expr>),
    /// `[1]` and `.name` behind a call.
    Part { value: Box<Expr>, path: Vec<String> },
    /// True or false; SQL only.
    Bool(bool),
    /// `-`
    Negate(Box<Expr>),
    /// `not`, `!`
    Not(Box<Expr>),
    /// An operator between two expressions.
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `like`, `=~` and their negations.
    Like { value: Box<Expr>, pattern: Box<Expr>, is_negated: bool },
    /// `in (SOURCE ...)` and its negation.
    InQuery { value: Box<Expr>, query: Vec<Command>, is_negated: bool },
    /// `(SELECT ...)` in the place of a value, `EXISTS (SELECT ...)`; SQL only.
    Subquery { query: Vec<Command>, asked: Asked },
    /// `(SELECT ...)` that gives a value for each key, in the row with that key; SQL only.
    Answer { key: Box<Expr>, query: Vec<Command>, otherwise: Box<Expr> },
    /// A function before OVER; SQL only.
    Window(Box<Window>),
    /// `in [...]` and its negation.
    In { value: Box<Expr>, list: Vec<Expr>, is_negated: bool },
}

/// The name of what SQL writes as `NULL`: no field has it, for `#` begins no name.
pub(crate) const ABSENT: &str = "# null";

/// Operators between two expressions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Binary {
    /// `or`
    Or,
    /// `and`
    And,
    /// `=`, `<` and their like.
    Compare(Comparison),
    /// `+`, `*` and their like.
    Arithmetic(Arithmetic),
}

impl Binary {
    /// How the operator is written.
    pub fn text(self) -> &'static str {
        match self {
            Binary::Or => "or",
            Binary::And => "and",
            Binary::Compare(Comparison::Equal) => "=",
            Binary::Compare(Comparison::NotEqual) => "!=",
            Binary::Compare(Comparison::Less) => "<",
            Binary::Compare(Comparison::LessOrEqual) => "<=",
            Binary::Compare(Comparison::Greater) => ">",
            Binary::Compare(Comparison::GreaterOrEqual) => ">=",
            Binary::Arithmetic(Arithmetic::Add) => "+",
            Binary::Arithmetic(Arithmetic::Subtract) => "-",
            Binary::Arithmetic(Arithmetic::Multiply) => "*",
            Binary::Arithmetic(Arithmetic::Divide) => "/",
            Binary::Arithmetic(Arithmetic::Remainder) => "%",
            Binary::Arithmetic(Arithmetic::Power) => "^",
        }
    }
}

/// The expression in one fixed spelling, every operator in parentheses: what is parsed from it is equal.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Number(text) | ExprKind::Period(text) => f.write_str(text),
            ExprKind::Text(text) => write_text(f, text),
            ExprKind::Regex(text) => write!(f, "/{}/", text.replace('/', "\\/")),
            ExprKind::Star => f.write_str("*"),
            ExprKind::Field(name) => write!(f, "`{name}`"),
            ExprKind::Call(name, arguments) => {
                write!(f, "{}", shown_name(name).to_ascii_lowercase())?;
                write_list(f, "(", arguments, ")")
            }
            ExprKind::Part { value, path } => write!(f, "{value}.{}", path.join(".")),
            ExprKind::Bool(is_true) => write!(f, "{is_true}"),
            ExprKind::Negate(inner) => write!(f, "(-{inner})"),
            ExprKind::Not(inner) => write!(f, "(not {inner})"),
            ExprKind::Binary(operator, left, right) => write!(f, "({left} {} {right})", operator.text()),
            ExprKind::Like { value, pattern, is_negated } => {
                write!(f, "({value} {}like {pattern})", negation(*is_negated))
            }
            // No two queries stand at one place, so that the place tells them apart.
            ExprKind::InQuery { value, is_negated, .. } => {
                let Span { start, end } = self.span;
                write!(f, "({value} {}in (query {start}..{end}))", negation(*is_negated))
            }
            ExprKind::Subquery { asked, .. } => {
                let Span { start, end } = self.span;
                write!(f, "({asked:?} of query {start}..{end})")
            }
            ExprKind::Answer { key, .. } => {
                let Span { start, end } = self.span;
                write!(f, "({key} in query {start}..{end})")
            }
            ExprKind::In { value, list, is_negated } => {
                write!(f, "({value} {}in ", negation(*is_negated))?;
                write_list(f, "[", list, "])")
            }
            ExprKind::Window(window) => write_window(f, window),
        }
    }
}

fn write_window(f: &mut fmt::Formatter<'_>, window: &Window) -> fmt::Result {
    let argument = window.argument.iter().map(Expr::to_string);
    let number = window.function.number().map(|number| number.to_string());
    let arguments: Vec<_> = argument.chain(number).collect();
    write!(f, "{}({}) over ", window.function.name(), arguments.join(", "))?;
    write_list(f, "(partition by [", &window.partition, "]")?;
    for (key, direction) in &window.order {
        write!(f, ", {key} {direction:?}")?;
    }
    if let Some(frame) = window.frame {
        write!(f, ", {frame:?}")?;
    }
    f.write_str(if window.ignores_nulls { ", no nulls)" } else { ")" })
}

fn negation(is_negated: bool) -> &'static str {
    if is_negated { "not " } else { "" }
}

fn write_list(f: &mut fmt::Formatter<'_>, open: &str, list: &[Expr], close: &str) -> fmt::Result {
    f.write_str(open)?;
    for (index, expr) in list.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{expr}")?;
    }
    f.write_str(close)
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    write!(f, "\"{}\"", text.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t"))
}
