//! Network ACLs, their entries and associations.

use crate::world::World;
use expect_test::expect;

fn world() -> (World, String, String) {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let acl = world.id("CreateNetworkAcl", &format!("VpcId={vpc}"), "networkAclId");
    (world, vpc, acl)
}

#[test]
fn a_default_acl_allows_everything() {
    let (mut world, vpc, _) = world();
    world.does("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24"));
    let params =
        format!("Filter.1.Name=default&Filter.1.Value.1=true&Filter.2.Name=vpc-id&Filter.2.Value.1={vpc}");
    world.shows(
        "DescribeNetworkAcls",
        &params,
        expect![[r#"
        <networkAclSet>
          <item>
            <networkAclId>acl-1</networkAclId>
            <vpcId>vpc-2</vpcId>
            <ownerId>000000000000</ownerId>
            <default>true</default>
            <entrySet>
              <item>
                <ruleNumber>100</ruleNumber>
                <protocol>-1</protocol>
                <ruleAction>allow</ruleAction>
                <egress>true</egress>
                <cidrBlock>0.0.0.0/0</cidrBlock>
              </item>
              <item>
                <ruleNumber>32767</ruleNumber>
                <protocol>-1</protocol>
                <ruleAction>deny</ruleAction>
                <egress>true</egress>
                <cidrBlock>0.0.0.0/0</cidrBlock>
              </item>
              <item>
                <ruleNumber>100</ruleNumber>
                <protocol>-1</protocol>
                <ruleAction>allow</ruleAction>
                <egress>false</egress>
                <cidrBlock>0.0.0.0/0</cidrBlock>
              </item>
              <item>
                <ruleNumber>32767</ruleNumber>
                <protocol>-1</protocol>
                <ruleAction>deny</ruleAction>
                <egress>false</egress>
                <cidrBlock>0.0.0.0/0</cidrBlock>
              </item>
            </entrySet>
            <associationSet>
              <item>
                <networkAclAssociationId>aclassoc-3</networkAclAssociationId>
                <networkAclId>acl-1</networkAclId>
                <subnetId>subnet-4</subnetId>
              </item>
            </associationSet>
            <tagSet/>
          </item>
        </networkAclSet>
    "#]],
    );
}

#[test]
fn a_custom_acl_denies_until_entries_allow() {
    let (mut world, vpc, acl) = world();
    world.shows("CreateNetworkAcl", &format!("VpcId={vpc}&ClientToken=t&TagSpecification.1.ResourceType=network-acl&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=own"), expect![[r#"
        <networkAcl>
          <networkAclId>acl-1</networkAclId>
          <vpcId>vpc-2</vpcId>
          <ownerId>000000000000</ownerId>
          <default>false</default>
          <entrySet>
            <item>
              <ruleNumber>32767</ruleNumber>
              <protocol>-1</protocol>
              <ruleAction>deny</ruleAction>
              <egress>true</egress>
              <cidrBlock>0.0.0.0/0</cidrBlock>
            </item>
            <item>
              <ruleNumber>32767</ruleNumber>
              <protocol>-1</protocol>
              <ruleAction>deny</ruleAction>
              <egress>false</egress>
              <cidrBlock>0.0.0.0/0</cidrBlock>
            </item>
          </entrySet>
          <associationSet/>
          <tagSet>
            <item>
              <key>Name</key>
              <value>own</value>
            </item>
          </tagSet>
        </networkAcl>
        <clientToken>t</clientToken>
    "#]]);
    let rows = [
        "RuleNumber=110&Egress=false&Protocol=6&PortRange.From=22&PortRange.To=23&RuleAction=allow&CidrBlock=10.9.8.7/8",
        "RuleNumber=100&Egress=false&Protocol=1&Icmp.Type=8&Icmp.Code=-1&RuleAction=deny&CidrBlock=0.0.0.0/0",
        "RuleNumber=120&Egress=true&Protocol=58&Icmp.Type=-1&Icmp.Code=-1&RuleAction=allow&Ipv6CidrBlock=::/0",
        "RuleNumber=130&Egress=true&Protocol=47&PortRange.From=1&PortRange.To=2&RuleAction=allow&CidrBlock=0.0.0.0/0",
    ];
    for row in rows {
        world.returns("CreateNetworkAclEntry", &format!("NetworkAclId={acl}&{row}"));
    }
    world.shows(
        "DescribeNetworkAcls",
        &format!("NetworkAclId.1={acl}"),
        expect![[r#"
        <networkAclSet>
          <item>
            <networkAclId>acl-1</networkAclId>
            <vpcId>vpc-2</vpcId>
            <ownerId>000000000000</ownerId>
            <default>false</default>
            <entrySet>
              <item>
                <ruleNumber>120</ruleNumber>
                <protocol>58</protocol>
                <ruleAction>allow</ruleAction>
                <egress>true</egress>
                <ipv6CidrBlock>::/0</ipv6CidrBlock>
                <icmpTypeCode>
                  <code>-1</code>
                  <type>-1</type>
                </icmpTypeCode>
              </item>
              <item>
                <ruleNumber>130</ruleNumber>
                <protocol>47</protocol>
                <ruleAction>allow</ruleAction>
                <egress>true</egress>
                <cidrBlock>0.0.0.0/0</cidrBlock>
              </item>
              <item>
                <ruleNumber>32767</ruleNumber>
                <protocol>-1</protocol>
                <ruleAction>deny</ruleAction>
                <egress>true</egress>
                <cidrBlock>0.0.0.0/0</cidrBlock>
              </item>
              <item>
                <ruleNumber>100</ruleNumber>
                <protocol>1</protocol>
                <ruleAction>deny</ruleAction>
                <egress>false</egress>
                <cidrBlock>0.0.0.0/0</cidrBlock>
                <icmpTypeCode>
                  <code>-1</code>
                  <type>8</type>
                </icmpTypeCode>
              </item>
              <item>
                <ruleNumber>110</ruleNumber>
                <protocol>6</protocol>
                <ruleAction>allow</ruleAction>
                <egress>false</egress>
                <cidrBlock>10.0.0.0/8</cidrBlock>
                <portRange>
                  <from>22</from>
                  <to>23</to>
                </portRange>
              </item>
              <item>
                <ruleNumber>32767</ruleNumber>
                <protocol>-1</protocol>
                <ruleAction>deny</ruleAction>
                <egress>false</egress>
                <cidrBlock>0.0.0.0/0</cidrBlock>
              </item>
            </entrySet>
            <associationSet/>
            <tagSet/>
          </item>
        </networkAclSet>
    "#]],
    );
}

#[test]
fn the_ipv6_deny_is_shown_where_there_is_ipv6() {
    let (mut world, vpc, acl) = world();
    let numbers =
        |world: &mut World| world.all("DescribeNetworkAcls", &format!("NetworkAclId.1={acl}"), "ruleNumber");
    assert_eq!(numbers(&mut world), ["32767", "32767"]);
    world.does("AssociateVpcCidrBlock", &format!("VpcId={vpc}&AmazonProvidedIpv6CidrBlock=true"));
    assert_eq!(numbers(&mut world), ["32767", "32768", "32767", "32768"]);
}

#[test]
fn entries_are_replaced_and_deleted() {
    let (mut world, _, acl) = world();
    let entry = format!("NetworkAclId={acl}&RuleNumber=100&Egress=false&Protocol=-1&CidrBlock=0.0.0.0/0");
    let missing = format!(
        "InvalidNetworkAclEntry.NotFound: The network acl entry identified by 100 in network acl {acl} does not exist"
    );
    world.refuses("ReplaceNetworkAclEntry", &format!("{entry}&RuleAction=deny"), &missing);
    world.does("CreateNetworkAclEntry", &format!("{entry}&RuleAction=allow"));
    world.refuses(
        "CreateNetworkAclEntry",
        &format!("{entry}&RuleAction=deny"),
        "NetworkAclEntryAlreadyExists: The network acl entry identified by 100 already exists.",
    );
    world.returns("ReplaceNetworkAclEntry", &format!("{entry}&RuleAction=deny"));
    assert_eq!(
        world.all("DescribeNetworkAcls", &format!("NetworkAclId.1={acl}"), "ruleAction"),
        ["deny", "deny", "deny"]
    );
    let place = format!("NetworkAclId={acl}&RuleNumber=100&Egress=");
    world.refuses("DeleteNetworkAclEntry", &format!("{place}true"), &missing);
    world.returns("DeleteNetworkAclEntry", &format!("{place}false"));
    world.refuses("DeleteNetworkAclEntry", &format!("{place}false"), &missing);
}

#[test]
fn refused_entries_say_why() {
    let (mut world, _, acl) = world();
    let rows = [
        (
            "RuleNumber=0&Protocol=-1&CidrBlock=0.0.0.0/0",
            "InvalidParameterValue: Value (0) for parameter ruleNumber is invalid. Rule number must be between 1 and 32766.",
        ),
        (
            "RuleNumber=32767&Protocol=-1&CidrBlock=0.0.0.0/0",
            "InvalidParameterValue: Value (32767) for parameter ruleNumber is invalid. Rule number must be between 1 and 32766.",
        ),
        (
            "RuleNumber=-1&Protocol=-1&CidrBlock=0.0.0.0/0",
            "InvalidParameterValue: Value (-1) for parameter ruleNumber is invalid.",
        ),
        (
            "RuleNumber=1&Protocol=tcp&CidrBlock=0.0.0.0/0",
            "InvalidParameterValue: Invalid value 'tcp' for IP protocol. Unknown protocol.",
        ),
        (
            "RuleNumber=1&Protocol=256&CidrBlock=0.0.0.0/0",
            "InvalidParameterValue: Invalid value '256' for IP protocol. Unknown protocol.",
        ),
        (
            "RuleNumber=1&Protocol=6&CidrBlock=0.0.0.0/0",
            "MissingParameter: The request must contain the parameter PortRange",
        ),
        (
            "RuleNumber=1&Protocol=6&PortRange.From=9&PortRange.To=8&CidrBlock=0.0.0.0/0",
            "InvalidParameterValue: Value (9-8) for parameter portRange is invalid.",
        ),
        (
            "RuleNumber=1&Protocol=17&PortRange.From=0&PortRange.To=65536&CidrBlock=0.0.0.0/0",
            "InvalidParameterValue: Value (65536) for parameter portRange is invalid.",
        ),
        (
            "RuleNumber=1&Protocol=1&CidrBlock=0.0.0.0/0",
            "MissingParameter: The request must contain the parameter Icmp",
        ),
        (
            "RuleNumber=1&Protocol=1&Icmp.Type=256&Icmp.Code=0&CidrBlock=0.0.0.0/0",
            "InvalidParameterValue: Value (256) for parameter icmp is invalid.",
        ),
        (
            "RuleNumber=1&Protocol=-1",
            "MissingParameter: The request must contain the parameter cidrBlock or ipv6CidrBlock",
        ),
        (
            "RuleNumber=1&Protocol=-1&CidrBlock=0.0.0.0/0&Ipv6CidrBlock=::/0",
            "InvalidParameterCombination: The parameters cidrBlock and ipv6CidrBlock cannot be used together",
        ),
    ];
    for (params, refusal) in rows {
        world.refuses(
            "CreateNetworkAclEntry",
            &format!("NetworkAclId={acl}&Egress=false&RuleAction=allow&{params}"),
            refusal,
        );
    }
    world.refuses("CreateNetworkAclEntry", &format!("NetworkAclId={acl}&Egress=false&RuleAction=maybe&RuleNumber=1&Protocol=-1&CidrBlock=0.0.0.0/0"), "InvalidParameterValue: Value ( maybe ) for parameter ruleAction is invalid. Expecting one of allow, deny.");
    for number in 1..20 {
        world.does("CreateNetworkAclEntry", &format!("NetworkAclId={acl}&Egress=false&RuleAction=allow&RuleNumber={number}&Protocol=-1&CidrBlock=0.0.0.0/0"));
    }
    world.refuses(
        "CreateNetworkAclEntry",
        &format!(
            "NetworkAclId={acl}&Egress=false&RuleAction=allow&RuleNumber=20&Protocol=-1&CidrBlock=0.0.0.0/0"
        ),
        "NetworkAclEntryLimitExceeded: The maximum number of network ACL entries has been reached.",
    );
}

#[test]
fn a_subnet_changes_its_acl() {
    let (mut world, vpc, acl) = world();
    let subnet = world.id("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24"), "subnetId");
    let of_subnet = format!("Filter.1.Name=association.subnet-id&Filter.1.Value.1={subnet}");
    let default = world.id("DescribeNetworkAcls", &of_subnet, "networkAclId");
    let id = world.id("DescribeNetworkAcls", &of_subnet, "networkAclAssociationId");
    let replace = format!("AssociationId={id}&NetworkAclId={acl}");
    world.shows(
        "ReplaceNetworkAclAssociation",
        &replace,
        expect![[r#"
        <newAssociationId>aclassoc-1</newAssociationId>
    "#]],
    );
    assert_eq!(world.id("DescribeNetworkAcls", &of_subnet, "networkAclId"), acl);
    world.refuses(
        "ReplaceNetworkAclAssociation",
        &replace,
        &format!("InvalidAssociationID.NotFound: The association ID '{id}' does not exist"),
    );
    world.refuses(
        "DeleteNetworkAcl",
        &format!("NetworkAclId={acl}"),
        &format!("DependencyViolation: The networkAcl '{acl}' has dependencies and cannot be deleted."),
    );
    world.refuses(
        "DeleteNetworkAcl",
        &format!("NetworkAclId={default}"),
        &format!("InvalidParameterValue: cannot delete default network ACL {default}"),
    );
    world.does("DeleteSubnet", &format!("SubnetId={subnet}"));
    world.returns("DeleteNetworkAcl", &format!("NetworkAclId={acl}"));
    world.refuses(
        "DeleteNetworkAcl",
        &format!("NetworkAclId={acl}"),
        &format!("InvalidNetworkAclID.NotFound: The networkAcl ID '{acl}' does not exist"),
    );
}

#[test]
fn acls_are_found_by_filter() {
    let (mut world, vpc, acl) = world();
    let subnet = world.id("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24"), "subnetId");
    world.does("CreateNetworkAclEntry", &format!("NetworkAclId={acl}&RuleNumber=110&Egress=true&Protocol=6&PortRange.From=22&PortRange.To=23&RuleAction=allow&CidrBlock=10.0.0.0/8"));
    world.does("CreateNetworkAclEntry", &format!("NetworkAclId={acl}&RuleNumber=120&Egress=true&Protocol=58&Icmp.Type=128&Icmp.Code=0&RuleAction=deny&Ipv6CidrBlock=::/0"));
    let rows = [
        ("association.association-id", "aclassoc-*", 1),
        ("association.network-acl-id", "acl-*", 1),
        ("association.subnet-id", subnet.as_str(), 1),
        ("default", "false", 1),
        ("entry.cidr", "10.0.0.0/8", 1),
        ("entry.icmp.code", "0", 1),
        ("entry.icmp.type", "128", 1),
        ("entry.ipv6-cidr", "::/0", 1),
        ("entry.port-range.from", "22", 1),
        ("entry.port-range.to", "23", 1),
        ("entry.protocol", "6", 1),
        ("entry.rule-action", "deny", 2),
        ("entry.egress", "true", 2),
        ("entry.rule-number", "110", 1),
        ("network-acl-id", acl.as_str(), 1),
        ("owner-id", "000000000000", 2),
        ("tag-key", "*", 0),
    ];
    for (name, value, count) in rows {
        let params = format!(
            "Filter.1.Name={name}&Filter.1.Value.1={value}&Filter.2.Name=vpc-id&Filter.2.Value.1={vpc}"
        );
        assert_eq!(world.all("DescribeNetworkAcls", &params, "vpcId").len(), count, "{name}={value}");
    }
}
