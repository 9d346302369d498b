//! Runs the text fixtures: rows, queries and what they answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use expect_test::expect_file;
use proptest::prelude::*;

use super::*;
use crate::bind::Reads;
use crate::check::plan;
use crate::discover::{discover, discoverable};
use crate::execute::TimeRange;
use crate::ppl::ppl_plan;
use crate::selection::{Candidate, Selection};
use crate::source::{Event, Origin};
use crate::sql::sql_plan;
use crate::table::Table;

/// `UPDATE_EXPECT=1` rewrites the answers; read the difference.
macro_rules! fixture {
    ($name:ident, $file:literal) => {
        #[test]
        fn $name() {
            let text = include_str!(concat!("../../fixtures/", $file));
            expect_file![concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/", $file)].assert_eq(&answered(text));
        }
    };
}

fixture!(the_sample_queries_that_aws_ships_answer, "samples.test");
fixture!(filters_compare_weakly, "filter.test");
fixture!(stats_group_and_compute, "stats.test");
fixture!(lists_and_maps_have_parts, "json.test");
fixture!(commands_over_several_rows, "rows.test");
fixture!(queries_read_other_groups_and_tables, "join.test");
fixture!(patterns_and_fields_tell_what_is_unusual, "pattern.test");
fixture!(sql_selects_from_log_groups, "sql.test");
fixture!(sql_calls_the_functions_of_spark, "sql_functions.test");
fixture!(sql_aggregates_groups, "sql_groups.test");
fixture!(sql_takes_rows_as_sets, "set.test");
fixture!(sql_tells_how_rows_stand_among_others, "window.test");
fixture!(ppl_pipes_commands, "ppl.test");
fixture!(ppl_groups_rows, "ppl_stats.test");
fixture!(ppl_calls_its_functions, "ppl_functions.test");
fixture!(wrong_ppl_is_refused_where_it_is_wrong, "ppl_errors.test");
fixture!(parse_finds_columns_in_text, "parse.test");
fixture!(rows_come_in_the_order_asked_for, "order.test");
fixture!(expressions_have_values, "expressions.test");
fixture!(wrong_queries_are_refused_where_they_are_wrong, "errors.test");

/// What the queries of a fixture read.
#[derive(Default)]
struct World {
    /// Events by group; the query's own group is that without a name.
    groups: BTreeMap<String, Vec<Event>>,
    tables: BTreeMap<String, Arc<Table>>,
}

/// The fixture with every answer computed. Paragraphs are separated by blank lines: `rows`, `rows GROUP`, `table NAME`
/// and queries.
fn answered(text: &str) -> String {
    let mut world = World::default();
    let paragraphs = text.trim_end().split("\n\n").map(|paragraph| {
        let (first, rest) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        match first.split_once(' ').unwrap_or((first, "")) {
            ("rows", group) => {
                let origin = Arc::new(origin(group));
                let events = rest.lines().enumerate().map(|line| event_of(line, &origin)).collect();
                world.groups.insert(group.to_owned(), events);
                return paragraph.to_string();
            }
            ("table", name) => {
                let table = Table::of_csv(rest).unwrap_or_else(|error| panic!("{paragraph}: {error}"));
                world.tables.insert(name.to_owned(), Arc::new(table));
                return paragraph.to_string();
            }
            _ => {}
        }
        for (word, plan) in [("query\n", plan as PlanOf), ("sql\n", sql_plan), ("ppl\n", ppl_plan)] {
            if let (Some((comment, _)), Some((before, _))) =
                (paragraph.split_once(word), paragraph.split_once("\nexpect"))
            {
                let query = &before[comment.len() + word.len()..];
                return format!("{before}\nexpect\n{}", answer(plan, query, &world)).trim_end().to_string();
            }
        }
        paragraph.to_string()
    });
    let paragraphs: Vec<_> = paragraphs.collect();
    paragraphs.join("\n\n") + "\n"
}

impl World {
    /// The events of the groups that a selection names; by default the query's own.
    fn read(&self, selection: Option<&Selection>) -> Vec<Event> {
        let is_selected = |name: &str| match selection {
            None => name.is_empty(),
            Some(selection) if !selection.names.is_empty() => {
                selection.names.iter().any(|known| known == name)
            }
            Some(selection) => {
                let candidate =
                    Candidate { account: "123456789010", name, is_infrequent: false, data_source: None };
                selection.selects(candidate)
            }
        };
        let groups = self.groups.iter().filter(|(name, _)| is_selected(name));
        groups.flat_map(|(_, events)| events.clone()).collect()
    }

    fn run(&self, plan: &Plan, run: Run<'_>) -> Result<QueryResult, ExecuteError> {
        let own = self.read(plan.selection.as_ref());
        let inputs: Vec<Vec<Event>> = plan
            .inputs
            .iter()
            .map(|input| input.selection.as_ref().map_or(own.clone(), |selection| self.read(Some(selection))))
            .collect();
        let inputs: Vec<&[Event]> = inputs.iter().map(Vec::as_slice).collect();
        let window = plan.selection.as_ref().map_or(run.window, |it| it.window(run.window, run.now_ms));
        let reads = Reads { own: own.as_slice(), inputs: &inputs, tables: &self.tables };
        Naive.execute_all(plan, reads, Run { window, ..run })
    }
}

/// The group of this name, the query's own without one; flow logs write to those that are called after them.
fn origin(name: &str) -> Origin {
    let name = if name.is_empty() { "group" } else { name };
    Origin {
        log: format!("123456789010:{name}"),
        region: Some("us-east-1".into()),
        data_source: name.starts_with("/vpc/").then_some("amazon_vpc.flow"),
    }
}

fn event(line: (usize, &str)) -> Event {
    event_of(line, &Arc::new(origin("")))
}

/// `1418530010 stream message`, the time in seconds.
fn event_of((at, line): (usize, &str), origin: &Arc<Origin>) -> Event {
    let mut words = line.splitn(3, ' ');
    let mut word = || words.next().unwrap_or_default();
    let (seconds, log_stream, message) =
        (word().parse::<i64>().expect(line), word().to_string(), word().to_string());
    Event {
        timestamp_ms: seconds * 1000,
        ingestion_ms: Some(seconds * 1000 + 500),
        fields: discover(discoverable(&origin.log, &message)),
        message,
        log_stream,
        origin: origin.clone(),
        entity: None,
        ptr: format!("ptr-{at}"),
    }
}

type PlanOf = fn(&str, Option<u32>) -> Result<Plan, crate::QueryError>;

fn answer(plan: PlanOf, query: &str, world: &World) -> String {
    let plan = match plan(query, None) {
        Ok(plan) => plan,
        Err(error) => return refusal(query, &error),
    };
    let cancelled = AtomicBool::new(false);
    let window = TimeRange { start_ms: 0, end_ms: 4_000_000_000_000 };
    let run = Run { window, now_ms: 1_418_530_200_000, cancelled: &cancelled };
    let result = match world.run(&plan, run) {
        Ok(result) => result,
        Err(error) => return format!("failed: {error}"),
    };
    let mut lines = vec![result.columns.join(" | ")];
    lines.extend(result.rows.iter().map(|row| {
        let values: Vec<_> = row.values.iter().map(|value| value.as_deref().unwrap_or("∅")).collect();
        values.join(" | ")
    }));
    lines.extend(result.warnings.iter().map(|warning| format!("warning: {warning}")));
    lines.join("\n")
}

fn refusal(query: &str, error: &crate::QueryError) -> String {
    let place = error.location(query);
    format!("error at {}..{}: {error}", place.start_char_offset, place.end_char_offset)
}

proptest! {
    /// Whatever follows what: a query that is understood is run.
    #[test]
    fn no_mixture_of_commands_panics_when_it_is_run(commands in prop::collection::vec(
        prop::sample::select(vec![
            "fields b, k as c", "fields jsonParse(@message) as m", "filter b in (SOURCE other | fields b)", "filter b > 7",
            "stats count(*) as n, max(b) as b by k, bin(1m) as t", "stats values(b) as v, rate(b, 1s), histogram(b, 3) by k",
            "stats topk(2, k) as n", "join type=left left=a right=r where a.k=r.k (SOURCE other | stats max(b) as b by k)",
            "join left=a right=r where a.b=r.b (SOURCE other)", "appendcols override=true (fields k as b | limit 1)",
            "lookup t k OUTPUT x", "cidrlookup t k OUTPUTNEW x as b", "sort b desc, k", "dedup k", "unnest m into b",
            "expand list", "accum b", "autoregress b p=1-3", "filldown", "fillmissing with 0 for b", "addtotals col=true",
            "sessionize k maxspan 1s", "outlier param=0.1 uselower=true mark=true", "countFrequent k, b", "pattern k",
            "pattern @message", "diff", "logcompare timeshift 1s", "anomaly", "relevantfields where b > 9",
            "relevantfields b, k, m where ispresent(k)", "filterIndex k = 'x'", "estimate", "limit 2", "display b, m, a.k, r.b",
            "parse @message '*: *' as k, b",
        ]), 1..7))
    {
        answer(plan, &commands.join(" | "), &small_world());
    }

    #[test]
    fn no_mixture_of_commands_of_ppl_panics_when_it_is_run(commands in prop::collection::vec(
        prop::sample::select(vec![
            "fields b, k", "fields - k", "where b > 7 xor k = 'x'", "where b in [source = other | fields b]", "eval c = b / 3, m = json_object('x', b)",
            "stats count() as n, avg(b) as b by k", "stats percentile(b, 50) as b by span(@timestamp, 1s) as k", "sort - b, k", "head 2 from 1",
            "dedup 2 k keepempty=true", "dedup b", "parse @message '(?<k>.+): (?<b>.+)'", "grok @message '%{NUMBER:b}'", "rename b as k, k as b",
            "top 2 k by b", "rare b", "fillnull with 0 in b, k", "eventstats max(b) as top by k", "trendline sort b sma(2, b) as trend",
            "fieldsummary includefields=b", "flatten m", "expand list as b", "join left = a right = r on a.k = r.k other",
            "left join left = a right = r on a.b = r.b [source = other | stats max(b) as b by k]", "cross join left = a right = r other",
        ]), 1..7))
    {
        answer(ppl_plan, &commands.join(" | "), &small_world());
    }
}

/// A few events, in the query's own group and in another, and a lookup table.
fn small_world() -> World {
    let lines = [r#"1 s {"b": 10, "k": "10.0.0.1"}"#, r#"2 s {"b": "-", "list": "[1, [2]]"}"#, "3 s text: 7"];
    let events: Vec<_> = lines.into_iter().enumerate().map(event).collect();
    let table = Table::of_csv("k,x\n10.0.0.1,1\n").expect("a table");
    World {
        groups: BTreeMap::from([(String::new(), events.clone()), ("other".to_owned(), events)]),
        tables: BTreeMap::from([("t".to_owned(), Arc::new(table))]),
    }
}

#[test]
fn a_set_flag_stops_the_run() {
    let plan = plan("fields @message", None).expect("a query");
    let cancelled = AtomicBool::new(true);
    let run = Run { window: TimeRange::ALL, now_ms: 0, cancelled: &cancelled };
    let rows = vec![event((0, "1 stream text"))];
    assert_eq!(Naive.execute(&plan, &rows, run), Err(ExecuteError::Cancelled));
}

#[test]
fn rows_are_repeated_as_long_as_they_fit() {
    let cancelled = AtomicBool::new(false);
    let run = Run { window: TimeRange::ALL, now_ms: 0, cancelled: &cancelled };
    let steps = [10, 100].map(|times| Step::Repeat { times, name: format!("by {times}") });
    let rows = |count| finish(&steps, vec![Row::default(); count], run).map(|rows| rows.len());
    assert_eq!(rows(3), Ok(3000));
    assert_eq!(rows(1001), Err(too_many()));
}

#[test]
fn statistics_count_what_was_read_and_what_passed_the_filters() {
    let plan = plan("filter @message like 'a' | limit 1", None).expect("a query");
    let cancelled = AtomicBool::new(false);
    let run = Run { window: TimeRange { start_ms: 1000, end_ms: 3000 }, now_ms: 0, cancelled: &cancelled };
    let lines = ["0 s a", "1 s a", "2 s bb", "3 s aa", "4 s a"];
    let rows: Vec<_> = lines.into_iter().enumerate().map(event).collect();
    let result = Naive.execute(&plan, &rows, run).expect("rows in memory");
    let statistics = result.statistics;
    assert_eq!((statistics.records_scanned, statistics.bytes_scanned), (3, 5));
    assert_eq!((statistics.records_matched, statistics.result_count), (2, 1));
    assert_eq!(result.rows[0].ptr.as_deref(), Some("ptr-3"));
    let fields: Vec<_> = result.fields(&result.rows[0]).collect();
    let expected = [("@timestamp", "1970-01-01 00:00:03.000"), ("@message", "aa"), ("@ptr", "ptr-3")];
    assert_eq!(fields, expected);
}
