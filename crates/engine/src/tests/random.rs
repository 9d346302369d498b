//! Random queries over random events.

use proptest::prelude::*;
use proptest::sample::select;

use super::world::{Sealing, World};

pub(super) const NUMBERS: &[&str] =
    &["bytes", "packets", "srcPort", "dstPort", "protocol", "status", "startTime", "nosuch", "n"];
pub(super) const TEXTS: &[&str] =
    &["srcAddr", "dstAddr", "action", "logStatus", "interfaceId", "user", "items", "@message", "@logStream"];
pub(super) const WORDS: &[&str] = &["ACCEPT", "-", "10.0.0.1", "2001:db8::1", "ann", "eni", "", "22", "1"];

fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![select(NUMBERS).prop_map(str::to_string), (0..60i64).prop_map(|n| n.to_string())];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), select(vec!["+", "-", "*", "/", "%"]), inner.clone())
                .prop_map(|(left, operator, right)| format!("({left} {operator} {right})")),
            inner.clone().prop_map(|inner| format!("abs({inner})")),
            inner.clone().prop_map(|inner| format!("toInt({inner})")),
            (inner.clone(), inner).prop_map(|(left, right)| format!("greatest({left}, {right})")),
            select(TEXTS).prop_map(|field| format!("strlen({field})")),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(TEXTS).prop_map(str::to_string),
        select(WORDS).prop_map(|word| format!("\"{word}\"")),
        (select(TEXTS), select(NUMBERS)).prop_map(|(left, right)| format!("concat({left}, \"/\", {right})")),
        (select(TEXTS), 0..4usize).prop_map(|(field, start)| format!("substr({field}, {start}, 3)")),
        (select(TEXTS), select(TEXTS)).prop_map(|(left, right)| format!("coalesce({left}, {right})")),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let operator = || select(vec!["=", "!=", "<", "<=", ">", ">="]);
    let negation = || select(vec!["", "not "]);
    let list = prop::collection::vec(
        prop_oneof![
            (0..60i64).prop_map(|n| n.to_string()),
            select(WORDS).prop_map(|word| format!("\"{word}\""))
        ],
        0..4,
    );
    let field = || prop_oneof![select(NUMBERS), select(TEXTS)];
    let leaf = prop_oneof![
        (number(), operator(), number())
            .prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
        (text(), operator(), text()).prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
        (field(), operator(), select(WORDS))
            .prop_map(|(left, operator, word)| format!("{left} {operator} \"{word}\"")),
        (text(), operator(), number())
            .prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
        (field(), negation(), select(WORDS))
            .prop_map(|(field, not, word)| format!("{field} {not}like \"{word}\"")),
        (field(), negation()).prop_map(|(field, not)| format!("{field} {not}like /(?i)a|1/")),
        (field(), negation(), list)
            .prop_map(|(field, not, list)| format!("{field} {not}in [{}]", list.join(", "))),
        (field(), negation(), 0..60i64).prop_map(|(field, not, from)| {
            let many: Vec<String> = (from..from + 70).map(|n| n.to_string()).collect();
            format!("{field} {not}in [\"ann\", \"-\", {}]", many.join(", "))
        }),
        field().prop_map(|field| format!("ispresent({field})")),
        field().prop_map(|field| format!("isIpv4InSubnet({field}, \"10.0.0.0/8\")")),
        number(),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} and {right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} or {right})")),
            inner.prop_map(|inner| format!("not ({inner})")),
        ]
    })
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => number(),
        3 => text(),
        1 => condition().prop_map(|condition| format!("({condition})")),
        1 => (condition(), select(NUMBERS)).prop_map(|(condition, field)| format!("if({condition}, {field}, 0)")),
        1 => (condition(), text(), text()).prop_map(|(condition, a, b)| format!("case({condition}, {a}, {b})")),
        1 => Just("bin(1m)".to_string()),
    ]
}

fn plain_step() -> impl Strategy<Value = String> {
    prop_oneof![
        condition().prop_map(|condition| format!("filter {condition}")),
        value().prop_map(|value| format!("fields {value} as n")),
        (select(TEXTS), select(vec!["user", "status as n", "user as srcAddr, status"]))
            .prop_map(|(field, outputs)| format!("lookup hosts srcAddr as {field} OUTPUT {outputs}")),
        (
            select(TEXTS),
            select(vec!["OUTPUT", "OUTPUTNEW"]),
            select(vec!["owner as user", "n", "n as bytes, owner"])
        )
            .prop_map(|(field, output, outputs)| format!("cidrlookup networks {field} {output} {outputs}")),
        Just("parse @message \"*.*.\" as n, user".to_string()),
        Just("parse @message /(?<n>[0-9]+) (?<user>[A-Z]+)/".to_string()),
        Just("parse @message csv as n, user".to_string()),
        (select(TEXTS), select(vec!["a", "id", "user.id", "[0]"]))
            .prop_map(|(field, path)| format!("json field={field} \"{path}\" as n")),
    ]
}

fn events_step() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => plain_step(),
        1 => (value(), select(vec!["", "not "]), subquery())
            .prop_map(|(value, not, query)| format!("filter ({value}) {not}in ({query})")),
    ]
}

/// A query of one column, within another.
fn subquery() -> impl Strategy<Value = String> {
    let field = || prop_oneof![select(NUMBERS), select(TEXTS)];
    prop_oneof![
        field().prop_map(|field| format!("SOURCE 'g' | fields {field}")),
        (condition(), field()).prop_map(|(condition, field)| format!("filter {condition} | display {field}")),
        (select(NUMBERS), field()).prop_map(|(number, group)| {
            format!(
                "SOURCE g | stats max({number}) as m, count(*) as c by {group} | filter c > 1 | display m"
            )
        }),
        (sort(), field()).prop_map(|(sort, field)| format!("{sort} | limit 3 | display {field}")),
    ]
}

/// Rows of another query beside those of this one.
fn joined() -> impl Strategy<Value = String> {
    let field = || prop_oneof![select(NUMBERS), select(TEXTS)];
    let kind = || select(vec!["inner", "left"]);
    let last = || {
        select(vec![
            "fields a.bytes, b.bytes, b.n, b.@timestamp, user | sort b.bytes, b.@timestamp, b.n, b.user",
            "stats count(*) as c, sum(b.bytes), earliest(b.n) by a.action, b.protocol",
            "filter b.bytes > bytes or b.n = a.n | stats count(*), max(b.@timestamp)",
            "limit 7 | display b.user, a.user, b.n * 2",
        ])
    };
    prop_oneof![
        (kind(), field(), field(), plain_step(), last()).prop_map(|(kind, one, other, step, last)| {
            format!("join type={kind} left=a right=b where a.{one}=b.{other} (SOURCE 'g' | {step}) | {last}")
        }),
        (kind(), select(NUMBERS), field(), field(), last()).prop_map(|(kind, number, one, other, last)| {
            format!(
                "join type={kind} left=a right=b where b.{one}=a.{one} and a.{other}=b.{other} \
                 (SOURCE 'g' | stats max({number}) as bytes, count(*) as n by {one}, {other}) | {last}"
            )
        }),
        (stats(), stats(), select(vec!["true", "false"]), 1..4usize).prop_map(
            |(one, other, overrides, rows)| {
                format!("{one} | appendcols override={overrides} max={rows} ({other})")
            }
        ),
        (sort(), field(), sort()).prop_map(|(one, field, other)| {
            format!("fields user | {one} | appendcols ({other} | display {field} as user, {field} as x)")
        }),
    ]
}

/// What is usual and what is not.
fn unusual() -> impl Strategy<Value = String> {
    let field = || prop_oneof![select(NUMBERS), select(TEXTS)];
    // The second begins in the middle of the events.
    let other = || {
        select(vec![
            "diff",
            "diff previousMonth",
            "logcompare timeshift 581469800s",
            "logcompare timeshift 1d",
        ])
    };
    prop_oneof![
        text().prop_map(|text| format!("fields {text} as x | pattern x")),
        (field(), other()).prop_map(|(field, other)| format!("pattern {field} | {other}")),
        (
            other(),
            select(vec!["sort @difference, @pattern", "filter @sampleCount > 1", "stats sum(@difference)"])
        )
            .prop_map(|(other, last)| format!("{other} | {last}")),
        (field(), select(vec!["sort @pattern | ", "filter @sampleCount > 2 | ", ""]))
            .prop_map(|(field, between)| format!("pattern {field} | {between}anomaly")),
        condition().prop_map(|condition| format!("relevantfields where {condition}")),
        (field(), field(), condition()).prop_map(|(one, other, condition)| format!(
            "relevantfields {one}, {other}, n where {condition}"
        )),
        (stats(), select(vec!["a0 > 1", "ispresent(a0)"])).prop_map(|(stats, condition)| format!(
            "{stats} | display a0, a1 | relevantfields where {condition}"
        )),
        condition().prop_map(|condition| format!("filter {condition} | estimate")),
        (select(TEXTS), select(WORDS))
            .prop_map(|(field, word)| format!("filterIndex {field} = \"{word}\" | stats count(*)")),
    ]
}

/// A SELECT.
fn sql() -> impl Strategy<Value = String> {
    let field = || prop_oneof![select(NUMBERS), select(TEXTS)].prop_map(|name| format!("`{name}`"));
    let number = || select(NUMBERS).prop_map(|name| format!("`{name}`"));
    // Without a query in it.
    let test = || {
        prop_oneof![
            (number(), select(vec!["=", "<>", "<", ">="]), 0..60i64)
                .prop_map(|(field, operator, n)| format!("{field} {operator} {n}")),
            (
                field(),
                select(vec![
                    "LIKE '10.%'",
                    "NOT LIKE '%1'",
                    "IS NULL",
                    "IS NOT NULL",
                    "IN (22, 'ann', '-')",
                    "<> '2001:db8::1'"
                ])
            )
                .prop_map(|(field, test)| format!("{field} {test}")),
            (number(), 0..20i64, 0..60i64)
                .prop_map(|(field, low, high)| format!("{field} NOT BETWEEN {low} AND {high}")),
            (field(), field()).prop_map(|(one, other)| format!("NOT ({one} = {other} OR {other} > {one})")),
            (field(), field(), select(vec!["IS TRUE", "IS NOT FALSE", "IS UNKNOWN", "IS NULL", "= true"]))
                .prop_map(|(one, other, what)| format!("NOT ({one} < {other}) {what}")),
            (
                field(),
                select(vec!["NOT IN (22, NULL)", "LIKE ANY ('1%', '%a%')", "NOT LIKE ALL ('1%', 'a%')"])
            )
                .prop_map(|(field, test)| format!("NOT {field} {test}")),
            (field(), field()).prop_map(|(one, other)| format!(
                "NOT ({one} IN ('ann', {other}) AND {other} IS DISTINCT FROM 6)"
            )),
        ]
    };
    let condition = || {
        prop_oneof![
            4 => test(),
            1 => (field(), field()).prop_map(|(one, other)| format!("{one} IN (SELECT {other} FROM g)")),
        ]
    };
    let aggregate = || {
        prop_oneof![
            4 => (select(vec!["COUNT", "SUM", "MAX", "MIN", "AVG"]), number())
                .prop_map(|(name, field)| format!("{name}({field})")),
            1 => (select(vec!["MAX", "MIN", "ANY_VALUE", "VAR_SAMP", "STDDEV_POP", "MEDIAN"]), field())
                .prop_map(|(name, field)| format!("{name}({field})")),
            1 => (select(vec!["SUM", "AVG", "STDDEV_POP", "COUNT", "MEDIAN"]), field())
                .prop_map(|(name, field)| format!("{name}(DISTINCT {field})")),
            1 => (field(), field(), test())
                .prop_map(|(one, other, test)| format!("COUNT(DISTINCT {one}, {other}) FILTER (WHERE {test})")),
            1 => (select(vec!["CONT", "DISC"]), 0..=10u32, field(), select(vec!["", " DESC"]))
                .prop_map(|(name, tenths, field, down)| format!(
                    "PERCENTILE_{name}({}) WITHIN GROUP (ORDER BY {field}{down})",
                    f64::from(tenths) / 10.0
                )),
            1 => (select(vec!["COUNT_IF", "BOOL_AND", "BOOL_OR", "COUNT"]), test())
                .prop_map(|(name, test)| format!("{name}({test})")),
        ]
    };
    let extra = || select(vec!["", " AND B.bytes > 60", " AND B.status IS NULL AND NOT B.srcPort = 22"]);
    prop_oneof![
        (field(), field(), select(vec!["LEFT", "INNER"]), extra(), test()).prop_map(|(a, b, kind, extra, when)| format!(
            "SELECT {a}, B.{b}, COUNT(*) FROM g AS A {kind} JOIN g AS B ON a.{a} = B.{b}{extra} WHERE {when} GROUP BY {a}, B.{b}"
        )),
        (field(), field(), test()).prop_map(|(a, b, when)| format!(
            "SELECT {a}, MAX({b}) AS m, {when} AS t FROM g JOIN (SELECT {a}, {b} FROM g) AS B USING ({a}) GROUP BY {a}, {when} ORDER BY 1, 2, t"
        )),
        (field(), test(), test()).prop_map(|(a, one, other)| format!(
            "SELECT g.{a}, {one} AS x, NOT ({other}) AS y, CASE WHEN NOT {other} THEN 1 END AS z FROM g WHERE NOT ({one} AND {other})"
        )),
        (field(), number(), condition(), field())
            .prop_map(|(a, b, when, by)| format!("SELECT {a}, {b} + 1 AS b FROM g WHERE {when} ORDER BY b DESC, {by} LIMIT 9 OFFSET 2")),
        (field(), aggregate(), condition(), aggregate()).prop_map(|(by, shown, when, having)| format!(
            "SELECT {by} AS k, {shown} AS s, COUNT(*) FROM g WHERE {when} GROUP BY {by} HAVING {having} > 10 ORDER BY COUNT(*), k"
        )),
        (field(), field(), aggregate(), select(vec!["LEFT", "INNER"])).prop_map(|(a, b, shown, kind)| format!(
            "SELECT A.{a}, {shown} FROM g AS A {kind} JOIN g AS B ON A.{a} = B.{b} GROUP BY A.{a} ORDER BY 1"
        )),
        (field(), field(), aggregate(), test(), select(vec![
            "ROLLUP($a, $b)", "CUBE($b, $a)", "$a, ROLLUP($b)", "GROUPING SETS(($a, $b), $a, ())", "$a, $b WITH CUBE", "GROUPING SETS(($b), ($b), ($a))",
            "window(`@timestamp`, '1 minute'), ROLLUP($a, $b)", "window(`@timestamp`, '2 minutes', '50 seconds'), $a, CUBE($b)",
        ])).prop_map(|(a, b, shown, when, sets)| format!(
            "SELECT {a} AS a, {b} AS b, {shown} AS s, COUNT(*) FROM g WHERE {when} GROUP BY {} ORDER BY 1, b DESC",
            sets.replace("$a", &a).replace("$b", &b)
        )),
        (field(), field()).prop_map(|(a, b)| format!("SELECT DISTINCT {a}, {b} FROM g ORDER BY 1, 2")),
        (field(), number(), aggregate(), test()).prop_map(|(a, by, most, when)| format!(
            "SELECT {a}, (SELECT {most} FROM g) AS m FROM g WHERE {by} >= (SELECT {most} FROM g WHERE {when}) ORDER BY {by}, {a}"
        )),
        (field(), field(), test(), select(vec!["EXISTS", "NOT EXISTS"])).prop_map(|(a, b, when, asked)| format!(
            "SELECT A.{b} AS b, COUNT(*) FROM g AS A WHERE {asked} (SELECT 1 FROM g AS B WHERE B.{b} = A.{a} AND {when}) GROUP BY A.{b}"
        )),
        (field(), field(), field(), field(), select(vec!["IN", "NOT IN"])).prop_map(|(a, b, c, d, asked)| format!(
            "SELECT A.{a} FROM g AS A WHERE A.{a} {asked} (SELECT B.{b} FROM g AS B WHERE A.{c} = B.{d}) ORDER BY A.{a}"
        )),
        (field(), field(), aggregate(), aggregate(), test()).prop_map(|(a, b, one, other, when)| format!(
            "SELECT A.{a}, (SELECT {one} + COUNT(*) FROM g AS B WHERE B.{b} = A.{a} AND {when}) AS n, (SELECT {other} FROM g AS B WHERE B.{a} = A.{a} AND A.{b} = B.{b}) AS m FROM g AS A"
        )),
        (field(), field(), number(), aggregate(), select(vec![">=", "<", "="])).prop_map(|(a, b, n, most, operator)| format!(
            "SELECT A.{a}, COUNT(*) FROM g AS A WHERE A.{n} {operator} (SELECT {most} FROM g AS B WHERE B.{b} = A.{b}) GROUP BY A.{a}"
        )),
        (field(), aggregate(), test()).prop_map(|(by, most, when)| format!(
            "WITH t (k, m) AS (SELECT {by}, {most} FROM g WHERE {when} GROUP BY {by}) SELECT k, m FROM t WHERE m >= (SELECT AVG(m) FROM t)"
        )),
        (field(), test(), condition()).prop_map(|(by, when, other)| format!(
            "SELECT {by}, COUNT(*) FROM g WHERE EXISTS (SELECT {by} FROM g WHERE {when}) OR {other} GROUP BY {by}"
        )),
    ]
}

/// Functions of SQL over one or two values.
const CALLS: &[&str] = &[
    "array($a, $b, '07')",
    "array_join(array_distinct(array($a, $b, $a)), '/', '?')",
    "array_max(array($a, $b))",
    "sort_array(array($a, null, $b), false)",
    "split($a, '[.n]')[0]",
    "size(split($a, '1'))",
    "get_json_object(to_json(named_struct('a', $a, 'b', array($b))), '$.b[0]')",
    "from_json(to_json(named_struct('a', $a)), 'a STRING').a",
    "json_object_keys(to_json(named_struct($a, 1)))",
    "regexp_extract($a, '([0-9]+)')",
    "regexp_replace($a, '([0-9])', '<$1>')",
    "lpad($a, 6, $b)",
    "substr($a, -3, 2)",
    "substring_index($a, '.', 2)",
    "format_string('%5s|%-4s|', $a, $b)",
    "format_number($a, 1)",
    "to_char($a, '999G999')",
    "mask($a)",
    "hex($a)",
    "conv($a, 10, 2)",
    "levenshtein($a, $b)",
    "concat_ws('-', $a, $b)",
    "date_trunc('DD', $a)",
    "date_add(`@timestamp`, $a)",
    "to_date($a)",
    "date_format(`@timestamp`, 'd MMM yyyy H:mm')",
    "hour(`@timestamp`)",
    "datediff(`@timestamp`, from_unixtime($a))",
    "width_bucket($a, 0, 100, 7)",
    "bround($a / 7, 1)",
    "$a DIV 7",
    "to_date($a) + 1",
    "`@timestamp` - INTERVAL 90 MINUTES",
    "pmod($a, $b)",
    "elt($a, $b, 'x')",
    "decode($a, $b, 'same', 22, 'ssh', 'other')",
    "boolean($a)",
    "CAST($a AS decimal(9, 2))",
    "nvl2($a, $b, 'none')",
    "$a <=> $b",
    "contains($a, '1')",
    "array_contains(array($a, 22), $b)",
    "concat($a, '/', $b)",
    "$a || $b",
    "greatest($a, $b, 'm')",
    "least($a, $b)",
    "$a = $b",
    "NOT ($a > $b OR $b IS NULL)",
    "$a NOT IN ($b, NULL, 22)",
    "size(items)",
];

/// A SELECT with functions of SQL.
fn calls() -> impl Strategy<Value = String> {
    let field = || prop_oneof![select(NUMBERS), select(TEXTS)].prop_map(|name| format!("`{name}`"));
    let called = || {
        (select(CALLS), field(), field()).prop_map(|(call, a, b): (&str, String, String)| {
            format!("({})", call.replace("$a", &a).replace("$b", &b))
        })
    };
    prop_oneof![
        3 => (called(), called(), called()).prop_map(|(a, b, c)| format!("SELECT {a} AS x, {b} AS y, {c} AS z FROM g")),
        1 => (called(), field()).prop_map(|(call, by)| format!("SELECT {by}, COUNT(*) FROM g WHERE {call} = {by} OR {call} > '2' GROUP BY {by}")),
        1 => (called(), called(), field()).prop_map(|(a, b, by)| format!(
            "SELECT {by} AS k, COUNT({a}) FILTER (WHERE {b} IS NOT NULL) AS c, MAX({a}) FROM g GROUP BY {by}"
        )),
        1 => (called(), field()).prop_map(|(call, by)| format!(
            "SELECT length({call}), SUM({by}) FROM g GROUP BY length({call}) ORDER BY 1"
        )),
    ]
}

const SETS: &[&str] = &["UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL"];

/// A SELECT with windows or set operators.
fn windows() -> impl Strategy<Value = String> {
    let field = || prop_oneof![select(NUMBERS), select(TEXTS)].prop_map(|name| format!("`{name}`"));
    let function = || {
        prop_oneof![
            select(vec![
                "RANK()",
                "DENSE_RANK()",
                "ROW_NUMBER()",
                "PERCENT_RANK()",
                "CUME_DIST()",
                "COUNT(*)"
            ])
            .prop_map(str::to_string),
            (1..6usize).prop_map(|parts| format!("NTILE({parts})")),
            (select(vec!["LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE"]), field())
                .prop_map(|(name, field)| format!("{name}({field})")),
            (select(vec!["LAG", "LEAD"]), field(), 0..3usize, select(vec!["'-'", "0", "`user`"]))
                .prop_map(|(name, field, rows, default)| format!("{name}({field}, {rows}, {default})")),
            (field(), 1..5usize).prop_map(|(field, row)| format!("NTH_VALUE({field}, {row})")),
            (select(vec!["SUM", "AVG", "MIN", "MAX", "COUNT", "STDDEV", "VARIANCE"]), field())
                .prop_map(|(name, field)| format!("{name}({field})")),
        ]
    };
    let number = || select(NUMBERS).prop_map(|name| format!("`{name}`"));
    let partition = || prop_oneof![Just(String::new()), field().prop_map(|by| format!("PARTITION BY {by} "))];
    let order = prop::collection::vec((field(), select(vec!["", " DESC"])), 1..3)
        .prop_map(|keys| keys.iter().map(|(key, way)| format!("{key}{way}")).collect::<Vec<_>>().join(", "));
    let window = || {
        (function(), partition(), order.clone())
            .prop_map(|(function, by, order)| format!("{function} OVER ({by}ORDER BY {order})"))
    };
    let unordered = (select(vec!["SUM", "MIN", "LAST_VALUE", "FIRST_VALUE"]), field(), partition())
        .prop_map(|(name, field, by)| format!("{name}({field}) OVER ({by})"));
    let end = || select(vec!["1 PRECEDING", "CURRENT ROW", "1 FOLLOWING", "3 FOLLOWING"]);
    let frame = prop_oneof![
        end().prop_map(|end| format!("ROWS BETWEEN 2 PRECEDING AND {end}")),
        end().prop_map(|end| format!("ROWS BETWEEN UNBOUNDED PRECEDING AND {end}")),
        end().prop_map(|end| format!("ROWS BETWEEN {end} AND UNBOUNDED FOLLOWING")),
        select(vec![
            "RANGE CURRENT ROW",
            "RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
            "ROWS UNBOUNDED PRECEDING"
        ])
        .prop_map(str::to_string),
    ];
    let framed = (
        select(vec!["SUM", "AVG", "MIN", "MAX", "COUNT", "STDDEV", "FIRST_VALUE", "LAST_VALUE"]),
        field(),
        partition(),
        order.clone(),
        frame,
    )
        .prop_map(|(name, field, by, order, frame)| {
            format!("{name}({field}) OVER ({by}ORDER BY {order} {frame})")
        });
    let passing =
        (select(vec!["LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE"]), field(), partition(), order.clone())
            .prop_map(|(name, field, by, order)| {
                format!("{name}({field}) IGNORE NULLS OVER ({by}ORDER BY {order})")
            });
    let counted = |name: &str| format!("{name} OVER (ORDER BY COUNT(*) DESC)");
    let counted =
        select(vec!["RANK()", "ROW_NUMBER()", "LAG(k)", "LAST_VALUE(k)", "SUM(COUNT(*))", "NTILE(2)"])
            .prop_map(counted);
    prop_oneof![
        3 => (field(), window(), window())
            .prop_map(|(a, one, other)| format!("SELECT {a}, {one} AS x, {other} AS y FROM g")),
        1 => (window(), unordered)
            .prop_map(|(one, other)| format!("SELECT {one} AS x, {other} AS y FROM g ORDER BY x LIMIT 5")),
        1 => (framed, passing, window(), field()).prop_map(|(one, other, third, by)| format!(
            "SELECT {by} AS a, {one} AS x, {other} AS y, {third} AS z FROM g ORDER BY a DESC NULLS FIRST, x NULLS LAST"
        )),
        1 => (window(), field())
            .prop_map(|(window, by)| format!("SELECT {window} AS x FROM (SELECT * FROM g ORDER BY {by} LIMIT 9) AS t")),
        1 => window().prop_map(|window| format!("SELECT n FROM (SELECT {window} AS n FROM g) AS t WHERE n > 1")),
        1 => window().prop_map(|window| format!("SELECT DISTINCT {window} AS n FROM g ORDER BY n")),
        1 => (field(), field(), window(), select(SETS))
            .prop_map(|(a, b, window, operator)| format!("SELECT {a}, {window} AS x FROM g {operator} SELECT {b}, {b} FROM g ORDER BY 1, x")),
        1 => (field(), field(), number(), select(SETS)).prop_map(|(a, b, by, operator)| format!(
            "SELECT {a} FROM g WHERE {by} > 20 {operator} (SELECT {b} FROM g ORDER BY {by} LIMIT 5) LIMIT 9"
        )),
        1 => (field(), field(), select(SETS)).prop_map(|(a, b, operator)| format!(
            "SELECT k, COUNT(*) FROM (SELECT {a} AS k FROM g {operator} SELECT {b} FROM g GROUP BY {b}) AS t GROUP BY k"
        )),
        1 => (field(), counted)
            .prop_map(|(by, window)| format!("SELECT {by} AS k, {window} AS r FROM g GROUP BY {by}")),
    ]
}

fn sort() -> impl Strategy<Value = String> {
    let key = (value(), select(vec!["", " asc", " desc"]))
        .prop_map(|(value, direction)| format!("{value}{direction}"));
    prop::collection::vec(key, 1..3).prop_map(|keys| format!("sort {}", keys.join(", ")))
}

fn stats() -> impl Strategy<Value = String> {
    let field = || prop_oneof![number(), text()];
    let names = vec![
        "count",
        "count_distinct",
        "sum",
        "avg",
        "min",
        "max",
        "stddev",
        "variance",
        "earliest",
        "latest",
        "sortsFirst",
        "sortsLast",
    ];
    let aggregate = prop_oneof![
        1 => Just("count(*)".to_string()),
        1 => field().prop_map(|field| format!("pct({field}, 50)")),
        6 => (select(names), field()).prop_map(|(name, field)| format!("{name}({field})")),
    ];
    // Lists and maps tell sums of fractions apart that differ in their last digits only: they read fields.
    let last = prop_oneof![
        4 => Just("count(*)".to_string()),
        1 => prop_oneof![select(TEXTS), select(NUMBERS)].prop_map(|field| format!("values({field})")),
        1 => select(NUMBERS).prop_map(|field| format!("histogram({field}, 3)")),
        1 => field().prop_map(|field| format!("rate({field}, 1m)")),
    ];
    let groups = prop::collection::vec(prop_oneof![field(), Just("bin(1m)".to_string())], 0..3);
    (prop::collection::vec(aggregate, 1..4), last, groups).prop_map(|(mut aggregates, last, groups)| {
        aggregates.push(last);
        let named = |(at, text): (usize, &String)| format!("{text} as a{at}");
        let aggregates: Vec<_> = aggregates.iter().enumerate().map(named).collect();
        let grouped = |(at, text): (usize, &String)| format!("{text} as g{at}");
        let groups: Vec<_> = groups.iter().enumerate().map(grouped).collect();
        let by = if groups.is_empty() { String::new() } else { format!(" by {}", groups.join(", ")) };
        format!("stats {}{by}", aggregates.join(", "))
    })
}

/// A command over several rows of log events.
fn rows_step() -> impl Strategy<Value = String> {
    let field = || prop_oneof![select(NUMBERS), select(TEXTS)];
    let fields = || prop::collection::vec(field(), 1..3).prop_map(|fields| fields.join(", "));
    let truth = || select(vec!["true", "false"]);
    let lag = (field(), 1..4usize, 0..3usize);
    prop_oneof![
        Just("fields split(srcAddr, \".\") as list | unnest list into n".to_string()),
        (field(), field())
            .prop_map(|(a, b)| format!("fields concat(\"[\", {a}, \",\", {b}, \"]\") as user | expand user")),
        field().prop_map(|field| format!("accum {field} as n")),
        select(TEXTS).prop_map(|field| format!("parse {field} /([0-9])[^0-9]/ as n multi")),
        select(TEXTS).prop_map(|field| format!("expand {field} | fields {field} as n")),
        field().prop_map(|field| format!("accum {field}")),
        lag.prop_map(|(field, first, more)| format!("autoregress {field} p={first}-{}", first + more)),
        fields().prop_map(|fields| format!("filldown {}", fields.replace('@', ""))),
        Just("filldown".to_string()),
        (truth(), truth(), fields())
            .prop_map(|(row, col, fields)| format!("addtotals row={row} col={col} fieldname=n {fields}")),
        (fields(), 1..200usize)
            .prop_map(|(keys, seconds)| format!("sessionize {keys} maxspan {}s as n", seconds.min(60))),
        (select(vec!["remove", "transform"]), 0..20usize, truth(), truth(), fields()).prop_map(
            |(action, tenths, lower, mark, fields)| format!(
                "outlier action={action} param={}.{} uselower={lower} mark={mark} {fields}",
                tenths / 10,
                tenths % 10
            )
        ),
    ]
}

/// A command over several rows that groups them first, or looks at groups.
fn grouped_rows() -> impl Strategy<Value = String> {
    let field = || prop_oneof![select(NUMBERS), select(TEXTS)];
    let fields = || prop::collection::vec(field(), 1..3).prop_map(|fields| fields.join(", "));
    prop_oneof![
        fields().prop_map(|fields| format!("countFrequent {fields}")),
        (1..5usize, select(TEXTS)).prop_map(|(count, field)| format!("stats topk({count}, {field}) as n")),
        (select(NUMBERS), 1..61usize).prop_map(|(field, seconds)| {
            format!("stats sum({field}) as n by bin({seconds}s) as t | fillmissing with 0 for n")
        }),
        (select(TEXTS), 1..61usize).prop_map(|(field, seconds)| {
            format!("stats count(*) as c by {field}, bin({seconds}s) as t | fillmissing | accum c as n")
        }),
        field().prop_map(|field| format!(
            "stats count(*) as n, max(bytes) as b by {field} | addtotals col=true n, b"
        )),
    ]
}

fn query() -> impl Strategy<Value = String> {
    let last = prop_oneof![
        (rows_step(), events_step()).prop_map(|(rows, events)| format!("{rows} | {events}")),
        (sort(), rows_step(), stats()).prop_map(|(sort, rows, stats)| format!("{sort} | {rows} | {stats}")),
        (rows_step(), rows_step(), sort())
            .prop_map(|(one, two, sort)| format!("{one} | {two} | {sort} | limit 5")),
        (rows_step(), value())
            .prop_map(|(rows, value)| format!("{rows} | display @timestamp, n, {value} as x | dedup n")),
        unusual(),
        unusual(),
        joined(),
        joined(),
        grouped_rows(),
        (grouped_rows(), select(vec!["sort n desc", "limit 2", "filter n > 1 | stats count(*)"]))
            .prop_map(|(rows, last)| format!("{rows} | {last}")),
        sort(),
        Just("sort @timestamp | limit 3".to_string()),
        (sort(), 1..5usize).prop_map(|(sort, limit)| format!("{sort} | limit {limit}")),
        text().prop_map(|key| format!("dedup {key}")),
        value().prop_map(|value| format!("display @timestamp, n, {value} as x")),
        stats(),
        stats().prop_map(|stats| format!("{stats} | sort a0 desc")),
        stats().prop_map(|stats| format!("{stats} | filter a0 > 1 | fields a0 * 2 as twice")),
    ];
    (prop::collection::vec(events_step(), 0..3), last).prop_map(|(mut steps, last)| {
        // A comparison with another time cannot follow a subquery.
        let compares = ["diff", "logcompare", "anomaly"].iter().any(|word| last.contains(word));
        steps.retain(|step| !compares || !step.contains(" in ("));
        steps.push(last);
        steps.join(" | ")
    })
}

fn record() -> impl Strategy<Value = String> {
    let address = || select(ADDRESSES);
    let port = || select(vec![22, 53, 443, 50000]);
    let flow = (address(), address(), port(), port(), select(vec![6, 17, 1]), 1..100i64, select(vec!["ACCEPT", "REJECT"]))
        .prop_map(|(source, target, from, to, protocol, packets, action)| {
            let bytes = packets * 60;
            format!("2 123456789010 eni-1 {source} {target} {from} {to} {protocol} {packets} {bytes} 1418530010 1418530070 {action} OK")
        });
    let nothing = select(vec!["NODATA", "SKIPDATA"])
        .prop_map(|status| format!("2 123456789010 eni-2 - - - - - - - 1418530010 1418530070 - {status}"));
    prop_oneof![5 => flow, 1 => nothing]
}

fn other() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..300i64, select(WORDS))
            .prop_map(|(n, word)| format!("{{\"bytes\": {n}, \"user\": \"{word}\", \"status\": 1.5}}")),
        select(WORDS).prop_map(|word| format!("{{\"status\": \"{word}\", \"action\": true}}")),
        (select(WORDS), 0..3i64).prop_map(|(word, n)| format!(
            "{{\"items\": [\"{word}\", {n}], \"user\": {{\"id\": {n}}}, \"n\": []}}"
        )),
        select(WORDS).prop_map(|word| format!("text {word} 10.1.2")),
    ]
}

const ADDRESSES: &[&str] = &["10.0.0.1", "10.0.0.2", "192.0.2.7", "2001:db8::1"];

/// A question for addresses that reads nothing else of them: nothing but the constant tells of which family they may be.
fn addresses() -> impl Strategy<Value = String> {
    let (field, address) = (select(vec!["srcAddr", "dstAddr"]), || select(ADDRESSES));
    let test = select(vec!["= '$a'", "!= '$a'", "in ['$a']", "not in ['$a', '$b']"]);
    let last =
        select(vec!["stats count(*)", "stats sum(bytes) by action", "stats count(*) by $f | filter $f $t"]);
    (field, address(), address(), test, last).prop_map(|(field, a, b, test, last)| {
        let test = test.replace("$a", a).replace("$b", b);
        format!("filter {field} {test} | {}", last.replace("$f", field).replace("$t", &test))
    })
}

pub(super) fn world() -> impl Strategy<Value = Vec<(i64, String, String)>> {
    let event = |message: BoxedStrategy<String>| {
        let time = (0..400i64).prop_map(|seconds| (1_418_530_000 + seconds) * 1000);
        (time, select(vec!["a".to_string(), "b".to_string()]), message)
    };
    let events = |message| prop::collection::vec(event(message), 0..24);
    prop_oneof![
        2 => events(record().boxed()),
        1 => events(other().boxed()),
        1 => events(prop_oneof![record(), other()].boxed()),
    ]
}

/// Few enough for every run; PROPTEST_CASES asks for more.
pub(super) fn config() -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(32),
    }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn random_queries_answer_as_the_interpreter_does(
        events in world(),
        queries in prop::collection::vec(prop_oneof![8 => query(), 1 => sql()], 2),
        sealing in select(vec![Sealing::None, Sealing::Memory]),
    ) {
        let world = World::new(&events, sealing);
        queries.iter().for_each(|query| world.check(query));
    }

    #[test]
    fn equality_of_addresses_answers_as_the_interpreter_does(
        events in world(),
        queries in prop::collection::vec(addresses(), 4),
        sealing in select(vec![Sealing::None, Sealing::Memory]),
    ) {
        let world = World::new(&events, sealing);
        queries.iter().for_each(|query| world.check(query));
    }

    #[test]
    fn windows_answer_as_the_interpreter_does(
        events in world(),
        queries in prop::collection::vec(windows(), 2),
        sealing in select(vec![Sealing::None, Sealing::Memory]),
    ) {
        let world = World::new(&events, sealing);
        queries.iter().for_each(|query| world.check(query));
    }

    #[test]
    fn functions_of_sql_answer_as_the_interpreter_does(
        events in world(),
        queries in prop::collection::vec(prop_oneof![2 => calls(), 1 => sql()], 3),
        sealing in select(vec![Sealing::None, Sealing::Memory]),
    ) {
        let world = World::new(&events, sealing);
        queries.iter().for_each(|query| world.check(query));
    }

    /// Whatever follows what, as far as the language takes it.
    #[test]
    fn mixtures_of_commands_answer_as_the_interpreter_does(
        events in world(),
        commands in prop::collection::vec(select(vec![
            "fields bytes, srcAddr as n", "fields jsonParse(@message) as m", "filter bytes > 70", "filter n in (fields status)",
            "stats count(*) as c, max(bytes) as bytes by srcAddr, bin(1m) as t", "stats values(srcPort) as v by action",
            "stats topk(2, srcAddr) as c", "join type=left left=a right=b where a.srcAddr=b.dstAddr (SOURCE g)",
            "appendcols override=true (stats count(*) as bytes by action)", "lookup hosts srcAddr OUTPUT user",
            "cidrlookup networks srcAddr OUTPUTNEW owner as user", "sort bytes desc, srcAddr", "dedup srcAddr", "unnest m into n",
            "unnest v into srcPort", "accum bytes", "autoregress bytes", "filldown", "fillmissing with 0 for c",
            "addtotals col=true", "sessionize srcAddr maxspan 30s", "outlier param=0.1 bytes", "countFrequent srcAddr, bytes",
            "pattern srcAddr", "diff", "anomaly", "relevantfields where bytes > 90", "limit 3", "display bytes, user, m.status, b.bytes",
            "parse @message logfmt as m", "parse @message csv as n, user", "parse @message /(?<n>[a-z]+)/ multi", "expand m",
            "parse @message '* * *' as x, y, z", "filterIndex action = 'ACCEPT'",
        ]), 1..6),
    ) {
        let query = commands.join(" | ");
        if weir_insights::plan(&query, None).is_ok() {
            World::new(&events, Sealing::Memory).check(&query);
        }
    }
}
