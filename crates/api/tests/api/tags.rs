//! Tags by resource id. Expectations: EC2 User Guide, "Tag your Amazon EC2 resources"; EC2 API Reference, DeleteTags.

use crate::shown::named;
use crate::world::World;
use expect_test::expect;

#[test]
fn tags_are_put_on_listed_and_taken_off() {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let pair = |key: &str, value: &str| format!("ResourceId.1={vpc}&Tag.1.Key={key}&Tag.1.Value={value}");
    world.shows(
        "CreateTags",
        &pair("Name", "lab"),
        expect![[r#"
        <return>true</return>
    "#]],
    );
    world.ec2("CreateTags", &pair("Stage", "test"));
    world.ec2("CreateTags", &pair("Name", "lab 2"));
    world.shows(
        "DescribeTags",
        &format!("Filter.1.Name=resource-id&Filter.1.Value.1={vpc}"),
        expect![[r#"
            <tagSet>
              <item>
                <key>Name</key>
                <resourceId>vpc-1</resourceId>
                <resourceType>vpc</resourceType>
                <value>lab 2</value>
              </item>
              <item>
                <key>Stage</key>
                <resourceId>vpc-1</resourceId>
                <resourceType>vpc</resourceType>
                <value>test</value>
              </item>
            </tagSet>
        "#]],
    );
    world.shows(
        "DescribeTags",
        "Filter.1.Name=tag:Stage&Filter.1.Value.1=t*",
        expect![[r#"
        <tagSet>
          <item>
            <key>Stage</key>
            <resourceId>vpc-1</resourceId>
            <resourceType>vpc</resourceType>
            <value>test</value>
          </item>
        </tagSet>
    "#]],
    );
    world.shows(
        "DeleteTags",
        &pair("Stage", "other"),
        expect![[r#"
        <return>true</return>
    "#]],
    );
    assert!(world.ec2("DescribeTags", "Filter.1.Name=key&Filter.1.Value.1=Stage").contains("<value>test<"));
    world.ec2("DeleteTags", &pair("Stage", "test"));
    world.ec2("DeleteTags", &format!("ResourceId.1={vpc}&Tag.1.Key=Name"));
    world.shows(
        "DescribeTags",
        "",
        expect![[r#"
        <tagSet/>
    "#]],
    );
}

#[test]
fn tags_are_refused_in_aws_words() {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let mut tag = |id: &str, key: &str| {
        named(&world.ec2("CreateTags", &format!("ResourceId.1={id}&Tag.1.Key={key}&Tag.1.Value=v")))
    };
    expect!["400 InvalidVpcID.NotFound: The vpc ID 'vpc-1' does not exist"]
        .assert_eq(&tag("vpc-0123456789abcdef0", "a"));
    expect!["400 InvalidID: The ID 'thing-1' is not valid"].assert_eq(&tag("thing-1", "a"));
    expect!["400 InvalidParameterValue: Tag keys starting with 'aws:' are reserved for internal use"]
        .assert_eq(&tag(&vpc, "aws:cloudformation:stack-name"));
    expect!["400 InvalidParameterValue: Tag key exceeds the maximum length of 128 characters"]
        .assert_eq(&tag(&vpc, &"k".repeat(129)));
    world.shows(
        "CreateTags",
        &format!("ResourceId.1={vpc}"),
        expect!["400 MissingParameter: The request must contain the parameter Tag"],
    );
    let many: Vec<String> = (1..=51).map(|n| format!("Tag.{n}.Key=k{n}&Tag.{n}.Value=v")).collect();
    world.shows(
        "CreateTags",
        &format!("ResourceId.1={vpc}&{}", many.join("&")),
        expect!["400 TagLimitExceeded: The maximum number of Tags for a resource has been reached."],
    );
    world.shows(
        "DescribeTags",
        "",
        expect![[r#"
        <tagSet/>
    "#]],
    );
}

/// EC2 API Reference, "Error codes for the Amazon EC2 API": the codes of each kind of id.
#[test]
fn what_has_no_tags_is_refused_in_the_words_of_its_kind() {
    let mut world = World::new();
    let rows = [
        ("ami-12345678", "InvalidAMIID.NotFound: The image id '[ami-12345678]' does not exist"),
        ("vol-12345678", "InvalidVolume.NotFound: The volume 'vol-12345678' does not exist."),
        ("vpc-x", "InvalidVpcID.Malformed: Invalid id: &quot;vpc-x&quot; (expecting &quot;vpc-...&quot;)"),
        (
            "sgr-x",
            "InvalidSecurityGroupRuleId.Malformed: Invalid id: &quot;sgr-x&quot; (expecting &quot;sgr-...&quot;)",
        ),
        ("ami-x", "InvalidAMIID.Malformed: Invalid id: &quot;ami-x&quot; (expecting &quot;ami-...&quot;)"),
        (
            "tgw-rtb-x",
            "InvalidRouteTableId.Malformed: Invalid id: &quot;tgw-rtb-x&quot; (expecting &quot;tgw-rtb-...&quot;)",
        ),
        ("colour-12345678", "InvalidID: The ID 'colour-12345678' is not valid"),
        ("vpc", "InvalidID: The ID 'vpc' is not valid"),
    ];
    for (id, refusal) in rows {
        world.refuses("CreateTags", &format!("ResourceId.1={id}&Tag.1.Key=a&Tag.1.Value=b"), refusal);
        world.refuses("DeleteTags", &format!("ResourceId.1={id}"), refusal);
    }
}
