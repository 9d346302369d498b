//! The peering lab: two VPCs that cannot talk, get peered, get routes, and answer ping; then the flow logs say what happened.

mod site;
mod story;

pub use story::play;
