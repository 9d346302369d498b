//! The commands, one module each.

pub mod clock;
pub mod connect;
pub mod doctor;
pub mod down;
pub mod env;
pub mod exec;
pub mod explain;
pub mod import;
pub mod insights;
pub mod run;
pub mod status;
pub mod up;
