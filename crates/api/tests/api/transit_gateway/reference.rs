//! References to prefix lists in transit gateways' tables.
//! Expectations: Amazon VPC Transit Gateways guide, "Prefix list references"; EC2 API Reference.

use super::*;

fn list(world: &mut World) -> String {
    let params = "PrefixListName=net&AddressFamily=IPv4&MaxEntries=3&Entry.1.Cidr=10.7.0.0/16&Entry.2.Cidr=10.8.0.0/16";
    world.id("CreateManagedPrefixList", params, "prefixListId")
}

#[test]
fn a_reference_is_made_changed_and_deleted() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &home);
    let (table, list) = (table(&mut world, &id), list(&mut world));
    let both = format!("TransitGatewayRouteTableId={table}&PrefixListId={list}");
    let to = format!("{both}&TransitGatewayAttachmentId={attachment}");
    world.shows(
        "CreateTransitGatewayPrefixListReference",
        &to,
        expect![[r#"
        <transitGatewayPrefixListReference>
          <transitGatewayRouteTableId>tgw-rtb-1</transitGatewayRouteTableId>
          <prefixListId>pl-2</prefixListId>
          <prefixListOwnerId>111111111111</prefixListOwnerId>
          <state>pending</state>
          <blackhole>false</blackhole>
          <transitGatewayAttachment>
            <resourceId>vpc-3</resourceId>
            <transitGatewayAttachmentId>tgw-attach-4</transitGatewayAttachmentId>
            <resourceType>vpc</resourceType>
          </transitGatewayAttachment>
        </transitGatewayPrefixListReference>
    "#]],
    );
    let again = "RouteAlreadyExists: Prefix List Reference {list} already exists in Transit Gateway Route Table {table}.";
    let again = again.replace("{list}", &list).replace("{table}", &table);
    world.refuses("CreateTransitGatewayPrefixListReference", &to, &again);
    assert_eq!(routes(&mut world, &table), ["10.7.0.0/16 static active", "10.8.0.0/16 static active"]);
    let search =
        format!("TransitGatewayRouteTableId={table}&Filter.1.Name=prefix-list-id&Filter.1.Value.1={list}");
    assert_eq!(world.all("SearchTransitGatewayRoutes", &search, "prefixListId"), [list.as_str(), &list]);
    world.shows(
        "ModifyTransitGatewayPrefixListReference",
        &format!("{both}&Blackhole=true"),
        expect![[r#"
            <transitGatewayPrefixListReference>
              <transitGatewayRouteTableId>tgw-rtb-1</transitGatewayRouteTableId>
              <prefixListId>pl-2</prefixListId>
              <prefixListOwnerId>111111111111</prefixListOwnerId>
              <state>modifying</state>
              <blackhole>true</blackhole>
            </transitGatewayPrefixListReference>
        "#]],
    );
    assert_eq!(routes(&mut world, &table), ["10.7.0.0/16 static blackhole", "10.8.0.0/16 static blackhole"]);
    world.shows(
        "GetTransitGatewayPrefixListReferences",
        &format!("TransitGatewayRouteTableId={table}"),
        expect![[r#"
            <transitGatewayPrefixListReferenceSet>
              <item>
                <transitGatewayRouteTableId>tgw-rtb-1</transitGatewayRouteTableId>
                <prefixListId>pl-2</prefixListId>
                <prefixListOwnerId>111111111111</prefixListOwnerId>
                <state>available</state>
                <blackhole>true</blackhole>
              </item>
            </transitGatewayPrefixListReferenceSet>
        "#]],
    );
    world.refuses(
        "DeleteManagedPrefixList",
        &format!("PrefixListId={list}"),
        &format!("DependencyViolation: The prefixList '{list}' has dependencies and cannot be deleted."),
    );
    let referrers =
        world.all("GetManagedPrefixListAssociations", &format!("PrefixListId={list}"), "resourceId");
    assert_eq!(referrers, [table.as_str()]);
    world.shows(
        "DeleteTransitGatewayPrefixListReference",
        &both,
        expect![[r#"
        <transitGatewayPrefixListReference>
          <transitGatewayRouteTableId>tgw-rtb-1</transitGatewayRouteTableId>
          <prefixListId>pl-2</prefixListId>
          <prefixListOwnerId>111111111111</prefixListOwnerId>
          <state>deleting</state>
          <blackhole>true</blackhole>
        </transitGatewayPrefixListReference>
    "#]],
    );
    assert_eq!(routes(&mut world, &table), [""; 0]);
    let gone = format!(
        "InvalidRoute.NotFound: no route with destination-prefix-list-id {list} in route table {table}"
    );
    world.refuses("DeleteTransitGatewayPrefixListReference", &both, &gone);
    world.refuses("ModifyTransitGatewayPrefixListReference", &to, &gone);
}

#[test]
fn a_reference_needs_a_list_and_one_target() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &home);
    let (table, list) = (table(&mut world, &id), list(&mut world));
    let action = "CreateTransitGatewayPrefixListReference";
    world.refuses(
        action,
        &format!("TransitGatewayRouteTableId={table}&PrefixListId={list}"),
        "MissingParameter: The request must contain exactly one of transitGatewayAttachmentId, blackhole",
    );
    let both = format!("TransitGatewayAttachmentId={attachment}&Blackhole=true");
    world.refuses(
        action,
        &format!("TransitGatewayRouteTableId={table}&PrefixListId={list}&{both}"),
        "InvalidParameterCombination: The parameters transitGatewayAttachmentId and blackhole cannot be used together",
    );
    world.refuses(
        action,
        &format!("TransitGatewayRouteTableId={table}&PrefixListId=pl-00000000000000000&Blackhole=true"),
        "InvalidPrefixListID.NotFound: The prefix list ID 'pl-00000000000000000' does not exist",
    );
    world.refuses(
        action,
        &format!("TransitGatewayRouteTableId=tgw-rtb-00000000000000000&PrefixListId={list}&Blackhole=true"),
        "InvalidRouteTableID.NotFound: Transit Gateway Route Table tgw-rtb-00000000000000000 was deleted or does not exist.",
    );
}

#[test]
fn references_are_found_by_their_filters() {
    let mut world = world();
    let id = gateway(&mut world);
    let home = vpc(&mut world, 1);
    let attachment = attach(&mut world, &id, &home);
    let (table, near, dark) = (table(&mut world, &id), list(&mut world), list(&mut world));
    let make = |list: &str, to: &str| format!("TransitGatewayRouteTableId={table}&PrefixListId={list}&{to}");
    world.does(
        "CreateTransitGatewayPrefixListReference",
        &make(&near, &format!("TransitGatewayAttachmentId={attachment}")),
    );
    world.does("CreateTransitGatewayPrefixListReference", &make(&dark, "Blackhole=true"));
    let rows = [
        ("attachment.resource-id", home.0.as_str(), vec![&near]),
        ("attachment.resource-type", "vpc", vec![&near]),
        ("attachment.transit-gateway-attachment-id", &attachment, vec![&near]),
        ("is-blackhole", "true", vec![&dark]),
        ("prefix-list-id", &near, vec![&near]),
        ("prefix-list-owner-id", OURS, vec![&near, &dark]),
        ("state", "pending", vec![]),
    ];
    for (filter, value, mut expected) in rows {
        expected.sort();
        let params =
            format!("TransitGatewayRouteTableId={table}&Filter.1.Name={filter}&Filter.1.Value.1={value}");
        let found = world.all("GetTransitGatewayPrefixListReferences", &params, "prefixListId");
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter} {value}");
    }
}
