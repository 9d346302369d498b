//! Which host is meant.

use super::Failure;
use crate::cloud::Cloud;
use serde_json::{Value, json};
use std::net::IpAddr;
use weir_fabric::{Count, HostName, INTERNET_HOST};
use weir_model::instance::{Instance, InstanceState};
use weir_model::{InstanceId, Network};

/// What the host on the internet is called when no address is wanted.
const INTERNET: &str = "internet";

/// The host that `text` names: an instance by id or Name tag; else a host on the internet.
///
/// # Errors
/// No instance has that id or name, or several have the name.
pub fn named(network: &Network, text: &str) -> Result<HostName, Failure> {
    match (text.parse::<IpAddr>(), text) {
        (_, INTERNET) => Ok(HostName::Internet(INTERNET_HOST.into())),
        (Ok(address), _) => Ok(HostName::Internet(address)),
        (Err(_), _) => instance(network, text).map(|instance| HostName::Instance(instance.id)),
    }
}

/// The instance that `text` names: by id, or by Name tag among those that are not terminated.
///
/// # Errors
/// No instance has that id or name, or several have the name.
pub fn instance<'a>(network: &'a Network, text: &str) -> Result<&'a Instance, Failure> {
    if let Ok(id) = text.parse::<InstanceId>() {
        let found = network.instances.get(&id);
        return found.ok_or_else(|| Failure::not_found(format!("no instance has the id {text}")));
    }
    let has_name = |instance: &&Instance| {
        instance.state != InstanceState::Terminated
            && instance.tags.get("Name").is_some_and(|name| name == text)
    };
    let named: Vec<&Instance> = network.instances.iter().filter(has_name).collect();
    match named.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::not_found(format!("no instance is called {text}"))),
        several => {
            let ids: Vec<String> = several.iter().map(|instance| instance.id.to_string()).collect();
            Err(Failure::wrong(format!("several instances are called {text}: {}", ids.join(", "))))
        }
    }
}

/// What a host has sent and received.
pub fn traffic(cloud: &Cloud, host: &str) -> Result<Value, Failure> {
    let name = named(&cloud.network, host)?;
    let traffic = cloud.plane.fabric.traffic(name);
    let traffic = traffic.ok_or_else(|| Failure::not_found(format!("{name} is not running")))?;
    let count = |count: Count| json!({ "packets": count.packets, "bytes": count.bytes });
    Ok(json!({ "sent": count(traffic.sent), "received": count(traffic.received) }))
}
