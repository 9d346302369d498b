//! From the shapes of answers to the nouns of the model.

use super::answers::{self, Answers};
use super::transit::Transit;
use super::{ImportError, Imported, Place};
use std::net::Ipv4Addr;
use std::str::FromStr;
use weir_model::acl::{AclEntry, NetworkAcl};
use weir_model::address::{Address, AddressAssociation};
use weir_model::dhcp::DhcpOptions;
use weir_model::endpoint::{
    DnsRecordIpType, EndpointKind, InterfaceEndpoint, IpAddressType, VpcEndpoint, service,
};
use weir_model::gateway::InternetGateway;
use weir_model::group::{Direction, Group, GroupRule, Peer};
use weir_model::instance::{Instance, InstanceState};
use weir_model::interface::{Attachment, Interface, InterfaceKind, PrivateAddress, PublicAddress};
use weir_model::peering::{Peering, PeeringStatus, Side};
use weir_model::protocol::Traffic;
use weir_model::route::{Associated, Destination, Origin, Route, RouteAssociation, RouteTable, Target};
use weir_model::subnet::Subnet;
use weir_model::vpc::{CidrAssociation, Vpc};
use weir_model::{
    AccountId, Cidr, Cidr4, Ids, Network, NetworkAclId, Owned, PortRange, Protocol, Scope, Table, Tags,
    Timestamp, VpcId,
};

/// Puts one region's answers into the network.
pub(super) struct Convert<'a> {
    pub place: Place,
    /// The only owner that the answers name, if it is one.
    pub owner: Option<AccountId>,
    pub ids: &'a mut Ids,
    pub imported: &'a mut Imported,
}

pub(super) type Outcome<T = ()> = Result<T, ImportError>;

impl Convert<'_> {
    /// Converts everything.
    pub(super) fn all(&mut self, answers: Answers) -> Outcome {
        for (name, count) in answers.left_out {
            *self.imported.left_out.entry(name).or_default() += count;
        }
        answers.vpcs.into_iter().try_for_each(|vpc| self.vpc(vpc))?;
        let acls = &answers.acls;
        answers.subnets.into_iter().try_for_each(|subnet| self.subnet(subnet, acls))?;
        answers.acls.into_iter().try_for_each(|acl| self.acl(acl))?;
        answers.groups.into_iter().try_for_each(|group| self.group(group))?;
        answers.internet_gateways.into_iter().try_for_each(|gateway| self.internet_gateway(gateway))?;
        answers.route_tables.into_iter().try_for_each(|table| self.route_table(table))?;
        answers.interfaces.into_iter().try_for_each(|interface| self.interface(interface))?;
        answers.reservations.into_iter().try_for_each(|reservation| self.reservation(reservation))?;
        answers.nat_gateways.into_iter().try_for_each(|gateway| self.nat_gateway(gateway))?;
        answers.egress_only_gateways.into_iter().try_for_each(|gateway| self.egress_only_gateway(gateway))?;
        answers.peerings.into_iter().try_for_each(|peering| self.peering(peering))?;
        self.transit(Transit {
            gateways: answers.transit_gateways,
            tables: answers.transit_tables,
            vpc_attachments: answers.transit_vpc_attachments,
            peerings: answers.transit_peerings,
            attachments: answers.transit_attachments,
            propagations: answers.transit_propagations,
            routes: answers.transit_routes,
        })?;
        answers.endpoints.into_iter().try_for_each(|endpoint| self.endpoint(endpoint))?;
        answers.addresses.into_iter().try_for_each(|address| self.address(address))
    }

    /// Gateway and interface endpoints of AWS's own services; others are left out.
    fn endpoint(&mut self, endpoint: answers::VpcEndpoint) -> Outcome {
        let scope = self.scope_in(endpoint.owner_id.as_deref(), self.read(&endpoint.vpc_id)?)?;
        let prefix = service::full_name(scope.region, "");
        let Some(service) = endpoint.service_name.strip_prefix(&prefix) else {
            *self.imported.left_out.entry("VpcEndpoints".into()).or_default() += 1;
            return Ok(());
        };
        let interfaces = endpoint.network_interface_ids.iter().map(|id| self.read(id));
        let groups = endpoint.groups.iter().map(|group| self.read(&group.group_id));
        let dns = endpoint.dns_options.unwrap_or_default();
        let kind = match endpoint.vpc_endpoint_type.as_str() {
            service::GATEWAY => EndpointKind::Gateway,
            _ => EndpointKind::Interface(InterfaceEndpoint {
                interfaces: interfaces.collect::<Outcome<_>>()?,
                private_dns: endpoint.private_dns_enabled,
                label: "imported".to_owned(),
                ip_address_type: IpAddressType::named(endpoint.ip_address_type.as_deref()),
                dns_record_ip_type: DnsRecordIpType::named(dns.dns_record_ip_type.as_deref()),
                private_dns_only_for_inbound: dns
                    .private_dns_only_for_inbound_resolver_endpoint
                    .unwrap_or(false),
                ..InterfaceEndpoint::new(groups.collect::<Outcome<_>>()?)
            }),
        };
        self.imported.network.endpoints.insert(VpcEndpoint {
            id: self.read(&endpoint.vpc_endpoint_id)?,
            scope,
            vpc: self.read(&endpoint.vpc_id)?,
            service: service.to_owned(),
            kind,
            policy: endpoint.policy_document,
            created: Timestamp(0),
            deleted: None,
            tags: tags(endpoint.tags),
        });
        Ok(())
    }

    fn vpc(&mut self, vpc: answers::Vpc) -> Outcome {
        let scope = self.scope(vpc.owner_id.as_deref())?;
        let mut cidrs: Vec<CidrAssociation<Cidr4>> = vec![];
        for block in &vpc.cidr_block_association_set {
            cidrs.push(CidrAssociation {
                id: self.read(&block.association_id)?,
                cidr: self.read(&block.cidr_block)?,
            });
        }
        if cidrs.is_empty() {
            cidrs.push(CidrAssociation { id: self.ids.fresh(), cidr: self.read(&vpc.cidr_block)? });
        }
        cidrs.sort_by_key(|block| block.cidr.to_string() != vpc.cidr_block);
        let mut ipv6_cidrs = vec![];
        for block in &vpc.ipv6_cidr_block_association_set {
            let cidr = self.read(&block.ipv6_cidr_block)?;
            ipv6_cidrs.push(CidrAssociation { id: self.read(&block.association_id)?, cidr });
        }
        let dhcp_options = vpc.dhcp_options_id.filter(|id| id != "default");
        let dhcp_options = dhcp_options.map(|id| self.read(&id)).transpose()?;
        if let Some(id) = dhcp_options {
            let options = vec![("domain-name-servers".to_owned(), vec!["AmazonProvidedDNS".to_owned()])];
            let default = DhcpOptions { id, scope, options, is_default: true, tags: Tags::new() };
            self.put(|network| &mut network.dhcp_options, default);
        }
        self.put(
            |network| &mut network.vpcs,
            Vpc {
                id: self.read(&vpc.vpc_id)?,
                scope,
                cidrs,
                ipv6_cidrs,
                dhcp_options,
                is_default: vpc.is_default,
                dns_support: true,
                dns_hostnames: vpc.is_default,
                usage_metrics: false,
                tenancy: vpc.instance_tenancy.unwrap_or_else(|| "default".into()),
                tags: tags(vpc.tags),
            },
        );
        Ok(())
    }

    fn subnet(&mut self, subnet: answers::Subnet, acls: &[answers::Acl]) -> Outcome {
        let (acl, acl_association) = self.acl_of(&subnet, acls)?;
        let ipv6_cidr = match subnet.ipv6_cidr_block_association_set.first() {
            Some(block) => Some(CidrAssociation {
                id: self.read(&block.association_id)?,
                cidr: self.read(&block.ipv6_cidr_block)?,
            }),
            None => None,
        };
        let subnet = Subnet {
            id: self.read(&subnet.subnet_id)?,
            scope: self.scope(subnet.owner_id.as_deref())?,
            vpc: self.read(&subnet.vpc_id)?,
            zone: self.read(&subnet.availability_zone)?,
            cidr: subnet.cidr_block.as_deref().map(|cidr| self.read(cidr)).transpose()?,
            ipv6_cidr,
            acl,
            acl_association: self.read(&acl_association)?,
            is_default: subnet.default_for_az,
            map_public_ip: subnet.map_public_ip_on_launch,
            assign_ipv6: subnet.assign_ipv6_address_on_creation,
            dns64: false,
            host_names: Default::default(),
            tags: tags(subnet.tags),
        };
        self.put(|network| &mut network.subnets, subnet);
        Ok(())
    }

    /// The ACL that a subnet is associated with, and the id of the association.
    fn acl_of(&self, subnet: &answers::Subnet, acls: &[answers::Acl]) -> Outcome<(NetworkAclId, String)> {
        for acl in acls {
            let mut associations = acl.associations.iter();
            if let Some(found) = associations.find(|association| association.subnet_id == subnet.subnet_id) {
                return Ok((self.read(&acl.network_acl_id)?, found.network_acl_association_id.clone()));
            }
        }
        Err(self.malformed(&format!("{}: no network ACL is associated with it", subnet.subnet_id)))
    }

    fn acl(&mut self, acl: answers::Acl) -> Outcome {
        let mut entries = vec![];
        // The final deny of each family is implied in the model.
        for entry in acl.entries.iter().filter(|entry| entry.rule_number <= weir_model::acl::RULE_NUMBER_MAX)
        {
            let cidr = entry.cidr_block.as_deref().or(entry.ipv6_cidr_block.as_deref()).unwrap_or_default();
            entries.push(AclEntry {
                number: entry.rule_number,
                direction: if entry.egress { Direction::Egress } else { Direction::Ingress },
                traffic: self.acl_traffic(entry)?,
                cidr: self.read(cidr)?,
                allow: entry.rule_action == "allow",
            });
        }
        entries.sort_by_key(|entry| (entry.direction, entry.number));
        self.put(
            |network| &mut network.acls,
            NetworkAcl {
                id: self.read(&acl.network_acl_id)?,
                scope: self.scope(acl.owner_id.as_deref())?,
                vpc: self.read(&acl.vpc_id)?,
                is_default: acl.is_default,
                entries,
                tags: tags(acl.tags),
            },
        );
        Ok(())
    }

    fn acl_traffic(&self, entry: &answers::AclEntry) -> Outcome<Traffic> {
        let ports = entry.port_range.as_ref().map(|ports| (ports.from, ports.to));
        let icmp = entry.icmp_type_code.as_ref().map(|icmp| (icmp.kind, icmp.code));
        self.traffic(&entry.protocol, ports.or(icmp))
    }

    fn group(&mut self, group: answers::Group) -> Outcome {
        let Some(vpc) = group.vpc_id else { return Ok(()) };
        let scope = self.scope(group.owner_id.as_deref())?;
        let mut rules = vec![];
        for (permissions, direction) in
            [(&group.ip_permissions, Direction::Ingress), (&group.ip_permissions_egress, Direction::Egress)]
        {
            for permission in permissions {
                self.rules(permission, direction, scope.account, &mut rules)?;
            }
        }
        self.put(
            |network| &mut network.groups,
            Group {
                id: self.read(&group.group_id)?,
                scope,
                vpc: self.read(&vpc)?,
                name: group.group_name,
                description: group.description,
                rules,
                tags: tags(group.tags),
            },
        );
        Ok(())
    }

    /// One rule for each peer of a permission.
    fn rules(
        &mut self,
        permission: &answers::Permission,
        direction: Direction,
        owner: AccountId,
        rules: &mut Vec<GroupRule>,
    ) -> Outcome {
        let ports = permission.from_port.zip(permission.to_port);
        let traffic = self.traffic(&permission.ip_protocol, ports)?;
        let mut peers = vec![];
        for range in &permission.ip_ranges {
            peers.push((Peer::Cidr(Cidr::V4(self.read(&range.cidr_ip)?)), range.description.clone()));
        }
        for range in &permission.ipv6_ranges {
            peers.push((Peer::Cidr(Cidr::V6(self.read(&range.cidr_ipv6)?)), range.description.clone()));
        }
        for pair in &permission.user_id_group_pairs {
            let Some(group) = &pair.group_id else { continue };
            let account = pair.user_id.as_deref().map(|account| self.read(account)).transpose()?;
            let peering = pair.vpc_peering_connection_id.as_deref().map(|id| self.read(id)).transpose()?;
            let peer = Peer::Group { group: self.read(group)?, account: account.unwrap_or(owner), peering };
            peers.push((peer, pair.description.clone()));
        }
        for list in &permission.prefix_list_ids {
            peers.push((Peer::PrefixList(self.read(&list.prefix_list_id)?), list.description.clone()));
        }
        let rule = |(peer, description)| {
            let id = self.ids.fresh();
            GroupRule { id, direction, traffic, peer, description, tags: Tags::new() }
        };
        rules.extend(peers.into_iter().map(rule));
        Ok(())
    }

    /// Protocol and ports, or ICMP type and code, where -1 and absence mean any.
    fn traffic(&self, protocol: &str, range: Option<(i32, i32)>) -> Outcome<Traffic> {
        let protocol = match protocol {
            "-1" => return Ok(Traffic::All),
            "tcp" => Protocol::TCP,
            "udp" => Protocol::UDP,
            "icmp" => Protocol::ICMP,
            "icmpv6" => Protocol::ICMPV6,
            number => Protocol(self.read(number)?),
        };
        let (first, last) = range.unwrap_or((-1, -1));
        if protocol.is_icmp() {
            let number = |value: i32| u8::try_from(value).ok();
            return Ok(Traffic::Icmp { protocol, kind: number(first), code: number(last) });
        }
        if !protocol.has_ports() {
            return Ok(Traffic::Protocol(protocol));
        }
        let ports = match (u16::try_from(first), u16::try_from(last)) {
            (Ok(first), Ok(last)) => PortRange::new(first, last),
            _ => Some(PortRange::ALL),
        };
        let ports =
            ports.ok_or_else(|| self.malformed(&format!("the ports {first} to {last} are no range")))?;
        Ok(Traffic::Ports(protocol, ports))
    }

    fn internet_gateway(&mut self, gateway: answers::InternetGateway) -> Outcome {
        let vpc = gateway.attachments.first().map(|attachment| self.read(&attachment.vpc_id)).transpose()?;
        self.put(
            |network| &mut network.internet_gateways,
            InternetGateway {
                id: self.read(&gateway.internet_gateway_id)?,
                scope: self.scope(gateway.owner_id.as_deref())?,
                vpc,
                tags: tags(gateway.tags),
            },
        );
        Ok(())
    }

    fn route_table(&mut self, table: answers::RouteTable) -> Outcome {
        let mut converted = RouteTable {
            id: self.read(&table.route_table_id)?,
            scope: self.scope(table.owner_id.as_deref())?,
            vpc: self.read(&table.vpc_id)?,
            routes: vec![],
            main: None,
            associations: vec![],
            tags: tags(table.tags),
        };
        for association in &table.associations {
            let id = self.read(&association.route_table_association_id)?;
            if association.main {
                converted.main = Some(id);
            } else if let Some(with) = self.associated(association)? {
                converted.associations.push(RouteAssociation { id, with });
            }
        }
        for route in table.routes.iter().filter(|route| route.gateway_id.as_deref() != Some("local")) {
            match self.route(route)? {
                Some(route) => converted.routes.push(route),
                None => *self.imported.left_out.entry("Routes".into()).or_default() += 1,
            }
        }
        self.put(|network| &mut network.route_tables, converted);
        Ok(())
    }

    fn associated(&self, association: &answers::RouteAssociation) -> Outcome<Option<Associated>> {
        Ok(match (&association.subnet_id, &association.gateway_id) {
            (Some(subnet), _) => Some(Associated::Subnet(self.read(subnet)?)),
            (None, Some(gateway)) if gateway.starts_with("vgw-") => {
                Some(Associated::VpnGateway(self.read(gateway)?))
            }
            (None, Some(gateway)) => Some(Associated::InternetGateway(self.read(gateway)?)),
            (None, None) => None,
        })
    }

    /// The route, or `None` if it leads to something the model has no word for.
    fn route(&self, route: &answers::Route) -> Outcome<Option<Route>> {
        let cidr = route.destination_cidr_block.as_deref().or(route.destination_ipv6_cidr_block.as_deref());
        let destination = match (cidr, &route.destination_prefix_list_id) {
            (Some(cidr), _) => Destination::Cidr(self.read(cidr)?),
            (None, Some(list)) => Destination::PrefixList(self.read(list)?),
            (None, None) => return Ok(None),
        };
        let origin = match route.origin.as_deref() {
            Some("EnableVgwRoutePropagation") => Origin::EnableVgwRoutePropagation,
            _ => Origin::CreateRoute,
        };
        Ok(self.target(route)?.map(|target| Route { destination, target, origin }))
    }

    fn target(&self, route: &answers::Route) -> Outcome<Option<Target>> {
        if let Some(id) = &route.vpc_peering_connection_id {
            return Ok(Some(Target::Peering(self.read(id)?)));
        }
        if let Some(id) = &route.nat_gateway_id {
            return Ok(Some(Target::NatGateway(self.read(id)?)));
        }
        if let Some(id) = &route.egress_only_internet_gateway_id {
            return Ok(Some(Target::EgressOnlyGateway(self.read(id)?)));
        }
        if let Some(id) = &route.transit_gateway_id {
            return Ok(Some(Target::TransitGateway(self.read(id)?)));
        }
        match (&route.gateway_id, &route.network_interface_id, &route.instance_id) {
            (Some(id), ..) if id.starts_with("igw-") => Ok(Some(Target::InternetGateway(self.read(id)?))),
            (Some(id), ..) if id.starts_with("vgw-") => Ok(Some(Target::VpnGateway(self.read(id)?))),
            (Some(id), ..) if id.starts_with("vpce-") => Ok(Some(Target::VpcEndpoint(self.read(id)?))),
            (None, Some(interface), Some(instance)) => {
                Ok(Some(Target::Instance(self.read(instance)?, self.read(interface)?)))
            }
            (None, Some(interface), None) => Ok(Some(Target::Interface(self.read(interface)?))),
            _ => Ok(None),
        }
    }

    fn interface(&mut self, interface: answers::Interface) -> Outcome {
        let mut given: Vec<&answers::PrivateAddress> = interface.private_ip_addresses.iter().collect();
        given.sort_by_key(|address| !address.primary);
        let addresses =
            given.into_iter().map(|address| self.private_address(address)).collect::<Outcome<_>>()?;
        let ipv6 = interface.ipv6_addresses.iter().map(|address| self.read(&address.ipv6_address));
        let groups = interface.groups.iter().map(|group| self.read(&group.group_id));
        let converted = Interface {
            id: self.read(&interface.network_interface_id)?,
            scope: self.scope(interface.owner_id.as_deref())?,
            vpc: self.read(&interface.vpc_id)?,
            subnet: self.read(&interface.subnet_id)?,
            addresses,
            ipv6_addresses: ipv6.collect::<Outcome<_>>()?,
            groups: groups.collect::<Outcome<_>>()?,
            source_dest_check: interface.source_dest_check,
            tracking: Default::default(),
            attachment: interface
                .attachment
                .as_ref()
                .map(|attachment| self.attachment(attachment))
                .transpose()?,
            kind: kind(&interface),
            mac: mac(&interface.mac_address),
            description: interface.description,
            tags: tags(interface.tag_set),
        };
        self.put(|network| &mut network.interfaces, converted);
        Ok(())
    }

    fn private_address(&self, address: &answers::PrivateAddress) -> Outcome<PrivateAddress> {
        let association = address.association.as_ref();
        let public = association.and_then(|association| association.public_ip.as_deref());
        let public = public.map(|public| self.read::<Ipv4Addr>(public)).transpose()?;
        let allocation = association.and_then(|association| association.allocation_id.as_deref());
        let public = match (public, allocation) {
            (Some(public), Some(allocation)) => Some(PublicAddress::Elastic(public, self.read(allocation)?)),
            (Some(public), None) => Some(PublicAddress::AutoAssigned(public)),
            (None, _) => None,
        };
        Ok(PrivateAddress { private: self.read(&address.private_ip_address)?, public })
    }

    fn attachment(&mut self, attachment: &answers::Attachment) -> Outcome<Attachment> {
        // Attachments that AWS manages have ids of other prefixes (ela-attach); only the instance's matter. Of another
        // account's interface in a shared subnet, answers do not name the attachment.
        let id = match &attachment.attachment_id {
            Some(id) => self.read(&id.replacen("ela-attach-", "eni-attach-", 1))?,
            None => self.ids.fresh(),
        };
        Ok(Attachment {
            id,
            instance: attachment.instance_id.as_deref().map(|id| self.read(id)).transpose()?,
            device_index: attachment.device_index,
            since: Timestamp(0),
            delete_on_termination: attachment.delete_on_termination,
        })
    }

    fn reservation(&mut self, reservation: answers::Reservation) -> Outcome {
        let scope = self.scope(reservation.owner_id.as_deref())?;
        for mut instance in reservation.instances {
            instance.network_interfaces.sort_by_key(|interface| {
                interface.attachment.as_ref().map_or(u16::MAX, |attachment| attachment.device_index)
            });
            let interfaces =
                instance.network_interfaces.iter().map(|given| self.read(&given.network_interface_id));
            let converted = Instance {
                id: self.read(&instance.instance_id)?,
                scope,
                reservation: self.read(&reservation.reservation_id)?,
                launch_index: instance.ami_launch_index,
                image: self.read(&instance.image_id)?,
                instance_type: instance.instance_type.clone(),
                key_name: instance.key_name.clone(),
                user_data: None,
                interfaces: interfaces.collect::<Outcome<_>>()?,
                state: state(&instance.state.name),
                state_since: Timestamp(0),
                launched: Timestamp(0),
                termination_protected: false,
                instance_profile: None,
                settings: Default::default(),
                zone: self.read(&instance.placement.availability_zone)?,
                tags: tags(instance.tags),
            };
            self.put(|network| &mut network.instances, converted);
        }
        Ok(())
    }

    /// A peering connection; each account's answers show it, the other side's tags come with the other answers.
    fn peering(&mut self, peering: answers::Peering) -> Outcome {
        let id = self.read(&peering.vpc_peering_connection_id)?;
        let status = match peering.status.code.as_str() {
            "active" | "provisioning" => PeeringStatus::Active,
            "pending-acceptance" | "initiating-request" => {
                PeeringStatus::PendingAcceptance { expires: Timestamp(i64::MAX) }
            }
            "rejected" => PeeringStatus::Rejected,
            "expired" => PeeringStatus::Expired,
            "deleted" | "deleting" => {
                PeeringStatus::Deleted { by: self.read(&peering.requester_vpc_info.owner_id)? }
            }
            _ => PeeringStatus::Failed,
        };
        let mut converted = Peering {
            id,
            requester: self.side(&peering.requester_vpc_info)?,
            accepter: self.side(&peering.accepter_vpc_info)?,
            status,
            status_since: Timestamp(0),
        };
        if let Some(known) = self.imported.network.peerings.get(&id) {
            converted.requester.tags.clone_from(&known.requester.tags);
            converted.accepter.tags.clone_from(&known.accepter.tags);
        }
        let requester_account = converted.requester.scope.account;
        let own = match self.place.account {
            Some(account) if account != requester_account => &mut converted.accepter,
            _ => &mut converted.requester,
        };
        own.tags = tags(peering.tags);
        self.imported.network.peerings.insert(converted);
        Ok(())
    }

    fn side(&self, side: &answers::Side) -> Outcome<Side> {
        let region = side.region.as_deref().map(|region| self.read(region)).transpose()?;
        let cidrs = side.cidr_block_set.iter().map(|block| self.read(&block.cidr_block));
        let ipv6 = side.ipv6_cidr_block_set.iter().map(|block| self.read(&block.ipv6_cidr_block));
        Ok(Side {
            scope: Scope { account: self.read(&side.owner_id)?, region: region.unwrap_or(self.place.region) },
            vpc: self.read(&side.vpc_id)?,
            cidrs: cidrs.collect::<Outcome<_>>()?,
            ipv6_cidrs: ipv6.collect::<Outcome<_>>()?,
            dns_resolution: side
                .peering_options
                .as_ref()
                .is_some_and(|options| options.allow_dns_resolution_from_remote_vpc),
            tags: Tags::new(),
        })
    }

    fn address(&mut self, address: answers::Address) -> Outcome {
        let Some(allocation) = &address.allocation_id else { return Ok(()) };
        let association =
            match (&address.association_id, &address.network_interface_id, &address.private_ip_address) {
                (Some(id), Some(interface), Some(private)) => Some(AddressAssociation {
                    id: self.read(id)?,
                    interface: self.read(interface)?,
                    private: self.read(private)?,
                }),
                (Some(id), None, _) => self.at_regional_nat(self.read(id)?, self.read(allocation)?),
                _ => None,
            };
        self.put(
            |network| &mut network.addresses,
            Address {
                id: self.read(allocation)?,
                scope: self.scope(address.network_interface_owner_id.as_deref())?,
                public: self.read(&address.public_ip)?,
                association,
                is_managed: address.service_managed.as_deref() == Some("rnat"),
                tags: tags(address.tags),
            },
        );
        Ok(())
    }

    /// Puts in what an answer shows. In a shared VPC several accounts' answers show one resource: its owner's count.
    pub(super) fn put<R: Owned>(&mut self, table: fn(&mut Network) -> &mut Table<R>, resource: R) {
        let table = table(&mut self.imported.network);
        let is_anothers = self.place.account.is_some_and(|account| account != resource.scope().account);
        if !is_anothers || !table.has(&resource.key()) {
            table.insert(resource);
        }
    }

    /// Owner and region: the owner an answer names, else the account of its folder, else the only owner that the other
    /// answers name, else the default one.
    pub(super) fn scope(&self, owner: Option<&str>) -> Outcome<Scope> {
        let owner = owner.map(|owner| self.read(owner)).transpose()?;
        let account = owner.or(self.place.account).or(self.owner).unwrap_or(AccountId::DEFAULT);
        Ok(Scope { account, region: self.place.region })
    }

    /// The same of what is in `vpc`: where neither answer nor folder tell, it has the owner of the VPC.
    pub(super) fn scope_in(&self, owner: Option<&str>, vpc: VpcId) -> Outcome<Scope> {
        let found = self.imported.network.vpcs.get(&vpc).map(|vpc| vpc.scope.account);
        match found.filter(|_| owner.is_none() && self.place.account.is_none()) {
            Some(account) => Ok(Scope { account, region: self.place.region }),
            None => self.scope(owner),
        }
    }

    pub(super) fn read<T: FromStr<Err: std::fmt::Display>>(&self, text: &str) -> Outcome<T> {
        text.parse().map_err(|error| self.malformed(&format!("{text}: {error}")))
    }

    fn malformed(&self, reason: &str) -> ImportError {
        let region = self.place.region;
        let path = self.place.account.map_or(region.to_string(), |account| format!("{account}/{region}"));
        ImportError::Malformed { path, reason: reason.to_owned() }
    }
}

pub(super) fn tags(tags: Vec<answers::Tag>) -> Tags {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

fn kind(interface: &answers::Interface) -> InterfaceKind {
    match interface.interface_type.as_deref() {
        Some("nat_gateway" | "natGateway") => InterfaceKind::NatGateway,
        Some("vpc_endpoint") => InterfaceKind::VpcEndpoint,
        Some("transit_gateway") => InterfaceKind::TransitGateway,
        _ if interface.requester_managed => InterfaceKind::Managed,
        _ => InterfaceKind::Interface,
    }
}

fn state(name: &str) -> InstanceState {
    match name {
        "running" | "pending" => InstanceState::Running,
        "stopped" | "stopping" => InstanceState::Stopped,
        _ => InstanceState::Terminated,
    }
}

/// The hardware address; zero where it is not six pairs of digits.
fn mac(text: &str) -> [u8; 6] {
    let mut mac = [0; 6];
    for (byte, pair) in mac.iter_mut().zip(text.split(':')) {
        *byte = u8::from_str_radix(pair, 16).unwrap_or(0);
    }
    mac
}
