//! No statement panics, and errors are where something is wrong.

use proptest::prelude::*;

use super::sql_plan;

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = sql_plan(&text, None);
    }

    #[test]
    fn no_mixture_of_tokens_panics(words in prop::collection::vec(
        prop::sample::select(vec![
            "SELECT", "DISTINCT", "*", "FROM", "`g`", "g", "AS", "a", "b", "a.x", "b.y", "WHERE", "GROUP", "BY", "HAVING",
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
        prop::sample::select(vec!["", "GROUP BY a", "GROUP BY 1, 2", "GROUP BY c HAVING COUNT(*) > 1", "HAVING MAX(a) > 1"]),
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
