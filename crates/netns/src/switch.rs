//! The switch: one thread that reads what the hosts send, has the fabric judge it, and writes it where it goes.
//!
//! A burst is read, judged under one hold of the fabric, and written; nothing is allocated and no packet is copied. One
//! thread reads all queues, so the packets of a host keep their order. Between two hosts nothing is delayed.

use crate::driver::{BURST, Burst, Driver, PACKET_AT, offload};
use crate::ethernet::{self, Meaning};
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;
use std::io::{self, IoSlice};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use weir_fabric::{Fabric, OutsidePort, Relayed};
use weir_model::Nanos;

/// Most ports that one look at the queues tells of.
const READY_MAX: usize = 64;

/// What the waiting thread is told when it is to end.
const END: u64 = u64::MAX;

/// The outer ends of all interfaces, by port.
pub struct Ports {
    ports: RwLock<Vec<Option<Arc<Port>>>>,
    waiting: OwnedFd,
    ending: OwnedFd,
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
        let waiting = epoll::create(CreateFlags::CLOEXEC)?;
        let ending = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        epoll::add(&waiting, &ending, EventData::new_u64(END), EventFlags::IN)?;
        Ok(Ports { ports: RwLock::new(Vec::new()), waiting, ending, unsent: AtomicU64::new(0) })
    }

    /// Takes over the outer end of an interface, whose host has the MAC address.
    ///
    /// # Errors
    /// The process has too many files open.
    pub fn add(&self, at: OutsidePort, driver: Box<dyn Driver>, mac: [u8; 6]) -> io::Result<()> {
        let data = EventData::new_u64(u64::from(at.0));
        epoll::add(&self.waiting, driver.wait_on(), data, EventFlags::IN)?;
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
            let _ = epoll::delete(&self.waiting, port.driver.wait_on());
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
    ports: Arc<Ports>,
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
        let shared = ports.clone();
        let thread = std::thread::Builder::new().name("switch".into());
        let thread = thread.spawn(move || Loop::new(shared, access).run())?;
        Ok(Switch { ports, thread: Some(thread) })
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        let _ = rustix::io::write(&self.ports.ending, &1u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread works with.
struct Loop<A> {
    ports: Arc<Ports>,
    access: A,
    burst: Burst,
    /// Where each frame of the burst goes, and how long it is.
    ways: [Option<(OutsidePort, usize)>; BURST],
}

impl<A: Access> Loop<A> {
    fn new(ports: Arc<Ports>, access: A) -> Loop<A> {
        Loop { ports, access, burst: Burst::default(), ways: [None; BURST] }
    }

    fn run(&mut self) {
        let mut ready: Vec<Event> = Vec::with_capacity(READY_MAX);
        loop {
            ready.clear();
            match epoll::wait(&self.ports.waiting, rustix::buffer::spare_capacity(&mut ready), None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
            for event in ready.drain(..) {
                match event.data.u64() {
                    END => return,
                    number => self.serve(OutsidePort(number as u32)),
                }
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
