//! What has failed on a worker is told as the embedded engine tells it.

use weir_insights::{ExecuteError, TimeRange};

use super::{Machines, ask, flows};
use crate::job::cause;

/// Texts as Ballista 55 makes them.
#[test]
fn the_cause_is_told_in_one_line() {
    let rows = [
        (
            "Job failed due to stage 1 failed: Task failed due to runtime execution error: \
             DataFusionError(Execution(\"Resources exhausted: no \\\"room\\\"\\nfor it\"))\n",
            "Resources exhausted: no \"room\" for it",
        ),
        (
            "Job failed due to stage 2 failed: Task failed due to IO error: DataFusionError(External(IoError(\
             Os { code: 28, kind: StorageFull, message: \"No space left on device\" })))\n",
            "No space left on device",
        ),
        (
            "Grpc connection error: Error at http://127.0.0.1:1: tonic::transport::Error(Transport, \
             ConnectError(ConnectError(\"tcp connect error\", 127.0.0.1:1, Os { code: 111, kind: \
             ConnectionRefused, message: \"Connection refused\" })))",
            "tcp connect error: Connection refused",
        ),
        (
            "all executors were lost and no executor re-registered within 12s",
            "all executors were lost and no executor re-registered within 12s",
        ),
        ("no column named \"a\"", "no column named \"a\""),
    ];
    for (told, expected) in rows {
        assert_eq!(cause(told), expected);
    }
}

#[test]
fn a_failure_on_a_worker_is_told_in_its_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = flows::write(folder.path(), 1, 2_000);
    let machines = Machines::with_memory(1, 1, 1 << 10);
    let query = "fields @message | sort bytes | limit 2000";
    let Err(ExecuteError::Engine(why)) = ask(&machines.engine(2), &files, query, TimeRange::ALL) else {
        panic!("a worker without memory sorts");
    };
    assert!(why.starts_with("on the workers: Resources exhausted: ") && !why.contains('\n'), "{why}");
}
