//! The system calls that the standard library lacks, each behind a safe function.
//!
//! libc and nothing larger: a crate of safe wrappers would add its features to those that other crates use it with, and
//! have half of the workspace compiled once more. Source: the Linux manual page of each call.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub use libc::{SIGHUP, SIGINT, SIGKILL};

/// What is ready: the number given to [`Waiting::add`].
pub type Ready = u64;

/// Most descriptors that one wait tells of.
const READY_MAX: usize = 64;

/// What a system call returned, if it did not fail.
pub fn check(returned: libc::c_int) -> io::Result<libc::c_int> {
    if returned < 0 { Err(io::Error::last_os_error()) } else { Ok(returned) }
}

/// Takes over a descriptor that a system call has made.
fn own(made: libc::c_int) -> io::Result<OwnedFd> {
    let descriptor = check(made)?;
    // SAFETY: the kernel has just made it for this process, and nothing else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Moves the calling thread into new namespaces: `CLONE_NEW…` flags and no others.
///
/// # Errors
/// The caller may not, or the flags would part threads.
pub fn unshare(namespaces: libc::c_int) -> io::Result<()> {
    // SAFETY: namespaces part this thread from neither memory nor descriptors that it shares with others; the flags that
    // would (CLONE_FILES, CLONE_VM) are no namespaces and are not passed on.
    check(unsafe { libc::unshare(namespaces & !(libc::CLONE_FILES | libc::CLONE_VM)) }).map(drop)
}

/// Mounts: what the arguments mean depends on the flags, as in mount(2). Empty texts stand for none.
///
/// # Errors
/// The caller may not, or a path does not exist.
pub fn mount(source: &Path, target: &Path, flags: libc::c_ulong) -> io::Result<()> {
    let [source, target] = [source, target].map(|path| CString::new(path.as_os_str().as_bytes()));
    let (source, target) = (source?, target?);
    mount_raw(&source, &target, c"", flags)
}

/// The same, without allocating: it may be called between fork and exec.
///
/// # Errors
/// As [`mount`].
pub fn mount_raw(source: &CStr, target: &CStr, kind: &CStr, flags: libc::c_ulong) -> io::Result<()> {
    // SAFETY: the three texts end with zero and outlive the call; there is no data.
    let done =
        unsafe { libc::mount(source.as_ptr(), target.as_ptr(), kind.as_ptr(), flags, std::ptr::null()) };
    check(done).map(drop)
}

/// Has the calling process ignore that its children end, which then need no waiting for. Inherited over exec.
pub fn ignore_children() {
    // SAFETY: no handler is installed, so no code of this process runs in a signal.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
}

/// Has the calling process end by a hang-up, an interrupt or a request to quit, whatever it was started with: `nohup` has
/// its program ignore the first, a script's `&` the other two. It may be called between fork and exec.
pub fn heed_signals() {
    for signal in [SIGHUP, SIGINT, libc::SIGQUIT] {
        // SAFETY: no handler is installed, so no code of this process runs in a signal.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Has writes to a descriptor fail where they would have to wait.
///
/// # Errors
/// The descriptor is of a kind that cannot.
pub fn set_nonblocking(descriptor: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the descriptor is open as long as it is borrowed, and the flags are a plain number.
    let flags = check(unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_GETFL) })?;
    // SAFETY: the same.
    check(unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK) }).map(drop)
}

/// Sets the host name of the calling thread's namespace.
///
/// # Errors
/// The caller may not, or it is too long.
pub fn set_hostname(name: &str) -> io::Result<()> {
    // SAFETY: the pointer and the length are of one text that outlives the call.
    check(unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) }).map(drop)
}

/// A raw socket of a family, without protocol.
///
/// # Errors
/// The kernel lacks the family, or the caller may not.
pub fn raw_socket(family: libc::c_int, flags: libc::c_int) -> io::Result<OwnedFd> {
    // SAFETY: no memory is involved.
    own(unsafe { libc::socket(family, libc::SOCK_RAW | libc::SOCK_CLOEXEC | flags, 0) })
}

/// Sets an option of a socket that is a number.
///
/// # Errors
/// The kernel lacks the option, or the caller may not.
pub fn set_option(
    socket: &OwnedFd,
    (level, option): (libc::c_int, libc::c_int),
    value: libc::c_int,
) -> io::Result<()> {
    let length = size_of_val(&value) as libc::socklen_t;
    // SAFETY: the descriptor is open, and the option is an int of the length given, which outlives the call.
    let done =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const value).cast(), length) };
    check(done).map(drop)
}

/// The index of a link in the calling thread's namespace.
///
/// # Errors
/// There is none of this name.
pub fn link_index(name: &str) -> io::Result<u32> {
    let name = CString::new(name)?;
    // SAFETY: the text ends with zero and outlives the call.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        index => Ok(index),
    }
}

/// The real user and group of the process.
pub fn user() -> (u32, u32) {
    // SAFETY: both only read, and cannot fail.
    unsafe { (libc::getuid(), libc::getgid()) }
}

/// Sends a signal to a process, or with a negative number to a process group.
///
/// # Errors
/// There is none, or it is another user's.
pub fn kill(process: i32, signal: libc::c_int) -> io::Result<()> {
    // SAFETY: no memory is involved.
    check(unsafe { libc::kill(process, signal) }).map(drop)
}

/// Waits until a child has ended, and leaves it to be waited for.
///
/// # Errors
/// It is no child.
pub fn wait_for_end(child: u32) -> io::Result<()> {
    // SAFETY: all zeros are a legal `siginfo_t`, which the call fills and which outlives it.
    let done = unsafe {
        let mut found: libc::siginfo_t = std::mem::zeroed();
        libc::waitid(libc::P_PID, child, &raw mut found, libc::WEXITED | libc::WNOWAIT)
    };
    check(done).map(drop)
}

/// Descriptors to wait on.
pub struct Waiting {
    set: OwnedFd,
}

impl Waiting {
    /// None yet.
    ///
    /// # Errors
    /// The process has too many files open.
    pub fn new() -> io::Result<Waiting> {
        // SAFETY: no memory is involved.
        Ok(Waiting { set: own(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })? })
    }

    /// Also waits on a descriptor, until it is removed or closed.
    ///
    /// # Errors
    /// It is there already, or cannot be waited on.
    pub fn add(&self, descriptor: &impl AsFd, number: Ready) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, descriptor, number)
    }

    /// No longer waits on a descriptor.
    ///
    /// # Errors
    /// It is not there.
    pub fn remove(&self, descriptor: &impl AsFd) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_DEL, descriptor, 0)
    }

    fn control(&self, what: libc::c_int, descriptor: &impl AsFd, number: Ready) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: number };
        let (set, descriptor) = (self.set.as_raw_fd(), descriptor.as_fd().as_raw_fd());
        // SAFETY: both descriptors are open, and the event outlives the call.
        check(unsafe { libc::epoll_ctl(set, what, descriptor, &raw mut event) }).map(drop)
    }

    /// Waits until something is ready, or is interrupted, and calls `each` with the numbers.
    ///
    /// # Errors
    /// Never while this lives.
    pub fn wait(&self, each: impl FnMut(Ready)) -> io::Result<()> {
        self.wait_at_most(-1, each)
    }

    /// Calls `each` with the numbers of what is ready now.
    ///
    /// # Errors
    /// Never while this lives.
    pub fn look(&self, each: impl FnMut(Ready)) -> io::Result<()> {
        self.wait_at_most(0, each)
    }

    fn wait_at_most(&self, milliseconds: libc::c_int, mut each: impl FnMut(Ready)) -> io::Result<()> {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; READY_MAX];
        // SAFETY: the descriptor is open, and the kernel writes at most as many events as there is room for.
        let found = unsafe {
            libc::epoll_wait(
                self.set.as_raw_fd(),
                events.as_mut_ptr(),
                READY_MAX as libc::c_int,
                milliseconds,
            )
        };
        let count = match check(found) {
            Ok(count) => count as usize,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        events[..count].iter().for_each(|event| each(event.u64));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_is_ready_is_told_by_its_number() {
        let waiting = Waiting::new().expect("a set");
        let ((one, mut to_one), (other, to_other)) =
            (io::pipe().expect("a pipe"), io::pipe().expect("a pipe"));
        waiting.add(&one, 1).expect("added");
        waiting.add(&other, 2).expect("added");
        let ready = || {
            let mut ready = Vec::new();
            waiting.wait(|number| ready.push(number)).expect("it waits");
            ready
        };
        to_one.write_all(b"x").expect("written");
        assert_eq!(ready(), [1]);
        waiting.remove(&one).expect("removed");
        // The end of a pipe is news, too.
        drop(to_other);
        assert_eq!(ready(), [2]);
    }

    #[test]
    fn failures_are_the_kernels() {
        assert_eq!(link_index("no-such-link").expect_err("none").raw_os_error(), Some(libc::ENODEV));
        assert!(wait_for_end(std::process::id()).is_err());
        assert!(raw_socket(-1, 0).is_err());
    }
}
