//! `GROUP BY`: expressions, and several groupings at once.
//!
//! `ROLLUP` and `CUBE` are short for `GROUPING SETS`; several beside each other are every set of the one with every set of the
//! other, and sets within sets are sets beside them.
//! Source: OpenSearch Service Developer Guide, "Supported OpenSearch SQL commands and functions", GROUP BY clause (read 2026-11).
//! Assumption: of no rows there is no set with a total either, as in Apache Spark.

use super::select::Parser;
use crate::cursor::list;
use crate::error::{QueryError, QueryErrorKind};
use crate::lexer::Token;
use crate::parser::DEPTH_MAX;
use crate::syntax::Expr;

/// Groupings of one SELECT, each of which reads every row. Assumption: AWS names no number.
const SETS_MAX: usize = 64;

/// What a SELECT groups by.
#[derive(Default)]
pub(super) struct Grouping {
    /// The different expressions.
    pub(super) groups: Vec<Expr>,
    /// Those of each grouping, by their places in order; none if all are of the only one.
    pub(super) sets: Vec<Set>,
}

/// Places of expressions.
type Set = Vec<usize>;

/// How elements in parentheses become sets.
#[derive(Clone, Copy)]
enum Short {
    /// All elements, then one less, and so on: `ROLLUP`.
    Down,
    /// Every choice of elements: `CUBE`.
    Any,
}

impl Parser<'_> {
    /// What stands behind GROUP BY.
    pub(super) fn grouping(&mut self) -> Result<Grouping, QueryError> {
        let (mut groups, mut sets, mut plain) = (vec![], vec![vec![]], vec![]);
        let mut is_plain = true;
        loop {
            let (part, is_expr) = self.part(&mut groups)?;
            is_plain &= is_expr;
            plain.extend(part.first().cloned());
            sets = self.crossed(&sets, &part)?;
            if !self.take_symbol(",")? {
                break;
            }
        }
        if self.token.is_word("with")
            && let Some(short) = self.short_behind()?
        {
            if !is_plain {
                let rule = "stands behind expressions, not behind several groupings";
                return Err(self.refuse(QueryErrorKind::Misplaced { command: "WITH ROLLUP", rule }));
            }
            self.advance()?;
            self.advance()?;
            sets = self.sets_of(short, &plain)?;
        } else if is_plain {
            sets.clear();
        }
        sets.iter_mut().for_each(|set: &mut Set| set.sort_unstable());
        Ok(Grouping { groups, sets })
    }

    /// An expression, or a list of sets; and whether it is the former.
    fn part(&mut self, groups: &mut Vec<Expr>) -> Result<(Vec<Set>, bool), QueryError> {
        if self.token.is_word("grouping") && self.is_before_word("sets")? {
            self.advance()?;
            self.advance()?;
            self.need_symbol("(")?;
            return Ok((self.inside(groups)?, false));
        }
        if let Some(short) = short(&self.token).filter(|_| self.is_before("(").unwrap_or_default()) {
            self.advance()?;
            self.need_symbol("(")?;
            let mut elements = vec![self.element(groups)?];
            while self.take_symbol(",")? {
                elements.push(self.element(groups)?);
            }
            self.need_symbol(")")?;
            return Ok((self.sets_of(short, &elements)?, false));
        }
        let expr = self.expr()?;
        Ok((vec![vec![place_of(expr, groups)]], true))
    }

    /// The sets in the parentheses of GROUPING SETS, some of which may be lists of sets.
    fn inside(&mut self, groups: &mut Vec<Expr>) -> Result<Vec<Set>, QueryError> {
        if self.depth == DEPTH_MAX {
            return Err(self.refuse(QueryErrorKind::TooDeep));
        }
        self.depth += 1;
        let mut sets = vec![];
        loop {
            match self.token == Token::Symbol("(") {
                true => sets.push(self.element(groups)?),
                false => sets.extend(self.part(groups)?.0),
            }
            self.check_sets(sets.len())?;
            if !self.take_symbol(",")? {
                break;
            }
        }
        self.need_symbol(")")?;
        self.depth -= 1;
        Ok(sets)
    }

    /// Expressions in parentheses, or one without.
    fn element(&mut self, groups: &mut Vec<Expr>) -> Result<Set, QueryError> {
        if !(self.token == Token::Symbol("(") && self.is_whole_element()?) {
            let expr = self.expr()?;
            return Ok(vec![place_of(expr, groups)]);
        }
        self.advance()?;
        let exprs = if self.token == Token::Symbol(")") { vec![] } else { list(self, Self::expr)? };
        self.need_symbol(")")?;
        Ok(exprs.into_iter().map(|expr| place_of(expr, groups)).collect())
    }

    /// Whether nothing but the next element, or none, stands behind these parentheses: `(a, b)`, but not `(a + b) * 2`.
    fn is_whole_element(&mut self) -> Result<bool, QueryError> {
        let (start, mut open) = (self.place(), 0_usize);
        loop {
            match &self.token {
                Token::Symbol("(") => open += 1,
                Token::Symbol(")") => open -= 1,
                Token::End => break,
                _ => {}
            }
            self.advance()?;
            if open == 0 {
                break;
            }
        }
        let is_whole = matches!(self.token, Token::Symbol("," | ")"));
        self.go_to(start);
        Ok(is_whole)
    }

    /// `ROLLUP` or `CUBE` behind the token.
    fn short_behind(&self) -> Result<Option<Short>, QueryError> {
        Ok(match (self.is_before_word("rollup")?, self.is_before_word("cube")?) {
            (true, _) => Some(Short::Down),
            (_, true) => Some(Short::Any),
            _ => None,
        })
    }

    fn sets_of(&self, short: Short, elements: &[Set]) -> Result<Vec<Set>, QueryError> {
        let whole = |elements: &[Set]| elements.concat();
        match short {
            Short::Down => {
                self.check_sets(elements.len() + 1)?;
                Ok((0..=elements.len()).rev().map(|count| whole(&elements[..count])).collect())
            }
            Short::Any => {
                let with_or_without = |element: &Set| vec![element.clone(), vec![]];
                elements
                    .iter()
                    .try_fold(vec![vec![]], |sets, element| self.crossed(&sets, &with_or_without(element)))
            }
        }
    }

    /// Every set of the one with every set of the other.
    fn crossed(&self, left: &[Set], right: &[Set]) -> Result<Vec<Set>, QueryError> {
        self.check_sets(left.len() * right.len())?;
        let both = |left: &Set| {
            let left = left.clone();
            right.iter().map(move |right| [&left[..], right].concat())
        };
        Ok(left.iter().flat_map(both).collect())
    }

    fn check_sets(&self, count: usize) -> Result<(), QueryError> {
        match count > SETS_MAX {
            true => Err(self.refuse(QueryErrorKind::TooMany { command: "GROUPING SETS", max: SETS_MAX })),
            false => Ok(()),
        }
    }
}

fn short(token: &Token) -> Option<Short> {
    match (token.is_word("rollup"), token.is_word("cube")) {
        (true, _) => Some(Short::Down),
        (_, true) => Some(Short::Any),
        _ => None,
    }
}

/// The place of an expression among those that are grouped by, the last if it is a new one.
fn place_of(expr: Expr, groups: &mut Vec<Expr>) -> usize {
    groups.iter().position(|known| *known == expr).unwrap_or_else(|| {
        groups.push(expr);
        groups.len() - 1
    })
}
