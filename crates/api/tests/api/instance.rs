//! Instances. Expectations: EC2 API Reference; EC2 User Guide, "Instance lifecycle".

mod filters;
mod options;

use crate::launch::{lab, run};
use crate::shown::{between, named};
use crate::world::World;
use expect_test::expect;

fn state(world: &mut World, id: &str) -> String {
    let answer = world.does("DescribeInstances", &format!("InstanceId.1={id}"));
    let state = between(&answer, "instanceState").expect("a state");
    between(state, "name").expect("a name").to_owned()
}

#[test]
fn states_change_as_in_aws() {
    let (mut world, _, subnet) = lab();
    let id = run(&mut world, &format!("SubnetId={subnet}"));
    let by_id = format!("InstanceId.1={id}");
    let address = |world: &mut World| {
        let answer = world.does("DescribeInstances", &by_id);
        between(&answer, "ipAddress").map(str::to_owned)
    };
    let first = address(&mut world);
    world.shows(
        "StopInstances",
        &by_id,
        expect![[r#"
        <instancesSet>
          <item>
            <instanceId>i-1</instanceId>
            <currentState>
              <code>64</code>
              <name>stopping</name>
            </currentState>
            <previousState>
              <code>16</code>
              <name>running</name>
            </previousState>
          </item>
        </instancesSet>
    "#]],
    );
    assert_eq!((state(&mut world, &id).as_str(), address(&mut world)), ("stopped", None));
    world.shows(
        "StopInstances",
        &by_id,
        expect![[r#"
        <instancesSet>
          <item>
            <instanceId>i-1</instanceId>
            <currentState>
              <code>80</code>
              <name>stopped</name>
            </currentState>
            <previousState>
              <code>80</code>
              <name>stopped</name>
            </previousState>
          </item>
        </instancesSet>
    "#]],
    );
    world.shows(
        "DescribeInstanceStatus",
        "",
        expect![[r#"
        <instanceStatusSet/>
    "#]],
    );
    world.shows(
        "DescribeInstanceStatus",
        "IncludeAllInstances=true",
        expect![[r#"
            <instanceStatusSet>
              <item>
                <availabilityZone>us-east-1a</availabilityZone>
                <availabilityZoneId>use1-az1</availabilityZoneId>
                <instanceId>i-1</instanceId>
                <instanceState>
                  <code>80</code>
                  <name>stopped</name>
                </instanceState>
                <instanceStatus>
                  <status>not-applicable</status>
                </instanceStatus>
                <systemStatus>
                  <status>not-applicable</status>
                </systemStatus>
                <attachedEbsStatus>
                  <status>not-applicable</status>
                </attachedEbsStatus>
              </item>
            </instanceStatusSet>
        "#]],
    );
    world.shows(
        "StartInstances",
        &by_id,
        expect![[r#"
        <instancesSet>
          <item>
            <instanceId>i-1</instanceId>
            <currentState>
              <code>0</code>
              <name>pending</name>
            </currentState>
            <previousState>
              <code>80</code>
              <name>stopped</name>
            </previousState>
          </item>
        </instancesSet>
    "#]],
    );
    assert_ne!((state(&mut world, &id).as_str(), address(&mut world)), ("running", first));
    world.shows(
        "DescribeInstanceStatus",
        &by_id,
        expect![[r#"
            <instanceStatusSet>
              <item>
                <availabilityZone>us-east-1a</availabilityZone>
                <availabilityZoneId>use1-az1</availabilityZoneId>
                <instanceId>i-1</instanceId>
                <instanceState>
                  <code>16</code>
                  <name>running</name>
                </instanceState>
                <instanceStatus>
                  <details>
                    <item>
                      <name>reachability</name>
                      <status>passed</status>
                    </item>
                  </details>
                  <status>ok</status>
                </instanceStatus>
                <systemStatus>
                  <details>
                    <item>
                      <name>reachability</name>
                      <status>passed</status>
                    </item>
                  </details>
                  <status>ok</status>
                </systemStatus>
                <attachedEbsStatus>
                  <details>
                    <item>
                      <name>reachability</name>
                      <status>passed</status>
                    </item>
                  </details>
                  <status>ok</status>
                </attachedEbsStatus>
              </item>
            </instanceStatusSet>
        "#]],
    );
    world.returns("RebootInstances", &by_id);
    world.shows(
        "TerminateInstances",
        &by_id,
        expect![[r#"
        <instancesSet>
          <item>
            <instanceId>i-1</instanceId>
            <currentState>
              <code>32</code>
              <name>shutting-down</name>
            </currentState>
            <previousState>
              <code>16</code>
              <name>running</name>
            </previousState>
          </item>
        </instancesSet>
    "#]],
    );
    world.shows(
        "TerminateInstances",
        &by_id,
        expect![[r#"
        <instancesSet>
          <item>
            <instanceId>i-1</instanceId>
            <currentState>
              <code>48</code>
              <name>terminated</name>
            </currentState>
            <previousState>
              <code>48</code>
              <name>terminated</name>
            </previousState>
          </item>
        </instancesSet>
    "#]],
    );
    world.shows(
        "StartInstances",
        &by_id,
        expect![
            "400 IncorrectInstanceState: The instance 'i-1' is not in a state from which it can be started."
        ],
    );
    world.shows(
        "DescribeInstances",
        &by_id,
        expect![[r#"
            <reservationSet>
              <item>
                <reservationId>r-1</reservationId>
                <ownerId>000000000000</ownerId>
                <groupSet/>
                <instancesSet>
                  <item>
                    <architecture>x86_64</architecture>
                    <blockDeviceMapping/>
                    <clientToken/>
                    <ebsOptimized>false</ebsOptimized>
                    <enaSupport>true</enaSupport>
                    <hypervisor>xen</hypervisor>
                    <networkInterfaceSet/>
                    <rootDeviceName>/dev/xvda</rootDeviceName>
                    <rootDeviceType>ebs</rootDeviceType>
                    <groupSet/>
                    <stateReason>
                      <code>Client.UserInitiatedShutdown</code>
                      <message>Client.UserInitiatedShutdown: User initiated shutdown</message>
                    </stateReason>
                    <tagSet/>
                    <instanceId>i-2</instanceId>
                    <imageId>ami-3</imageId>
                    <amiLaunchIndex>0</amiLaunchIndex>
                    <instanceType>t2.micro</instanceType>
                    <launchTime>2024-01-02T03:04:05.000Z</launchTime>
                    <virtualizationType>hvm</virtualizationType>
                    <cpuOptions>
                      <coreCount>1</coreCount>
                      <threadsPerCore>1</threadsPerCore>
                    </cpuOptions>
                    <hibernationOptions>
                      <configured>false</configured>
                    </hibernationOptions>
                    <metadataOptions>
                      <state>applied</state>
                      <httpTokens>required</httpTokens>
                      <httpPutResponseHopLimit>2</httpPutResponseHopLimit>
                      <httpEndpoint>enabled</httpEndpoint>
                      <httpProtocolIpv6>disabled</httpProtocolIpv6>
                      <instanceMetadataTags>disabled</instanceMetadataTags>
                    </metadataOptions>
                    <enclaveOptions>
                      <enabled>false</enabled>
                    </enclaveOptions>
                    <bootMode>uefi-preferred</bootMode>
                    <platformDetails>Linux/UNIX</platformDetails>
                    <usageOperation>RunInstances</usageOperation>
                    <usageOperationUpdateTime>2024-01-02T03:04:05.000Z</usageOperationUpdateTime>
                    <privateDnsNameOptions>
                      <hostnameType>ip-name</hostnameType>
                      <enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>
                      <enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord>
                    </privateDnsNameOptions>
                    <maintenanceOptions>
                      <autoRecovery>default</autoRecovery>
                      <rebootMigration>default</rebootMigration>
                    </maintenanceOptions>
                    <currentInstanceBootMode>legacy-bios</currentInstanceBootMode>
                    <instanceState>
                      <code>48</code>
                      <name>terminated</name>
                    </instanceState>
                    <privateDnsName/>
                    <dnsName/>
                    <reason>User initiated (2024-01-02 03:04:05 GMT)</reason>
                    <placement>
                      <availabilityZoneId>use1-az1</availabilityZoneId>
                      <groupName/>
                      <tenancy>default</tenancy>
                      <availabilityZone>us-east-1a</availabilityZone>
                    </placement>
                    <monitoring>
                      <state>disabled</state>
                    </monitoring>
                  </item>
                </instancesSet>
              </item>
            </reservationSet>
        "#]],
    );
    assert_eq!(world.does("DescribeNetworkInterfaces", ""), "<networkInterfaceSet/>\n");
    world.now = world.now.plus_ms(3_600_000);
    world.shows(
        "DescribeInstances",
        &by_id,
        expect![[r#"
            <reservationSet>
              <item>
                <reservationId>r-1</reservationId>
                <ownerId>000000000000</ownerId>
                <groupSet/>
                <instancesSet>
                  <item>
                    <architecture>x86_64</architecture>
                    <blockDeviceMapping/>
                    <clientToken/>
                    <ebsOptimized>false</ebsOptimized>
                    <enaSupport>true</enaSupport>
                    <hypervisor>xen</hypervisor>
                    <networkInterfaceSet/>
                    <rootDeviceName>/dev/xvda</rootDeviceName>
                    <rootDeviceType>ebs</rootDeviceType>
                    <groupSet/>
                    <stateReason>
                      <code>Client.UserInitiatedShutdown</code>
                      <message>Client.UserInitiatedShutdown: User initiated shutdown</message>
                    </stateReason>
                    <tagSet/>
                    <instanceId>i-2</instanceId>
                    <imageId>ami-3</imageId>
                    <amiLaunchIndex>0</amiLaunchIndex>
                    <instanceType>t2.micro</instanceType>
                    <launchTime>2024-01-02T03:04:05.000Z</launchTime>
                    <virtualizationType>hvm</virtualizationType>
                    <cpuOptions>
                      <coreCount>1</coreCount>
                      <threadsPerCore>1</threadsPerCore>
                    </cpuOptions>
                    <hibernationOptions>
                      <configured>false</configured>
                    </hibernationOptions>
                    <metadataOptions>
                      <state>applied</state>
                      <httpTokens>required</httpTokens>
                      <httpPutResponseHopLimit>2</httpPutResponseHopLimit>
                      <httpEndpoint>enabled</httpEndpoint>
                      <httpProtocolIpv6>disabled</httpProtocolIpv6>
                      <instanceMetadataTags>disabled</instanceMetadataTags>
                    </metadataOptions>
                    <enclaveOptions>
                      <enabled>false</enabled>
                    </enclaveOptions>
                    <bootMode>uefi-preferred</bootMode>
                    <platformDetails>Linux/UNIX</platformDetails>
                    <usageOperation>RunInstances</usageOperation>
                    <usageOperationUpdateTime>2024-01-02T03:04:05.000Z</usageOperationUpdateTime>
                    <privateDnsNameOptions>
                      <hostnameType>ip-name</hostnameType>
                      <enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>
                      <enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord>
                    </privateDnsNameOptions>
                    <maintenanceOptions>
                      <autoRecovery>default</autoRecovery>
                      <rebootMigration>default</rebootMigration>
                    </maintenanceOptions>
                    <currentInstanceBootMode>legacy-bios</currentInstanceBootMode>
                    <instanceState>
                      <code>48</code>
                      <name>terminated</name>
                    </instanceState>
                    <privateDnsName/>
                    <dnsName/>
                    <reason>User initiated (2024-01-02 03:04:05 GMT)</reason>
                    <placement>
                      <availabilityZoneId>use1-az1</availabilityZoneId>
                      <groupName/>
                      <tenancy>default</tenancy>
                      <availabilityZone>us-east-1a</availabilityZone>
                    </placement>
                    <monitoring>
                      <state>disabled</state>
                    </monitoring>
                  </item>
                </instancesSet>
              </item>
            </reservationSet>
        "#]],
    );
}

#[test]
fn attributes_are_changed_one_at_a_time() {
    let (mut world, _, subnet) = lab();
    let id = run(
        &mut world,
        &format!("SubnetId={subnet}&UserData=I2Nsb3VkLWNvbmZpZwo=&DisableApiTermination=true"),
    );
    let of = |attribute: &str| format!("InstanceId={id}&Attribute={attribute}");
    world.shows(
        "DescribeInstanceAttribute",
        &of("userData"),
        expect![[r#"
        <instanceId>i-1</instanceId>
        <userData>
          <value>I2Nsb3VkLWNvbmZpZwo=</value>
        </userData>
    "#]],
    );
    world.shows(
        "DescribeInstanceAttribute",
        &of("disableApiTermination"),
        expect![[r#"
        <disableApiTermination>
          <value>true</value>
        </disableApiTermination>
        <instanceId>i-1</instanceId>
    "#]],
    );
    world.shows("TerminateInstances", &format!("InstanceId.1={id}"), expect!["400 OperationNotPermitted: The instance 'i-1' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."]);
    let change = |world: &mut World, what: &str| {
        named(&world.ec2("ModifyInstanceAttribute", &format!("InstanceId={id}&{what}")))
    };
    expect!["400 IncorrectInstanceState: The instance 'i-1' is not in the 'stopped' state."]
        .assert_eq(&change(&mut world, "InstanceType.Value=t3.micro"));
    expect![[r#"
        <return>true</return>
    "#]]
    .assert_eq(&change(&mut world, "DisableApiTermination.Value=false"));
    expect![[r#"
        <return>true</return>
    "#]]
    .assert_eq(&change(&mut world, "SourceDestCheck.Value=false"));
    expect![[r#"
        <return>true</return>
    "#]]
    .assert_eq(&change(&mut world, "Attribute=disableApiStop&Value=true"));
    expect!["400 UnsupportedOperation: Changing the attribute Kernel is not implemented by weir."]
        .assert_eq(&change(&mut world, "Attribute=kernel&Value=x"));
    expect!["400 InvalidParameterCombination: Fields for multiple attribute types specified"]
        .assert_eq(&change(&mut world, "EbsOptimized.Value=true&SourceDestCheck.Value=true"));
    expect!["400 InvalidParameterCombination: No attributes specified."]
        .assert_eq(&named(&world.ec2("ModifyInstanceAttribute", &format!("InstanceId={id}"))));
    world.shows("StopInstances", &format!("InstanceId.1={id}"), expect!["400 OperationNotPermitted: The instance 'i-1' may not be stopped. Modify its 'disableApiStop' instance attribute and try again."]);
    change(&mut world, "DisableApiStop.Value=false");
    world.does("StopInstances", &format!("InstanceId.1={id}"));
    change(&mut world, "InstanceType.Value=t3.micro");
    world.shows(
        "DescribeInstanceAttribute",
        &of("instanceType"),
        expect![[r#"
        <instanceId>i-1</instanceId>
        <instanceType>
          <value>t3.micro</value>
        </instanceType>
    "#]],
    );
    world.shows(
        "DescribeInstanceAttribute",
        &of("sourceDestCheck"),
        expect![[r#"
        <instanceId>i-1</instanceId>
        <sourceDestCheck>
          <value>false</value>
        </sourceDestCheck>
    "#]],
    );
    world.shows(
        "DescribeInstanceAttribute",
        &of("groupSet"),
        expect![[r#"
        <instanceId>i-1</instanceId>
        <groupSet>
          <item>
            <groupId>sg-2</groupId>
            <groupName>default</groupName>
          </item>
        </groupSet>
    "#]],
    );
}

#[test]
fn metadata_options_are_changed_one_by_one() {
    let (mut world, _, subnet) = lab();
    let id = run(&mut world, &format!("SubnetId={subnet}"));
    world.shows(
        "ModifyInstanceMetadataOptions",
        &format!("InstanceId={id}&HttpTokens=optional&HttpPutResponseHopLimit=3"),
        expect![[r#"
            <instanceId>i-1</instanceId>
            <instanceMetadataOptions>
              <state>pending</state>
              <httpTokens>optional</httpTokens>
              <httpPutResponseHopLimit>3</httpPutResponseHopLimit>
              <httpEndpoint>enabled</httpEndpoint>
              <httpProtocolIpv6>disabled</httpProtocolIpv6>
              <instanceMetadataTags>disabled</instanceMetadataTags>
            </instanceMetadataOptions>
        "#]],
    );
    world.shows(
        "ModifyInstanceMetadataOptions",
        &format!(
            "InstanceId={id}&HttpEndpoint=disabled&HttpProtocolIpv6=enabled&InstanceMetadataTags=enabled"
        ),
        expect![[r#"
            <instanceId>i-1</instanceId>
            <instanceMetadataOptions>
              <state>pending</state>
              <httpTokens>optional</httpTokens>
              <httpPutResponseHopLimit>3</httpPutResponseHopLimit>
              <httpEndpoint>disabled</httpEndpoint>
              <httpProtocolIpv6>enabled</httpProtocolIpv6>
              <instanceMetadataTags>enabled</instanceMetadataTags>
            </instanceMetadataOptions>
        "#]],
    );
    world.shows(
        "ModifyInstanceMetadataOptions",
        &format!("InstanceId={id}&HttpPutResponseHopLimit=65"),
        expect!["400 InvalidParameterValue: Value (65) for parameter HttpPutResponseHopLimit is invalid. Expecting 1 to 64."],
    );
    world.shows("ModifyInstanceMetadataOptions", &format!("InstanceId={id}&HttpTokens=maybe"), expect!["400 InvalidParameterValue: Value ( maybe ) for parameter httpTokens is invalid. Expecting one of optional, required."]);
    world.does("TerminateInstances", &format!("InstanceId.1={id}"));
    world.shows(
        "ModifyInstanceMetadataOptions",
        &format!("InstanceId={id}&HttpTokens=required"),
        expect!["400 IncorrectInstanceState: The instance 'i-1' is terminated."],
    );
}
