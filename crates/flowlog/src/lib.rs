//! Flow logs: what the interfaces saw becomes records.
//!
//! A [`Recorder`] merges the pipeline's sightings into the windows of each flow log and closes them into [`Record`]s;
//! [`Format`] says which fields a record has and reads and prints its line. Where records go is not known here.
//!
//! Source: Amazon VPC User Guide, "Logging IP traffic using VPC Flow Logs".

pub mod field;
pub mod format;
pub mod lines;
pub mod record;
pub mod recorder;
pub mod stream;

mod flow;
mod place;

pub use field::Field;
pub use format::{Format, FormatError};
pub use lines::Lines;
pub use record::{LineError, LogStatus, Record, Value};
pub use recorder::{Delivery, Event, Recorder};
pub use stream::stream_name;
/// Which addresses are those of AWS services: `pkt-src-aws-service`.
pub use weir_model::service_range as services;
