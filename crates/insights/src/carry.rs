//! Expressions as JSON and back, for those who run parts of a plan in another process.
//!
//! An expression is a list of its kind, of what it holds beside its parts, and of its parts in the order of
//! [`Expr::parts`]. What comes back means what was written; a text of another version, or of none, is `None`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value as Json, json};

use crate::bind::{Answers, Bound, ValueSet};
use crate::functions::{SKELETON_OF, TOKENS_OF, function_named};
use crate::period::Period;
use crate::plan::{Arithmetic, Comparison, Expr, Extract, Find, Pattern, QueryFact};
use crate::syntax::Binary;
use crate::table::{Index, texts};
use crate::value::Value;

const FACTS: [(&str, QueryFact); 4] = [
    ("now", QueryFact::Now),
    ("start", QueryFact::StartTime),
    ("end", QueryFact::EndTime),
    ("range", QueryFact::TimeRange),
];
const ARITHMETIC: [Arithmetic; 6] = [
    Arithmetic::Add,
    Arithmetic::Subtract,
    Arithmetic::Multiply,
    Arithmetic::Divide,
    Arithmetic::Remainder,
    Arithmetic::Power,
];
const COMPARISONS: [Comparison; 6] = [
    Comparison::Equal,
    Comparison::NotEqual,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];

impl Expr {
    /// The expression as JSON; `None` if something in it is not bound yet ([`Plan::bind`](crate::Plan::bind)).
    pub fn to_json(&self) -> Option<Json> {
        let parts: Vec<Json> = self.parts().into_iter().map(Expr::to_json).collect::<Option<_>>()?;
        let (kind, facts) = self.head()?;
        Some(json!([kind, facts, parts]))
    }

    /// What the expression is, and what it holds beside its parts.
    fn head(&self) -> Option<(&'static str, Json)> {
        Some(match self {
            Expr::Literal(value) => ("literal", written(value)),
            Expr::Field(name) => ("field", json!(name)),
            Expr::Query(fact) => ("query", json!(FACTS.iter().find(|(_, one)| one == fact)?.0)),
            Expr::Call { function, .. } => ("call", json!(function.name)),
            Expr::Case { .. } => ("case", Json::Null),
            Expr::Coalesce(_) => ("coalesce", Json::Null),
            Expr::Part { path, .. } => ("part", json!(path)),
            Expr::IsPresent(_) => ("present", Json::Null),
            Expr::Round { period, offset_ms, is_up, .. } => {
                ("round", json!([period.print(), offset_ms, is_up]))
            }
            Expr::Negate(_) => ("negate", Json::Null),
            Expr::Arithmetic { operator, .. } => ("arithmetic", json!(Binary::Arithmetic(*operator).text())),
            Expr::Not(_) => ("not", Json::Null),
            Expr::And(..) => ("and", Json::Null),
            Expr::Or(..) => ("or", Json::Null),
            Expr::Compare { operator, .. } => ("compare", json!(Binary::Compare(*operator).text())),
            Expr::Contains { text, is_negated, .. } => ("contains", json!([text, is_negated])),
            Expr::Matches { pattern, is_negated, .. } => ("matches", json!([pattern.0.as_str(), is_negated])),
            Expr::Replace { pattern, replacement, .. } => {
                ("replace", json!([pattern.0.as_str(), replacement]))
            }
            Expr::Find { pattern, find, .. } => ("find", json!([pattern.0.as_str(), find_written(*find)])),
            Expr::In { is_negated, .. } => ("in", json!(is_negated)),
            Expr::Among { among, is_negated, .. } => {
                let keys: Vec<String> = among.get()?.keys().map(|key| BASE64_STANDARD.encode(key)).collect();
                ("among", json!([keys, is_negated]))
            }
            Expr::Answer { answers, .. } => {
                let entry = |(key, value)| json!([BASE64_STANDARD.encode(key), written(value)]);
                ("answer", answers.get()?.entries().map(entry).collect())
            }
            Expr::Subquery { .. } => return None,
            Expr::Look { index, .. } => ("look", index.get()?.to_json()),
        })
    }

    /// The expression that [`Expr::to_json`] has written.
    pub fn of_json(json: &Json) -> Option<Expr> {
        let [Json::String(kind), facts, Json::Array(parts)] = &json.as_array()?[..] else { return None };
        let mut parts = parts.iter().map(Expr::of_json).collect::<Option<Vec<_>>>()?.into_iter();
        let mut part = || parts.next().map(Box::new);
        Some(match kind.as_str() {
            "literal" => Expr::Literal(read(facts)?),
            "field" => Expr::Field(facts.as_str()?.into()),
            "query" => Expr::Query(FACTS.iter().find(|(name, _)| facts == name)?.1),
            "call" => {
                let name = facts.as_str()?;
                let hidden = [&SKELETON_OF, &TOKENS_OF].into_iter().find(|hidden| hidden.name == name);
                Expr::Call { function: hidden.or_else(|| function_named(name))?, arguments: parts.collect() }
            }
            "case" => {
                let mut parts: Vec<Expr> = parts.collect();
                let otherwise = Box::new(parts.pop()?);
                let branches = parts.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone()));
                Expr::Case { branches: branches.collect(), otherwise }
            }
            "coalesce" => Expr::Coalesce(parts.collect()),
            "part" => Expr::Part { value: part()?, path: texts(facts)? },
            "present" => Expr::IsPresent(part()?),
            "round" => Expr::Round {
                time: part()?,
                period: Period::parse(facts[0].as_str()?)?.0,
                offset_ms: facts[1].as_i64()?,
                is_up: facts[2].as_bool()?,
            },
            "negate" => Expr::Negate(part()?),
            "arithmetic" => {
                let is_it = |operator: &Arithmetic| facts == Binary::Arithmetic(*operator).text();
                let operator = ARITHMETIC.into_iter().find(is_it)?;
                Expr::Arithmetic { operator, left: part()?, right: part()? }
            }
            "not" => Expr::Not(part()?),
            "and" => Expr::And(part()?, part()?),
            "or" => Expr::Or(part()?, part()?),
            "compare" => {
                let is_it = |operator: &Comparison| facts == Binary::Compare(*operator).text();
                let operator = COMPARISONS.into_iter().find(is_it)?;
                Expr::Compare { operator, left: part()?, right: part()? }
            }
            "contains" => Expr::Contains {
                value: part()?,
                text: facts[0].as_str()?.into(),
                is_negated: facts[1].as_bool()?,
            },
            "matches" => Expr::Matches {
                value: part()?,
                pattern: Pattern::new(facts[0].as_str()?).ok()?,
                is_negated: facts[1].as_bool()?,
            },
            "replace" => Expr::Replace {
                value: part()?,
                pattern: Pattern::new(facts[0].as_str()?).ok()?,
                replacement: facts[1].as_str()?.into(),
            },
            "find" => Expr::Find {
                value: part()?,
                pattern: Pattern::new(facts[0].as_str()?).ok()?,
                find: find_read(&facts[1])?,
            },
            "in" => Expr::In { value: part()?, list: parts.collect(), is_negated: facts.as_bool()? },
            "among" => {
                let keys = texts(&facts[0])?.into_iter().map(|key| BASE64_STANDARD.decode(key).ok());
                let among = ValueSet::of_keys(keys.collect::<Option<_>>()?);
                Expr::Among {
                    value: part()?,
                    among: Bound::Here(among.into()),
                    is_negated: facts[1].as_bool()?,
                }
            }
            "answer" => {
                let entry =
                    |entry: &Json| Some((BASE64_STANDARD.decode(entry[0].as_str()?).ok()?, read(&entry[1])?));
                let entries = facts.as_array()?.iter().map(entry).collect::<Option<_>>()?;
                let answers = Bound::Here(Answers::of_entries(entries).into());
                Expr::Answer { key: part()?, answers, otherwise: part()? }
            }
            "look" => {
                Expr::Look { values: parts.collect(), index: Bound::Here(Index::of_json(facts)?.into()) }
            }
            _ => return None,
        })
    }
}

impl Extract {
    /// The pattern and its columns as JSON.
    pub fn to_json(&self) -> Json {
        json!([self.pattern.0.as_str(), self.columns])
    }

    /// What [`Extract::to_json`] has written.
    pub fn of_json(json: &Json) -> Option<Extract> {
        let column = |column: &Json| match column {
            Json::Null => Some(None),
            column => Some(Some(column.as_str()?.to_owned())),
        };
        let columns = json[1].as_array()?.iter().map(column).collect::<Option<_>>()?;
        Some(Extract { pattern: Pattern::new(json[0].as_str()?).ok()?, columns })
    }
}

fn find_written(find: Find) -> Json {
    match find {
        Find::Count => json!(["count"]),
        Find::Place => json!(["place"]),
        Find::Match => json!(["match"]),
        Find::Group(number) => json!(["group", number]),
        Find::Groups(number) => json!(["groups", number]),
        Find::Matches => json!(["matches"]),
        Find::Between(most) => json!(["between", most]),
    }
}

fn find_read(json: &Json) -> Option<Find> {
    let number = || json[1].as_u64()?.try_into().ok();
    Some(match json[0].as_str()? {
        "count" => Find::Count,
        "place" => Find::Place,
        "match" => Find::Match,
        "group" => Find::Group(number()?),
        "groups" => Find::Groups(number()?),
        "matches" => Find::Matches,
        "between" => Find::Between(if json[1].is_null() { None } else { Some(number()?) }),
        _ => return None,
    })
}

/// A value with its type. A float is written as its bits: digits would be rounded.
fn written(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(is_true) => json!(is_true),
        Value::Int(number) => json!(["int", number]),
        Value::Float(number) => json!(["float", number.to_bits()]),
        Value::Time(ms) => json!(["time", ms]),
        Value::Text(text) => json!(text),
        Value::Json(json) => json!(["json", json.to_string()]),
    }
}

fn read(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(is_true) => Value::Bool(*is_true),
        Json::String(text) => Value::text(text.as_str()),
        tagged => match tagged[0].as_str()? {
            "int" => Value::Int(tagged[1].as_i64()?),
            "float" => Value::Float(f64::from_bits(tagged[1].as_u64()?)),
            "time" => Value::Time(tagged[1].as_i64()?),
            "json" => Value::Json(serde_json::from_str(tagged[1].as_str()?).ok()?),
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::{CSV_OF, KEY_OF, LAMBDA_OF, LOGFMT_OF};
    use crate::plan::Step;
    use crate::{FUNCTIONS, Lookup, LookupBy, PPL_FUNCTIONS, SQL_FUNCTIONS, Table, plan};

    /// The expression of `filter`, as it is checked.
    fn expr(text: &str) -> Expr {
        let checked = plan(&format!("filter {text}"), None).unwrap_or_else(|error| panic!("{text}: {error}"));
        let filter = checked.steps.into_iter().find_map(|step| match step {
            Step::Filter(expr) => Some(expr),
            _ => None,
        });
        filter.expect("a filter")
    }

    #[track_caller]
    fn check(expr: &Expr) {
        let json = expr.to_json().expect("bound").to_string();
        let read = serde_json::from_str(&json).ok().and_then(|json| Expr::of_json(&json));
        assert_eq!(read.as_ref(), Some(expr), "{json}");
    }

    #[test]
    fn every_expression_comes_back() {
        for text in [
            r#"a = 1 and b != "x" or not c < 2.5 and d <= e and f > -g and h >= 0"#,
            "a + b - c * d / e % f ^ 2 > 0.1",
            r#"a like "x" or a not like /y+/ or a =~ /^[a-z]$/"#,
            r#"a in ["x", 1, 2.5] and b not in ["y"]"#,
            "ispresent(a) and isblank(b)",
            "bin(5m) = datefloor(c, 1mo) and dateceil(d, 2w) > now()",
            r#"if(a, b, c) = coalesce(d, e) and case(f, 1, g, 2, 3) = 1"#,
            r#"replace(a, "b", "c") = "d" and regexReplace(a, "(b)", "\\1") = "e""#,
            r#"a.b.c = "x""#,
        ] {
            check(&expr(text));
        }
    }

    #[test]
    fn what_patterns_find_comes_back() {
        let finds =
            [Find::Count, Find::Place, Find::Match, Find::Group(1), Find::Groups(0), Find::Between(None)];
        for find in finds.into_iter().chain([Find::Between(Some(2)), Find::Matches]) {
            let pattern = Pattern::new("a(b)").expect("a pattern");
            check(&Expr::Find { value: Box::new(Expr::Field("a".into())), pattern, find });
        }
    }

    #[test]
    fn parts_of_lists_come_back() {
        let value = Box::new(Expr::Field("a".into()));
        check(&Expr::Part { value, path: vec!["b".into(), "0".into()] });
    }

    #[test]
    fn every_function_comes_back() {
        let all =
            FUNCTIONS.iter().chain(SQL_FUNCTIONS).chain(&[PPL_FUNCTIONS]).flat_map(|group| group.iter());
        for function in all.chain([&SKELETON_OF, &TOKENS_OF, &KEY_OF, &LOGFMT_OF, &CSV_OF, &LAMBDA_OF]) {
            check(&Expr::Call { function, arguments: vec![Expr::Field("a".into())] });
        }
    }

    #[test]
    fn values_come_back_to_the_last_bit() {
        let list = Value::of_json_text(r#"{"a": [1, "b", null]}"#);
        let values = [Value::Null, Value::Bool(true), Value::Int(i64::MIN), Value::Float(0.1 + 0.2)];
        for value in values.into_iter().chain([Value::Time(1_549_281_600_000), Value::text("\"\n"), list]) {
            check(&Expr::Literal(value));
        }
    }

    #[test]
    fn values_of_another_query_come_back() {
        let among = Bound::Here(ValueSet::from_iter([Value::Int(7), Value::text("x")]).into());
        let expr = Expr::Among { value: Box::new(Expr::Field("a".into())), among, is_negated: true };
        let read = Expr::of_json(&expr.to_json().expect("bound"));
        let Some(Expr::Among { among, is_negated: true, .. }) = read else { panic!("{read:?}") };
        let among = among.get().expect("there");
        let found =
            [Value::text("7"), Value::text("x"), Value::text("y")].map(|value| among.contains(&value));
        assert_eq!(found, [true, true, false]);
    }

    #[test]
    fn values_by_keys_come_back() {
        let answers = [(Value::Int(7), Value::Float(0.1)), (Value::text("x"), Value::Null)];
        let answers = Bound::Here(Answers::from_iter(answers).into());
        let [key, otherwise] = ["a", "b"].map(|name| Box::new(Expr::Field(name.into())));
        let expr = Expr::Answer { key, answers, otherwise };
        let read = Expr::of_json(&expr.to_json().expect("bound"));
        assert_eq!(read.as_ref().map(Expr::parts), Some(expr.parts()));
        let Some(Expr::Answer { answers, .. }) = read else { panic!("{read:?}") };
        let answers = answers.get().expect("there");
        let found =
            [Value::text("7"), Value::text("x"), Value::text("y")].map(|key| answers.get(&key).cloned());
        assert_eq!(found, [Some(Value::Float(0.1)), Some(Value::Null), None]);
    }

    #[test]
    fn lookup_tables_come_back() {
        let table = Table::of_csv("id,zone,owner\n1,a,x\n1,b,y\n").expect("a table");
        let by = LookupBy::Columns(vec!["id".into(), "zone".into()]);
        let lookup = Lookup { table: "t".into(), by, column: "owner".into() };
        let index = Index::new(table.into(), &lookup).expect("its columns");
        let values = ["a", "b"].map(|name| Expr::Field(name.into())).to_vec();
        let expr = Expr::Look { values, index: Bound::Here(index.into()) };
        let read = Expr::of_json(&expr.to_json().expect("bound"));
        let Some(Expr::Look { values, index }) = read else { panic!("{read:?}") };
        let index = index.get().expect("there");
        assert_eq!(values.len(), 2);
        assert_eq!(index.get(&[Value::Int(1), Value::text("b")]), Value::text("y"));
        assert_eq!(index.get(&[Value::Int(2), Value::text("b")]), Value::Null);
    }

    #[test]
    fn what_is_no_expression_is_none() {
        for text in ["null", "[]", r#"["and", null, []]"#, r#"["call", "nothing", []]"#, r#"["?", null, []]"#]
        {
            let json = serde_json::from_str(text).expect("JSON");
            assert_eq!(Expr::of_json(&json), None, "{text}");
        }
    }
}
