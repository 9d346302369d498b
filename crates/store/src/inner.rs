//! What all handles of one store share.

use std::sync::{Arc, Mutex};

use crate::commit::{Log, Queue};
use crate::disk::Disk;
use crate::lock;
use crate::op::Op;
use crate::options::{Options, Work};
use crate::state::State;
use crate::ticket::Ticket;

/// Locks are taken in the order `log`, `state`, `queue`'s own; never the other way round.
#[derive(Debug)]
pub(crate) struct Inner {
    pub options: Options,
    pub disk: Arc<dyn Disk>,
    pub state: Mutex<State>,
    pub queue: Queue,
    pub log: Mutex<Log>,
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
