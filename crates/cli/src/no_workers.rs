//! Workers in a build without them: says how to get them.

use crate::arguments::{Worker, Workers};
use crate::{Failure, Outcome};
use weir_engine::Engine;

fn missing() -> Failure {
    Failure::new(
        2,
        "this weir is built without workers; cargo build --release --features workers builds it with them",
    )
}

/// # Errors
/// Always.
pub fn engine(_: &str) -> Result<Engine, Failure> {
    Err(missing())
}

/// # Errors
/// Always.
pub fn workers(_: &Workers) -> Outcome {
    Err(missing())
}

/// # Errors
/// Always.
pub fn worker(_: &Worker) -> Outcome {
    Err(missing())
}
