//! Operations in process: the text of a request to the text of its answer.

mod clumsy;
mod coverage;
mod iam;
mod logs;
mod region;
mod shown;
mod world;
