//! A network made by the commands that the API runs, and the fabric on it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use weir_fabric::{Fabric, HostName, Output};
use weir_model::flow_log::{LogDestination, Monitored, NewFlowLog, TrafficType};
use weir_model::group::{Direction, NewGroup, NewPeer, NewRule, Peer};
use weir_model::image::Image;
use weir_model::instance::{HostNameChange, InstanceSettings, Launch, LaunchInterface, LaunchSource};
use weir_model::interface::{Ipv6Choice, NewInterface};
use weir_model::peering::PeeringRequest;
use weir_model::protocol::{PortRange, Protocol, Traffic};
use weir_model::route::{Destination, Target};
use weir_model::subnet::NewSubnet;
use weir_model::vpc::NewVpc;
use weir_model::{
    Cidr, Cidr4, Cidr6, Cx, FlowLogId, GroupId, Ids, InstanceId, InterfaceId, Nanos, Network, PeeringId,
    Refused, RouteTableId, Scope, SubnetId, Tags, Timestamp, VpcId, ZoneName,
};

/// 2026-01-01T00:00:00Z.
pub const START: Nanos = Nanos(1_767_225_600_000_000_000);

/// A number of seconds.
pub const SECOND: u64 = 1_000_000_000;

/// Network and fabric.
pub struct Bed {
    pub network: Network,
    pub fabric: Fabric,
    pub scope: Scope,
    ids: Ids,
}

/// A VPC of 65,536 addresses with one subnet that an internet gateway makes public, and a group that lets in SSH and ICMP.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    pub vpc: VpcId,
    pub subnet: SubnetId,
    pub table: RouteTableId,
    pub group: GroupId,
}

/// A running instance.
#[derive(Clone, Copy, Debug)]
pub struct Instance {
    pub id: InstanceId,
    pub interface: InterfaceId,
    pub private: Ipv4Addr,
    pub public: Option<Ipv4Addr>,
    pub ipv6: Option<Ipv6Addr>,
}

impl Instance {
    pub fn name(&self) -> HostName {
        HostName::Instance(self.id)
    }

    pub fn public(&self) -> Ipv4Addr {
        self.public.expect("a public address")
    }
}

impl Bed {
    pub fn new(seed: u64) -> Bed {
        let network = Network::default();
        let scope = Scope {
            account: "111111111111".parse().expect("an account"),
            region: "us-east-1".parse().expect("a region"),
        };
        Bed { fabric: Fabric::new(&network, seed, START), network, scope, ids: Ids::new(seed) }
    }

    /// Runs a command and hands the network to the fabric.
    #[track_caller]
    pub fn command<T>(&mut self, command: impl FnOnce(&mut Network, &mut Cx) -> Result<T, Refused>) -> T {
        let done = self.quietly(command);
        self.fabric.update(&self.network);
        done
    }

    /// Runs a command of which the fabric learns with the next one.
    #[track_caller]
    pub fn quietly<T>(&mut self, command: impl FnOnce(&mut Network, &mut Cx) -> Result<T, Refused>) -> T {
        let now = Timestamp::from(self.fabric.now());
        let mut cx = Cx { scope: self.scope, now, ids: &mut self.ids };
        command(&mut self.network, &mut cx).unwrap_or_else(|refused| panic!("{refused}"))
    }

    #[track_caller]
    pub fn site(&mut self, cidr: &str) -> Site {
        self.site_with(cidr, false)
    }

    /// A site with IPv6 that lets in everything over it; its instances get an IPv6 address.
    #[track_caller]
    pub fn ipv6_site(&mut self, cidr: &str) -> Site {
        let site = self.site_with(cidr, true);
        let peer = NewPeer::Cidr("::/0".parse::<Cidr>().expect("a block"));
        let rules = vec![NewRule { traffic: Traffic::All, peer, description: None }];
        self.command(|network, cx| {
            network.authorize_rules(cx, site.group, (Direction::Ingress, rules.clone()), Tags::new())?;
            let known = network.groups.get(&site.group).expect("the group");
            if known.rules.iter().any(|rule| rule.direction == Direction::Egress && rule.peer == all_ipv6()) {
                return Ok(());
            }
            network.authorize_rules(cx, site.group, (Direction::Egress, rules), Tags::new()).map(drop)
        });
        site
    }

    fn site_with(&mut self, cidr: &str, ipv6: bool) -> Site {
        let cidr = block(cidr);
        let around = Cidr4::new(cidr.network(), 16).expect("a block");
        let tags = Tags::new;
        let vpc = NewVpc { cidr: around, ipv6, tenancy: "default".to_owned(), tags: tags() };
        let vpc = self.quietly(|network, cx| network.create_vpc(cx, vpc));
        let blocks = &self.network.vpcs.get(&vpc).expect("the VPC").ipv6_cidrs;
        let ipv6_cidr = blocks.first().and_then(|block| Cidr6::new(block.cidr.network(), 64));
        let subnet = NewSubnet { vpc, zone: None, cidr: Some(cidr), ipv6_cidr, tags: tags() };
        let subnet = self.quietly(|network, cx| network.create_subnet(cx, subnet));
        let gateway = self.quietly(|network, cx| network.create_internet_gateway(cx, tags()));
        self.quietly(|network, cx| network.attach_internet_gateway(cx, gateway, vpc));
        let table = self.network.route_tables.iter().find(|table| table.vpc == vpc).expect("a main table").id;
        self.route_to(table, "0.0.0.0/0", Target::InternetGateway(gateway));
        let group =
            NewGroup { vpc, name: "lab".to_owned(), description: "SSH and ping".to_owned(), tags: tags() };
        let group = self.quietly(|network, cx| network.create_group(cx, group));
        let site = Site { vpc, subnet, table, group };
        self.allow(&site, tcp(22));
        self.allow(&site, Traffic::Icmp { protocol: Protocol::ICMP, kind: None, code: None });
        self.fabric.update(&self.network);
        site
    }

    /// A further subnet of a VPC, in a zone.
    #[track_caller]
    pub fn subnet(&mut self, site: &Site, cidr: &str, zone: char) -> Site {
        let zone = ZoneName::new(self.scope.region, zone);
        let subnet =
            NewSubnet { vpc: site.vpc, zone, cidr: Some(block(cidr)), ipv6_cidr: None, tags: Tags::new() };
        let subnet = self.command(|network, cx| network.create_subnet(cx, subnet));
        Site { subnet, ..*site }
    }

    /// Lets traffic from anywhere into the group of a site.
    #[track_caller]
    pub fn allow(&mut self, site: &Site, traffic: Traffic) {
        self.allow_from(site, "0.0.0.0/0", traffic);
    }

    /// Lets traffic from `peer` into the group of a site.
    #[track_caller]
    pub fn allow_from(&mut self, site: &Site, peer: &str, traffic: Traffic) {
        let peer = NewPeer::Cidr(peer.parse::<Cidr>().expect("a block"));
        let rules = vec![NewRule { traffic, peer, description: None }];
        let group = site.group;
        self.command(|network, cx| {
            network.authorize_rules(cx, group, (Direction::Ingress, rules), Tags::new())
        });
    }

    /// Takes away every ingress rule of a site's group.
    pub fn close(&mut self, site: &Site) {
        let mut group = self.network.groups.get(&site.group).expect("the group").clone();
        group.rules.retain(|rule| rule.direction == Direction::Egress);
        self.network.groups.insert(group);
        self.fabric.update(&self.network);
    }

    #[track_caller]
    pub fn route_to(&mut self, table: RouteTableId, cidr: &str, target: Target) {
        let destination = Destination::Cidr(cidr.parse().expect("a block"));
        self.command(|network, cx| network.create_route(cx, table, destination, target));
    }

    #[track_caller]
    pub fn peer(&mut self, one: &Site, other: &Site) -> PeeringId {
        let request =
            PeeringRequest { vpc: one.vpc, peer_vpc: other.vpc, peer: self.scope, tags: Tags::new() };
        let peering = self.quietly(|network, cx| network.request_peering(cx, request));
        self.command(|network, cx| network.accept_peering(cx, peering));
        peering
    }

    #[track_caller]
    pub fn instance(&mut self, site: &Site) -> Instance {
        self.instance_with(site, None)
    }

    #[track_caller]
    pub fn instance_with(&mut self, site: &Site, user_data: Option<&str>) -> Instance {
        let instance = self.launch(site, user_data);
        self.fabric.update(&self.network);
        instance
    }

    /// Launches an instance of which the fabric learns with the next command.
    #[track_caller]
    pub fn launch(&mut self, site: &Site, user_data: Option<&str>) -> Instance {
        let image =
            Image::by_parameter("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64");
        let has_ipv6 =
            self.network.subnets.get(&site.subnet).is_some_and(|subnet| subnet.ipv6_cidr.is_some());
        let ipv6 = Ipv6Choice::Count(usize::from(has_ipv6));
        let interface = LaunchInterface {
            device_index: 0,
            delete_on_termination: None,
            source: LaunchSource::New {
                subnet: Some(site.subnet),
                new: NewInterface { groups: vec![site.group], ipv6, ..NewInterface::default() },
                public: Some(true),
            },
        };
        let launch = Launch {
            min: 1,
            max: 1,
            image: image.expect("Amazon Linux 2023").id(self.scope.region),
            instance_type: "t2.micro".to_owned(),
            zone: None,
            interfaces: vec![interface],
            key_name: None,
            user_data: user_data.map(|text| text.as_bytes().to_vec()),
            termination_protected: false,
            instance_profile: None,
            host_names: HostNameChange::default(),
            devices: Vec::new(),
            volume_tags: Tags::new(),
            settings: InstanceSettings { lends_public: true, ..InstanceSettings::default() },
            tags: Tags::new(),
        };
        let (_, ids) = self.quietly(|network, cx| network.run_instances(cx, launch));
        let found = self.network.instances.get(&ids[0]).expect("the instance");
        let interface = self.network.interfaces.get(&found.interfaces[0]).expect("its interface");
        Instance {
            id: ids[0],
            interface: interface.id,
            private: interface.primary().expect("a private address"),
            public: interface.addresses[0].public.as_ref().map(|public| public.address()),
            ipv6: interface.ipv6_addresses.first().copied(),
        }
    }

    /// A flow log with a window of 60 s.
    #[track_caller]
    pub fn flow_log(&mut self, resource: Monitored, traffic: TrafficType, format: &str) -> FlowLogId {
        let destination = LogDestination::CloudWatchLogs {
            log_group: "flows".to_owned(),
            role_arn: "arn:aws:iam::111111111111:role/flows".to_owned(),
        };
        let new = NewFlowLog {
            resource,
            traffic,
            destination,
            format: format.to_owned(),
            interval_s: 60,
            tags: Tags::new(),
        };
        self.command(|network, cx| network.create_flow_log(cx, new))
    }

    /// Runs a command line until it ends, at most ten minutes, and gives what it printed.
    #[track_caller]
    pub fn run(&mut self, host: HostName, line: &str) -> Output {
        let argv: Vec<&str> = line.split_whitespace().collect();
        self.run_words(host, &argv)
    }

    /// The same for a command line in words.
    pub fn run_words(&mut self, host: HostName, argv: &[&str]) -> Output {
        let line = argv.join(" ");
        let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
        let id = self.fabric.exec(host, &argv).unwrap_or_else(|error| panic!("{error}"));
        let give_up = self.fabric.now().plus(600 * SECOND);
        let mut output = Output::default();
        loop {
            let part = self.fabric.poll(id).expect("the command is known");
            output.stdout.push_str(&part.stdout);
            output.stderr.push_str(&part.stderr);
            if part.exit_code.is_some() {
                return Output { exit_code: part.exit_code, ..output };
            }
            let next = self.fabric.next_event().filter(|at| *at < give_up);
            self.fabric.step(next.unwrap_or_else(|| panic!("{line} does not end; so far: {output:?}")));
        }
    }

    /// Lets so many seconds pass.
    pub fn pass(&mut self, seconds: u64) {
        self.fabric.step(self.fabric.now().plus(seconds * SECOND));
    }

    /// The losses as text, one a line.
    pub fn losses(&self) -> String {
        let lines: BTreeMap<String, u64> =
            self.fabric.losses().iter().map(|(loss, count)| (loss.to_string(), *count)).collect();
        lines.into_iter().map(|(loss, count)| format!("{count} {loss}\n")).collect()
    }
}

pub fn tcp(port: u16) -> Traffic {
    Traffic::Ports(Protocol::TCP, PortRange::new(port, port).expect("a range"))
}

pub fn internet(address: &str) -> HostName {
    HostName::Internet(address.parse::<IpAddr>().expect("an address"))
}

fn block(text: &str) -> Cidr4 {
    text.parse().expect("a block")
}

fn all_ipv6() -> Peer {
    Peer::Cidr("::/0".parse::<Cidr>().expect("a block"))
}
