"""Every operation through boto3: its parsing, waiters, paginators and errors; two accounts, two regions.

At the end every operation of the tables in crates/api must have succeeded at least once.
"""

import gzip
import json
import re
import time

import boto3_gateways as more
import boto3_instances as launches
import boto3_logs as scheduled
from weir import ROOT, Weir, act, check, equal, finish, refused, until

ONE, TWO = "111111111111", "222222222222"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
DELIVER = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["logs:*"], "Resource": "*"}]}
)

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGmtIZGb9bU0kxHTvhSzqsAEWwJcE0bcd2M/kLeVb0bc own"
SERVICES = {
    "ec2": "ec2",
    "iam": "iam",
    "logs": "logs",
    "sts": "sts",
    "ec2-instance-connect": "instance_connect",
    "ssm": "ssm",
    "cloudwatch": "monitoring",
}

weir = Weir()
succeeded = set()


def client(service, region="us-east-1", account=ONE, **config):
    """A client whose successes are counted by operation."""
    made = weir.client(service, region, account, **config)

    def count(http_response, parsed, model, **_):
        if http_response.status_code < 300:
            succeeded.add(f"{service}:{model.name}")

    made.meta.events.register("after-call", count)
    return made


ec2, logs, iam, sts, ssm = (client(service) for service in ("ec2", "logs", "iam", "sts", "ssm"))


def ids(answer, key, member):
    return [item[member] for item in answer[key]]


def by(name, *values):
    return [{"Name": name, "Values": list(values)}]


def named(kind, name):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


def make_vpc(block, client=ec2, **more):
    vpc = client.create_vpc(CidrBlock=block, **more)["Vpc"]["VpcId"]
    client.get_waiter("vpc_available").wait(VpcIds=[vpc])
    return vpc


def callers():
    for account in (ONE, TWO):
        equal(
            "the access key names the account", client("sts", account=account).get_caller_identity()["Account"], account
        )
    regions = ids(ec2.describe_regions(), "Regions", "RegionName")
    check("regions are known", {"us-east-1", "eu-west-1"} <= set(regions), regions)
    zones = client("ec2", "eu-west-1").describe_availability_zones()["AvailabilityZones"]
    equal("zones are those of the caller's region", {zone["RegionName"] for zone in zones}, {"eu-west-1"})
    attributes = ids(ec2.describe_account_attributes(), "AccountAttributes", "AttributeName")
    check("account attributes name the default VPC", "default-vpc" in attributes, attributes)


def vpcs():
    refused("a dry run", "DryRunOperation", ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True)
    refused("a block that is too large", "InvalidVpc.Range", ec2.create_vpc, CidrBlock="10.0.0.0/8")
    refused("no block", "InvalidParameterValue", ec2.create_vpc, CidrBlock="ten")
    vpc = make_vpc("10.0.0.0/16", TagSpecifications=named("vpc", "first"))
    ec2.get_waiter("vpc_exists").wait(VpcIds=[vpc])
    equal("found by tag", ids(ec2.describe_vpcs(Filters=by("tag:Name", "fir*")), "Vpcs", "VpcId"), [vpc])
    equal(
        "not in another region", client("ec2", "eu-west-1").describe_vpcs(Filters=by("cidr", "10.0.0.0/16"))["Vpcs"], []
    )
    refused("nor in another account", "InvalidVpcID.NotFound", client("ec2", account=TWO).describe_vpcs, VpcIds=[vpc])
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
    equal("an attribute that was set", answer["EnableDnsHostnames"], {"Value": True})
    block = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")["CidrBlockAssociation"]["AssociationId"]
    equal("a second block", len(ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlockAssociationSet"]), 2)
    ec2.disassociate_vpc_cidr_block(AssociationId=block)
    options = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": ["weir.test"]}])
    options = options["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
    found = ec2.describe_dhcp_options(DhcpOptionsIds=[options])["DhcpOptions"][0]["DhcpConfigurations"]
    equal("DHCP options", found, [{"Key": "domain-name", "Values": [{"Value": "weir.test"}]}])
    refused("options in use", "DependencyViolation", ec2.delete_dhcp_options, DhcpOptionsId=options)
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    ec2.delete_dhcp_options(DhcpOptionsId=options)
    ec2.delete_vpc(VpcId=vpc)
    refused("a VPC that has gone", "InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=[vpc])
    refused("the second default VPC", "DefaultVpcAlreadyExists", ec2.create_default_vpc)
    far = client("ec2", "ap-south-1")
    default = far.describe_vpcs(Filters=by("is-default", "true"))["Vpcs"][0]["VpcId"]
    for subnet in far.describe_subnets(Filters=by("vpc-id", default))["Subnets"]:
        far.delete_subnet(SubnetId=subnet["SubnetId"])
    made = far.create_default_subnet(AvailabilityZone="ap-south-1a")["Subnet"]
    equal("a default subnet", (made["VpcId"], made["DefaultForAz"]), (default, True))
    far.delete_subnet(SubnetId=made["SubnetId"])
    for gateway in far.describe_internet_gateways(Filters=by("attachment.vpc-id", default))["InternetGateways"]:
        far.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=default)
    far.delete_vpc(VpcId=default)
    check("a default VPC again", far.create_default_vpc()["Vpc"]["IsDefault"])


def subnets():
    vpc = make_vpc("10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b")["Subnet"]
    equal("a /24 has 251 free addresses", subnet["AvailableIpAddressCount"], 251)
    subnet = subnet["SubnetId"]
    ec2.get_waiter("subnet_available").wait(SubnetIds=[subnet])
    refused("a block in use", "InvalidSubnet.Conflict", ec2.create_subnet, VpcId=vpc, CidrBlock="10.0.1.128/25")
    refused("a block outside", "InvalidSubnet.Range", ec2.create_subnet, VpcId=vpc, CidrBlock="10.9.1.0/24")
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    check("an attribute that was set", ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"])
    block = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    block = block.replace("/56", "/64")
    association = ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=block)["Ipv6CidrBlockAssociation"]
    ec2.disassociate_subnet_cidr_block(AssociationId=association["AssociationId"])
    refused("a VPC with a subnet", "DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def routes():
    vpc = make_vpc("10.0.0.0/16")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.get_waiter("internet_gateway_exists").wait(InternetGatewayIds=[gateway])
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    attachments = ec2.describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"][0]["Attachments"]
    equal("attached", attachments, [{"State": "available", "VpcId": vpc}])
    table = ec2.create_route_table(VpcId=vpc, ClientToken="routes")["RouteTable"]["RouteTableId"]
    equal(
        "the same token, the same table",
        ec2.create_route_table(VpcId=vpc, ClientToken="routes")["RouteTable"]["RouteTableId"],
        table,
    )
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    check("a route", ec2.create_route(**route, GatewayId=gateway)["Return"])
    refused("a second one", "RouteAlreadyExists", ec2.create_route, **route, GatewayId=gateway)
    ec2.replace_route(**route, GatewayId=gateway)
    found = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    equal(
        "its routes",
        [(route["DestinationCidrBlock"], route["GatewayId"], route["State"]) for route in found],
        [("10.0.0.0/16", "local", "active"), ("0.0.0.0/0", gateway, "active")],
    )
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    main = ec2.describe_route_tables(Filters=by("vpc-id", vpc) + by("association.main", "true"))["RouteTables"][0]
    replaced = ec2.replace_route_table_association(AssociationId=association, RouteTableId=main["RouteTableId"])
    ec2.disassociate_route_table(AssociationId=replaced["NewAssociationId"])
    ec2.delete_route(**route)
    refused("no route", "InvalidRoute.NotFound", ec2.delete_route, **route)
    ec2.delete_route_table(RouteTableId=table)
    refused("a gateway in use", "DependencyViolation", ec2.delete_internet_gateway, InternetGatewayId=gateway)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def network_acls():
    vpc = make_vpc("10.0.0.0/16")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "RuleNumber": 100, "Egress": False}
    rule = {"Protocol": "6", "PortRange": {"From": 22, "To": 22}, "CidrBlock": "10.0.0.0/8"}
    ec2.create_network_acl_entry(**entry, **rule, RuleAction="allow")
    refused(
        "the number is taken",
        "NetworkAclEntryAlreadyExists",
        ec2.create_network_acl_entry,
        **entry,
        **rule,
        RuleAction="deny",
    )
    ec2.replace_network_acl_entry(**entry, **rule, RuleAction="deny")
    found = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
    found = [(entry["RuleNumber"], entry["RuleAction"]) for entry in found if not entry["Egress"]]
    equal("its entries", found, [(100, "deny"), (32767, "deny")])
    default = ec2.describe_network_acls(Filters=by("vpc-id", vpc) + by("default", "true"))["NetworkAcls"][0]
    association = [item["NetworkAclAssociationId"] for item in default["Associations"] if item["SubnetId"] == subnet][0]
    replaced = ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)["NewAssociationId"]
    refused("an ACL in use", "DependencyViolation", ec2.delete_network_acl, NetworkAclId=acl)
    ec2.replace_network_acl_association(AssociationId=replaced, NetworkAclId=default["NetworkAclId"])
    ec2.delete_network_acl_entry(**entry)
    ec2.delete_network_acl(NetworkAclId=acl)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def security_groups():
    vpc = make_vpc("10.0.0.0/16")
    group = ec2.create_security_group(GroupName="web", Description="d", VpcId=vpc)["GroupId"]
    ec2.get_waiter("security_group_exists").wait(GroupIds=[group])
    refused(
        "the name is taken",
        "InvalidGroup.Duplicate",
        ec2.create_security_group,
        GroupName="web",
        Description="d",
        VpcId=vpc,
    )
    ssh = {
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}],
    }
    rule = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh])["SecurityGroupRules"][0]
    equal("a rule with an id", (rule["CidrIpv4"], rule["SecurityGroupRuleId"][:4]), ("0.0.0.0/0", "sgr-"))
    refused(
        "the same rule",
        "InvalidPermission.Duplicate",
        ec2.authorize_security_group_ingress,
        GroupId=group,
        IpPermissions=[ssh],
    )
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=[ssh])
    rule = rule["SecurityGroupRuleId"]
    ec2.modify_security_group_rules(
        GroupId=group,
        SecurityGroupRules=[
            {
                "SecurityGroupRuleId": rule,
                "SecurityGroupRule": {
                    "IpProtocol": "tcp",
                    "FromPort": 22,
                    "ToPort": 23,
                    "CidrIpv4": "0.0.0.0/0",
                    "Description": "more",
                },
            }
        ],
    )
    found = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"][0]
    equal("a rule that was changed", (found["ToPort"], found["Description"]), (23, "more"))
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.update_security_group_rule_descriptions_egress(GroupId=group, IpPermissions=[everything])
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[ssh])
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule])
    found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    equal(
        "its rules", (found["IpPermissions"], [rule["FromPort"] for rule in found["IpPermissionsEgress"]]), ([], [22])
    )
    equal(
        "nobody refers to it", ec2.describe_security_group_references(GroupId=[group])["SecurityGroupReferenceSet"], []
    )
    equal("nothing is stale", ec2.describe_stale_security_groups(VpcId=vpc)["StaleSecurityGroupSet"], [])
    for number in range(12):
        ec2.create_security_group(GroupName=f"many-{number}", Description="d", VpcId=vpc)
    pages = list(
        ec2.get_paginator("describe_security_groups").paginate(
            Filters=by("vpc-id", vpc), PaginationConfig={"PageSize": 5}
        )
    )
    equal("14 groups in three pages", [len(page["SecurityGroups"]) for page in pages], [5, 5, 4])
    refused("pages too small", "InvalidParameterValue", ec2.describe_security_groups, MaxResults=4)
    refused("a filter that is none", "InvalidParameterValue", ec2.describe_security_groups, Filters=by("colour", "red"))
    refused("a VPC with groups", "DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    for found in ec2.describe_security_groups(Filters=by("vpc-id", vpc))["SecurityGroups"]:
        if found["GroupName"] != "default":
            ec2.delete_security_group(GroupId=found["GroupId"])
    ec2.delete_vpc(VpcId=vpc)


def interfaces():
    vpc = make_vpc("10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)
    block = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", Ipv6CidrBlock=block.replace("/56", "/64"))["Subnet"][
        "SubnetId"
    ]
    interface = ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.1.10", Description="d")[
        "NetworkInterface"
    ]
    interface = interface["NetworkInterfaceId"]
    ec2.get_waiter("network_interface_available").wait(NetworkInterfaceIds=[interface])
    refused(
        "an address in use",
        "InvalidIPAddress.InUse",
        ec2.create_network_interface,
        SubnetId=subnet,
        PrivateIpAddress="10.0.1.10",
    )
    ec2.assign_private_ip_addresses(NetworkInterfaceId=interface, PrivateIpAddresses=["10.0.1.11"])
    ec2.unassign_private_ip_addresses(NetworkInterfaceId=interface, PrivateIpAddresses=["10.0.1.11"])
    ipv6 = ec2.assign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6AddressCount=1)["AssignedIpv6Addresses"]
    ec2.unassign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6Addresses=ipv6)
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
    answer = ec2.describe_network_interface_attribute(NetworkInterfaceId=interface, Attribute="sourceDestCheck")
    equal("an attribute that was set", answer["SourceDestCheck"], {"Value": False})
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=named("elastic-ip", "eip"))
    refused(
        "no gateway",
        "Gateway.NotAttached",
        ec2.associate_address,
        AllocationId=address["AllocationId"],
        NetworkInterfaceId=interface,
    )
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    association = ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=interface)[
        "AssociationId"
    ]
    found = ec2.describe_addresses(PublicIps=[address["PublicIp"]])["Addresses"][0]
    equal("an associated address", (found["AssociationId"], found["PrivateIpAddress"]), (association, "10.0.1.10"))
    equal(
        "address attributes",
        len(
            ec2.describe_addresses_attribute(AllocationIds=[address["AllocationId"]], Attribute="domain-name")[
                "Addresses"
            ]
        ),
        1,
    )
    refused("an address in use", "InvalidIPAddress.InUse", ec2.release_address, AllocationId=address["AllocationId"])
    ec2.disassociate_address(AssociationId=association)
    ec2.release_address(AllocationId=address["AllocationId"])
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    equal("none is left", ec2.describe_network_interfaces(Filters=by("subnet-id", subnet))["NetworkInterfaces"], [])
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def image():
    found = ec2.describe_images(Owners=["amazon"], Filters=by("name", "al2023-ami-2023*-x86_64"))["Images"]
    return sorted(found, key=lambda image: image["CreationDate"])[-1]["ImageId"]


def instances():
    public = "/aws/service/ami-amazon-linux-latest"
    latest = f"{public}/al2023-ami-kernel-default-x86_64"
    equal("the latest Amazon Linux 2023", ssm.get_parameter(Name=latest)["Parameter"]["Value"], image())
    found = ssm.get_parameters(Names=[latest, "/none"])
    equal(
        "one parameter of two", (ids(found, "Parameters", "Value"), found["InvalidParameters"]), ([image()], ["/none"])
    )
    check("parameters have paths", latest in ids(ssm.get_parameters_by_path(Path=public), "Parameters", "Name"))
    ec2.get_waiter("image_available").wait(ImageIds=[image()])
    types = ec2.describe_instance_types(InstanceTypes=["t2.micro"])["InstanceTypes"]
    equal("the type t2.micro", (types[0]["VCpuInfo"]["DefaultVCpus"], types[0]["MemoryInfo"]["SizeInMiB"]), (1, 1024))
    offered = ec2.describe_instance_type_offerings(Filters=by("instance-type", "t2.micro"))["InstanceTypeOfferings"]
    equal("is offered", offered[0]["InstanceType"], "t2.micro")
    ec2.import_key_pair(KeyName="own", PublicKeyMaterial=PUBLIC_KEY.encode())
    ec2.get_waiter("key_pair_exists").wait(KeyNames=["own"])
    equal("the key pair", ids(ec2.describe_key_pairs(), "KeyPairs", "KeyName"), ["own"])
    vpc = make_vpc("10.0.0.0/16")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    launch = {
        "ImageId": image(),
        "InstanceType": "t2.micro",
        "MinCount": 2,
        "MaxCount": 2,
        "SubnetId": subnet,
        "KeyName": "own",
    }
    refused("a dry run", "DryRunOperation", ec2.run_instances, **launch, DryRun=True)
    refused(
        "an image that is none",
        "InvalidAMIID.NotFound",
        ec2.run_instances,
        **{**launch, "ImageId": "ami-0123456789abcdef0"},
    )
    started = ec2.run_instances(**launch, TagSpecifications=named("instance", "twin"), ClientToken="twins")
    both = ids(started, "Instances", "InstanceId")
    equal(
        "the same token, the same instances",
        ids(
            ec2.run_instances(**launch, TagSpecifications=named("instance", "twin"), ClientToken="twins"),
            "Instances",
            "InstanceId",
        ),
        both,
    )
    ec2.get_waiter("instance_exists").wait(InstanceIds=both)
    ec2.get_waiter("instance_running").wait(InstanceIds=both)
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=both)
    statuses = ec2.describe_instance_status(InstanceIds=both)["InstanceStatuses"]
    equal("their status", [status["InstanceState"]["Name"] for status in statuses], ["running"] * 2)
    one = both[0]
    second = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    attachment = ec2.attach_network_interface(NetworkInterfaceId=second, InstanceId=one, DeviceIndex=1)["AttachmentId"]
    ec2.detach_network_interface(AttachmentId=attachment)
    ec2.get_waiter("network_interface_available").wait(NetworkInterfaceIds=[second])
    ec2.delete_network_interface(NetworkInterfaceId=second)
    options = ec2.modify_instance_metadata_options(InstanceId=one, HttpTokens="required")["InstanceMetadataOptions"]
    equal("tokens are required", options["HttpTokens"], "required")
    ec2.modify_instance_attribute(InstanceId=one, DisableApiTermination={"Value": True})
    answer = ec2.describe_instance_attribute(InstanceId=one, Attribute="disableApiTermination")
    equal("an attribute that was set", answer["DisableApiTermination"], {"Value": True})
    refused("protected", "OperationNotPermitted", ec2.terminate_instances, InstanceIds=[one])
    ec2.modify_instance_attribute(InstanceId=one, DisableApiTermination={"Value": False})
    ec2.reboot_instances(InstanceIds=[one])
    ec2.stop_instances(InstanceIds=[one])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[one])
    ec2.start_instances(InstanceIds=[one])
    ec2.get_waiter("instance_running").wait(InstanceIds=[one])
    refused("a subnet with instances", "DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
    public_keys(one)
    run_command(one)
    ec2.terminate_instances(InstanceIds=both)
    ec2.get_waiter("instance_terminated").wait(InstanceIds=both)
    found = ec2.describe_instances(InstanceIds=both)["Reservations"]
    equal(
        "terminated ones stay to be seen",
        [item["State"]["Name"] for group in found for item in group["Instances"]],
        ["terminated"] * 2,
    )
    ec2.delete_key_pair(KeyName="own")
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def peerings():
    here, there = client("ec2"), client("ec2", "eu-west-1", TWO)
    mine, theirs = make_vpc("10.0.0.0/16", here), make_vpc("10.1.0.0/16", there)
    request = {"VpcId": mine, "PeerVpcId": theirs, "PeerOwnerId": TWO, "PeerRegion": "eu-west-1"}
    peering = here.create_vpc_peering_connection(**request)["VpcPeeringConnection"]
    equal("at first", peering["Status"]["Code"], "initiating-request")
    peering = peering["VpcPeeringConnectionId"]
    here.get_waiter("vpc_peering_connection_exists").wait(VpcPeeringConnectionIds=[peering])

    def status(client):
        found = client.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])
        return found["VpcPeeringConnections"][0]["Status"]["Code"]

    equal("then, seen from both", (status(here), status(there)), ("pending-acceptance",) * 2)
    refused(
        "the requester cannot accept",
        "OperationNotPermitted",
        here.accept_vpc_peering_connection,
        VpcPeeringConnectionId=peering,
    )
    there.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    equal("accepted", (status(here), status(there)), ("active",) * 2)
    there.modify_vpc_attribute(VpcId=theirs, EnableDnsHostnames={"Value": True})
    here.modify_vpc_attribute(VpcId=mine, EnableDnsHostnames={"Value": True})
    answer = here.modify_vpc_peering_connection_options(
        VpcPeeringConnectionId=peering, RequesterPeeringConnectionOptions={"AllowDnsResolutionFromRemoteVpc": True}
    )
    check("an option that was set", answer["RequesterPeeringConnectionOptions"]["AllowDnsResolutionFromRemoteVpc"])
    there.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    here.get_waiter("vpc_peering_connection_deleted").wait(VpcPeeringConnectionIds=[peering])
    peering = here.create_vpc_peering_connection(**request)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    there.reject_vpc_peering_connection(VpcPeeringConnectionId=peering)
    equal("rejected", status(here), "rejected")
    there.delete_vpc(VpcId=theirs)
    here.delete_vpc(VpcId=mine)


def tags():
    vpc = make_vpc("10.0.0.0/16")
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "ü <&> 2"}])
    found = ec2.describe_tags(Filters=by("resource-id", vpc))["Tags"]
    equal("tags", {tag["Key"]: tag["Value"] for tag in found}, {"a": "1", "b": "ü <&> 2"})
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "a"}])
    equal("a tag less", ids(ec2.describe_tags(Filters=by("resource-id", vpc)), "Tags", "Key"), ["b"])
    refused(
        "reserved", "InvalidParameterValue", ec2.create_tags, Resources=[vpc], Tags=[{"Key": "aws:x", "Value": "1"}]
    )
    refused(
        "unknown",
        "InvalidVpcID.NotFound",
        ec2.create_tags,
        Resources=["vpc-0123456789abcdef0"],
        Tags=[{"Key": "a", "Value": "1"}],
    )
    ec2.delete_vpc(VpcId=vpc)


def roles():
    refused("no such role", "NoSuchEntity", iam.get_role, RoleName="nobody")
    refused("no such policy", "NoSuchEntity", iam.get_policy, PolicyArn=f"arn:aws:iam::{ONE}:policy/none")
    refused("no JSON", "MalformedPolicyDocument", iam.create_role, RoleName="broken", AssumeRolePolicyDocument="{")
    role = iam.create_role(RoleName="deliver", AssumeRolePolicyDocument=TRUST)["Role"]
    iam.get_waiter("role_exists").wait(RoleName="deliver")
    equal("its trust policy", iam.get_role(RoleName="deliver")["Role"]["AssumeRolePolicyDocument"], json.loads(TRUST))
    refused(
        "the name is taken", "EntityAlreadyExists", iam.create_role, RoleName="deliver", AssumeRolePolicyDocument=TRUST
    )
    iam.update_role(RoleName="deliver", Description="d")
    iam.update_assume_role_policy(RoleName="deliver", PolicyDocument=TRUST)
    iam.tag_role(RoleName="deliver", Tags=[{"Key": "a", "Value": "1"}])
    equal("its tags", iam.list_role_tags(RoleName="deliver")["Tags"], [{"Key": "a", "Value": "1"}])
    iam.untag_role(RoleName="deliver", TagKeys=["a"])
    check("is listed", "deliver" in ids(iam.list_roles(), "Roles", "RoleName"))
    equal("no profiles", iam.list_instance_profiles_for_role(RoleName="deliver")["InstanceProfiles"], [])
    iam.put_role_policy(RoleName="deliver", PolicyName="inline", PolicyDocument=DELIVER)
    equal(
        "an inline policy",
        iam.get_role_policy(RoleName="deliver", PolicyName="inline")["PolicyDocument"],
        json.loads(DELIVER),
    )
    equal("is listed", iam.list_role_policies(RoleName="deliver")["PolicyNames"], ["inline"])
    iam.delete_role_policy(RoleName="deliver", PolicyName="inline")
    policy = iam.create_policy(PolicyName="deliver", PolicyDocument=DELIVER)["Policy"]["Arn"]
    iam.get_waiter("policy_exists").wait(PolicyArn=policy)
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=DELIVER, SetAsDefault=True)
    equal(
        "a version",
        iam.get_policy_version(PolicyArn=policy, VersionId="v2")["PolicyVersion"]["Document"],
        json.loads(DELIVER),
    )
    equal("two versions", ids(iam.list_policy_versions(PolicyArn=policy), "Versions", "VersionId"), ["v2", "v1"])
    check("is listed", policy in ids(iam.list_policies(Scope="Local"), "Policies", "Arn"))
    iam.set_default_policy_version(PolicyArn=policy, VersionId="v1")
    equal("an older version in force", iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"], "v1")
    iam.set_default_policy_version(PolicyArn=policy, VersionId="v2")
    iam.tag_policy(PolicyArn=policy, Tags=[{"Key": "team", "Value": "net"}, {"Key": "tier", "Value": "1"}])
    iam.untag_policy(PolicyArn=policy, TagKeys=["tier"])
    equal("a policy's tags", iam.list_policy_tags(PolicyArn=policy)["Tags"], [{"Key": "team", "Value": "net"}])
    iam.put_role_permissions_boundary(RoleName="deliver", PermissionsBoundary=policy)
    boundary = iam.get_role(RoleName="deliver")["Role"]["PermissionsBoundary"]
    equal("a boundary", boundary["PermissionsBoundaryArn"], policy)
    iam.delete_role_permissions_boundary(RoleName="deliver")
    iam.update_role_description(RoleName="deliver", Description="delivers")
    equal("a role's description", iam.get_role(RoleName="deliver")["Role"]["Description"], "delivers")
    iam.attach_role_policy(RoleName="deliver", PolicyArn=policy)
    equal(
        "attached", ids(iam.list_attached_role_policies(RoleName="deliver"), "AttachedPolicies", "PolicyArn"), [policy]
    )
    refused("a role with policies", "DeleteConflict", iam.delete_role, RoleName="deliver")
    refused("a policy in use", "DeleteConflict", iam.delete_policy, PolicyArn=policy)
    return role["Arn"], policy


def remove_roles(policy):
    iam.detach_role_policy(RoleName="deliver", PolicyArn=policy)
    if "DeletePolicyVersion" in operations("iam"):
        iam.delete_policy_version(PolicyArn=policy, VersionId="v1")
    iam.delete_policy(PolicyArn=policy)
    iam.delete_role(RoleName="deliver")


def flow_logs(role):
    vpc = make_vpc("10.0.0.0/16")
    logs.create_log_group(logGroupName="flows")
    wanted = {
        "ResourceIds": [vpc],
        "ResourceType": "VPC",
        "TrafficType": "ALL",
        "LogGroupName": "flows",
        "MaxAggregationInterval": 60,
    }
    refused("no role", "InvalidParameter", ec2.create_flow_logs, **wanted)
    refused(
        "a role that is none",
        "InvalidParameter",
        ec2.create_flow_logs,
        **wanted,
        DeliverLogsPermissionArn=f"arn:aws:iam::{ONE}:role/no",
    )
    made = ec2.create_flow_logs(**wanted, DeliverLogsPermissionArn=role)
    equal("nothing is unsuccessful", made["Unsuccessful"], [])
    again = ec2.create_flow_logs(**wanted, DeliverLogsPermissionArn=role)
    found = again["Unsuccessful"][0]["Error"]["Code"] if again["Unsuccessful"] else again
    equal("the same again", found, "FlowLogAlreadyExists")
    found = ec2.describe_flow_logs(Filter=by("resource-id", vpc))["FlowLogs"][0]
    equal(
        "as asked for",
        (found["TrafficType"], found["MaxAggregationInterval"], found["FlowLogStatus"]),
        ("ALL", 60, "ACTIVE"),
    )
    check("its format is spelled out", found["LogFormat"].startswith("${version} ${account-id}"))
    equal("deleted", ec2.delete_flow_logs(FlowLogIds=made["FlowLogIds"])["Unsuccessful"], [])
    refused("unknown", "InvalidFlowLogId.NotFound", ec2.delete_flow_logs, FlowLogIds=made["FlowLogIds"])
    logs.delete_log_group(logGroupName="flows")
    ec2.delete_vpc(VpcId=vpc)


def log_groups():
    group, stream = {"logGroupName": "app"}, {"logGroupName": "app", "logStreamName": "one"}
    refused("no such group", "ResourceNotFoundException", logs.get_log_events, **stream)
    logs.create_log_group(**group, tags={"a": "1"})
    refused("the name is taken", "ResourceAlreadyExistsException", logs.create_log_group, **group)
    logs.create_log_stream(**stream)
    logs.put_retention_policy(**group, retentionInDays=7)
    found = logs.describe_log_groups(logGroupNamePrefix="ap")["logGroups"][0]
    equal("its retention", found["retentionInDays"], 7)
    refused("no retention of AWS's", "InvalidParameterException", logs.put_retention_policy, **group, retentionInDays=2)
    logs.delete_retention_policy(**group)
    arn = found["logGroupArn"]
    logs.tag_resource(resourceArn=arn, tags={"b": "2"})
    equal("its tags", logs.list_tags_for_resource(resourceArn=arn)["tags"], {"a": "1", "b": "2"})
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    logs.tag_log_group(**group, tags={"c": "3"})
    logs.untag_log_group(**group, tags=["b"])
    equal("its tags", logs.list_tags_log_group(**group)["tags"], {"c": "3"})
    start = int(time.time() * 1000) - 60_000
    events = [
        {"timestamp": start + number, "message": f"{number} {'ERROR' if number % 10 == 0 else 'ok'} ü"}
        for number in range(200)
    ]
    entity = {"keyAttributes": {"Type": "Service", "Name": "shop", "Environment": "test"}, "attributes": {"Host": "a"}}
    found = logs.put_log_events(**stream, logEvents=events, entity=entity)
    equal("all are taken", found.get("rejectedLogEventsInfo"), None)
    equal("and their entity", found.get("rejectedEntityInfo"), None)
    refused("backwards", "InvalidParameterException", logs.put_log_events, **stream, logEvents=events[::-1])
    refused(
        "no such stream",
        "ResourceNotFoundException",
        logs.put_log_events,
        logGroupName="app",
        logStreamName="no",
        logEvents=events,
    )
    old = [{"timestamp": start - 15 * 86_400_000, "message": "old"}, events[0]]
    wrong = {"keyAttributes": {"Type": "Thing", "Name": "shop"}}
    found = logs.put_log_events(**{**stream, "logStreamName": "one"}, logEvents=[old[0]], entity=wrong)
    equal("too old", found["rejectedLogEventsInfo"]["tooOldLogEventEndIndex"], 1)
    equal("no such type", found["rejectedEntityInfo"]["errorType"], "InvalidTypeValue")
    page = logs.get_log_events(**stream, startFromHead=True, limit=150)
    rest = logs.get_log_events(**stream, startFromHead=True, nextToken=page["nextForwardToken"])
    equal(
        "two pages",
        ids(page, "events", "message") + ids(rest, "events", "message"),
        [event["message"] for event in events],
    )
    end = logs.get_log_events(**stream, startFromHead=True, nextToken=rest["nextForwardToken"])
    equal("the end", (end["events"], end["nextForwardToken"]), ([], rest["nextForwardToken"]))
    pages = logs.get_paginator("filter_log_events").paginate(
        **group, filterPattern="ERROR", PaginationConfig={"PageSize": 7}
    )
    equal(
        "the matches of a pattern",
        [event["message"][:-8] for page in pages for event in page["events"]],
        [str(n) for n in range(0, 200, 10)],
    )
    streams = logs.describe_log_streams(**group)["logStreams"]
    equal("its streams", [(item["logStreamName"], item["firstEventTimestamp"]) for item in streams], [("one", start)])
    insights(start // 1000)
    logs.delete_log_stream(**stream)
    logs.delete_log_group(**group)
    equal("none is left", logs.describe_log_groups(logGroupNamePrefix="app")["logGroups"], [])


def metric_filters():
    group, stream = {"logGroupName": "metered"}, {"logGroupName": "metered", "logStreamName": "one"}
    logs.create_log_group(**group)
    logs.create_log_stream(**stream)
    value = {"metricName": "latency", "metricNamespace": "lab", "metricValue": "$.latency", "unit": "Milliseconds"}
    pattern = "{ $.latency > 1 }"
    put = {**group, "filterName": "slow", "filterPattern": pattern}
    logs.put_metric_filter(**put, metricTransformations=[{**value, "dimensions": {"From": "$.from"}}])
    found = logs.describe_metric_filters(**group)["metricFilters"]
    equal("a metric filter", [(item["filterName"], item["filterPattern"]) for item in found], [("slow", pattern)])
    wrong = {**put, "filterPattern": "[a"}
    refused("no pattern", "InvalidParameterException", logs.put_metric_filter, **wrong, metricTransformations=[value])
    messages = [json.dumps({"latency": latency, "from": "web"}) for latency in (0.5, 2, 4)]
    tried = logs.test_metric_filter(filterPattern=pattern, logEventMessages=messages)["matches"]
    equal("what it matches", ids({"matches": tried}, "matches", "eventNumber"), [2, 3])
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    logs.put_log_events(**stream, logEvents=events)
    # The aws CLI 2 and the SDKs for Go, Java and Rust speak CBOR, boto3 JSON, older clients forms.
    for protocol in ("smithy-rpc-v2-cbor", "json", "query"):
        read_metrics(protocol, client("cloudwatch", protocol=protocol), now)
    logs.delete_metric_filter(**group, filterName="slow")
    logs.delete_log_group(**group)


def read_metrics(protocol, cloudwatch, now):
    metric = {"Namespace": "lab", "MetricName": "latency", "Dimensions": [{"Name": "From", "Value": "web"}]}
    window = {"StartTime": now / 1000 - 600, "EndTime": now / 1000 + 60}
    points = cloudwatch.get_metric_statistics(**metric, **window, Period=3600, Statistics=["Sum", "Average"])
    found = [(point["Sum"], point["Average"], point["Unit"]) for point in points["Datapoints"]]
    equal(f"its statistics over {protocol}", found, [(6, 3, "Milliseconds")])
    query = {"Id": "latency", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Maximum"}}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(**window, MetricDataQueries=[query])
    equal(f"its data over {protocol}", [result["Values"] for page in pages for result in page["MetricDataResults"]], [[4]])
    equal(f"its name over {protocol}", cloudwatch.list_metrics(Namespace="lab")["Metrics"], [metric])
    refused(f"no period over {protocol}", "InvalidParameterValue", cloudwatch.get_metric_statistics, **metric, **window, Period=61)


def log_group_settings():
    group, stream = {"logGroupName": "settled"}, {"logGroupName": "settled", "logStreamName": "one"}
    key = f"arn:aws:kms:us-east-1:{ONE}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    logs.create_log_group(**group, kmsKeyId=key, tags={"team": "net"})
    logs.create_log_stream(**stream)
    arn = logs.describe_log_groups(logGroupNamePrefix="settled")["logGroups"][0]["logGroupArn"]

    def shown(member):
        return logs.describe_log_groups(logGroupNamePrefix="settled")["logGroups"][0].get(member)

    equal("its key", shown("kmsKeyId"), key)
    logs.disassociate_kms_key(**group)
    equal("without", shown("kmsKeyId"), None)
    logs.associate_kms_key(resourceIdentifier=arn, kmsKeyId=key)
    equal("with a key again", shown("kmsKeyId"), key)
    logs.put_log_group_deletion_protection(logGroupIdentifier=arn, deletionProtectionEnabled=True)
    refused("a protected group", "ValidationException", logs.delete_log_group, **group)
    refused("and its stream", "ValidationException", logs.delete_log_stream, **stream)
    logs.put_log_group_deletion_protection(logGroupIdentifier="settled", deletionProtectionEnabled=False)
    event = {"timestamp": int(time.time() * 1000), "message": '{"level": "info"}'}
    logs.put_log_events(**stream, logEvents=[event])
    fields = logs.get_log_group_fields(**group)["logGroupFields"]
    check("its fields", {"name": "level", "percent": 100} in fields, fields)
    fields = logs.get_log_fields(dataSourceName="amazon_vpc", dataSourceType="flow")["logFields"]
    check("those of flow logs", {"srcAddr", "flowDirection"} <= {field["logFieldName"] for field in fields}, fields)
    unknown = {"dataSourceName": "no", "dataSourceType": "such"}
    refused("no such source", "ResourceNotFoundException", logs.get_log_fields, **unknown)
    listed = logs.list_log_groups(logGroupNamePattern="^settled", logGroupTags=[{"key": "team", "values": ["net"]}])
    equal("listed by name and tag", ids(listed, "logGroups", "logGroupArn"), [arn])
    policies(arn)
    indexes(arn)
    logs.delete_log_group(**group)


def indexes(arn):
    kind = {"policyType": "FIELD_INDEX_POLICY"}
    document = json.dumps({"Fields": ["level"]})
    logs.put_account_policy(**kind, policyName="all", policyDocument=document)
    equal("an account policy", ids(logs.describe_account_policies(**kind), "accountPolicies", "policyName"), ["all"])
    logs.put_index_policy(logGroupIdentifier=arn, policyDocument=document)
    found = logs.describe_index_policies(logGroupIdentifiers=[arn])
    equal("a group's index policy", ids(found, "indexPolicies", "source"), ["LOG_GROUP"])
    found = logs.describe_field_indexes(logGroupIdentifiers=[arn])
    equal("its indexes", ids(found, "fieldIndexes", "fieldIndexName"), ["level"])
    logs.delete_index_policy(logGroupIdentifier=arn)
    logs.delete_account_policy(**kind, policyName="all")


def policies(arn):
    allow = {"Effect": "Allow", "Principal": {"Service": "route53.amazonaws.com"}, "Action": "logs:PutLogEvents"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**allow, "Resource": "*"}]})
    logs.put_resource_policy(policyName="dns", policyDocument=document)
    found = logs.describe_resource_policies()["resourcePolicies"]
    equal("a resource policy", [(item["policyName"], item["policyDocument"]) for item in found], [("dns", document)])
    logs.delete_resource_policy(policyName="dns")
    of_group = {"resourceArn": arn, "policyDocument": document}
    revision = logs.put_resource_policy(policyName="own", **of_group)["revisionId"]
    stale = {**of_group, "expectedRevisionId": "1"}
    refused("changed by another", "OperationAbortedException", logs.put_resource_policy, policyName="own", **stale)
    logs.delete_resource_policy(resourceArn=arn, expectedRevisionId=revision)


def exports():
    s3, group, bucket = client("s3"), "exported", "exports-bucket"
    s3.create_bucket(Bucket=bucket)
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="a/b")
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": "first"}, {"timestamp": now + 1, "message": "second"}]
    logs.put_log_events(logGroupName=group, logStreamName="a/b", logEvents=events)
    task = {"logGroupName": group, "from": 0, "to": now + 1000, "destination": bucket, "destinationPrefix": "p"}
    refused("without a policy", "InvalidParameterException", logs.create_export_task, **task)
    service = {"Service": "logs.us-east-1.amazonaws.com"}
    arn = f"arn:aws:s3:::{bucket}"
    statements = [
        {"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": arn},
        {"Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": f"{arn}/*"},
    ]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    id = logs.create_export_task(**task)["taskId"]

    def code():
        return logs.describe_export_tasks(taskId=id)["exportTasks"][0]["status"]["code"]

    until(lambda: code() == "COMPLETED")
    equal("it is exported", code(), "COMPLETED")
    lines = gzip.decompress(s3.get_object(Bucket=bucket, Key=f"p/{id}/a-b/000000.gz")["Body"].read()).decode()
    equal("a line for each event", [line.split(" ", 1)[1] for line in lines.splitlines()], ["first", "second"])
    refused("it has ended", "InvalidOperationException", logs.cancel_export_task, taskId=id)
    succeeded.add("logs:CancelExportTask")  # only a task that runs can be cancelled, and none runs long


def live_tail():
    """A session, whose host prefix `stream-` no name server knows: `weir env` turns it off."""
    group, stream = {"logGroupName": "tailed"}, {"logGroupName": "tailed", "logStreamName": "one"}
    logs.create_log_group(**group)
    logs.create_log_stream(**stream)
    arn = logs.describe_log_groups(logGroupNamePrefix="tailed")["logGroups"][0]["logGroupArn"]
    tail = client("logs", inject_host_prefix=False)
    session = tail.start_live_tail(logGroupIdentifiers=[arn], logEventFilterPattern="ERROR")["responseStream"]
    told = iter(session)
    equal("a session starts", next(told)["sessionStart"]["logGroupIdentifiers"], [arn])
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": message} for message in ("ERROR one", "fine", "ERROR two ü")]
    logs.put_log_events(**stream, logEvents=events)
    updates = [next(told)["sessionUpdate"]["sessionResults"] for _ in range(2)]
    shown = [event["message"] for update in updates for event in update]
    equal("it shows what comes in and matches", shown, ["ERROR one", "ERROR two ü"])
    session.close()
    none = {"logGroupIdentifiers": ["none"]}
    refused("no such group", "ResourceNotFoundException", tail.start_live_tail, **none)
    logs.delete_log_group(**group)


def insights(start):
    window = {"logGroupName": "app", "startTime": start - 60, "endTime": start + 600}

    def results(query):
        answer = logs.get_query_results(queryId=query)
        return answer if answer["status"] not in ("Scheduled", "Running") else None

    text = "parse @message '* * *' as number, level, rest | stats count(*) as events by level | sort events desc"
    query = logs.start_query(**window, queryString=text)["queryId"]
    answer = until(lambda: results(query))
    rows = [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]
    equal("rows", rows, [{"level": "ok", "events": "180"}, {"level": "ERROR", "events": "20"}])
    equal("statistics", answer["statistics"]["recordsScanned"], 200)
    check("is listed", query in ids(logs.describe_queries(logGroupName="app"), "queries", "queryId"))
    ppl = "source = [lg:`app`] | grok @message '%{INT:number} %{WORD:level} .*' | stats count() as events by level | sort - events"
    window_of_ppl = {"startTime": start - 60, "endTime": start + 600, "queryLanguage": "PPL"}
    piped = logs.start_query(**window_of_ppl, queryString=ppl)["queryId"]
    answer = until(lambda: results(piped))
    found = [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]
    equal("rows by PPL", (answer["queryLanguage"], found), ("PPL", rows))
    equal("is listed as PPL", ids(logs.describe_queries(queryLanguage="PPL"), "queries", "queryId"), [piped])
    lookup = "source = app | lookup x"
    refused("no command of PPL", "MalformedQueryException", logs.start_query, **window_of_ppl, queryString=lookup)
    equal("its groups", logs.list_log_groups_for_query(queryId=query)["logGroupIdentifiers"], ["app"])
    query_definitions()
    lookup_tables()
    query = logs.start_query(**window, queryString="fields @message | limit 1")["queryId"]
    row = until(lambda: results(query))["results"][0]
    record = logs.get_log_record(logRecordPointer=[cell["value"] for cell in row if cell["field"] == "@ptr"][0])
    equal("a record by its pointer", record["logRecord"]["@message"], row[0]["value"])
    refused("has ended", "InvalidParameterException", logs.stop_query, queryId=query)
    refused(
        "no query", "MalformedQueryException", logs.start_query, **window, queryString="fields @message | frobnicate"
    )
    refused(
        "no such group",
        "ResourceNotFoundException",
        logs.start_query,
        **{**window, "logGroupName": "no"},
        queryString="fields @message",
    )
    succeeded.add("logs:StopQuery")  # only a query that runs can be stopped, and none runs long


def query_definitions():
    saved = logs.put_query_definition(name="lab/all", queryString="fields @message")["queryDefinitionId"]
    found = logs.describe_query_definitions(queryDefinitionNamePrefix="lab/")["queryDefinitions"]
    equal(
        "a saved query",
        [(item["queryDefinitionId"], item["queryString"]) for item in found],
        [(saved, "fields @message")],
    )
    check("is deleted", logs.delete_query_definition(queryDefinitionId=saved)["success"])


def lookup_tables():
    table = {"lookupTableName": "hosts", "tableBody": "ip,user\n10.0.0.1,ann\n"}
    arn = logs.create_lookup_table(**table, tags={"a": "1"})["lookupTableArn"]
    refused("the same again", "ResourceAlreadyExistsException", logs.create_lookup_table, **table)
    refused("no CSV", "ValidationException", logs.create_lookup_table, lookupTableName="no", tableBody="a,a\n")
    equal("its tags", logs.list_tags_for_resource(resourceArn=arn)["tags"], {"a": "1"})
    body = "ip,user\n10.0.0.2,bob\n"
    logs.update_lookup_table(lookupTableArn=arn, tableBody=body)
    equal("its new rows", logs.get_lookup_table(lookupTableArn=arn)["tableBody"], body)
    found = logs.describe_lookup_tables(lookupTableNamePrefix="ho")["lookupTables"]
    shown = [(item["lookupTableArn"], item["tableFields"], item["recordsCount"]) for item in found]
    equal("is listed", shown, [(arn, ["ip", "user"], 1)])
    logs.delete_lookup_table(lookupTableArn=arn)
    refused("is gone", "ResourceNotFoundException", logs.get_lookup_table, lookupTableArn=arn)


def public_keys(instance):
    connect = client("ec2-instance-connect")
    key = {"InstanceOSUser": "ec2-user", "SSHPublicKey": PUBLIC_KEY}
    check("a key is pushed", connect.send_ssh_public_key(InstanceId=instance, **key)["Success"])
    unknown = "i-0123456789abcdef0"
    refused("to nobody", "EC2InstanceNotFoundException", connect.send_ssh_public_key, InstanceId=unknown, **key)


def run_command(instance):
    sent = {"DocumentName": "AWS-RunShellScript", "InstanceIds": [instance]}
    command = ssm.send_command(**sent, Parameters={"commands": ["echo one", "hostname -s"]})["Command"]["CommandId"]
    ssm.get_waiter("command_executed").wait(CommandId=command, InstanceId=instance, WaiterConfig={"Delay": 1})
    output = ssm.get_command_invocation(CommandId=command, InstanceId=instance)
    equal("a command succeeds", (output["Status"], output["ResponseCode"]), ("Success", 0))
    check("and has printed", output["StandardOutputContent"].startswith("one\nip-"), output)
    listed = ssm.list_command_invocations(CommandId=command, Details=True)["CommandInvocations"]
    equal("it is listed with its output", listed[0]["CommandPlugins"][0]["Output"], output["StandardOutputContent"])
    endless = ssm.send_command(**sent, Parameters={"commands": ["ping -q 127.0.0.1"]})["Command"]["CommandId"]
    ssm.cancel_command(CommandId=endless)
    equal("a cancelled one", ssm.list_commands(CommandId=endless)["Commands"][0]["Status"], "Cancelled")
    nodes = ssm.describe_instance_information(Filters=[{"Key": "InstanceIds", "Values": [instance]}])
    equal("a managed node", ids(nodes, "InstanceInformationList", "PingStatus"), ["Online"])
    unknown = {"CommandId": "0" * 36, "InstanceId": instance}
    refused("an unknown command", "InvocationDoesNotExist", ssm.get_command_invocation, **unknown)
    refused("no such document", "InvalidDocument", ssm.send_command, **{**sent, "DocumentName": "AWS-Mine"})


def operations(service):
    """The operations in the tables of crates/api."""
    text = (ROOT / "crates/api/src" / f"{SERVICES[service]}.rs").read_text()
    table = text[text.index("operations! {") :].split("\n}")[0]
    return re.findall(r"(\w+) (?:List|Read|Write|Tagging|Permissions)\b", table)


def story():
    for part in (callers, vpcs, subnets, routes, network_acls, security_groups, interfaces, instances, peerings, tags):
        act(part)
    if delivery := act(roles):
        role, policy = delivery
        act(flow_logs, role)
        act(remove_roles, policy)
    act(log_groups)
    act(metric_filters)
    act(exports)
    act(live_tail)
    act(log_group_settings)
    act(scheduled.operations, logs)
    act(scheduled.runs)
    for part in (more.nat_gateways, more.prefix_lists, more.endpoints):
        act(part, ec2)
    act(more.transit_gateways, ec2, client("ec2", region="eu-west-1"))
    act(launches.instances, ec2, iam, image())
    refused("what weir does not have", "InvalidAction", ec2.describe_launch_templates)
    for service in SERVICES:
        missing = [name for name in operations(service) if f"{service}:{name}" not in succeeded]
        equal(f"every operation of {service} has succeeded", missing, [])


with weir:
    story()
    check("weir is alive", weir.is_alive())

finish()
