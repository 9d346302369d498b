//! A small language for networks: one resource a line, its rules, entries or routes indented below it.
//!
//! ```text
//! vpc NAME CIDR [cidr CIDR] [ipv6 CIDR] [region REGION] [account DIGIT] [dns-off]
//! igw NAME [VPC]
//! acl NAME VPC                          in|out NUMBER allow|deny TRAFFIC CIDR
//! group NAME VPC                        in|out TRAFFIC CIDR|group:NAME|list:NAME
//! list NAME [region REGION] [CIDR …]
//! endpoint NAME VPC SERVICE             (a gateway endpoint)
//! table NAME VPC [main] [of IGW]        CIDR|list:NAME TARGET [propagated]
//! subnet NAME VPC CIDR [ipv6 CIDR] [zone LETTER] [acl NAME] [table NAME]
//! host NAME SUBNET ADDRESS [and ADDRESS] [ipv6 ADDRESS] [public ADDRESS] [groups NAME,NAME] [type TYPE]
//!      [no-check] [stopped] [detached] [idle TCP/UDP/STREAM seconds] [endpoint] (an interface endpoint's interface)
//! peering NAME VPC VPC pending|active|deleted
//! nat NAME SUBNET ADDRESS [public ADDRESS] [and ADDRESS [public ADDRESS]] [pending]
//! rnat NAME VPC TABLE [automatic] [pending] [zone LETTER PUBLIC [draining] [and PUBLIC [draining]]… [opening]]…
//!      (a regional NAT gateway; its gate in zone a is called NAME-a)
//! eigw NAME VPC
//! tgw NAME [region REGION] [references]
//! attach NAME TGW VPC SUBNET=ADDRESS,… [in TABLE] [appliance] [no-references] [deleted]
//! transit NAME TGW                      CIDR ATTACHMENT|blackhole, from ATTACHMENT
//! tgw-peering NAME TGW TGW pending|available|deleted [TABLE TABLE]
//! ```
//! TRAFFIC: `all`, `tcp`, `tcp:22`, `udp:53-54`, `icmp`, `icmp:8`, `icmp:3/4`, `icmp6`, `proto:47`.
//! TARGET: `igw:NAME`, `eigw:NAME`, `peering:NAME`, `interface:HOST`, `instance:HOST`, `nat:NAME`, `endpoint:NAME`,
//! `tgw:NAME`, `vgw:NAME`. The lists `s3` and `dynamodb` are AWS's own of us-east-1. A subnet without an ACL has one that
//! allows everything; a host without groups has none.

#[path = "net/regional.rs"]
mod regional;
#[path = "net/transit.rs"]
mod transit;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::str::FromStr;
use weir_model::acl::{AclEntry, NetworkAcl};
use weir_model::egress_only::EgressOnlyGateway;
use weir_model::endpoint::{EndpointKind, VpcEndpoint};
use weir_model::gateway::InternetGateway;
use weir_model::group::{Direction, Group, GroupRule, Peer};
use weir_model::instance::{Instance, InstanceState};
use weir_model::interface::{
    Attachment, Interface, InterfaceKind, PrivateAddress, PublicAddress, TrackingTimeouts,
};
use weir_model::nat_gateway::{Availability, Connectivity, NatAddress, NatGateway, NatState};
use weir_model::peering::{Peering, PeeringStatus, Side};
use weir_model::prefix_list::{Entry, Family, PrefixList, PrefixListState, aws};
use weir_model::protocol::Traffic;
use weir_model::route::{Associated, Destination, Origin, Route, RouteAssociation, RouteTable, Target};
use weir_model::subnet::{NewSubnet, Subnet};
use weir_model::vpc::{CidrAssociation, NewVpc, Vpc};
use weir_model::{
    Cidr, Cidr4, Cidr6, Cx, Digits, Id, Ids, Network, PortRange, PrefixListId, Protocol, Scope, SubnetId,
    Timestamp, VpcId, ZoneName,
};

/// A network and the names of what is in it.
#[derive(Clone, Default)]
pub struct Net {
    pub network: Network,
    names: BTreeMap<String, String>,
}

/// The id of the resource of kind `I` called `name`: always the same.
pub fn id<I: Id>(name: &str) -> I {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
    I::from_digits(Digits::parse(&format!("{:017x}", hash)).expect("17 digits"))
}

/// The words of a line, taken one by one.
pub struct Words<'a> {
    words: std::iter::Peekable<std::str::SplitWhitespace<'a>>,
    line: &'a str,
}

impl<'a> Words<'a> {
    pub fn new(line: &'a str) -> Words<'a> {
        Words { words: line.split_whitespace().peekable(), line }
    }

    pub fn next(&mut self) -> &'a str {
        self.words.next().unwrap_or_else(|| panic!("more words expected: {}", self.line))
    }

    pub fn parse<T: FromStr>(&mut self) -> T {
        let word = self.next();
        word.parse().unwrap_or_else(|_| panic!("not understood: {word} in {}", self.line))
    }

    pub fn option(&mut self) -> Option<&'a str> {
        self.words.next()
    }
}

pub fn traffic(text: &str) -> Traffic {
    let (name, rest) = text.split_once(':').unwrap_or((text, ""));
    let transport = |protocol| Traffic::Ports(protocol, ports(rest));
    match name {
        "all" => Traffic::All,
        "tcp" => transport(Protocol::TCP),
        "udp" => transport(Protocol::UDP),
        "icmp" => icmp(Protocol::ICMP, rest),
        "icmp6" => icmp(Protocol::ICMPV6, rest),
        "proto" => Traffic::Protocol(Protocol(rest.parse().expect("a protocol number"))),
        _ => panic!("no traffic: {text}"),
    }
}

fn ports(text: &str) -> PortRange {
    if text.is_empty() {
        return PortRange::ALL;
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    PortRange::new(first.parse().expect("a port"), last.parse().expect("a port")).expect("a range")
}

fn icmp(protocol: Protocol, text: &str) -> Traffic {
    let (kind, code) = text.split_once('/').unwrap_or((text, ""));
    Traffic::Icmp { protocol, kind: kind.parse().ok(), code: code.parse().ok() }
}

/// The list called `name`: AWS's own, or one of the network.
pub fn list(name: &str) -> PrefixListId {
    let region = scope("1", "us-east-1").region;
    aws::of_service(region, name).map_or_else(|| id(name), |list| list.id)
}

/// `CIDR` or `list:NAME`.
pub fn destination(text: &str) -> Destination {
    match text.strip_prefix("list:") {
        Some(name) => Destination::PrefixList(list(name)),
        None => Destination::Cidr(text.parse().unwrap_or_else(|_| panic!("no destination: {text}"))),
    }
}

pub fn target(text: &str) -> Target {
    let (kind, name) = text.split_once(':').expect("KIND:NAME");
    match kind {
        "igw" => Target::InternetGateway(id(name)),
        "peering" => Target::Peering(id(name)),
        "interface" => Target::Interface(id(name)),
        "instance" => Target::Instance(id(name), id(name)),
        "eigw" => Target::EgressOnlyGateway(id(name)),
        "nat" => Target::NatGateway(id(name)),
        "endpoint" => Target::VpcEndpoint(id(name)),
        "tgw" => Target::TransitGateway(id(name)),
        "vgw" => Target::VpnGateway(id(name)),
        _ => panic!("no target: {text}"),
    }
}

pub fn direction(text: &str) -> Direction {
    match text {
        "in" => Direction::Ingress,
        "out" => Direction::Egress,
        _ => panic!("in or out, not {text}"),
    }
}

pub fn peering_status(text: &str) -> PeeringStatus {
    match text {
        "pending" => PeeringStatus::PendingAcceptance { expires: Timestamp(0) },
        "active" => PeeringStatus::Active,
        "deleted" => PeeringStatus::Deleted { by: scope("1", "us-east-1").account },
        _ => panic!("no status: {text}"),
    }
}

fn scope(account: &str, region: &str) -> Scope {
    let account = format!("{account:0>12}").parse().expect("an account");
    Scope { account, region: region.parse().expect("a region") }
}

impl FromStr for Net {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Net, Self::Err> {
        let mut net = Net::default();
        let mut above = String::new();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            if line.trim().is_empty() {
                continue;
            }
            if line.starts_with(' ') {
                net.add_below(&above, line);
            } else {
                net.add(line);
                above = line.to_owned();
            }
        }
        Ok(net)
    }
}

impl Net {
    /// `text` with names in place of ids.
    pub fn name(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (id, name)| text.replace(id, name))
    }

    fn call(&mut self, id: impl ToString, name: &str) {
        self.names.insert(id.to_string(), name.to_owned());
    }

    /// The scope and VPC of the VPC called `name`.
    fn vpc(&self, name: &str) -> (Scope, VpcId) {
        let vpc = self.network.vpcs.get(&id(name)).unwrap_or_else(|| panic!("no VPC {name}"));
        (vpc.scope, vpc.id)
    }

    pub fn add(&mut self, line: &str) {
        let mut words = Words::new(line);
        match words.next() {
            "vpc" => self.add_vpc(words),
            "igw" => self.add_igw(words),
            "acl" => self.add_acl(words),
            "group" => self.add_group(words),
            "list" => self.add_list(words),
            "endpoint" => self.add_endpoint(words),
            "table" => self.add_table(words),
            "subnet" => self.add_subnet(words),
            "host" => self.add_host(words),
            "peering" => self.add_peering(words),
            "nat" => self.add_nat(words),
            "rnat" => self.add_regional_nat(words),
            "eigw" => self.add_eigw(words),
            "tgw" => self.add_tgw(words),
            "attach" => self.add_attach(words),
            "transit" => self.add_transit_table(words),
            "tgw-peering" => self.add_tgw_peering(words),
            other => panic!("no resource: {other}"),
        }
    }

    pub fn add_below(&mut self, above: &str, line: &str) {
        let (mut head, words) = (Words::new(above), Words::new(line));
        let (kind, name) = (head.next(), head.next());
        match kind {
            "acl" => self.add_entry(name, words),
            "group" => self.add_rule(name, words),
            "table" => self.add_route(name, words),
            "transit" => self.add_transit_route(name, words),
            other => panic!("nothing goes below {other}"),
        }
    }

    fn add_vpc(&mut self, mut words: Words) {
        let name = words.next();
        let block = |cidr: Cidr4| CidrAssociation { id: id(&cidr.to_string()), cidr };
        let mut vpc = Vpc { id: id(name), cidrs: vec![block(words.parse())], ..template().0 };
        while let Some(word) = words.option() {
            match word {
                "cidr" => vpc.cidrs.push(block(words.parse())),
                "ipv6" => vpc.ipv6_cidrs.push(CidrAssociation { id: id(name), cidr: words.parse() }),
                "region" => vpc.scope.region = words.parse(),
                "account" => vpc.scope.account = scope(words.next(), "us-east-1").account,
                "dns-off" => vpc.dns_support = false,
                other => panic!("not of a VPC: {other}"),
            }
        }
        self.call(vpc.id, name);
        self.network.vpcs.insert(vpc);
    }

    fn add_igw(&mut self, mut words: Words) {
        let name = words.next();
        let vpc = words.option().map(id);
        let scope = scope("1", "us-east-1");
        self.network.internet_gateways.insert(InternetGateway {
            id: id(name),
            scope,
            vpc,
            tags: Default::default(),
        });
        self.call(id::<weir_model::InternetGatewayId>(name), name);
    }

    fn add_acl(&mut self, mut words: Words) {
        let (name, (scope, vpc)) = (words.next(), self.vpc(words.next()));
        self.insert_acl(name, scope, vpc);
    }

    fn insert_acl(&mut self, name: &str, scope: Scope, vpc: VpcId) {
        self.network.acls.insert(NetworkAcl {
            id: id(name),
            scope,
            vpc,
            is_default: false,
            entries: Vec::new(),
            tags: Default::default(),
        });
        self.call(id::<weir_model::NetworkAclId>(name), name);
    }

    pub fn add_entry(&mut self, acl: &str, mut words: Words) {
        let entry = AclEntry {
            direction: direction(words.next()),
            number: words.parse(),
            allow: words.next() == "allow",
            traffic: traffic(words.next()),
            cidr: words.parse(),
        };
        let acl = self.network.acls.get_mut(&id(acl)).expect("the ACL");
        acl.entries.retain(|old| (old.direction, old.number) != (entry.direction, entry.number));
        acl.entries.push(entry);
        acl.entries.sort_by_key(|entry| (entry.direction, entry.number));
    }

    fn add_group(&mut self, mut words: Words) {
        let (name, (scope, vpc)) = (words.next(), self.vpc(words.next()));
        self.network.groups.insert(Group {
            id: id(name),
            scope,
            vpc,
            name: name.to_owned(),
            description: name.to_owned(),
            rules: Vec::new(),
            tags: Default::default(),
        });
        self.call(id::<weir_model::GroupId>(name), name);
    }

    pub fn add_rule(&mut self, group: &str, mut words: Words) {
        let (direction, traffic) = (direction(words.next()), traffic(words.next()));
        let peer = match words.next().split_once(':') {
            Some(("group", other)) => {
                Peer::Group { group: id(other), account: scope("1", "us-east-1").account, peering: None }
            }
            Some(("list", name)) => {
                self.call(list(name), name);
                Peer::PrefixList(list(name))
            }
            _ => Peer::Cidr(Words::new(words.line.split_whitespace().last().unwrap_or_default()).parse()),
        };
        let found = self.network.groups.get_mut(&id(group)).expect("the group");
        let name = format!("{group}/{}", found.rules.len() + 1);
        let rule = GroupRule {
            id: id(&name),
            direction,
            traffic,
            peer,
            description: None,
            tags: Default::default(),
        };
        found.rules.push(rule);
        self.call(id::<weir_model::GroupRuleId>(&name), &name);
    }

    fn add_endpoint(&mut self, mut words: Words) {
        let (name, (scope, vpc)) = (words.next(), self.vpc(words.next()));
        self.network.endpoints.insert(VpcEndpoint {
            id: id(name),
            scope,
            vpc,
            service: words.next().to_owned(),
            kind: EndpointKind::Gateway,
            policy: None,
            created: Timestamp(0),
            deleted: None,
            tags: Default::default(),
        });
        self.call(id::<weir_model::VpcEndpointId>(name), name);
    }

    /// Makes a list, or a new version of it.
    pub fn add_list(&mut self, mut words: Words) {
        let name = words.next();
        let mut scope = scope("1", "us-east-1");
        let mut cidrs: Vec<Cidr> = Vec::new();
        while let Some(word) = words.option() {
            match word {
                "region" => scope.region = words.parse(),
                cidr => cidrs.push(cidr.parse().expect("a block")),
            }
        }
        let entries = cidrs.iter().map(|cidr| Entry { cidr: *cidr, description: None }).collect();
        let mut versions =
            self.network.prefix_lists.get(&id(name)).map_or_else(BTreeMap::new, |old| old.versions.clone());
        versions.insert(versions.len() as u64 + 1, entries);
        self.network.prefix_lists.insert(PrefixList {
            id: id(name),
            scope,
            name: name.to_owned(),
            family: cidrs.first().map_or(Family::V4, |cidr| Family::of(*cidr)),
            max_entries: 10,
            versions,
            state: PrefixListState::Created,
            tags: Default::default(),
        });
        self.call(id::<PrefixListId>(name), name);
    }

    fn add_table(&mut self, mut words: Words) {
        let (name, (scope, vpc)) = (words.next(), self.vpc(words.next()));
        self.network.route_tables.insert(RouteTable {
            id: id(name),
            scope,
            vpc,
            routes: Vec::new(),
            main: None,
            associations: Vec::new(),
            tags: Default::default(),
        });
        let table = self.network.route_tables.get_mut(&id(name)).expect("made above");
        while let Some(word) = words.option() {
            match word {
                "main" => table.main = Some(id(name)),
                "of" => {
                    let with = Associated::InternetGateway(id(words.next()));
                    table.associations.push(RouteAssociation { id: id(name), with });
                }
                other => panic!("not of a table: {other}"),
            }
        }
        self.call(id::<weir_model::RouteTableId>(name), name);
    }

    pub fn add_route(&mut self, table: &str, mut words: Words) {
        let to = words.next();
        let destination = destination(to);
        if let Destination::PrefixList(id) = destination {
            self.call(id, to.trim_start_matches("list:"));
        }
        let text = words.next();
        let target = target(text);
        match target {
            Target::EgressOnlyGateway(id) => self.call(id, text),
            Target::NatGateway(id) => self.call(id, text),
            Target::TransitGateway(id) if !self.network.transit_gateways.has(&id) => self.call(id, text),
            Target::VpcEndpoint(id) if !self.network.endpoints.has(&id) => self.call(id, text),
            Target::VpnGateway(id) => self.call(id, text),
            _ => {}
        }
        let origin = match words.option() {
            Some("propagated") => Origin::EnableVgwRoutePropagation,
            _ => Origin::CreateRoute,
        };
        let table = self.network.route_tables.get_mut(&id(table)).expect("the table");
        table.routes.retain(|route| (route.destination, route.origin) != (destination, origin));
        table.routes.push(Route { destination, target, origin });
    }

    fn add_subnet(&mut self, mut words: Words) {
        let (name, vpc) = (words.next(), words.next());
        let ((scope, vpc_id), cidr) = (self.vpc(vpc), words.parse::<Cidr4>());
        let (mut ipv6, mut zone, mut acl, mut table) = (None, 'a', format!("{vpc}-open"), None);
        while let Some(word) = words.option() {
            match word {
                "ipv6" => ipv6 = Some(CidrAssociation { id: id(name), cidr: words.parse::<Cidr6>() }),
                "zone" => zone = words.parse(),
                "acl" => acl = words.next().to_owned(),
                "table" => table = Some(words.next()),
                other => panic!("not of a subnet: {other}"),
            }
        }
        if !self.network.acls.has(&id(&acl)) {
            self.insert_acl(&acl, scope, vpc_id);
            for entry in ["in 100 allow all 0.0.0.0/0", "out 100 allow all 0.0.0.0/0"] {
                self.add_entry(&acl, Words::new(entry));
            }
            for entry in ["in 101 allow all ::/0", "out 101 allow all ::/0"] {
                self.add_entry(&acl, Words::new(entry));
            }
        }
        if let Some(table) = table {
            self.associate(table, id(name));
        }
        self.call(id::<SubnetId>(name), name);
        self.network.subnets.insert(Subnet {
            id: id(name),
            scope,
            vpc: vpc_id,
            zone: ZoneName::new(scope.region, zone).expect("a zone"),
            cidr: Some(cidr),
            ipv6_cidr: ipv6,
            acl: id(&acl),
            ..template().1
        });
    }

    fn associate(&mut self, table: &str, subnet: SubnetId) {
        let table = self.network.route_tables.get_mut(&id(table)).expect("the table");
        table.associations.push(RouteAssociation { id: id("association"), with: Associated::Subnet(subnet) });
    }

    fn add_host(&mut self, mut words: Words) {
        let name = words.next();
        let subnet = self.network.subnets.get(&id(words.next())).expect("the subnet").clone();
        let address = |private| PrivateAddress { private, public: None };
        let mut interface = Interface { addresses: vec![address(words.parse())], ..interface(name, &subnet) };
        let (mut state, mut detached, mut instance_type) = (InstanceState::Running, false, "t3.micro");
        while let Some(word) = words.option() {
            match word {
                "and" => interface.addresses.push(address(words.parse())),
                "ipv6" => interface.ipv6_addresses.push(words.parse()),
                "public" => {
                    let last = interface.addresses.last_mut().expect("an address");
                    last.public = Some(PublicAddress::AutoAssigned(words.parse()));
                }
                "groups" => interface.groups = words.next().split(',').map(id).collect(),
                "type" => instance_type = words.next(),
                "no-check" => interface.source_dest_check = false,
                "idle" => interface.tracking = idle(words.next()),
                "stopped" => state = InstanceState::Stopped,
                "detached" => detached = true,
                "endpoint" => interface.kind = InterfaceKind::VpcEndpoint,
                other => panic!("not of a host: {other}"),
            }
        }
        if !detached {
            interface.attachment = Some(attachment(name));
        }
        self.call(interface.id, name);
        self.call(id::<weir_model::InstanceId>(name), name);
        self.network.instances.insert(instance(name, &interface, (state, instance_type)));
        self.network.interfaces.insert(interface);
    }

    fn add_peering(&mut self, mut words: Words) {
        let (name, one, other) = (words.next(), words.next(), words.next());
        let side = |vpc: &str| {
            let vpc = self.network.vpcs.get(&id(vpc)).expect("the VPC");
            Side {
                scope: vpc.scope,
                vpc: vpc.id,
                cidrs: vpc.cidrs.iter().map(|block| block.cidr).collect(),
                ipv6_cidrs: vpc.ipv6_cidrs.iter().map(|block| block.cidr).collect(),
                dns_resolution: false,
                tags: Default::default(),
            }
        };
        self.network.peerings.insert(Peering {
            id: id(name),
            requester: side(one),
            accepter: side(other),
            status: peering_status(words.next()),
            status_since: Timestamp(0),
        });
        self.call(id::<weir_model::PeeringId>(name), name);
    }

    fn add_nat(&mut self, mut words: Words) {
        let name = words.next();
        let subnet = self.network.subnets.get(&id(words.next())).expect("the subnet").clone();
        let address = |private| PrivateAddress { private, public: None };
        let mut own = vec![address(words.parse())];
        let (mut elastic, mut state) = (vec![None], NatState::Available);
        while let Some(word) = words.option() {
            match word {
                "public" => {
                    let public = words.parse();
                    own.last_mut().expect("an address").public = Some(PublicAddress::AutoAssigned(public));
                    *elastic.last_mut().expect("an address") = Some((public, id(name)));
                }
                "and" => {
                    own.push(address(words.parse()));
                    elastic.push(None);
                }
                "pending" => state = NatState::Pending(None),
                other => panic!("not of a NAT gateway: {other}"),
            }
        }
        let of = |(own, elastic): (&PrivateAddress, Option<_>)| NatAddress {
            private: Some(own.private),
            elastic,
            ..NatAddress::default()
        };
        let is_public = elastic[0].is_some();
        self.network.nat_gateways.insert(NatGateway {
            id: id(name),
            scope: subnet.scope,
            vpc: subnet.vpc,
            availability: Availability::Zonal { subnet: subnet.id, interface: Some(id(name)) },
            connectivity: if is_public { Connectivity::Public } else { Connectivity::Private },
            state,
            state_since: Timestamp(0),
            created: Timestamp(0),
            addresses: own.iter().zip(elastic).map(of).collect(),
            tags: Default::default(),
        });
        self.call(id::<weir_model::NatGatewayId>(name), &format!("nat:{name}"));
        self.call(id::<weir_model::InterfaceId>(name), name);
        self.network.interfaces.insert(Interface {
            addresses: own,
            source_dest_check: false,
            attachment: Some(Attachment { instance: None, device_index: 1, ..attachment(name) }),
            kind: InterfaceKind::NatGateway,
            ..interface(name, &subnet)
        });
    }

    fn add_eigw(&mut self, mut words: Words) {
        let (name, (scope, vpc)) = (words.next(), self.vpc(words.next()));
        self.network.egress_only_gateways.insert(EgressOnlyGateway {
            id: id(name),
            scope,
            vpc,
            tags: Default::default(),
        });
        self.call(id::<weir_model::EgressOnlyGatewayId>(name), &format!("eigw:{name}"));
    }

    /// The address that `text` means: one written out, or `HOST`, `HOST.public`, `HOST.second`, `HOST.v6`.
    pub fn address(&self, text: &str) -> IpAddr {
        if let Ok(address) = text.parse() {
            return address;
        }
        let (name, which) = text.split_once('.').unwrap_or((text, ""));
        let interface = self.network.interfaces.get(&id(name)).unwrap_or_else(|| panic!("no host {text}"));
        match which {
            "" => interface.addresses[0].private.into(),
            "second" => interface.addresses[1].private.into(),
            "v6" => interface.ipv6_addresses[0].into(),
            "public" => {
                let public = interface.addresses.iter().find_map(|address| address.public.as_ref());
                public.expect("a public address").address().into()
            }
            other => panic!("no such address: {other}"),
        }
    }
}

/// A VPC and a subnet with nothing remarkable about them.
fn template() -> (Vpc, Subnet) {
    let (mut network, mut ids) = (Network::default(), Ids::new(1));
    let mut cx = Cx { scope: scope("1", "us-east-1"), now: Timestamp(0), ids: &mut ids };
    let cidr: Cidr4 = "10.0.0.0/16".parse().expect("a block");
    let new = NewVpc { cidr, ipv6: false, tenancy: "default".to_owned(), tags: Default::default() };
    let vpc = network.create_vpc(&mut cx, new).expect("the VPC can be made");
    let new = NewSubnet { vpc, zone: None, cidr: Some(cidr), ipv6_cidr: None, tags: Default::default() };
    let subnet = network.create_subnet(&mut cx, new).expect("the subnet can be made");
    let vpc = network.vpcs.get(&vpc).expect("made above").clone();
    (vpc, network.subnets.get(&subnet).expect("made above").clone())
}

/// A free interface without addresses and groups.
fn interface(name: &str, subnet: &Subnet) -> Interface {
    Interface {
        id: id(name),
        scope: subnet.scope,
        vpc: subnet.vpc,
        subnet: subnet.id,
        addresses: Vec::new(),
        ipv6_addresses: Vec::new(),
        groups: Vec::new(),
        source_dest_check: true,
        tracking: Default::default(),
        attachment: None,
        kind: InterfaceKind::Interface,
        description: String::new(),
        mac: [2, 0, 0, 0, 0, 1],
        tags: Default::default(),
    }
}

fn attachment(name: &str) -> Attachment {
    Attachment {
        id: id(name),
        instance: Some(id(name)),
        device_index: 0,
        since: Timestamp(0),
        delete_on_termination: true,
    }
}

fn instance(name: &str, interface: &Interface, (state, instance_type): (InstanceState, &str)) -> Instance {
    Instance {
        id: id(name),
        scope: interface.scope,
        reservation: id(name),
        launch_index: 0,
        image: id("image"),
        instance_type: instance_type.to_owned(),
        key_name: None,
        user_data: None,
        interfaces: vec![interface.id],
        state,
        state_since: Timestamp(0),
        launched: Timestamp(0),
        termination_protected: false,
        instance_profile: None,
        zone: ZoneName::new(interface.scope.region, 'a').expect("a zone"),
        settings: Default::default(),
        tags: Default::default(),
    }
}

/// Time-outs of tracking: `60/30/60`.
fn idle(text: &str) -> TrackingTimeouts {
    let seconds: Vec<u32> = text.split('/').map(|word| word.parse().expect("seconds")).collect();
    let [tcp, udp, stream] = seconds[..] else { panic!("not three time-outs: {text}") };
    TrackingTimeouts { tcp_established_s: Some(tcp), udp_s: Some(udp), udp_stream_s: Some(stream) }
}
