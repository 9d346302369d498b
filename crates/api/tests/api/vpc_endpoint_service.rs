//! The services that endpoints lead to.

use crate::shown::between;
use crate::world::World;
use expect_test::expect;

#[test]
fn a_service_says_how_it_is_reached() {
    let mut world = World::new();
    world.check(
        "DescribeVpcEndpointServices",
        "ServiceName.1=com.amazonaws.us-east-1.kinesis-firehose",
        expect![[r#"
            <serviceNameSet>
              <item>com.amazonaws.us-east-1.kinesis-firehose</item>
            </serviceNameSet>
            <serviceDetailSet>
              <item>
                <serviceName>com.amazonaws.us-east-1.kinesis-firehose</serviceName>
                <serviceId>vpce-svc-07c3273f58bce4fb3</serviceId>
                <serviceType>
                  <item>
                    <serviceType>Interface</serviceType>
                  </item>
                </serviceType>
                <serviceRegion>us-east-1</serviceRegion>
                <availabilityZoneSet>
                  <item>us-east-1a</item>
                  <item>us-east-1b</item>
                  <item>us-east-1c</item>
                </availabilityZoneSet>
                <owner>amazon</owner>
                <baseEndpointDnsNameSet>
                  <item>firehose.us-east-1.vpce.amazonaws.com</item>
                </baseEndpointDnsNameSet>
                <privateDnsName>firehose.us-east-1.amazonaws.com</privateDnsName>
                <privateDnsNameSet>
                  <item>
                    <privateDnsName>firehose.us-east-1.amazonaws.com</privateDnsName>
                  </item>
                </privateDnsNameSet>
                <vpcEndpointPolicySupported>true</vpcEndpointPolicySupported>
                <acceptanceRequired>false</acceptanceRequired>
                <managesVpcEndpoints>false</managesVpcEndpoints>
                <tagSet/>
                <privateDnsNameVerificationState>verified</privateDnsNameVerificationState>
                <supportedIpAddressTypeSet>
                  <item>ipv4</item>
                  <item>ipv6</item>
                </supportedIpAddressTypeSet>
              </item>
            </serviceDetailSet>
        "#]],
    );
    // A service with endpoints of both types is there twice.
    let s3 = "ServiceName.1=com.amazonaws.us-east-1.s3";
    let of = |world: &mut World, element| {
        let found = world.all("DescribeVpcEndpointServices", s3, element);
        found.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(of(&mut world, "serviceType"), "Gateway Interface");
    assert_eq!(
        of(&mut world, "privateDnsName"),
        "s3.us-east-1.amazonaws.com s3.us-east-1.amazonaws.com *.s3.us-east-1.amazonaws.com \
         *.s3-accesspoint.us-east-1.amazonaws.com *.s3-control.us-east-1.amazonaws.com"
    );
    let registry = world.does("DescribeVpcEndpointServices", "ServiceName.1=com.amazonaws.us-east-1.ecr.dkr");
    assert!(registry.contains("<privateDnsName>*.dkr.ecr.us-east-1.amazonaws.com<"), "{registry}");
    world.refuses(
        "DescribeVpcEndpointServices",
        "ServiceName.1=com.amazonaws.eu-west-1.s3",
        "InvalidServiceName: The Vpc Endpoint Service 'com.amazonaws.eu-west-1.s3' does not exist",
    );
    let elsewhere = world.all("DescribeVpcEndpointServices", "ServiceRegion.1=eu-west-1", "serviceId");
    assert_eq!(elsewhere, Vec::<String>::new());
}

#[test]
fn services_are_found_by_filter() {
    let mut world = World::new();
    let all = weir_model::endpoint::service::SERVICES.len();
    let rows = [
        ("owner", "amazon", all),
        ("service-name", "*.s3", 2),
        ("service-region", "us-east-1", all),
        ("service-type", "Gateway", 2),
        ("supported-ip-address-types", "ipv4", all),
        ("tag-key", "*", 0),
    ];
    for (name, value, count) in rows {
        let filter = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
        let found = world.all("DescribeVpcEndpointServices", &filter, "serviceId");
        assert_eq!(found.len(), count, "{name}={value}");
    }
    // Pages leave nothing out.
    let (mut paged, mut token) = (0, String::new());
    loop {
        let page = world.does("DescribeVpcEndpointServices", &format!("MaxResults=7{token}"));
        paged += page.matches("<serviceId>").count();
        match between(&page, "nextToken") {
            Some(next) => token = format!("&NextToken={next}"),
            None => break,
        }
    }
    assert_eq!(paged, all);
}
