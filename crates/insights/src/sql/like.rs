//! LIKE and its kin: patterns of SQL as regular expressions.

use crate::error::{QueryError, QueryErrorKind, Span};
use crate::syntax::{Expr, ExprKind};

/// What stands behind LIKE and its kin.
#[derive(Clone, Copy)]
pub(crate) enum Like {
    /// `%` is any text, `_` any character.
    Sql,
    /// The same in any case.
    AnyCase,
    /// A regular expression that matches anywhere.
    Regex,
}

impl Like {
    /// Whether the value is like the pattern, which is a string; `escape` is one of a single character.
    pub(crate) fn test(
        self,
        value: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
        span: Span,
    ) -> Result<Expr, QueryError> {
        let ExprKind::Text(text) = &pattern.kind else { return Err(wanted("a string", pattern)) };
        let escape = match escape {
            None => '\\',
            Some(escape) => match &escape.kind {
                ExprKind::Text(text) if text.chars().count() == 1 => text.chars().next().unwrap_or('\\'),
                _ => return Err(wanted("a string of one character", escape)),
            },
        };
        let pattern = Box::new(Expr::new(pattern.span, ExprKind::Regex(self.pattern(text, escape))));
        let kind = ExprKind::Like { value: Box::new(value.clone()), pattern, is_negated: false };
        Ok(Expr::new(span, kind))
    }

    fn pattern(self, text: &str, escape: char) -> String {
        let flags = match self {
            Like::Regex => return text.to_owned(),
            Like::Sql => "(?s)",
            Like::AnyCase => "(?si)",
        };
        let (mut pattern, mut chars) = (format!("{flags}^"), text.chars());
        while let Some(c) = chars.next() {
            match c {
                c if c == escape => {
                    pattern.push_str(&regex::escape(&chars.next().unwrap_or(escape).to_string()));
                }
                '%' => pattern.push_str(".*"),
                '_' => pattern.push('.'),
                c => pattern.push_str(&regex::escape(&c.to_string())),
            }
        }
        pattern + "$"
    }
}

fn wanted(wanted: &'static str, found: &Expr) -> QueryError {
    QueryError { span: found.span, kind: QueryErrorKind::Expected { wanted, found: found.to_string() } }
}
