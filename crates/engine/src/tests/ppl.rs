//! Random queries in PPL over random events.

use proptest::prelude::*;
use proptest::sample::select;

use super::random::{NUMBERS, TEXTS, WORDS, config, world};
use super::world::{Sealing, World};

fn field() -> impl Strategy<Value = &'static str> {
    prop_oneof![select(NUMBERS), select(TEXTS)]
}

fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        select(NUMBERS).prop_map(str::to_string),
        (0..60i64).prop_map(|n| n.to_string()),
        Just("2.5".to_string())
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            3 => (inner.clone(), select(vec!["+", "-", "*", "/", "%"]), inner.clone())
                .prop_map(|(left, operator, right)| format!("({left} {operator} {right})")),
            1 => (select(vec!["abs", "ceil", "sqrt", "sign"]), inner.clone())
                .prop_map(|(function, inner)| format!("{function}({inner})")),
            1 => (select(TEXTS), inner).prop_map(|(field, inner)| format!("(length({field}) - {inner})")),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(TEXTS).prop_map(str::to_string),
        select(WORDS).prop_map(|word| format!("'{word}'")),
        (select(TEXTS), select(NUMBERS)).prop_map(|(left, right)| format!("concat({left}, '/', {right})")),
        (select(TEXTS), 1..4usize).prop_map(|(field, start)| format!("substring({field}, {start}, 3)")),
        (select(TEXTS), select(TEXTS)).prop_map(|(left, right)| format!("ifnull({left}, {right})")),
        (select(vec!["typeof", "reverse", "md5", "upper"]), field())
            .prop_map(|(function, field)| format!("{function}({field})")),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let operator = || select(vec!["=", "==", "!=", "<", "<=", ">", ">="]);
    let negation = || select(vec!["", "not "]);
    let leaf = prop_oneof![
        (number(), operator(), number())
            .prop_map(|(one, operator, other)| format!("{one} {operator} {other}")),
        (text(), operator(), text()).prop_map(|(one, operator, other)| format!("{one} {operator} {other}")),
        (field(), negation(), select(vec!["10.%", "%1", "_NN", "a%"]))
            .prop_map(|(field, not, pattern)| format!("{field} {not}like '{pattern}'")),
        (field(), negation(), select(WORDS), 0..60i64)
            .prop_map(|(field, not, word, n)| format!("{field} {not}in ('{word}', {n}, 443)")),
        (number(), negation(), 0..20i64, 0..90i64)
            .prop_map(|(value, not, low, high)| format!("{value} {not}between {low} and {high}")),
        (field(), select(vec!["is null", "is not null", "regexp '[1-3]'"]))
            .prop_map(|(field, test)| format!("{field} {test}")),
        field().prop_map(|field| format!("cidrmatch({field}, '10.0.0.0/8')")),
        (field(), negation(), field(), condition_within()).prop_map(|(field, not, other, test)| format!(
            "{field} {not}in [source = g | where {test} | fields {other}]"
        )),
        (number(), select(NUMBERS))
            .prop_map(|(one, other)| format!("{one} > [source = g | stats avg({other})]")),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), select(vec!["and", "or", "xor"]), inner.clone())
                .prop_map(|(left, word, right)| format!("({left} {word} {right})")),
            inner.prop_map(|inner| format!("not ({inner})")),
        ]
    })
}

/// Without a query in it.
fn condition_within() -> impl Strategy<Value = String> {
    (field(), select(vec!["is not null", "> 50", "!= 'ACCEPT'"]))
        .prop_map(|(field, test)| format!("{field} {test}"))
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => number(),
        3 => text(),
        1 => condition(),
        1 => (condition(), number(), text()).prop_map(|(test, one, other)| format!("case({test}, {one} else {other})")),
        1 => (condition(), number()).prop_map(|(test, one)| format!("if({test}, {one}, null)")),
    ]
}

/// What leaves all fields there.
fn step() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => condition().prop_map(|condition| format!("where {condition}")),
        3 => (select(vec!["n", "user", "bytes", "x"]), value()).prop_map(|(name, value)| format!("eval {name} = {value}")),
        1 => (field(), 0..9i64).prop_map(|(field, n)| format!("fillnull with {n} in {field}, n")),
        1 => (field(), field()).prop_map(|(one, other)| format!("fillnull using {one} = {other}")),
        1 => Just("parse @message '(?<n>[0-9]+) (?<user>[0-9]+) .*'".to_string()),
        1 => Just("grok @message '%{IPV4:user} %{NOTSPACE:n}'".to_string()),
        1 => (1..3usize, field(), field(), select(vec!["true", "false"]))
            .prop_map(|(rows, one, other, keeps)| format!("dedup {rows} {one}, {other} keepempty={keeps}")),
        1 => sort(),
        1 => (sort(), 1..9usize, 0..3usize).prop_map(|(sort, rows, from)| format!("{sort} | head {rows} from {from}")),
        1 => (select(vec!["avg", "sum", "min", "max", "stddev_samp"]), number(), field())
            .prop_map(|(function, number, field)| format!("eventstats {function}({number}) as n by {field}")),
        1 => (sort(), 1..4usize, select(NUMBERS))
            .prop_map(|(sort, rows, field)| format!("{sort} | trendline sma({rows}, {field}) as n")),
        1 => Just("expand items".to_string()),
    ]
}

fn sort() -> impl Strategy<Value = String> {
    (select(vec!["", "- ", "+ "]), field(), select(vec!["", "- "]), field())
        .prop_map(|(one, field, two, other)| format!("sort {one}{field}, {two}{other}"))
}

fn stats() -> impl Strategy<Value = String> {
    let measure = prop_oneof![
        Just("count()".to_string()),
        (select(vec!["count", "sum", "avg", "min", "max", "stddev_samp", "stddev_pop"]), number())
            .prop_map(|(function, number)| format!("{function}({number})")),
        (select(vec!["count", "dc", "min", "max"]), text())
            .prop_map(|(function, text)| format!("{function}({text})")),
        (select(NUMBERS), 0..=100u32).prop_map(|(field, n)| format!("percentile({field}, {n})")),
    ];
    let group = prop_oneof![
        2 => field().prop_map(|field| format!("{field} as g")),
        1 => (select(NUMBERS), 1..50u32).prop_map(|(field, n)| format!("span({field}, {n}) as g")),
        1 => select(vec!["1m", "90s", "1h", "1w", "1M"]).prop_map(|unit| format!("span(@timestamp, {unit}) as g")),
    ];
    (measure, group, field()).prop_map(|(measure, group, other)| {
        format!("stats count() as c, {measure} as m by {other} as h, {group}")
    })
}

/// What shows only some fields.
fn last() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => (value(), field(), field())
            .prop_map(|(value, one, other)| format!("eval y = {value} | fields @timestamp, y, {one}, {other}")),
        2 => stats(),
        1 => (stats(), select(vec!["- m, g, h", "c, + h, g"])).prop_map(|(stats, keys)| format!("{stats} | sort {keys}")),
        1 => stats().prop_map(|stats| format!("{stats} | where m > 1 | stats sum(c) as c, max(m) as m | eval q = m / c")),
        1 => (select(vec!["top", "rare"]), 1..4usize, field(), field())
            .prop_map(|(command, rows, one, other)| format!("{command} {rows} {one}, user by {other}")),
        1 => (select(NUMBERS), select(vec!["true", "false"]))
            .prop_map(|(field, nulls)| format!("fieldsummary includefields={field} nulls={nulls}")),
        1 => field().prop_map(|field| format!("rename {field} as other, user as n | fields other, n")),
        1 => field().prop_map(|field| format!("fields - {field}, n")),
        1 => (select(vec!["", "left "]), field(), field(), condition_within()).prop_map(|(kind, one, other, test)| format!(
            "{kind}join left = a right = b on a.{one} = b.{other} [source = g | where {test}] \
             | fields a.bytes, b.bytes, b.@timestamp, b.user | sort b.bytes, b.@timestamp, b.user, a.bytes"
        )),
        1 => Just("cross join left = a right = b g | stats count(), sum(a.bytes), max(b.user)".to_string()),
    ]
}

fn query() -> impl Strategy<Value = String> {
    (prop::collection::vec(step(), 0..3), last())
        .prop_map(|(steps, last)| [vec!["source = g".to_string()], steps, vec![last]].concat().join(" | "))
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn random_queries_in_ppl_answer_as_the_interpreter_does(
        events in world(),
        queries in prop::collection::vec(query(), 3),
        sealing in select(vec![Sealing::None, Sealing::Memory]),
    ) {
        let world = World::new(&events, sealing);
        queries.iter().for_each(|query| world.check(query));
    }
}
