//! A thread that lives in namespaces of its own, and does there what it is asked to.
//!
//! What it starts inherits the namespaces: no program needs to be moved into one. They live as long as the thread and what
//! it has started, and need no names. Source: namespaces(7), unshare(2), network_namespaces(7).

use crate::sys;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::thread::JoinHandle;

/// The stack of the thread: it runs short jobs.
const STACK_BYTES: usize = 256 * 1024;

type Job = Box<dyn FnOnce() + Send>;

/// Namespaces and the thread in them.
pub struct Namespace {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    network: File,
}

impl Namespace {
    /// A network namespace alone: for outer ends.
    ///
    /// # Errors
    /// The caller may not make one.
    pub fn network() -> io::Result<Namespace> {
        Namespace::new(libc::CLONE_NEWNET)
    }

    /// The namespaces of an instance: network, mounts, host name and processes.
    ///
    /// # Errors
    /// The caller may not make them.
    pub fn instance() -> io::Result<Namespace> {
        let flags = libc::CLONE_NEWNET | libc::CLONE_NEWNS | libc::CLONE_NEWUTS | libc::CLONE_NEWPID;
        Namespace::new(flags)
    }

    fn new(flags: libc::c_int) -> io::Result<Namespace> {
        let (jobs, queue) = channel::<Job>();
        let (tell, told) = sync_channel(1);
        let thread = std::thread::Builder::new().name("namespace".into()).stack_size(STACK_BYTES);
        let thread = thread.spawn(move || {
            let entered = enter(flags);
            let is_in = entered.is_ok();
            if tell.send(entered).is_ok() && is_in {
                queue.into_iter().for_each(|job: Job| job());
            }
        })?;
        let network = told.recv().unwrap_or_else(|_| Err(io::Error::other("the thread has ended")))?;
        Ok(Namespace { jobs: Some(jobs), thread: Some(thread), network })
    }

    /// Runs `job` in the namespaces and gives what it gives.
    ///
    /// # Errors
    /// Those of the job.
    pub fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (tell, told) = sync_channel(1);
        let job = Box::new(move || drop(tell.send(job())));
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(job).map_err(|_| gone())?;
        told.recv().map_err(|_| gone())?
    }

    /// The network namespace, for netlink to name it by.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.network.as_fd()
    }
}

fn gone() -> io::Error {
    io::Error::other("the namespace has gone")
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A job that panicked has told its caller.
            let _ = thread.join();
        }
    }
}

/// Moves the calling thread into new namespaces, and gives its network namespace.
fn enter(flags: libc::c_int) -> io::Result<File> {
    sys::unshare(flags)?;
    if flags & libc::CLONE_NEWNS != 0 {
        // What is mounted here is not to be seen outside.
        sys::mount(Path::new(""), Path::new("/"), libc::MS_REC | libc::MS_PRIVATE)?;
    }
    File::open("/proc/thread-self/ns/net")
}
