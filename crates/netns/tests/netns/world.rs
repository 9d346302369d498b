//! A network whose instances are namespaces, with the switch and a clock that runs.

use crate::bed::{Bed, Instance, START, Site};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant as Moment};
use weir_fabric::{Fabric, HostName, Output};
use weir_model::Nanos;
use weir_netns::{DriverKind, Netns, Ports, Settings, Switch};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a thread looks whether something is due.
const LOOK: Duration = Duration::from_micros(100);

/// The network and what runs on it.
pub struct World {
    bed: Arc<Mutex<Bed>>,
    begun: Moment,
    folder: PathBuf,
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
        let settings = Settings { folder: folder.clone(), driver, is_default: true };
        let netns = Netns::new(settings, ports.clone()).expect("namespaces");
        let mut bed = Bed::new(1);
        bed.fabric.set_outside(Box::new(netns));
        let (bed, begun) = (Arc::new(Mutex::new(bed)), Moment::now());
        let shared = bed.clone();
        let access = move |judge: &mut dyn FnMut(&mut Fabric, Nanos)| {
            let mut bed = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let now = time(begun);
            bed.fabric.step(now);
            judge(&mut bed.fabric, now);
        };
        let switch = Some(Switch::start(ports, access).expect("a switch"));
        let ending = Arc::new(AtomicBool::new(false));
        let ticking = Some(tick(bed.clone(), begun, ending.clone()));
        World { bed, begun, folder, switch, ending, ticking }
    }

    /// The network and the fabric, at the present time.
    pub fn bed(&self) -> MutexGuard<'_, Bed> {
        let mut bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
        bed.fabric.step(time(self.begun));
        bed
    }

    /// A running namespace; that it runs is made sure.
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
    fn run_words(&self, host: HostName, argv: &[String]) -> Output {
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
        let _ = std::fs::remove_dir_all(&self.folder);
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
            drop(bed);
            std::thread::sleep(LOOK);
        }
    })
}
