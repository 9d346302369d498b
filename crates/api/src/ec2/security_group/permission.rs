//! Permissions: how requests say rules, and how DescribeSecurityGroups shows them.
//!
//! Source: EC2 API Reference, IpPermission, IpRange, UserIdGroupPair.

use super::PeerMembers;
use crate::operation::{Error, Seen};
use weir_model::group::{Group, GroupRule, NewPeer, NewRule};
use weir_model::peering::PeeringStatus;
use weir_model::protocol::Traffic;
use weir_model::{
    AccountId, Cidr, Cidr4, Cidr6, GroupId, PeeringId, PortRange, PrefixListId, Protocol, VpcId,
};
use weir_wire::{Accepted, Param, Xml};

/// The rules that a request says: bundled, or one in the members of the request itself.
#[derive(Param)]
pub struct Permissions {
    #[wire(request = "IpPermissions")]
    ip_permissions: Vec<Permission>,
    ip_protocol: Option<String>,
    from_port: Option<i64>,
    to_port: Option<i64>,
    cidr_ip: Option<String>,
}

/// Rules that share protocol and range.
#[derive(Param)]
pub struct Permission {
    ip_protocol: Option<String>,
    from_port: Option<i64>,
    to_port: Option<i64>,
    #[wire(request = "Groups")]
    user_id_group_pairs: Vec<GroupPair>,
    #[wire(request = "IpRanges")]
    ip_ranges: Vec<IpRange>,
    #[wire(request = "Ipv6Ranges")]
    ipv6_ranges: Vec<Ipv6Range>,
    #[wire(request = "PrefixListIds")]
    prefix_list_ids: Vec<ListRange>,
}

#[derive(Param)]
struct GroupPair {
    description: Option<String>,
    user_id: Option<AccountId>,
    group_name: Option<String>,
    group_id: Option<GroupId>,
    #[expect(dead_code, reason = "accepted without effect")]
    vpc_id: Accepted<VpcId>,
    #[expect(dead_code, reason = "accepted without effect")]
    vpc_peering_connection_id: Accepted<PeeringId>,
    #[expect(dead_code, reason = "accepted without effect")]
    peering_status: Accepted<String>,
}

#[derive(Param)]
struct IpRange {
    description: Option<String>,
    cidr_ip: String,
}

#[derive(Param)]
struct Ipv6Range {
    description: Option<String>,
    cidr_ipv6: String,
}

#[derive(Param)]
struct ListRange {
    description: Option<String>,
    prefix_list_id: PrefixListId,
}

impl Permissions {
    /// Whether the request says no rule at all.
    pub fn is_empty(&self) -> bool {
        self.ip_permissions.is_empty() && self.ip_protocol.is_none() && self.cidr_ip.is_none()
    }

    /// The rules, in order.
    ///
    /// # Errors
    /// No rule, or one that is malformed.
    pub fn rules(self, seen: Seen<'_>) -> Result<Vec<NewRule>, Error> {
        let is_flat = self.ip_protocol.is_some()
            || self.cidr_ip.is_some()
            || self.from_port.is_some()
            || self.to_port.is_some();
        if is_flat && !self.ip_permissions.is_empty() {
            // Assumption: AWS documents that they exclude each other, not the sentence.
            let message = "The parameter ipPermissions may not be used in combination with ipProtocol, fromPort, toPort or cidrIp";
            return Err(Error::new("InvalidParameterCombination", message));
        }
        let mut permissions = self.ip_permissions;
        if let Some(cidr_ip) = self.cidr_ip {
            permissions.push(Permission {
                ip_protocol: self.ip_protocol,
                from_port: self.from_port,
                to_port: self.to_port,
                user_id_group_pairs: Vec::new(),
                ip_ranges: vec![IpRange { description: None, cidr_ip }],
                ipv6_ranges: Vec::new(),
                prefix_list_ids: Vec::new(),
            });
        }
        let mut rules = Vec::new();
        for permission in permissions {
            rules.extend(permission.rules(seen)?);
        }
        match rules.is_empty() {
            true => {
                Err(Error::new("MissingParameter", "The request must contain the parameter ipPermissions"))
            }
            false => Ok(rules),
        }
    }
}

impl Permission {
    /// The rules that it bundles.
    pub fn rules(self, seen: Seen<'_>) -> Result<Vec<NewRule>, Error> {
        let traffic = traffic(self.ip_protocol.as_deref(), self.from_port, self.to_port)?;
        let mut rules = Vec::new();
        for range in self.ip_ranges {
            let cidr = block(&range.cidr_ip).filter(|cidr| matches!(cidr, Cidr::V4(_)));
            let peer = NewPeer::Cidr(cidr.ok_or_else(|| malformed_block(&range.cidr_ip))?);
            rules.push(NewRule { traffic, peer, description: range.description });
        }
        for range in self.ipv6_ranges {
            let cidr = block(&range.cidr_ipv6).filter(|cidr| matches!(cidr, Cidr::V6(_)));
            let peer = NewPeer::Cidr(cidr.ok_or_else(|| malformed_block(&range.cidr_ipv6))?);
            rules.push(NewRule { traffic, peer, description: range.description });
        }
        for range in self.prefix_list_ids {
            let peer = NewPeer::PrefixList(range.prefix_list_id);
            rules.push(NewRule { traffic, peer, description: range.description });
        }
        for pair in self.user_id_group_pairs {
            let group = match (pair.group_id, pair.group_name) {
                (Some(id), _) => id,
                (None, Some(name)) => seen.network.group_in_default_vpc(seen.scope, &name)?.id,
                (None, None) => return Err(Error::new("MissingParameter", "Source group ID missing.")),
            };
            let peer = NewPeer::Group { group, account: pair.user_id };
            rules.push(NewRule { traffic, peer, description: pair.description });
        }
        Ok(rules)
    }
}

/// The block in `text`; host bits are cleared.
pub fn block(text: &str) -> Option<Cidr> {
    text.parse().ok()
}

/// The refusal of a text that is no block of the family.
pub fn malformed_block(text: &str) -> Error {
    let text: String = text.chars().take(100).collect();
    Error::new("InvalidParameterValue", format!("CIDR block {text} is malformed"))
}

/// What protocol and ports (for ICMP: type and code) mean. Ports count for TCP and UDP only.
///
/// Assumption: ICMP without type and code is any type and code.
///
/// # Errors
/// `InvalidParameterValue`: no or an unknown protocol, ports missing or out of range.
pub fn traffic(protocol: Option<&str>, from: Option<i64>, to: Option<i64>) -> Result<Traffic, Error> {
    let invalid = |message: String| Error::new("InvalidParameterValue", message);
    let text = protocol.ok_or_else(|| {
        invalid(
            "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly."
                .to_owned(),
        )
    })?;
    if text == "-1" {
        return Ok(Traffic::All);
    }
    let shown: String = text.chars().take(100).collect();
    let protocol = protocol_of(text)
        .ok_or_else(|| invalid(format!("Invalid value '{shown}' for IP protocol. Unknown protocol.")))?;
    match () {
        () if protocol.has_ports() => {
            ports(from, to).map(|ports| Traffic::Ports(protocol, ports)).map_err(invalid)
        }
        () if protocol.is_icmp() => {
            let (kind, code) = icmp(from, to).map_err(invalid)?;
            Ok(Traffic::Icmp { protocol, kind, code })
        }
        () => Ok(Traffic::Protocol(protocol)),
    }
}

fn protocol_of(text: &str) -> Option<Protocol> {
    match text.to_ascii_lowercase().as_str() {
        "tcp" => Some(Protocol::TCP),
        "udp" => Some(Protocol::UDP),
        "icmp" => Some(Protocol::ICMP),
        "icmpv6" => Some(Protocol::ICMPV6),
        number => number.parse().ok().map(Protocol),
    }
}

fn ports(from: Option<i64>, to: Option<i64>) -> Result<PortRange, String> {
    let (Some(from), Some(to)) = (from, to) else {
        return Err(
            "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.".to_owned()
        );
    };
    let port = |port: i64| u16::try_from(port).map_err(|_| format!("TCP/UDP port ({port}) out of range"));
    PortRange::new(port(from)?, port(to)?).ok_or_else(|| format!("Invalid TCP/UDP port range ({from}:{to})"))
}

fn icmp(kind: Option<i64>, code: Option<i64>) -> Result<(Option<u8>, Option<u8>), String> {
    let number = |what: &str, number: Option<i64>| match number {
        None | Some(-1) => Ok(None),
        Some(number) => {
            u8::try_from(number).map(Some).map_err(|_| format!("ICMP {what} ({number}) out of range"))
        }
    };
    let (kind, code) = (number("type", kind)?, number("code", code)?);
    match (kind, code) {
        (None, Some(code)) => Err(format!("ICMP code ({code}) needs an ICMP type")),
        both => Ok(both),
    }
}

/// Protocol and range as requests and answers write them.
pub struct Range {
    /// `tcp`, `-1`, a number.
    pub protocol: String,
    /// The first port, the ICMP type, or none.
    pub from: Option<i32>,
    /// The last port, the ICMP code, or none.
    pub to: Option<i32>,
}

impl Range {
    /// The text forms of `traffic`.
    pub fn of(traffic: Traffic) -> Range {
        let any = |number: Option<u8>| Some(number.map_or(-1, i32::from));
        let (protocol, from, to) = match traffic {
            Traffic::All => ("-1".to_owned(), None, None),
            Traffic::Ports(protocol, ports) => {
                (protocol.name(), Some(i32::from(ports.first())), Some(i32::from(ports.last())))
            }
            Traffic::Icmp { protocol, kind, code } => (protocol.name(), any(kind), any(code)),
            Traffic::Protocol(protocol) => (protocol.name(), None, None),
        };
        Range { protocol, from, to }
    }
}

/// Rules that share protocol and range, as DescribeSecurityGroups shows them.
#[derive(Xml)]
pub struct PermissionView {
    ip_protocol: String,
    from_port: Option<i32>,
    to_port: Option<i32>,
    #[wire(response = "groups")]
    user_id_group_pairs: Vec<PairView>,
    #[wire(response = "ipRanges")]
    ip_ranges: Vec<IpRangeView>,
    #[wire(response = "ipv6Ranges")]
    ipv6_ranges: Vec<Ipv6RangeView>,
    #[wire(response = "prefixListIds")]
    prefix_list_ids: Vec<ListView>,
}

#[derive(Xml)]
pub(super) struct PairView {
    description: Option<String>,
    user_id: AccountId,
    group_id: GroupId,
    vpc_id: Option<VpcId>,
    vpc_peering_connection_id: Option<PeeringId>,
    peering_status: Option<&'static str>,
}

#[derive(Xml)]
struct IpRangeView {
    description: Option<String>,
    cidr_ip: Cidr4,
}

#[derive(Xml)]
struct Ipv6RangeView {
    description: Option<String>,
    cidr_ipv6: Cidr6,
}

#[derive(Xml)]
struct ListView {
    description: Option<String>,
    prefix_list_id: PrefixListId,
}

impl PermissionView {
    /// The permissions that `rules` of `group` make, in the order of each one's first rule.
    pub fn all<'a>(
        seen: Seen<'_>,
        group: &Group,
        rules: impl Iterator<Item = &'a GroupRule>,
    ) -> Vec<PermissionView> {
        let mut views: Vec<(Traffic, PermissionView)> = Vec::new();
        for rule in rules {
            let place = views.iter().position(|(traffic, _)| *traffic == rule.traffic).unwrap_or_else(|| {
                views.push((rule.traffic, PermissionView::without_peers(rule.traffic)));
                views.len() - 1
            });
            views[place].1.add(seen, group, rule);
        }
        views.into_iter().map(|(_, view)| view).collect()
    }

    /// A permission that a request named and the group does not have.
    pub fn unknown(traffic: Traffic, peer: NewPeer, account: AccountId) -> PermissionView {
        let mut view = PermissionView::without_peers(traffic);
        let description = None;
        match peer {
            NewPeer::Cidr(Cidr::V4(cidr_ip)) => view.ip_ranges.push(IpRangeView { description, cidr_ip }),
            NewPeer::Cidr(Cidr::V6(cidr_ipv6)) => {
                view.ipv6_ranges.push(Ipv6RangeView { description, cidr_ipv6 })
            }
            NewPeer::PrefixList(prefix_list_id) => {
                view.prefix_list_ids.push(ListView { description, prefix_list_id });
            }
            NewPeer::Group { group, account: named } => {
                view.user_id_group_pairs.push(PairView::new(group, named.unwrap_or(account)));
            }
        }
        view
    }

    fn without_peers(traffic: Traffic) -> PermissionView {
        let Range { protocol, from, to } = Range::of(traffic);
        PermissionView {
            ip_protocol: protocol,
            from_port: from,
            to_port: to,
            user_id_group_pairs: Vec::new(),
            ip_ranges: Vec::new(),
            ipv6_ranges: Vec::new(),
            prefix_list_ids: Vec::new(),
        }
    }

    fn add(&mut self, seen: Seen<'_>, group: &Group, rule: &GroupRule) {
        let peer = PeerMembers::of(&rule.peer);
        let description = || rule.description.clone();
        self.ip_ranges
            .extend(peer.cidr_ipv4.map(|cidr_ip| IpRangeView { description: description(), cidr_ip }));
        self.ipv6_ranges
            .extend(peer.cidr_ipv6.map(|cidr_ipv6| Ipv6RangeView { description: description(), cidr_ipv6 }));
        self.prefix_list_ids.extend(
            peer.prefix_list.map(|prefix_list_id| ListView { description: description(), prefix_list_id }),
        );
        self.user_id_group_pairs.extend(peer.group.map(|(id, account, peering)| {
            let far = peering.map(|peering| far_side(seen, group, peering));
            PairView { description: description(), ..PairView::new(id, account).across(peering, far) }
        }));
    }

    /// IPv4 blocks, for filters; those below likewise.
    pub fn cidrs(&self) -> Vec<String> {
        self.ip_ranges.iter().map(|range| range.cidr_ip.to_string()).collect()
    }

    pub(super) fn ipv6_cidrs(&self) -> Vec<String> {
        self.ipv6_ranges.iter().map(|range| range.cidr_ipv6.to_string()).collect()
    }

    pub(super) fn prefix_lists(&self) -> Vec<String> {
        self.prefix_list_ids.iter().map(|range| range.prefix_list_id.to_string()).collect()
    }

    pub(super) fn group_ids(&self) -> Vec<String> {
        self.user_id_group_pairs.iter().map(|pair| pair.group_id.to_string()).collect()
    }

    /// Assumption: names of referenced groups, which are shown for EC2-Classic only, are found by nobody.
    pub(super) fn group_names(&self) -> Vec<String> {
        Vec::new()
    }

    pub(super) fn user_ids(&self) -> Vec<String> {
        self.user_id_group_pairs.iter().map(|pair| pair.user_id.to_string()).collect()
    }

    pub(super) fn protocols(&self) -> Vec<String> {
        vec![self.ip_protocol.clone()]
    }

    pub(super) fn first_ports(&self) -> Vec<String> {
        self.from_port.iter().map(ToString::to_string).collect()
    }

    pub(super) fn last_ports(&self) -> Vec<String> {
        self.to_port.iter().map(ToString::to_string).collect()
    }
}

impl PairView {
    pub(super) fn new(group_id: GroupId, user_id: AccountId) -> PairView {
        PairView {
            description: None,
            user_id,
            group_id,
            vpc_id: None,
            vpc_peering_connection_id: None,
            peering_status: None,
        }
    }

    /// The same across a peering.
    pub(super) fn across(self, peering: Option<PeeringId>, far: Option<FarSide>) -> PairView {
        PairView {
            vpc_id: far.as_ref().and_then(|far| far.vpc),
            vpc_peering_connection_id: peering,
            peering_status: far.map(|far| far.status),
            ..self
        }
    }
}

/// The far end of a rule across a peering.
pub struct FarSide {
    /// The VPC, unless the peering is forgotten.
    pub vpc: Option<VpcId>,
    /// How the peering stands.
    pub status: &'static str,
}

/// The far end of a rule of `group` across `peering`; a forgotten peering counts as deleted.
pub fn far_side(seen: Seen<'_>, group: &Group, peering: PeeringId) -> FarSide {
    let found: Option<(VpcId, PeeringStatus)> = seen.network.referenced_vpc(group, peering);
    FarSide { vpc: found.map(|(vpc, _)| vpc), status: found.map_or("deleted", |(_, status)| status.code()) }
}
