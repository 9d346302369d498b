//! ip(8): the addresses of a host, and its routes over IPv4.
//!
//! Source: iproute2 6.10, ip-address(8) and ip-route(8); systemd.network(5), which Amazon Linux 2023 sets its interfaces up
//! with from what DHCP says: a route to the subnet, to the router and to each resolver, and the default route, with metric
//! 512. Assumptions: the metric of a further interface is ten more, and lifetimes are shown as if the lease were new.

use super::Started;
use crate::host::{Lease, Machine};
use crate::identity::device_name;
use crate::latency::INSTANCE_MTU;
use crate::platform::LEASE_S;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const USAGE: &str = "\
Usage: ip [ -4 | -6 ] [ -br ] address [ show ] [ [ dev ] DEVICE ]
       ip [ -4 ] route [ show | get ADDRESS ]
";
/// What ip ends with when it does not understand its arguments.
const BAD_USAGE: i32 = 255;
/// The metric of the routes of the first interface, and by how much that of the next is greater.
const METRIC: usize = 512;
const METRIC_STEP: usize = 10;
/// The user that commands run as.
const UID: u32 = 1000;

const LOOPBACK: &str = "\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
";
const LOOPBACK_V4: &str =
    "    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n";
const LOOPBACK_V6: &str =
    "    inet6 ::1/128 scope host noprefixroute \n       valid_lft forever preferred_lft forever\n";

/// An interface as ip sees it.
struct Device<'a> {
    /// Its number among those of the host, from 0.
    number: usize,
    addresses: &'a [(IpAddr, u8)],
    lease: Option<&'a Lease>,
}

/// Which addresses are asked for.
#[derive(Clone, Copy)]
struct Families {
    ipv4: bool,
    ipv6: bool,
}

impl Families {
    fn has(self, address: IpAddr) -> bool {
        if address.is_ipv4() { self.ipv4 } else { self.ipv6 }
    }
}

/// Runs ip.
pub(super) fn ip(args: &[String], machine: &Machine) -> Started {
    let (mut families, mut is_brief) = (Families { ipv4: true, ipv6: true }, false);
    let mut words = Vec::new();
    for arg in args {
        match arg.as_str() {
            "-4" => families.ipv6 = false,
            "-6" => families.ipv4 = false,
            "-br" | "-brief" => is_brief = true,
            option if option.starts_with('-') => {
                let text = format!("Option \"{option}\" is unknown, try \"ip -help\".\n");
                return Started::failed(text, BAD_USAGE);
            }
            word => words.push(word),
        }
    }
    let devices = devices(machine);
    match words.as_slice() {
        ["a" | "addr" | "address"] | ["a" | "addr" | "address", "s" | "show" | "list"] => {
            addresses(&devices, None, families, is_brief)
        }
        ["a" | "addr" | "address", "s" | "show" | "list", "dev", name]
        | ["a" | "addr" | "address", "s" | "show" | "list", name] => {
            addresses(&devices, Some(name), families, is_brief)
        }
        ["r" | "route"] | ["r" | "route", "s" | "show" | "list"] if families.ipv4 => {
            Started::printed(routes(&devices).into_iter().map(|route| route.text + "\n").collect())
        }
        ["r" | "route", "g" | "get", to] if families.ipv4 => get(&devices, to),
        _ => Started::failed(USAGE.to_owned(), BAD_USAGE),
    }
}

fn devices(machine: &Machine) -> Vec<Device<'_>> {
    let identity = &machine.identity;
    let lease_of = |addresses: &[(IpAddr, u8)]| {
        let is_of = |lease: &&Lease| addresses.iter().any(|(own, _)| *own == IpAddr::V4(lease.address));
        identity.leases.iter().find(is_of)
    };
    let devices = identity.links.iter().enumerate();
    devices.map(|(number, addresses)| Device { number, addresses, lease: lease_of(addresses) }).collect()
}

impl Device<'_> {
    fn name(&self) -> String {
        device_name(self.number)
    }

    fn metric(&self) -> usize {
        METRIC + METRIC_STEP * self.number
    }

    fn brief(&self, families: Families) -> String {
        let mut text = format!("{:<16} UP             ", self.name());
        for (address, prefix) in self.addresses.iter().filter(|(address, _)| families.has(*address)) {
            let _ = write!(text, "{address}/{prefix} ");
        }
        text + "\n"
    }

    fn whole(&self, families: Families) -> String {
        let (index, name) = (self.number + 2, self.name());
        let mut text = format!(
            "{index}: {name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu {INSTANCE_MTU} qdisc mq state UP group default \
             qlen 1000\n"
        );
        if let Some(lease) = self.lease {
            let mac = lease.mac.map(|byte| format!("{byte:02x}")).join(":");
            let _ = writeln!(text, "    link/ether {mac} brd ff:ff:ff:ff:ff:ff");
        }
        for (address, prefix) in self.addresses.iter().filter(|(address, _)| families.has(*address)) {
            text += &self.address(*address, *prefix);
        }
        if let Some(lease) = self.lease.filter(|_| families.ipv6) {
            let own = link_local(lease.mac);
            let _ = writeln!(text, "    inet6 {own}/64 scope link proto kernel_ll ");
            text += "       valid_lft forever preferred_lft forever\n";
        }
        text
    }

    fn address(&self, address: IpAddr, prefix: u8) -> String {
        let (name, metric) = (self.name(), self.metric());
        let leased = format!("       valid_lft {LEASE_S}sec preferred_lft {LEASE_S}sec\n");
        match address {
            IpAddr::V6(address) => {
                format!("    inet6 {address}/{prefix} scope global dynamic noprefixroute \n{leased}")
            }
            IpAddr::V4(address) => {
                let last = Ipv4Addr::from_bits(address.to_bits() | !mask(prefix));
                if self.lease.is_some_and(|lease| lease.address == address) {
                    let head = format!("    inet {address}/{prefix} metric {metric} brd {last} ");
                    return head + &format!("scope global dynamic {name}\n{leased}");
                }
                format!(
                    "    inet {address}/{prefix} brd {last} scope global secondary {name}\n       valid_lft forever \
                     preferred_lft forever\n"
                )
            }
        }
    }
}

fn addresses(devices: &[Device], wanted: Option<&str>, families: Families, is_brief: bool) -> Started {
    let is_wanted = |name: &str| wanted.is_none_or(|wanted| wanted == name);
    let mut text = String::new();
    if is_wanted("lo") {
        if is_brief {
            text += "lo               UNKNOWN        ";
            text += if families.ipv4 { "127.0.0.1/8 " } else { "" };
            text += if families.ipv6 { "::1/128 \n" } else { "\n" };
        } else {
            text += LOOPBACK;
            text += if families.ipv4 { LOOPBACK_V4 } else { "" };
            text += if families.ipv6 { LOOPBACK_V6 } else { "" };
        }
    }
    for device in devices.iter().filter(|device| is_wanted(&device.name())) {
        text += &if is_brief { device.brief(families) } else { device.whole(families) };
    }
    match wanted {
        Some(name) if text.is_empty() => Started::failed(format!("Device \"{name}\" does not exist.\n"), 1),
        _ => Started::printed(text),
    }
}

/// A route over IPv4.
struct Route {
    destination: Ipv4Addr,
    prefix: u8,
    metric: usize,
    via: Option<Ipv4Addr>,
    device: String,
    source: Ipv4Addr,
    text: String,
}

/// The routes as the kernel lists them: the default ones first, then by address.
fn routes(devices: &[Device]) -> Vec<Route> {
    let mut routes = Vec::new();
    for device in devices {
        let Some(lease) = device.lease else { continue };
        let (name, metric, source) = (device.name(), device.metric(), lease.address);
        let subnet = |address: Ipv4Addr| address.to_bits() & mask(lease.prefix);
        let mut add = |destination: Ipv4Addr, prefix: u8, via: Option<Ipv4Addr>, protocol: &str| {
            let to = match prefix {
                0 => "default".to_owned(),
                32 => destination.to_string(),
                _ => format!("{destination}/{prefix}"),
            };
            let via_text = via.map_or(String::new(), |via| format!(" via {via}"));
            let scope = if via.is_none() { " scope link" } else { "" };
            let text =
                format!("{to}{via_text} dev {name} proto {protocol}{scope} src {source} metric {metric} ");
            routes.push(Route { destination, prefix, metric, via, device: name.clone(), source, text });
        };
        add(Ipv4Addr::UNSPECIFIED, 0, Some(lease.router), "dhcp");
        add(Ipv4Addr::from_bits(subnet(source)), lease.prefix, None, "kernel");
        add(lease.router, 32, None, "dhcp");
        for resolver in &lease.resolvers {
            if let IpAddr::V4(resolver) = resolver {
                let via = (subnet(*resolver) != subnet(source)).then_some(lease.router);
                add(*resolver, 32, via, "dhcp");
            }
        }
    }
    routes.sort_by_key(|route| (route.destination, route.prefix, route.metric));
    routes
}

/// Which route a packet would take.
fn get(devices: &[Device], to: &str) -> Started {
    let Ok(to) = to.parse::<Ipv4Addr>() else {
        return Started::failed(format!("Error: any valid prefix is expected rather than \"{to}\".\n"), 1);
    };
    let own = |device: &Device| device.addresses.iter().any(|(own, _)| *own == IpAddr::V4(to));
    if to.is_loopback() || devices.iter().any(own) {
        return Started::printed(format!("local {to} dev lo src {to} uid {UID} \n    cache <local> \n"));
    }
    let routes = routes(devices);
    let covers = |route: &&Route| (to.to_bits() ^ route.destination.to_bits()) & mask(route.prefix) == 0;
    let best = routes.iter().filter(covers).max_by_key(|route| (route.prefix, usize::MAX - route.metric));
    match best {
        Some(Route { via, device, source, .. }) => {
            let via = via.map_or(String::new(), |via| format!(" via {via}"));
            Started::printed(format!("{to}{via} dev {device} src {source} uid {UID} \n    cache \n"))
        }
        None => Started::failed("RTNETLINK answers: Network is unreachable\n".to_owned(), 2),
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0)
}

/// The address on the link that an interface makes itself of its hardware address (RFC 4291, appendix A).
fn link_local(mac: [u8; 6]) -> Ipv6Addr {
    let [a, b, c, d, e, f] = mac.map(u16::from);
    Ipv6Addr::new(0xfe80, 0, 0, 0, (a ^ 2) << 8 | b, c << 8 | 0xff, 0xfe00 | d, e << 8 | f)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(number: u8) -> Lease {
        Lease {
            mac: [6, 0, 0, 0, 0, number],
            address: [172, 31, 16 * number, 50].into(),
            prefix: 20,
            router: [172, 31, 16 * number, 1].into(),
            resolvers: vec![IpAddr::from([172, 31, 0, 2])],
            hostname: String::new(),
            domain: String::new(),
            time_servers: Vec::new(),
            netbios_servers: Vec::new(),
            netbios_node: None,
        }
    }

    #[test]
    fn a_resolver_outside_the_subnet_is_behind_the_router() {
        let leases = [lease(1), lease(2)];
        let devices = [0, 1].map(|number| Device { number, addresses: &[], lease: leases.get(number) });
        let texts: Vec<String> = routes(&devices).into_iter().map(|route| route.text).collect();
        assert_eq!(
            texts,
            [
                "default via 172.31.16.1 dev ens5 proto dhcp src 172.31.16.50 metric 512 ",
                "default via 172.31.32.1 dev ens6 proto dhcp src 172.31.32.50 metric 522 ",
                "172.31.0.2 via 172.31.16.1 dev ens5 proto dhcp src 172.31.16.50 metric 512 ",
                "172.31.0.2 via 172.31.32.1 dev ens6 proto dhcp src 172.31.32.50 metric 522 ",
                "172.31.16.0/20 dev ens5 proto kernel scope link src 172.31.16.50 metric 512 ",
                "172.31.16.1 dev ens5 proto dhcp scope link src 172.31.16.50 metric 512 ",
                "172.31.32.0/20 dev ens6 proto kernel scope link src 172.31.32.50 metric 522 ",
                "172.31.32.1 dev ens6 proto dhcp scope link src 172.31.32.50 metric 522 ",
            ]
        );
        assert_eq!(link_local([6, 0x3d, 1, 2, 3, 4]).to_string(), "fe80::43d:1ff:fe02:304");
    }
}
