//! Network ACLs, their entries and associations.
//!
//! Source: EC2 API Reference, CreateNetworkAcl, CreateNetworkAclEntry, ReplaceNetworkAclEntry, DeleteNetworkAclEntry,
//! ReplaceNetworkAclAssociation, DescribeNetworkAcls, DeleteNetworkAcl.

use crate::operation::{Context, Error, Operation, Seen};
use crate::select::{BOUNDS, Selection};
use crate::token::ClientToken;
use weir_model::acl::AclEntry;
use weir_model::group::Direction;
use weir_model::protocol::Traffic;
use weir_model::{
    AccountId, AclAssociationId, Cidr, Cidr4, Cidr6, NetworkAclId, PortRange, Protocol, SubnetId, Tags, VpcId,
};
use weir_wire::{FilterTable, Param, Return, TagSpecification, Token, Xml, specified_tags};

/// The number that the final deny is shown with: IPv4 and IPv6.
const FINAL_DENY: u16 = 32767;
const FINAL_DENY_IPV6: u16 = 32768;

/// Makes an ACL that denies everything.
#[derive(Param)]
pub struct CreateNetworkAcl {
    vpc_id: VpcId,
    client_token: ClientToken,
    tag_specifications: Vec<TagSpecification>,
}

/// The ACL that was made.
#[derive(Xml)]
pub struct CreateNetworkAclResponse {
    network_acl: NetworkAcl,
    client_token: ClientToken,
}

impl Operation for CreateNetworkAcl {
    type Response = CreateNetworkAclResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let tags = specified_tags(&self.tag_specifications, "network-acl")?;
        let id = cx.command(|network, cx| network.create_acl(cx, self.vpc_id, tags))?;
        let made = cx.network.acls.find(cx.scope, &id)?;
        let network_acl = NetworkAcl::of(cx.seen(), made);
        Ok(CreateNetworkAclResponse { network_acl, client_token: self.client_token })
    }
}

/// Deletes an ACL that no subnet uses.
#[derive(Param)]
pub struct DeleteNetworkAcl {
    network_acl_id: NetworkAclId,
}

impl Operation for DeleteNetworkAcl {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        cx.command(|network, cx| network.delete_acl(cx, self.network_acl_id))?;
        Ok(Return)
    }
}

/// Whether an entry lets packets pass.
#[derive(Clone, Copy, PartialEq, Eq, Param)]
pub enum RuleAction {
    /// It does.
    Allow,
    /// It does not.
    Deny,
}

/// A range of ports as an entry has it.
#[derive(Clone, Copy, Param, Xml)]
pub struct Ports {
    from: Option<i32>,
    to: Option<i32>,
}

/// An ICMP type and code as an entry has them; -1 is any.
#[derive(Clone, Copy, Param, Xml)]
pub struct Icmp {
    code: Option<i32>,
    #[wire(name = "Type")]
    kind: Option<i32>,
}

/// What makes an entry.
#[derive(Param)]
pub struct NewEntry {
    network_acl_id: NetworkAclId,
    rule_number: i32,
    protocol: String,
    rule_action: RuleAction,
    egress: bool,
    cidr_block: Option<Cidr4>,
    ipv6_cidr_block: Option<Cidr6>,
    #[wire(request = "Icmp")]
    icmp_type_code: Option<Icmp>,
    port_range: Option<Ports>,
}

impl NewEntry {
    fn entry(&self) -> Result<AclEntry, Error> {
        let number = u16::try_from(self.rule_number).map_err(|_| wrong("ruleNumber", self.rule_number))?;
        Ok(AclEntry {
            number,
            direction: direction(self.egress),
            traffic: self.traffic()?,
            cidr: self.cidr()?,
            allow: self.rule_action == RuleAction::Allow,
        })
    }

    fn cidr(&self) -> Result<Cidr, Error> {
        match (self.cidr_block, self.ipv6_cidr_block) {
            (Some(cidr), None) => Ok(cidr.into()),
            (None, Some(cidr)) => Ok(cidr.into()),
            (None, None) => Err(Error::new(
                "MissingParameter",
                "The request must contain the parameter cidrBlock or ipv6CidrBlock",
            )),
            (Some(_), Some(_)) => Err(Error::new(
                "InvalidParameterCombination",
                "The parameters cidrBlock and ipv6CidrBlock cannot be used together",
            )),
        }
    }

    /// TCP and UDP need ports and ICMP its type and code; with any other protocol both are ignored.
    fn traffic(&self) -> Result<Traffic, Error> {
        let given = self.protocol.as_str();
        let protocol = match given {
            "-1" => return Ok(Traffic::All),
            _ => Protocol(given.parse().map_err(|_| unknown_protocol(given))?),
        };
        if protocol.has_ports() {
            return Ok(Traffic::Ports(protocol, self.ports()?));
        }
        match protocol.is_icmp() {
            true => self.icmp(protocol),
            false => Ok(Traffic::Protocol(protocol)),
        }
    }

    fn ports(&self) -> Result<PortRange, Error> {
        let ends = self.port_range.and_then(|ports| ports.from.zip(ports.to));
        let (from, to) = ends.ok_or_else(|| missing("PortRange"))?;
        let port = |port: i32| u16::try_from(port).map_err(|_| wrong("portRange", port));
        PortRange::new(port(from)?, port(to)?).ok_or_else(|| wrong("portRange", format_args!("{from}-{to}")))
    }

    fn icmp(&self, protocol: Protocol) -> Result<Traffic, Error> {
        let both = self.icmp_type_code.and_then(|icmp| icmp.kind.zip(icmp.code));
        let (kind, code) = both.ok_or_else(|| missing("Icmp"))?;
        let number = |number: i32| match number {
            -1 => Ok(None),
            _ => u8::try_from(number).map(Some).map_err(|_| wrong("icmp", number)),
        };
        Ok(Traffic::Icmp { protocol, kind: number(kind)?, code: number(code)? })
    }
}

fn direction(egress: bool) -> Direction {
    if egress { Direction::Egress } else { Direction::Ingress }
}

fn missing(name: &str) -> Error {
    Error::new("MissingParameter", format!("The request must contain the parameter {name}"))
}

fn wrong(name: &str, value: impl std::fmt::Display) -> Error {
    Error::new("InvalidParameterValue", format!("Value ({value}) for parameter {name} is invalid."))
}

fn unknown_protocol(given: &str) -> Error {
    let given: String = given.chars().take(weir_model::tags::VALUE_CHARS_MAX).collect();
    let message = format!("Invalid value '{given}' for IP protocol. Unknown protocol.");
    Error::new("InvalidParameterValue", message)
}

/// Adds an entry to an ACL.
#[derive(Param)]
pub struct CreateNetworkAclEntry {
    #[wire(flatten)]
    entry: NewEntry,
}

impl Operation for CreateNetworkAclEntry {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let (acl, entry) = (self.entry.network_acl_id, self.entry.entry()?);
        cx.command(|network, cx| network.create_acl_entry(cx, acl, entry))?;
        Ok(Return)
    }
}

/// Puts an entry in place of the one with its number.
#[derive(Param)]
pub struct ReplaceNetworkAclEntry {
    #[wire(flatten)]
    entry: NewEntry,
}

impl Operation for ReplaceNetworkAclEntry {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let (acl, entry) = (self.entry.network_acl_id, self.entry.entry()?);
        cx.command(|network, cx| network.replace_acl_entry(cx, acl, entry))?;
        Ok(Return)
    }
}

/// Removes an entry.
#[derive(Param)]
pub struct DeleteNetworkAclEntry {
    network_acl_id: NetworkAclId,
    rule_number: i32,
    egress: bool,
}

impl Operation for DeleteNetworkAclEntry {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let number = u16::try_from(self.rule_number).map_err(|_| wrong("ruleNumber", self.rule_number))?;
        let (acl, direction) = (self.network_acl_id, direction(self.egress));
        cx.command(|network, cx| network.delete_acl_entry(cx, acl, direction, number))?;
        Ok(Return)
    }
}

/// Gives a subnet another ACL.
#[derive(Param)]
pub struct ReplaceNetworkAclAssociation {
    association_id: AclAssociationId,
    network_acl_id: NetworkAclId,
}

/// The association that took the place of the old one.
#[derive(Xml)]
pub struct ReplaceNetworkAclAssociationResponse {
    new_association_id: AclAssociationId,
}

impl Operation for ReplaceNetworkAclAssociation {
    type Response = ReplaceNetworkAclAssociationResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (old, acl) = (self.association_id, self.network_acl_id);
        let new_association_id = cx.command(|network, cx| network.replace_acl_association(cx, old, acl))?;
        Ok(ReplaceNetworkAclAssociationResponse { new_association_id })
    }
}

/// Lists ACLs, all or by id, narrowed by filters.
#[derive(Param)]
pub struct DescribeNetworkAcls {
    network_acl_ids: Vec<NetworkAclId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The ACLs found.
#[derive(Xml)]
pub struct DescribeNetworkAclsResponse {
    network_acls: Vec<NetworkAcl>,
    next_token: Option<Token>,
}

impl Operation for DescribeNetworkAcls {
    type Response = DescribeNetworkAclsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let seen = cx.seen();
        let rows = seen.rows(&cx.network.acls, &self.network_acl_ids)?;
        let views = rows.into_iter().map(|acl| NetworkAcl::of(seen, acl));
        let (network_acls, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |acl| acl.network_acl_id)?;
        Ok(DescribeNetworkAclsResponse { network_acls, next_token })
    }
}

/// A network ACL.
#[derive(Xml)]
pub struct NetworkAcl {
    network_acl_id: NetworkAclId,
    vpc_id: VpcId,
    owner_id: AccountId,
    #[wire(response = "default")]
    is_default: bool,
    entries: Vec<Entry>,
    associations: Vec<Association>,
    tags: Tags,
}

/// An entry of an ACL.
#[derive(Xml)]
struct Entry {
    rule_number: u16,
    protocol: String,
    rule_action: &'static str,
    egress: bool,
    cidr_block: Option<Cidr4>,
    ipv6_cidr_block: Option<Cidr6>,
    icmp_type_code: Option<Icmp>,
    port_range: Option<Ports>,
}

/// The association of an ACL with a subnet.
#[derive(Xml)]
struct Association {
    network_acl_association_id: AclAssociationId,
    network_acl_id: NetworkAclId,
    subnet_id: SubnetId,
}

impl NetworkAcl {
    fn of(seen: Seen<'_>, acl: &weir_model::acl::NetworkAcl) -> NetworkAcl {
        let association = |subnet: &weir_model::subnet::Subnet| Association {
            network_acl_association_id: subnet.acl_association,
            network_acl_id: acl.id,
            subnet_id: subnet.id,
        };
        let subnets = seen.network.subnets_of(acl.vpc).filter(|subnet| subnet.acl == acl.id);
        let has_ipv6 = seen.network.vpcs.get(&acl.vpc).is_some_and(|vpc| !vpc.ipv6_cidrs.is_empty());
        let entries = |direction| Entry::listed(acl, direction, has_ipv6);
        NetworkAcl {
            network_acl_id: acl.id,
            vpc_id: acl.vpc,
            owner_id: acl.scope.account,
            is_default: acl.is_default,
            entries: [Direction::Egress, Direction::Ingress].into_iter().flat_map(entries).collect(),
            associations: subnets.map(association).collect(),
            tags: acl.tags.clone(),
        }
    }

    fn entries(&self, text: fn(&Entry) -> Option<String>) -> Vec<String> {
        self.entries.iter().filter_map(text).collect()
    }

    fn associations(&self, text: fn(&Association) -> String) -> Vec<String> {
        self.associations.iter().map(text).collect()
    }
}

impl Entry {
    /// The entries of one direction in order, with the final deny: for IPv6 only where the VPC has IPv6.
    fn listed(acl: &weir_model::acl::NetworkAcl, direction: Direction, has_ipv6: bool) -> Vec<Entry> {
        let deny = |number, cidr| AclEntry { number, direction, traffic: Traffic::All, cidr, allow: false };
        let last = [deny(FINAL_DENY, Cidr4::ALL.into()), deny(FINAL_DENY_IPV6, Cidr6::ALL.into())];
        let last = &last[..if has_ipv6 { 2 } else { 1 }];
        let stored = acl.entries.iter().filter(|entry| entry.direction == direction);
        stored.chain(last).map(Entry::of).collect()
    }

    fn of(entry: &AclEntry) -> Entry {
        let number = |number: Option<u8>| Some(number.map_or(-1, i32::from));
        let (protocol, port_range, icmp_type_code) = match entry.traffic {
            Traffic::All => ("-1".to_owned(), None, None),
            Traffic::Protocol(protocol) => (protocol.0.to_string(), None, None),
            Traffic::Ports(protocol, ports) => {
                let ports = Ports { from: Some(ports.first().into()), to: Some(ports.last().into()) };
                (protocol.0.to_string(), Some(ports), None)
            }
            Traffic::Icmp { protocol, kind, code } => {
                (protocol.0.to_string(), None, Some(Icmp { code: number(code), kind: number(kind) }))
            }
        };
        let (cidr_block, ipv6_cidr_block) = match entry.cidr {
            Cidr::V4(cidr) => (Some(cidr), None),
            Cidr::V6(cidr) => (None, Some(cidr)),
        };
        Entry {
            rule_number: entry.number,
            protocol,
            rule_action: if entry.allow { "allow" } else { "deny" },
            egress: entry.direction == Direction::Egress,
            cidr_block,
            ipv6_cidr_block,
            icmp_type_code,
            port_range,
        }
    }
}

const FILTERS: FilterTable<NetworkAcl> = FilterTable {
    rows: &[
        ("association.association-id", |acl| {
            acl.associations(|association| association.network_acl_association_id.to_string())
        }),
        ("association.network-acl-id", |acl| {
            acl.associations(|association| association.network_acl_id.to_string())
        }),
        ("association.subnet-id", |acl| acl.associations(|association| association.subnet_id.to_string())),
        ("default", |acl| vec![acl.is_default.to_string()]),
        ("entry.cidr", |acl| acl.entries(|entry| entry.cidr_block.map(|cidr| cidr.to_string()))),
        ("entry.icmp.code", |acl| acl.entries(|entry| Some(entry.icmp_type_code?.code?.to_string()))),
        ("entry.icmp.type", |acl| acl.entries(|entry| Some(entry.icmp_type_code?.kind?.to_string()))),
        ("entry.ipv6-cidr", |acl| acl.entries(|entry| entry.ipv6_cidr_block.map(|cidr| cidr.to_string()))),
        ("entry.port-range.from", |acl| acl.entries(|entry| Some(entry.port_range?.from?.to_string()))),
        ("entry.port-range.to", |acl| acl.entries(|entry| Some(entry.port_range?.to?.to_string()))),
        ("entry.protocol", |acl| acl.entries(|entry| Some(entry.protocol.clone()))),
        ("entry.rule-action", |acl| acl.entries(|entry| Some(entry.rule_action.to_owned()))),
        ("entry.egress", |acl| acl.entries(|entry| Some(entry.egress.to_string()))),
        ("entry.rule-number", |acl| acl.entries(|entry| Some(entry.rule_number.to_string()))),
        ("network-acl-id", |acl| vec![acl.network_acl_id.to_string()]),
        ("owner-id", |acl| vec![acl.owner_id.to_string()]),
        ("vpc-id", |acl| vec![acl.vpc_id.to_string()]),
    ],
    tags: Some(|acl| &acl.tags),
};
