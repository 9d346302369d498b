//! Commands over several rows: each reads its words and options.

use super::Parser;
use crate::bind::Shift;
use crate::cursor::list;
use crate::error::{QueryError, QueryErrorKind};
use crate::lexer::Token;
use crate::period::Period;
use crate::syntax::{CommandKind, Expr, RowCommand};

/// Rows back that `autoregress` may look. Assumption: AWS names no maximum.
const LAG_MAX: usize = 100;

impl Parser<'_> {
    /// `unnest list into item`
    pub(super) fn unnest(&mut self) -> Result<CommandKind, QueryError> {
        let list = self.expr()?;
        if !self.take_word("into")? {
            return Err(self.expected("into"));
        }
        let name = self.name()?;
        Ok(CommandKind::Rows(RowCommand::Unnest { list, name: Some(name) }))
    }

    /// `expand field`
    pub(super) fn expand(&mut self) -> Result<CommandKind, QueryError> {
        Ok(CommandKind::Rows(RowCommand::Unnest { list: self.operand()?, name: None }))
    }

    /// `accum field [as name]`
    pub(super) fn accum(&mut self) -> Result<CommandKind, QueryError> {
        let (value, name) = (self.operand()?, self.alias()?);
        Ok(CommandKind::Rows(RowCommand::Accumulate { value, name }))
    }

    /// `autoregress field [as name] [p=1-4]`
    pub(super) fn autoregress(&mut self) -> Result<CommandKind, QueryError> {
        let (value, name) = (self.operand()?, self.alias()?);
        let (mut first, mut last) = (1, 1);
        if self.take_option("p")? {
            first = self.lag()?;
            last = if self.take_symbol("-")? { self.lag()? } else { first };
        }
        if last < first || (last > first && name.is_some()) {
            return Err(self.expected("a single number of rows back, or a range and no alias"));
        }
        Ok(CommandKind::Rows(RowCommand::Lag { value, name, first, last }))
    }

    fn lag(&mut self) -> Result<usize, QueryError> {
        let lag = match &self.token {
            Token::Number(text) => text.parse().ok().filter(|lag| (1..=LAG_MAX).contains(lag)),
            _ => None,
        };
        let Some(lag) = lag else { return Err(self.expected("a number of rows back from 1 to 100")) };
        self.advance()?;
        Ok(lag)
    }

    /// `filldown [field cpu* ...]`: names and wildcards, separated by blanks or commas.
    pub(super) fn filldown(&mut self) -> Result<CommandKind, QueryError> {
        let mut patterns: Vec<String> = vec![];
        loop {
            let part = match &self.token {
                Token::Name { text, .. } => text.clone(),
                Token::Symbol("*") => "*".to_owned(),
                Token::Symbol(",") if !patterns.is_empty() => {
                    self.advance()?;
                    continue;
                }
                _ => return Ok(CommandKind::Rows(RowCommand::FillDown { patterns })),
            };
            let is_continued = self.span.start == self.last_end && !patterns.is_empty();
            match patterns.last_mut().filter(|_| is_continued) {
                Some(pattern) => pattern.push_str(&part),
                None => patterns.push(part),
            }
            self.advance()?;
        }
    }

    /// `fillmissing [with 0 for a, 0 for b]`
    pub(super) fn fillmissing(&mut self) -> Result<CommandKind, QueryError> {
        let mut constants = vec![];
        if self.take_word("with")? {
            let constant = |parser: &mut Self| {
                let value = parser.expr()?;
                if !parser.take_word("for")? {
                    return Err(parser.expected("for"));
                }
                Ok((value, parser.name()?))
            };
            constants = list(self, constant)?;
        }
        Ok(CommandKind::Rows(RowCommand::FillMissing { constants }))
    }

    /// `addtotals [fieldname=Total] [row=true] [col=false] [a, b]`
    pub(super) fn addtotals(&mut self) -> Result<CommandKind, QueryError> {
        let (mut name, mut row, mut col) = ("Total".to_owned(), true, false);
        loop {
            if self.take_option("fieldname")? {
                name = self.name()?;
            } else if self.take_option("row")? {
                row = self.truth()?;
            } else if self.take_option("col")? {
                col = self.truth()?;
            } else {
                let fields = self.fields_left()?;
                return Ok(CommandKind::Rows(RowCommand::Totals { name, row, col, fields }));
            }
        }
    }

    /// `sessionize user, device [maxspan 30m] [as name]`
    pub(super) fn sessionize(&mut self) -> Result<CommandKind, QueryError> {
        let keys = list(self, Self::operand)?;
        let gap = if self.take_word("maxspan")? { Some(self.period()?) } else { None };
        let name = self.alias()?.unwrap_or_else(|| "session_id".to_owned());
        Ok(CommandKind::Rows(RowCommand::Sessions { keys, gap, name }))
    }

    /// `outlier [action=remove|transform] [param=2.5] [uselower=false] [mark=false] [a, b]`
    pub(super) fn outlier(&mut self) -> Result<CommandKind, QueryError> {
        let (mut removes, mut factor, mut uses_lower, mut marks) = (false, 2.5, false, false);
        loop {
            if self.take_option("action")? {
                removes = match self.name()?.to_ascii_lowercase().as_str() {
                    "remove" | "rm" => true,
                    "transform" | "tf" => false,
                    _ => return Err(self.expected("remove or transform")),
                };
            } else if self.take_option("param")? {
                factor = self.factor()?;
            } else if self.take_option("uselower")? {
                uses_lower = self.truth()?;
            } else if self.take_option("mark")? {
                marks = self.truth()?;
            } else {
                let fields = self.fields_left()?;
                let outliers = RowCommand::Outliers { removes, factor, uses_lower, marks, fields };
                return Ok(CommandKind::Rows(outliers));
            }
        }
    }

    fn factor(&mut self) -> Result<f64, QueryError> {
        let factor = match &self.token {
            Token::Number(text) => text.parse::<f64>().ok(),
            _ => None,
        };
        let Some(factor) = factor else { return Err(self.expected("a number")) };
        self.advance()?;
        Ok(factor)
    }

    fn alias(&mut self) -> Result<Option<String>, QueryError> {
        if self.take_word("as")? { self.name().map(Some) } else { Ok(None) }
    }

    /// The fields named at the end of a command, or none.
    fn fields_left(&mut self) -> Result<Vec<Expr>, QueryError> {
        match self.token {
            Token::Symbol("|") | Token::End => Ok(vec![]),
            _ => list(self, Self::operand),
        }
    }

    pub(super) fn truth(&mut self) -> Result<bool, QueryError> {
        let truth = match () {
            () if self.token.is_word("true") => true,
            () if self.token.is_word("false") => false,
            () => return Err(self.expected("true or false")),
        };
        self.advance()?;
        Ok(truth)
    }

    /// Moves past `word=` if it comes next.
    pub(super) fn take_option(&mut self, word: &str) -> Result<bool, QueryError> {
        if !self.token.is_word(word) {
            return Ok(false);
        }
        let (behind, span) = self.behind(self.span)?;
        if behind != Token::Symbol("=") {
            return Ok(false);
        }
        self.resume(span)?;
        Ok(true)
    }

    /// `diff [previousDay|previousWeek|previousMonth]`
    pub(super) fn diff(&mut self) -> Result<CommandKind, QueryError> {
        const DAY_MS: i64 = 86_400_000;
        let words = [
            ("previousDay", Shift::Milliseconds(DAY_MS)),
            ("previousWeek", Shift::Milliseconds(7 * DAY_MS)),
            ("previousMonth", Shift::Month),
        ];
        for (word, shift) in words {
            if self.take_word(word)? {
                return Ok(CommandKind::Diff { command: "diff", shift });
            }
        }
        Ok(CommandKind::Diff { command: "diff", shift: Shift::Window })
    }

    /// `logcompare timeshift 7d`
    pub(super) fn logcompare(&mut self) -> Result<CommandKind, QueryError> {
        if !self.take_word("timeshift")? {
            return Err(self.expected("timeshift"));
        }
        let Token::Period(text) = &self.token else { return Err(self.expected("a period such as 7d")) };
        let Some(ms) = Period::length_ms(text) else {
            return Err(self.refuse(QueryErrorKind::BadPeriod(text.clone())));
        };
        self.advance()?;
        Ok(CommandKind::Diff { command: "logcompare", shift: Shift::Milliseconds(ms) })
    }

    /// `relevantfields [a, b] where condition`
    pub(super) fn relevantfields(&mut self) -> Result<CommandKind, QueryError> {
        let fields = if self.token.is_word("where") { vec![] } else { list(self, Self::operand)? };
        if !self.take_word("where")? {
            return Err(self.expected("where"));
        }
        Ok(CommandKind::Relevant { fields, condition: self.expr()? })
    }

    /// `countFrequent a, b`
    pub(super) fn count_frequent(&mut self) -> Result<CommandKind, QueryError> {
        match self.token {
            Token::Symbol("|") | Token::End => {
                Err(self.refuse(QueryErrorKind::Expected { wanted: "a field", found: self.token.describe() }))
            }
            _ => Ok(CommandKind::CountFrequent(self.items()?)),
        }
    }
}
