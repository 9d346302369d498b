//! Public parameters. Expectations: Systems Manager API Reference; User Guide, "Calling AMI public parameters".

use crate::world::World;
use expect_test::expect;
use weir_wire::Service;

const NAME: &str = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

#[test]
fn the_parameter_holds_the_id_of_the_image() {
    let mut world = World::new();
    let answer = world.json(Service::Ssm, "GetParameter", &format!(r#"{{"Name":"{NAME}"}}"#));
    expect![[r#"
        {
          "Parameter": {
            "ARN": "arn:aws:ssm:us-east-1::parameter/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
            "DataType": "aws:ec2:image",
            "LastModifiedDate": 1763407974.0,
            "Name": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
            "Type": "String",
            "Value": "ami-1",
            "Version": 1
          }
        }"#]].assert_eq(&crate::shown::named(&answer));
    let image =
        world.id("DescribeImages", "Filter.1.Name=name&Filter.1.Value.1=al2023-ami-2023.*-x86_64", "imageId");
    assert!(answer.contains(&image), "{image}: {answer}");
    let several = world.json(Service::Ssm, "GetParameters", &format!(r#"{{"Names":["{NAME}","none"]}}"#));
    assert!(several.contains(&image) && several.contains("\"none\""), "{several}");
    let none = world.json(Service::Ssm, "GetParameter", r#"{"Name":"/mine"}"#);
    expect!["400 ParameterNotFound: "].assert_eq(&none);
    let none = world.json(Service::Ssm, "GetParameters", r#"{"Names":[]}"#);
    expect!["400 ValidationException: 1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length between 1 and 10"].assert_eq(&none);
}

#[test]
fn parameters_are_listed_by_path_in_pages() {
    let mut world = World::new();
    let by_path = |more: &str| format!(r#"{{"Path":"/aws/service/ami-amazon-linux-latest"{more}}}"#);
    let page = world.json(Service::Ssm, "GetParametersByPath", &by_path(r#","MaxResults":3"#));
    assert_eq!((page.matches("\"Name\"").count(), page.contains("NextToken")), (3, true), "{page}");
    let all = world.json(Service::Ssm, "GetParametersByPath", &by_path(""));
    assert_eq!(all.matches("\"Name\"").count(), 10, "{all}");
    let wrong = world.json(Service::Ssm, "GetParametersByPath", r#"{"Path":"aws"}"#);
    expect!["400 ValidationException: The parameter doesn't meet the parameter name requirements: a path begins with a slash."].assert_eq(&wrong);
}
