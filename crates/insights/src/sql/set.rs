//! `SELECT ... UNION SELECT ...`: the rows of several SELECTs.

use super::commands::resolve_ordinals;
use super::correlate::refused;
use super::select::Parser;
use super::window::check_none;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::Token;
use crate::parser::{COMMANDS_MAX, DEPTH_MAX};
use crate::plan::{Direction, SetOperator};
use crate::syntax::{Command, CommandKind, Expr, ExprKind};

/// Words that cannot be an alias where a set operator may stand.
pub(super) const OPERATORS: &[&str] = &["union", "intersect", "except", "minus"];

/// A SELECT within another counts as so many expressions: reading it takes more of the stack.
const LEVELS: usize = 2;

/// A SELECT, or several of them.
pub(super) struct Operand {
    /// The columns' names.
    pub(super) names: Vec<String>,
    /// What gives the rows.
    pub(super) commands: Vec<Command>,
    /// ORDER BY and LIMIT of the last SELECT, which are those of all.
    pub(super) tail: Tail,
    /// What it is compared with in the statement outside.
    pub(super) outside: Outside,
}

/// What of a statement a SELECT within it is asked about.
#[derive(Default)]
pub(super) struct Outside {
    /// What its column is compared with.
    pub(super) keys: Vec<Expr>,
    /// Its value without any row that has these keys.
    pub(super) otherwise: Option<Expr>,
}

/// What stands behind the last SELECT.
pub(super) struct Tail {
    pub(super) span: Span,
    pub(super) order: Vec<(Expr, Direction)>,
    pub(super) limit: Option<Limit>,
}

/// `LIMIT n [OFFSET m]`
pub(super) struct Limit {
    rows: Expr,
    offset: Option<Expr>,
}

impl Limit {
    /// Whether it leaves a row if there is any.
    pub(super) fn keeps_one(&self) -> bool {
        let is_more = |text: &String| text.parse::<u32>().is_ok_and(|rows| rows > 0);
        self.offset.is_none() && matches!(&self.rows.kind, ExprKind::Number(text) if is_more(text))
    }

    /// The commands that it stands for.
    pub(super) fn commands(self, span: Span) -> impl Iterator<Item = Command> {
        let command = move |kind| Command { span, kind };
        let offset = self.offset.map(|offset| command(CommandKind::Offset(offset)));
        [command(CommandKind::Limit(self.rows))].into_iter().chain(offset)
    }
}

impl Parser<'_> {
    /// The commands of a SELECT, or of several with set operators between them.
    pub(super) fn select_within(&mut self) -> Result<Vec<Command>, QueryError> {
        self.selects().map(|all| all.commands)
    }

    /// The same, with the columns' names. SELECTs that WITH names before them are gone behind them.
    pub(super) fn selects(&mut self) -> Result<Operand, QueryError> {
        if self.depth + LEVELS > DEPTH_MAX {
            return Err(self.refuse(QueryErrorKind::TooDeep));
        }
        self.depth += LEVELS;
        self.deepest = self.deepest.max(self.depth);
        let named = self.named.len();
        self.with()?;
        let mut all = self.intersection(false)?;
        while let Some(operator) = self.set_operator(&[SetOperator::Union, SetOperator::Except])? {
            let right = self.intersection(true)?;
            all = all.and(operator, right)?;
        }
        if all.tail.order.is_empty() && all.tail.limit.is_none() {
            // The last SELECT stands in parentheses.
            all.tail = self.tail()?;
        }
        self.named.truncate(named);
        self.depth -= LEVELS;
        all.end()
    }

    /// INTERSECT binds closer than the others.
    fn intersection(&mut self, follows: bool) -> Result<Operand, QueryError> {
        let mut all = self.operand_of_set(follows)?;
        while let Some(operator) = self.set_operator(&[SetOperator::Intersect])? {
            let right = self.operand_of_set(true)?;
            all = all.and(operator, right)?;
        }
        Ok(all)
    }

    /// A SELECT beside others, or alone, perhaps in parentheses.
    fn operand_of_set(&mut self, follows: bool) -> Result<Operand, QueryError> {
        let within = self.within.take();
        if self.take_symbol("(")? {
            let operand = self.selects()?;
            self.need_symbol(")")?;
            return Ok(operand);
        }
        let mut select = self.select()?;
        let outside = select.give_keys(within)?;
        let comes_before = OPERATORS.iter().any(|word| self.token.is_word(word));
        Ok(Operand { outside, ..select.operand(follows || comes_before)? })
    }

    /// The operator, one of those wanted, with its place, and whether ALL stands behind it.
    fn set_operator(
        &mut self,
        wanted: &[SetOperator],
    ) -> Result<Option<(SetOperator, bool, Span)>, QueryError> {
        let named = match &self.token {
            Token::Name { text, is_quoted: false } => match text.to_ascii_lowercase().as_str() {
                "union" => SetOperator::Union,
                "intersect" => SetOperator::Intersect,
                "except" | "minus" => SetOperator::Except,
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        if !wanted.contains(&named) {
            return Ok(None);
        }
        let span = self.advance()?;
        self.combined += 1;
        if self.combined > COMMANDS_MAX {
            return Err(QueryError { span, kind: QueryErrorKind::TooManyCommands });
        }
        let keeps_all = self.take_word("all")?;
        if !keeps_all {
            self.take_word("distinct")?;
        }
        Ok(Some((named, keeps_all, span)))
    }

    /// `[ORDER BY ...] [LIMIT n [OFFSET m]]`. SORT BY orders within parts of the rows; here is one part.
    pub(super) fn tail(&mut self) -> Result<Tail, QueryError> {
        let (span, mut order) = (self.span, vec![]);
        if self.take_word("order")? || self.take_word("sort")? {
            self.need_word("by", "BY")?;
            order = self.order_keys()?;
        }
        let limit = self.clause("limit", Self::limit)?.flatten();
        Ok(Tail { span, order, limit })
    }

    /// `LIMIT ALL` is none.
    fn limit(&mut self) -> Result<Option<Limit>, QueryError> {
        if self.take_word("all")? {
            return Ok(None);
        }
        Ok(Some(Limit { rows: self.count()?, offset: self.clause("offset", Self::count)? }))
    }
}

impl Operand {
    fn and(
        mut self,
        (operator, keeps_all, span): (SetOperator, bool, Span),
        right: Operand,
    ) -> Result<Operand, QueryError> {
        if let Some(outside) = self.outside.keys.first().or(right.outside.keys.first()) {
            return Err(refused(outside));
        }
        if !self.tail.order.is_empty() || self.tail.limit.is_some() {
            let rule = "stands behind the last SELECT, or in parentheses with its own";
            let command = if self.tail.order.is_empty() { "LIMIT" } else { "ORDER BY" };
            let kind = QueryErrorKind::Misplaced { command, rule };
            return Err(QueryError { span: self.tail.span, kind });
        }
        let kind = CommandKind::Combine { operator, keeps_all, query: right.commands };
        self.commands.push(Command { span, kind });
        Ok(Operand { tail: right.tail, ..self })
    }

    /// Orders and limits the rows of all.
    fn end(mut self) -> Result<Operand, QueryError> {
        let span = self.tail.span;
        let mut order = std::mem::take(&mut self.tail.order);
        check_none(order.iter().map(|(key, _)| key))?;
        resolve_ordinals(&mut order, &self.names)?;
        if !order.is_empty() {
            self.commands.push(Command { span, kind: CommandKind::Sort(order) });
        }
        let limit = self.tail.limit.take();
        self.commands.extend(limit.into_iter().flat_map(|limit| limit.commands(span)));
        Ok(self)
    }
}
