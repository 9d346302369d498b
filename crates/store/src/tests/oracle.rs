//! The store against a plain list of events: any appends, removals, seals, crashes and reopenings, the same rows.

use std::sync::Arc;

use proptest::prelude::*;

use super::{FLOW, key};
use crate::disk::MemoryDisk;
use crate::{Direction, NewGroup, Options, SealPolicy, Select, Store, Streams, Work};

#[derive(Clone, Debug)]
enum Step {
    Append { stream: usize, entity: Option<usize>, events: Vec<(i64, bool)> },
    RemoveStream(usize),
    RemoveGroup,
    Seal,
    Compact,
    Tick,
    Read { from_ms: i64, to_ms: i64, stream: Option<usize>, is_backward: bool, page: usize },
    Reopen,
    Crash(u64),
}

const STREAMS: [&str; 3] = ["a", "b", "c"];
const ENTITIES: [&str; 2] = ["x", "y"];

fn step() -> impl Strategy<Value = Step> {
    let events = prop::collection::vec((0i64..50, any::<bool>()), 1..6);
    let read = (0i64..50, 0i64..50, prop::option::of(0usize..3), any::<bool>(), 1usize..5);
    prop_oneof![
        8 => (0usize..3, prop::option::of(0usize..2), events)
            .prop_map(|(stream, entity, events)| Step::Append { stream, entity, events }),
        1 => (0usize..3).prop_map(Step::RemoveStream),
        1 => Just(Step::RemoveGroup),
        2 => Just(Step::Seal),
        1 => Just(Step::Compact),
        1 => Just(Step::Tick),
        4 => read.prop_map(|(from_ms, to_ms, stream, is_backward, page)| {
            Step::Read { from_ms, to_ms, stream, is_backward, page }
        }),
        1 => Just(Step::Reopen),
        2 => any::<u64>().prop_map(Step::Crash),
    ]
}

/// The store and the list.
struct World {
    disk: MemoryDisk,
    store: Option<Store>,
    /// Timestamp, stream, message, entity, in the order of arrival.
    events: Vec<(i64, usize, String, Option<usize>)>,
    now_ms: i64,
}

impl World {
    fn new() -> Self {
        let mut world = World { disk: MemoryDisk::new(), store: None, events: Vec::new(), now_ms: 1 };
        world.open();
        world.add_group();
        world
    }

    fn open(&mut self) {
        self.store = None;
        let seal = SealPolicy { rows_max: 20, ..SealPolicy::default() };
        let options = Options { work: Work::Caller, seal, compact_min: 2, ..Options::default() };
        self.store = Some(Store::open(Arc::new(self.disk.clone()), options).expect("is sound"));
    }

    fn store(&self) -> &Store {
        self.store.as_ref().expect("is open between steps")
    }

    fn add_group(&self) {
        self.store()
            .add_group(&key("g"), NewGroup::default(), 1)
            .expect("is new")
            .wait()
            .expect("is durable");
        (0..STREAMS.len()).for_each(|stream| self.add_stream(stream));
    }

    fn add_stream(&self, stream: usize) {
        self.store().add_stream(&key("g"), STREAMS[stream], 1).expect("is new").wait().expect("is durable");
    }

    fn play(&mut self, step: Step) {
        match step {
            Step::Append { stream, entity, events } => self.append(stream, entity, &events),
            Step::RemoveStream(stream) => {
                self.store()
                    .remove_stream(&key("g"), STREAMS[stream])
                    .expect("is there")
                    .wait()
                    .expect("is durable");
                self.add_stream(stream);
                self.events.retain(|event| event.1 != stream);
            }
            Step::RemoveGroup => {
                self.store().remove_group(&key("g")).expect("is there").wait().expect("is durable");
                self.add_group();
                self.events.clear();
            }
            Step::Seal => self.store().seal().expect("the disk is sound"),
            Step::Compact => self.store().compact().expect("the disk is sound"),
            Step::Tick => {
                self.now_ms += 100_000;
                self.store().tick(self.now_ms);
            }
            Step::Read { from_ms, to_ms, stream, is_backward, page } => {
                let streams =
                    stream.map_or(Streams::All, |at| Streams::Named([STREAMS[at].to_owned()].into()));
                let direction = if is_backward { Direction::Backward } else { Direction::Forward };
                self.read(Select { from_ms, to_ms, streams, direction, after: None }, page);
            }
            Step::Reopen => self.open(),
            Step::Crash(luck) => {
                self.disk = self.disk.crash(luck);
                self.open();
            }
        }
        assert!(self.store().fault().is_none());
        self.read(Select::default(), 1_000);
    }

    fn append(&mut self, stream: usize, entity: Option<usize>, events: &[(i64, bool)]) {
        let first = self.events.len();
        for (timestamp_ms, is_flow) in events {
            let number = self.events.len();
            let message =
                if *is_flow { FLOW.replace("4249", &number.to_string()) } else { format!("event {number}") };
            self.events.push((*timestamp_ms, stream, message, entity));
        }
        let batch = self.events[first..].iter().map(|event| (event.0, event.2.as_str()));
        let (group, stream) = (key("g"), STREAMS[stream]);
        let ticket = match entity {
            Some(entity) => self.store().append_of(ENTITIES[entity], (&group, stream), batch, self.now_ms),
            None => self.store().append(&group, stream, batch, self.now_ms),
        };
        ticket.expect("is there").wait().expect("is durable");
    }

    /// Reads page by page and compares.
    fn read(&self, mut select: Select, page: usize) {
        let is_backward = select.direction == Direction::Backward;
        let mut expected: Vec<_> = self
            .events
            .iter()
            .enumerate()
            .filter(|(_, event)| {
                let stream = STREAMS[event.1].to_owned();
                let is_named = matches!(&select.streams, Streams::Named(names) if names.contains(&stream));
                (select.from_ms..select.to_ms).contains(&event.0)
                    && (select.streams == Streams::All || is_named)
            })
            .collect();
        expected.sort_by_key(|(at, event)| (event.0, *at));
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(_, event)| {
                let entity = event.3.map(|entity| ENTITIES[entity].into());
                (event.0, STREAMS[event.1].to_owned(), event.2.clone(), entity)
            })
            .collect();
        let mut found = Vec::new();
        loop {
            let rows = self.store().page(&key("g"), select.clone(), page, u64::MAX).expect("is readable");
            let Some(last) = (if is_backward { rows.first() } else { rows.last() }) else { break };
            select.after = Some(last.position());
            let rows = rows
                .into_iter()
                .map(|row| (row.timestamp_ms, row.stream.to_string(), row.message, row.entity));
            let at = if is_backward { 0 } else { found.len() };
            found.splice(at..at, rows);
        }
        assert_eq!(found, expected, "{select:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_a_list_of_events(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = World::new();
        for step in steps {
            world.play(step);
        }
    }
}
