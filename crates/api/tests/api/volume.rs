//! Volumes of instances. Expectations: EC2 API Reference, DescribeVolumes, DeleteVolume, ModifyVolume,
//! DescribeVolumesModifications, BlockDeviceMapping; EC2 User Guide, "Block device
//! mappings for volumes on Amazon EC2 instances".

use crate::launch::{lab, launch, run};
use crate::shown::between;
use crate::world::World;
use expect_test::expect;

#[test]
fn a_root_volume_lives_and_goes_with_its_instance() {
    let (mut world, _, subnet) = lab();
    let tags = "TagSpecification.1.ResourceType=volume&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=disk";
    let id = run(&mut world, &format!("SubnetId={subnet}&{tags}"));
    world.shows(
        "DescribeVolumes",
        &format!("Filter.1.Name=attachment.instance-id&Filter.1.Value.1={id}"),
        expect![[r#"
            <volumeSet>
              <item>
                <availabilityZoneId>use1-az1</availabilityZoneId>
                <iops>3000</iops>
                <tagSet>
                  <item>
                    <key>Name</key>
                    <value>disk</value>
                  </item>
                </tagSet>
                <volumeType>gp3</volumeType>
                <multiAttachEnabled>false</multiAttachEnabled>
                <throughput>125</throughput>
                <volumeId>vol-1</volumeId>
                <size>8</size>
                <snapshotId>snap-2</snapshotId>
                <availabilityZone>us-east-1a</availabilityZone>
                <status>in-use</status>
                <createTime>2024-01-02T03:04:05.000Z</createTime>
                <attachmentSet>
                  <item>
                    <deleteOnTermination>true</deleteOnTermination>
                    <volumeId>vol-1</volumeId>
                    <instanceId>i-3</instanceId>
                    <device>/dev/xvda</device>
                    <status>attached</status>
                    <attachTime>2024-01-02T03:04:05.000Z</attachTime>
                  </item>
                </attachmentSet>
                <encrypted>false</encrypted>
              </item>
            </volumeSet>
        "#]],
    );
    let attribute = format!("InstanceId={id}&Attribute=blockDeviceMapping");
    world.shows(
        "DescribeInstanceAttribute",
        &attribute,
        expect![[r#"
        <blockDeviceMapping>
          <item>
            <deviceName>/dev/xvda</deviceName>
            <ebs>
              <attachTime>2024-01-02T03:04:05.000Z</attachTime>
              <deleteOnTermination>true</deleteOnTermination>
              <status>attached</status>
              <volumeId>vol-1</volumeId>
            </ebs>
          </item>
        </blockDeviceMapping>
        <instanceId>i-2</instanceId>
    "#]],
    );
    let shown = world.does("DescribeInstances", &format!("InstanceId.1={id}"));
    let mapping = between(&shown, "blockDeviceMapping").expect("a mapping");
    let volume = between(mapping, "volumeId").expect("a volume").to_owned();
    assert!(mapping.contains("<deviceName>/dev/xvda<"), "{mapping}");
    world.does("TerminateInstances", &format!("InstanceId.1={id}"));
    world.refuses(
        "DescribeVolumes",
        &format!("VolumeId.1={volume}"),
        &format!("InvalidVolume.NotFound: The volume '{volume}' does not exist."),
    );
}

#[test]
fn volumes_stay_if_told_and_are_found_by_filter() {
    let (mut world, _, subnet) = lab();
    let (root, other) = ("BlockDeviceMapping.1", "BlockDeviceMapping.2");
    let id = run(
        &mut world,
        &format!(
            "SubnetId={subnet}&{root}.DeviceName=/dev/xvda&{root}.Ebs.VolumeSize=20&{root}.Ebs.Encrypted=true\
             &{other}.DeviceName=/dev/sdf&{other}.Ebs.VolumeSize=5&{other}.Ebs.VolumeType=io1&{other}.Ebs.Iops=200"
        ),
    );
    for (filter, count) in [
        ("attachment.attach-time=2024-01-02T03:04:05.000Z", 2),
        ("attachment.delete-on-termination=true", 2),
        ("attachment.device=/dev/sdf", 1),
        ("attachment.status=attached", 2),
        ("availability-zone=us-east-1a", 2),
        ("availability-zone-id=use1-az1", 2),
        ("create-time=2024-01-02T03:04:05.000Z", 2),
        ("encrypted=true", 1),
        ("fast-restored=true", 0),
        ("multi-attach-enabled=false", 2),
        ("operator.managed=false", 2),
        ("operator.principal=*", 0),
        ("size=20", 1),
        ("snapshot-id=snap-*", 1),
        ("status=in-use", 2),
        ("volume-id=vol-*", 2),
        ("volume-type=io1", 1),
    ] {
        let (name, value) = filter.split_once('=').expect("name=value");
        let asked = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
        assert_eq!(world.all("DescribeVolumes", &asked, "size").len(), count, "{filter}");
    }
    let mut world = world.restarted();
    assert_eq!(world.all("DescribeVolumes", "", "size").len(), 2, "volumes are kept on disk");
    let change =
        "BlockDeviceMapping.1.DeviceName=/dev/sdf&BlockDeviceMapping.1.Ebs.DeleteOnTermination=false";
    world.returns("ModifyInstanceAttribute", &format!("InstanceId={id}&{change}"));
    world.refuses(
        "ModifyInstanceAttribute",
        &format!("InstanceId={id}&{}", change.replace("/dev/sdf", "/dev/sdz")),
        "InvalidInstanceAttributeValue: No device is currently mapped at /dev/sdz",
    );
    world.does("TerminateInstances", &format!("InstanceId.1={id}"));
    assert_eq!(world.all("DescribeVolumes", "", "size"), ["5"]);
    assert_eq!(world.all("DescribeVolumes", "", "status"), ["available"]);
    let volume = world.id("DescribeVolumes", "", "volumeId");
    world.returns("CreateTags", &format!("ResourceId.1={volume}&Tag.1.Key=left&Tag.1.Value=over"));
    let tagged = "Filter.1.Name=resource-type&Filter.1.Value.1=volume";
    assert_eq!(world.all("DescribeTags", tagged, "resourceId"), [volume]);
}

#[test]
fn mappings_that_cannot_be_are_refused_in_aws_words() {
    let (mut world, _, subnet) = lab();
    let one = "BlockDeviceMapping.1.DeviceName=/dev/sdf";
    let ebs = "BlockDeviceMapping.1.Ebs";
    for (more, refusal) in [
        (
            format!("{ebs}.VolumeSize=1"),
            "MissingParameter: The request must contain the parameter device name",
        ),
        (
            format!("{one}&{ebs}.VolumeSize=1&BlockDeviceMapping.1.NoDevice="),
            "InvalidBlockDeviceMapping: The device '/dev/sdf' must have one of ebs, virtualName and noDevice",
        ),
        (
            format!("{one}&{ebs}.Encrypted=false"),
            "MissingParameter: The request must contain the parameter size or snapshotId",
        ),
        (
            format!("{one}&{ebs}.SnapshotId=snap-12345678"),
            "InvalidSnapshot.NotFound: The snapshot 'snap-12345678' does not exist.",
        ),
        (
            format!("{one}&{ebs}.VolumeSize=3&{ebs}.VolumeType=io1"),
            "InvalidParameterValue: Volume of 3GiB is too small for volume type io1; minimum is 4GiB.",
        ),
        (
            format!("{one}&{ebs}.VolumeSize=17000&{ebs}.VolumeType=gp2"),
            "InvalidParameterValue: Volume of 17000GiB is too large for volume type gp2; maximum is 16384GiB.",
        ),
        (
            format!("{one}&{ebs}.VolumeSize=8&{ebs}.VolumeType=io1"),
            "MissingParameter: The parameter iops must be specified for io1 volumes.",
        ),
        (
            format!("{one}&{ebs}.VolumeSize=8&{ebs}.VolumeType=gp2&{ebs}.Throughput=125"),
            "InvalidParameterCombination: The parameter throughput is not supported for gp2 volumes.",
        ),
        (
            format!("{one}&{ebs}.VolumeSize=8&{ebs}.VolumeType=gp3&{ebs}.Iops=100"),
            "InvalidParameterValue: Volume iops of 100 is too low; minimum is 3000.",
        ),
    ] {
        world.refuses("RunInstances", &launch(&format!("SubnetId={subnet}&{more}")), refusal);
    }
    let small = format!("SubnetId={subnet}&BlockDeviceMapping.1.DeviceName=/dev/xvda&{ebs}.VolumeSize=4");
    let answer = world.ec2("RunInstances", &launch(&small));
    assert!(
        answer.contains("InvalidBlockDeviceMapping: Volume of size 4GB is smaller than snapshot"),
        "{answer}"
    );
    assert!(world.all("DescribeInstances", "", "instanceId").is_empty(), "nothing was launched");
    assert!(world.all("DescribeVolumes", "", "volumeId").is_empty(), "nothing was made");
}

#[test]
fn a_volume_that_stayed_can_be_deleted_and_one_in_use_cannot() {
    let (mut world, _, subnet) = lab();
    let device = "BlockDeviceMapping.1.DeviceName=/dev/sdf&BlockDeviceMapping.1.Ebs.VolumeSize=9";
    let kept = format!("SubnetId={subnet}&{device}&BlockDeviceMapping.1.Ebs.DeleteOnTermination=false");
    let id = run(&mut world, &kept);
    let nine = "Filter.1.Name=size&Filter.1.Value.1=9";
    let volume = world.id("DescribeVolumes", nine, "volumeId");
    let named = format!("VolumeId={volume}");
    world.refuses(
        "DeleteVolume",
        &named,
        &format!("VolumeInUse: Volume {volume} is currently attached to {id}"),
    );
    world.does("TerminateInstances", &format!("InstanceId.1={id}"));
    world.returns("DeleteVolume", &named);
    let gone = format!("InvalidVolume.NotFound: The volume '{volume}' does not exist.");
    world.refuses("DeleteVolume", &named, &gone);
    assert!(world.restarted().all("DescribeVolumes", "", "volumeId").is_empty(), "it is gone from the disk");
}

/// An instance's root volume of 8 GiB, of type gp3.
fn with_a_root_volume() -> (World, String) {
    let (mut world, _, subnet) = lab();
    run(&mut world, &format!("SubnetId={subnet}"));
    let volume = world.id("DescribeVolumes", "", "volumeId");
    (world, volume)
}

#[test]
fn a_volume_changes_its_form_and_the_change_is_told() {
    let (mut world, volume) = with_a_root_volume();
    let named = format!("VolumeId={volume}");
    let never =
        format!("InvalidVolumeModification.NotFound: Modification for volume '{volume}' does not exist.");
    world.refuses("DescribeVolumesModifications", &format!("VolumeId.1={volume}"), &never);
    assert!(world.all("DescribeVolumesModifications", "", "volumeId").is_empty());
    world.shows(
        "ModifyVolume",
        &format!("{named}&Size=20&Throughput=250"),
        expect![[r#"
        <volumeModification>
          <volumeId>vol-1</volumeId>
          <modificationState>completed</modificationState>
          <targetSize>20</targetSize>
          <targetIops>3000</targetIops>
          <targetVolumeType>gp3</targetVolumeType>
          <targetThroughput>250</targetThroughput>
          <targetMultiAttachEnabled>false</targetMultiAttachEnabled>
          <originalSize>8</originalSize>
          <originalIops>3000</originalIops>
          <originalVolumeType>gp3</originalVolumeType>
          <originalThroughput>125</originalThroughput>
          <originalMultiAttachEnabled>false</originalMultiAttachEnabled>
          <progress>100</progress>
          <startTime>2024-01-02T03:04:05.000Z</startTime>
          <endTime>2024-01-02T03:04:05.000Z</endTime>
        </volumeModification>
    "#]],
    );
    world.shows(
        "ModifyVolume",
        &format!("{named}&VolumeType=io2"),
        expect![[r#"
        <volumeModification>
          <volumeId>vol-1</volumeId>
          <modificationState>completed</modificationState>
          <targetSize>20</targetSize>
          <targetIops>3000</targetIops>
          <targetVolumeType>io2</targetVolumeType>
          <targetMultiAttachEnabled>false</targetMultiAttachEnabled>
          <originalSize>20</originalSize>
          <originalIops>3000</originalIops>
          <originalVolumeType>gp3</originalVolumeType>
          <originalThroughput>250</originalThroughput>
          <originalMultiAttachEnabled>false</originalMultiAttachEnabled>
          <progress>100</progress>
          <startTime>2024-01-02T03:04:05.000Z</startTime>
          <endTime>2024-01-02T03:04:05.000Z</endTime>
        </volumeModification>
    "#]],
    );
    let mut world = world.restarted();
    let form = |world: &mut World| {
        ["size", "volumeType", "iops", "throughput"]
            .map(|name| world.all("DescribeVolumes", "", name).join(""))
    };
    assert_eq!(form(&mut world), ["20", "io2", "3000", ""]);
    assert_eq!(
        world.all("DescribeVolumesModifications", &format!("VolumeId.1={volume}"), "originalIops"),
        ["3000"]
    );
    for (filter, count) in [
        ("modification-state=completed", 1),
        ("original-iops=3000", 1),
        ("original-size=20", 1),
        ("original-volume-type=gp3", 1),
        ("originalMultiAttachEnabled=true", 0),
        ("start-time=2024-01-02T03:04:05.000Z", 1),
        ("target-iops=3000", 1),
        ("target-size=8", 0),
        ("target-volume-type=io2", 1),
        ("targetMultiAttachEnabled=false", 1),
        ("volume-id=vol-*", 1),
    ] {
        let (name, value) = filter.split_once('=').expect("name=value");
        let asked = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
        assert_eq!(world.all("DescribeVolumesModifications", &asked, "targetSize").len(), count, "{filter}");
    }
    world.does("ModifyVolume", &format!("{named}&VolumeType=gp2"));
    assert_eq!(form(&mut world), ["20", "gp2", "100", ""]);
    world.does("ModifyVolume", &format!("{named}&VolumeType=gp3&Iops=4000"));
    assert_eq!(form(&mut world), ["20", "gp3", "4000", "125"]);
    world.does("ModifyVolume", &format!("{named}&Size=30"));
    assert_eq!(form(&mut world), ["30", "gp3", "4000", "125"], "the speed stays with the type");
}

#[test]
fn a_form_that_cannot_be_is_refused_and_changes_nothing() {
    let (mut world, volume) = with_a_root_volume();
    for (asked, refusal) in [
        ("Size=7", "InvalidParameterValue: New size cannot be smaller than existing size"),
        (
            "MultiAttachEnabled=false",
            "MissingParameter: The request must contain the parameter size, volumeType, iops or throughput",
        ),
        ("MultiAttachEnabled=true", "UnsupportedOperation: Multi-Attach of volumes is not supported here"),
        (
            "VolumeType=st1",
            "InvalidParameterValue: Volume of 8GiB is too small for volume type st1; minimum is 125GiB.",
        ),
        ("Iops=100", "InvalidParameterValue: Volume iops of 100 is too low; minimum is 3000."),
        (
            "VolumeType=gp2&Iops=3000",
            "InvalidParameterCombination: The parameter iops is not supported for gp2 volumes.",
        ),
    ] {
        world.refuses("ModifyVolume", &format!("VolumeId={volume}&{asked}"), refusal);
    }
    assert_eq!(world.all("DescribeVolumes", "", "size"), ["8"]);
    world.refuses(
        "ModifyVolume",
        "VolumeId=vol-0123456789abcdef0&Size=9",
        "InvalidVolume.NotFound: The volume 'vol-0123456789abcdef0' does not exist.",
    );
}

#[test]
fn several_devices_change_together_or_not_at_all() {
    let (mut world, _, subnet) = lab();
    let more = "BlockDeviceMapping.1.DeviceName=/dev/sdf&BlockDeviceMapping.1.Ebs.VolumeSize=1";
    let id = run(&mut world, &format!("SubnetId={subnet}&{more}"));
    let keeps = |place: u32, device: &str| {
        let mapping = format!("BlockDeviceMapping.{place}");
        format!("{mapping}.DeviceName={device}&{mapping}.Ebs.DeleteOnTermination=false")
    };
    let asked = |one: &str, other: &str| format!("InstanceId={id}&{}&{}", keeps(1, one), keeps(2, other));
    world.refuses(
        "ModifyInstanceAttribute",
        &asked("/dev/xvda", "/dev/sdz"),
        "InvalidInstanceAttributeValue: No device is currently mapped at /dev/sdz",
    );
    for (half, missing) in
        [("DeviceName=/dev/sdf", "ebs.deleteOnTermination"), ("Ebs.DeleteOnTermination=true", "device name")]
    {
        world.refuses(
            "ModifyInstanceAttribute",
            &format!("InstanceId={id}&{}&BlockDeviceMapping.2.{half}", keeps(1, "/dev/xvda")),
            &format!("MissingParameter: The request must contain the parameter {missing}"),
        );
    }
    let stay = "Filter.1.Name=attachment.delete-on-termination&Filter.1.Value.1=false";
    assert!(world.all("DescribeVolumes", stay, "size").is_empty(), "nothing has changed");
    world.returns("ModifyInstanceAttribute", &asked("/dev/xvda", "/dev/sdf"));
    assert_eq!(world.all("DescribeVolumes", stay, "size").len(), 2);
}
