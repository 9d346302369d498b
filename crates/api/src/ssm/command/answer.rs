//! Looking at commands.
//!
//! Source: Systems Manager API Reference, ListCommands, ListCommandInvocations, GetCommandInvocation, CommandFilter.

use super::queue::Command;
use super::send::DOCUMENT;
use super::view::{CommandView, InvocationView, OutputView, PLUGIN};
use crate::operation::{Context, Error, Operation};
use crate::ssm::check;
use serde::{Deserialize, Serialize};
use weir_model::InstanceId;
use weir_wire::{Page, Token, parse_iso};

/// The least and greatest `MaxResults`.
const PAGE: std::ops::RangeInclusive<i64> = 1..=50;
/// Items of a page unless the request says otherwise. Assumption: the greatest.
const PAGE_DEFAULT: i64 = 50;

/// Narrows a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandFilter {
    key: String,
    value: String,
}

/// What both lists can be asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListCommands {
    command_id: Option<String>,
    instance_id: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
    filters: Vec<CommandFilter>,
}

impl ListCommands {
    /// The commands asked for, the latest first. A filter on the status is left to the caller.
    ///
    /// Assumption: an id that no command has finds nothing, as ListCommandInvocations does right after SendCommand.
    fn found<'a>(&self, cx: &'a Context<'_>) -> Result<Vec<&'a Command>, Error> {
        check::number(self.max_results.unwrap_or(PAGE_DEFAULT), "maxResults", &PAGE)?;
        self.command_id.as_deref().map_or(Ok(()), check::command_id)?;
        let instance = self.instance()?;
        let mut found: Vec<&Command> = cx.commands.of(cx.scope).collect();
        found.retain(|command| self.command_id.as_ref().is_none_or(|id| *id == command.id));
        found.retain(|command| {
            let is_on = |id| command.invocations.iter().any(|invocation| invocation.instance == id);
            instance.is_none_or(is_on)
        });
        for filter in &self.filters {
            filter.narrow(&mut found)?;
        }
        Ok(found)
    }

    fn instance(&self) -> Result<Option<InstanceId>, Error> {
        self.instance_id.as_deref().map(|id| check::instance_id(id, "instanceId")).transpose()
    }

    /// The status that is wanted, if one is.
    fn has_status(&self, status: &str) -> bool {
        let mut wanted = self.filters.iter().filter(|filter| filter.key == "Status");
        wanted.all(|filter| filter.value == status)
    }

    fn page<T>(&self, items: Vec<T>, key: impl Fn(&T) -> u64) -> Result<(Vec<T>, Option<String>), Error> {
        let page = Page {
            max_results: Some(self.max_results.unwrap_or(PAGE_DEFAULT)),
            next_token: self.next_token.clone().map(Token::given),
        };
        let (items, next) = page.cut(PAGE, items, key)?;
        Ok((items, next.map(|token| token.as_str().to_owned())))
    }
}

impl CommandFilter {
    fn narrow(&self, found: &mut Vec<&Command>) -> Result<(), Error> {
        let time = || {
            let parsed = parse_iso(&self.value);
            parsed.ok_or_else(|| check::constraint(&self.value, "filters", "be a time in ISO 8601"))
        };
        match self.key.as_str() {
            "InvokedAfter" => {
                let after = time()?;
                found.retain(|command| command.requested.0 > after);
            }
            "InvokedBefore" => {
                let before = time()?;
                found.retain(|command| command.requested.0 < before);
            }
            "DocumentName" => found.retain(|_| self.value == DOCUMENT),
            "ExecutionStage" => {
                found.retain(|command| self.value == if command.is_over() { "Complete" } else { "Executing" })
            }
            "Status" => {}
            _ => return Err(Error::new("InvalidFilterKey", "")),
        }
        Ok(())
    }
}

/// The commands found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListCommandsResponse {
    commands: Vec<CommandView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListCommands {
    type Response = ListCommandsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let found =
            self.found(cx)?.into_iter().map(|command| (u64::MAX - command.number, CommandView::of(command)));
        let found = found.filter(|(_, view)| self.has_status(view.status)).collect();
        let (page, next_token) = self.page(found, |(place, _)| *place)?;
        Ok(ListCommandsResponse { commands: page.into_iter().map(|(_, view)| view).collect(), next_token })
    }
}

/// Lists commands on nodes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListCommandInvocations {
    command_id: Option<String>,
    instance_id: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
    filters: Vec<CommandFilter>,
    details: bool,
}

/// The invocations found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListCommandInvocationsResponse {
    command_invocations: Vec<InvocationView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListCommandInvocations {
    type Response = ListCommandInvocationsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let ListCommandInvocations { command_id, instance_id, max_results, next_token, filters, details } =
            self;
        let list = ListCommands { command_id, instance_id, max_results, next_token, filters };
        let instance = list.instance()?;
        let mut found = Vec::new();
        for command in list.found(cx)? {
            for (number, invocation) in command.invocations.iter().enumerate() {
                let is_wanted = instance.is_none_or(|instance| instance == invocation.instance);
                if is_wanted && list.has_status(invocation.status.name()) {
                    // Invocations of one command stand together: 40 bits for the command, 24 for the node.
                    let place = (u64::MAX >> 24).saturating_sub(command.number) << 24 | number as u64;
                    found.push(InvocationView::of(command, invocation, place, details));
                }
            }
        }
        let (command_invocations, next_token) = list.page(found, |view| view.place)?;
        Ok(ListCommandInvocationsResponse { command_invocations, next_token })
    }
}

/// Gives a command on one node with its output.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetCommandInvocation {
    command_id: String,
    instance_id: String,
    plugin_name: Option<String>,
}

impl Operation for GetCommandInvocation {
    type Response = OutputView;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        check::command_id(&self.command_id)?;
        let instance = check::instance_id(&self.instance_id, "instanceId")?;
        if self.plugin_name.is_some_and(|name| name != PLUGIN) {
            return Err(Error::new("InvalidPluginName", ""));
        }
        let command = cx.commands.find(cx.scope, &self.command_id);
        let found = command.and_then(|command| {
            let mut invocations = command.invocations.iter();
            let invocation = invocations.find(|invocation| invocation.instance == instance)?;
            Some(OutputView::of(command, invocation))
        });
        found.ok_or_else(|| Error::new("InvocationDoesNotExist", ""))
    }
}
