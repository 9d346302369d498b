//! What an operation is: a request that runs in a context and gives a response, or an error.

use crate::errors;
use crate::logs::queries::{Queries, RunQuery};
use crate::logs::state::LogState;
use crate::ssm::command::Commands;
use serde_json::Value;
use weir_buckets::Buckets;
use weir_model::iam::{IamCx, IamRefused, Identities};
use weir_model::{Cx, Ids, Network, Refused, Scope, Timestamp};
use weir_store::{Store, Ticket};
use weir_wire::WireError;

/// A request of one API operation, read and well formed.
///
/// Requests of EC2, IAM and STS derive `Param` and their responses `Xml`; those of JSON services derive serde's traits.
/// `DryRun`, unknown parameters, idempotency and the envelope are the dispatcher's business, not the operation's.
pub trait Operation: Sized {
    /// What the caller is told.
    type Response;

    /// The members of a JSON request that are read and change nothing, for the documentation. Forms mark theirs `Accepted`.
    const WITHOUT_EFFECT: &'static [&'static str] = &[];

    /// Does it: reads the meaning, gives at most one command to the model, builds the view.
    ///
    /// # Errors
    /// What the command refuses, and what only the API can see to be wrong. Nothing has changed then.
    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error>;
}

/// What an operation works on: the state, who calls, and when.
pub struct Context<'a> {
    /// The VPC control plane of all accounts and regions.
    pub network: &'a mut Network,
    /// Roles and policies of all accounts.
    pub identities: &'a mut Identities,
    /// Log groups, streams and events.
    pub logs: &'a Store,
    /// Where exports go, if there are buckets.
    pub buckets: Option<&'a Buckets>,
    /// What CloudWatch Logs keeps beside them.
    pub log_state: &'a mut LogState,
    /// Queries over them.
    pub queries: &'a mut Queries,
    /// Scripts sent to managed nodes.
    pub commands: &'a mut Commands,
    /// Who runs queries.
    pub runner: &'a dyn RunQuery,
    /// Where fresh ids come from.
    pub ids: &'a mut Ids,
    /// What must be durable in the log store before the caller is answered.
    pub ticket: &'a mut Ticket,
    /// What goes on after the answer.
    pub stream: &'a mut Option<Stream>,
    /// The account and region the caller acts in.
    pub scope: Scope,
    /// The id of this request, a UUID.
    pub request_id: &'a str,
    /// The time.
    pub now: Timestamp,
}

/// An answer that goes on.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Its first messages.
    pub opening: Vec<u8>,
    /// The Live Tail session that has the rest.
    pub session: String,
}

impl Context<'_> {
    /// Gives one command to the network.
    ///
    /// ```text
    /// let vpc = cx.command(|network, cx| network.create_vpc(cx, spec))?;
    /// ```
    ///
    /// # Errors
    /// Those of the command.
    pub fn command<T>(
        &mut self,
        command: impl FnOnce(&mut Network, &mut Cx<'_>) -> Result<T, Refused>,
    ) -> Result<T, Error> {
        let mut cx = Cx { scope: self.scope, now: self.now, ids: self.ids };
        Ok(command(self.network, &mut cx)?)
    }

    /// Gives one command to IAM.
    ///
    /// # Errors
    /// Those of the command.
    pub fn iam_command<T>(
        &mut self,
        command: impl FnOnce(&mut Identities, &mut IamCx<'_>) -> Result<T, IamRefused>,
    ) -> Result<T, Error> {
        let mut cx = IamCx { account: self.scope.account, now: self.now, ids: self.ids };
        Ok(command(self.identities, &mut cx)?)
    }

    /// Answers the caller only when what `ticket` stands for is durable.
    pub fn acknowledge_with(&mut self, ticket: Ticket) {
        self.ticket.join(ticket);
    }

    /// The network as the caller sees it, for views.
    pub fn seen(&self) -> Seen<'_> {
        Seen { network: self.network, scope: self.scope, now: self.now }
    }
}

/// The network as one caller sees it at one moment.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// The network.
    pub network: &'a Network,
    /// The account and region the caller acts in.
    pub scope: Scope,
    /// The time.
    pub now: Timestamp,
}

/// Why an operation fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The network refuses the command.
    Refused(Refused),
    /// IAM refuses the command.
    Iam(IamRefused),
    /// The request itself is wrong, in AWS's words.
    Wire(WireError),
    /// The same, with further members of the error's body (JSON services).
    Detailed(WireError, Value),
}

impl Error {
    /// An error that only the API can see.
    pub fn new(code: &'static str, message: impl Into<String>) -> Error {
        Error::Wire(WireError::new(code, message))
    }

    /// What the caller is told.
    pub fn into_wire(self) -> WireError {
        match self {
            Error::Refused(refused) => errors::of_network(&refused),
            Error::Iam(refused) => errors::of_iam(&refused),
            Error::Wire(error) | Error::Detailed(error, _) => error,
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        Error::Refused(refused)
    }
}

impl From<IamRefused> for Error {
    fn from(refused: IamRefused) -> Error {
        Error::Iam(refused)
    }
}

impl From<WireError> for Error {
    fn from(error: WireError) -> Error {
        Error::Wire(error)
    }
}
