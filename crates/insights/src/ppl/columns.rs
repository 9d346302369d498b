//! Commands that choose, compute or rename fields: `fields`, `eval`, `rename`, `fillnull`, `expand`, `flatten`.
//!
//! Assumptions: `expand` makes a map for each member of a map, with `key` and `value`; `flatten` takes what `eval` has made by
//! `json_object`, or by `json_array` of such, because members of other fields are not known before they are read.

use super::function::is_float;
use super::parser::Parser;
use super::scope::{Scope, Shape};
use crate::cursor::list;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::lexer::Token;
use crate::sql::function::{called, not_implemented};
use crate::syntax::{CommandKind, Expr, ExprKind, RowCommand};

impl Parser<'_> {
    /// `fields a, b` keeps these, `fields - a, b` removes them.
    pub(super) fn fields(&mut self) -> Result<(), QueryError> {
        self.advance()?;
        let removes = self.take_symbol("-")?;
        if !removes {
            self.take_symbol("+")?;
        }
        let fields = list(self, Self::field)?;
        let names = fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        if removes {
            self.scope.remove(&names);
            return Ok(());
        }
        // Of two sides, what either has under the name is a column of its own.
        let made = fields.into_iter().filter(|(_, expr)| !matches!(expr.kind, ExprKind::Field(_)));
        let made: Vec<(String, Expr)> = made.collect();
        for (name, _) in &made {
            self.scope.add(name);
        }
        if !made.is_empty() {
            self.extend(made, self.span);
        }
        self.scope.keep(names);
        Ok(())
    }

    /// `eval a = b + 1, c = a * 2`
    pub(super) fn eval(&mut self) -> Result<(), QueryError> {
        let span = self.advance()?;
        loop {
            let name = self.name()?;
            self.need_symbol("=")?;
            let value = self.value()?;
            self.assign(name, value, span);
            if !self.take_symbol(",")? {
                return Ok(());
            }
        }
    }

    /// Adds a column, and notes what is known of it.
    pub(super) fn assign(&mut self, name: String, value: Expr, span: Span) {
        let is_float = is_float(&value, &self.scope);
        let shape = shape_of(&value, &self.scope);
        self.scope.add(&name);
        if is_float {
            self.scope.note_float(&name);
        }
        if let Some(shape) = shape {
            self.scope.note_shape(&name, shape);
        }
        self.extend(vec![(name, value)], span);
    }

    /// `rename a as b, c as d`: all at once.
    pub(super) fn rename(&mut self) -> Result<(), QueryError> {
        let span = self.advance()?;
        let pair = |parser: &mut Self| {
            let (old, value) = parser.field()?;
            parser.need_word("as")?;
            Ok((old, value, parser.name()?))
        };
        let pairs = list(self, pair)?;
        let aside: Vec<String> = pairs.iter().map(|_| self.hidden_name()).collect();
        let field = |name: &String| Expr::new(span, ExprKind::Field(name.clone()));
        let kept = aside.iter().zip(&pairs).map(|(aside, (_, value, _))| (aside.clone(), value.clone()));
        self.extend(kept.collect(), span);
        let named = aside.iter().zip(&pairs).map(|(aside, (.., new))| (new.clone(), field(aside)));
        self.extend(named.collect(), span);
        let places: Vec<String> = pairs.iter().map(|_| self.hidden_name()).collect();
        for ((old, ..), place) in pairs.iter().zip(&places) {
            self.scope.rename(old, place);
        }
        let is_target = |name: &String| pairs.iter().any(|(.., new)| new == name);
        let gone: Vec<String> =
            pairs.iter().map(|(old, ..)| old.clone()).filter(|old| !is_target(old)).collect();
        self.scope.remove(&gone);
        for ((.., new), place) in pairs.iter().zip(&places) {
            self.scope.rename(place, new);
        }
        Ok(())
    }

    /// `fillnull with 0 in a, b`, `fillnull using a = 0, b = 'x'` or `fillnull value=0 a b`.
    pub(super) fn fillnull(&mut self) -> Result<(), QueryError> {
        let span = self.advance()?;
        let mut filled = vec![];
        if self.take_word("using")? {
            loop {
                let (name, _) = self.field()?;
                self.need_symbol("=")?;
                filled.push((name, self.value()?));
                if !self.take_symbol(",")? {
                    break;
                }
            }
        } else if self.take_word("with")? {
            let value = self.plain_value()?;
            self.need_word("in")?;
            filled.extend(list(self, Self::field)?.into_iter().map(|(name, _)| (name, value.clone())));
        } else if self.take_word("value")? {
            self.need_symbol("=")?;
            let value = self.plain_value()?;
            while let Token::Name { .. } = self.token {
                let (name, _) = self.field()?;
                filled.push((name, value.clone()));
                self.take_symbol(",")?;
            }
        }
        if filled.is_empty() {
            return Err(self.expected("with, using or value="));
        }
        // Each sees the fields as they were before the command.
        let own = |name: &String| Expr::new(span, ExprKind::Field(name.clone()));
        let aside: Vec<String> = filled.iter().map(|_| self.hidden_name()).collect();
        let values = filled.iter().zip(&aside).map(|((name, value), aside)| {
            (aside.clone(), called("coalesce", vec![own(name), value.clone()], span))
        });
        self.extend(values.collect(), span);
        for ((name, _), aside) in filled.into_iter().zip(&aside) {
            let is_float = self.scope.is_float(&name);
            self.assign(name.clone(), own(aside), span);
            if is_float {
                self.scope.note_float(&name);
            }
        }
        Ok(())
    }

    /// `expand list [as item]`: a row for each element; none for an absent one.
    pub(super) fn expand(&mut self) -> Result<(), QueryError> {
        let span = self.advance()?;
        let (field, value) = self.field()?;
        let name = if self.take_word("as")? { self.name()? } else { field.clone() };
        let shape = self.scope.shape(&field).cloned();
        self.unnest(value, &name, span);
        if name != field {
            self.scope.rename(&field, &name);
            self.scope.remove(&[field]);
        }
        self.scope.add(&name);
        if let Some(Shape { members, is_list: true }) = shape {
            self.scope.note_shape(&name, Shape { members, is_list: false });
        }
        Ok(())
    }

    fn unnest(&mut self, list: Expr, name: &str, span: Span) {
        let list = called("ppl entries", vec![list], span);
        self.push(CommandKind::Rows(RowCommand::Unnest { list, name: Some(name.to_owned()) }), span);
        let field = Expr::new(span, ExprKind::Field(name.to_owned()));
        self.push(CommandKind::Filter(called("ispresent", vec![field], span)), span);
    }

    /// `flatten map [as (a, b)]`: a column for each member, in the place of the map.
    pub(super) fn flatten(&mut self) -> Result<(), QueryError> {
        let span = self.advance()?;
        let at = self.span;
        let (field, value) = self.field()?;
        let Some(Shape { members, is_list }) = self.scope.shape(&field).cloned() else {
            let name = format!("flatten of {field}, whose members no json_object of this query tells");
            return Err(not_implemented("command", &name, at));
        };
        let names = if self.take_word("as")? { self.aliases()? } else { members.clone() };
        if names.len() != members.len() {
            let rule = "names each member of a map";
            let span = self.since(at);
            return Err(QueryError { span, kind: QueryErrorKind::Misplaced { command: "as", rule } });
        }
        let whole = if is_list {
            let element = self.hidden_name();
            // An absent list stays one row, without members.
            let list = CommandKind::Rows(RowCommand::Unnest { list: value, name: Some(element.clone()) });
            self.push(list, span);
            Expr::new(span, ExprKind::Field(element))
        } else {
            value
        };
        let part = |(name, member): (&String, &String)| {
            let member = Expr::new(span, ExprKind::Text(member.clone()));
            (name.clone(), called("sql get", vec![whole.clone(), member], span))
        };
        let columns: Vec<_> = names.iter().zip(&members).map(part).collect();
        self.extend(columns, span);
        self.scope.remove(&[field]);
        names.iter().for_each(|name| self.scope.add(name));
        Ok(())
    }

    /// `(a, b)`, or one name alone.
    fn aliases(&mut self) -> Result<Vec<String>, QueryError> {
        if !self.take_symbol("(")? {
            return Ok(vec![self.name()?]);
        }
        let names = list(self, |parser| parser.name())?;
        self.need_symbol(")")?;
        Ok(names)
    }
}

/// The members of what `json_object` makes, or of the elements of a list of such.
fn shape_of(value: &Expr, scope: &Scope) -> Option<Shape> {
    let (name, arguments) = match &value.kind {
        ExprKind::Field(field) => return scope.shape(field).cloned(),
        ExprKind::Call(name, arguments) => (name, arguments),
        _ => return None,
    };
    match name.as_str() {
        "sql named_struct" => {
            let keys = arguments.iter().step_by(2).map(|key| match &key.kind {
                ExprKind::Text(text) => Some(text.clone()),
                _ => None,
            });
            Some(Shape { members: keys.collect::<Option<_>>()?, is_list: false })
        }
        "sql array" => {
            let first = shape_of(arguments.first()?, scope)?;
            let is_same = arguments.iter().all(|argument| shape_of(argument, scope).as_ref() == Some(&first));
            (is_same && !first.is_list).then_some(Shape { is_list: true, ..first })
        }
        _ => None,
    }
}
