"""Gateways, prefix lists and endpoints through boto3: part of test_boto3.py, which counts what has succeeded."""

from weir import check, equal, refused

SOON = {"Delay": 1, "MaxAttempts": 60}


def by(name, *values):
    return [{"Name": name, "Values": list(values)}]


def make_vpc(ec2, block, **more):
    vpc = ec2.create_vpc(CidrBlock=block, **more)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=block.replace(".0.0/16", ".1.0/24"))["Subnet"]["SubnetId"]
    return vpc, subnet


def main_table(ec2, vpc):
    return ec2.describe_route_tables(Filters=by("vpc-id", vpc))["RouteTables"][0]["RouteTableId"]


def nat_gateways(ec2):
    vpc, subnet = make_vpc(ec2, "10.50.0.0/16", AmazonProvidedIpv6CidrBlock=True)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    one, two = (ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2))
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=one)["NatGateway"]["NatGatewayId"]
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat], WaiterConfig=SOON)
    table = main_table(ec2, vpc)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.associate_nat_gateway_address(NatGatewayId=nat, AllocationIds=[two])
    addresses = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["NatGatewayAddresses"]
    equal("two addresses", sorted(held["AllocationId"] for held in addresses), sorted([one, two]))
    second = next(held["AssociationId"] for held in addresses if held["AllocationId"] == two)
    ec2.disassociate_nat_gateway_address(NatGatewayId=nat, AssociationIds=[second])
    private = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[private], WaiterConfig=SOON)
    ec2.assign_private_nat_gateway_address(NatGatewayId=private, PrivateIpAddressCount=1)
    addresses = ec2.describe_nat_gateways(NatGatewayIds=[private])["NatGateways"][0]["NatGatewayAddresses"]
    added = [held["PrivateIp"] for held in addresses if not held["IsPrimary"]]
    ec2.unassign_private_nat_gateway_address(NatGatewayId=private, PrivateIpAddresses=added)
    refused("a VPC with gateways", "DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    for held in (nat, private):
        ec2.delete_nat_gateway(NatGatewayId=held)
    ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[nat, private], WaiterConfig=SOON)
    states = {route["State"] for route in ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]}
    check("the route leads nowhere", "blackhole" in states, states)
    egress_only(ec2, vpc)
    regional_nat_gateways(ec2, (vpc, subnet, gateway), one)


def regional_nat_gateways(ec2, where, allocation):
    vpc, subnet, gateway = where
    wanted = {"AvailabilityMode": "regional", "VpcId": vpc}
    refused("a subnet", "InvalidParameterCombination", ec2.create_nat_gateway, **wanted, SubnetId=subnet)
    automatic = ec2.create_nat_gateway(**wanted)["NatGateway"]["NatGatewayId"]
    zones = [{"AvailabilityZone": "us-east-1a", "AllocationIds": [allocation]}]
    manual = ec2.create_nat_gateway(**wanted, AvailabilityZoneAddresses=zones)["NatGateway"]["NatGatewayId"]
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[automatic, manual], WaiterConfig=SOON)
    for nat, managed in ((automatic, "enabled"), (manual, "disabled")):
        found = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]
        equal(
            "a regional gateway",
            (found["AvailabilityMode"], found["AutoProvisionZones"], found["AutoScalingIps"], "SubnetId" in found),
            ("regional", managed, managed, False),
        )
        held = found["NatGatewayAddresses"][0]
        equal("in its zone", (held["AvailabilityZone"], held["Status"]), ("us-east-1a", "succeeded"))
        routes = ec2.describe_route_tables(RouteTableIds=[found["RouteTableId"]])["RouteTables"][0]["Routes"]
        check("a table of its own", gateway in {route.get("GatewayId") for route in routes}, routes)
        ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[automatic, manual], WaiterConfig=SOON)
    ec2.release_address(AllocationId=allocation)


def egress_only(ec2, vpc):
    made = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]
    gateway = made["EgressOnlyInternetGatewayId"]
    equal("attached", made["Attachments"], [{"State": "attached", "VpcId": vpc}])
    found = ec2.describe_egress_only_internet_gateways(EgressOnlyInternetGatewayIds=[gateway])
    equal("is described", len(found["EgressOnlyInternetGateways"]), 1)
    check("is deleted", ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=gateway)["ReturnCode"])


def prefix_lists(ec2):
    entries = [{"Cidr": "10.0.0.0/8", "Description": "all"}]
    made = ec2.create_managed_prefix_list(
        PrefixListName="lab", MaxEntries=5, AddressFamily="IPv4", Entries=entries
    )["PrefixList"]["PrefixListId"]
    ec2.modify_managed_prefix_list(PrefixListId=made, CurrentVersion=1, AddEntries=[{"Cidr": "172.16.0.0/12"}])
    held = ec2.get_managed_prefix_list_entries(PrefixListId=made)["Entries"]
    equal("entries", sorted(entry["Cidr"] for entry in held), ["10.0.0.0/8", "172.16.0.0/12"])
    refused(
        "another version",
        "PrefixListVersionMismatch",
        ec2.modify_managed_prefix_list,
        PrefixListId=made,
        CurrentVersion=1,
        RemoveEntries=[{"Cidr": "172.16.0.0/12"}],
    )
    ec2.restore_managed_prefix_list_version(PrefixListId=made, PreviousVersion=1, CurrentVersion=2)
    equal("restored", len(ec2.get_managed_prefix_list_entries(PrefixListId=made)["Entries"]), 1)
    equal("nobody uses it", ec2.get_managed_prefix_list_associations(PrefixListId=made)["PrefixListAssociations"], [])
    names = [found["PrefixListName"] for found in ec2.describe_managed_prefix_lists()["PrefixLists"]]
    check("AWS's own are there", {"lab", "com.amazonaws.us-east-1.s3"} <= set(names), names)
    ec2.delete_managed_prefix_list(PrefixListId=made)
    s3 = ec2.describe_prefix_lists(Filters=by("prefix-list-name", "com.amazonaws.us-east-1.s3"))["PrefixLists"]
    check("blocks of S3", s3[0]["Cidrs"], s3)


def endpoints(ec2):
    vpc, subnet = make_vpc(ec2, "10.51.0.0/16")
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        ec2.modify_vpc_attribute(VpcId=vpc, **{attribute: {"Value": True}})
    services = ec2.describe_vpc_endpoint_services()["ServiceNames"]
    check("services", "com.amazonaws.us-east-1.logs" in services, services)
    table = main_table(ec2, vpc)
    gateway = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway", RouteTableIds=[table]
    )["VpcEndpoint"]["VpcEndpointId"]
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    check("has a route", gateway in [route.get("GatewayId") for route in routes], routes)
    ec2.modify_vpc_endpoint(VpcEndpointId=gateway, RemoveRouteTableIds=[table])
    door = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-east-1.logs", VpcEndpointType="Interface", SubnetIds=[subnet]
    )["VpcEndpoint"]["VpcEndpointId"]
    found = ec2.describe_vpc_endpoints(Filters=by("vpc-id", vpc))["VpcEndpoints"]
    equal("both are described", {item["VpcEndpointId"] for item in found}, {gateway, door})
    equal("all go", ec2.delete_vpc_endpoints(VpcEndpointIds=[gateway, door])["Unsuccessful"], [])


def transit_gateways(ec2, far):
    hub = ec2.create_transit_gateway(Description="hub")["TransitGateway"]["TransitGatewayId"]
    ec2.modify_transit_gateway(TransitGatewayId=hub, Description="the hub")
    found = ec2.describe_transit_gateways(TransitGatewayIds=[hub])["TransitGateways"][0]
    equal("a gateway", (found["State"], found["Description"]), ("available", "the hub"))
    own = found["Options"]["AssociationDefaultRouteTableId"]
    spokes = []
    for block in ("10.52.0.0/16", "10.53.0.0/16"):
        vpc, subnet = make_vpc(ec2, block)
        made = ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=hub, VpcId=vpc, SubnetIds=[subnet])
        spokes.append(made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"])
    first = spokes[0]
    ec2.modify_transit_gateway_vpc_attachment(
        TransitGatewayAttachmentId=first, Options={"ApplianceModeSupport": "enable"}
    )
    held = ec2.describe_transit_gateway_vpc_attachments(TransitGatewayAttachmentIds=[first])
    options = held["TransitGatewayVpcAttachments"][0]["Options"]
    equal("in appliance mode", options["ApplianceModeSupport"], "enable")
    equal("attachments", len(ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]), 2)
    propagated = ec2.get_transit_gateway_attachment_propagations(TransitGatewayAttachmentId=first)
    equal("propagates", len(propagated["TransitGatewayAttachmentPropagations"]), 1)
    transit_tables(ec2, hub, own, first)
    transit_peerings(ec2, far, hub)
    for spoke in spokes:
        ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=spoke)
    equal("is deleted", ec2.delete_transit_gateway(TransitGatewayId=hub)["TransitGateway"]["State"], "deleting")


def transit_tables(ec2, hub, own, attachment):
    made = ec2.create_transit_gateway_route_table(TransitGatewayId=hub)["TransitGatewayRouteTable"]
    table = made["TransitGatewayRouteTableId"]
    both = {"TransitGatewayRouteTableId": table, "TransitGatewayAttachmentId": attachment}
    ec2.disassociate_transit_gateway_route_table(**{**both, "TransitGatewayRouteTableId": own})
    ec2.associate_transit_gateway_route_table(**both)
    associated = ec2.get_transit_gateway_route_table_associations(TransitGatewayRouteTableId=table)["Associations"]
    equal("associated", [held["TransitGatewayAttachmentId"] for held in associated], [attachment])
    ec2.enable_transit_gateway_route_table_propagation(**both)
    held = ec2.get_transit_gateway_route_table_propagations(TransitGatewayRouteTableId=table)
    equal("propagating", len(held["TransitGatewayRouteTablePropagations"]), 1)
    ec2.disable_transit_gateway_route_table_propagation(**both)
    route = {"TransitGatewayRouteTableId": table, "DestinationCidrBlock": "192.168.0.0/16"}
    ec2.create_transit_gateway_route(**route, Blackhole=True)
    ec2.replace_transit_gateway_route(**route, TransitGatewayAttachmentId=attachment)
    routes = ec2.search_transit_gateway_routes(TransitGatewayRouteTableId=table, Filters=by("type", "static"))["Routes"]
    equal("a route", [(item["DestinationCidrBlock"], item["State"]) for item in routes], [("192.168.0.0/16", "active")])
    ec2.delete_transit_gateway_route(**route)
    transit_references(ec2, table, attachment)
    ec2.disassociate_transit_gateway_route_table(**both)
    tables = ec2.describe_transit_gateway_route_tables(Filters=by("transit-gateway-id", hub))
    equal("tables", len(tables["TransitGatewayRouteTables"]), 2)
    ec2.delete_transit_gateway_route_table(TransitGatewayRouteTableId=table)


def transit_references(ec2, table, attachment):
    blocks = [{"Cidr": "10.7.0.0/16"}, {"Cidr": "10.8.0.0/16"}]
    made = ec2.create_managed_prefix_list(PrefixListName="net", AddressFamily="IPv4", MaxEntries=3, Entries=blocks)
    listed = made["PrefixList"]["PrefixListId"]
    both = {"TransitGatewayRouteTableId": table, "PrefixListId": listed}
    made = ec2.create_transit_gateway_prefix_list_reference(**both, TransitGatewayAttachmentId=attachment)
    equal("is being made", made["TransitGatewayPrefixListReference"]["State"], "pending")
    found = ec2.search_transit_gateway_routes(
        TransitGatewayRouteTableId=table, Filters=by("prefix-list-id", listed)
    )["Routes"]
    equal("a route for each block", [(item["DestinationCidrBlock"], item["PrefixListId"]) for item in found],
          [(block["Cidr"], listed) for block in blocks])
    ec2.modify_transit_gateway_prefix_list_reference(**both, Blackhole=True)
    held = ec2.get_transit_gateway_prefix_list_references(TransitGatewayRouteTableId=table)
    equal("references", [(item["PrefixListId"], item["State"], item["Blackhole"])
                         for item in held["TransitGatewayPrefixListReferences"]], [(listed, "available", True)])
    ec2.delete_transit_gateway_prefix_list_reference(**both)
    ec2.delete_managed_prefix_list(PrefixListId=listed)


def transit_peerings(ec2, far, hub):
    account = ec2.describe_transit_gateways(TransitGatewayIds=[hub])["TransitGateways"][0]["OwnerId"]
    other = far.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    asked = {"TransitGatewayId": hub, "PeerTransitGatewayId": other, "PeerAccountId": account}
    for answer in (far.reject_transit_gateway_peering_attachment, far.accept_transit_gateway_peering_attachment):
        made = ec2.create_transit_gateway_peering_attachment(**asked, PeerRegion="eu-west-1")
        request = made["TransitGatewayPeeringAttachment"]["TransitGatewayAttachmentId"]
        answer(TransitGatewayAttachmentId=request)
    found = ec2.describe_transit_gateway_peering_attachments(TransitGatewayAttachmentIds=[request])
    equal("is peered", found["TransitGatewayPeeringAttachments"][0]["State"], "available")
    ec2.delete_transit_gateway_peering_attachment(TransitGatewayAttachmentId=request)
    far.delete_transit_gateway(TransitGatewayId=other)
