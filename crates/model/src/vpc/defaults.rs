//! What comes with a VPC (main route table, default ACL, default group), and the default VPC of a region.
//!
//! Source: Amazon VPC User Guide, "Default VPCs" (components), "Default network ACL", "Default security groups".

use super::{NewVpc, Vpc};
use crate::acl::{AclEntry, NetworkAcl};
use crate::gateway::InternetGateway;
use crate::group::{Direction, Group, GroupRule, Peer};
use crate::protocol::Traffic;
use crate::route::{Destination, Origin, Route, RouteTable, Target};
use crate::subnet::{NewSubnet, Subnet, check_zone};
use crate::{
    Cidr, Cidr4, Cidr6, Cx, Ids, InternetGatewayId, Limit, Network, Refused, Scope, SubnetId, Tags, VpcId,
    ZoneName,
};
use std::net::Ipv4Addr;

/// The name of a VPC's own group; no other may have it.
pub const DEFAULT_GROUP: &str = "default";
/// The description of a VPC's own group.
pub const DEFAULT_GROUP_DESCRIPTION: &str = "default VPC security group";

const DEFAULT_VPC_ADDRESS: Ipv4Addr = Ipv4Addr::new(172, 31, 0, 0);
const DEFAULT_VPC_PREFIX: u8 = 16;
const DEFAULT_SUBNET_PREFIX: u8 = 20;
/// The number of the default ACL's entries for IPv4 and IPv6.
const IPV4_ENTRY: u16 = 100;
const IPV6_ENTRY: u16 = 101;

impl Network {
    /// Makes what an account finds in a region at first: the default DHCP options and the default VPC.
    ///
    /// Once they have been made nothing happens, also if the default VPC has been deleted since.
    pub fn open_region(&mut self, cx: &mut Cx) {
        if self.dhcp_options.of(cx.scope).any(|options| options.is_default) {
            return;
        }
        self.default_dhcp_options(cx);
        self.add_default_vpc(cx);
    }

    /// The default VPC of the scope.
    pub fn default_vpc(&self, scope: Scope) -> Option<&Vpc> {
        self.vpcs.of(scope).find(|vpc| vpc.is_default)
    }

    /// The default subnet of a zone.
    pub fn default_subnet(&self, scope: Scope, zone: ZoneName) -> Option<&Subnet> {
        self.subnets.of(scope).find(|subnet| subnet.is_default && subnet.zone == zone)
    }

    /// The default group of a VPC.
    pub fn default_group(&self, vpc: VpcId) -> Option<&Group> {
        self.groups.iter().find(|group| group.vpc == vpc && group.name == DEFAULT_GROUP)
    }

    /// The default ACL of a VPC.
    pub fn default_acl(&self, vpc: VpcId) -> Option<&NetworkAcl> {
        self.acls.iter().find(|acl| acl.vpc == vpc && acl.is_default)
    }

    /// The main route table of a VPC.
    pub fn main_table(&self, vpc: VpcId) -> Option<&RouteTable> {
        self.route_tables.iter().find(|table| table.vpc == vpc && table.main.is_some())
    }

    /// Makes the default VPC of the region again, with a subnet in each zone and an internet gateway in its main table.
    ///
    /// # Errors
    /// [`Refused::DefaultVpcExists`], [`Limit::Vpcs`], [`Limit::InternetGateways`].
    pub fn create_default_vpc(&mut self, cx: &mut Cx) -> Result<VpcId, Refused> {
        if self.default_vpc(cx.scope).is_some() {
            return Err(Refused::DefaultVpcExists);
        }
        self.check_vpc_quota(cx.scope)?;
        if self.internet_gateways.of(cx.scope).count() >= self.limits.internet_gateways {
            return Err(Limit::InternetGateways.into());
        }
        Ok(self.add_default_vpc(cx))
    }

    fn add_default_vpc(&mut self, cx: &mut Cx) -> VpcId {
        let cidr = Cidr4::new(DEFAULT_VPC_ADDRESS, DEFAULT_VPC_PREFIX).expect("16 is a prefix");
        let new = NewVpc { cidr, ipv6: false, tenancy: "default".to_owned(), tags: Tags::new() };
        let vpc = self.add_vpc(cx, new, true);
        let gateway = cx.ids.fresh();
        self.internet_gateways.insert(InternetGateway {
            id: gateway,
            scope: cx.scope,
            vpc: Some(vpc),
            tags: Tags::new(),
        });
        self.route_to_internet(vpc, gateway);
        for letter in ZoneName::LETTERS {
            let zone = ZoneName::new(cx.scope.region, letter).expect("zones have lower-case letters");
            let cidr = self.free_default_block(vpc).expect("a /16 has a /20 for each zone");
            self.add_default_subnet(cx, vpc, zone, cidr);
        }
        vpc
    }

    fn route_to_internet(&mut self, vpc: VpcId, gateway: InternetGatewayId) {
        let table = self.main_table(vpc).expect("every VPC has a main table").id;
        self.route_tables.get_mut(&table).expect("the table was just found").routes.push(Route {
            destination: Destination::Cidr(Cidr4::ALL.into()),
            target: Target::InternetGateway(gateway),
            origin: Origin::CreateRoute,
        });
    }

    /// Makes a default subnet of the default VPC in a zone that has none.
    ///
    /// # Errors
    /// [`Refused::NoSuchZone`], [`Refused::DefaultVpcMissing`], [`Refused::DefaultSubnetExists`],
    /// [`Refused::NoFreeBlock`] if the VPC has no free /20, [`Limit::SubnetsPerVpc`].
    pub fn create_default_subnet(&mut self, cx: &mut Cx, zone: ZoneName) -> Result<SubnetId, Refused> {
        check_zone(cx.scope, zone)?;
        let vpc = self.default_vpc(cx.scope).ok_or(Refused::DefaultVpcMissing)?.id;
        if let Some(subnet) = self.default_subnet(cx.scope, zone) {
            return Err(Refused::DefaultSubnetExists(subnet.id, zone));
        }
        self.check_subnet_quota(vpc)?;
        let cidr = self.free_default_block(vpc).ok_or(Refused::NoFreeBlock(vpc))?;
        Ok(self.add_default_subnet(cx, vpc, zone, cidr))
    }

    fn add_default_subnet(&mut self, cx: &mut Cx, vpc: VpcId, zone: ZoneName, cidr: Cidr4) -> SubnetId {
        let new = NewSubnet { vpc, zone: Some(zone), cidr: Some(cidr), ipv6_cidr: None, tags: Tags::new() };
        let id = self.add_subnet(cx, new);
        let subnet = self.subnets.get_mut(&id).expect("the subnet was just made");
        subnet.is_default = true;
        subnet.map_public_ip = true;
        id
    }

    fn free_default_block(&self, vpc: VpcId) -> Option<Cidr4> {
        let whole = self.vpcs.get(&vpc)?.cidr();
        let size = 1u32 << (32 - DEFAULT_SUBNET_PREFIX);
        let held: Vec<Cidr4> = self.subnets_of(vpc).filter_map(|subnet| subnet.cidr).collect();
        let blocks = (0..).map_while(|place: u32| whole.nth(place.checked_mul(size)?));
        let mut blocks = blocks.filter_map(|first| Cidr4::new(first, DEFAULT_SUBNET_PREFIX));
        blocks.find(|block| !held.iter().any(|held| held.overlaps(*block)))
    }

    /// Adds the main table, default ACL and default group of a VPC that is being made.
    pub(super) fn furnish(&mut self, cx: &mut Cx, vpc: &Vpc) {
        self.route_tables.insert(RouteTable {
            id: cx.ids.fresh(),
            scope: vpc.scope,
            vpc: vpc.id,
            routes: Vec::new(),
            main: Some(cx.ids.fresh()),
            associations: Vec::new(),
            tags: Tags::new(),
        });
        self.acls.insert(NetworkAcl {
            id: cx.ids.fresh(),
            scope: vpc.scope,
            vpc: vpc.id,
            is_default: true,
            entries: open_entries(!vpc.ipv6_cidrs.is_empty()),
            tags: Tags::new(),
        });
        self.groups.insert(default_group(cx.ids, vpc));
    }

    /// Removes what came with a VPC that is being deleted.
    pub(super) fn remove_furniture(&mut self, vpc: VpcId) {
        if let Some(table) = self.main_table(vpc).map(|table| table.id) {
            self.route_tables.remove(&table);
        }
        if let Some(acl) = self.default_acl(vpc).map(|acl| acl.id) {
            self.acls.remove(&acl);
        }
        if let Some(group) = self.default_group(vpc).map(|group| group.id) {
            self.groups.remove(&group);
        }
    }

    /// Opens the default ACL and group for IPv6 when a VPC gets its first IPv6 block, if nobody has edited them.
    ///
    /// Source: Amazon VPC User Guide, "Default network ACL" and "Default security groups" (IPv6).
    pub(super) fn let_ipv6_pass(&mut self, cx: &mut Cx, vpc: VpcId) {
        let acl = self.default_acl(vpc).filter(|acl| acl.entries == open_entries(false)).map(|acl| acl.id);
        if let Some(acl) = acl.and_then(|id| self.acls.get_mut(&id)) {
            acl.entries = open_entries(true);
        }
        let egress = |group: &Group| {
            let rules: Vec<&GroupRule> =
                group.rules.iter().filter(|rule| rule.direction == Direction::Egress).collect();
            matches!(rules[..], [rule] if rule.traffic == Traffic::All && rule.peer == Peer::Cidr(Cidr4::ALL.into()))
        };
        let group = self.default_group(vpc).filter(|group| egress(group)).map(|group| group.id);
        if let Some(group) = group.and_then(|id| self.groups.get_mut(&id)) {
            group.rules.push(rule(cx.ids, Direction::Egress, Peer::Cidr(Cidr6::ALL.into())));
        }
    }
}

fn open_entries(ipv6: bool) -> Vec<AclEntry> {
    let entry =
        |direction, number, cidr| AclEntry { number, direction, traffic: Traffic::All, cidr, allow: true };
    let families: [(u16, Cidr); 2] = [(IPV4_ENTRY, Cidr4::ALL.into()), (IPV6_ENTRY, Cidr6::ALL.into())];
    let families = &families[..if ipv6 { 2 } else { 1 }];
    let directions = [Direction::Ingress, Direction::Egress];
    let of = |direction| families.iter().map(move |(number, cidr)| entry(direction, *number, *cidr));
    directions.into_iter().flat_map(of).collect()
}

fn default_group(ids: &mut Ids, vpc: &Vpc) -> Group {
    let id = ids.fresh();
    let itself = Peer::Group { group: id, account: vpc.scope.account, peering: None };
    let mut rules = vec![
        rule(ids, Direction::Ingress, itself),
        rule(ids, Direction::Egress, Peer::Cidr(Cidr4::ALL.into())),
    ];
    if !vpc.ipv6_cidrs.is_empty() {
        rules.push(rule(ids, Direction::Egress, Peer::Cidr(Cidr6::ALL.into())));
    }
    Group {
        id,
        scope: vpc.scope,
        vpc: vpc.id,
        name: DEFAULT_GROUP.to_owned(),
        description: DEFAULT_GROUP_DESCRIPTION.to_owned(),
        rules,
        tags: Tags::new(),
    }
}

fn rule(ids: &mut Ids, direction: Direction, peer: Peer) -> GroupRule {
    let id = ids.fresh();
    GroupRule { id, direction, traffic: Traffic::All, peer, description: None, tags: Tags::new() }
}
