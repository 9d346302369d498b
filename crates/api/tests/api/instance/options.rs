//! Options of instances. Expectations: EC2 API Reference, the operations named; EC2 User Guide, "Burstable performance instances"
//! and "EC2 instance hostnames and domains".

use crate::launch::{AL2023, lab, launch, run};
use crate::shown::between;
use expect_test::expect;

#[test]
fn credits_are_standard_for_t2_and_unlimited_for_what_came_after() {
    let (mut world, _, subnet) = lab();
    let t2 = run(&mut world, &format!("SubnetId={subnet}"));
    let typed =
        |name: &str| format!("ImageId={AL2023}&InstanceType={name}&MinCount=1&MaxCount=1&SubnetId={subnet}");
    let t3 = world.id("RunInstances", &typed("t3.micro"), "instanceId");
    let m5 = world.id("RunInstances", &typed("m5.large"), "instanceId");
    let describe = "DescribeInstanceCreditSpecifications";
    assert_eq!(world.all(describe, &format!("InstanceId.1={t2}"), "cpuCredits"), ["standard"]);
    assert_eq!(world.all(describe, &format!("InstanceId.1={t3}"), "cpuCredits"), ["unlimited"]);
    assert_eq!(
        world.all(describe, "", "instanceId"),
        std::slice::from_ref(&t3),
        "standard ones are not listed"
    );
    world.refuses(
        describe,
        &format!("InstanceId.1={m5}"),
        &format!("InstanceCreditSpecification.NotSupported: The instance '{m5}' does not use CPU credits for CPU usage."),
    );
    let asked = |place: u32, id: &str, word: &str| {
        let at = format!("InstanceCreditSpecification.{place}");
        format!("{at}.InstanceId={id}&{at}.CpuCredits={word}")
    };
    let both = format!("{}&{}", asked(1, &t3, "standard"), asked(2, &m5, "standard"));
    let answer = world.does("ModifyInstanceCreditSpecification", &both);
    let (done, failed) = answer.split_once("<unsuccessful").expect("both lists");
    assert!(done.contains(&t3) && failed.contains(&m5), "{answer}");
    assert!(failed.contains("<code>InstanceCreditSpecification.NotSupported</code>"), "{answer}");
    assert_eq!(world.all(describe, &format!("InstanceId.1={t3}"), "cpuCredits"), ["standard"]);
    world.refuses(
        "ModifyInstanceCreditSpecification",
        &asked(1, &t3, "some"),
        "InvalidParameterValue: Value (some) for parameter cpuCredits is invalid. Valid values: standard, unlimited.",
    );
    let unlimited = format!("{}&CreditSpecification.CpuCredits=unlimited", typed("t2.micro"));
    let said = world.id("RunInstances", &unlimited, "instanceId");
    assert_eq!(world.all(describe, &format!("InstanceId.1={said}"), "cpuCredits"), ["unlimited"]);
    world.refuses(
        "RunInstances",
        &format!("{}&CreditSpecification.CpuCredits=unlimited", typed("m5.large")),
        "InstanceCreditSpecification.NotSupported: The specified instance type does not use CPU credits for CPU usage.",
    );
}

#[test]
fn an_instance_is_named_by_its_address_or_its_id() {
    let (mut world, vpc, subnet) = lab();
    world.returns("ModifyVpcAttribute", &format!("VpcId={vpc}&EnableDnsHostnames.Value=true"));
    let by_resource = "PrivateDnsNameOptions.HostnameType=resource-name";
    let id = run(&mut world, &format!("SubnetId={subnet}&{by_resource}"));
    let by_id = format!("InstanceId.1={id}");
    let name = format!("{id}.ec2.internal");
    let address = "ip-10-0-1-4.ec2.internal".to_owned();
    let names = world.all("DescribeInstances", &by_id, "privateDnsName");
    assert_eq!(names, [name.clone(), address.clone(), name.clone()], "interface, address, instance");
    let of_interface = world.all("DescribeNetworkInterfaces", "", "privateDnsName");
    assert_eq!(of_interface, [name, address.clone()]);
    let modify = "ModifyPrivateDnsNameOptions";
    let back = format!("InstanceId={id}&PrivateDnsHostnameType=ip-name");
    world.refuses(
        modify,
        &back,
        &format!("IncorrectInstanceState: The instance '{id}' is not in the 'stopped' state."),
    );
    world.returns(modify, &format!("InstanceId={id}&EnableResourceNameDnsARecord=true"));
    let shown = world.does("DescribeInstances", &by_id);
    let options = between(&shown, "privateDnsNameOptions").expect("options").to_owned();
    assert!(options.contains("<hostnameType>resource-name<"), "{options}");
    assert!(options.contains("<enableResourceNameDnsARecord>true<"), "{options}");
    world.does("StopInstances", &by_id);
    world.returns(modify, &back);
    let names = world.all("DescribeInstances", &by_id, "privateDnsName");
    assert_eq!(names, [address.clone(), address.clone(), address]);
}

#[test]
fn an_instance_of_an_ipv6_only_subnet_is_named_by_its_id() {
    let (mut world, vpc, _) = lab();
    world.does("AssociateVpcCidrBlock", &format!("VpcId={vpc}&AmazonProvidedIpv6CidrBlock=true"));
    let block = world.all("DescribeVpcs", &format!("VpcId.1={vpc}"), "ipv6CidrBlock").remove(0);
    let block = block.replace("/56", "/64");
    let native = format!("VpcId={vpc}&Ipv6Native=true&Ipv6CidrBlock={block}");
    let subnet = world.id("CreateSubnet", &native, "subnetId");
    let typed = format!("ImageId={AL2023}&InstanceType=t3.micro&MinCount=1&MaxCount=1&SubnetId={subnet}");
    let id = world.id("RunInstances", &typed, "instanceId");
    let names = world.all("DescribeInstances", &format!("InstanceId.1={id}"), "privateDnsName");
    assert_eq!(names.last(), Some(&format!("{id}.ec2.internal")));
    world.refuses(
        "RunInstances",
        &format!("{typed}&PrivateDnsNameOptions.HostnameType=ip-name"),
        "InvalidParameterValue: The hostname type ip-name requires an IPv4 address; in an IPv6-only subnet it must be resource-name.",
    );
}

#[test]
fn monitoring_and_maintenance_are_switched() {
    let (mut world, _, subnet) = lab();
    let id = run(&mut world, &format!("SubnetId={subnet}&MaintenanceOptions.AutoRecovery=disabled"));
    let by_id = format!("InstanceId.1={id}");
    world.shows(
        "MonitorInstances",
        &by_id,
        expect![[r#"
            <instancesSet>
              <item>
                <instanceId>i-1</instanceId>
                <monitoring>
                  <state>pending</state>
                </monitoring>
              </item>
            </instancesSet>
        "#]],
    );
    let monitoring = |answer: &str| between(answer, "monitoring").map(str::to_owned).unwrap_or_default();
    assert!(monitoring(&world.does("DescribeInstances", &by_id)).contains("enabled"));
    assert!(monitoring(&world.does("UnmonitorInstances", &by_id)).contains("disabling"));
    assert!(monitoring(&world.does("DescribeInstances", &by_id)).contains("disabled"));
    assert_eq!(world.all("DescribeInstances", &by_id, "autoRecovery"), ["disabled"]);
    world.shows(
        "ModifyInstanceMaintenanceOptions",
        &format!("InstanceId={id}&AutoRecovery=default&RebootMigration=disabled"),
        expect![[r#"
            <instanceId>i-1</instanceId>
            <autoRecovery>default</autoRecovery>
            <rebootMigration>disabled</rebootMigration>
        "#]],
    );
    assert_eq!(world.all("DescribeInstances", &by_id, "rebootMigration"), ["disabled"]);
    world.shows(
        "GetConsoleOutput",
        &format!("InstanceId={id}"),
        expect![[r#"
            <instanceId>i-1</instanceId>
            <timestamp>2024-01-02T03:04:05.000Z</timestamp>
            <output/>
        "#]],
    );
}

#[test]
fn options_of_a_launch_are_told() {
    let (mut world, _, subnet) = lab();
    let more = format!(
        "SubnetId={subnet}&CpuOptions.CoreCount=1&CpuOptions.ThreadsPerCore=1&EnclaveOptions.Enabled=true\
         &EnablePrimaryIpv6=false&Placement.Tenancy=dedicated&Placement.AvailabilityZone=us-east-1a"
    );
    let asked = format!("ImageId={AL2023}&InstanceType=m5.large&MinCount=1&MaxCount=1&{more}");
    let id = world.id("RunInstances", &asked, "instanceId");
    let shown = world.does("DescribeInstances", &format!("InstanceId.1={id}"));
    for (element, inner) in [
        ("cpuOptions", "<threadsPerCore>1<"),
        ("enclaveOptions", "<enabled>true<"),
        ("hibernationOptions", "<configured>false<"),
        ("placement", "<tenancy>dedicated<"),
    ] {
        assert!(between(&shown, element).expect(element).contains(inner), "{element}: {shown}");
    }
    // Cores that were chosen of one type are not those of another.
    world.does("StopInstances", &format!("InstanceId.1={id}"));
    world.returns("ModifyInstanceAttribute", &format!("InstanceId={id}&InstanceType.Value=m5.xlarge"));
    let shown = world.does("DescribeInstances", &format!("InstanceId.1={id}"));
    let cores = between(&shown, "cpuOptions").expect("options");
    assert!(cores.contains("<coreCount>2<") && cores.contains("<threadsPerCore>2<"), "{cores}");
    let tenancy = "Filter.1.Name=tenancy&Filter.1.Value.1";
    assert_eq!(world.all("DescribeInstances", &format!("{tenancy}=dedicated"), "amiLaunchIndex").len(), 1);
    assert!(world.all("DescribeInstances", &format!("{tenancy}=default"), "amiLaunchIndex").is_empty());
    for (more, refusal) in [
        (
            "CpuOptions.CoreCount=7&CpuOptions.ThreadsPerCore=1",
            "InvalidParameterValue: CpuOptions: 7 cores with 1 threads each are not supported by the instance type t2.micro.",
        ),
        (
            "CpuOptions.CoreCount=1",
            "MissingParameter: The request must contain the parameters coreCount and threadsPerCore",
        ),
        (
            "EnclaveOptions.Enabled=true&HibernationOptions.Configured=true",
            "InvalidParameterCombination: You can't enable hibernation and Nitro Enclaves on the same instance.",
        ),
        (
            "Placement.Tenancy=host",
            "InsufficientHostCapacity: There is not enough capacity to fulfill your Dedicated Host request.",
        ),
        (
            "EnablePrimaryIpv6=true",
            "UnsupportedOperation: Primary IPv6 addresses are not implemented by weir.",
        ),
        (
            "InstanceType=mac2.metal",
            "UnsupportedOperation: The instance type 'mac2.metal' is not implemented by weir.",
        ),
    ] {
        let base = launch(&format!("SubnetId={subnet}"));
        let base =
            if more.contains("InstanceType") { base.replace("InstanceType=t2.micro&", "") } else { base };
        let answer = world.ec2("RunInstances", &format!("{base}&{more}"));
        assert!(answer.ends_with(refusal), "{more}: {answer}");
    }
    world.refuses(
        "RunInstances",
        &launch(&format!("SubnetId={subnet}&Placement.AvailabilityZone=us-east-1b")),
        &format!("InvalidParameterValue: Value (us-east-1b) for parameter availabilityZone is invalid. Subnet '{subnet}' is in the availability zone us-east-1a"),
    );
    let long = "x".repeat(65);
    let answer = world.ec2("RunInstances", &launch(&format!("SubnetId={subnet}&ClientToken={long}")));
    assert!(answer.starts_with("400 InvalidParameterValue: "), "{answer}");
}

#[test]
fn only_what_was_launched_for_it_hibernates() {
    let (mut world, _, subnet) = lab();
    let plain = run(&mut world, &format!("SubnetId={subnet}"));
    let sleeper = run(&mut world, &format!("SubnetId={subnet}&HibernationOptions.Configured=true"));
    world.refuses(
        "StopInstances",
        &format!("InstanceId.1={plain}&Hibernate=true"),
        &format!(
            "UnsupportedHibernationConfiguration: The instance '{plain}' is not configured for hibernation."
        ),
    );
    for (id, hibernate) in [(plain, false), (sleeper, true)] {
        let answer = world.does("StopInstances", &format!("InstanceId.1={id}&Hibernate={hibernate}"));
        assert!(answer.contains("<name>stopping<"), "{answer}");
    }
}
