//! What of SQL has a syntax of its own: arguments with words between them, literals of types, parts of lists and maps.

use super::function::{absent, call, called, cast, check_copies, each_aggregate, not_implemented};
use super::select::Parser;
use crate::aggregate::{FIRST_ROW, LAST_ROW};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::functions::Interval;
use crate::lexer::Token;
use crate::syntax::{Expr, ExprKind};

/// Facts of the run that need no parentheses.
const OF_NOW: &[&str] = &["current_date", "current_timestamp", "localtimestamp"];

/// Whether the word is a fact of the run.
pub(super) fn is_of_now(word: &str) -> bool {
    OF_NOW.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether a function has the name of a side of a join.
pub(super) fn is_side(word: &str) -> bool {
    ["left", "right"].iter().any(|side| word.eq_ignore_ascii_case(side))
}

impl Parser<'_> {
    /// Whether a value may stand behind the word, which is no alias then.
    pub(super) fn is_before_value(&self) -> bool {
        match self.peek() {
            Ok(Token::Name { text, is_quoted }) => is_quoted || !text.eq_ignore_ascii_case("from"),
            Ok(Token::Number(_) | Token::Text(_) | Token::Symbol("(" | "-")) => true,
            _ => false,
        }
    }

    /// Whether a literal of a type begins with this word.
    pub(super) fn is_literal_of(&self, word: &str) -> Result<bool, QueryError> {
        let is_word = |known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
        if is_word(&["interval"]) {
            return Ok(matches!(self.peek()?, Token::Text(_) | Token::Number(_) | Token::Symbol("-")));
        }
        let types = ["date", "timestamp", "timestamp_ltz", "timestamp_ntz", "x"];
        Ok(is_word(&types) && matches!(self.peek()?, Token::Text(_)))
    }

    /// `DATE '2024-01-31'`, `TIMESTAMP '2024-01-31 12:00:00'`, `X'616263'`.
    pub(super) fn literal(&mut self, word: &str) -> Result<Expr, QueryError> {
        let start = self.advance()?;
        if word.eq_ignore_ascii_case("interval") {
            return self.interval(start);
        }
        let Token::Text(text) = &self.token else { return Err(self.expected("a string")) };
        let kind = ExprKind::Text(text.clone());
        let text = Expr::new(self.advance()?, kind);
        let span = start.to(text.span);
        let function = match word.to_ascii_lowercase().as_str() {
            "x" => "unhex",
            "date" => "date",
            _ => "timestamp",
        };
        call(function, vec![text], span)
    }

    /// `1 DAY 2 HOURS`, `'1' DAY` or `'1 day 2 hours'` behind INTERVAL.
    fn interval(&mut self, start: Span) -> Result<Expr, QueryError> {
        let (mut words, at) = (vec![], self.span);
        loop {
            let sign = if self.take_symbol("-")? { "-" } else { "" };
            match &self.token {
                Token::Number(text) | Token::Text(text) => words.push(format!("{sign}{text}")),
                _ => break,
            }
            self.advance()?;
            let is_whole = words.len() == 1 && Interval::parse(&words[0]).is_some();
            if is_whole {
                break;
            }
            words.push(self.name()?);
            if self.token.is_word("to") {
                return Err(not_implemented("literal", "INTERVAL ... TO", start));
            }
            if !matches!(self.token, Token::Number(_)) {
                break;
            }
        }
        let (text, span) = (words.join(" "), Span { start: at.start, end: self.last_end });
        if Interval::parse(&text).is_none() {
            let kind = QueryErrorKind::Expected { wanted: "an interval such as INTERVAL 1 DAY", found: text };
            return Err(QueryError { span, kind });
        }
        let text = Expr::new(span, ExprKind::Text(text));
        Ok(called("sql interval", vec![text], start.to(span)))
    }

    /// `[0]` and `.name` behind a list or map.
    pub(super) fn parts_of(&mut self, mut whole: Expr) -> Result<Expr, QueryError> {
        loop {
            let at = match &self.token {
                Token::Symbol("[") => {
                    self.advance()?;
                    let at = self.expr()?;
                    self.need_symbol("]")?;
                    vec![at]
                }
                Token::Name { text, .. } if text.starts_with('.') && self.span.start == self.last_end => {
                    let names: Vec<String> = text[1..].split('.').map(str::to_owned).collect();
                    let span = self.advance()?;
                    names.into_iter().map(|name| Expr::new(span, ExprKind::Text(name))).collect()
                }
                _ => return Ok(whole),
            };
            let span = Span { start: whole.span.start, end: self.last_end };
            for part in at {
                whole = called("sql get", vec![whole, part], span);
            }
            self.check_depth(&whole)?;
        }
    }

    /// A call whose arguments have words between them, behind its parenthesis.
    pub(super) fn with_words(&mut self, name: &str, start: Span) -> Result<Option<Expr>, QueryError> {
        let (name, mut arguments) = match name.to_ascii_lowercase().as_str() {
            "cast" | "try_cast" => return self.cast(start).map(Some),
            "extract" if self.is_before_word("from")? => ("extract", self.extracted()?),
            "trim" => self.trimmed()?,
            "position" => ("position", self.placed()?),
            "substr" | "substring" => ("substr", self.separated(&["from", "for"])?),
            "overlay" => ("overlay", self.separated(&["placing", "from", "for"])?),
            _ => return Ok(None),
        };
        while self.take_symbol(",")? {
            arguments.push(self.expr()?);
        }
        self.need_symbol(")")?;
        call(name, arguments, Span { start: start.start, end: self.last_end }).map(Some)
    }

    /// `value AS type)`
    fn cast(&mut self, start: Span) -> Result<Expr, QueryError> {
        let value = self.expr()?;
        if !self.take_word("as")? {
            return Err(self.expected("AS"));
        }
        let at = self.span;
        let to = self.name()?;
        let mut size = None;
        if self.take_symbol("(")? {
            let from = self.span.start;
            while self.token != Token::Symbol(")") && self.token != Token::End {
                self.advance()?;
            }
            size = Some(self.text[from..self.last_end.max(from)].to_owned());
            self.need_symbol(")")?;
        }
        if self.token == Token::Symbol("<") {
            return Err(not_implemented("type", &to.to_ascii_uppercase(), at));
        }
        self.need_symbol(")")?;
        let value = cast(value, &to, size.as_deref(), at)?;
        Ok(Expr::new(Span { start: start.start, end: self.last_end }, value.kind))
    }

    /// `part FROM time`
    fn extracted(&mut self) -> Result<Vec<Expr>, QueryError> {
        let span = self.span;
        let part = Expr::new(span, ExprKind::Text(self.name()?));
        self.take_word("from")?;
        Ok(vec![part, self.expr()?])
    }

    /// `[BOTH | LEADING | TRAILING] [characters FROM] text`, and the function of these ends.
    fn trimmed(&mut self) -> Result<(&'static str, Vec<Expr>), QueryError> {
        let ends = [("both", "trim"), ("leading", "ltrim"), ("trailing", "rtrim")];
        let mut function = "trim";
        for (word, of_end) in ends {
            if self.token.is_word(word) && !self.is_before(")")? && !self.is_before(",")? {
                self.advance()?;
                function = of_end;
                break;
            }
        }
        if self.take_word("from")? {
            return Ok((function, vec![self.expr()?]));
        }
        let first = self.expr()?;
        match self.take_word("from")? {
            true => Ok((function, vec![self.expr()?, first])),
            false => Ok((function, vec![first])),
        }
    }

    /// `text IN other`
    fn placed(&mut self) -> Result<Vec<Expr>, QueryError> {
        let text = self.sum()?;
        match self.take_word("in")? {
            true => Ok(vec![text, self.expr()?]),
            false => Ok(vec![text]),
        }
    }

    /// Arguments with these words before all but the first, or with commas.
    fn separated(&mut self, words: &[&str]) -> Result<Vec<Expr>, QueryError> {
        let mut arguments = vec![self.expr()?];
        for word in words {
            if self.take_word(word)? {
                arguments.push(self.expr()?);
            }
        }
        Ok(arguments)
    }

    /// `FILTER (WHERE condition)` behind an aggregate.
    pub(super) fn filter_of_aggregate(&mut self) -> Result<Option<Expr>, QueryError> {
        if !self.token.is_word("filter") || !self.is_before("(")? {
            return Ok(None);
        }
        self.advance()?;
        self.need_symbol("(")?;
        self.need_word("where", "WHERE")?;
        let condition = self.expr()?;
        self.need_symbol(")")?;
        match self.token.is_word("over") {
            true => Err(not_implemented("clause", "FILTER before OVER", self.span)),
            false => Ok(Some(condition)),
        }
    }
}

/// An aggregate, or what is made of some, of the rows for which the condition is true: of others they see no value.
pub(super) fn filtered(mut aggregate: Expr, condition: &Expr) -> Result<Expr, QueryError> {
    let (span, mut copies) = (aggregate.span, 0);
    let one = || Expr::new(span, ExprKind::Number("1".into()));
    let mut takes_nulls = false;
    let has_one = each_aggregate(&mut aggregate, &mut |name, arguments| {
        takes_nulls |= [FIRST_ROW.name, LAST_ROW.name].contains(&name.as_str());
        copies += 1;
        let value = match arguments.first() {
            None => one(),
            Some(star) if star.kind == ExprKind::Star => one(),
            Some(value) => value.clone(),
        };
        let seen = called("if", vec![condition.clone(), value, absent(span)], span);
        match arguments.first_mut() {
            Some(first) => *first = seen,
            None => arguments.push(seen),
        }
    });
    if !has_one {
        let kind = QueryErrorKind::Misplaced { command: "FILTER", rule: "stands behind an aggregate" };
        return Err(QueryError { span, kind });
    }
    if takes_nulls {
        // A value that is absent and one that it does not see are the same here.
        return Err(not_implemented("clause", "FILTER of an aggregate without IGNORE NULLS", condition.span));
    }
    check_copies(condition, copies)?;
    Ok(aggregate)
}
