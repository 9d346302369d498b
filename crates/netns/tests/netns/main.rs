//! Real programs in real namespaces: what they report, and what the flow logs say of it.
//!
//! Run as root it tries both drivers, and then itself once more as an ordinary user. What a machine does not allow is
//! reported as not possible; nothing is taken for granted that was not tried.

#[allow(dead_code)]
#[path = "../../../fabric/tests/fabric/bed.rs"]
mod bed;

mod life;
mod ping;
mod records;
mod world;

use std::os::unix::process::CommandExt;
use std::process::Command;
use weir_netns::{DriverKind, become_root, possible};
use world::World;

/// The user that the test runs as once more (Debian: nobody).
const NOBODY: u32 = 65534;

/// The argument that says that this is the run as an ordinary user.
const AS_USER: &str = "--as-user";

type Test = (&'static str, fn(&mut World));

fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let is_user = std::env::args().any(|argument| argument == AS_USER);
    if let Err(missing) = become_root() {
        println!("netns: NOT POSSIBLE HERE, nothing was tested: {missing}");
        return;
    }
    let possible = possible();
    let who = if is_user { "an ordinary user" } else { "root" };
    let mut failed = 0;
    for (driver, allowed) in [(DriverKind::Tap, &possible.tap), (DriverKind::Packet, &possible.packet)] {
        match allowed {
            Ok(()) => failed += run(driver, who),
            Err(missing) => println!("netns: {driver} as {who}: NOT POSSIBLE HERE: {missing}"),
        }
    }
    if !is_user {
        failed += run_as_user();
    }
    assert!(failed == 0, "{failed} failed");
}

/// Runs all tests with a driver; how many failed.
fn run(driver: DriverKind, who: &str) -> usize {
    let tests: Vec<Test> = [ping::TESTS, life::TESTS, records::TESTS].concat();
    let filter = std::env::args().nth(1).filter(|filter| !filter.starts_with('-'));
    let mut failed = 0;
    for (name, test) in
        tests.into_iter().filter(|(name, _)| filter.as_ref().is_none_or(|part| name.contains(part)))
    {
        let begun = std::time::Instant::now();
        let outcome = std::panic::catch_unwind(|| test(&mut World::new(driver)));
        let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
        println!("netns: {driver} as {who}: {name} ... {verdict} ({} ms)", begun.elapsed().as_millis());
        failed += usize::from(outcome.is_err());
    }
    failed
}

/// Runs this program as an ordinary user; how many runs failed.
fn run_as_user() -> usize {
    let program = std::env::current_exe().expect("a path");
    let filter = std::env::args().skip(1).filter(|filter| !filter.starts_with('-'));
    // As nohup and a script's & start it: programs of instances heed these signals all the same.
    let mut run = Command::new("sh");
    run.args(["-c", "trap '' HUP INT QUIT; exec \"$0\" \"$@\""]).arg(program).args(filter).arg(AS_USER);
    let run = run.current_dir("/").uid(NOBODY).gid(NOBODY).status();
    match run {
        Ok(status) => usize::from(!status.success()),
        Err(error) => {
            println!("netns: as an ordinary user: NOT POSSIBLE HERE: {error}");
            0
        }
    }
}
