//! Images and instance types. Expectations: EC2 API Reference, DescribeImages, DescribeInstanceTypes; EC2 Instance Types guide.

use crate::world::World;
use expect_test::expect;

#[test]
fn amazon_linux_is_found_by_name_and_owner() {
    let mut world = World::new();
    world.shows(
        "DescribeImages",
        "Owner.1=amazon&Filter.1.Name=name&Filter.1.Value.1=al2023-ami-2023.*-x86_64&Filter.2.Name=architecture&Filter.2.Value.1=x86_64",
        expect![[r#"
            <imagesSet>
              <item>
                <platformDetails>Linux/UNIX</platformDetails>
                <usageOperation>RunInstances</usageOperation>
                <blockDeviceMapping>
                  <item>
                    <deviceName>/dev/xvda</deviceName>
                    <ebs>
                      <deleteOnTermination>true</deleteOnTermination>
                      <volumeSize>8</volumeSize>
                      <volumeType>gp3</volumeType>
                      <encrypted>false</encrypted>
                    </ebs>
                  </item>
                </blockDeviceMapping>
                <description>Amazon Linux 2023 AMI 2023.9.20251117.1 x86_64 HVM kernel-6.1</description>
                <enaSupport>true</enaSupport>
                <hypervisor>xen</hypervisor>
                <imageOwnerAlias>amazon</imageOwnerAlias>
                <name>al2023-ami-2023.9.20251117.1-kernel-6.1-x86_64</name>
                <rootDeviceName>/dev/xvda</rootDeviceName>
                <rootDeviceType>ebs</rootDeviceType>
                <sriovNetSupport>simple</sriovNetSupport>
                <virtualizationType>hvm</virtualizationType>
                <bootMode>uefi-preferred</bootMode>
                <imageId>ami-1</imageId>
                <imageLocation>amazon/al2023-ami-2023.9.20251117.1-kernel-6.1-x86_64</imageLocation>
                <imageState>available</imageState>
                <imageOwnerId>137112412989</imageOwnerId>
                <creationDate>2025-11-17T19:32:54.000Z</creationDate>
                <isPublic>true</isPublic>
                <architecture>x86_64</architecture>
                <imageType>machine</imageType>
              </item>
            </imagesSet>
        "#]],
    );
    let id = world.id(
        "DescribeImages",
        "Owner.1=099720109477&Filter.1.Name=architecture&Filter.1.Value.1=arm64",
        "imageId",
    );
    assert!(world.does("DescribeImages", &format!("ImageId.1={id}")).contains("ubuntu-noble-24.04-arm64"));
    assert_eq!(world.does("DescribeImages", "Owner.1=self"), "<imagesSet/>\n");
    world.shows(
        "DescribeImages",
        "ImageId.1=ami-0123456789abcdef0",
        expect!["400 InvalidAMIID.NotFound: The image id '[ami-1]' does not exist"],
    );
    world.shows(
        "DescribeImages",
        "ImageId.1=x",
        expect!["400 InvalidAMIID.Malformed: Invalid id: &quot;x&quot; (expecting &quot;ami-...&quot;)"],
    );
}

#[test]
fn types_are_described_and_offered_everywhere() {
    let mut world = World::new();
    world.shows(
        "DescribeInstanceTypes",
        "InstanceType.1=t2.micro",
        expect![[r#"
        <instanceTypeSet>
          <item>
            <instanceType>t2.micro</instanceType>
            <currentGeneration>true</currentGeneration>
            <freeTierEligible>true</freeTierEligible>
            <supportedUsageClasses>
              <item>on-demand</item>
            </supportedUsageClasses>
            <supportedRootDeviceTypes>
              <item>ebs</item>
            </supportedRootDeviceTypes>
            <supportedVirtualizationTypes>
              <item>hvm</item>
            </supportedVirtualizationTypes>
            <bareMetal>false</bareMetal>
            <hypervisor>xen</hypervisor>
            <processorInfo>
              <supportedArchitectures>
                <item>x86_64</item>
              </supportedArchitectures>
            </processorInfo>
            <vCpuInfo>
              <defaultVCpus>1</defaultVCpus>
              <defaultCores>1</defaultCores>
              <defaultThreadsPerCore>1</defaultThreadsPerCore>
            </vCpuInfo>
            <memoryInfo>
              <sizeInMiB>1024</sizeInMiB>
            </memoryInfo>
            <instanceStorageSupported>false</instanceStorageSupported>
            <networkInfo>
              <maximumNetworkInterfaces>2</maximumNetworkInterfaces>
              <maximumNetworkCards>1</maximumNetworkCards>
              <defaultNetworkCardIndex>0</defaultNetworkCardIndex>
              <ipv4AddressesPerInterface>2</ipv4AddressesPerInterface>
              <ipv6AddressesPerInterface>2</ipv6AddressesPerInterface>
              <ipv6Supported>true</ipv6Supported>
              <enaSupport>unsupported</enaSupport>
            </networkInfo>
            <burstablePerformanceSupported>true</burstablePerformanceSupported>
          </item>
        </instanceTypeSet>
    "#]],
    );
    world.shows(
        "DescribeInstanceTypes",
        "InstanceType.1=t2.huge",
        expect!["400 InvalidInstanceType: The following supplied instance types do not exist: [t2.huge]"],
    );
    let page = world.does("DescribeInstanceTypes", "MaxResults=5");
    assert_eq!((page.matches("<instanceType>").count(), page.matches("<nextToken>").count()), (5, 1));
    world.shows(
        "DescribeInstanceTypeOfferings",
        "LocationType=availability-zone&Filter.1.Name=instance-type&Filter.1.Value.1=t3.micro",
        expect![[r#"
            <instanceTypeOfferingSet>
              <item>
                <instanceType>t3.micro</instanceType>
                <locationType>availability-zone</locationType>
                <location>us-east-1a</location>
              </item>
              <item>
                <instanceType>t3.micro</instanceType>
                <locationType>availability-zone</locationType>
                <location>us-east-1b</location>
              </item>
              <item>
                <instanceType>t3.micro</instanceType>
                <locationType>availability-zone</locationType>
                <location>us-east-1c</location>
              </item>
            </instanceTypeOfferingSet>
        "#]],
    );
}
