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
                      <snapshotId>snap-1</snapshotId>
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
                <imageId>ami-2</imageId>
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
        "Owner.1=099720109477&Filter.1.Name=architecture&Filter.1.Value.1=arm64&Filter.2.Name=name&Filter.2.Value.1=*noble*",
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
                <ebsInfo>
                  <ebsOptimizedSupport>unsupported</ebsOptimizedSupport>
                  <encryptionSupport>supported</encryptionSupport>
                  <nvmeSupport>unsupported</nvmeSupport>
                </ebsInfo>
                <networkInfo>
                  <maximumNetworkInterfaces>2</maximumNetworkInterfaces>
                  <maximumNetworkCards>1</maximumNetworkCards>
                  <defaultNetworkCardIndex>0</defaultNetworkCardIndex>
                  <ipv4AddressesPerInterface>2</ipv4AddressesPerInterface>
                  <ipv6AddressesPerInterface>2</ipv6AddressesPerInterface>
                  <ipv6Supported>true</ipv6Supported>
                  <enaSupport>unsupported</enaSupport>
                </networkInfo>
                <placementGroupInfo>
                  <supportedStrategies>
                    <item>partition</item>
                    <item>spread</item>
                  </supportedStrategies>
                </placementGroupInfo>
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

// Names and owners as the guides of each distribution give them for "most recent" look-ups.
#[test]
fn usual_images_are_found_by_name_and_owner() {
    let mut world = World::new();
    for (owner, name, architecture) in [
        ("099720109477", "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*", "x86_64"),
        ("099720109477", "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-arm64-server-*", "arm64"),
        ("099720109477", "ubuntu/images/hvm-ssd/ubuntu-focal-20.04-amd64-server-*", "x86_64"),
        ("099720109477", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*", "x86_64"),
        ("136693071363", "debian-12-amd64-*", "x86_64"),
        ("136693071363", "debian-12-arm64-*", "arm64"),
        ("amazon", "amzn2-ami-hvm-2.0.*-x86_64-gp2", "x86_64"),
        ("amazon", "amzn2-ami-hvm-2.0.*-arm64-gp2", "arm64"),
        ("amazon", "Windows_Server-2022-English-Full-Base-*", "x86_64"),
    ] {
        let by_name = format!("Owner.1={owner}&Filter.1.Name=name&Filter.1.Value.1={name}");
        assert_eq!(world.all("DescribeImages", &by_name, "architecture"), [architecture], "{name}");
    }
    let windows = "Filter.1.Name=platform&Filter.1.Value.1=windows";
    assert_eq!(world.all("DescribeImages", windows, "platformDetails"), ["Windows"]);
    assert_eq!(world.all("DescribeImages", windows, "volumeSize"), ["30"]);
    assert_eq!(world.all("DescribeImages", windows, "imageOwnerId"), ["801119661308"]);
}

#[test]
fn filters_of_images_that_find_and_that_find_nothing() {
    let mut world = World::new();
    let mut count = |filter: &str| {
        let (name, value) = filter.split_once('=').expect("name=value");
        let asked = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
        world.all("DescribeImages", &asked, "imageId").len()
    };
    for filter in [
        "block-device-mapping.snapshot-id=snap-*",
        "block-device-mapping.volume-size=30",
        "block-device-mapping.volume-type=gp2",
        "image-allowed=true",
        "free-tier-eligible=true",
        "public-ssm-parameter-name=/aws/service/debian/release/12/latest/amd64",
    ] {
        assert!(count(filter) > 0, "{filter}");
    }
    for filter in [
        "image-watermark.source-image-creation-time=*",
        "image-watermark.source-image-id=*",
        "image-watermark.source-image-region=*",
        "image-watermark.watermark-creation-time=*",
        "image-watermark.watermark-key=*",
        "instance-type-specification.supported-instance-type=*",
        "instance-type-specification.unsupported-instance-type=*",
        "kernel-id=*",
        "product-code=*",
        "product-code.type=*",
        "ramdisk-id=*",
        "scan-result.critical-fix-available-since=*",
        "scan-result.finding-scan-date=*",
        "scan-result.high-fix-available-since=*",
        "scan-result.highest-finding-severity-label=*",
        "scan-result.informational-fix-available-since=*",
        "scan-result.low-fix-available-since=*",
        "scan-result.medium-fix-available-since=*",
        "source-image-id=*",
        "source-image-region=*",
        "source-instance-id=*",
        "state-reason-code=*",
        "state-reason-message=*",
        "tag-key=*",
        "tag:Name=*",
    ] {
        assert_eq!(count(filter), 0, "{filter}");
    }
}

#[test]
fn types_of_many_families_are_there_and_others_say_so() {
    let mut world = World::new();
    for name in ["m7i.2xlarge", "c6g.medium", "r5.metal", "g4dn.xlarge", "x2idn.16xlarge", "t3a.2xlarge"] {
        let found = world.all("DescribeInstanceTypes", &format!("InstanceType.1={name}"), "instanceType");
        assert_eq!(found, [name]);
    }
    world.refuses(
        "DescribeInstanceTypes",
        "InstanceType.1=u-6tb1.metal",
        "InvalidInstanceType: The instance type [u-6tb1.metal] is not implemented by weir.",
    );
    let metal = "Filter.1.Name=instance-type&Filter.1.Value.1=r5.metal";
    assert!(!world.does("DescribeInstanceTypes", metal).contains("<hypervisor>"));
    // EC2 API Reference, EbsInfo, PlacementGroupInfo; EC2 User Guide, "Placement strategies": no cluster of burstable types. The
    // AWS provider for Terraform takes a type without them for one that is not there.
    let larger = world.does("DescribeInstanceTypes", "InstanceType.1=m5.large");
    for element in ["<ebsOptimizedSupport>default<", "<nvmeSupport>required<", "<item>cluster<"] {
        assert!(larger.contains(element), "{element}: {larger}");
    }
    for (name, value) in [
        ("ebs-info.ebs-optimized-support", "unsupported"),
        ("ebs-info.encryption-support", "supported"),
        ("ebs-info.nvme-support", "unsupported"),
    ] {
        let filter = format!("InstanceType.1=t2.micro&Filter.1.Name={name}&Filter.1.Value.1={value}");
        assert_eq!(world.all("DescribeInstanceTypes", &filter, "instanceType"), ["t2.micro"], "{name}");
    }
    let clusters = "Filter.1.Name=placement-group-info.supported-strategies&Filter.1.Value.1=cluster";
    let clusters = world.all("DescribeInstanceTypes", clusters, "instanceType");
    assert!(clusters.contains(&"c5n.18xlarge".to_owned()) && !clusters.contains(&"t3.large".to_owned()));
    let disks = "Filter.1.Name=instance-storage-supported&Filter.1.Value.1=true";
    let disks = world.all("DescribeInstanceTypes", disks, "instanceType");
    assert!(disks.contains(&"i3.large".to_owned()) && !disks.contains(&"m5.large".to_owned()));
}
