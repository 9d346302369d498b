//! Managed nodes: which instances commands can be sent to.
//!
//! Source: Systems Manager API Reference, DescribeInstanceInformation.

use super::check;
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use weir_model::dns::name;
use weir_model::image::Image;
use weir_model::instance::{Instance, InstanceState};
use weir_model::{InstanceId, Network, Scope, Timestamp};
use weir_wire::json::epoch_seconds;
use weir_wire::{Page, Token};

/// The least and greatest `MaxResults`.
const PAGE: std::ops::RangeInclusive<i64> = 5..=50;
/// Nodes of a page unless the request says otherwise. Assumption: the greatest.
const PAGE_DEFAULT: i64 = 50;
/// The agent that hosts are said to run.
const AGENT_VERSION: &str = "3.3.3050.0";

/// The managed nodes of a scope.
pub fn nodes(network: &Network, scope: Scope) -> impl Iterator<Item = &Instance> {
    network.instances.of(scope).filter(|instance| instance.state != InstanceState::Terminated)
}

/// What is known of a managed node.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceInformation {
    instance_id: InstanceId,
    ping_status: &'static str,
    #[serde(with = "epoch_seconds")]
    last_ping_date_time: Timestamp,
    agent_version: &'static str,
    is_latest_version: bool,
    platform_type: &'static str,
    platform_name: &'static str,
    platform_version: &'static str,
    resource_type: &'static str,
    #[serde(rename = "IPAddress")]
    ip_address: String,
    computer_name: String,
}

impl InstanceInformation {
    fn of(instance: &Instance, network: &Network, now: Timestamp) -> InstanceInformation {
        let is_running = instance.state == InstanceState::Running;
        let interface = instance.interfaces.first().and_then(|id| network.interfaces.get(id));
        let address = interface.and_then(|interface| interface.addresses.first()).map(|held| held.private);
        let (platform_name, platform_version) = platform(instance);
        InstanceInformation {
            instance_id: instance.id,
            ping_status: if is_running { "Online" } else { "ConnectionLost" },
            last_ping_date_time: if is_running { now } else { instance.state_since },
            agent_version: AGENT_VERSION,
            is_latest_version: true,
            platform_type: "Linux",
            platform_name,
            platform_version,
            resource_type: "EC2Instance",
            ip_address: address.map(|address| address.to_string()).unwrap_or_default(),
            computer_name: address
                .map(|address| name::private(instance.scope.region, address))
                .unwrap_or_default(),
        }
    }

    /// The values of a filter, or `None` for one that there is not.
    fn values(&self, key: &str, instance: &Instance) -> Option<Vec<String>> {
        Some(match key {
            "InstanceIds" => vec![self.instance_id.to_string()],
            "PingStatus" => vec![self.ping_status.to_owned()],
            "PlatformTypes" => vec![self.platform_type.to_owned()],
            "ResourceType" => vec![self.resource_type.to_owned()],
            "AgentVersion" => vec![self.agent_version.to_owned()],
            _ => {
                let tag = key.strip_prefix("tag:")?;
                instance.tags.get(tag).cloned().into_iter().collect()
            }
        })
    }
}

/// Name and version of what an instance runs, by the name of its image.
fn platform(instance: &Instance) -> (&'static str, &'static str) {
    let image = Image::find(instance.scope.region, instance.image);
    let name = image.map_or("", |image| image.name);
    match () {
        () if name.starts_with("amzn2-") => ("Amazon Linux", "2"),
        () if name.contains("ubuntu-noble-24.04") => ("Ubuntu", "24.04"),
        () if name.contains("ubuntu-jammy-22.04") => ("Ubuntu", "22.04"),
        () => ("Amazon Linux", "2023"),
    }
}

/// Narrows the answer: the newer form.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StringFilter {
    key: String,
    values: Vec<String>,
}

/// Narrows the answer: the older form.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OldFilter {
    key: String,
    value_set: Vec<String>,
}

/// Describes the managed nodes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribeInstanceInformation {
    #[serde(default)]
    instance_information_filter_list: Vec<OldFilter>,
    #[serde(default)]
    filters: Vec<StringFilter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// The nodes found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeInstanceInformationResponse {
    instance_information_list: Vec<InstanceInformation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for DescribeInstanceInformation {
    type Response = DescribeInstanceInformationResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        check::number(self.max_results.unwrap_or(PAGE_DEFAULT), "maxResults", &PAGE)?;
        let old = self.instance_information_filter_list.iter().map(|filter| (&filter.key, &filter.value_set));
        let filters: Vec<(&String, &Vec<String>)> =
            self.filters.iter().map(|filter| (&filter.key, &filter.values)).chain(old).collect();
        let mut found = Vec::new();
        for instance in nodes(cx.network, cx.scope) {
            let node = InstanceInformation::of(instance, cx.network, cx.now);
            let mut fits = true;
            for (key, wanted) in &filters {
                let values = node.values(key, instance).ok_or_else(|| Error::new("InvalidFilterKey", ""))?;
                fits &= values.iter().any(|value| wanted.contains(value));
            }
            found.extend(Some(node).filter(|_| fits));
        }
        let page = Page {
            max_results: Some(self.max_results.unwrap_or(PAGE_DEFAULT)),
            next_token: self.next_token.map(Token::given),
        };
        let (instance_information_list, next) = page.cut(PAGE, found, |node| node.instance_id)?;
        Ok(DescribeInstanceInformationResponse {
            instance_information_list,
            next_token: next.map(|token| token.as_str().to_owned()),
        })
    }
}
