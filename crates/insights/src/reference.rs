//! The reference page of the language as this program runs it, written from its tables.

use std::fmt::Write;

use crate::aggregate::AGGREGATES;
use crate::discover::LAMBDA_FIELDS;
use crate::functions::{FUNCTIONS, Function, PPL_FUNCTIONS, SQL_FUNCTIONS};
use crate::ppl::function_names;
use crate::sql::SAME;

/// Statements of SQL and their meaning.
const STATEMENTS: &[(&str, &str)] = &[
    (
        "SELECT a, b + c AS d FROM `/vpc/flow` WHERE action = 'REJECT' ORDER BY d DESC LIMIT 20 OFFSET 20",
        "A log group is a table, its fields are columns; at most 10,000 rows. `*` is `@timestamp` and `@message`.",
    ),
    (
        "SELECT srcAddr, SUM(bytes) AS b FROM `/vpc/flow` GROUP BY srcAddr HAVING COUNT(*) > 1 ORDER BY 2",
        "Groups; `DISTINCT` too. The aggregates and functions below may be called, and those of SQL; an aggregate may have \
         `FILTER (WHERE ...)` behind it.",
    ),
    (
        "SELECT srcAddr, dstPort, SUM(bytes) AS b FROM `/vpc/flow` GROUP BY ROLLUP(srcAddr, dstPort)",
        "Several groupings at once, up to 64: `ROLLUP`, `CUBE` and `GROUPING SETS ((a, b), a, ())`, also beside each other and within, \
         `GROUP BY a, b WITH ROLLUP`. What a grouping has not is `NULL`.",
    ),
    (
        "SELECT window.start AS at, action, COUNT(*) AS n FROM `/vpc/flow` WHERE `@timestamp` >= '2024-01-31 12:00:00' GROUP BY window(`@timestamp`, '5 minutes'), action ORDER BY at",
        "Spans of time beside each other, with `window.end` too; of `window(a, '10 minutes', '5 minutes')` each begins five minutes \
         behind the last, and a row is in all that it lies in, up to 64. A text that is compared with a time is the time that it tells.",
    ),
    (
        "SELECT get_json_object(`@message`, '$.user.id') AS id, split(path, '/')[1] AS p, json_tuple(`@message`, 'a', 'b') FROM `a`",
        "Lists and maps in JSON: `a[0]` is an element, `f(a).b` a member.",
    ),
    (
        "SELECT CASE WHEN a <=> b THEN 1 ELSE a DIV 2 END AS n FROM `a` WHERE ! (c ILIKE 'x/%' ESCAPE '/' OR d RLIKE '^y')",
        "Operators. Literals of dates and times are `DATE '2024-01-31'`, `TIMESTAMP '2024-01-31 12:00:00'` and `INTERVAL 1 DAY`; \
         `CAST(a AS decimal(10, 2))` and its like convert.",
    ),
    (
        "SELECT A.id, B.user FROM `a` AS A LEFT OUTER JOIN `b` AS B ON A.id = B.id",
        "One join, `INNER` or `LEFT`, by equal columns, and further conditions behind `AND`: of a `LEFT JOIN` those of its right \
         side alone. A log group's name stands before its columns without `AS`, too; names of tables are the same in any case. A \
         column without one is that of the side that has it.",
    ),
    (
        "SELECT a.*, b.name FROM users AS a LEFT JOIN names AS b USING (id) WHERE NOT (a.age > 7 OR b.name LIKE ANY ('x%', 'y%')) IS TRUE",
        "What is compared with `NULL` is neither true nor false, and is shown as `NULL`.",
    ),
    (
        "SELECT COUNT_IF(n > 1), BOOL_AND(ok), FIRST(x) IGNORE NULLS, PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY n) AS \"p 90\" FROM `a`",
        "Aggregates by their names in Apache Spark: `FIRST` and `LAST` (of the events by time, absent values too unless they are \
         told to ignore them, as with `FILTER` they must be), `ANY_VALUE`, `MEDIAN`, `VARIANCE` and `STD` (of a sample), \
         `STDDEV_POP`, `BOOL_OR`, `EVERY` too.",
    ),
    (
        "SELECT SUM(DISTINCT n) AS s, COUNT(DISTINCT a, b), PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY n DESC) FILTER (WHERE n > 0) FROM `a`",
        "Of different values, or of values in an order; with a condition.",
    ),
    (
        "SELECT name, RANK() OVER (PARTITION BY dept ORDER BY pay DESC) AS r FROM `a` ORDER BY dept, r",
        "How a row stands among others: `ROW_NUMBER`, `RANK`, `DENSE_RANK`, `PERCENT_RANK`, `CUME_DIST`, `NTILE(n)`, \
         `LAG` and `LEAD(x[, rows[, default]])`, `FIRST_VALUE`, `LAST_VALUE`, `NTH_VALUE(x, n)`, `COUNT`, `SUM`, `AVG`, \
         `MIN`, `MAX`, `STDDEV`, `VARIANCE`; with `ORDER BY` over the rows up to the last equal one, else over all.",
    ),
    (
        "SELECT AVG(n) OVER (ORDER BY t ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS a, LAG(n) IGNORE NULLS OVER (ORDER BY t) AS b \
         FROM `a` ORDER BY b DESC NULLS FIRST",
        "Other frames: `ROWS` up to 10,000 rows away or to an end, `RANGE` of equal rows; in memory.",
    ),
    (
        "SELECT SUM(n) OVER (ORDER BY `@timestamp` RANGE BETWEEN INTERVAL 5 MINUTES PRECEDING AND CURRENT ROW) AS s FROM `a`",
        "Rows so far away by what they are ordered by: times, or numbers as in `RANGE 10 PRECEDING`; aggregates of up to \
         20,001 rows.",
    ),
    (
        "SELECT id FROM `a` UNION SELECT id FROM `b` ORDER BY id",
        "Rows as sets: `UNION`, `INTERSECT`, `EXCEPT` or `MINUS`, with `ALL` as often as they come; in memory, like a join.",
    ),
    ("SELECT id FROM `a` WHERE id IN (SELECT id FROM `b`)", "A list that another SELECT gives."),
    (
        "SELECT id FROM `a` WHERE n > (SELECT AVG(n) FROM `a`) AND NOT EXISTS (SELECT id FROM `b`)",
        "The value that another SELECT gives in its one row, `NULL` without one; `EXISTS` asks whether it gives any.",
    ),
    (
        "SELECT A.id FROM `a` AS A WHERE EXISTS (SELECT 1 FROM `b` AS B WHERE B.id = A.id AND B.n > 1)",
        "`EXISTS` and `IN` may compare columns of theirs with those of the table outside, by `=` and `AND`; they are not limited \
         or grouped then.",
    ),
    (
        "SELECT A.id, (SELECT COUNT(*) FROM `b` AS B WHERE B.id = A.id) AS n FROM `a` AS A",
        "So may a SELECT in the place of a value, which aggregates then.",
    ),
    ("SELECT MAX(n) FROM (SELECT x, COUNT(*) AS n FROM `a` GROUP BY x) AS t", "A SELECT as a table."),
    (
        "WITH t (x, n) AS (SELECT id, COUNT(*) FROM `a` GROUP BY id), u AS (SELECT x FROM t WHERE n > 1) SELECT x FROM u",
        "Names for SELECTs, which stand wherever a table may. Beyond AWS: CloudWatch Logs takes no `WITH`.",
    ),
    (
        "SELECT x FROM `logGroups(namePrefix: ['/vpc/'])`",
        "Several log groups; `dataSource([...])`, and `filterIndex('field' = 'value')` over those given, in the same way.",
    ),
];

/// Commands of PPL and their meaning.
const PIPES: &[(&str, &str)] = &[
    (
        "source = `/vpc/flow` | where action = 'REJECT' | fields srcAddr, bytes",
        "The log groups that are read; without `source` those that the query is given. At most 10,000 rows. Without `fields`, \
         `@timestamp`, `@message` and what commands add are shown.",
    ),
    (
        "source = [lg:`/vpc/flow`, lg:`/app`, ds:`amazon_vpc.flow`, `aws:fieldIndex` = \"action\", `action` IN ('REJECT')]",
        "Log groups by name, by data source and by the fields that they have an index of; what is left are those of all. \
         `source = [source = a \\| head 5] as t` reads what another query gives.",
    ),
    (
        "fields - @message",
        "Takes fields away; they cannot be named any more, as those that `fields a, b` leaves out.",
    ),
    (
        "where status >= 500 AND NOT path LIKE '/a/%' AND user IS NOT NULL AND ms BETWEEN 1 AND 9 AND size / 2 IN (1, 2)",
        "Conditions of three values. `XOR`, `REGEXP` too; the quotient of whole numbers is whole.",
    ),
    (
        "stats count(), sum(bytes) AS b, percentile(bytes, 99) BY span(@timestamp, 1h) AS t, action",
        "One row for each group: `count`, `sum`, `avg`, `min`, `max`, `dc`, `distinct_count`, `percentile`, `stddev_samp`, \
         `stddev_pop`. `span` of a time takes `ms`, `s`, `m`, `h`, `d`, `w`, `M`, `q`, `y`, of a number another.",
    ),
    ("sort - bytes, + action", "Absent values first, backwards last. `num(a)` orders by what is a number."),
    ("head 20 from 40", "The first rows, behind others: 10 unless told."),
    ("eval a = bytes * 8, b = a + 1", "Columns."),
    (
        "dedup 2 srcAddr, dstAddr keepempty=true",
        "The first rows of each combination, one unless told; none without one of the values unless told.",
    ),
    (
        "parse path '/(?<app>[^/]+)/.*'",
        "Columns from a whole text by named groups, empty where it does not match.",
    ),
    (
        "grok line '%{IPORHOST:host} %{GREEDYDATA:rest}'",
        "Columns from a text by named patterns, empty where none is found.",
    ),
    ("rename srcAddr AS source_ip", "Other names."),
    (
        "top 3 dstPort BY srcAddr",
        "The most frequent values, 10 unless told; `rare` gives the least frequent.",
    ),
    (
        "fillnull WITH 0 IN a, b",
        "Values for absent ones; `fillnull USING a = 0, b = 'x'`, `fillnull value=0 a`.",
    ),
    ("eventstats avg(bytes) AS mean BY action", "Columns with the aggregates of each row's group."),
    ("trendline SORT @timestamp SMA(5, bytes) AS trend", "The mean of so many rows up to each; in memory."),
    ("fieldsummary includefields=bytes nulls=true", "One row with statistics of a field."),
    (
        "eval m = json_object('a', 1, 'b', 2) | flatten m AS (x, y)",
        "A column for each member that `json_object` has made.",
    ),
    ("expand list AS item", "A row for each element of a list or member of a map; none for an absent one."),
    (
        "source = `a` | LEFT JOIN left = l, right = r ON l.id = r.id AND r.n > 1 [source = `b` | fields id, n]",
        "One join, `INNER` unless told, by equal columns, or `CROSS`; the right side is a log group or a query.",
    ),
    (
        "where id IN [source = `b` | fields id] AND n > [source = `b` | stats avg(n)] AND EXISTS [source = `c`]",
        "Lists and values that other queries give; these see no fields of the query outside.",
    ),
];

/// Commands with their syntax and meaning.
const COMMANDS: &[(&str, &str)] = &[
    (
        "fields a, b + c as d",
        "Adds columns; those listed are shown. Without any, `@timestamp` and `@message` are.",
    ),
    ("display a, b as c", "What is shown; the last one counts."),
    ("filter condition", "Keeps the rows for which the condition is true. `where` is the same."),
    (
        "stats count(*), sum(a) as s by b, bin(5m) as t",
        "One row for each group; up to ten in a query. `group by` is `by`.",
    ),
    (
        "stats topk(10, a)",
        "The most frequent values and how often each comes, the most frequent first; alone in its `stats`.",
    ),
    ("sort a desc, b", "Natural order, ascending unless told; equal rows keep their order."),
    (
        "limit 20",
        "The first rows: 10,000 unless told, at most 100,000. `head` and `tail` are old names for it.",
    ),
    ("parse a \"x=* y=*\" as b, c", "Columns from text by a glob; without a field, from `@message`."),
    ("parse a /(?<b>[0-9]+)/", "Columns from text by the named groups of a regular expression."),
    ("parse a /x=(\\d+)/ as b multi", "A row for each match. Names behind `as` are those of the groups."),
    ("parse a logfmt as b", "A map of the `key=value` pairs of a text: `b.key`."),
    ("parse a csv as b, c", "Columns from the values of a text with commas between them."),
    ("json field=a \"b.c\" as d", "A part of a list or map, or of a text in JSON."),
    ("unnest a into b", "A row for each element of a list."),
    ("expand a", "A row for each element of the list that a field's text is, in its place."),
    ("accum a as b", "A column with the running sum."),
    ("autoregress a p=1-2", "Columns `a_p1`, `a_p2` with the values of the rows before."),
    (
        "filldown a b*",
        "The last value above in the place of an absent one; without names, in all columns shown.",
    ),
    ("stats sum(a) as s by bin(5m) | fillmissing with 0 for s", "Rows for bins that have none."),
    (
        "addtotals fieldname=total col=true a, b",
        "A column with each row's sum, a last row with each column's.",
    ),
    ("sessionize a, b maxspan 30m as s", "Numbers rows that follow each other closely."),
    ("outlier action=remove param=2.5 a", "Removes or limits values far beyond the quartiles."),
    ("countFrequent a, b", "How often each combination comes, the most frequent first."),
    (
        "SOURCE '/vpc/flow', '/app'",
        "First of all: the log groups that are read. Or `SOURCE logGroups(namePrefix: ['/vpc/'])`, and with `start=-1d end=now`.",
    ),
    (
        "join type=left left=a right=b where a.k=b.k (SOURCE '/app' | filter c = 1)",
        "Rows of another query with equal fields; their names begin with `b.`. `type=inner` unless told; the right side has \
         at most 50,000 different keys.",
    ),
    (
        "filter a in (SOURCE '/app' | fields b)",
        "A list that another query gives. Not within another such query.",
    ),
    (
        "appendcols override=false max=10000 (SOURCE '/app' | stats sum(c) as s)",
        "The columns of another query, its first row beside the first.",
    ),
    (
        "lookup users id as a OUTPUT name",
        "Columns of the row of a lookup table whose column `id` is `a`, exactly.",
    ),
    (
        "cidrlookup networks srcAddr OUTPUT owner as o",
        "Columns of the row of a lookup table whose range, in its column `cidr`, is the smallest with the address. \
         `AS column` names another; `OUTPUTNEW` fills only what is empty.",
    ),
    (
        "filterIndex a = 1 and b in ['x', 'y']",
        "A filter that compares fields with values. Log groups without an index of the fields are not read.",
    ),
    (
        "pattern @message",
        "The patterns of texts: what varies is a token such as `<IP-1>`; how often each comes, its share, its severity.",
    ),
    (
        "pattern @message | diff previousWeek",
        "How often each pattern came in another time of the same length: `previousDay`, `previousWeek`, `previousMonth`, or \
         right before.",
    ),
    ("logcompare timeshift 7d", "`diff` with the time so long before."),
    (
        "pattern @message | anomaly",
        "What is unusual about each pattern, beside the time right before: it is new, more frequent, has more HTTP errors, \
         other numbers, or other values.",
    ),
    (
        "relevantfields a, b where c > 1",
        "Which fields are otherwise where a condition is true, from 0 to 1; without names, of all fields.",
    ),
    ("filter a = 1 | estimate", "How many bytes the query would read; it is not run."),
    ("dedup a, b", "The first row of each combination; rows without one of the values are all kept."),
];

/// What is said of the fields that events have beside those of their messages.
const SYSTEM_FIELDS: &str = "
Events of log groups have `@timestamp`, `@message`, `@ingestionTime`, `@logStream`, `@log`, `@aws.account`, `@aws.region` and \
`@source.log`, which is the name of the group itself, as nothing is centralized; those of groups that flow logs write to have \
`@data_source_name` and `@data_source_type`, `amazon_vpc` and `flow`. `@data_format` is always absent: AWS does not list its values. So \
is `@aws.tag.*`: on AWS events have it in accounts where resource tags for telemetry are turned on. What `PutLogEvents` \
told as the entity of events is `@entity.KeyAttributes.Type`, `@entity.Attributes.EC2.InstanceId` and so on; flow logs tell none. \
Records in files have of these \
`@timestamp`, `@message`, `@logStream` (the file's name), `@log` (its path), and `@aws.account` and `@aws.region` where folders tell them: \
`AWSLogs/123456789012/vpcflowlogs/us-east-1/…` or `aws-account-id=…/aws-region=…/`.
";

/// The page as Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# The query language\n\nCloudWatch Logs Insights as Weir runs it. Written from the tables in \
         `crates/insights` by its tests; every example is a test.\n\n## Commands\n\n| command | meaning |\n|---|---|\n",
    );
    for (syntax, meaning) in COMMANDS {
        line(&mut page, &[&code(syntax), meaning]);
    }
    writeln!(
        page,
        "\nFields are discovered in lines of flow logs in the default format and in JSON; and in log groups that are named \
         `/aws/lambda/…` in the first fragment in JSON of each event, and in the lines that AWS Lambda writes: {}.",
        names(LAMBDA_FIELDS[0], &LAMBDA_FIELDS[1..])
    )
    .expect("a String takes any text");
    page.push_str(SYSTEM_FIELDS);
    page.push_str(
        "\n## SQL\n\nWith `queryLanguage` SQL. Other statements and clauses are refused by name.\n\n\
         | statement | meaning |\n|---|---|\n",
    );
    for (statement, meaning) in STATEMENTS {
        line(&mut page, &[&code_with_quotes(statement), meaning]);
    }
    page.push_str(
        "\n## PPL\n\nWith `queryLanguage` PPL, over log groups of the Standard class. Keywords and functions are the same in any case. \
         A name may hold hyphens, and what it likes between back-quotes. Comments are `// ...` and `/* ... */`. Other commands \
         and functions, fields of a query outside another, and joins of other types are refused by name.\n\n\
         | command | meaning |\n|---|---|\n",
    );
    for (command, meaning) in PIPES {
        line(&mut page, &[&code_with_quotes(&command.replace('|', "\\|")), meaning]);
    }
    page.push_str("\n## Aggregates\n\n| aggregate | of | gives |\n|---|---|---|\n");
    for row in AGGREGATES {
        line(&mut page, &[&names(row.name, row.aliases), row.parameters.text, row.summary]);
    }
    page.push_str("\n## Functions\n\nA text that a function makes has at most 1 MiB; where it would be longer, it is absent.\n\n");
    functions(&mut page, FUNCTIONS);
    page.push_str(
        "\n## Functions of SQL\n\nStatements call those above as well, unless one here has the name; some by other names:\n",
    );
    let other = |(sql, name): &(&str, &str)| format!("{} is {}", code(sql), code(name));
    // FIRST and LAST are so only where they ignore what is absent.
    let is_same = |(_, name): &&(&str, &str)| !["earliest", "latest"].contains(name);
    page.push_str(&SAME.iter().filter(is_same).map(other).collect::<Vec<_>>().join(", "));
    page.push_str(
        ".\n\n`now()`, `current_timestamp`, `localtimestamp`, `current_date` and `curdate()` tell when the query was started; \
         `isnull`, `nullif`, `nvl2`, `nanvl`, `mod`, `power`, `try_add` and its like, `like`, `ilike`, `regexp_like`, `bigint` and \
         its like, `date_trunc`, `percentile` and `approx_percentile` are expressions of the language.\n\n",
    );
    functions(&mut page, SQL_FUNCTIONS);
    functions_of_ppl(&mut page);
    page
}

/// Those of PPL: which it has, what they are above, and those that are its own.
fn functions_of_ppl(page: &mut String) {
    page.push_str(
        "\n## Functions of PPL\n\nMost are those of SQL or of the query language, some by other names:\n",
    );
    let names = function_names().map(|(name, of)| match of {
        "" => code(name),
        of if of == name || of.starts_with("ppl ") => code(name),
        of => format!("{} is {}", code(name), code(of)),
    });
    page.push_str(&names.chain(["case", "cast"].map(code)).collect::<Vec<_>>().join(", "));
    page.push_str(".\n\nWhat only PPL has, or what means something else there:\n\n");
    functions(page, &[PPL_FUNCTIONS]);
}

fn functions(page: &mut String, groups: &[&[Function]]) {
    page.push_str("| function | of | gives | examples |\n|---|---|---|---|\n");
    for function in groups.iter().flat_map(|group| group.iter()) {
        let (names, examples) = (names(function.shown(), function.aliases), examples(function));
        line(page, &[&names, function.parameters.text, function.summary, &examples]);
    }
}

fn line(page: &mut String, cells: &[&str]) {
    writeln!(page, "| {} |", cells.join(" | ")).expect("a String takes any text");
}

fn names(name: &str, aliases: &[&str]) -> String {
    [&[name], aliases].concat().iter().map(|name| code(name)).collect::<Vec<_>>().join(", ")
}

fn examples(function: &Function) -> String {
    let example = |(expr, value): &(&str, Option<&str>)| match value {
        Some(value) => format!("{} = {}", code(expr), code(value)),
        None => format!("{} is absent", code(expr)),
    };
    function.examples.iter().map(example).collect::<Vec<_>>().join("<br>")
}

/// Code that holds back-quotes.
fn code_with_quotes(text: &str) -> String {
    format!("`` {text} ``")
}

/// Code in a cell of a table, where a bar would end the cell.
fn code(text: &str) -> String {
    match text.is_empty() {
        true => "the empty text".into(),
        false => format!("`{}`", text.replace('|', "\\|")),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    #[test]
    fn every_command_is_understood_as_the_page_writes_it() {
        for (syntax, _) in super::COMMANDS {
            assert_eq!(crate::plan(syntax, None).map(|_| ()), Ok(()), "{syntax}");
        }
    }

    #[test]
    fn every_statement_is_understood_as_the_page_writes_it() {
        for (statement, _) in super::STATEMENTS {
            assert_eq!(crate::sql_plan(statement, None).map(|_| ()), Ok(()), "{statement}");
        }
    }

    #[test]
    fn every_command_of_ppl_is_understood_as_the_page_writes_it() {
        for (command, _) in super::PIPES {
            assert_eq!(crate::ppl_plan(command, None).map(|_| ()), Ok(()), "{command}");
        }
    }

    #[test]
    fn the_reference_page_is_that_of_the_tables() {
        expect_file!["../../../docs/query-language.md"].assert_eq(&super::reference());
    }
}
