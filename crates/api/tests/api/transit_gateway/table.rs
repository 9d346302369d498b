//! Route tables of transit gateways: associations, propagations, routes.
//! Expectations: Amazon VPC Transit Gateways guide; EC2 API Reference.

use super::*;

#[test]
fn an_attachment_is_associated_with_one_table() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &home);
    let (default, other) = (default_table(&mut world, &id), table(&mut world, &id));
    let with =
        |table: &str| format!("TransitGatewayRouteTableId={table}&TransitGatewayAttachmentId={attachment}");
    world.refuses(
        "AssociateTransitGatewayRouteTable",
        &with(&other),
        &format!("Resource.AlreadyAssociated: Transit Gateway Attachment {attachment} is already associated to a route table."),
    );
    world.refuses(
        "DisassociateTransitGatewayRouteTable",
        &with(&other),
        &format!("InvalidAssociation.NotFound: {attachment} is not associated with {other}."),
    );
    world.shows(
        "DisassociateTransitGatewayRouteTable",
        &with(&default),
        expect![[r#"
        <association>
          <transitGatewayRouteTableId>tgw-rtb-1</transitGatewayRouteTableId>
          <transitGatewayAttachmentId>tgw-attach-2</transitGatewayAttachmentId>
          <resourceId>vpc-3</resourceId>
          <resourceType>vpc</resourceType>
          <state>disassociating</state>
        </association>
    "#]],
    );
    world.shows(
        "AssociateTransitGatewayRouteTable",
        &with(&other),
        expect![[r#"
        <association>
          <transitGatewayRouteTableId>tgw-rtb-1</transitGatewayRouteTableId>
          <transitGatewayAttachmentId>tgw-attach-2</transitGatewayAttachmentId>
          <resourceId>vpc-3</resourceId>
          <resourceType>vpc</resourceType>
          <state>associating</state>
        </association>
    "#]],
    );
    let of_other = format!("TransitGatewayRouteTableId={other}");
    world.shows(
        "GetTransitGatewayRouteTableAssociations",
        &of_other,
        expect![[r#"
        <associations>
          <item>
            <transitGatewayAttachmentId>tgw-attach-1</transitGatewayAttachmentId>
            <resourceId>vpc-2</resourceId>
            <resourceType>vpc</resourceType>
            <state>associated</state>
          </item>
        </associations>
    "#]],
    );
    world.refuses(
        "DeleteTransitGatewayRouteTable",
        &of_other,
        &format!("IncorrectState: {other} has non-deleted associations."),
    );
    world.refuses(
        "DeleteTransitGatewayRouteTable",
        &format!("TransitGatewayRouteTableId={default}"),
        &format!(
            "IncorrectState: {default} is a default route table of its transit gateway and cannot be deleted."
        ),
    );
    world.does("DisassociateTransitGatewayRouteTable", &with(&other));
    assert_eq!(world.all("DeleteTransitGatewayRouteTable", &of_other, "state"), ["deleting"]);
    world.refuses(
        "AssociateTransitGatewayRouteTable",
        &with(&other),
        &format!(
            "InvalidRouteTableID.NotFound: Transit Gateway Route Table {other} was deleted or does not exist."
        ),
    );
    let foreign = gateway(&mut world);
    let foreign = default_table(&mut world, &foreign);
    world.refuses(
        "AssociateTransitGatewayRouteTable",
        &with(&foreign),
        &format!("InvalidParameterValue: {foreign} and {attachment} belong to different transit gateways."),
    );
}

#[test]
fn an_attachment_propagates_to_any_number_of_tables() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &home);
    let other = table(&mut world, &id);
    let to =
        |table: &str| format!("TransitGatewayRouteTableId={table}&TransitGatewayAttachmentId={attachment}");
    assert!(routes(&mut world, &other).is_empty());
    world.shows(
        "EnableTransitGatewayRouteTablePropagation",
        &to(&other),
        expect![[r#"
        <propagation>
          <transitGatewayAttachmentId>tgw-attach-1</transitGatewayAttachmentId>
          <resourceId>vpc-2</resourceId>
          <resourceType>vpc</resourceType>
          <transitGatewayRouteTableId>tgw-rtb-3</transitGatewayRouteTableId>
          <state>enabling</state>
        </propagation>
    "#]],
    );
    assert_eq!(routes(&mut world, &other), ["10.1.0.0/16 propagated active"]);
    world.refuses(
        "EnableTransitGatewayRouteTablePropagation",
        &to(&other),
        &format!("TransitGatewayRouteTablePropagation.Duplicate: Propagation from {attachment} to {other} already exists."),
    );
    let of_attachment = format!("TransitGatewayAttachmentId={attachment}");
    assert_eq!(
        world.all("GetTransitGatewayAttachmentPropagations", &of_attachment, "state"),
        ["enabled", "enabled"]
    );
    let by_table =
        format!("{of_attachment}&Filter.1.Name=transit-gateway-route-table-id&Filter.1.Value.1={other}");
    world.shows(
        "GetTransitGatewayAttachmentPropagations",
        &by_table,
        expect![[r#"
        <transitGatewayAttachmentPropagations>
          <item>
            <transitGatewayRouteTableId>tgw-rtb-1</transitGatewayRouteTableId>
            <state>enabled</state>
          </item>
        </transitGatewayAttachmentPropagations>
    "#]],
    );
    world.shows(
        "GetTransitGatewayRouteTablePropagations",
        &format!("TransitGatewayRouteTableId={other}"),
        expect![[r#"
            <transitGatewayRouteTablePropagations>
              <item>
                <transitGatewayAttachmentId>tgw-attach-1</transitGatewayAttachmentId>
                <resourceId>vpc-2</resourceId>
                <resourceType>vpc</resourceType>
                <state>enabled</state>
              </item>
            </transitGatewayRouteTablePropagations>
        "#]],
    );
    assert_eq!(world.all("DisableTransitGatewayRouteTablePropagation", &to(&other), "state"), ["disabling"]);
    assert!(routes(&mut world, &other).is_empty());
    world.refuses(
        "DisableTransitGatewayRouteTablePropagation",
        &to(&other),
        &format!("TransitGatewayRouteTablePropagation.NotFound: Propagation from {attachment} to {other} does not exist."),
    );
    world.refuses(
        "EnableTransitGatewayRouteTablePropagation",
        &format!("TransitGatewayRouteTableId={other}"),
        "MissingParameter: The request must contain the parameter TransitGatewayAttachmentId",
    );
}

// "If you attach a VPC to a transit gateway and its CIDR is identical to, or overlaps with, the CIDR of another VPC that is
// already attached, the routes for the newly attached VPC aren't propagated" (VPC attachments).
#[test]
fn a_block_that_overlaps_an_attached_one_is_not_propagated() {
    let mut world = world();
    let id = gateway(&mut world);
    let first = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &first);
    world.now = world.now.plus_ms(1);
    let second = vpc(&mut world, 1);
    let shadowed = attach(&mut world, &id, &second);
    let default = default_table(&mut world, &id);
    let params =
        format!("TransitGatewayRouteTableId={default}&Filter.1.Name=type&Filter.1.Value.1=propagated");
    let shown = world.all("SearchTransitGatewayRoutes", &params, "transitGatewayAttachmentId");
    assert_eq!(shown, [attachment.as_str()]);
    world.does("DeleteTransitGatewayVpcAttachment", &format!("TransitGatewayAttachmentId={attachment}"));
    let shown = world.all("SearchTransitGatewayRoutes", &params, "transitGatewayAttachmentId");
    assert_eq!(shown, [shadowed]);
}

#[test]
fn routes_are_made_replaced_and_deleted() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &home);
    let table = default_table(&mut world, &id);
    let route =
        |rest: &str| format!("TransitGatewayRouteTableId={table}&DestinationCidrBlock=10.1.0.0/16&{rest}");
    let via = format!("TransitGatewayAttachmentId={attachment}");
    world.shows(
        "CreateTransitGatewayRoute",
        // The AWS provider for Terraform sends an empty id where there is no attachment.
        &route("Blackhole=true&TransitGatewayAttachmentId="),
        expect![[r#"
        <route>
          <destinationCidrBlock>10.1.0.0/16</destinationCidrBlock>
          <type>static</type>
          <state>blackhole</state>
        </route>
    "#]],
    );
    assert_eq!(routes(&mut world, &table), ["10.1.0.0/16 static blackhole"], "static before propagated");
    world.refuses(
        "CreateTransitGatewayRoute",
        &route(&via),
        "RouteAlreadyExists: Route 10.1.0.0/16 already exists in Transit Gateway Route Table.",
    );
    world.shows(
        "ReplaceTransitGatewayRoute",
        &route(&via),
        expect![[r#"
        <route>
          <destinationCidrBlock>10.1.0.0/16</destinationCidrBlock>
          <transitGatewayAttachments>
            <item>
              <resourceId>vpc-1</resourceId>
              <transitGatewayAttachmentId>tgw-attach-2</transitGatewayAttachmentId>
              <resourceType>vpc</resourceType>
            </item>
          </transitGatewayAttachments>
          <type>static</type>
          <state>active</state>
        </route>
    "#]],
    );
    world.shows(
        "DeleteTransitGatewayRoute",
        &route("").replace("16&", "16"),
        expect![[r#"
        <route>
          <destinationCidrBlock>10.1.0.0/16</destinationCidrBlock>
          <transitGatewayAttachments>
            <item>
              <resourceId>vpc-1</resourceId>
              <transitGatewayAttachmentId>tgw-attach-2</transitGatewayAttachmentId>
              <resourceType>vpc</resourceType>
            </item>
          </transitGatewayAttachments>
          <type>static</type>
          <state>deleted</state>
        </route>
    "#]],
    );
    assert_eq!(routes(&mut world, &table), ["10.1.0.0/16 propagated active"]);
    let absent = format!(
        "InvalidRoute.NotFound: no route with destination-cidr-block 10.1.0.0/16 in route table {table}"
    );
    world.refuses("DeleteTransitGatewayRoute", &route("").replace("16&", "16"), &absent);
    world.refuses("ReplaceTransitGatewayRoute", &route(&via), &absent);
    world.refuses(
        "CreateTransitGatewayRoute",
        &route("Blackhole=false"),
        "MissingParameter: The request must contain exactly one of transitGatewayAttachmentId, blackhole",
    );
    world.refuses(
        "CreateTransitGatewayRoute",
        &route(&format!("{via}&Blackhole=true")),
        "InvalidParameterCombination: The parameters transitGatewayAttachmentId and blackhole cannot be used together",
    );
    world.refuses(
        "CreateTransitGatewayRoute",
        &route("TransitGatewayAttachmentId=tgw-attach-12345678"),
        "InvalidTransitGatewayAttachmentID.NotFound: Transit Gateway Attachment tgw-attach-12345678 was deleted or does not exist.",
    );
    world.refuses(
        "CreateTransitGatewayRoute",
        &route("TransitGatewayAttachmentId=nonsense"),
        "InvalidTransitGatewayAttachmentID.Malformed: Invalid id: &quot;nonsense&quot; (expecting &quot;tgw-attach-...&quot;)",
    );
}

#[test]
fn over_a_peering_nothing_is_propagated() {
    let mut world = world();
    let (id, ours, _) = request(&mut world);
    as_them(&mut world);
    world.does("AcceptTransitGatewayPeeringAttachment", &format!("TransitGatewayAttachmentId={id}"));
    world.access_key = OURS;
    world.region = "us-east-1";
    let table = default_table(&mut world, &ours);
    let pair = format!("TransitGatewayRouteTableId={table}&TransitGatewayAttachmentId={id}");
    world.refuses(
        "EnableTransitGatewayRouteTablePropagation",
        &pair,
        &format!("UnsupportedOperation: {id} is a peering attachment, over which no routes are propagated."),
    );
    world.does("CreateTransitGatewayRoute", &format!("{pair}&DestinationCidrBlock=10.2.0.0/16"));
    assert_eq!(routes(&mut world, &table), ["10.2.0.0/16 static active"]);
    let associated = format!("TransitGatewayRouteTableId={table}");
    assert_eq!(
        world.all("GetTransitGatewayRouteTableAssociations", &associated, "resourceType"),
        ["peering"]
    );
}

#[test]
fn routes_are_found_by_their_blocks() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &home);
    let table = default_table(&mut world, &id);
    for block in ["10.0.0.0/8", "10.1.2.0/24", "0.0.0.0/0"] {
        let params =
            format!("TransitGatewayRouteTableId={table}&DestinationCidrBlock={block}&Blackhole=true");
        world.does("CreateTransitGatewayRoute", &params);
    }
    let rows = [
        ("route-search.exact-match", "10.1.2.0/24", "10.1.2.0/24"),
        ("route-search.longest-prefix-match", "10.1.2.9", "10.1.2.0/24"),
        ("route-search.longest-prefix-match", "10.1.3.0/24", "10.1.0.0/16"),
        ("route-search.subnet-of-match", "10.1.0.0/16", "10.1.0.0/16 10.1.2.0/24"),
        ("route-search.supernet-of-match", "10.1.0.0/16", "0.0.0.0/0 10.0.0.0/8 10.1.0.0/16"),
        ("attachment.transit-gateway-attachment-id", &attachment, "10.1.0.0/16"),
        ("attachment.resource-id", &home.0, "10.1.0.0/16"),
        ("attachment.resource-type", "vpc", "10.1.0.0/16"),
        ("prefix-list-id", "*", ""),
        ("state", "active", "10.1.0.0/16"),
        ("type", "propagated", "10.1.0.0/16"),
    ];
    for (filter, value, blocks) in rows {
        let params =
            format!("TransitGatewayRouteTableId={table}&Filter.1.Name={filter}&Filter.1.Value.1={value}");
        let found = world.all("SearchTransitGatewayRoutes", &params, "destinationCidrBlock");
        assert_eq!(found.join(" "), blocks, "{filter} {value}");
    }
    let search = |rest: &str| format!("TransitGatewayRouteTableId={table}&{rest}");
    world.refuses(
        "SearchTransitGatewayRoutes",
        &search("Filter.1.Name=route-search.nearest&Filter.1.Value.1=10.0.0.0/8"),
        "InvalidParameterValue: The filter 'route-search.nearest' is invalid",
    );
    world.refuses(
        "SearchTransitGatewayRoutes",
        &search("Filter.1.Name=route-search.exact-match&Filter.1.Value.1=here"),
        "InvalidParameterValue: Value (here) for filter route-search.exact-match is invalid.",
    );
    world.refuses(
        "SearchTransitGatewayRoutes",
        &format!("TransitGatewayRouteTableId={table}"),
        "MissingParameter: The request must contain the parameter Filter",
    );
}
