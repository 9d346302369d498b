//! How an instance may ask for its metadata, and how that is changed.
//!
//! Source: EC2 User Guide, "Configure the Instance Metadata Service options"; EC2 API Reference,
//! ModifyInstanceMetadataOptions.

use super::{InstanceRefusal, InstanceState};
use crate::{Cx, InstanceId, Network, Refused};
use serde::{Deserialize, Serialize};

/// How an instance may ask for metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataOptions {
    /// Whether a session token is required (IMDSv2).
    pub needs_token: bool,
    /// Most hops an answer with a token may take, 1 to 64.
    pub hop_limit: u8,
    /// Whether it is answered at all.
    pub is_enabled: bool,
    /// Whether it is answered at the IPv6 address too.
    pub is_ipv6: bool,
    /// Whether tags are part of it.
    pub has_tags: bool,
}

impl Default for MetadataOptions {
    /// As Amazon Linux 2023 images have it: tokens required, two hops.
    fn default() -> MetadataOptions {
        MetadataOptions { needs_token: true, hop_limit: 2, is_enabled: true, is_ipv6: false, has_tags: false }
    }
}

/// A change of some of the options; the others stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetadataChange {
    /// Whether a session token is required.
    pub needs_token: Option<bool>,
    /// Most hops an answer with a token may take, 1 to 64.
    pub hop_limit: Option<u8>,
    /// Whether it is answered at all.
    pub is_enabled: Option<bool>,
    /// Whether it is answered at the IPv6 address too.
    pub is_ipv6: Option<bool>,
    /// Whether tags are part of it.
    pub has_tags: Option<bool>,
}

impl MetadataOptions {
    /// The options after a change.
    pub fn changed(self, change: MetadataChange) -> MetadataOptions {
        MetadataOptions {
            needs_token: change.needs_token.unwrap_or(self.needs_token),
            hop_limit: change.hop_limit.unwrap_or(self.hop_limit),
            is_enabled: change.is_enabled.unwrap_or(self.is_enabled),
            is_ipv6: change.is_ipv6.unwrap_or(self.is_ipv6),
            has_tags: change.has_tags.unwrap_or(self.has_tags),
        }
    }
}

impl Network {
    /// Changes how a running or stopped instance may ask for metadata, and gives the options as they are then.
    ///
    /// # Errors
    /// The instance is unknown or terminated.
    pub fn modify_metadata(
        &mut self,
        cx: &Cx,
        id: InstanceId,
        change: MetadataChange,
    ) -> Result<MetadataOptions, Refused> {
        self.check_instances(cx.scope, &[id])?;
        let instance = self.instances.get(&id).filter(|found| found.state != InstanceState::Terminated);
        let options = instance.ok_or(InstanceRefusal::NotUsable(id))?.settings.metadata.changed(change);
        if let Some(instance) = self.instances.get_mut(&id) {
            instance.settings.metadata = options;
        }
        Ok(options)
    }
}
