//! Internet gateways: out to the internet or to a public address of the same network, and in.
//!
//! Source: VPC User Guide, "Internet gateways", "Gateway route tables".

use super::{At, Connections, GATEWAY_HOPS, Landing, Stop, Walk, pass_if};
use crate::address::{Address, Kind};
use crate::compiled::CompiledInterface;
use crate::compiled::route::Next;
use crate::explain::{Step, Trace};
use crate::packet::Port;
use crate::verdict::{Reason, Way};
use weir_model::group::Direction;

impl<'a, A: Address, C: Connections<A>, T: Trace> Walk<'a, A, C, T> {
    /// Out through the VPC's internet gateway: the source becomes its public address. A destination that is the public
    /// address of an interface comes back in through the gateway of that interface's VPC.
    pub(super) fn go_out(&mut self, sender: &CompiledInterface) -> Result<Landing<A>, Stop> {
        let vpc = self.compiled.vpc(sender.vpc_idx);
        let destination = self.flow.destination;
        let exists = destination.kind() == Kind::Global && !vpc.has(destination.ip());
        pass_if(exists, Reason::PrivateDestination)?;
        let places = A::places(self.compiled);
        let public = |address| places.private(sender.vpc_idx, address).and_then(|place| place.public);
        let from = self.flow.source;
        // Whatever address a packet from another VPC has, it is no interface's here.
        let own = public(from).filter(|_| !sender.is_door);
        let to = own.ok_or(Stop::Drop(Reason::NoPublicAddress))?;
        self.flow.source = to;
        if let Some(quoted) = &mut self.quoted {
            quoted.destination = public(quoted.destination).unwrap_or(quoted.destination);
        }
        self.hops += GATEWAY_HOPS;
        self.trace_gateway(sender, Direction::Egress, (from, to));
        self.leave_network()
    }

    /// From a gateway to the internet, or to an interface that has the destination for its public address.
    pub(super) fn leave_network(&mut self) -> Result<Landing<A>, Stop> {
        if A::places(self.compiled).public(self.flow.destination).is_some() {
            return self.enter(Way::BetweenGateways);
        }
        self.take(Way::InternetGateway);
        self.check_size(Way::InternetGateway)?;
        self.check_ttl()?;
        Ok(Landing { to: Port::Internet, flow: self.flow })
    }

    pub(super) fn come_in(&mut self) -> Result<Landing<A>, Stop> {
        pass_if(self.flow.source.kind() == Kind::Global, Reason::PrivateSource)?;
        pass_if(self.flow.destination.kind() == Kind::Global, Reason::PrivateDestination)?;
        self.enter(Way::InternetGateway)
    }

    /// In through the internet gateway of the VPC where the public address is in use.
    pub(super) fn enter(&mut self, way: Way) -> Result<Landing<A>, Stop> {
        let places = A::places(self.compiled);
        let from = self.flow.destination;
        let (index, to) = places.public(from).ok_or(Stop::Drop(Reason::UnknownPublicAddress))?;
        let receiver = self.at(index);
        if self.is_behind_egress_only(receiver.interface) {
            self.egress_only_in(receiver)?;
            return self.arrive(receiver, true, way);
        }
        let has_gateway = self.compiled.vpc(receiver.interface.vpc_idx).gateway.is_some();
        pass_if(has_gateway, Reason::NoInternetGateway)?;
        self.flow.destination = to;
        if let Some(quoted) = &mut self.quoted {
            quoted.source = places.public(quoted.source).map_or(quoted.source, |(_, private)| private);
        }
        self.trace_gateway(receiver.interface, Direction::Ingress, (from, to));
        let receiver = self.by_gateway_table(receiver)?;
        self.arrive(receiver, true, way)
    }

    /// Where the gateway's own route table leads a packet for `receiver`: there, unless a route leads to another interface,
    /// a middlebox (VPC User Guide, "Gateway route tables"). Its routes are for addresses of the VPC, and a regional NAT gateway
    /// has none of these.
    fn by_gateway_table(&mut self, receiver: At<'a>) -> Result<At<'a>, Stop> {
        let vpc = self.compiled.vpc(receiver.interface.vpc_idx);
        let table = self.compiled.gateway_table(vpc).filter(|_| receiver.interface.subnet.is_some());
        let Some(table) = table else { return Ok(receiver) };
        let route = table.find(self.flow.destination);
        let found = route.map(|route| (route.destination, route.target));
        self.trace.step(|| Step::Route { table: table.id, route: found });
        match route.map(|route| (route.next, route.target)) {
            None => Err(Stop::Drop(Reason::NoRoute)),
            Some((Next::Interface(index), _)) => Ok(self.at(index)),
            Some((Next::Blackhole, target)) => {
                self.trace.step(|| Step::Blackhole(target));
                Err(Stop::Drop(Reason::Blackhole))
            }
            Some(_) => Ok(receiver),
        }
    }

    fn trace_gateway(&mut self, interface: &CompiledInterface, direction: Direction, (from, to): (A, A)) {
        if let Some(gateway) = self.compiled.vpc(interface.vpc_idx).gateway {
            self.trace.step(|| Step::InternetGateway { gateway, direction, from: from.ip(), to: to.ip() });
        }
    }
}
