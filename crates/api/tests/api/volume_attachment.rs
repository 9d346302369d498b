//! Volumes made by themselves, attached and detached. Expectations: EC2 API Reference, CreateVolume, AttachVolume,
//! DetachVolume, "Error codes"; sentences of errors as clients have reported them.

use crate::launch::{lab, run};
use crate::shown::between;
use crate::world::World;
use expect_test::expect;

/// A running instance in us-east-1a, and a volume of 10 GiB there.
fn with_both() -> (World, String, String) {
    let (mut world, _, subnet) = lab();
    let instance = run(&mut world, &format!("SubnetId={subnet}"));
    let volume = world.id("CreateVolume", "AvailabilityZone=us-east-1a&Size=10", "volumeId");
    (world, instance, volume)
}

fn attach(volume: &str, instance: &str, device: &str) -> String {
    format!("VolumeId={volume}&InstanceId={instance}&Device={device}")
}

impl World {
    /// State, instance and device of a volume.
    fn place(&mut self, volume: &str) -> String {
        let named = format!("VolumeId.1={volume}");
        ["status", "instanceId", "device"]
            .map(|name| self.all("DescribeVolumes", &named, name).join(","))
            .join(" ")
    }

    /// The devices of an instance, each with its volume.
    fn devices(&mut self, instance: &str) -> Vec<(String, String)> {
        let answer = self.does("DescribeInstances", &format!("InstanceId.1={instance}"));
        let mapping = between(&answer, "blockDeviceMapping").unwrap_or_default();
        let device = |item: &str| {
            Some((between(item, "deviceName")?.to_owned(), between(item, "volumeId")?.to_owned()))
        };
        mapping.split("<item>").filter_map(device).collect()
    }
}

#[test]
fn a_volume_is_made_as_asked() {
    let mut world = World::new();
    let tags = "TagSpecification.1.ResourceType=volume&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=data";
    let asked = "AvailabilityZone=us-east-1b&Size=100&VolumeType=gp3&Iops=4000&Throughput=200&Encrypted=true";
    world.shows(
        "CreateVolume",
        &format!("{asked}&{tags}&ClientToken=once"),
        expect![[r#"
            <availabilityZoneId>use1-az2</availabilityZoneId>
            <iops>4000</iops>
            <tagSet>
              <item>
                <key>Name</key>
                <value>data</value>
              </item>
            </tagSet>
            <volumeType>gp3</volumeType>
            <multiAttachEnabled>false</multiAttachEnabled>
            <throughput>200</throughput>
            <volumeId>vol-1</volumeId>
            <size>100</size>
            <snapshotId/>
            <availabilityZone>us-east-1b</availabilityZone>
            <status>creating</status>
            <createTime>2024-01-02T03:04:05.000Z</createTime>
            <attachmentSet/>
            <encrypted>true</encrypted>
        "#]],
    );
    world.does("CreateVolume", &format!("{asked}&{tags}&ClientToken=once"));
    assert_eq!(world.all("DescribeVolumes", "", "status"), ["available"], "a token makes one volume");
    // EC2 API Reference, CreateVolume: gp2 unless said otherwise.
    let by_id = world.id("CreateVolume", "AvailabilityZoneId=use1-az1&Size=1", "volumeId");
    let named = format!("VolumeId.1={by_id}");
    assert_eq!(world.all("DescribeVolumes", &named, "volumeType"), ["gp2"]);
    assert_eq!(world.all("DescribeVolumes", &named, "availabilityZone"), ["us-east-1a"]);
    let mut world = world.restarted();
    world.returns("DeleteVolume", &format!("VolumeId={by_id}"));
    assert_eq!(world.all("DescribeVolumes", "", "size"), ["100"]);
}

#[test]
fn volumes_that_cannot_be_made_are_refused() {
    let mut world = World::new();
    let zone = "AvailabilityZone=us-east-1a";
    for (asked, refusal) in [
        ("Size=1".to_owned(), "MissingParameter: The request must contain the parameter AvailabilityZone"),
        (
            "Size=1&AvailabilityZone=us-east-9z".to_owned(),
            "InvalidZone.NotFound: The zone 'us-east-9z' does not exist.",
        ),
        (
            format!("{zone}&AvailabilityZoneId=use1-az1&Size=1"),
            "InvalidParameterCombination: The parameters availabilityZone and availabilityZoneId cannot be used together",
        ),
        (zone.to_owned(), "MissingParameter: The request must contain the parameter size/snapshot"),
        (
            format!("{zone}&SnapshotId=snap-12345678"),
            "InvalidSnapshot.NotFound: The snapshot 'snap-12345678' does not exist.",
        ),
        (
            format!("{zone}&Size=124&VolumeType=st1"),
            "InvalidParameterValue: Volume of 124GiB is too small for volume type st1; minimum is 125GiB.",
        ),
        (
            format!("{zone}&Size=10&VolumeType=io2"),
            "MissingParameter: The parameter iops must be specified for io2 volumes.",
        ),
        (
            format!("{zone}&Size=10&Throughput=200"),
            "InvalidParameterCombination: The parameter throughput is not supported for gp2 volumes.",
        ),
        (
            format!("{zone}&Size=10&KmsKeyId=alias/own"),
            "InvalidParameterDependency: The parameter KmsKeyId requires the parameter Encrypted to be set.",
        ),
        (
            format!("{zone}&Size=10&MultiAttachEnabled=true"),
            "UnsupportedOperation: Multi-Attach of volumes is not supported here",
        ),
        (
            format!("{zone}&Size=10&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=a"),
            "InvalidParameterValue: 'instance' is not a valid taggable resource type for this operation.",
        ),
        (
            format!(
                "{zone}&Size=10&TagSpecification.1.ResourceType=volume&TagSpecification.1.Tag.1.Key=aws:a"
            ),
            "InvalidParameterValue: Tag keys starting with 'aws:' are reserved for internal use",
        ),
        (
            format!("{zone}&Size=10&OutpostArn=arn"),
            "UnknownParameter: The parameter OutpostArn is not recognized: not implemented by weir",
        ),
    ] {
        world.refuses("CreateVolume", &asked, refusal);
    }
    let answer = world.ec2("CreateVolume", &format!("{zone}&Size=1&DryRun=true"));
    assert!(answer.starts_with("412 DryRunOperation"), "{answer}");
    assert!(world.all("DescribeVolumes", "", "volumeId").is_empty(), "nothing was made");
}

#[test]
fn a_volume_goes_to_an_instance_and_back() {
    let (mut world, instance, volume) = with_both();
    let root = world.devices(&instance);
    world.shows(
        "AttachVolume",
        &attach(&volume, &instance, "/dev/sdf"),
        expect![[r#"
            <deleteOnTermination>false</deleteOnTermination>
            <volumeId>vol-1</volumeId>
            <instanceId>i-2</instanceId>
            <device>/dev/sdf</device>
            <status>attaching</status>
            <attachTime>2024-01-02T03:04:05.000Z</attachTime>
        "#]],
    );
    assert_eq!(world.place(&volume), format!("in-use,attached {instance} /dev/sdf"));
    let both = [root.clone(), vec![("/dev/sdf".to_owned(), volume.clone())]].concat();
    assert_eq!(world.devices(&instance), both);
    // What Terraform asks until it is attached.
    let filters = format!(
        "VolumeId.1={volume}&Filter.1.Name=attachment.device&Filter.1.Value.1=/dev/sdf\
         &Filter.2.Name=attachment.instance-id&Filter.2.Value.1={instance}"
    );
    assert_eq!(world.all("DescribeVolumes", &filters, "volumeId").len(), 2, "the volume and its attachment");
    world.refuses(
        "DeleteVolume",
        &format!("VolumeId={volume}"),
        &format!("VolumeInUse: Volume {volume} is currently attached to {instance}"),
    );
    let mut world = world.restarted();
    world.shows(
        "DetachVolume",
        &format!("VolumeId={volume}&InstanceId={instance}&Device=/dev/sdf&Force=false"),
        expect![[r#"
            <deleteOnTermination>false</deleteOnTermination>
            <volumeId>vol-1</volumeId>
            <instanceId>i-2</instanceId>
            <device>/dev/sdf</device>
            <status>detaching</status>
            <attachTime>2024-01-02T03:04:05.000Z</attachTime>
        "#]],
    );
    assert_eq!(world.place(&volume), "available  ");
    assert_eq!(world.devices(&instance), root);
    world.returns("DeleteVolume", &format!("VolumeId={volume}"));
}

#[test]
fn an_attached_volume_stays_when_its_instance_goes_unless_told() {
    let (mut world, instance, stays) = with_both();
    let goes = world.id("CreateVolume", "AvailabilityZone=us-east-1a&Size=20", "volumeId");
    world.does("AttachVolume", &attach(&stays, &instance, "/dev/sdf"));
    world.does("AttachVolume", &attach(&goes, &instance, "xvdg"));
    let change = "BlockDeviceMapping.1.DeviceName=xvdg&BlockDeviceMapping.1.Ebs.DeleteOnTermination=true";
    world.returns("ModifyInstanceAttribute", &format!("InstanceId={instance}&{change}"));
    world.does("TerminateInstances", &format!("InstanceId.1={instance}"));
    assert_eq!(world.all("DescribeVolumes", "", "volumeId"), [stays.as_str()]);
    assert_eq!(world.place(&stays), "available  ");
    world.refuses(
        "AttachVolume",
        &attach(&stays, &instance, "/dev/sdf"),
        &format!("IncorrectState: Instance '{instance}' is not 'running'."),
    );
}

#[test]
fn what_cannot_be_attached_is_refused() {
    let (mut world, instance, volume) = with_both();
    let elsewhere = world.id("CreateVolume", "AvailabilityZone=us-east-1b&Size=1", "volumeId");
    let nobody = "vol-0123456789abcdef0";
    let refusals = [
        (attach(nobody, &instance, "/dev/sdf"), format!("InvalidVolume.NotFound: The volume '{nobody}' does not exist.")),
        (
            attach(&volume, "i-0123456789abcdef0", "/dev/sdf"),
            "InvalidInstanceID.NotFound: The instance ID 'i-0123456789abcdef0' does not exist".to_owned(),
        ),
        (
            attach(&volume, &instance, "/dev/nvme1n1"),
            "InvalidParameterValue: Value (/dev/nvme1n1) for parameter device is invalid. /dev/nvme1n1 is not a valid EBS device name.".to_owned(),
        ),
        (
            attach(&volume, &instance, "/dev/xvda"),
            "InvalidParameterValue: Invalid value '/dev/xvda' for unixDevice. Attachment point /dev/xvda is already in use".to_owned(),
        ),
        (
            attach(&elsewhere, &instance, "/dev/sdf"),
            format!("InvalidVolume.ZoneMismatch: The volume '{elsewhere}' is not in the same availability zone as instance '{instance}'"),
        ),
        (
            format!("VolumeId={volume}&InstanceId={instance}"),
            "MissingParameter: The request must contain the parameter Device".to_owned(),
        ),
    ];
    for (asked, refusal) in refusals {
        world.refuses("AttachVolume", &asked, &refusal);
    }
    assert_eq!(world.place(&volume), "available  ");
    world.does("AttachVolume", &attach(&volume, &instance, "/dev/sdf"));
    world.refuses(
        "AttachVolume",
        &attach(&volume, &instance, "/dev/sdg"),
        &format!("VolumeInUse: {volume} is already attached to an instance"),
    );
    for letter in 'a'..='z' {
        let more = world.id("CreateVolume", "AvailabilityZone=us-east-1a&Size=1", "volumeId");
        world.does("AttachVolume", &attach(&more, &instance, &format!("/dev/xvdb{letter}")));
    }
    let more = world.id("CreateVolume", "AvailabilityZone=us-east-1a&Size=1", "volumeId");
    world.refuses(
        "AttachVolume",
        &attach(&more, &instance, "/dev/sdh"),
        "AttachmentLimitExceeded: Volume count 29 exceeds the limit of 28 for an instance",
    );
}

#[test]
fn what_cannot_be_detached_is_refused() {
    let (mut world, instance, volume) = with_both();
    let other = "i-0123456789abcdef0";
    world.refuses(
        "DetachVolume",
        &format!("VolumeId={volume}"),
        &format!("IncorrectState: Volume '{volume}' is in the 'available' state."),
    );
    world.does("AttachVolume", &attach(&volume, &instance, "/dev/sdf"));
    for (more, place) in [
        (format!("InstanceId={other}"), format!("{other} as device /dev/sdf")),
        ("Device=/dev/sdz".to_owned(), format!("{instance} as device /dev/sdz")),
    ] {
        world.refuses(
            "DetachVolume",
            &format!("VolumeId={volume}&{more}"),
            &format!("InvalidAttachment.NotFound: The volume {volume} is not attached to instance {place}"),
        );
    }
    assert_eq!(world.place(&volume), format!("in-use,attached {instance} /dev/sdf"));
    world.refuses(
        "DetachVolume",
        "VolumeId=vol-0123456789abcdef0",
        "InvalidVolume.NotFound: The volume 'vol-0123456789abcdef0' does not exist.",
    );
}

// EBS User Guide, "Detach an Amazon EBS volume": the root volume can be detached once the instance is stopped.
#[test]
fn a_root_volume_leaves_a_stopped_instance_which_then_does_not_start() {
    let (mut world, instance, volume) = with_both();
    world.does("AttachVolume", &attach(&volume, &instance, "/dev/sdf"));
    let root = world.devices(&instance)[0].1.clone();
    let (named, by_id) = (format!("VolumeId={root}"), format!("InstanceId.1={instance}"));
    world.refuses(
        "DetachVolume",
        &named,
        &format!("IncorrectState: Unable to detach root volume '{root}' from instance '{instance}'"),
    );
    world.does("StopInstances", &by_id);
    world.does("DetachVolume", &named);
    let mut world = world.restarted();
    world.refuses(
        "StartInstances",
        &by_id,
        &format!(
            "InvalidParameterValue: Invalid value '{instance}' for instanceId. Instance does not have a volume attached at root (/dev/xvda)"
        ),
    );
    world.does("AttachVolume", &attach(&root, &instance, "/dev/xvda"));
    let devices = world.devices(&instance);
    assert_eq!(
        devices,
        [("/dev/xvda".to_owned(), root), ("/dev/sdf".to_owned(), volume)],
        "the root is first"
    );
    world.does("StartInstances", &by_id);
}
