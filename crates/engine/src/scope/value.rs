//! Values and conditions.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr as Lowered, cast, lit, when};
use weir_insights::{Answers, Expr, Row, Run, TimeRange, Value, evaluate};

use super::{Scope, Typed, constant};
use crate::kind::Kind;
use crate::scalar::{Op, call};

impl Scope {
    /// The value of an expression. It is null where the language's is absent, and only there.
    pub fn value(&self, expr: &Expr) -> Typed {
        if let Some(value) = self.constant_of(expr) {
            return constant(&value);
        }
        match expr {
            Expr::Field(name) => self.field(name),
            Expr::Call { function, .. } => self.generic(expr, Kind::of_type(function.result)),
            Expr::Find { find, .. } => self.generic(expr, Kind::of_type(find.result())),
            Expr::Part { .. } => self.generic(expr, Kind::Json),
            Expr::Look { .. } => self.generic(expr, Kind::Text),
            Expr::Among { .. } => self.generic(expr, Kind::Bool),
            Expr::Answer { answers, otherwise, .. } => {
                // One of each kind tells as much as all.
                let mut found: Vec<Typed> = vec![self.value(otherwise)];
                for value in answers.get().into_iter().flat_map(Answers::values) {
                    if !value.is_null() && !found.iter().any(|known| known.kind == Kind::of_value(value)) {
                        found.push(constant(value));
                    }
                }
                self.generic(expr, common_kind(&found))
            }
            Expr::Round { .. } => self.round(expr),
            Expr::Arithmetic { .. } | Expr::Negate(_) => self.arithmetic(expr),
            Expr::Coalesce(parts) => self.coalesce(parts),
            Expr::Case { branches, otherwise } => self.case(branches, otherwise),
            Expr::Literal(_) | Expr::Query(_) | Expr::Replace { .. } | Expr::Subquery { .. } => {
                self.generic(expr, Kind::Text)
            }
            Expr::Not(_)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::IsPresent(_)
            | Expr::Compare { .. }
            | Expr::In { .. }
            | Expr::Contains { .. }
            | Expr::Matches { .. } => Typed { expr: self.condition(expr).is_true(), kind: Kind::Bool },
        }
    }

    /// Whether the expression is true; false or null where it is not.
    pub fn condition(&self, expr: &Expr) -> Lowered {
        match expr {
            Expr::And(left, right) => self.condition(left).and(self.condition(right)),
            Expr::Or(left, right) => self.condition(left).or(self.condition(right)),
            Expr::Not(inner) => self.condition(inner).is_not_true(),
            Expr::IsPresent(inner) => self.value(inner).into_presence(),
            Expr::Compare { operator, left, right } => self.compare(*operator, left, right, expr),
            Expr::In { value, list, is_negated } => self.is_in(value, list, *is_negated),
            Expr::Contains { value, .. } | Expr::Matches { value, .. } => {
                let text = self.value(value).into_text();
                self.generic_over(expr, vec![(text, Kind::Text)], Kind::Bool).expr
            }
            other => self.value(other).into_truth(),
        }
    }

    /// The expression as a function over its parts, for operators without a lowering of their own.
    pub(super) fn generic(&self, expr: &Expr, result: Kind) -> Typed {
        self.generic_with(expr, result, |typed| typed)
    }

    fn generic_with(&self, expr: &Expr, result: Kind, convert: impl Fn(Typed) -> Typed) -> Typed {
        let mut arguments = vec![];
        let template = expr.map_parts(|part| {
            if let Some(value) = self.constant_of(part) {
                return Ok::<_, std::convert::Infallible>(Expr::Literal(value));
            }
            let Typed { expr, kind } = convert(self.value(part));
            arguments.push((expr, kind));
            Ok(Expr::Field((arguments.len() - 1).to_string()))
        });
        let Ok(template) = template;
        match arguments.is_empty() {
            true => self.folded(&template, result),
            false => Typed { expr: call(Op::Expr(template), result, arguments), kind: result },
        }
    }

    /// The operator over one value that is lowered already.
    fn generic_over(&self, expr: &Expr, arguments: Vec<(Lowered, Kind)>, result: Kind) -> Typed {
        let template = expr.map_parts(|_| Ok::<_, std::convert::Infallible>(Expr::Field("0".into())));
        let Ok(template) = template;
        Typed { expr: call(Op::Expr(template), result, arguments), kind: result }
    }

    fn folded(&self, template: &Expr, result: Kind) -> Typed {
        let never = std::sync::atomic::AtomicBool::new(false);
        let run = Run { window: TimeRange::ALL, now_ms: 0, cancelled: &never };
        let value = evaluate(template, &Row::default(), run);
        let folded = constant(&value);
        if folded.kind == result || value.is_null() { folded.cast_null(result) } else { folded }
    }

    fn round(&self, expr: &Expr) -> Typed {
        self.generic_with(expr, Kind::Time, |typed| match typed.kind {
            Kind::Int | Kind::Time => typed,
            Kind::DashInt => Typed { kind: Kind::Int, ..typed },
            kind => Typed { expr: call(Op::Whole, Kind::Int, vec![(typed.expr, kind)]), kind: Kind::Int },
        })
    }

    fn arithmetic(&self, expr: &Expr) -> Typed {
        self.generic_with(expr, Kind::Float, |typed| Typed { expr: typed.into_number(), kind: Kind::Float })
    }

    fn coalesce(&self, parts: &[Expr]) -> Typed {
        let mut values: Vec<Typed> = vec![];
        for part in parts {
            let value = self.value(part);
            let is_last = value.kind.is_dash();
            values.push(value);
            if is_last {
                // A dash is a value: nothing behind it is ever taken.
                break;
            }
        }
        let (kind, exprs) = unify(values);
        if exprs.len() == 1 {
            return Typed { expr: exprs.into_iter().next().expect("one element"), kind };
        }
        Typed { expr: coalesce(exprs), kind }
    }

    fn case(&self, branches: &[(Expr, Expr)], otherwise: &Expr) -> Typed {
        let values =
            branches.iter().map(|(_, value)| value).chain([otherwise]).map(|value| self.value(value));
        let (kind, mut exprs) = unify(values.collect());
        let mut result = exprs.pop().expect("otherwise is the last of the values");
        for ((condition, _), value) in branches.iter().zip(exprs).rev() {
            let built = when(self.condition(condition), value).otherwise(result);
            result = built.expect("a condition with two values is a case");
        }
        Typed { expr: result, kind }
    }
}

impl Typed {
    /// The number view, as a float.
    pub fn into_number(self) -> Lowered {
        match self.kind {
            Kind::Float => self.expr,
            Kind::Int | Kind::Time | Kind::DashInt => cast(self.expr, DataType::Float64),
            Kind::Bool => cast(cast(self.expr, DataType::Int64), DataType::Float64),
            Kind::Text | Kind::DashText => call(Op::Number, Kind::Float, vec![(self.expr, Kind::Text)]),
            kind @ (Kind::Json | Kind::DashAddress) => call(Op::Number, Kind::Float, vec![(self.expr, kind)]),
        }
    }

    /// The text view.
    pub fn into_text(self) -> Lowered {
        let dash = lit(Kind::scalar(&Value::text("-")));
        match self.kind {
            Kind::Text => self.expr,
            Kind::DashText => coalesce(vec![self.expr, dash]),
            Kind::Int => cast(self.expr, DataType::Utf8View),
            Kind::DashInt => coalesce(vec![cast(self.expr, DataType::Utf8View), dash]),
            kind => call(Op::Print, Kind::Text, vec![(self.expr, kind)]),
        }
    }

    /// The value in a column whose texts are equal where the values are: a number and its text are one part of a map.
    pub fn told_apart(self) -> Typed {
        match self.kind {
            Kind::Json => Typed { expr: self.into_text(), kind: Kind::Text },
            _ => self,
        }
    }

    /// Whether a filter keeps the row.
    fn into_truth(self) -> Lowered {
        match self.kind {
            Kind::Bool => self.expr,
            Kind::Int | Kind::Time | Kind::DashInt => self.expr.not_eq(lit(0i64)),
            Kind::Float => self.expr.not_eq(lit(0f64)),
            kind => call(Op::Truth, Kind::Bool, vec![(self.expr, kind)]),
        }
    }

    /// Whether there is a value.
    pub fn into_presence(self) -> Lowered {
        if self.kind.is_dash() { lit(true) } else { self.expr.is_not_null() }
    }

    /// A null constant of another kind, or the value itself.
    fn cast_null(self, kind: Kind) -> Typed {
        match &self.expr {
            Lowered::Literal(scalar, _) if scalar.is_null() => {
                Typed { expr: cast(self.expr, kind.data_type()), kind }
            }
            _ => self,
        }
    }

    fn is_null_constant(&self) -> bool {
        matches!(&self.expr, Lowered::Literal(scalar, _) if scalar.is_null())
    }

    fn is_constant(&self) -> bool {
        matches!(&self.expr, Lowered::Literal(..))
    }
}

/// The values as one kind: their own if they agree, a float for numbers, else text.
fn unify(values: Vec<Typed>) -> (Kind, Vec<Lowered>) {
    let kind = common_kind(&values);
    let convert = |value: Typed| match kind {
        _ if value.is_null_constant() => cast(value.expr, kind.data_type()),
        _ if value.kind == kind => value.expr,
        Kind::DashInt => value.expr,
        Kind::Float => value.into_number(),
        _ => value.into_text(),
    };
    (kind, values.into_iter().map(convert).collect())
}

fn common_kind(values: &[Typed]) -> Kind {
    let has_null = values.iter().any(Typed::is_null_constant);
    let present = || values.iter().filter(|value| !value.is_null_constant());
    let all = |wanted: &[Kind]| present().all(|value| wanted.contains(&value.kind));
    let Some(first) = present().next() else { return Kind::Text };
    // Beside a dash only constants may stand as numbers: the null of another column would read as a dash.
    let numbers_are_constants = present().all(|value| value.kind == Kind::DashInt || value.is_constant());
    match first.kind {
        kind if all(&[kind]) && !(kind.is_dash() && has_null) => kind,
        _ if all(&[Kind::DashInt, Kind::Int]) && numbers_are_constants && !has_null => Kind::DashInt,
        _ if all(&[Kind::Int, Kind::Float]) => Kind::Float,
        _ => Kind::Text,
    }
}
