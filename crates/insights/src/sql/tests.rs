//! No statement panics, and errors are where something is wrong.

use proptest::prelude::*;

use super::sql_plan;
use crate::parser::QUERY_CHARS_MAX;

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = sql_plan(&text, None);
    }

    #[test]
    fn no_mixture_of_tokens_panics(words in prop::collection::vec(
        prop::sample::select(vec![
            "SELECT", "DISTINCT", "*", "FROM", "`g`", "g", "AS", "a", "b", "a.x", "b.y", "WHERE", "GROUP", "BY", "HAVING", "ROLLUP", "CUBE", "GROUPING", "SETS",
            "ORDER", "DESC", "LIMIT", "OFFSET", "EXISTS", "5", "0.5", "'x'", "\"y\"", "(", ")", ",", ";", "=", "<>", "||", "-", "+", "/", "%",
            "AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "NULL", "CASE", "WHEN", "THEN", "ELSE", "END", "JOIN",
            "LEFT", "INNER", "ON", "COUNT", "SUM", "CAST", "int", "upper", "UNION", "OVER", "RANK", "LAG", "PARTITION", "EXCEPT", "ALL", "SORT", "NULLS", "IGNORE", "RANGE", "--", "/*", "*/", "`@message`",
            "`logGroups(namePrefix: ['a'])`", "`filterIndex('a' = 'b')`", "1",
            "[", "]", "<=>", "!", "DIV", "MOD", "ESCAPE", "FILTER", "left", "trim", "BOTH", "extract", "overlay", "PLACING", "FOR", "position",
            "json_tuple", "from_json", "split", "DATE", "INTERVAL", "WITH", "x", ".a", "decimal", "decode", "regexp_extract", "current_date", "ilike",
        ]), 0..24))
    {
        let statement = words.join(" ");
        if let Err(error) = sql_plan(&statement, None) {
            let place = error.location(&statement);
            prop_assert!(place.start_char_offset <= place.end_char_offset);
            prop_assert!(place.end_char_offset <= statement.chars().count());
            prop_assert!(!error.to_string().is_empty());
        }
    }

    /// Pieces that fit more often than words do.
    #[test]
    fn no_mixture_of_clauses_panics(clauses in (
        prop::sample::select(vec!["*", "a, b AS c", "DISTINCT a", "a AS c, RANK() OVER (PARTITION BY a ORDER BY c, COUNT(*) DESC) + SUM(a)",
            "DISTINCT LAG(a, 2, b) OVER (ORDER BY a) AS c", "SUM(SUM(x)) OVER () AS c, a", "SUM(a) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING) AS c", "LAG(a, 1, 0) IGNORE NULLS OVER (ORDER BY a NULLS LAST) AS c", "SUM(a) OVER (ORDER BY a RANGE BETWEEN 1 PRECEDING AND INTERVAL 2 DAYS FOLLOWING) AS c", "COUNT(*), a", "SUM(x) / COUNT(*) AS m", "A.x, B.y", "1"]),
        prop::sample::select(vec![
            "`g`", "`g` AS A", "(SELECT a, COUNT(*) AS n FROM g GROUP BY a) AS t", "`g` AS A JOIN `h` AS B ON A.x = B.y",
            "`g` AS A LEFT JOIN (SELECT y FROM h) AS B ON B.y = A.x AND A.z = B.z", "`filterIndex('a' = 'b')`",
        ]),
        prop::sample::select(vec!["", "WHERE a IN (SELECT b FROM g)", "WHERE a BETWEEN 1 AND 2", "WHERE a > (SELECT MAX(x) FROM g)", "WHERE NOT EXISTS (SELECT B.x FROM g AS B WHERE B.x = A.x)", "WHERE NOT a LIKE 'x%'", "WHERE a NOT IN (SELECT B.y FROM h AS B WHERE B.x = A.x AND B.z = A.a)"]),
        prop::sample::select(vec!["", "GROUP BY a", "GROUP BY 1, 2", "GROUP BY c HAVING COUNT(*) > 1", "GROUP BY ROLLUP(a), CUBE(x, (a, c))", "GROUP BY GROUPING SETS ((a), (), GROUPING SETS (1))", "GROUP BY a WITH CUBE", "HAVING MAX(a) > 1"]),
        prop::sample::select(vec!["", "ORDER BY 1", "ORDER BY COUNT(*) DESC, a", "ORDER BY c LIMIT 3", "LIMIT 3 OFFSET 2", "ORDER BY NTILE(2) OVER (ORDER BY c)",
            "UNION SELECT a, b FROM h ORDER BY 1", "EXCEPT ALL (SELECT a FROM h) LIMIT 2", "INTERSECT SELECT x FROM (SELECT x FROM g) AS t", "LIMIT 99999999999"]),
    )) {
        let (items, from, filter, groups, order) = clauses;
        let statement = format!("SELECT {items} FROM {from} {filter} {groups} {order}");
        if let Err(error) = sql_plan(&statement, None) {
            prop_assert!(error.location(&statement).end_char_offset <= statement.chars().count(), "{statement}");
        }
    }
}

#[test]
fn nesting_has_an_end() {
    let nested = format!("SELECT {}a{} FROM g", "(".repeat(200), ")".repeat(200));
    assert!(sql_plan(&nested, None).is_err());
    let within = "SELECT a FROM (".repeat(200) + "g" + &")".repeat(200);
    assert!(sql_plan(&within, None).is_err());
    let nots = format!("SELECT a FROM g WHERE {}a", "NOT ".repeat(1000));
    assert!(sql_plan(&nots, None).is_err());
    let sums = format!("SELECT a{} FROM g", " + a".repeat(1000));
    assert!(sql_plan(&sums, None).is_err());
    let selects = |body: fn(usize) -> String, count| {
        let named: Vec<String> = (1..count).map(|at| format!("t{at} AS ({})", body(at - 1))).collect();
        format!("WITH t0 AS (SELECT a FROM g), {} SELECT a FROM t{}", named.join(", "), count - 1)
    };
    let one = |before| format!("SELECT a FROM t{before}");
    assert!(sql_plan(&selects(one, 25), None).is_ok());
    assert!(sql_plan(&selects(one, 35), None).is_err());
    let two = |before| format!("SELECT a FROM t{before} UNION SELECT a FROM t{before}");
    assert!(sql_plan(&selects(two, 2), None).is_ok());
    let error = sql_plan(&selects(two, 40), None).expect_err("is too much");
    assert!(error.to_string().starts_with("WITH names SELECTs"), "{error}");
    let alternatives = format!("SELECT a FROM g WHERE a = 0{}", " OR a = 1".repeat(900));
    assert!(sql_plan(&alternatives, None).is_ok());
}

/// What is said once and written out twice, within itself: each level would be twice as large as the one inside.
#[test]
fn copies_have_an_end() {
    let around = |open: &str, close: &str, levels: usize| {
        format!("SELECT a FROM g WHERE {}a{}", open.repeat(levels), close.repeat(levels))
    };
    let wide = format!("concat({})", ["a"; 60].join(","));
    let stars = format!("{}SELECT a FROM g{}", "SELECT *, * FROM (".repeat(12), ") AS t".repeat(12));
    for statement in [
        around("(", " BETWEEN 0 AND 1)", 28),
        around("(", " <=> 1)", 12),
        around("(", " IS DISTINCT FROM 1)", 12),
        around("var_samp(", ")", 28),
        format!("SELECT VARIANCE(a) FILTER (WHERE {}a{}) FROM g", "(".repeat(20), " <=> 1)".repeat(20)),
        around("decode(", ", 1, 2)", 12),
        around("CASE ", " WHEN 1 THEN 2 WHEN 2 THEN 1 END", 28),
        format!("SELECT CASE {wide}{} END FROM g", " WHEN 1 THEN 2".repeat(600)),
        format!("SELECT decode({wide}{}) FROM g", ", 1".repeat(600)),
        format!("SELECT elt({wide}{}) FROM g", ", 1".repeat(600)),
        format!("SELECT a FROM g WHERE {wide} LIKE ANY ('b'{})", ", 'b'".repeat(600)),
        stars,
    ] {
        let error = sql_plan(&statement, None).expect_err("is too large").to_string();
        let is_of_size = error.starts_with("the expression is") || error.ends_with("than 1000 columns");
        assert!(is_of_size, "{error}: {statement}");
    }
}

#[test]
fn lists_of_patterns_hold_no_lists() {
    let statement = "SELECT a FROM g WHERE a LIKE ANY ('x', ALL ('y', 'z'))";
    let error = sql_plan(statement, None).expect_err("is no pattern");
    assert_eq!(error.to_string(), "expected a string, found ALL");
    assert_eq!(&statement[error.span.start..error.span.end], "ALL");
    let patterns = |count| format!("SELECT a FROM g WHERE a LIKE ANY ('x'{})", ", 'x'".repeat(count));
    assert!(sql_plan(&patterns(1500), None).is_ok());
}

/// What a statement begins with, and what opens something behind it.
#[rustfmt::skip]
const OPENS: &[(&str, &str)] = &[
    ("", "("), ("", "SELECT "), ("", "(SELECT a FROM g UNION "), ("", "SELECT a FROM g UNION ("), ("", "WITH a AS ("),
    ("SELECT ", "("), ("SELECT ", "NOT "), ("SELECT ", "!"), ("SELECT ", "-"), ("SELECT ", "- "), ("SELECT ", "+"), ("SELECT ", "/*"),
    ("SELECT a", "["), ("SELECT a", "[a"), ("SELECT a", ".b"), ("SELECT ", "a."), ("SELECT ", "a IS "), ("SELECT ", "a BETWEEN "),
    ("SELECT ", "CASE "), ("SELECT CASE ", "WHEN "), ("SELECT ", "CASE WHEN "), ("SELECT ", "CASE a=CASE "), ("SELECT ", "CASE a IN (CASE "),
    ("SELECT ", "CAST("), ("SELECT ", "a=CAST("), ("SELECT ", "a IN (CAST("), ("SELECT ", "if("), ("SELECT ", "upper("), ("SELECT ", "trim("),
    ("SELECT ", "extract("), ("SELECT ", "position("), ("SELECT ", "trim(a FROM "), ("SELECT ", "overlay(a PLACING "), ("SELECT ", "a MOD if("),
    ("SELECT ", "a+("), ("SELECT ", "a||"), ("SELECT ", "a AND "), ("SELECT ", "a="), ("SELECT ", "a IN ("), ("SELECT ", "(a, "),
    ("SELECT ", "SUM(a) OVER ("), ("SELECT ", "SUM(a) OVER (ORDER BY "), ("SELECT ", "SUM(a) OVER (PARTITION BY "),
    ("SELECT ", "SUM(a) FILTER (WHERE "), ("SELECT ", "PERCENTILE_CONT(1) WITHIN GROUP (ORDER BY "),
    ("SELECT ", "INTERVAL "), ("SELECT ", "INTERVAL -"), ("SELECT ", "json_tuple("),
    ("SELECT from_json(a, '", "array<"), ("SELECT from_json(a, '", "struct<a:"),
    ("SELECT ", "(SELECT "), ("SELECT ", "(SELECT a+"), ("SELECT ", "EXISTS (SELECT "), ("SELECT ", "EXISTS (SELECT a FROM g WHERE "),
    ("SELECT a FROM g WHERE ", "a IN (SELECT a FROM g WHERE "), ("SELECT a FROM g WHERE ", "CAST((SELECT a FROM g WHERE "),
    ("SELECT a FROM g WHERE a LIKE ", "ANY ("), ("SELECT a FROM g WHERE a LIKE ", "ALL("), ("SELECT a FROM g WHERE ", "a LIKE ANY("),
    ("SELECT a FROM ", "("), ("SELECT a FROM ", "(SELECT a FROM "), ("SELECT a FROM g AS x ", "JOIN g AS y ON x.a=y.a "),
    ("SELECT a FROM g AS x ", "JOIN (SELECT a FROM g AS x "), ("SELECT a FROM g ", "UNION SELECT a FROM g "),
    ("SELECT a FROM g ", "INTERSECT SELECT a FROM g "), ("SELECT a FROM g GROUP BY ", "("), ("SELECT a FROM g ORDER BY ", "("),
    ("SELECT a FROM g GROUP BY ", "GROUPING SETS ("), ("SELECT a FROM g GROUP BY GROUPING SETS (", "("), ("SELECT a FROM g GROUP BY ", "ROLLUP("),
    ("SELECT a FROM g GROUP BY ", "CUBE(a, "), ("SELECT a FROM g GROUP BY ROLLUP(", "(a,"), ("SELECT ", "SUM(DISTINCT "),
    ("SELECT ", "PERCENTILE_DISC(1) WITHIN GROUP (ORDER BY -"), ("SELECT ", "VARIANCE(a) FILTER (WHERE "),
    ("SELECT a FROM `filterIndex", "("), ("SELECT a FROM `filterIndex(", "not "), ("SELECT a FROM `logGroups", "("),
    ("SELECT a FROM `logGroups(namePrefix: ", "["),
];

/// Whatever opens again and again in the longest of statements is refused, and the stack has room for it.
#[test]
fn whatever_opens_has_an_end() {
    for (before, opens) in OPENS {
        let opened = format!("{before}{}", opens.repeat(6000 / opens.len()));
        let room = QUERY_CHARS_MAX - 10 - opened.len();
        for (inside, closes) in [("", " "), ("a", ")"), ("a", " END"), ("a FROM g", ")"), ("a", "]")] {
            let statement = format!("{opened}{inside}{}", closes.repeat(room / closes.len()));
            assert!(sql_plan(&statement, None).is_err(), "{opens}");
        }
    }
}
