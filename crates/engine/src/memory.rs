//! The memory of a query.

use std::fmt;

use datafusion::common::Result as Tried;
use datafusion::execution::memory_pool::{
    FairSpillPool, GreedyMemoryPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

/// Two halves: one for rows that wait for their part's turn to be grouped, which takes whoever comes first, since all wait for
/// the same; one for tables and sorting, which get fair shares. In one pool the many parts would leave the tables next to
/// nothing.
#[derive(Debug)]
pub struct Memory {
    waiting: GreedyMemoryPool,
    working: FairSpillPool,
}

impl Memory {
    /// Of so many bytes.
    pub fn new(bytes: usize) -> Memory {
        let waiting = bytes / 2;
        Memory { waiting: GreedyMemoryPool::new(waiting), working: FairSpillPool::new(bytes - waiting) }
    }

    fn half(&self, consumer: &MemoryConsumer) -> &dyn MemoryPool {
        // As DataFusion calls those that hold rows between partitions.
        match consumer.name().starts_with("RepartitionExec") {
            true => &self.waiting,
            false => &self.working,
        }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rows that wait: {}, tables and sorting: {}", self.waiting, self.working)
    }
}

impl MemoryPool for Memory {
    fn name(&self) -> &str {
        "halves"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.half(consumer).register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.half(consumer).unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.half(reservation.consumer()).grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.half(reservation.consumer()).shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Tried<()> {
        self.half(reservation.consumer()).try_grow(reservation, additional)
    }

    fn reserved(&self) -> usize {
        self.waiting.reserved() + self.working.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        match (self.waiting.memory_limit(), self.working.memory_limit()) {
            (MemoryLimit::Finite(one), MemoryLimit::Finite(other)) => MemoryLimit::Finite(one + other),
            _ => MemoryLimit::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn rows_that_wait_leave_the_tables_their_half() {
        let pool: Arc<dyn MemoryPool> = Arc::new(Memory::new(1000));
        let consumer =
            |name: &str| MemoryConsumer::new(name.to_string()).with_can_spill(true).register(&pool);
        let waiting: Vec<MemoryReservation> =
            (0..64).map(|at| consumer(&format!("RepartitionExec[{at}]"))).collect();
        let tables = [consumer("FinalHashAggregateStream[0]"), consumer("FinalHashAggregateStream[1]")];
        // One part may need more than another.
        waiting[7].try_grow(400).expect("room");
        waiting[8].try_grow(100).expect("room");
        waiting[9].try_grow(1).expect_err("half is taken");
        // Two share the other half, however many wait.
        tables[0].try_grow(250).expect("its share");
        tables[0].try_grow(1).expect_err("more than its share");
        tables[1].try_grow(250).expect("its share");
        assert_eq!(pool.reserved(), 1000);
        drop(waiting);
        tables[0].free();
        assert_eq!(pool.reserved(), 250);
    }
}
