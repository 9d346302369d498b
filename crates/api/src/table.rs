//! The table of operations: one row for each, read by the dispatcher, IAM, CloudTrail, the documentation and the tests.

use crate::operation::{Context, Error, Operation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use weir_wire::{Frame, Member, Param, Params, Response, Service, Xml, json};

/// What an operation does to the resources it names (IAM's access levels).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Lists resources.
    List,
    /// Reads what is in them.
    Read,
    /// Makes, changes or deletes them.
    Write,
    /// Changes nothing but tags.
    Tagging,
    /// Changes who may do what.
    Permissions,
}

/// One operation.
#[derive(Clone, Copy)]
pub struct Row {
    /// The service.
    pub service: Service,
    /// The module with its code, named after the resource.
    pub module: &'static str,
    /// AWS's name of the operation.
    pub name: &'static str,
    /// What it does.
    pub access: Access,
    /// The members of its request, as far as the derive knows them.
    pub members: &'static [Member],
    /// The members of its response, likewise.
    pub response: &'static [Member],
    /// [`Operation::WITHOUT_EFFECT`].
    pub without_effect: &'static [&'static str],
    pub(crate) read: Read,
}

/// How a request is read, by kind of payload.
#[derive(Clone, Copy)]
pub(crate) enum Read {
    /// Named parameters.
    Form(fn(&Params) -> Result<Ready, Error>),
    /// A JSON text.
    Json(fn(Service, &[u8]) -> Result<Ready, Error>),
}

/// A request that has been read: what is left is to run it.
pub(crate) type Ready = Box<dyn FnOnce(&mut Context<'_>, &Frame<'_>, &str) -> Result<Response, Error>>;

impl Row {
    /// The IAM action: `ec2:DescribeVpcs`.
    pub fn iam_action(&self) -> String {
        format!("{}:{}", self.service.iam_prefix(), self.name)
    }

    /// Whether it leaves everything as it is (CloudTrail's `readOnly`).
    pub fn is_read_only(&self) -> bool {
        matches!(self.access, Access::List | Access::Read)
    }

    /// Whether its request has a `ClientToken`, so that a repeated one has no further effect.
    pub fn is_idempotent(&self) -> bool {
        self.members.iter().any(|member| member.rust == "client_token")
    }
}

/// Reads a request of EC2, IAM or STS.
pub(crate) fn read_form<O>(params: &Params) -> Result<Ready, Error>
where
    O: Operation<Response: Xml> + Param + 'static,
{
    let operation: O = params.read()?;
    Ok(Box::new(move |cx, frame, action| Ok(frame.xml(action, &operation.run(cx)?))))
}

/// Reads a request of a JSON service. An operation whose response is `()` answers with an empty body, or with a stream.
pub(crate) fn read_json<O>(service: Service, body: &[u8]) -> Result<Ready, Error>
where
    O: Operation<Response: Serialize> + DeserializeOwned + 'static,
{
    let operation: O = json::read(service, body)?;
    let is_void = std::mem::size_of::<O::Response>() == 0;
    Ok(Box::new(move |cx, frame, action| {
        let response = operation.run(cx)?;
        Ok(match cx.stream {
            Some(stream) => frame.stream(stream.opening.clone()),
            None if is_void => frame.empty(action),
            None => frame.json(action, &response),
        })
    }))
}

/// Declares the operations of a service: `module { Name Access … }`, one line for each module, in the order of reading.
///
/// `form` services read parameters, `json` services JSON.
macro_rules! operations {
    ($service:ident form: $($module:ident { $($name:ident $access:ident)* })*) => {
        /// The operations of this service.
        pub const OPERATIONS: &[$crate::table::Row] = &[$($($crate::table::Row {
            service: weir_wire::Service::$service,
            module: stringify!($module),
            name: stringify!($name),
            access: $crate::table::Access::$access,
            members: <$module::$name as weir_wire::Param>::MEMBERS,
            response: <<$module::$name as $crate::Operation>::Response as weir_wire::Xml>::MEMBERS,
            without_effect: <$module::$name as $crate::Operation>::WITHOUT_EFFECT,
            read: $crate::table::Read::Form($crate::table::read_form::<$module::$name>),
        },)*)*];
    };
    ($service:ident json: $($module:ident { $($name:ident $access:ident)* })*) => {
        /// The operations of this service.
        pub const OPERATIONS: &[$crate::table::Row] = &[$($($crate::table::Row {
            service: weir_wire::Service::$service,
            module: stringify!($module),
            name: stringify!($name),
            access: $crate::table::Access::$access,
            members: &[],
            response: &[],
            without_effect: <$module::$name as $crate::Operation>::WITHOUT_EFFECT,
            read: $crate::table::Read::Json($crate::table::read_json::<$module::$name>),
        },)*)*];
    };
}
pub(crate) use operations;

/// Every operation of every service.
pub fn all() -> impl Iterator<Item = &'static Row> {
    [
        crate::ec2::OPERATIONS,
        crate::iam::OPERATIONS,
        crate::instance_connect::OPERATIONS,
        crate::logs::OPERATIONS,
        crate::monitoring::OPERATIONS,
        crate::ssm::OPERATIONS,
        crate::sts::OPERATIONS,
    ]
    .into_iter()
    .flatten()
}
