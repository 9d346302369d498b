//! Client tokens: the same call twice makes one resource.

use crate::world::World;
use expect_test::expect;

/// A world with a VPC, and the parameters of a CreateRouteTable with a token.
fn prepared() -> (World, String) {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    (world, format!("VpcId={vpc}&ClientToken=once"))
}

#[test]
fn the_same_token_gets_the_first_answer() {
    let (mut world, call) = prepared();
    let first = world.ec2("CreateRouteTable", &call);
    assert!(!world.changes.is_empty() && first.contains("<clientToken>once</clientToken>"), "{first}");
    let second = world.ec2("CreateRouteTable", &call);
    assert_eq!(first, second);
    assert!(world.changes.is_empty(), "{:?}", world.changes);
    let third = world.ec2("CreateRouteTable", &call.replace("once", "again"));
    assert_ne!(first, third);
}

#[test]
fn a_token_survives_a_restart() {
    let (mut world, call) = prepared();
    let first = world.ec2("CreateRouteTable", &call);
    let mut world = world.restarted();
    assert_eq!(first, world.ec2("CreateRouteTable", &call));
    assert!(world.changes.is_empty(), "{:?}", world.changes);
}

#[test]
fn a_token_with_other_parameters_is_refused() {
    let (mut world, call) = prepared();
    world.ec2("CreateRouteTable", &call);
    let tag = "TagSpecification.1.ResourceType=route-table&TagSpecification.1.Tag.1.Key=a";
    world.check("CreateRouteTable", &format!("{call}&{tag}"), expect!["400 IdempotentParameterMismatch: The request uses the same client token as a previous, but non-identical request."]);
    let long = call.replace("once", &"x".repeat(65));
    world.check("CreateRouteTable", &long, expect!["400 InvalidParameterValue: Value ( xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx ) for parameter clientToken is invalid. Expecting at most 64 ASCII characters."]);
}

#[test]
fn a_token_belongs_to_its_operation_account_and_region_and_lapses() {
    let (mut world, call) = prepared();
    let first = world.ec2("CreateRouteTable", &call);
    let acl = world.ec2("CreateNetworkAcl", &call);
    assert!(acl.contains("networkAclId"), "{acl}");
    world.region = "eu-west-1";
    let elsewhere = world.ec2("CreateRouteTable", &call);
    assert!(elsewhere.contains("InvalidVpcID.NotFound"), "{elsewhere}");
    world.region = "us-east-1";
    world.now = world.now.plus_ms(24 * 60 * 60 * 1000);
    assert_ne!(first, world.ec2("CreateRouteTable", &call));
}

#[test]
fn a_refused_call_leaves_no_token() {
    let (mut world, call) = prepared();
    let wrong = call.replace("vpc-0", "vpc-1");
    assert!(world.ec2("CreateRouteTable", &wrong).contains("InvalidVpcID.NotFound"));
    assert!(world.ec2("CreateRouteTable", &call).contains("routeTableId"));
}

#[test]
fn a_dry_run_uses_no_token() {
    let (mut world, call) = prepared();
    world.check(
        "CreateRouteTable",
        &format!("{call}&DryRun=true"),
        expect!["412 DryRunOperation: Request would have succeeded, but DryRun flag is set."],
    );
    assert!(world.changes.is_empty(), "{:?}", world.changes);
}
