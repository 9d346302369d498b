//! A store with events, and both executors over it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};

use weir_insights::{
    Event, Execute, ExecuteError, Naive, Origin, Plan, QueryResult, Reads, Run, Table, TimeRange, discover,
    discoverable, event_pointer, plan, ppl_plan, sql_plan,
};
use weir_store::disk::FileDisk;
use weir_store::{GroupKey, NewGroup, Store, Work};

use super::is_same;
use crate::logs::ends::LeftOut;
use crate::{Engine, LogGroup, Options};

pub static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(Options { threads: 2, memory_bytes: 256 << 20 }).expect("threads"));

const WINDOW: TimeRange = TimeRange { start_ms: 1_000_000_000_000, end_ms: 2_000_000_000_000 };

/// The stream whose events are of an entity, and that entity.
const OF_ENTITY: &str = "eni-2-all";
const ENTITY: &str =
    r#"{"Attributes":{"EC2.InstanceId":"i-2"},"KeyAttributes":{"Name":"shop","Type":"Service"}}"#;

/// Where the first half of the events is; the rest is in memory.
#[derive(Clone, Copy, Debug)]
pub enum Sealing<'a> {
    /// In memory, like the rest.
    None,
    /// In segments that are in memory.
    Memory,
    /// In segments in a directory.
    Files(&'a Path),
}

pub fn events_of(lines: &str) -> Vec<(i64, String, String)> {
    let event = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_default().to_string();
        (word().parse::<i64>().expect("seconds") * 1000, word(), word())
    };
    lines.lines().map(event).collect()
}

/// Some log groups.
pub struct World {
    groups: Vec<LogGroup>,
}

impl World {
    /// One group with these events, each `seconds stream message`.
    pub fn of_lines(lines: &str) -> World {
        World::new(&events_of(lines), Sealing::None)
    }

    /// One group of this name with these events, a half of them sealed.
    pub fn named(name: &str, lines: &str) -> World {
        World::of_group(name, &events_of(lines), Sealing::Memory)
    }

    /// One group with these events, kept in files of a directory.
    pub fn in_files(lines: &str, directory: &Path) -> World {
        World::new(&events_of(lines), Sealing::Files(directory))
    }

    /// One group with these events: time in milliseconds, stream, message.
    pub fn new(events: &[(i64, String, String)], sealing: Sealing<'_>) -> World {
        // A name that must be escaped in paths and URLs.
        World::of_group("/vpc/100% [a]", events, sealing)
    }

    /// The same, of a group with this name.
    pub fn of_group(name: &str, events: &[(i64, String, String)], sealing: Sealing<'_>) -> World {
        let store = match sealing {
            Sealing::Files(directory) => {
                let disk = FileDisk::open(directory).expect("a directory");
                let options = weir_store::Options { work: Work::Caller, ..Default::default() };
                Store::open(Arc::new(disk), options).expect("an empty directory")
            }
            _ => Store::in_memory(),
        };
        let key = GroupKey::new("123456789010", "us-east-1", name);
        store.add_group(&key, NewGroup::default(), 0).expect("a new group").wait().expect("memory");
        for stream in events.iter().map(|(_, stream, _)| stream).collect::<BTreeSet<_>>() {
            store.add_stream(&key, stream, 0).expect("a new stream").wait().expect("memory");
        }
        let (sealed, rest) = events.split_at(events.len() / 2);
        append(&store, &key, sealed);
        if !matches!(sealing, Sealing::None) {
            store.seal().expect("room");
        }
        append(&store, &key, rest);
        let scan = store.scan(&key, i64::MIN, i64::MAX).expect("the group");
        let origin = Origin {
            log: format!("123456789010:{}", key.name),
            region: Some(key.region),
            data_source: key.name.starts_with("/vpc/").then_some("amazon_vpc.flow"),
        };
        World { groups: vec![LogGroup { origin, scan }] }
    }

    /// The groups of both.
    pub fn and(mut self, other: World) -> World {
        self.groups.extend(other.groups);
        self
    }

    /// How many sealed segments there are.
    pub fn segments(&self) -> usize {
        self.groups.iter().map(|group| group.scan.segments.len()).sum()
    }

    /// How many segments a query leaves out, and their rows.
    pub fn left_out(&self, query: &str) -> (usize, u64) {
        let plan = plan(query, None).expect("a query");
        let left_out = self.run(|run| LeftOut::new(&plan, &self.groups, run));
        (left_out.segments.len(), left_out.rows)
    }

    /// The events as the interpreter reads them, by time.
    fn events(&self) -> Vec<Event> {
        let mut events = vec![];
        for LogGroup { origin, scan } in &self.groups {
            let (origin, log) = (Arc::new(origin.clone()), &origin.log);
            for row in scan.rows().expect("rows in memory") {
                let row = row.expect("rows in memory");
                let position = row.position();
                let event = Event {
                    timestamp_ms: row.timestamp_ms,
                    ingestion_ms: Some(row.ingestion_ms),
                    fields: discover(discoverable(log, &row.message)),
                    message: row.message,
                    log_stream: row.stream.to_string(),
                    origin: origin.clone(),
                    entity: row.entity,
                    ptr: event_pointer(log, row.timestamp_ms, row.sequence),
                };
                events.push((position, event));
            }
        }
        events.sort_by_key(|(position, _)| *position);
        events.into_iter().map(|(_, event)| event).collect()
    }

    fn run<R>(&self, answer: impl FnOnce(Run<'_>) -> R) -> R {
        let cancelled = AtomicBool::new(false);
        answer(Run { window: WINDOW, now_ms: 1_600_000_000_000, cancelled: &cancelled })
    }

    /// The engine's answer. Every query within the query reads the same group.
    pub fn engine(&self, plan: &Plan) -> Result<QueryResult, ExecuteError> {
        let own = self.groups.as_slice();
        let inputs = vec![own; plan.inputs.len()];
        let tables = tables();
        self.run(|run| ENGINE.execute_all(plan, Reads { own, inputs: &inputs, tables: &tables }, run))
    }

    /// The interpreter's answer.
    pub fn naive(&self, plan: &Plan) -> Result<QueryResult, ExecuteError> {
        let own = self.events();
        let inputs = vec![own.as_slice(); plan.inputs.len()];
        let tables = tables();
        let reads = Reads { own: own.as_slice(), inputs: &inputs, tables: &tables };
        self.run(|run| Naive.execute_all(plan, reads, run))
    }

    /// Both answers are the same.
    #[track_caller]
    pub fn check(&self, query: &str) {
        let plan = planned(query);
        let failed = |error| panic!("{query}: {error}");
        let (engine, naive) =
            (self.engine(&plan).unwrap_or_else(failed), self.naive(&plan).unwrap_or_else(failed));
        assert!(is_same(&engine, &naive), "{query}\nengine:\n{}\nnaive:\n{}", lines(&engine), lines(&naive));
    }
}

/// The plan of a query in the language that it begins as.
#[track_caller]
pub fn planned(query: &str) -> Plan {
    let begins_as = |words: &[&str]| words.iter().any(|word| query.starts_with(word));
    let plan_of = match () {
        () if begins_as(&["SELECT", "WITH"]) => sql_plan,
        () if begins_as(&["source = "]) => ppl_plan,
        () => plan,
    };
    plan_of(query, None).unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// A row to a line.
fn lines(result: &QueryResult) -> String {
    let mut lines =
        vec![result.columns.join(" | "), format!("matched {}", result.statistics.records_matched)];
    lines.extend(result.rows.iter().map(|row| {
        let values = row.values.iter().chain(row.ptr.is_some().then_some(&row.ptr));
        values.map(|value| value.as_deref().unwrap_or("∅")).collect::<Vec<_>>().join(" | ")
    }));
    lines.join("\n")
}

/// The lookup tables of all queries.
pub fn tables() -> BTreeMap<String, Arc<Table>> {
    let table = |csv: &str| Arc::new(Table::of_csv(csv).expect("a table"));
    let hosts = table("srcAddr,user,status\n10.0.0.1,ann,1\n172.31.16.139,web,\n10.0.0.2,,2\n-,none,3\n");
    let networks = table(
        "owner,cidr,n\nprivate,10.0.0.0/8,1\nvpc,172.31.0.0/16,2\none,10.0.0.1/32,3\nsix,2001:db8::/32,4\n",
    );
    BTreeMap::from([("hosts".into(), hosts), ("networks".into(), networks)])
}

fn append(store: &Store, key: &GroupKey, events: &[(i64, String, String)]) {
    let mut by_stream: BTreeMap<&str, Vec<(i64, &str)>> = BTreeMap::new();
    for (ms, stream, message) in events {
        by_stream.entry(stream).or_default().push((*ms, message));
    }
    for (stream, events) in by_stream {
        let ticket = match stream {
            OF_ENTITY => store.append_of(ENTITY, (key, stream), events, 1_500_000_000_000),
            _ => store.append(key, stream, events, 1_500_000_000_000),
        };
        ticket.expect("room").wait().expect("memory");
    }
}
