//! What a query takes values for before it has seen them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::error::DataFusionError;

/// That values are narrow: addresses are IPv4 and so are numbers, keys of groups are short and so are one number together,
/// sums of whole numbers have room in 64 bits, or in those of a double where texts show the numbers.
/// Where a value is not, the query is worth a second beginning that takes all as they come.
#[derive(Clone, Debug, Default)]
pub struct Narrow(Arc<AtomicBool>);

impl Narrow {
    /// Notes that a value is wider, and gives the error that ends the query.
    pub fn fail(&self) -> DataFusionError {
        self.0.store(true, Ordering::Relaxed);
        DataFusionError::Execution("a value is wider than its column".into())
    }

    /// Whether a value was wider.
    pub fn has_failed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
