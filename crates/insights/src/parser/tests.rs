//! The parser takes any text without panicking, and what is printed is parsed to the same.

use proptest::prelude::*;

use super::*;
use crate::plan::{Arithmetic, Comparison};
use crate::syntax::Binary;

#[track_caller]
fn parse_filter(text: &str) -> Expr {
    let commands = parse(&format!("filter {text}")).unwrap_or_else(|error| panic!("{text}: {error}"));
    match &commands[..] {
        [Command { kind: CommandKind::Filter(expr), .. }] => expr.clone(),
        other => panic!("{text}: {other:?}"),
    }
}

/// Both spellings mean the same.
#[track_caller]
fn check(text: &str, same: &str) {
    assert_eq!(parse_filter(text), parse_filter(same), "{text}");
}

#[test]
fn operators_bind_as_in_arithmetic_and_logic() {
    check("a or b and c", "a or (b and c)");
    check("not a = 1 and b", "(not (a = 1)) and b");
    check("!a = 1", "(!a) = 1");
    check("a + b * c ^ 2 = d", "(a + (b * (c ^ 2))) = d");
    check("a - b - c", "(a - b) - c");
    check("2 ^ 3 ^ 2", "2 ^ (3 ^ 2)");
    check("-a ^ 2", "-(a ^ 2)");
    check("-a * b", "(-a) * b");
    check("a not like 'x' or b not in [1, 2]", "(a not like 'x') or (b not in [1, 2])");
    check("a-b", "a - b");
    check("a[0].b", "a.0.b");
    check("`a`.b", "a.b");
}

#[test]
fn a_slash_begins_a_pattern_only_where_one_is_wanted() {
    check("a / b / c", "(a / b) / c");
    check("a like /b/ and c / d > 1", "(a like /b/) and ((c / d) > 1)");
    check(r"a =~ /b\/c/", r"a like /b\/c/");
}

#[test]
fn nesting_and_length_have_an_end() {
    let deep = format!("filter {}a{}", "(".repeat(200), ")".repeat(200));
    assert_eq!(parse(&deep).map_err(|error| error.kind), Err(QueryErrorKind::TooDeep));
    let chain = format!("filter a{}", " + a".repeat(200));
    assert_eq!(parse(&chain).map_err(|error| error.kind), Err(QueryErrorKind::TooDeep));
    let alternatives = format!("filter a = 0{}", " or a = 1".repeat(1000));
    assert!(parse(&alternatives).is_ok());
    let long = format!("filter a = '{}'", "x".repeat(QUERY_CHARS_MAX));
    assert_eq!(parse(&long).map_err(|error| error.kind), Err(QueryErrorKind::TooLong));
    let many = vec!["limit 1"; COMMANDS_MAX + 1].join("|");
    assert_eq!(parse(&many).map_err(|error| error.kind), Err(QueryErrorKind::TooManyCommands));
}

fn expr() -> impl Strategy<Value = Expr> {
    let node = |kind| Expr::new(Span::default(), kind);
    let leaf = prop_oneof![
        "[0-9]{1,5}".prop_map(ExprKind::Number),
        "[ -~\n\té]{0,6}".prop_map(ExprKind::Text),
        "[a-z@][a-z0-9._-]{0,6}".prop_map(ExprKind::Field),
    ];
    leaf.prop_map(node).prop_recursive(4, 24, 3, move |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let list = prop::collection::vec(inner, 0..3);
        let binary = prop_oneof![
            Just(Binary::Or),
            Just(Binary::And),
            Just(Binary::Compare(Comparison::LessOrEqual)),
            Just(Binary::Arithmetic(Arithmetic::Subtract)),
            Just(Binary::Arithmetic(Arithmetic::Power)),
        ];
        let pattern =
            prop_oneof!["[a-z\"]{0,4}".prop_map(ExprKind::Text), "[a-z/.]{1,4}".prop_map(ExprKind::Regex)]
                .prop_map(move |kind| Box::new(node(kind)));
        prop_oneof![
            boxed.clone().prop_map(ExprKind::Not),
            boxed.clone().prop_map(ExprKind::Negate),
            ("[a-z]{2,6}x", list.clone()).prop_map(|(name, list)| ExprKind::Call(name, list)),
            (binary, boxed.clone(), boxed.clone())
                .prop_map(|(operator, left, right)| { ExprKind::Binary(operator, left, right) }),
            (boxed.clone(), pattern, any::<bool>()).prop_map(|(value, pattern, is_negated)| ExprKind::Like {
                value,
                pattern,
                is_negated
            }),
            (boxed, list, any::<bool>()).prop_map(|(value, list, is_negated)| ExprKind::In {
                value,
                list,
                is_negated
            }),
        ]
        .prop_map(node)
    })
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = crate::plan(&text, None);
    }

    #[test]
    fn no_mixture_of_tokens_panics(words in prop::collection::vec(
        prop::sample::select(vec![
            "fields", "filter", "stats", "sort", "limit", "parse", "dedup", "by", "as", "like", "in", "not", "and", "or",
            "desc", "count", "sum", "bin", "if", "a", "@message", "1", "5m", "99999999999999999999", "'x'", "\"*\"",
            "/(?<n>x)/", "(", ")", ":", "SOURCE", "logGroups", "pattern", "diff", "previousMonth", "anomaly", "relevantfields", "estimate", "filterIndex",
            "logcompare", "timeshift", "7d", "unmask", "namePrefix", "join", "type", "left", "right", "where",
            "a.k", "b.k", "inner", "start", "now", "appendcols", "override", "max", "lookup", "cidrlookup", "OUTPUT",
            "OUTPUTNEW", "true", "values", "topk", "rate", "histogram", "unnest", "into", "expand", "accum",
            "autoregress", "p", "filldown", "fillmissing", "with", "for", "addtotals", "col", "sessionize", "maxspan",
            "outlier", "countFrequent", "display", "'[", "[", "]", ",", "|", "=", "!=", "-", "*", "/", "^", "!", "`b c`", "#", "\n", "offset",
        ]), 0..20))
    {
        let query = words.join(" ");
        if let Err(error) = crate::plan(&query, None) {
            let place = error.location(&query);
            prop_assert!(place.start_char_offset <= place.end_char_offset);
            prop_assert!(place.end_char_offset <= query.chars().count());
            prop_assert!(!error.to_string().is_empty());
        }
    }

    /// Pieces that fit more often than words do.
    #[test]
    fn no_mixture_of_commands_panics(commands in prop::collection::vec(
        prop::sample::select(vec![
            "SOURCE 'g'", "SOURCE logGroups(namePrefix: ['a'], class: 'STANDARD') start=-1d", "fields a, b as c",
            "filter a.b in (SOURCE g | fields x)", "filter a = 1", "stats count(*) as n, max(b.x) by a.b, bin(5m) as t",
            "join left=a right=b where a.k=b.k (SOURCE g | stats max(x) as x by k)",
            "join type=left left=b right=a where a.k=b.k (SOURCE g)", "appendcols (fields y | limit 2)",
            "lookup t k as a OUTPUT x as a.b, y", "cidrlookup t a AS c OUTPUTNEW x", "sort a.b, b.x desc", "dedup b.x",
            "stats values(a) as v", "fields v[0], b.x[1]", "unnest v into b.x", "fillmissing with 0 for n", "limit 5",
            "pattern a", "diff previousDay", "logcompare timeshift 99999999999w", "anomaly", "estimate",
            "relevantfields where a = 1", "relevantfields a, b.x where x in (SOURCE g | fields x)", "filterIndex a = 1",
            "stats topk(3, b.x)", "filldown a*", "display a.k, b.k", "parse a.k '*-*' as x, y", "countFrequent a.b",
        ]), 1..8))
    {
        let query = commands.join(" | ");
        if let Err(error) = crate::plan(&query, None) {
            prop_assert!(error.location(&query).end_char_offset <= query.chars().count(), "{query}");
        }
    }

    #[test]
    fn what_is_printed_is_parsed_to_the_same(expr in expr()) {
        let text = expr.to_string();
        let commands = parse(&format!("filter {text}"));
        match commands.as_deref() {
            Ok([Command { kind: CommandKind::Filter(parsed), .. }]) => prop_assert_eq!(parsed, &expr, "{}", text),
            other => prop_assert!(false, "{text}: {other:?}"),
        }
    }
}

/// What a query begins with, and what opens something behind it.
#[rustfmt::skip]
const OPENS: &[(&str, &str)] = &[
    ("", "|"), ("", "fields a|"), ("", "unnest "), ("", "join left=a right=b where a.k=b.k ("), ("", "appendcols ("),
    ("", "appendcols (fields a | "), ("", "SOURCE "), ("fields ", "("), ("fields ", "not "), ("fields ", "!"), ("fields ", "-"), ("fields ", "- "),
    ("fields a", "["), ("fields ", "if("), ("fields ", "case("), ("fields ", "a+("), ("fields ", "a+"), ("fields ", "a^"), ("fields ", "a and "),
    ("fields ", "a in ["), ("fields ", "a in [1] in "), ("fields ", "a in [-a in [!"), ("fields ", "a not "), ("fields ", "a and not -a*"),
    ("filter ", "a in (SOURCE g | filter "), ("filter ", "a in ("), ("filter ", "a in (filter "), ("filter a like ", "/"),
    ("filter a like /", "("), ("filter a like /", "(a"), ("filter a like /", "(?:a|"), ("filterIndex ", "("), ("relevantfields where ", "("),
    ("stats ", "count("), ("stats ", "count(*) by "), ("parse a ", "'*"), ("parse a /", "(?<n>"), ("SOURCE logGroups", "("),
    ("SOURCE logGroups(namePrefix: ", "["),
];

/// Whatever opens again and again in the longest of queries is refused, and the stack has room for it.
#[test]
fn whatever_opens_has_an_end() {
    for (before, opens) in OPENS {
        let opened = format!("{before}{}", opens.repeat(6000 / opens.len()));
        let room = super::QUERY_CHARS_MAX - 10 - opened.len();
        for (inside, closes) in [("", " "), ("a", ")"), ("1", "]"), ("a", ")/")] {
            let query = format!("{opened}{inside}{}", closes.repeat(room / closes.len()));
            assert!(crate::plan(&query, None).is_err(), "{opens} {inside}{closes}");
        }
    }
}
