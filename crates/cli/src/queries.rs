//! Logs Insights queries on threads of their own, so that a long one keeps nobody waiting.

use weir_api::logs::queries::{Job, RunNaively, RunQuery};

/// Runs each query on a thread.
pub struct RunOnThreads;

impl RunQuery for RunOnThreads {
    fn run(&self, job: Job) {
        // A thread that cannot be started drops the job, which then has failed.
        let _ = std::thread::Builder::new().name("query".into()).spawn(move || RunNaively.run(job));
    }
}
