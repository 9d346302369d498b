//! Every operation: request bytes to response bytes.
//!
//! A [`Cloud`] owns everything that changes. A request goes [`Cloud::handle`] → [`dispatch`] → an [`Operation`] of the
//! [`table`] → one command of the model → a view; [`errors`] says in AWS's words why not. Synchronous: no sockets, no
//! threads, no clock, no randomness; what has to reach the disk is handed back with the reply.
//!
//! Source: the API references of Amazon EC2, IAM, STS and CloudWatch Logs.

pub mod bucket_policy;
pub mod cloud;
pub mod delivery;
pub mod dispatch;
pub mod errors;
pub mod operation;
pub mod plane;
pub mod select;
pub mod table;
pub mod token;

pub mod ec2;
pub mod iam;
pub mod import;
pub mod instance_connect;
pub mod logs;
pub mod monitoring;
pub mod ssm;
pub mod sts;

mod local;
mod relay;

pub use cloud::{Cloud, Reply, Settings};
pub use operation::{Context, Error, Operation, Seen};
pub use relay::{AnswerS3, Passage};
