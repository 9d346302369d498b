//! Runs Insights plans over log segments and files with DataFusion, which only this crate and `distributed` name.
//!
//! A plan is lowered to DataFusion's expressions, never to SQL text. Columns of known type stay typed: a flow log's
//! `bytes` is a column of integers from the file to the sum. Everything else is text that operators look at weakly, by
//! functions that call the language's own ([`weir_insights::evaluate`]), so that there is one meaning of each operator.
//! The answers are those of [`weir_insights::Naive`]; a property test compares them.

mod counted;
mod engine;
mod events;
pub mod files;
mod kind;
mod logs;
mod lower;
mod memory;
mod narrow;
pub mod output;
mod scalar;
mod scope;
mod sum;
mod turns;
mod workers;

pub use engine::{Engine, Options};
pub use logs::LogGroup;
pub use scalar::{function_bytes, function_of_bytes};
pub use workers::Workers;

#[cfg(test)]
mod tests;
