//! The data plane of a cloud: packets on a fabric, and what flow logs make of them.
//!
//! The network changes under requests; the fabric takes it over the next time it runs, from the moment of the first change
//! on. So a thousand calls in a row cost one compilation, and no packet is judged by rules older than its own time. Every
//! minute the pipeline's counters become sightings, and windows that have ended become records.

use crate::delivery::Outbox;
use weir_fabric::Fabric;
use weir_flowlog::Recorder;
use weir_model::{Nanos, Network, Timestamp};

/// How often counters become sightings: the shortest aggregation interval of a flow log.
const WINDOW_NS: u64 = 60_000_000_000;

/// A step of more than a day is a gap: its minutes have no records of their own.
const GAP_NS: u64 = 24 * 60 * WINDOW_NS;

/// How long a change may wait to be taken over when no packet is under way that it could concern.
const ADOPTION_NS: u64 = 1_000_000_000;

/// Fabric, recorder and outbox, and how far they have come.
pub struct Plane {
    /// Hosts and wires.
    pub fabric: Fabric,
    /// Records that wait to be delivered.
    pub outbox: Outbox,
    recorder: Recorder,
    /// How long records wait after their window has closed, in nanoseconds.
    delay_ns: u64,
    /// Whether time has begun: before, no packet is under way and no window is open.
    has_begun: bool,
    /// The generation of the network that the fabric has.
    generation: u64,
    /// The state of what the recorder looks at, as of its last update.
    watched: u64,
    /// When the network changed, if the fabric does not know it yet.
    changed_at: Option<Nanos>,
    window_end: Nanos,
}

impl Plane {
    /// A plane whose time begins with the first step; records are delivered `delay_ms` after their window has closed.
    pub fn new(seed: u64, delay_ms: u64) -> Plane {
        let (network, beginning) = (Network::default(), Nanos(0));
        Plane {
            fabric: Fabric::new(&network, seed, beginning),
            outbox: Outbox::default(),
            recorder: Recorder::new(),
            delay_ns: delay_ms.saturating_mul(1_000_000),
            has_begun: false,
            generation: network.generation(),
            watched: watched(&network),
            changed_at: None,
            window_end: window_end(beginning),
        }
    }

    /// Takes note that `network` may have changed at `now`.
    pub fn note_change(&mut self, network: &Network, now: Timestamp) {
        if self.has_begun && network.generation() != self.generation {
            self.changed_at.get_or_insert(now.into());
        }
    }

    /// Lets everything happen up to and including `now`, on the network as it is.
    pub fn step(&mut self, network: &Network, now: Nanos) {
        if !self.has_begun {
            self.begin(network, now);
        }
        if let Some(changed_at) = self.changed_at.take() {
            self.run(changed_at.min(now));
            self.adopt(network);
        }
        self.run(now);
    }

    /// When there is something to do next, if nobody calls before.
    pub fn next_deadline(&self) -> Option<Nanos> {
        if !self.has_begun {
            return Some(Nanos(0));
        }
        let window = self.recorder.next_close().map(|_| self.window_end);
        let adoption = self.changed_at.map(|changed_at| changed_at.plus(ADOPTION_NS));
        let events = [adoption, self.fabric.next_event(), self.outbox.next_due(), window];
        events.into_iter().flatten().min()
    }

    /// Time begins, with the network that was there before: after a restart flow logs see what happens from here on.
    fn begin(&mut self, network: &Network, now: Nanos) {
        self.fabric.step(now);
        self.window_end = window_end(now);
        self.has_begun = true;
        self.adopt(network);
    }

    fn run(&mut self, until: Nanos) {
        while self.window_end <= until {
            self.fabric.step(self.window_end);
            self.close_window();
            self.window_end =
                if self.may_skip_to(until) { window_end(until) } else { window_end(self.window_end) };
        }
        self.fabric.step(until);
    }

    /// Whether nothing worth a record happens before `until`: no packet is under way, and nobody asks for records, or the
    /// machine has slept for so long that the minutes in between are one gap.
    fn may_skip_to(&self, until: Nanos) -> bool {
        let is_gap = until.0.saturating_sub(self.window_end.0) > GAP_NS;
        self.fabric.next_event().is_none() && (is_gap || self.recorder.next_close().is_none())
    }

    fn close_window(&mut self) {
        self.collect();
        let records = self.recorder.close(self.window_end);
        self.outbox.put(self.window_end.plus(self.delay_ns), records);
    }

    fn collect(&mut self) {
        let (mut sightings, mut skipped) = (Vec::new(), Vec::new());
        self.fabric.close_window(&mut sightings, &mut skipped);
        self.recorder.collect(&sightings);
        self.recorder.skip(&skipped);
    }

    /// Takes the network over, at the time that the fabric has reached.
    fn adopt(&mut self, network: &Network) {
        if network.generation() == self.generation {
            return;
        }
        if watched(network) != self.watched {
            // What was seen before belongs to the flow logs of before.
            self.collect();
            self.recorder.update(network, self.fabric.now());
            self.watched = watched(network);
        }
        self.fabric.update(network);
        self.generation = network.generation();
    }
}

/// The end of the window that `now` is in.
fn window_end(now: Nanos) -> Nanos {
    Nanos((now.0 / WINDOW_NS + 1) * WINDOW_NS)
}

/// A number that grows with every change of what a recorder looks at.
fn watched(network: &Network) -> u64 {
    network.flow_logs.version()
        + network.interfaces.version()
        + network.instances.version()
        + network.subnets.version()
}
