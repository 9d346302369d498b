//! The switch: one thread that reads what the hosts send, has the fabric judge it, and writes it where it goes.
//!
//! A burst is read, judged under one hold of the fabric, and written; nothing is allocated and no packet is copied. One
//! thread reads all queues, so the packets of a host keep their order. Between two hosts nothing is delayed. After a burst it
//! looks for more for a while before it sleeps, giving way to who else wants the processor: to be woken takes longer than an
//! answer that is near. How long it looks it learns from how long it sleeps, as KVM does before it halts a processor (Linux
//! kernel documentation, "The KVM halt polling system").

use crate::driver::{BURST, Burst, Driver, PACKET_AT, offload};
use crate::ethernet::{self, Meaning};
use crate::sys::Waiting;
use std::io::{self, IoSlice, PipeReader, PipeWriter};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use weir_fabric::{Fabric, OutsidePort, Relayed};
use weir_model::Nanos;

/// The shortest and the longest time that the thread looks for more before it goes to sleep.
const PATIENCE: std::ops::RangeInclusive<Duration> = Duration::from_micros(25)..=Duration::from_micros(200);

/// What the waiting thread is told when it is to end.
const END: u64 = u64::MAX;

/// The outer ends of all interfaces, by port.
pub struct Ports {
    ports: RwLock<Vec<Option<Arc<Port>>>>,
    waiting: Waiting,
    unsent: AtomicU64,
}

struct Port {
    driver: Box<dyn Driver>,
    mac: [u8; 6],
}

impl Ports {
    /// No ports yet.
    ///
    /// # Errors
    /// The process has too many files open.
    pub fn new() -> io::Result<Ports> {
        Ok(Ports { ports: RwLock::new(Vec::new()), waiting: Waiting::new()?, unsent: AtomicU64::new(0) })
    }

    /// Takes over the outer end of an interface, whose host has the MAC address.
    ///
    /// # Errors
    /// The process has too many files open.
    pub fn add(&self, at: OutsidePort, driver: Box<dyn Driver>, mac: [u8; 6]) -> io::Result<()> {
        self.waiting.add(&driver.wait_on(), u64::from(at.0))?;
        let mut ports = self.ports.write().unwrap_or_else(PoisonError::into_inner);
        let index = at.0 as usize;
        if ports.len() <= index {
            ports.resize_with(index + 1, || None);
        }
        ports[index] = Some(Arc::new(Port { driver, mac }));
        Ok(())
    }

    /// Forgets an interface.
    pub fn remove(&self, at: OutsidePort) {
        let mut ports = self.ports.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(port) = ports.get_mut(at.0 as usize).and_then(Option::take) {
            let _ = self.waiting.remove(&port.driver.wait_on());
        }
    }

    /// Writes a packet with right checksums to the host behind a port.
    pub fn deliver(&self, to: OutsidePort, packet: &[u8]) {
        let Some(port) = self.get(to) else { return };
        let frame = ethernet::frame(packet, port.mac);
        self.write(&port, &[IoSlice::new(&frame)]);
    }

    /// How many frames were not taken by the interface that they were written to.
    pub fn unsent(&self) -> u64 {
        self.unsent.load(Ordering::Relaxed)
    }

    /// How many frames were lost before the switch could read them, since the last call.
    pub fn missed(&self) -> u64 {
        let ports = self.ports.read().unwrap_or_else(PoisonError::into_inner);
        ports.iter().flatten().map(|port| port.driver.missed()).sum()
    }

    fn get(&self, at: OutsidePort) -> Option<Arc<Port>> {
        let ports = self.ports.read().unwrap_or_else(PoisonError::into_inner);
        ports.get(at.0 as usize)?.clone()
    }

    fn write(&self, port: &Port, frames: &[IoSlice<'_>]) {
        let lost = frames.len() - port.driver.transmit(frames);
        if lost > 0 {
            self.unsent.fetch_add(lost as u64, Ordering::Relaxed);
        }
    }
}

/// The running switch; it ends when this is dropped.
pub struct Switch {
    /// Its end is what tells the thread to end.
    running: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

/// How the switch gets at the fabric: `with` is to call back with it and the time, once, having let happen what was due.
pub trait Access: Send {
    /// Calls `judge` with the fabric at the present time.
    fn with(&mut self, judge: &mut dyn FnMut(&mut Fabric, Nanos));
}

impl<F: FnMut(&mut dyn FnMut(&mut Fabric, Nanos)) + Send> Access for F {
    fn with(&mut self, judge: &mut dyn FnMut(&mut Fabric, Nanos)) {
        self(judge);
    }
}

impl Switch {
    /// Starts the thread.
    ///
    /// # Errors
    /// The process has too many threads.
    pub fn start(ports: Arc<Ports>, access: impl Access + 'static) -> io::Result<Switch> {
        let (ending, running) = io::pipe()?;
        ports.waiting.add(&ending, END)?;
        let thread = std::thread::Builder::new().name("switch".into());
        let thread = thread.spawn(move || Loop::new(ports, ending, access).run())?;
        Ok(Switch { running: Some(running), thread: Some(thread) })
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// How long to look for more before going to sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Patience(Duration);

impl Default for Patience {
    fn default() -> Patience {
        Patience(*PATIENCE.start())
    }
}

impl Patience {
    /// Whether one has looked long enough.
    fn is_over(self, looked: Duration) -> bool {
        looked >= self.0
    }

    /// Grows if there was nothing for so short a time that looking on would have spared the sleep, else shrinks.
    fn learn(&mut self, idle: Duration) {
        let is_worth_it = idle <= *PATIENCE.end();
        let next = if is_worth_it { self.0 * 2 } else { self.0 / 2 };
        self.0 = next.clamp(*PATIENCE.start(), *PATIENCE.end());
    }
}

/// What the thread works with.
struct Loop<A> {
    ports: Arc<Ports>,
    /// Kept open, or there would be nothing to wait on.
    _ending: PipeReader,
    access: A,
    burst: Burst,
    /// Where each frame of the burst goes, and how long it is.
    ways: [Option<(OutsidePort, usize)>; BURST],
}

impl<A: Access> Loop<A> {
    fn new(ports: Arc<Ports>, ending: PipeReader, access: A) -> Loop<A> {
        Loop { ports, _ending: ending, access, burst: Burst::default(), ways: [None; BURST] }
    }

    fn run(&mut self) {
        let ports = self.ports.clone();
        let (mut ready, mut patience) = (Vec::new(), Patience::default());
        let mut idle_since: Option<Instant> = None;
        loop {
            ready.clear();
            let told = match idle_since.filter(|since| patience.is_over(since.elapsed())) {
                Some(since) => {
                    let told = ports.waiting.wait(|number| ready.push(number));
                    patience.learn(since.elapsed());
                    told
                }
                None => ports.waiting.look(|number| ready.push(number)),
            };
            if told.is_err() || ready.contains(&END) {
                return;
            }
            if ready.is_empty() {
                idle_since.get_or_insert_with(Instant::now);
                std::thread::yield_now();
            } else {
                idle_since = None;
                ready.iter().for_each(|number| self.serve(OutsidePort(*number as u32)));
            }
        }
    }

    /// Carries one burst of a port.
    fn serve(&mut self, from: OutsidePort) {
        let Some(port) = self.ports.get(from) else { return };
        if port.driver.receive(&mut self.burst).is_err() {
            // The interface is going; what is left of it goes with its host.
            return self.ports.remove(from);
        }
        if self.read_link(from) {
            self.judge(from);
        }
        self.send();
    }

    /// Answers what concerns the link; true if there are packets to judge.
    fn read_link(&mut self, from: OutsidePort) -> bool {
        let mut has_packets = false;
        for index in 0..self.burst.count() {
            let frame = self.burst.frame_mut(index);
            self.ways[index] = match ethernet::read(frame) {
                Meaning::Answer(length) => Some((from, length)),
                Meaning::Nothing => None,
                Meaning::Packet => {
                    has_packets = true;
                    // To be judged: no frame has length zero.
                    Some((from, 0))
                }
            };
        }
        has_packets
    }

    fn judge(&mut self, from: OutsidePort) {
        let (burst, ways) = (&mut self.burst, &mut self.ways);
        self.access.with(&mut |fabric, now| {
            let count = burst.count();
            for (index, way) in ways.iter_mut().enumerate().take(count) {
                if way.is_none_or(|(_, length)| length > 0) {
                    continue;
                }
                let frame = burst.frame_mut(index);
                let (left, length) = (offload(frame), frame.len());
                *way = match fabric.relay(from, &mut frame[PACKET_AT..], left, now) {
                    Relayed::Outside(to) => Some((to, length)),
                    Relayed::Inside | Relayed::Lost => None,
                };
            }
        });
    }

    /// Writes the frames that have a way, those to one port together.
    fn send(&mut self) {
        let mut at = 0;
        while at < self.burst.count() {
            let Some((to, _)) = self.ways[at] else {
                at += 1;
                continue;
            };
            let end =
                (at..self.burst.count()).find(|index| self.ways[*index].is_none_or(|(way, _)| way != to));
            let end = end.unwrap_or(self.burst.count());
            self.send_run(to, at..end);
            at = end;
        }
    }

    fn send_run(&mut self, to: OutsidePort, which: std::ops::Range<usize>) {
        let Some(port) = self.ports.get(to) else { return };
        let mut frames = [IoSlice::new(&[]); BURST];
        for index in which.clone() {
            ethernet::address(self.burst.frame_mut(index), port.mac);
        }
        for (frame, index) in frames.iter_mut().zip(which.clone()) {
            let length = self.ways[index].map_or(0, |(_, length)| length);
            *frame = IoSlice::new(&self.burst.frame(index)[..length]);
        }
        self.ports.write(&port, &frames[..which.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_as_long_as_sleeps_are_short_and_no_longer() {
        let mut patience = Patience::default();
        assert_eq!(patience, Patience(*PATIENCE.start()));
        let short = Duration::from_micros(60);
        (0..9).for_each(|_| patience.learn(short));
        assert_eq!(patience, Patience(*PATIENCE.end()));
        assert!(!patience.is_over(short) && patience.is_over(*PATIENCE.end()));
        patience.learn(Duration::from_millis(1));
        assert_eq!(patience, Patience(*PATIENCE.end() / 2));
        (0..9).for_each(|_| patience.learn(Duration::from_secs(1)));
        assert_eq!(patience, Patience(*PATIENCE.start()));
    }
}
