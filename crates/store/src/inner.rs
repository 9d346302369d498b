//! What all handles of one store share.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::catalog::Catalog;
use crate::commit::{Log, Queue};
use crate::delta::Delta;
use crate::disk::Disk;
use crate::error::SealError;
use crate::line::LineFormat;
use crate::lock;
use crate::op::Op;
use crate::options::{Options, Work};
use crate::state::State;
use crate::ticket::Ticket;

/// Locks are taken in the order `house`, `log`, `state`, the others; never the other way round.
#[derive(Debug)]
pub(crate) struct Inner {
    pub options: Options,
    pub formats: Arc<[LineFormat]>,
    pub disk: Arc<dyn Disk>,
    pub state: Mutex<State>,
    pub queue: Queue,
    pub log: Mutex<Log>,
    pub catalog: Catalog,
    /// The log for other readers, if there is to be one.
    pub delta: Option<Mutex<Delta>>,
    /// Held while housekeeping is done.
    pub house: Mutex<()>,
    /// Why the last housekeeping failed.
    pub fault: Mutex<Option<Arc<SealError>>>,
    pub signal: Signal,
}

/// Wakes the thread that does the housekeeping.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    state: Mutex<Raised>,
    raised: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Raised {
    #[default]
    No,
    Yes,
    Stop,
}

impl Signal {
    /// Wakes the thread, or has it go round once more.
    pub fn raise(&self) {
        let mut state = lock(&self.state);
        if *state == Raised::No {
            *state = Raised::Yes;
        }
        self.raised.notify_one();
    }

    /// Has the thread end.
    pub fn stop(&self) {
        *lock(&self.state) = Raised::Stop;
        self.raised.notify_one();
    }

    /// Waits until raised; answers `false` if the thread is to end.
    pub fn wait(&self) -> bool {
        let mut state = lock(&self.state);
        while *state == Raised::No {
            state = self.raised.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let is_raised = *state == Raised::Yes;
        if is_raised {
            *state = Raised::No;
        }
        is_raised
    }
}

impl Inner {
    /// Changes the state and puts the operations that say so in line, in one order for all callers.
    pub fn change<E>(&self, change: impl FnOnce(&mut State) -> Result<Vec<Op>, E>) -> Result<Ticket, E> {
        let ticket = {
            let mut state = lock(&self.state);
            let ops = change(&mut state)?;
            self.queue.push(ops)
        };
        if self.options.work == Work::Caller {
            self.commit();
        }
        Ok(ticket)
    }
}
