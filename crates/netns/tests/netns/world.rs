//! A network whose instances are namespaces, with the switch and a clock that runs.

use crate::bed::{Bed, Instance, SECOND, START, Site};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant as Moment};
use weir_fabric::{Fabric, HostName, Output};
use weir_flowlog::{Record, Recorder};
use weir_model::Nanos;
use weir_netns::{DriverKind, Netns, Ports, Settings, Switch};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a thread looks whether something is due.
const LOOK: Duration = Duration::from_micros(100);

/// How often it looks when nothing is: an event may come from a host outside.
const IDLE_LOOK: Duration = Duration::from_millis(2);

/// The network and what runs on it.
pub struct World {
    bed: Arc<Mutex<Bed>>,
    begun: Moment,
    folder: PathBuf,
    ports: Option<Arc<Ports>>,
    switch: Option<Switch>,
    ending: Arc<AtomicBool>,
    ticking: Option<JoinHandle<()>>,
}

impl World {
    /// A world without VPCs whose instances are namespaces unless told otherwise.
    pub fn new(driver: DriverKind) -> World {
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("weir-test-{}-{number}", std::process::id()));
        let ports = Arc::new(Ports::new().expect("ports"));
        let settings =
            Settings { folder: folder.clone(), is_temporary: true, driver: Some(driver), is_default: true };
        let netns = Netns::new(settings, ports.clone());
        let mut world = World::simulated_only();
        world.bed().fabric.set_outside(Box::new(netns));
        let (shared, begun) = (world.bed.clone(), world.begun);
        let access = move |judge: &mut dyn FnMut(&mut Fabric, Nanos)| {
            let mut bed = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let now = time(begun);
            bed.fabric.step(now);
            judge(&mut bed.fabric, now);
        };
        world.switch = Some(Switch::start(ports.clone(), access).expect("a switch"));
        (world.folder, world.ports) = (folder, Some(ports));
        world
    }

    /// A world whose instances are simulated.
    pub fn simulated_only() -> World {
        let (bed, begun) = (Arc::new(Mutex::new(Bed::new(1))), Moment::now());
        let ending = Arc::new(AtomicBool::new(false));
        let ticking = Some(tick(bed.clone(), begun, ending.clone()));
        World { bed, begun, folder: PathBuf::new(), ports: None, switch: None, ending, ticking }
    }

    /// The network and the fabric, at the present time.
    pub fn bed(&self) -> MutexGuard<'_, Bed> {
        let mut bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
        bed.fabric.step(time(self.begun));
        bed
    }

    /// A running instance, of the kind of this world; that it runs is made sure.
    #[track_caller]
    pub fn host(&self, site: &Site) -> Instance {
        let instance = self.bed().instance(site);
        self.check_runs(&instance);
        instance
    }

    /// A simulated instance in the same network.
    #[track_caller]
    pub fn simulated(&self, site: &Site, user_data: Option<&str>) -> Instance {
        let mut bed = self.bed();
        let instance = bed.launch(site, user_data);
        let mut tagged = bed.network.instances.get(&instance.id).expect("the instance").clone();
        tagged.tags.insert("weir:host".to_owned(), "simulated".to_owned());
        bed.network.instances.insert(tagged);
        let bed = &mut *bed;
        bed.fabric.update(&bed.network);
        instance
    }

    #[track_caller]
    pub fn check_runs(&self, instance: &Instance) {
        let bed = self.bed();
        let failed = bed.fabric.failed_outside().get(&instance.id);
        assert_eq!(failed, None, "{instance:?}");
    }

    /// Runs a command to its end.
    #[track_caller]
    pub fn run(&self, host: HostName, line: &str) -> Output {
        let argv: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        self.run_words(host, &argv)
    }

    /// Runs a script in a shell.
    #[track_caller]
    pub fn script(&self, host: HostName, script: &str) -> Output {
        self.run_words(host, &["sh", "-c", script].map(str::to_owned))
    }

    #[track_caller]
    pub fn run_words(&self, host: HostName, argv: &[String]) -> Output {
        let id = self.bed().fabric.exec(host, argv).unwrap_or_else(|error| panic!("{error}"));
        let (begun, mut output) = (Moment::now(), Output::default());
        while begun.elapsed() < PATIENCE {
            let part = self.bed().fabric.poll(id).expect("the command is known");
            output.stdout.push_str(&part.stdout);
            output.stderr.push_str(&part.stderr);
            if part.exit_code.is_some() {
                return Output { exit_code: part.exit_code, ..output };
            }
            std::thread::sleep(LOOK);
        }
        panic!("{argv:?} does not end; so far: {output:?}");
    }

    /// Waits until `is_so`.
    #[track_caller]
    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut(&World) -> bool) {
        let begun = Moment::now();
        while !is_so(self) {
            assert!(begun.elapsed() < PATIENCE, "never: {what}");
            std::thread::sleep(LOOK);
        }
    }

    /// Everything that the flow logs have recorded since they were made.
    pub fn records(&self) -> Vec<Record> {
        let mut bed = self.bed();
        let bed = &mut *bed;
        let mut recorder = Recorder::new();
        recorder.update(&bed.network, START);
        let (mut sightings, mut skipped) = (Vec::new(), Vec::new());
        bed.fabric.close_window(&mut sightings, &mut skipped);
        assert_eq!(skipped, []);
        recorder.collect(&sightings);
        // The minute after this one has ended: then all windows are closed.
        let deliveries = recorder.close(bed.fabric.now().plus(120 * SECOND));
        deliveries.into_iter().flat_map(|delivery| delivery.events).map(|event| event.record).collect()
    }

    /// How many frames the interfaces have not taken.
    pub fn unsent(&self) -> u64 {
        self.ports.as_ref().map_or(0, |ports| ports.unsent())
    }

    /// How many frames the hosts have sent and nobody could read.
    pub fn missed(&self) -> u64 {
        self.ports.as_ref().map_or(0, |ports| ports.missed())
    }

    /// Has an instance serve a page of so many bytes at `/page` on port 80 until it ends.
    #[track_caller]
    pub fn serve_page(&self, host: &Instance, bytes: usize) {
        let folder = self.folder_of(host).join("www");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("page"), vec![b'x'; bytes]).expect("a page");
        let server = format!("cd {} && exec python3 -m http.server 80", folder.display());
        let argv = ["sh", "-c", &server].map(str::to_owned);
        self.bed().fabric.exec(host.name(), &argv).expect("a server");
        self.wait_until_listening(host, 80);
    }

    /// Has an instance run an iperf3 server until it ends.
    #[track_caller]
    pub fn iperf3_server(&self, host: &Instance) {
        self.bed().fabric.exec(host.name(), &["iperf3", "-s"].map(str::to_owned)).expect("a server");
        self.wait_until_listening(host, 5201);
    }

    /// Waits until a TCP port of an instance listens, without a packet.
    #[track_caller]
    pub fn wait_until_listening(&self, host: &Instance, port: u16) {
        let tables = "cat /proc/thread-self/net/tcp /proc/thread-self/net/tcp6";
        self.wait_until("it listens", |world| {
            let sockets = world.script(host.name(), tables).stdout;
            sockets.lines().any(|line| line.contains(&format!(":{port:04X} ")) && line.contains(" 0A "))
        });
    }

    /// The folder of an instance's files.
    pub fn folder_of(&self, instance: &Instance) -> PathBuf {
        self.folder.join(instance.id.to_string())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        self.switch = None;
        if let Some(ticking) = self.ticking.take() {
            let _ = ticking.join();
        }
    }
}

fn time(begun: Moment) -> Nanos {
    START.plus(begun.elapsed().as_nanos() as u64)
}

/// Lets simulated hosts live.
fn tick(bed: Arc<Mutex<Bed>>, begun: Moment, ending: Arc<AtomicBool>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        while !ending.load(Ordering::SeqCst) {
            let mut bed = bed.lock().unwrap_or_else(PoisonError::into_inner);
            let now = time(begun);
            if bed.fabric.next_event().is_some_and(|at| at <= now) {
                bed.fabric.step(now);
            }
            let pause = if bed.fabric.next_event().is_none() { IDLE_LOOK } else { LOOK };
            drop(bed);
            std::thread::sleep(pause);
        }
    })
}
