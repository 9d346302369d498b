//! Instance profiles, in IAM and on instances. Expectations: IAM API Reference and EC2 API Reference, the operations named; error
//! texts as clients report them.

use crate::launch::{lab, launch, run};
use crate::shown::between;
use crate::world::World;
use weir_wire::Service;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const ARN: &str = "arn:aws:iam::000000000000:instance-profile/web";

fn iam(world: &mut World, action: &str, params: &str) -> String {
    world.form(Service::Iam, action, params)
}

#[test]
fn a_profile_holds_one_role_which_cannot_go_before() {
    let mut world = World::new();
    iam(&mut world, "CreateRole", &format!("RoleName=app&AssumeRolePolicyDocument={TRUST}"));
    iam(&mut world, "CreateRole", &format!("RoleName=other&AssumeRolePolicyDocument={TRUST}"));
    let made = iam(&mut world, "CreateInstanceProfile", "InstanceProfileName=web&Path=/a/");
    assert_eq!(between(&made, "Arn"), Some("arn:aws:iam::000000000000:instance-profile/a/web"));
    assert!(between(&made, "InstanceProfileId").expect("an id").starts_with("AIPA"), "{made}");
    assert_eq!(
        iam(&mut world, "CreateInstanceProfile", "InstanceProfileName=WEB"),
        "409 EntityAlreadyExists: Instance Profile with name WEB already exists."
    );
    let both = "InstanceProfileName=web&RoleName=app";
    assert!(!iam(&mut world, "AddRoleToInstanceProfile", both).starts_with("4"));
    assert_eq!(
        iam(&mut world, "AddRoleToInstanceProfile", "InstanceProfileName=web&RoleName=other"),
        "409 LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"
    );
    let shown = iam(&mut world, "GetInstanceProfile", "InstanceProfileName=web");
    assert!(between(&shown, "Roles").expect("roles").contains("<RoleName>app<"), "{shown}");
    for action in ["ListInstanceProfiles", "ListInstanceProfilesForRole"] {
        let listed = iam(&mut world, action, if action.ends_with("Role") { "RoleName=app" } else { "" });
        assert!(listed.contains("<InstanceProfileName>web<"), "{listed}");
    }
    let listed = iam(&mut world, "ListInstanceProfiles", "PathPrefix=/b/");
    assert!(!listed.contains("<InstanceProfileName>"), "{listed}");
    let conflict = "409 DeleteConflict: Cannot delete entity, must remove roles from instance profile first.";
    assert_eq!(iam(&mut world, "DeleteRole", "RoleName=app"), conflict);
    assert_eq!(iam(&mut world, "DeleteInstanceProfile", "InstanceProfileName=web"), conflict);
    let mut world = world.restarted();
    assert!(!iam(&mut world, "RemoveRoleFromInstanceProfile", both).starts_with("4"));
    assert_eq!(
        iam(&mut world, "RemoveRoleFromInstanceProfile", both),
        "404 NoSuchEntity: The role with name app cannot be found."
    );
    assert!(!iam(&mut world, "DeleteRole", "RoleName=app").starts_with("4"));
    assert!(!iam(&mut world, "DeleteInstanceProfile", "InstanceProfileName=web").starts_with("4"));
    assert_eq!(
        iam(&mut world, "GetInstanceProfile", "InstanceProfileName=web"),
        "404 NoSuchEntity: Instance Profile web cannot be found."
    );
}

#[test]
fn profiles_have_tags() {
    let mut world = World::new();
    let tag = |place: u32, key: &str| format!("Tags.member.{place}.Key={key}&Tags.member.{place}.Value=1");
    let named = "InstanceProfileName=web";
    iam(&mut world, "CreateInstanceProfile", &format!("{named}&{}", tag(1, "a")));
    iam(&mut world, "TagInstanceProfile", &format!("{named}&{}&{}", tag(1, "b"), tag(2, "c")));
    iam(&mut world, "UntagInstanceProfile", &format!("{named}&TagKeys.member.1=b"));
    let listed = iam(&mut world, "ListInstanceProfileTags", named);
    let has = |key: &str| listed.contains(&format!("<Key>{key}<"));
    assert!(has("a") && !has("b") && has("c"), "{listed}");
    let shown = iam(&mut world, "GetInstanceProfile", named);
    assert!(between(&shown, "Tags").expect("tags").contains("<Key>c<"), "{shown}");
    let many: Vec<String> = (1..=49).map(|place| tag(place, &format!("k{place}"))).collect();
    let answer = iam(&mut world, "TagInstanceProfile", &format!("{named}&{}", many.join("&")));
    assert_eq!(answer, "409 LimitExceeded: Cannot exceed quota for TagsPerInstanceProfile: 50");
    assert!(!iam(&mut world, "ListInstanceProfileTags", named).contains("<Key>k1<"), "none was set");
}

#[test]
fn an_instance_is_launched_with_a_profile_that_exists() {
    let (mut world, _, subnet) = lab();
    iam(&mut world, "CreateInstanceProfile", "InstanceProfileName=web");
    for (asked, refusal) in [
        (
            "Name=nope",
            "InvalidParameterValue: Value (nope) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        ),
        (
            "Arn=arn:aws:iam::000000000000:instance-profile/x/web",
            "InvalidParameterValue: Value (arn:aws:iam::000000000000:instance-profile/x/web) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN",
        ),
    ] {
        let more = format!("SubnetId={subnet}&IamInstanceProfile.{asked}");
        world.refuses("RunInstances", &launch(&more), refusal);
    }
    for asked in ["Name=web".to_owned(), format!("Arn={ARN}")] {
        let id = run(&mut world, &format!("SubnetId={subnet}&IamInstanceProfile.{asked}"));
        let shown = world.does("DescribeInstances", &format!("InstanceId.1={id}"));
        let profile = between(&shown, "iamInstanceProfile").expect("a profile");
        assert!(profile.contains(ARN) && profile.contains("<id>AIPA"), "{profile}");
    }
    let by_arn = format!("Filter.1.Name=iam-instance-profile.arn&Filter.1.Value.1={ARN}");
    assert_eq!(world.all("DescribeInstances", &by_arn, "amiLaunchIndex").len(), 2);
}

#[test]
fn profiles_are_associated_replaced_and_taken_away() {
    let (mut world, _, subnet) = lab();
    for name in ["web", "next"] {
        iam(&mut world, "CreateInstanceProfile", &format!("InstanceProfileName={name}"));
    }
    let id = run(&mut world, &format!("SubnetId={subnet}"));
    let associate = format!("InstanceId={id}&IamInstanceProfile.Name=web");
    let answer = world.does("AssociateIamInstanceProfile", &associate);
    assert_eq!(between(&answer, "state"), Some("associating"));
    let association = between(&answer, "associationId").expect("an id").to_owned();
    world.refuses(
        "AssociateIamInstanceProfile",
        &associate,
        &format!("IncorrectState: There is an existing association for instance {id}"),
    );
    let describe = "DescribeIamInstanceProfileAssociations";
    let by_instance = format!("Filter.1.Name=instance-id&Filter.1.Value.1={id}");
    assert_eq!(world.all(describe, &by_instance, "associationId"), std::slice::from_ref(&association));
    assert_eq!(world.all(describe, &by_instance, "state"), ["associated"]);
    let replace = format!("AssociationId={association}&IamInstanceProfile.Name=next");
    let answer = world.does("ReplaceIamInstanceProfileAssociation", &replace);
    let next = between(&answer, "associationId").expect("an id").to_owned();
    assert_ne!(next, association);
    assert_eq!(between(&answer, "arn"), Some("arn:aws:iam::000000000000:instance-profile/next"));
    world.refuses(
        describe,
        &format!("AssociationId.1={association}"),
        &format!("NoSuchAssociation: An invalid association-id of '{association}' was given"),
    );
    let answer = world.does("DisassociateIamInstanceProfile", &format!("AssociationId={next}"));
    assert_eq!(between(&answer, "state"), Some("disassociating"));
    assert!(world.all(describe, "", "associationId").is_empty());
    let shown = world.does("DescribeInstances", &format!("InstanceId.1={id}"));
    assert!(!shown.contains("<iamInstanceProfile>"), "{shown}");
}
