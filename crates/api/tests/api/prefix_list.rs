//! Managed prefix lists.

use crate::world::World;
use expect_test::expect;

const TWO: &str = "PrefixListName=offices&AddressFamily=IPv4&MaxEntries=3&Entry.1.Cidr=198.51.100.0/24\
    &Entry.1.Description=north&Entry.2.Cidr=203.0.113.9/24";

fn list(world: &mut World) -> String {
    world.id("CreateManagedPrefixList", TWO, "prefixListId")
}

fn blocks(world: &mut World, params: &str) -> String {
    world.all("GetManagedPrefixListEntries", params, "cidr").join(" ")
}

#[test]
fn a_list_is_made_changed_restored_and_deleted() {
    let mut world = World::new();
    let tags = "TagSpecification.1.ResourceType=prefix-list&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=x";
    world.shows(
        "CreateManagedPrefixList",
        &format!("{TWO}&{tags}"),
        expect![[r#"
            <prefixList>
              <prefixListId>pl-1</prefixListId>
              <addressFamily>IPv4</addressFamily>
              <state>create-in-progress</state>
              <prefixListArn>arn:aws:ec2:us-east-1:000000000000:prefix-list/pl-1</prefixListArn>
              <prefixListName>offices</prefixListName>
              <maxEntries>3</maxEntries>
              <version>1</version>
              <tagSet>
                <item>
                  <key>Name</key>
                  <value>x</value>
                </item>
              </tagSet>
              <ownerId>000000000000</ownerId>
            </prefixList>
        "#]],
    );
    let named = "Filter.1.Name=prefix-list-name&Filter.1.Value.1=offices";
    let id = world.id("DescribeManagedPrefixLists", named, "prefixListId");
    let states = |world: &mut World| world.all("DescribeManagedPrefixLists", named, "state").join(" ");
    assert_eq!(states(&mut world), "create-complete");
    let of = format!("PrefixListId={id}");
    world.shows(
        "GetManagedPrefixListEntries",
        &of,
        expect![[r#"
            <entrySet>
              <item>
                <cidr>198.51.100.0/24</cidr>
                <description>north</description>
              </item>
              <item>
                <cidr>203.0.113.0/24</cidr>
              </item>
            </entrySet>
        "#]],
    );
    let change =
        format!("{of}&CurrentVersion=1&AddEntry.1.Cidr=192.0.2.0/24&RemoveEntry.1.Cidr=198.51.100.0/24");
    assert_eq!(world.all("ModifyManagedPrefixList", &change, "state"), ["modify-in-progress"]);
    assert_eq!(states(&mut world), "modify-complete");
    assert_eq!(world.all("DescribeManagedPrefixLists", named, "version"), ["2"]);
    assert_eq!(blocks(&mut world, &of), "203.0.113.0/24 192.0.2.0/24");
    assert_eq!(blocks(&mut world, &format!("{of}&TargetVersion=1")), "198.51.100.0/24 203.0.113.0/24");
    let restore = format!("{of}&PreviousVersion=1&CurrentVersion=2");
    world.shows(
        "RestoreManagedPrefixListVersion",
        &restore,
        expect![[r#"
            <prefixList>
              <prefixListId>pl-1</prefixListId>
              <addressFamily>IPv4</addressFamily>
              <state>restore-in-progress</state>
              <prefixListArn>arn:aws:ec2:us-east-1:000000000000:prefix-list/pl-1</prefixListArn>
              <prefixListName>offices</prefixListName>
              <maxEntries>3</maxEntries>
              <version>2</version>
              <tagSet>
                <item>
                  <key>Name</key>
                  <value>x</value>
                </item>
              </tagSet>
              <ownerId>000000000000</ownerId>
            </prefixList>
        "#]],
    );
    assert_eq!(states(&mut world), "restore-complete");
    assert_eq!(blocks(&mut world, &of), "198.51.100.0/24 203.0.113.0/24");
    let rename = format!("{of}&PrefixListName=sites");
    assert_eq!(world.all("ModifyManagedPrefixList", &rename, "version"), ["3"]);
    let mut world = world.restarted();
    assert_eq!(world.all("DescribeManagedPrefixLists", &format!("PrefixListId.1={id}"), "version"), ["3"]);
    assert_eq!(world.all("DeleteManagedPrefixList", &of, "state"), ["delete-in-progress"]);
    let missing = format!("InvalidPrefixListID.NotFound: The prefix list ID '{id}' does not exist");
    for action in
        ["DeleteManagedPrefixList", "GetManagedPrefixListEntries", "GetManagedPrefixListAssociations"]
    {
        world.refuses(action, &of, &missing);
    }
    world.refuses("ModifyManagedPrefixList", &rename, &missing);
    world.refuses("RestoreManagedPrefixListVersion", &restore, &missing);
    world.refuses("DescribeManagedPrefixLists", &format!("PrefixListId.1={id}"), &missing);
}

#[test]
fn a_token_makes_one_list() {
    let mut world = World::new();
    let params = format!("{TWO}&ClientToken=once");
    let one = world.id("CreateManagedPrefixList", &params, "prefixListId");
    assert_eq!(world.id("CreateManagedPrefixList", &params, "prefixListId"), one);
}

#[test]
fn a_wrong_list_is_refused() {
    let mut world = World::new();
    let made = |rest: &str| format!("PrefixListName=a&AddressFamily=IPv4&{rest}");
    let rows = [
        (
            made("MaxEntries=0"),
            "InvalidParameterValue: Value (0) for parameter maxEntries is invalid. It must be between the number of entries, or 1, and 1000.",
        ),
        (
            made("MaxEntries=-1"),
            "InvalidParameterValue: Value (0) for parameter maxEntries is invalid. It must be between the number of entries, or 1, and 1000.",
        ),
        (
            made("MaxEntries=1&Entry.1.Cidr=10.0.0.0/8&Entry.2.Cidr=11.0.0.0/8"),
            "PrefixListMaxEntriesExceeded: You've reached the maximum number of entries for the prefix list.",
        ),
        (
            made("MaxEntries=2&Entry.1.Cidr=10.0.0.0/8&Entry.2.Cidr=10.1.0.0/8"),
            "InvalidRequest: The request received was invalid.",
        ),
        (
            made("MaxEntries=1&Entry.1.Cidr=::/0"),
            "InvalidParameterValue: The CIDR '::/0' is not of the address family of the prefix list.",
        ),
        (
            "PrefixListName=a&AddressFamily=IPX&MaxEntries=1".to_owned(),
            "InvalidParameterValue: Value (IPX) for parameter addressFamily is invalid. Expecting IPv4 or IPv6.",
        ),
        (
            "PrefixListName=com.amazonaws.a&AddressFamily=IPv6&MaxEntries=1".to_owned(),
            "InvalidParameterValue: Value (com.amazonaws.a) for parameter prefixListName is invalid. A name has 1 to 255 characters and does not begin with com.amazonaws.",
        ),
    ];
    for (params, refusal) in rows {
        world.refuses("CreateManagedPrefixList", &params, refusal);
    }
    let long = "x".repeat(256);
    let described = made(&format!("MaxEntries=1&Entry.1.Cidr=10.0.0.0/8&Entry.1.Description={long}"));
    world.refuses("CreateManagedPrefixList", &described, &format!("InvalidParameterValue: Value ({long}) for parameter description is invalid. A description has at most 255 characters."));
    for _ in 0..100 {
        list(&mut world);
    }
    world.refuses(
        "CreateManagedPrefixList",
        TWO,
        "PrefixListLimitExceeded: The maximum number of prefix lists has been reached.",
    );
}

#[test]
fn a_wrong_change_is_refused() {
    let mut world = World::new();
    let id = list(&mut world);
    let of = format!("PrefixListId={id}");
    let rows = [
        ("CurrentVersion=2&AddEntry.1.Cidr=10.0.0.0/8", format!("PrefixListVersionMismatch: The prefix list {id} has the incorrect version number")),
        ("AddEntry.1.Cidr=10.0.0.0/8", "MissingParameter: The request must contain the parameter CurrentVersion".to_owned()),
        ("CurrentVersion=1&AddEntry.1.Cidr=198.51.100.0/24&RemoveEntry.1.Cidr=198.51.100.0/24", "InvalidParameterValue: Request cannot contain Cidr 198.51.100.0/24 in both AddPrefixListEntries and RemovePrefixListEntries".to_owned()),
        ("CurrentVersion=1&AddEntry.1.Cidr=198.51.100.0/24", "InvalidRequest: The request received was invalid.".to_owned()),
        ("CurrentVersion=1&RemoveEntry.1.Cidr=10.0.0.0/8", "InvalidParameterValue: The prefix list has no entry for the CIDR '10.0.0.0/8'.".to_owned()),
        ("CurrentVersion=1&AddEntry.1.Cidr=10.0.0.0/8&AddEntry.2.Cidr=11.0.0.0/8", "PrefixListMaxEntriesExceeded: You've reached the maximum number of entries for the prefix list.".to_owned()),
        ("CurrentVersion=1&AddEntry.1.Cidr=10.0.0.0/8&MaxEntries=9", "InvalidParameterCombination: You cannot modify the entries of a prefix list and modify the size of a prefix list at the same time.".to_owned()),
        ("IpamPrefixListResolverSyncEnabled=true", "UnknownParameter: The parameter IpamPrefixListResolverSyncEnabled is not recognized: not implemented by weir".to_owned()),
    ];
    for (params, refusal) in rows {
        world.refuses("ModifyManagedPrefixList", &format!("{of}&{params}"), &refusal);
    }
    world.refuses(
        "RestoreManagedPrefixListVersion",
        &format!("{of}&PreviousVersion=4&CurrentVersion=1"),
        &format!("InvalidParameterValue: The version 4 of the prefix list {id} does not exist."),
    );
    world.refuses(
        "GetManagedPrefixListEntries",
        &format!("{of}&TargetVersion=-1"),
        &format!("InvalidParameterValue: The version 0 of the prefix list {id} does not exist."),
    );
    world.refuses(
        "ModifyManagedPrefixList",
        "PrefixListId=pl-x",
        "InvalidPrefixListId.Malformed: Invalid id: &quot;pl-x&quot; (expecting &quot;pl-...&quot;)",
    );
}

#[test]
fn references_are_listed_and_hold_a_list() {
    let mut world = World::new();
    let id = list(&mut world);
    let vpc = world.id("DescribeVpcs", "", "vpcId");
    let gateway = world.id("DescribeInternetGateways", "", "internetGatewayId");
    let table = world.id("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId");
    let group = world.id("DescribeSecurityGroups", "", "groupId");
    world.does(
        "CreateRoute",
        &format!("RouteTableId={table}&DestinationPrefixListId={id}&GatewayId={gateway}"),
    );
    let rule = format!(
        "GroupId={group}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.PrefixListIds.1.PrefixListId={id}"
    );
    let rule = world.id("AuthorizeSecurityGroupIngress", &rule, "securityGroupRuleId");
    world.shows(
        "GetManagedPrefixListAssociations",
        &format!("PrefixListId={id}"),
        expect![[r#"
            <prefixListAssociationSet>
              <item>
                <resourceId>rtb-1</resourceId>
                <resourceOwner>000000000000</resourceOwner>
              </item>
              <item>
                <resourceId>sg-2</resourceId>
                <resourceOwner>000000000000</resourceOwner>
              </item>
            </prefixListAssociationSet>
        "#]],
    );
    let held = format!("DependencyViolation: The prefixList '{id}' has dependencies and cannot be deleted.");
    world.refuses("DeleteManagedPrefixList", &format!("PrefixListId={id}"), &held);
    let found = world.all(
        "DescribeRouteTables",
        &format!("Filter.1.Name=route.destination-prefix-list-id&Filter.1.Value.1={id}"),
        "destinationPrefixListId",
    );
    assert_eq!(found.join(" "), id);
    let found =
        world.all("DescribeSecurityGroupRules", &format!("SecurityGroupRuleId.1={rule}"), "prefixListId");
    assert_eq!(found.join(" "), id);
    let grow = format!("PrefixListId={id}&MaxEntries=1000");
    assert_eq!(world.all("ModifyManagedPrefixList", &grow, "state"), ["modify-in-progress"]);
    let of = format!("PrefixListId.1={id}");
    assert_eq!(world.all("DescribeManagedPrefixLists", &of, "state"), ["modify-failed"]);
    let said = format!("Resources that do not support the new maximum size: {table}, {group}");
    assert_eq!(world.all("DescribeManagedPrefixLists", &of, "stateMessage"), [said]);
    assert_eq!(world.all("DescribeManagedPrefixLists", &of, "maxEntries"), ["3"]);
    world.does("DeleteRoute", &format!("RouteTableId={table}&DestinationPrefixListId={id}"));
    world.does("RevokeSecurityGroupIngress", &format!("GroupId={group}&SecurityGroupRuleId.1={rule}"));
    world.does("DeleteManagedPrefixList", &format!("PrefixListId={id}"));
}

#[test]
fn aws_keeps_lists_of_its_own_in_every_region() {
    let mut world = World::new();
    world.check(
        "DescribePrefixLists",
        "Filter.1.Name=prefix-list-name&Filter.1.Value.1=*.dynamodb",
        expect![[r#"
            <prefixListSet>
              <item>
                <cidrSet>
                  <item>52.94.0.0/22</item>
                  <item>52.119.224.0/20</item>
                </cidrSet>
                <prefixListId>pl-02cd2c6b</prefixListId>
                <prefixListName>com.amazonaws.us-east-1.dynamodb</prefixListName>
              </item>
            </prefixListSet>
        "#]],
    );
    world.check(
        "DescribeManagedPrefixLists",
        "Filter.1.Name=owner-id&Filter.1.Value.1=AWS&Filter.2.Name=prefix-list-id&Filter.2.Value.1=pl-6*",
        expect![[r#"
            <prefixListSet>
              <item>
                <prefixListId>pl-63a5400a</prefixListId>
                <addressFamily>IPv4</addressFamily>
                <state>create-complete</state>
                <prefixListArn>arn:aws:ec2:us-east-1:aws:prefix-list/pl-63a5400a</prefixListArn>
                <prefixListName>com.amazonaws.us-east-1.s3</prefixListName>
                <tagSet/>
                <ownerId>AWS</ownerId>
              </item>
            </prefixListSet>
        "#]],
    );
    assert_eq!(
        blocks(&mut world, "PrefixListId=pl-63a5400a"),
        "54.231.0.0/17 52.216.0.0/15 3.5.16.0/21 3.5.0.0/20"
    );
    let of_aws = "OperationNotPermitted: The prefix list pl-63a5400a is managed by AWS.";
    world.refuses("DeleteManagedPrefixList", "PrefixListId=pl-63a5400a", of_aws);
    let own = list(&mut world);
    world.refuses(
        "DescribePrefixLists",
        &format!("PrefixListId.1={own}"),
        &format!("InvalidPrefixListID.NotFound: The prefix list ID '{own}' does not exist"),
    );
    let id = "Filter.1.Name=prefix-list-id&Filter.1.Value.1=pl-63a5400a";
    assert_eq!(world.all("DescribePrefixLists", id, "prefixListId"), ["pl-63a5400a"]);
    world.region = "eu-west-1";
    assert_eq!(world.all("DescribePrefixLists", id, "prefixListId"), Vec::<String>::new());
    assert_eq!(
        world
            .all("DescribePrefixLists", "", "prefixListName")
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>(),
        ["dynamodb", "ec2-instance-connect", "s3"]
            .map(|name| format!("com.amazonaws.eu-west-1.{name}"))
            .into()
    );
}

#[test]
fn lists_and_entries_come_in_pages() {
    let mut world = World::new();
    let id = list(&mut world);
    let first = world.does("GetManagedPrefixListEntries", &format!("PrefixListId={id}&MaxResults=1"));
    assert!(first.contains("198.51.100.0/24") && !first.contains("203.0.113.0/24"), "{first}");
    let token = crate::shown::between(&first, "nextToken").expect("a token").to_owned();
    let rest = format!("PrefixListId={id}&NextToken={token}");
    assert_eq!(blocks(&mut world, &rest), "203.0.113.0/24");
    world.refuses(
        "GetManagedPrefixListAssociations",
        &format!("PrefixListId={id}&MaxResults=4"),
        "InvalidParameterValue: Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5.",
    );
    let lists = world.all("DescribeManagedPrefixLists", "MaxResults=2", "prefixListId");
    assert_eq!(lists.len(), 2);
}
