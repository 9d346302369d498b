//! Route tables, their routes and associations.

use crate::world::World;
use expect_test::expect;

/// A VPC 10.0.0.0/16 with a subnet and an attached gateway, and a table of its own.
struct Lab {
    world: World,
    vpc: String,
    subnet: String,
    gateway: String,
    table: String,
}

fn lab() -> Lab {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let subnet = world.id("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24"), "subnetId");
    let gateway = world.id("CreateInternetGateway", "", "internetGatewayId");
    world.does("AttachInternetGateway", &format!("InternetGatewayId={gateway}&VpcId={vpc}"));
    let table = world.id("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId");
    Lab { world, vpc, subnet, gateway, table }
}

#[test]
fn a_table_has_the_local_route_and_what_is_added() {
    let mut lab = lab();
    let (vpc, gateway) = (&lab.vpc, &lab.gateway);
    lab.world.shows("CreateRouteTable", &format!("VpcId={vpc}&TagSpecification.1.ResourceType=route-table&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=public"), expect![[r#"
        <routeTable>
          <routeTableId>rtb-1</routeTableId>
          <vpcId>vpc-2</vpcId>
          <ownerId>000000000000</ownerId>
          <routeSet>
            <item>
              <destinationCidrBlock>10.0.0.0/16</destinationCidrBlock>
              <gatewayId>local</gatewayId>
              <state>active</state>
              <origin>CreateRouteTable</origin>
            </item>
          </routeSet>
          <associationSet/>
          <propagatingVgwSet/>
          <tagSet>
            <item>
              <key>Name</key>
              <value>public</value>
            </item>
          </tagSet>
        </routeTable>
    "#]]);
    let table = &lab.table;
    lab.world.returns(
        "CreateRoute",
        &format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}"),
    );
    lab.world.does(
        "CreateRoute",
        &format!("RouteTableId={table}&DestinationIpv6CidrBlock=::/0&GatewayId={gateway}"),
    );
    lab.world.does("AssociateRouteTable", &format!("RouteTableId={table}&SubnetId={}", lab.subnet));
    lab.world.does("DetachInternetGateway", &format!("InternetGatewayId={gateway}&VpcId={vpc}"));
    lab.world.shows(
        "DescribeRouteTables",
        &format!("RouteTableId.1={table}"),
        expect![[r#"
        <routeTableSet>
          <item>
            <routeTableId>rtb-1</routeTableId>
            <vpcId>vpc-2</vpcId>
            <ownerId>000000000000</ownerId>
            <routeSet>
              <item>
                <destinationCidrBlock>10.0.0.0/16</destinationCidrBlock>
                <gatewayId>local</gatewayId>
                <state>active</state>
                <origin>CreateRouteTable</origin>
              </item>
              <item>
                <destinationCidrBlock>0.0.0.0/0</destinationCidrBlock>
                <gatewayId>igw-3</gatewayId>
                <state>blackhole</state>
                <origin>CreateRoute</origin>
              </item>
              <item>
                <destinationIpv6CidrBlock>::/0</destinationIpv6CidrBlock>
                <gatewayId>igw-3</gatewayId>
                <state>blackhole</state>
                <origin>CreateRoute</origin>
              </item>
            </routeSet>
            <associationSet>
              <item>
                <routeTableAssociationId>rtbassoc-4</routeTableAssociationId>
                <routeTableId>rtb-1</routeTableId>
                <subnetId>subnet-5</subnetId>
                <main>false</main>
                <associationState>
                  <state>associated</state>
                </associationState>
              </item>
            </associationSet>
            <propagatingVgwSet/>
            <tagSet/>
          </item>
        </routeTableSet>
    "#]],
    );
}

#[test]
fn the_main_association_is_shown() {
    let mut lab = lab();
    let params = format!(
        "Filter.1.Name=association.main&Filter.1.Value.1=true&Filter.2.Name=vpc-id&Filter.2.Value.1={}",
        lab.vpc
    );
    lab.world.shows(
        "DescribeRouteTables",
        &params,
        expect![[r#"
        <routeTableSet>
          <item>
            <routeTableId>rtb-1</routeTableId>
            <vpcId>vpc-2</vpcId>
            <ownerId>000000000000</ownerId>
            <routeSet>
              <item>
                <destinationCidrBlock>10.0.0.0/16</destinationCidrBlock>
                <gatewayId>local</gatewayId>
                <state>active</state>
                <origin>CreateRouteTable</origin>
              </item>
            </routeSet>
            <associationSet>
              <item>
                <routeTableAssociationId>rtbassoc-3</routeTableAssociationId>
                <routeTableId>rtb-1</routeTableId>
                <main>true</main>
                <associationState>
                  <state>associated</state>
                </associationState>
              </item>
            </associationSet>
            <propagatingVgwSet/>
            <tagSet/>
          </item>
        </routeTableSet>
    "#]],
    );
}

#[test]
fn a_token_makes_one_table() {
    let mut lab = lab();
    let params = format!("VpcId={}&ClientToken=once", lab.vpc);
    let one = lab.world.id("CreateRouteTable", &params, "routeTableId");
    assert_eq!(lab.world.id("CreateRouteTable", &params, "routeTableId"), one);
    assert_eq!(lab.world.id("CreateRouteTable", &params, "clientToken"), "once");
}

#[test]
fn refused_routes_say_why() {
    let mut lab = lab();
    let (table, gateway) = (lab.table.clone(), lab.gateway.clone());
    let loose = lab.world.id("CreateInternetGateway", "", "internetGatewayId");
    lab.world.does(
        "CreateRoute",
        &format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}"),
    );
    let inside = "is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance.";
    let targets = "gatewayId, instanceId, networkInterfaceId, vpcPeeringConnectionId, natGatewayId, egressOnlyInternetGatewayId, transitGatewayId, vpcEndpointId";
    let to = "destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId";
    let rows = [
        (format!("DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}"), "RouteAlreadyExists: The route identified by 0.0.0.0/0 already exists.".to_owned()),
        (format!("DestinationCidrBlock=10.0.1.0/24&GatewayId={gateway}"), format!("InvalidParameterValue: The destination CIDR block 10.0.1.0/24 {inside}")),
        (format!("DestinationCidrBlock=10.0.0.0/16&GatewayId={gateway}"), format!("InvalidParameterValue: The destination CIDR block 10.0.0.0/16 {inside}")),
        (format!("DestinationCidrBlock=169.254.169.0/24&GatewayId={gateway}"), "InvalidParameterValue: The destination CIDR block 169.254.169.0/24 is reserved for AWS services.".to_owned()),
        (format!("DestinationCidrBlock=1.0.0.0/8&GatewayId={loose}"), format!("InvalidParameterValue: route table {table} and network gateway {loose} belong to different networks")),
        ("DestinationCidrBlock=1.0.0.0/8&GatewayId=igw-12345678".into(), "InvalidGatewayID.NotFound: The gateway ID 'igw-12345678' does not exist".to_owned()),
        ("DestinationCidrBlock=1.0.0.0/8&GatewayId=vgw-12345678".into(), "InvalidGatewayID.NotFound: The gateway ID 'vgw-12345678' does not exist".to_owned()),
        ("DestinationCidrBlock=1.0.0.0/8&GatewayId=local".into(), "InvalidGatewayID.NotFound: The gateway ID 'local' does not exist".to_owned()),
        ("DestinationCidrBlock=1.0.0.0/8&NatGatewayId=nat-12345678".into(), "InvalidNatGatewayID.NotFound: The natGateway ID 'nat-12345678' does not exist".to_owned()),
        ("DestinationCidrBlock=1.0.0.0/8&NetworkInterfaceId=eni-12345678".into(), "InvalidNetworkInterfaceID.NotFound: The networkInterface ID 'eni-12345678' does not exist".to_owned()),
        ("DestinationCidrBlock=1.0.0.0/8&InstanceId=i-12345678".into(), "InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist".to_owned()),
        ("DestinationCidrBlock=1.0.0.0/8&VpcPeeringConnectionId=pcx-12345678".into(), "InvalidVpcPeeringConnectionID.NotFound: The vpcPeeringConnection ID 'pcx-12345678' does not exist".to_owned()),
        ("DestinationCidrBlock=1.0.0.0/8&TransitGatewayId=tgw-12345678".into(), "InvalidTransitGatewayID.NotFound: The transitGateway ID 'tgw-12345678' does not exist".to_owned()),
        ("DestinationCidrBlock=1.0.0.0/8&VpcEndpointId=vpce-12345678".into(), "InvalidVpcEndpointId.NotFound: The Vpc Endpoint Id 'vpce-12345678' does not exist".to_owned()),
        (format!("DestinationPrefixListId=pl-12345678&GatewayId={gateway}"), "InvalidPrefixListID.NotFound: The prefix list ID 'pl-12345678' does not exist".to_owned()),
        (format!("GatewayId={gateway}"), format!("MissingParameter: The request must contain exactly one of {to}")),
        (format!("DestinationCidrBlock=1.0.0.0/8&DestinationIpv6CidrBlock=::/0&GatewayId={gateway}"), format!("InvalidParameterCombination: The request must contain exactly one of {to}")),
        ("DestinationCidrBlock=1.0.0.0/8".into(), format!("MissingParameter: The request must contain exactly one of {targets}")),
        (format!("DestinationCidrBlock=1.0.0.0/8&GatewayId={gateway}&InstanceId=i-12345678"), format!("InvalidParameterCombination: The request must contain exactly one of {targets}")),
        ("DestinationIpv6CidrBlock=::/0&EgressOnlyInternetGatewayId=eigw-12345678".into(), "InvalidGatewayID.NotFound: The eigw ID 'eigw-12345678' does not exist".to_owned()),
        ("DestinationCidrBlock=1.0.0.0/8&CarrierGatewayId=cagw-12345678".into(), "UnknownParameter: The parameter CarrierGatewayId is not recognized: not implemented by weir".to_owned()),
    ];
    for (params, refusal) in rows {
        lab.world.refuses("CreateRoute", &format!("RouteTableId={table}&{params}"), &refusal);
        assert!(lab.world.changes.is_empty(), "{params}: {:?}", lab.world.changes);
    }
    let unknown = "InvalidRouteTableID.NotFound: The routeTable ID 'rtb-12345678' does not exist";
    lab.world.refuses(
        "CreateRoute",
        &format!("RouteTableId=rtb-12345678&DestinationCidrBlock=1.0.0.0/8&GatewayId={gateway}"),
        unknown,
    );
    lab.world.refuses(
        "ReplaceRoute",
        &format!("RouteTableId=rtb-12345678&DestinationCidrBlock=1.0.0.0/8&GatewayId={gateway}"),
        unknown,
    );
    lab.world.refuses("DeleteRoute", "RouteTableId=rtb-12345678&DestinationCidrBlock=1.0.0.0/8", unknown);
}

#[test]
fn an_instance_with_one_interface_is_a_target() {
    let mut lab = lab();
    let (table, subnet) = (lab.table.clone(), lab.subnet.clone());
    let image = lab.world.id(
        "DescribeImages",
        "Filter.1.Name=name&Filter.1.Value.1=al2023-ami-2023*&Filter.2.Name=architecture&Filter.2.Value.1=x86_64",
        "imageId",
    );
    let launch = format!("ImageId={image}&InstanceType=t2.micro&MinCount=1&MaxCount=1&SubnetId={subnet}");
    let instance = lab.world.id("RunInstances", &launch, "instanceId");
    let to = |cidr: &str| format!("RouteTableId={table}&DestinationCidrBlock={cidr}&InstanceId={instance}");
    lab.world.returns("CreateRoute", &to("0.0.0.0/0"));
    let interface =
        lab.world.id("DescribeInstances", &format!("InstanceId.1={instance}"), "networkInterfaceId");
    let shown = lab.world.does("DescribeRouteTables", &format!("RouteTableId.1={table}"));
    for element in [
        format!("<instanceId>{instance}</instanceId>"),
        "<instanceOwnerId>000000000000</instanceOwnerId>".to_owned(),
        format!("<networkInterfaceId>{interface}</networkInterfaceId>"),
    ] {
        assert!(shown.contains(&element), "{element} is not in {shown}");
    }
    lab.world.does("StopInstances", &format!("InstanceId.1={instance}"));
    let states = lab.world.all("DescribeRouteTables", &format!("RouteTableId.1={table}"), "state");
    assert_eq!(states, ["active", "blackhole"]);

    let second = lab.world.id("CreateNetworkInterface", &format!("SubnetId={subnet}"), "networkInterfaceId");
    let attach = format!("NetworkInterfaceId={second}&InstanceId={instance}&DeviceIndex=1");
    lab.world.does("AttachNetworkInterface", &attach);
    lab.world.refuses("CreateRoute", &to("1.0.0.0/8"), &format!("InvalidInstanceID: There are multiple interfaces attached to instance '{instance}'. Please specify an interface ID for the operation instead."));
    let via = format!("RouteTableId={table}&DestinationCidrBlock=1.0.0.0/8&NetworkInterfaceId={second}");
    lab.world.returns("CreateRoute", &via);
}

#[test]
fn routes_are_replaced_and_deleted() {
    let mut lab = lab();
    let (table, gateway) = (lab.table.clone(), lab.gateway.clone());
    let at = |destination: &str| format!("RouteTableId={table}&DestinationCidrBlock={destination}");
    let via = format!("&GatewayId={gateway}");
    lab.world.refuses("ReplaceRoute", &(at("0.0.0.0/0") + &via), "InvalidParameterValue: There is no route defined for '0.0.0.0/0' in the route table. Use CreateRoute instead.");
    lab.world.does("CreateRoute", &(at("0.0.0.0/0") + &via));
    lab.world.returns("ReplaceRoute", &(at("0.0.0.0/0") + &via));
    lab.world.refuses("ReplaceRoute", &(at("0.0.0.0/0") + "&LocalTarget=true"), "InvalidParameterValue: The destination 0.0.0.0/0 is not a CIDR block of the VPC and cannot have the target local.");
    lab.world.does("ReplaceRoute", &(at("10.0.0.0/16") + "&LocalTarget=true"));
    lab.world.refuses(
        "DeleteRoute",
        &at("10.0.0.0/16"),
        &format!("InvalidParameterValue: cannot remove local route 10.0.0.0/16 in route table {table}"),
    );
    lab.world.returns("DeleteRoute", &at("0.0.0.0/0"));
    lab.world.refuses(
        "DeleteRoute",
        &at("0.0.0.0/0"),
        &format!(
            "InvalidRoute.NotFound: no route with destination-cidr-block 0.0.0.0/0 in route table {table}"
        ),
    );
}

#[test]
fn a_peering_that_is_deleted_leaves_a_blackhole() {
    let mut lab = lab();
    let peer = lab.world.id("CreateVpc", "CidrBlock=10.9.0.0/16", "vpcId");
    let pcx = lab.world.id(
        "CreateVpcPeeringConnection",
        &format!("VpcId={}&PeerVpcId={peer}", lab.vpc),
        "vpcPeeringConnectionId",
    );
    let table = lab.table.clone();
    lab.world.does(
        "CreateRoute",
        &format!("RouteTableId={table}&DestinationCidrBlock=10.9.0.0/16&VpcPeeringConnectionId={pcx}"),
    );
    let mut states = || lab.world.all("DescribeRouteTables", &format!("RouteTableId.1={table}"), "state");
    assert_eq!(states(), ["active", "blackhole"]);
    lab.world.does("AcceptVpcPeeringConnection", &format!("VpcPeeringConnectionId={pcx}"));
    let mut states = || lab.world.all("DescribeRouteTables", &format!("RouteTableId.1={table}"), "state");
    assert_eq!(states(), ["active", "active"]);
    lab.world.does("DeleteVpcPeeringConnection", &format!("VpcPeeringConnectionId={pcx}"));
    let mut states = || lab.world.all("DescribeRouteTables", &format!("RouteTableId.1={table}"), "state");
    assert_eq!(states(), ["active", "blackhole"]);
}

#[test]
fn associations_move_and_end() {
    let mut lab = lab();
    let (table, subnet, vpc) = (lab.table.clone(), lab.subnet.clone(), lab.vpc.clone());
    let associate = format!("RouteTableId={table}&SubnetId={subnet}");
    lab.world.shows(
        "AssociateRouteTable",
        &associate,
        expect![[r#"
        <associationId>rtbassoc-1</associationId>
        <associationState>
          <state>associated</state>
        </associationState>
    "#]],
    );
    let id = lab.world.id("AssociateRouteTable", &associate, "associationId");
    let mains = format!(
        "Filter.1.Name=association.main&Filter.1.Value.1=true&Filter.2.Name=vpc-id&Filter.2.Value.1={vpc}"
    );
    let main = lab.world.id("DescribeRouteTables", &mains, "routeTableId");
    let main_id = lab.world.id("DescribeRouteTables", &mains, "routeTableAssociationId");
    lab.world.refuses("AssociateRouteTable", &format!("RouteTableId={main}&SubnetId={subnet}"), &format!("Resource.AlreadyAssociated: the specified association for route table {main} conflicts with an existing association {id}"));
    lab.world.refuses(
        "AssociateRouteTable",
        &format!("RouteTableId={table}"),
        "MissingParameter: The request must contain exactly one of subnetId, gatewayId",
    );
    lab.world.refuses(
        "AssociateRouteTable",
        &format!("{associate}&GatewayId={}", lab.gateway),
        "InvalidParameterCombination: The parameters subnetId and gatewayId cannot be used together",
    );
    lab.world.refuses(
        "DeleteRouteTable",
        &format!("RouteTableId={table}"),
        &format!("DependencyViolation: The routeTable '{table}' has dependencies and cannot be deleted."),
    );
    lab.world.shows(
        "ReplaceRouteTableAssociation",
        &format!("AssociationId={id}&RouteTableId={main}"),
        expect![[r#"
        <newAssociationId>rtbassoc-1</newAssociationId>
        <associationState>
          <state>associated</state>
        </associationState>
    "#]],
    );
    let moved = lab.world.id(
        "DescribeRouteTables",
        &format!("Filter.1.Name=association.subnet-id&Filter.1.Value.1={subnet}"),
        "routeTableId",
    );
    assert_eq!(moved, main);
    lab.world.refuses(
        "DisassociateRouteTable",
        &format!("AssociationId={id}"),
        &format!("InvalidAssociationID.NotFound: The association ID '{id}' does not exist"),
    );
    lab.world.refuses(
        "DisassociateRouteTable",
        &format!("AssociationId={main_id}"),
        &format!("InvalidParameterValue: cannot disassociate the main route table association {main_id}"),
    );
    lab.world.does("ReplaceRouteTableAssociation", &format!("AssociationId={main_id}&RouteTableId={table}"));
    assert_eq!(lab.world.id("DescribeRouteTables", &mains, "routeTableId"), table);
    let explicit =
        lab.world.all("DescribeRouteTables", &format!("RouteTableId.1={main}"), "routeTableAssociationId");
    lab.world.returns("DisassociateRouteTable", &format!("AssociationId={}", explicit[0]));
    lab.world.returns("DeleteRouteTable", &format!("RouteTableId={main}"));
    lab.world.refuses(
        "DeleteRouteTable",
        &format!("RouteTableId={main}"),
        &format!("InvalidRouteTableID.NotFound: The routeTable ID '{main}' does not exist"),
    );
}

#[test]
fn a_gateway_can_have_a_table() {
    let mut lab = lab();
    let (table, gateway) = (lab.table.clone(), lab.gateway.clone());
    let associate = format!("RouteTableId={table}&GatewayId={gateway}");
    lab.world.does("AssociateRouteTable", &associate);
    assert_eq!(
        lab.world.id(
            "DescribeRouteTables",
            &format!("Filter.1.Name=association.gateway-id&Filter.1.Value.1={gateway}"),
            "routeTableId"
        ),
        table
    );
    lab.world.refuses("CreateRoute", &format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}"), &format!("InvalidParameterValue: Route table {table} contains an unsupported route destination for a gateway: 0.0.0.0/0."));
    lab.world.refuses(
        "DetachInternetGateway",
        &format!("InternetGatewayId={gateway}&VpcId={}", lab.vpc),
        &format!(
            "DependencyViolation: The internetGateway '{gateway}' has dependencies and cannot be deleted."
        ),
    );
    lab.world.refuses(
        "AssociateRouteTable",
        &format!("RouteTableId={table}&GatewayId=vgw-12345678"),
        "InvalidVpnGatewayID.NotFound: The vpnGateway ID 'vgw-12345678' does not exist",
    );
}

#[test]
fn tables_are_found_by_filter() {
    let mut lab = lab();
    let (table, subnet, vpc, gateway) =
        (lab.table.clone(), lab.subnet.clone(), lab.vpc.clone(), lab.gateway.clone());
    let id = lab.world.id(
        "AssociateRouteTable",
        &format!("RouteTableId={table}&SubnetId={subnet}"),
        "associationId",
    );
    lab.world.does(
        "CreateRoute",
        &format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}"),
    );
    lab.world.does(
        "CreateRoute",
        &format!("RouteTableId={table}&DestinationIpv6CidrBlock=::/0&GatewayId={gateway}"),
    );
    let rows = [
        ("association.gateway-id", "*", 0),
        ("association.route-table-association-id", id.as_str(), 1),
        ("association.route-table-id", table.as_str(), 1),
        ("association.subnet-id", subnet.as_str(), 1),
        ("association.main", "true", 1),
        ("association.main", "false", 1),
        ("owner-id", "000000000000", 2),
        ("route-table-id", table.as_str(), 1),
        ("route.destination-cidr-block", "0.0.0.0/0", 1),
        ("route.destination-ipv6-cidr-block", "::/0", 1),
        ("route.destination-prefix-list-id", "*", 0),
        ("route.egress-only-internet-gateway-id", "*", 0),
        ("route.gateway-id", gateway.as_str(), 1),
        ("route.gateway-id", "local", 2),
        ("route.instance-id", "*", 0),
        ("route.nat-gateway-id", "*", 0),
        ("route.transit-gateway-id", "*", 0),
        ("route.origin", "CreateRoute", 1),
        ("route.state", "active", 2),
        ("route.vpc-peering-connection-id", "*", 0),
        ("tag-key", "*", 0),
    ];
    for (name, value, count) in rows {
        let params = format!(
            "Filter.1.Name={name}&Filter.1.Value.1={value}&Filter.2.Name=vpc-id&Filter.2.Value.1={vpc}"
        );
        assert_eq!(lab.world.all("DescribeRouteTables", &params, "vpcId").len(), count, "{name}={value}");
    }
    lab.world.refuses("DescribeRouteTables", "MaxResults=101", "InvalidParameterValue: Value ( 101 ) for parameter maxResults is invalid. Expecting a value less than 100.");
}
