//! Tickets: the promise that something appended becomes durable, and its outcome.

use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Waker};

use crate::error::WriteError;
use crate::lock;

/// Stands for writes that are under way. Wait for it before telling anyone that they happened.
///
/// It can be waited for by a thread ([`Ticket::wait`]) or as a future. Dropping it cancels nothing.
#[derive(Debug, Default)]
#[must_use = "a write is acknowledged only when its ticket is"]
pub struct Ticket {
    slots: Vec<Arc<Slot>>,
}

impl Ticket {
    /// A ticket for nothing: done at once.
    pub fn done() -> Self {
        Ticket::default()
    }

    /// Makes this ticket stand for the writes of `other` too.
    pub fn join(&mut self, other: Ticket) {
        self.slots.extend(other.slots);
    }

    /// Waits until the writes are durable or have failed.
    ///
    /// # Errors
    /// The first failure; then none of this ticket's writes may be acknowledged.
    pub fn wait(self) -> Result<(), WriteError> {
        self.slots.iter().try_for_each(|slot| slot.wait())
    }

    /// What can tell at any time how the writes stand.
    pub fn witness(&self) -> Witness {
        Witness { slots: self.slots.clone() }
    }

    pub(crate) fn failed(error: WriteError) -> Self {
        let slot = Slot::default();
        slot.fill(Err(error));
        Ticket::of(Arc::new(slot))
    }

    pub(crate) fn of(slot: Arc<Slot>) -> Self {
        Ticket { slots: vec![slot] }
    }
}

/// Knows how the writes of a ticket stand, without waiting for them.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    slots: Vec<Arc<Slot>>,
}

impl Witness {
    /// Whether all writes are durable, or the first failure; `None` as long as that is open.
    pub fn outcome(&self) -> Option<Result<(), WriteError>> {
        self.slots
            .iter()
            .map(|slot| slot.outcome())
            .collect::<Option<Vec<_>>>()
            .map(|all| all.into_iter().collect())
    }
}

impl Future for Ticket {
    type Output = Result<(), WriteError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        while let Some(slot) = self.slots.last() {
            match slot.poll(cx.waker()) {
                Poll::Ready(Ok(())) => self.slots.pop(),
                other => return other,
            };
        }
        Poll::Ready(Ok(()))
    }
}

/// Where the outcome of one write is put.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    outcome: Mutex<Outcome>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct Outcome {
    result: Option<Result<(), WriteError>>,
    waker: Option<Waker>,
}

impl Slot {
    pub fn fill(&self, result: Result<(), WriteError>) {
        let waker = {
            let mut outcome = lock(&self.outcome);
            outcome.result = Some(result);
            outcome.waker.take()
        };
        self.filled.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn outcome(&self) -> Option<Result<(), WriteError>> {
        lock(&self.outcome).result.clone()
    }

    fn wait(&self) -> Result<(), WriteError> {
        let mut outcome = lock(&self.outcome);
        loop {
            if let Some(result) = &outcome.result {
                return result.clone();
            }
            outcome = self.filled.wait(outcome).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    fn poll(&self, waker: &Waker) -> Poll<Result<(), WriteError>> {
        let mut outcome = lock(&self.outcome);
        match &outcome.result {
            Some(result) => Poll::Ready(result.clone()),
            None => {
                outcome.waker = Some(waker.clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_ready_when_all_its_writes_are_and_fails_with_the_first() {
        let slots = [Arc::<Slot>::default(), Arc::default()];
        let both = || {
            let mut ticket = Ticket::of(slots[0].clone());
            ticket.join(Ticket::of(slots[1].clone()));
            ticket
        };
        let mut cx = Context::from_waker(Waker::noop());
        let mut ticket = both();
        let witness = ticket.witness();
        assert_eq!(witness.outcome(), None);
        assert_eq!(Pin::new(&mut ticket).poll(&mut cx), Poll::Pending);
        slots[1].fill(Ok(()));
        assert_eq!(Pin::new(&mut ticket).poll(&mut cx), Poll::Pending);
        slots[0].fill(Err(WriteError::Overloaded));
        assert_eq!(Pin::new(&mut ticket).poll(&mut cx), Poll::Ready(Err(WriteError::Overloaded)));
        assert_eq!(both().wait(), Err(WriteError::Overloaded));
        assert_eq!(witness.outcome(), Some(Err(WriteError::Overloaded)));
        assert_eq!(Ticket::done().witness().outcome(), Some(Ok(())));
        assert_eq!(Ticket::done().wait(), Ok(()));
    }
}
