//! What the Amazon resolver of a VPC answers, and the public DNS outside.
//!
//! A private name is answered inside its VPC and to peers; a public one stands for the private address inside its VPC and
//! for peers that are let, and for the public address elsewhere. Both exist only where the VPC has DNS support and host names.
//! Other names are of the simulated internet: each stands for an address that depends on the name alone.
//! Source: Amazon VPC User Guide, "DNS attributes for your VPC"; VPC Peering Guide, "Enable DNS resolution for a VPC peering
//! connection"; RFC 2308 (no name, no data).

pub mod internet;
pub mod name;
#[cfg(test)]
mod tests;

use crate::endpoint::names::{self, EndpointName};
use crate::peering::{Peering, PeeringStatus, Side};
use crate::subnet::HostNames;
use crate::{Cidr4, InstanceId, Network, RegionName, VpcId};
use name::HostName;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How long answers about instances may be kept, in seconds.
pub const TTL_S: u32 = 60;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A host in a VPC, through the VPC's resolver.
    Vpc(VpcId),
    /// A host that asks a resolver on the internet.
    Internet,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// The name of an address.
    Ptr,
    /// Whatever there is.
    Any,
    /// A type of which there are no records here.
    Other,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// An address.
    Address(IpAddr),
    /// Another name, without a dot at the end.
    Name(String),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The records of the type asked for; none if the name has only others (NODATA).
    Records(Vec<Record>),
    /// There is no such name (NXDOMAIN).
    NoName,
}

/// The names of a network.
#[derive(Clone, Debug, Default)]
pub struct Names {
    vpcs: BTreeMap<VpcId, Zone>,
    /// Private addresses of interfaces.
    private: BTreeSet<(VpcId, Ipv4Addr)>,
    /// Public addresses with the private ones behind them.
    public: BTreeMap<Ipv4Addr, (VpcId, Ipv4Addr)>,
    instances: BTreeMap<InstanceId, Resource>,
    /// Addresses of VPC endpoints by name, which may stand for all below it; a service's own name is for one VPC.
    endpoints: BTreeMap<(Option<VpcId>, String), Vec<IpAddr>>,
}

/// A VPC, as the resolver sees it.
#[derive(Clone, Debug)]
struct Zone {
    region: RegionName,
    /// Whether it has DNS support and host names.
    is_named: bool,
    peers: Vec<Peer>,
}

/// A VPC on the other side of an active peering connection.
#[derive(Clone, Copy, Debug)]
struct Peer {
    vpc: VpcId,
    is_same_region: bool,
    /// Whether its side lets this one resolve its public names to private addresses.
    lets: bool,
}

/// An instance with a resource name.
#[derive(Clone, Copy, Debug)]
struct Resource {
    vpc: VpcId,
    ipv4: Option<Ipv4Addr>,
    ipv6: Option<Ipv6Addr>,
    host_names: HostNames,
}

impl Names {
    /// The names of `network` as it is, in time linear in it.
    pub fn of(network: &Network) -> Names {
        let mut names = Names::default();
        for vpc in network.vpcs.iter() {
            let is_named = vpc.dns_support && vpc.dns_hostnames;
            let zone = Zone { region: vpc.scope.region, is_named, peers: Vec::new() };
            names.vpcs.insert(vpc.id, zone);
        }
        let active = |peering: &&Peering| peering.status == PeeringStatus::Active;
        for peering in network.peerings.iter().filter(active) {
            names.add_peer(&peering.requester, &peering.accepter);
            names.add_peer(&peering.accepter, &peering.requester);
        }
        for interface in network.interfaces.iter() {
            for own in &interface.addresses {
                names.private.insert((interface.vpc, own.private));
                if let Some(public) = &own.public {
                    names.public.insert(public.address(), (interface.vpc, own.private));
                }
            }
        }
        names.add_instances(network);
        for endpoint in network.endpoints.iter() {
            let own = endpoint.interface_endpoint();
            // Nobody asks from outside the VPC here: there are no inbound endpoints of a resolver.
            let is_hidden = own.is_some_and(|own| own.private_dns_only_for_inbound);
            for EndpointName { name, addresses, is_private } in network.endpoint_names(endpoint) {
                if !(is_private && is_hidden) {
                    names.endpoints.insert((is_private.then_some(endpoint.vpc), name), addresses);
                }
            }
        }
        names
    }

    fn add_peer(&mut self, side: &Side, other: &Side) {
        let is_same_region = side.scope.region == other.scope.region;
        let peer = Peer { vpc: other.vpc, is_same_region, lets: other.dns_resolution };
        if let Some(zone) = self.vpcs.get_mut(&side.vpc) {
            zone.peers.push(peer);
        }
    }

    fn add_instances(&mut self, network: &Network) {
        for instance in network.instances.iter() {
            let primary = instance.primary().and_then(|id| network.interfaces.get(&id));
            let Some(interface) = primary else { continue };
            let resource = Resource {
                vpc: interface.vpc,
                ipv4: interface.primary(),
                ipv6: interface.ipv6_addresses.first().copied(),
                host_names: network.host_names_of(instance),
            };
            self.instances.insert(instance.id, resource);
        }
    }

    /// What `asker` is answered. A name is in lower case, without a dot at the end.
    ///
    /// Assumption: of the names `ip-…` those exist whose address an interface has.
    pub fn answer(&self, asker: Asker, name: &str, kind: Kind) -> Answer {
        if name.is_empty() {
            // The root is there, and has none of the records that are asked for here.
            return Answer::Records(Vec::new());
        }
        if let Some(address) = name::reversed(name) {
            return named(self.name_of(asker, address), kind);
        }
        if asker != Asker::Internet && self.is_metadata_name(asker, name) {
            return addresses([IpAddr::from([169, 254, 169, 254])], kind);
        }
        if let Some(found) = self.service(asker, name) {
            return addresses(found, kind);
        }
        match HostName::parse(name) {
            Some(HostName::Private(address, domain)) if is_internal(domain) => {
                addressed(self.private_address(asker, address, domain), kind)
            }
            Some(HostName::Public(address, domain)) if is_of_instances(domain) => {
                addressed(self.public_address(asker, address, domain), kind)
            }
            Some(HostName::Resource(id, domain)) if is_internal(domain) => {
                self.resource(asker, id, domain).map_or(Answer::NoName, |found| found.answer(kind))
            }
            _ => internet::answer(name, kind),
        }
    }

    /// The addresses of an AWS service by its own name or an endpoint's: inside a VPC with private DNS those of its endpoint,
    /// of a service reached by gateway a public one (AWS PrivateLink Guide).
    fn service(&self, asker: Asker, name: &str) -> Option<Vec<IpAddr>> {
        let own = match asker {
            Asker::Vpc(vpc) => self.endpoint(Some(vpc), name),
            Asker::Internet => None,
        };
        let found = own.or_else(|| self.endpoint(None, name)).cloned();
        found.or_else(|| names::public_address(name).map(|address| vec![IpAddr::V4(address)]))
    }

    /// The addresses of the endpoint with this name, or one that stands for all names below it (RFC 4592).
    fn endpoint(&self, vpc: Option<VpcId>, name: &str) -> Option<&Vec<IpAddr>> {
        let of = |name: String| self.endpoints.get(&(vpc, name));
        let above =
            std::iter::successors(Some(name), |rest| rest.split_once('.').map(|(_, rest)| rest)).skip(1);
        of(name.to_owned()).or_else(|| above.filter_map(|rest| of(format!("*.{rest}"))).next())
    }

    /// The domain that negative answers about `name` come from, if it is a domain of private names.
    pub fn domain_of(name: &str) -> Option<&str> {
        let suffixes = std::iter::successors(Some(name), |rest| rest.split_once('.').map(|(_, rest)| rest));
        suffixes.filter(|suffix| is_internal(suffix)).last()
    }

    /// Whether the resolver lets `asker` see private names of `vpc` for `address`.
    fn sees(&self, asker: Asker, vpc: VpcId, address: Option<Ipv4Addr>) -> bool {
        let Asker::Vpc(own) = asker else { return false };
        let is_named = |vpc: &VpcId| self.vpcs.get(vpc).is_some_and(|zone| zone.is_named);
        if !is_named(&own) || !is_named(&vpc) {
            return false;
        }
        // Between regions, and for addresses that are not private by RFC 1918, the option is needed.
        let needs_option = |peer: &Peer| !peer.is_same_region || !address.is_none_or(is_rfc_1918);
        own == vpc || self.peer(own, vpc).is_some_and(|peer| peer.lets || !needs_option(peer))
    }

    fn peer(&self, own: VpcId, other: VpcId) -> Option<&Peer> {
        self.vpcs.get(&own)?.peers.iter().find(|peer| peer.vpc == other)
    }

    /// The VPCs that `asker` may see private names of: its own first.
    fn visible(&self, asker: Asker) -> impl Iterator<Item = VpcId> {
        let own = match asker {
            Asker::Vpc(vpc) => Some(vpc),
            Asker::Internet => None,
        };
        let peers = own.and_then(|vpc| self.vpcs.get(&vpc)).map(|zone| &zone.peers[..]).unwrap_or_default();
        own.into_iter().chain(peers.iter().map(|peer| peer.vpc))
    }

    /// The VPC in which `asker` sees a private address by its name.
    fn holder(&self, asker: Asker, address: Ipv4Addr) -> Option<VpcId> {
        self.visible(asker)
            .find(|vpc| self.private.contains(&(*vpc, address)) && self.sees(asker, *vpc, Some(address)))
    }

    fn private_address(&self, asker: Asker, address: Ipv4Addr, domain: &str) -> Option<Ipv4Addr> {
        let region = self.vpcs.get(&self.holder(asker, address)?)?.region;
        (name::internal_domain(region) == domain).then_some(address)
    }

    fn public_address(&self, asker: Asker, public: Ipv4Addr, domain: &str) -> Option<Ipv4Addr> {
        let (vpc, private) = self.public.get(&public)?;
        let zone = self.vpcs.get(vpc)?;
        if !zone.is_named || name::public_domain(zone.region) != domain {
            return None;
        }
        let is_inside = match asker {
            Asker::Internet => false,
            Asker::Vpc(own) => own == *vpc || self.peer(own, *vpc).is_some_and(|peer| peer.lets),
        };
        Some(if is_inside { *private } else { public })
    }

    fn resource(&self, asker: Asker, id: InstanceId, domain: &str) -> Option<&Resource> {
        let found = self.instances.get(&id)?;
        let region = self.vpcs.get(&found.vpc)?.region;
        let is_named = found.host_names.a_record || found.host_names.aaaa_record;
        let is_seen = is_named && name::internal_domain(region) == domain;
        (is_seen && self.sees(asker, found.vpc, found.ipv4)).then_some(found)
    }

    fn name_of(&self, asker: Asker, address: IpAddr) -> Option<String> {
        let IpAddr::V4(address) = address else { return None };
        if let Some(vpc) = self.holder(asker, address) {
            return self.vpcs.get(&vpc).map(|zone| name::private(zone.region, address));
        }
        let (vpc, _) = self.public.get(&address)?;
        let zone = self.vpcs.get(vpc).filter(|zone| zone.is_named)?;
        Some(name::public(zone.region, address))
    }

    /// `instance-data` in the VPC's own domain leads to the instance's metadata.
    fn is_metadata_name(&self, asker: Asker, name: &str) -> bool {
        let Asker::Vpc(vpc) = asker else { return false };
        let Some(domain) = name.strip_prefix("instance-data.") else { return false };
        self.vpcs.get(&vpc).is_some_and(|zone| name::internal_domain(zone.region) == domain)
    }
}

impl Resource {
    fn answer(&self, kind: Kind) -> Answer {
        let ipv4 = self.ipv4.filter(|_| self.host_names.a_record).map(IpAddr::V4);
        let ipv6 = self.ipv6.filter(|_| self.host_names.aaaa_record).map(IpAddr::V6);
        addresses(ipv4.into_iter().chain(ipv6), kind)
    }
}

/// Those of the addresses that are of the type asked for.
fn addresses(found: impl IntoIterator<Item = IpAddr>, kind: Kind) -> Answer {
    let is_wanted = |address: &IpAddr| match kind {
        Kind::A => address.is_ipv4(),
        Kind::Aaaa => address.is_ipv6(),
        Kind::Any => true,
        Kind::Ptr | Kind::Other => false,
    };
    Answer::Records(found.into_iter().filter(is_wanted).map(Record::Address).collect())
}

fn addressed(found: Option<Ipv4Addr>, kind: Kind) -> Answer {
    found.map_or(Answer::NoName, |address| addresses([IpAddr::V4(address)], kind))
}

fn named(found: Option<String>, kind: Kind) -> Answer {
    let Some(name) = found else { return Answer::NoName };
    let is_wanted = matches!(kind, Kind::Ptr | Kind::Any);
    Answer::Records(is_wanted.then_some(Record::Name(name)).into_iter().collect())
}

/// Whether `domain` is a region's domain of private names.
fn is_internal(domain: &str) -> bool {
    let region = domain.strip_suffix(".compute.internal").map(str::parse::<RegionName>);
    domain == "ec2.internal" || region.is_some_and(|region| region.is_ok())
}

/// Whether `domain` is a region's domain of public names.
fn is_of_instances(domain: &str) -> bool {
    let region = domain.strip_suffix(".compute.amazonaws.com").map(str::parse::<RegionName>);
    domain == "compute-1.amazonaws.com" || region.is_some_and(|region| region.is_ok())
}

fn is_rfc_1918(address: Ipv4Addr) -> bool {
    const BLOCKS: [(Ipv4Addr, u8); 3] = [
        (Ipv4Addr::new(10, 0, 0, 0), 8),
        (Ipv4Addr::new(172, 16, 0, 0), 12),
        (Ipv4Addr::new(192, 168, 0, 0), 16),
    ];
    BLOCKS
        .iter()
        .any(|(network, prefix)| Cidr4::new(*network, *prefix).is_some_and(|block| block.contains(address)))
}
