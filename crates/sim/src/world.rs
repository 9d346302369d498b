//! The world of a seed: three VPCs with hosts, made by the commands that the API runs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use weir_fabric::HostName;
use weir_model::group::{Direction, NewGroup, NewPeer, NewRule};
use weir_model::image::Image;
use weir_model::instance::{HostNameChange, InstanceSettings, Launch, LaunchInterface, LaunchSource};
use weir_model::interface::{Ipv6Choice, NewInterface};
use weir_model::nat_gateway::{Connectivity, NewNatGateway, NewRegionalNatGateway, SecondaryChoice};
use weir_model::peering::PeeringRequest;
use weir_model::protocol::{Protocol, Traffic};
use weir_model::route::{Associated, Destination, Target};
use weir_model::subnet::NewSubnet;
use weir_model::vpc::NewVpc;
use weir_model::{
    Cidr, Cidr4, Cidr6, Cx, EgressOnlyGatewayId, GroupId, Ids, InstanceId, InterfaceId, InternetGatewayId,
    Nanos, NatGatewayId, Network, NetworkAclId, PeeringId, Refused, RouteTableId, Scope, SubnetId, Tags,
    VpcId, ZoneName,
};

/// How many VPCs there are.
pub const SITES: usize = 3;
/// Instances of a subnet.
const INSTANCES: usize = 2;
/// What instances serve.
const USER_DATA: &str = "#weir listen tcp/80 http hello\n#weir listen tcp/7 echo";
const IMAGE: &str = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

/// A VPC and what is in it.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its number: its block is `10.NUMBER.0.0/16`.
    pub number: usize,
    /// The VPC.
    pub vpc: VpcId,
    /// Its internet gateway.
    pub gateway: InternetGatewayId,
    /// Its main route table: that of the first subnet.
    pub table: RouteTableId,
    /// The route table of the second subnet, which reaches the internet through gateways only.
    pub private: RouteTableId,
    /// Its NAT gateway, in the first subnet; that of the last VPC is regional.
    pub nat: NatGatewayId,
    /// Its egress-only internet gateway.
    pub egress_only: EgressOnlyGatewayId,
    /// Its default ACL.
    pub acl: NetworkAclId,
    /// Two groups: one for everything, one for little.
    pub groups: [GroupId; 2],
    /// Its instances.
    pub instances: Vec<InstanceId>,
}

/// The network, and where random choices come from.
pub struct World {
    /// The network.
    pub network: Network,
    /// The VPCs.
    pub sites: Vec<Site>,
    /// Who owns everything.
    pub scope: Scope,
    random: Ids,
    ids: Ids,
}

impl World {
    /// The world of a seed at `now`.
    ///
    /// # Panics
    /// A command that builds it is refused: a bug.
    pub fn new(seed: u64, now: Nanos) -> World {
        let scope = Scope {
            account: "111111111111".parse().expect("an account"),
            region: "us-east-1".parse().expect("a region"),
        };
        let (random, ids) = (Ids::new(seed), Ids::new(!seed));
        let mut world = World { network: Network::default(), sites: Vec::new(), scope, random, ids };
        let built: Result<(), Refused> = (0..SITES).try_for_each(|number| world.add_site(number, now));
        built.expect("the commands that build a world are in order");
        for (one, other) in [(0, 1), (1, 2)] {
            world.peer(one, other, now).expect("VPCs whose blocks do not overlap can be peered");
        }
        world
    }

    /// Gives one command to the network.
    ///
    /// # Errors
    /// Those of the command.
    pub fn command<T>(
        &mut self,
        now: Nanos,
        command: impl FnOnce(&mut Network, &mut Cx) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let mut cx = Cx { scope: self.scope, now: now.into(), ids: &mut self.ids };
        let outcome = command(&mut self.network, &mut cx);
        self.network.expand_nat_gateways(&mut self.ids);
        outcome
    }

    /// A random number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound as u64) as usize
    }

    /// True in `percent` of 100 cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())].clone()
    }

    /// Any instance.
    pub fn any_instance(&mut self) -> InstanceId {
        let site = self.below(SITES);
        let among = self.sites[site].instances.clone();
        self.pick(&among)
    }

    /// Whether an instance runs.
    pub fn is_running(&self, id: InstanceId) -> bool {
        let running = weir_model::instance::InstanceState::Running;
        self.network.instances.get(&id).is_some_and(|instance| instance.state == running)
    }

    /// The interface of an instance.
    pub fn interface(&self, id: InstanceId) -> Option<InterfaceId> {
        self.network.instances.get(&id)?.interfaces.first().copied()
    }

    /// The addresses of an instance: private, public if it has one, IPv6.
    pub fn addresses(&self, id: InstanceId) -> Vec<IpAddr> {
        let interface = self.interface(id).and_then(|id| self.network.interfaces.get(&id));
        let Some(interface) = interface else { return Vec::new() };
        let private = interface.addresses.iter().map(|held| IpAddr::V4(held.private));
        let public = interface.addresses.iter().filter_map(|held| held.public.as_ref());
        let public = public.map(|public| IpAddr::V4(public.address()));
        private
            .chain(public)
            .chain(interface.ipv6_addresses.iter().map(|address| IpAddr::V6(*address)))
            .collect()
    }

    /// The hosts whose traffic counts: all instances, and those on the internet that are talked to.
    pub fn host_names(&self) -> Vec<HostName> {
        let instances = self.sites.iter().flat_map(|site| &site.instances).map(|id| HostName::Instance(*id));
        instances.chain(STRANGERS.map(HostName::Internet)).collect()
    }

    fn add_site(&mut self, number: usize, now: Nanos) -> Result<(), Refused> {
        let cidr = block4(Ipv4Addr::new(10, number as u8, 0, 0), 16);
        let new = NewVpc { cidr, ipv6: true, tenancy: "default".to_owned(), tags: Tags::new() };
        let vpc = self.command(now, |network, cx| network.create_vpc(cx, new))?;
        let gateway = self.command(now, |network, cx| network.create_internet_gateway(cx, Tags::new()))?;
        self.command(now, |network, cx| network.attach_internet_gateway(cx, gateway, vpc))?;
        let of_vpc = |table: &&weir_model::route::RouteTable| table.vpc == vpc;
        let table = self.network.route_tables.iter().find(of_vpc).expect("a main table").id;
        let acl = self.network.acls.iter().find(|acl| acl.vpc == vpc).expect("a default ACL").id;
        for cidr in ["0.0.0.0/0", "::/0"] {
            let destination = Destination::Cidr(block(cidr));
            let target = Target::InternetGateway(gateway);
            self.command(now, |network, cx| network.create_route(cx, table, destination, target))?;
        }
        let groups = [self.group(vpc, "wide", now)?, self.group(vpc, "narrow", now)?];
        let [public, inner] = [self.subnet(vpc, (number, 0), now)?, self.subnet(vpc, (number, 1), now)?];
        let mut instances = Vec::new();
        for _ in 0..INSTANCES {
            let (one, other) = (self.pick(&groups), self.pick(&groups));
            instances.push(self.instance(public, (one, true), now)?);
            instances.push(self.instance(inner, (other, false), now)?);
        }
        let nat = match number + 1 == SITES {
            true => self.regional_nat(vpc, now)?,
            false => self.nat(public, now)?,
        };
        let egress_only =
            self.command(now, |network, cx| network.create_egress_only_gateway(cx, vpc, Tags::new()))?;
        let private = self.private_table((vpc, inner), (nat, egress_only), now)?;
        self.sites.push(Site {
            number,
            vpc,
            gateway,
            table,
            private,
            nat,
            egress_only,
            acl,
            groups,
            instances,
        });
        Ok(())
    }

    /// A NAT gateway with an elastic address.
    fn nat(&mut self, subnet: SubnetId, now: Nanos) -> Result<NatGatewayId, Refused> {
        let allocation = self.command(now, |network, cx| network.allocate_address(cx, None, Tags::new()))?;
        let new = NewNatGateway {
            subnet,
            connectivity: Connectivity::Public,
            allocation: Some(allocation),
            private: None,
            secondary: SecondaryChoice::default(),
            tags: Tags::new(),
        };
        self.command(now, |network, cx| network.create_nat_gateway(cx, new))
    }

    /// A NAT gateway for all zones, whose addresses are AWS's choice.
    fn regional_nat(&mut self, vpc: VpcId, now: Nanos) -> Result<NatGatewayId, Refused> {
        let new = NewRegionalNatGateway { vpc, zones: Vec::new(), tags: Tags::new() };
        self.command(now, |network, cx| network.create_regional_nat_gateway(cx, new))
    }

    /// The route table of a subnet whose packets leave through the gateways.
    fn private_table(
        &mut self,
        (vpc, subnet): (VpcId, SubnetId),
        (nat, egress_only): (NatGatewayId, EgressOnlyGatewayId),
        now: Nanos,
    ) -> Result<RouteTableId, Refused> {
        let table = self.command(now, |network, cx| network.create_route_table(cx, vpc, Tags::new()))?;
        let targets =
            [("0.0.0.0/0", Target::NatGateway(nat)), ("::/0", Target::EgressOnlyGateway(egress_only))];
        for (cidr, target) in targets {
            let destination = Destination::Cidr(block(cidr));
            self.command(now, |network, cx| network.create_route(cx, table, destination, target))?;
        }
        let with = Associated::Subnet(subnet);
        self.command(now, |network, cx| network.associate_route_table(cx, table, with))?;
        Ok(table)
    }

    fn group(&mut self, vpc: VpcId, name: &str, now: Nanos) -> Result<GroupId, Refused> {
        let new = NewGroup { vpc, name: name.to_owned(), description: name.to_owned(), tags: Tags::new() };
        let group = self.command(now, |network, cx| network.create_group(cx, new))?;
        let ports =
            |port| Traffic::Ports(Protocol::TCP, weir_model::PortRange::new(port, port).expect("a port"));
        let traffic = match name {
            "wide" => vec![Traffic::All],
            _ => vec![ports(22), Traffic::Icmp { protocol: Protocol::ICMP, kind: Some(8), code: None }],
        };
        let peer = NewPeer::Cidr(block("0.0.0.0/0"));
        let rules = traffic.into_iter().map(|traffic| NewRule { traffic, peer, description: None }).collect();
        let rules = (Direction::Ingress, rules);
        self.command(now, |network, cx| network.authorize_rules(cx, group, rules, Tags::new()))?;
        Ok(group)
    }

    fn subnet(
        &mut self,
        vpc: VpcId,
        (site, number): (usize, usize),
        now: Nanos,
    ) -> Result<SubnetId, Refused> {
        let cidr = block4(Ipv4Addr::new(10, site as u8, number as u8, 0), 24);
        let around = self.network.vpcs.get(&vpc).and_then(|vpc| vpc.ipv6_cidrs.first());
        let ipv6_cidr = around.and_then(|block| {
            let first = u128::from(block.cidr.network()) + ((number as u128) << 64);
            Cidr6::new(Ipv6Addr::from(first), 64)
        });
        let zone = ZoneName::new(self.scope.region, if number == 0 { 'a' } else { 'b' });
        let new = NewSubnet { vpc, zone, cidr: Some(cidr), ipv6_cidr, tags: Tags::new() };
        self.command(now, |network, cx| network.create_subnet(cx, new))
    }

    fn instance(
        &mut self,
        subnet: SubnetId,
        (group, public): (GroupId, bool),
        now: Nanos,
    ) -> Result<InstanceId, Refused> {
        let new = NewInterface { groups: vec![group], ipv6: Ipv6Choice::Count(1), ..NewInterface::default() };
        let source = LaunchSource::New { subnet: Some(subnet), new, public: Some(public) };
        let launch = Launch {
            min: 1,
            max: 1,
            image: Image::by_parameter(IMAGE).expect("Amazon Linux 2023").id(self.scope.region),
            instance_type: "t3.micro".to_owned(),
            zone: None,
            interfaces: vec![LaunchInterface { device_index: 0, delete_on_termination: None, source }],
            key_name: None,
            user_data: Some(USER_DATA.as_bytes().to_vec()),
            termination_protected: false,
            instance_profile: None,
            host_names: HostNameChange::default(),
            devices: Vec::new(),
            volume_tags: Tags::new(),
            settings: InstanceSettings { lends_public: public, ..InstanceSettings::default() },
            tags: Tags::new(),
        };
        let (_, ids) = self.command(now, |network, cx| network.run_instances(cx, launch))?;
        Ok(ids[0])
    }

    /// Peers two VPCs, with routes both ways.
    ///
    /// # Errors
    /// There is a peering connection already, or a route.
    pub fn peer(&mut self, one: usize, other: usize, now: Nanos) -> Result<PeeringId, Refused> {
        let (one, other) = (self.sites[one].clone(), self.sites[other].clone());
        let peer = self.scope;
        let request = PeeringRequest { vpc: one.vpc, peer_vpc: other.vpc, peer, tags: Tags::new() };
        let peering = self.command(now, |network, cx| network.request_peering(cx, request))?;
        self.command(now, |network, cx| network.accept_peering(cx, peering))?;
        let ways = [(one.table, &other), (one.private, &other), (other.table, &one), (other.private, &one)];
        for (table, to) in ways {
            let destination =
                Destination::Cidr(Cidr::V4(block4(Ipv4Addr::new(10, to.number as u8, 0, 0), 16)));
            let target = Target::Peering(peering);
            let replaced =
                self.command(now, |network, cx| network.replace_route(cx, table, destination, target));
            if replaced.is_err() {
                self.command(now, |network, cx| network.create_route(cx, table, destination, target))?;
            }
        }
        Ok(peering)
    }
}

/// Hosts on the internet that are talked to (RFC 5737: documentation; a well-known resolver).
pub const STRANGERS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)), IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8))];

/// The block that `text` names.
///
/// # Panics
/// It names none.
pub fn block(text: &str) -> Cidr {
    text.parse().expect("a block")
}

fn block4(first: Ipv4Addr, prefix: u8) -> Cidr4 {
    Cidr4::new(first, prefix).expect("a block of these bits")
}
