//! Tags: up to 50 key and value pairs on a resource.
//!
//! Keys beginning with `aws:` are Amazon's own. Setting a key again replaces its value. A resource is named by its id alone:
//! the prefix says its kind ([`Tagged`]).
//! Source: EC2 User Guide, "Tag your Amazon EC2 resources" (restrictions); EC2 API Reference, CreateTags and DeleteTags.

use crate::*;
use std::collections::BTreeMap;

/// The tags of one resource, ordered by key.
pub type Tags = BTreeMap<String, String>;

/// Most tags a resource may carry.
pub const TAGS_MAX: usize = 50;
/// Longest tag key in characters.
pub const KEY_CHARS_MAX: usize = 128;
/// Longest tag value in characters.
pub const VALUE_CHARS_MAX: usize = 256;
/// What a key of the user's may not begin with, in any case.
const RESERVED_PREFIX: &str = "aws:";

/// What is wrong with a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagRefusal {
    /// The key is empty or longer than [`KEY_CHARS_MAX`].
    KeyLength(String),
    /// The value is longer than [`VALUE_CHARS_MAX`].
    ValueLength(String),
    /// The key begins with `aws:`.
    ReservedKey(String),
    /// The resource would carry more than [`TAGS_MAX`].
    TooMany,
}

/// Checks the tags given with a new resource.
///
/// # Errors
/// [`TagRefusal`]: the first key or value that breaks a rule, or too many of them.
pub fn check(tags: &Tags) -> Result<(), Refused> {
    for (key, value) in tags {
        check_pair(key, value)?;
    }
    if tags.len() > TAGS_MAX { Err(TagRefusal::TooMany.into()) } else { Ok(()) }
}

fn check_pair(key: &str, value: &str) -> Result<(), TagRefusal> {
    let is_reserved =
        key.get(..RESERVED_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED_PREFIX));
    match () {
        () if key.is_empty() || key.chars().count() > KEY_CHARS_MAX => {
            Err(TagRefusal::KeyLength(key.to_owned()))
        }
        () if is_reserved => Err(TagRefusal::ReservedKey(key.to_owned())),
        () if value.chars().count() > VALUE_CHARS_MAX => Err(TagRefusal::ValueLength(value.to_owned())),
        () => Ok(()),
    }
}

/// A tag to take away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagToRemove {
    /// Its key.
    pub key: String,
    /// Only if it has this value; `None` is any value.
    pub value: Option<String>,
}

macro_rules! tagged {
    ($($(#[$doc:meta])* $kind:ident($id:ty) $table:ident $name:literal,)*) => {
        /// A resource that can carry tags, by its id.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Tagged {
            $($(#[$doc])* $kind($id),)*
            /// A rule of a security group.
            GroupRule(GroupRuleId),
            /// A VPC peering connection; each side has tags of its own.
            Peering(PeeringId),
            /// An attachment to a transit gateway; each side of a peering has tags of its own.
            TransitAttachment(TransitAttachmentId),
        }

        impl Tagged {
            /// The resource that `text` names, or `None` if it is not an id of a kind that carries tags.
            pub fn parse(text: &str) -> Option<Tagged> {
                None$(.or_else(|| text.parse().ok().map(Tagged::$kind)))*
                    .or_else(|| text.parse().ok().map(Tagged::GroupRule))
                    .or_else(|| text.parse().ok().map(Tagged::Peering))
                    .or_else(|| text.parse().ok().map(Tagged::TransitAttachment))
            }

            /// The kind as tag specifications and filters name it (`resourceType`).
            pub fn resource_type(self) -> &'static str {
                match self {
                    $(Tagged::$kind(_) => $name,)*
                    Tagged::GroupRule(_) => "security-group-rule",
                    Tagged::Peering(_) => "vpc-peering-connection",
                    Tagged::TransitAttachment(_) => "transit-gateway-attachment",
                }
            }

            fn missing(self) -> Missing {
                match self {
                    $(Tagged::$kind(id) => id.into(),)*
                    Tagged::GroupRule(id) => id.into(),
                    Tagged::Peering(id) => id.into(),
                    Tagged::TransitAttachment(id) => id.into(),
                }
            }
        }

        impl std::fmt::Display for Tagged {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Tagged::$kind(id) => id.fmt(f),)*
                    Tagged::GroupRule(id) => id.fmt(f),
                    Tagged::Peering(id) => id.fmt(f),
                    Tagged::TransitAttachment(id) => id.fmt(f),
                }
            }
        }

        impl Network {
            /// The tags of a resource as `scope` sees them, or `None` if it sees no such resource.
            pub fn tags_of(&self, scope: Scope, resource: Tagged) -> Option<&Tags> {
                match resource {
                    $(Tagged::$kind(id) => self.$table.get(&id).filter(|row| row.scope == scope).map(|row| &row.tags),)*
                    Tagged::GroupRule(id) => self.rule_in(scope, id).map(|(_, rule)| &rule.tags),
                    Tagged::Peering(id) => self.peerings.get(&id)?.side_of(scope).map(|side| &side.tags),
                    Tagged::TransitAttachment(id) => self.transit_tags(scope, id),
                }
            }

            fn tags_mut(&mut self, scope: Scope, resource: Tagged) -> Option<&mut Tags> {
                self.tags_of(scope, resource)?;
                match resource {
                    $(Tagged::$kind(id) => self.$table.get_mut(&id).map(|row| &mut row.tags),)*
                    Tagged::GroupRule(id) => {
                        let group = self.rule_in(scope, id)?.0.id;
                        let rules = &mut self.groups.get_mut(&group)?.rules;
                        rules.iter_mut().find(|rule| rule.id == id).map(|rule| &mut rule.tags)
                    }
                    Tagged::Peering(id) => self.peerings.get_mut(&id)?.side_of_mut(scope).map(|side| &mut side.tags),
                    Tagged::TransitAttachment(id) => self.transit_tags_mut(scope, id),
                }
            }

            /// Every resource that `scope` sees and that carries tags, by kind, then by id.
            pub fn tagged_in(&self, scope: Scope) -> Vec<(Tagged, &Tags)> {
                let mut found = Vec::new();
                $(found.extend(self.$table.iter().filter(|row| row.scope == scope).map(|row| (Tagged::$kind(row.id), &row.tags)));)*
                for group in self.groups.iter().filter(|group| group.scope == scope) {
                    found.extend(group.rules.iter().map(|rule| (Tagged::GroupRule(rule.id), &rule.tags)));
                }
                for peering in self.peerings.iter() {
                    found.extend(peering.side_of(scope).map(|side| (Tagged::Peering(peering.id), &side.tags)));
                }
                for end in self.transit_ends_in(scope) {
                    let tags = self.transit_tags(scope, end.id());
                    found.extend(tags.map(|tags| (Tagged::TransitAttachment(end.id()), tags)));
                }
                found.retain(|(_, tags)| !tags.is_empty());
                found
            }
        }
    };
}

tagged! {
    /// A VPC.
    Vpc(VpcId) vpcs "vpc",
    /// A DHCP options set.
    DhcpOptions(DhcpOptionsId) dhcp_options "dhcp-options",
    /// A subnet.
    Subnet(SubnetId) subnets "subnet",
    /// An internet gateway.
    InternetGateway(InternetGatewayId) internet_gateways "internet-gateway",
    /// An egress-only internet gateway.
    EgressOnlyGateway(EgressOnlyGatewayId) egress_only_gateways "egress-only-internet-gateway",
    /// A NAT gateway.
    NatGateway(NatGatewayId) nat_gateways "natgateway",
    /// A route table.
    RouteTable(RouteTableId) route_tables "route-table",
    /// A network ACL.
    NetworkAcl(NetworkAclId) acls "network-acl",
    /// A security group.
    Group(GroupId) groups "security-group",
    /// A network interface.
    Interface(InterfaceId) interfaces "network-interface",
    /// An elastic IP address.
    Address(AllocationId) addresses "elastic-ip",
    /// An instance.
    Instance(InstanceId) instances "instance",
    /// A key pair.
    KeyPair(KeyPairId) key_pairs "key-pair",
    /// A volume.
    Volume(VolumeId) volumes "volume",
    /// A transit gateway.
    TransitGateway(TransitGatewayId) transit_gateways "transit-gateway",
    /// A route table of a transit gateway.
    TransitTable(TransitTableId) transit_tables "transit-gateway-route-table",
    /// A prefix list.
    PrefixList(PrefixListId) prefix_lists "prefix-list",
    /// A VPC endpoint.
    VpcEndpoint(VpcEndpointId) endpoints "vpc-endpoint",
    /// A flow log.
    FlowLog(FlowLogId) flow_logs "vpc-flow-log",
}

impl Network {
    /// Puts `tags` on every one of `resources`; a key that is there gets the value given.
    ///
    /// # Errors
    /// A resource that does not exist in the caller's scope, a tag that breaks a rule, or more than [`TAGS_MAX`] on one of
    /// the resources; then none has changed.
    pub fn add_tags(&mut self, cx: &Cx, resources: &[Tagged], tags: &Tags) -> Result<(), Refused> {
        check(tags)?;
        for resource in resources {
            let present = self.tags_of(cx.scope, *resource).ok_or_else(|| resource.missing())?;
            let added = tags.keys().filter(|key| !present.contains_key(*key)).count();
            if present.len() + added > TAGS_MAX {
                return Err(TagRefusal::TooMany.into());
            }
        }
        for resource in resources {
            if let Some(present) = self.tags_mut(cx.scope, *resource) {
                present.extend(tags.clone());
            }
        }
        Ok(())
    }

    /// Takes tags off every one of `resources`: those named, or all of the user's if none is named. A tag that is not there, or
    /// has another value than the one named, is no error.
    ///
    /// # Errors
    /// A resource that does not exist in the caller's scope; then none has changed.
    pub fn remove_tags(
        &mut self,
        cx: &Cx,
        resources: &[Tagged],
        tags: &[TagToRemove],
    ) -> Result<(), Refused> {
        for resource in resources {
            self.tags_of(cx.scope, *resource).ok_or_else(|| resource.missing())?;
        }
        for resource in resources {
            let Some(present) = self.tags_mut(cx.scope, *resource) else { continue };
            if tags.is_empty() {
                present.clear();
            }
            for tag in tags {
                if tag.value.is_none() || tag.value.as_ref() == present.get(&tag.key) {
                    present.remove(&tag.key);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
