//! The explanation of a verdict: the stages a packet passed, each with the rule that decided.

use crate::sighting::Action;
use crate::verdict::{Service, Verdict};
use std::fmt;
use std::net::IpAddr;
use weir_model::VpcEndpointId;
use weir_model::group::Direction;
use weir_model::route::{Destination, Target};
use weir_model::{
    Cidr, EgressOnlyGatewayId, GroupId, GroupRuleId, InterfaceId, InternetGatewayId, NatGatewayId,
    NetworkAclId, PeeringId, RouteTableId, SubnetId, TransitAttachmentId, TransitGatewayId, TransitTableId,
};

/// What became of a packet, and why. Displays as the verdict and the stages on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What became of it.
    pub verdict: Verdict,
    /// The stages, in the order they were passed; the last one decided.
    pub steps: Vec<Step>,
}

/// One stage on a packet's way, and what decided there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The sender's interface has source checking on, and does or does not have the source address.
    SourceCheck {
        /// The sender's interface.
        interface: InterfaceId,
        /// Whether it has the address.
        passed: bool,
    },
    /// The packet is for a service of the platform.
    Service(Service),
    /// The security groups of an interface.
    Groups {
        /// The interface.
        interface: InterfaceId,
        /// Out of the sender's, or into the receiver's.
        direction: Direction,
        /// What decided.
        admission: Admission,
    },
    /// The network ACL of a subnet.
    Acl {
        /// The ACL.
        acl: NetworkAclId,
        /// The subnet whose border is crossed.
        subnet: SubnetId,
        /// Out of the sender's subnet, or into the receiver's.
        direction: Direction,
        /// The number of the entry that matched; `None` for the final deny.
        number: Option<u16>,
        /// Whether it allows.
        allow: bool,
    },
    /// An interface saw the packet: it is counted in a flow log there.
    Sighted {
        /// The interface.
        interface: InterfaceId,
        /// Leaving or arriving.
        direction: Direction,
        /// What its groups and ACL said.
        action: Action,
    },
    /// The destination is in the sender's subnet: no route is looked up, and no ACL.
    SameSubnet,
    /// The route table of the sender's subnet.
    Route {
        /// The table; `None` in a VPC without a main route table.
        table: Option<RouteTableId>,
        /// The most specific route, or `None` if nothing matched.
        route: Option<(Destination, Target)>,
    },
    /// The route's target cannot be used.
    Blackhole(Target),
    /// A peering connection carries, or refuses to carry, the packet.
    Peering(PeeringId),
    /// A transit gateway looks the destination up in the table of the attachment that the packet came by.
    Transit {
        /// The gateway.
        gateway: TransitGatewayId,
        /// The table; `None` if the attachment is associated with none.
        table: Option<TransitTableId>,
        /// The most specific route and the attachment it leads to, a blackhole without; `None` if nothing matched.
        route: Option<(Cidr, Option<TransitAttachmentId>)>,
    },
    /// A gateway endpoint carries, or refuses to carry, the packet to its service, or from it.
    Endpoint(VpcEndpointId, Direction),
    /// An internet gateway translates the source of a packet that leaves, or the destination of one that enters.
    InternetGateway {
        /// The gateway.
        gateway: InternetGatewayId,
        /// Out of or into its VPC.
        direction: Direction,
        /// The address before.
        from: IpAddr,
        /// The address after; the same if there was nothing to translate.
        to: IpAddr,
    },
    /// A NAT gateway translates the source of a packet that leaves, or the destination of one that comes back.
    NatGateway {
        /// The gateway.
        gateway: NatGatewayId,
        /// Out, or back in.
        direction: Direction,
        /// The address before, and the port, or the identifier of an ICMP query.
        from: (IpAddr, u16),
        /// The address and port after.
        to: (IpAddr, u16),
    },
    /// An egress-only internet gateway lets a packet out, or the answer in.
    EgressOnlyGateway {
        /// The gateway.
        gateway: EgressOnlyGatewayId,
        /// Out of or into its VPC.
        direction: Direction,
    },
    /// The packet is larger than its way allows.
    Size {
        /// The largest packet of the way, in bytes.
        mtu: u16,
        /// Whether it is split to fit; dropped if not.
        splits: bool,
    },
    /// The receiver's interface has destination checking on, and does or does not have the destination address.
    DestinationCheck {
        /// The receiver's interface.
        interface: InterfaceId,
        /// Whether it has the address.
        passed: bool,
    },
}

/// What the groups of an interface said to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// A rule lets it pass.
    Rule {
        /// The group.
        group: GroupId,
        /// The rule.
        rule: GroupRuleId,
        /// Whether the connection is tracked from here on: replies pass whatever the rules say.
        tracked: bool,
    },
    /// It belongs to a tracked connection.
    Tracked,
    /// The interface has no groups: nothing is filtered.
    NoGroups,
    /// No rule lets it pass.
    Refused,
    /// It belongs to a tracked connection that has closed.
    Closed,
}

impl Admission {
    /// Whether the packet passes.
    pub fn passes(self) -> bool {
        !matches!(self, Admission::Refused | Admission::Closed)
    }
}

/// Takes note of the stages a packet passes. `()` takes none, at no cost.
pub(crate) trait Trace {
    /// Notes one stage.
    fn step(&mut self, step: impl FnOnce() -> Step);
}

impl Trace for () {
    #[inline]
    fn step(&mut self, _: impl FnOnce() -> Step) {}
}

impl Trace for Vec<Step> {
    fn step(&mut self, step: impl FnOnce() -> Step) {
        self.push(step());
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Verdict::Deliver(_) => f.write_str("deliver")?,
            Verdict::Service(service) => write!(f, "service {service}")?,
            Verdict::Drop(reason) => write!(f, "drop: {reason}")?,
        }
        let mut separator = "; ";
        for step in &self.steps {
            write!(f, "{separator}{step}")?;
            separator = ", ";
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::SourceCheck { interface, passed } => {
                write!(f, "source check {interface} {}", word(*passed))
            }
            Step::Service(service) => write!(f, "service {service}"),
            Step::Groups { interface, direction, admission } => {
                write!(f, "groups {interface} {} {admission}", in_or_out(*direction))
            }
            Step::Acl { acl, direction, number, allow, .. } => {
                let verb = if *allow { "allows" } else { "denies" };
                match number {
                    Some(number) => write!(f, "{acl} {} {number} {verb}", in_or_out(*direction)),
                    None => write!(f, "{acl} {} * {verb}", in_or_out(*direction)),
                }
            }
            Step::Sighted { interface, action, .. } => {
                write!(f, "{interface} {}", if *action == Action::Accept { "ACCEPT" } else { "REJECT" })
            }
            Step::SameSubnet => f.write_str("same subnet"),
            Step::Route { table, route } => route_step(f, *table, *route),
            Step::Blackhole(target) => write!(f, "blackhole {}", TargetName(*target)),
            Step::Peering(peering) => write!(f, "{peering}"),
            Step::Transit { gateway, table, route } => transit_step(f, *gateway, *table, *route),
            Step::Endpoint(endpoint, direction) => write!(f, "{endpoint} {}", in_or_out(*direction)),
            Step::InternetGateway { gateway, direction, from, to } => {
                write!(f, "{gateway} {} {from} as {to}", in_or_out(*direction))
            }
            Step::NatGateway { gateway, direction, from: (from, port), to: (to, new_port) } => {
                write!(f, "{gateway} {} {from}:{port} as {to}:{new_port}", in_or_out(*direction))
            }
            Step::EgressOnlyGateway { gateway, direction } => {
                write!(f, "{gateway} {}", in_or_out(*direction))
            }
            Step::Size { mtu, splits: true } => write!(f, "split to fit {mtu} bytes"),
            Step::Size { mtu, splits: false } => write!(f, "larger than {mtu} bytes"),
            Step::DestinationCheck { interface, passed } => {
                write!(f, "destination check {interface} {}", word(*passed))
            }
        }
    }
}

fn route_step(
    f: &mut fmt::Formatter<'_>,
    table: Option<RouteTableId>,
    route: Option<(Destination, Target)>,
) -> fmt::Result {
    match table {
        Some(table) => write!(f, "{table} ")?,
        None => f.write_str("no route table ")?,
    }
    match route {
        Some((Destination::Cidr(cidr), target)) => write!(f, "{cidr} to {}", TargetName(target)),
        Some((Destination::PrefixList(list), target)) => write!(f, "{list} to {}", TargetName(target)),
        None => f.write_str("has no route"),
    }
}

fn transit_step(
    f: &mut fmt::Formatter<'_>,
    gateway: TransitGatewayId,
    table: Option<TransitTableId>,
    route: Option<(Cidr, Option<TransitAttachmentId>)>,
) -> fmt::Result {
    write!(f, "{gateway} ")?;
    match (table, route) {
        (None, _) => f.write_str("no route table"),
        (Some(table), None) => write!(f, "{table} has no route"),
        (Some(table), Some((cidr, Some(attachment)))) => write!(f, "{table} {cidr} to {attachment}"),
        (Some(table), Some((cidr, None))) => write!(f, "{table} {cidr} to blackhole"),
    }
}

impl fmt::Display for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Admission::Rule { group, rule, tracked: true } => write!(f, "{group} {rule}"),
            Admission::Rule { group, rule, tracked: false } => write!(f, "{group} {rule} untracked"),
            Admission::Tracked => f.write_str("tracked"),
            Admission::NoGroups => f.write_str("no groups"),
            Admission::Refused => f.write_str("no rule"),
            Admission::Closed => f.write_str("closed"),
        }
    }
}

/// A target as the route table shows it: `local`, or an id.
struct TargetName(Target);

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Target::Local => f.write_str("local"),
            Target::InternetGateway(id) => write!(f, "{id}"),
            Target::Peering(id) => write!(f, "{id}"),
            Target::Interface(id) => write!(f, "{id}"),
            Target::Instance(id, _) => write!(f, "{id}"),
            Target::EgressOnlyGateway(id) => write!(f, "{id}"),
            Target::NatGateway(id) => write!(f, "{id}"),
            Target::VpcEndpoint(id) => write!(f, "{id}"),
            Target::TransitGateway(id) => write!(f, "{id}"),
            Target::VpnGateway(id) => write!(f, "{id}"),
        }
    }
}

fn word(passed: bool) -> &'static str {
    if passed { "passes" } else { "fails" }
}

fn in_or_out(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "in",
        Direction::Egress => "out",
    }
}
