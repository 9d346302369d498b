//! What became of a packet.
//!
//! A drop is a verdict with its reason, not an error. Which rule or route decided is in the [`crate::Explanation`].

use crate::packet::Port;
use std::fmt;
use std::net::IpAddr;

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It arrives.
    Deliver(Delivery),
    /// It is for a service of the platform, which answers the interface directly: replies pass no stage and no flow log.
    Service(Service),
    /// It is lost.
    Drop(Reason),
}

/// Where a packet arrives, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Where it leaves the network.
    pub to: Port,
    /// Its source there, after translation.
    pub source: IpAddr,
    /// Its destination there, after translation.
    pub destination: IpAddr,
    /// Its source port there; of an ICMP query or its answer the identifier; of an ICMP error the source port of the packet
    /// that it quotes. NAT gateways translate them all.
    pub source_port: u16,
    /// Its destination port there; of an ICMP error that of the packet that it quotes.
    pub destination_port: u16,
    /// Which way it went.
    pub way: Way,
    /// By how much its TTL has gone down; less than the TTL it was sent with.
    pub hops: u8,
    /// The largest packet in bytes that its way takes: what is larger has been split on it.
    pub mtu: u16,
}

/// The way a packet went: what latency, price and `traffic-path` depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// Inside one subnet.
    SameSubnet,
    /// Between subnets of one VPC in one availability zone.
    SameZone,
    /// Between availability zones of one VPC.
    CrossZone,
    /// Over a peering connection.
    Peering {
        /// Whether both VPCs are in one region.
        same_region: bool,
    },
    /// Through a transit gateway, or several.
    Transit {
        /// Whether they are all of one region.
        same_region: bool,
    },
    /// Through one internet gateway, to or from the internet.
    InternetGateway,
    /// Out through one internet gateway and in through another, or the same: to a public address of an instance.
    BetweenGateways,
    /// Through a gateway endpoint, to or from the service it leads to.
    GatewayEndpoint,
}

impl Way {
    /// The largest packet in bytes, IP header included, that goes this way.
    ///
    /// Source: EC2 User Guide, "Network maximum transmission unit (MTU) for your EC2 instance": 9001 inside a VPC and over
    /// peering in a region, 8500 over peering between regions, 1500 over an internet gateway; Transit Gateways guide, "Quotas":
    /// 8500, and larger packets are dropped.
    pub const fn mtu(self) -> u16 {
        match self {
            Way::SameSubnet | Way::SameZone | Way::CrossZone | Way::Peering { same_region: true } => 9001,
            Way::Peering { same_region: false } | Way::Transit { .. } | Way::GatewayEndpoint => 8500,
            Way::InternetGateway | Way::BetweenGateways => 1500,
        }
    }

    /// Whether a larger packet that may be split is split; if not, it is dropped.
    ///
    /// Source: the same page: packets over the limits of gateways and of peering between regions are fragmented, or
    /// dropped if the Don't Fragment flag is set. Assumption: inside a VPC nothing splits packets, since no instance may
    /// send larger ones.
    pub const fn splits(self) -> bool {
        match self {
            Way::SameSubnet | Way::SameZone | Way::CrossZone | Way::Peering { same_region: true } => false,
            Way::Transit { .. } | Way::GatewayEndpoint => false,
            Way::Peering { same_region: false } | Way::InternetGateway | Way::BetweenGateways => true,
        }
    }
}

/// A service of the platform that every VPC has.
///
/// Traffic with them is never logged, and no group or ACL can refuse it ("Flow log limitations", VPC User Guide).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// The Amazon resolver: VPC base plus two, 169.254.169.253, fd00:ec2::253.
    Dns,
    /// Instance metadata: 169.254.169.254, fd00:ec2::254.
    Metadata,
    /// Time: 169.254.169.123, fd00:ec2::123.
    Time,
    /// DHCP, to the broadcast or the router's address.
    Dhcp,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $sentence:literal,)*) => {
        /// Why a packet was dropped. Displays as a sentence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Reason { $($(#[$doc])* $name),* }

        impl Reason {
            /// All reasons.
            pub const ALL: &[Reason] = &[$(Reason::$name),*];
        }

        impl fmt::Display for Reason {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Reason::$name => $sentence),* })
            }
        }
    };
}

reasons! {
    /// The interface it came from is none of this network.
    UnknownPort = "the sender's interface is not part of the network",
    /// Source and destination are of different IP versions.
    MixedFamilies = "source and destination are of different IP versions",
    /// Source check.
    SourceCheck = "source check: the sender's interface does not have the source address",
    /// The VPC's attribute enableDnsSupport is off.
    ResolverOff = "the VPC's resolver is off (enableDnsSupport)",
    /// The router's own address, which answers nothing but ARP and DHCP.
    Router = "the address is the subnet's router, which answers no packets",
    /// No egress rule of the sender's groups.
    GroupEgress = "no group of the sender has an egress rule for it",
    /// Egress entry of the sender's ACL.
    AclEgress = "the network ACL of the sender's subnet denies it on the way out",
    /// Multicast and broadcast.
    Multicast = "a VPC forwards neither multicast nor broadcast",
    /// Link-local and reserved destinations.
    LinkLocal = "link-local addresses are never routed",
    /// Nothing in the route table.
    NoRoute = "no route leads to the destination",
    /// The route's target is gone or unusable.
    Blackhole = "the route is a blackhole: its target is gone or not usable",
    /// Peering, destination.
    PeeringDestination = "a peering connection only leads to the addresses of the peer VPC",
    /// Peering, source.
    PeeringSource = "a peering connection only carries packets from the VPC's own addresses: peering is not transitive",
    /// The sender's zone has no door.
    TransitZone = "the transit gateway attachment has no subnet in the sender's availability zone",
    /// The attachment has no association.
    TransitNoTable = "the transit gateway attachment is associated with no route table",
    /// Nothing in the gateway's table.
    TransitNoRoute = "no route of the transit gateway leads to the destination",
    /// The gateway's route leads nowhere.
    TransitBlackhole = "the route of the transit gateway is a blackhole",
    /// Gateway endpoint, source.
    EndpointSource = "a gateway endpoint only carries packets from the VPC's own addresses",
    /// No mapping for the source at the gateway.
    NoPublicAddress = "the source has no public address, so the internet gateway drops it",
    /// A destination that does not exist on the internet.
    PrivateDestination = "the internet gateway drops packets to private addresses",
    /// A source that does not exist on the internet.
    PrivateSource = "packets from private addresses do not cross the internet",
    /// From the internet to an address that nobody has.
    UnknownPublicAddress = "no interface has this public address",
    /// The VPC of the public address has no gateway.
    NoInternetGateway = "the destination's VPC has no internet gateway",
    /// Nobody there, and the sender's own subnet: the address does not resolve.
    NoNeighbour = "no interface in the subnet has the destination address",
    /// Nobody there, in another subnet.
    NoInterface = "no interface in the VPC has the destination address",
    /// The protocol, or the IP version, is not one of a NAT gateway's.
    NatProtocol = "a NAT gateway carries TCP, UDP and ICMP over IPv4 only",
    /// It is a fragment, and not of UDP (VPC User Guide, "NAT gateway basics").
    NatFragment = "a NAT gateway carries fragments of UDP only",
    /// The NAT gateway is not available yet, or no more.
    NatNotAvailable = "the NAT gateway is not available",
    /// Nobody behind the NAT gateway has asked for it.
    NatUnsolicited = "nobody behind the NAT gateway has opened this connection",
    /// A regional NAT gateway takes packets of the zones that it works in.
    NatZone = "the NAT gateway does not work in the sender's availability zone",
    /// All connections of the NAT gateway to this destination are in use.
    NatPortsExhausted = "the NAT gateway has no port left for this destination",
    /// The NAT gateway has forgotten the connection.
    NatIdle = "the NAT gateway does not know the connection: it was idle for too long",
    /// The route of the NAT gateway's subnet.
    NatTarget = "a NAT gateway sends neither over a peering connection nor through a NAT gateway",
    /// Nobody behind the egress-only internet gateway has asked for it.
    EgressOnlyUnsolicited = "an egress-only internet gateway lets nothing in that was not asked for",
    /// The interface is there but no running host is behind it.
    NotRunning = "the destination's interface is not attached to a running instance",
    /// Ingress entry of the receiver's ACL.
    AclIngress = "the network ACL of the destination's subnet denies it on the way in",
    /// No ingress rule of the receiver's groups.
    GroupIngress = "no group of the destination has an ingress rule for it",
    /// A tracked TCP connection that has ended.
    ConnectionClosed = "the connection it belongs to has closed",
    /// Destination check.
    DestinationCheck = "destination check: the receiving interface does not have the destination address",
    /// The TTL ran out on the way.
    TtlExpired = "its time to live ran out",
    /// Larger than the MTU of its way, and not to be split. [`crate::Pipeline::answer`] has the MTU.
    TooBig = "it is larger than the MTU of its way",
    /// A part of a packet whose first part did not come before it.
    FragmentUnknown = "the first fragment of its packet has not passed",
    /// A source that no host can have.
    InvalidSource = "its source is no address of a single host",
    /// Too many tracked connections.
    TableFull = "the connection table is full",
}

impl Reason {
    /// Whether the next packet may fare otherwise though the network is the same: connections through gateways come and go, and
    /// so do those that let packets through the groups of who does not take them.
    pub(crate) fn is_of_the_moment(self) -> bool {
        matches!(
            self,
            Reason::NatUnsolicited
                | Reason::NatPortsExhausted
                | Reason::NatIdle
                | Reason::EgressOnlyUnsolicited
                | Reason::DestinationCheck
        )
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Service::Dns => "dns",
            Service::Metadata => "metadata",
            Service::Time => "time",
            Service::Dhcp => "dhcp",
        })
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::SameSubnet => "same subnet",
            Way::SameZone => "same zone",
            Way::CrossZone => "cross zone",
            Way::Peering { same_region: true } => "peering",
            Way::Peering { same_region: false } => "peering between regions",
            Way::Transit { same_region: true } => "transit gateway",
            Way::Transit { same_region: false } => "transit gateways between regions",
            Way::InternetGateway => "internet gateway",
            Way::BetweenGateways => "between internet gateways",
            Way::GatewayEndpoint => "gateway endpoint",
        })
    }
}
