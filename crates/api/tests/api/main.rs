//! Operations in process: the text of a request to the text of its answer.

mod account;
mod clumsy;
mod coverage;
mod dhcp;
mod flow;
mod iam;
mod internet_gateway;
mod logs;
mod network_acl;
mod packets;
mod region;
mod route;
mod shown;
mod subnet;
mod token;
mod vpc;
mod world;
