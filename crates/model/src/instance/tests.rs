use super::*;
use crate::image::CATALOGUE;
use crate::interface::{AddressChoice, InterfaceRefusal, NewInterface};
use crate::subnet::HostNames;
use crate::testing::{World, scope};
use crate::volume::{BadDevice, DeviceSource, LaunchDevice, NewVolume, VOLUMES_MAX, VolumeType};
use crate::{SubnetId, Tags};

struct Lab {
    world: World,
    subnet: SubnetId,
}

fn lab() -> Lab {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let subnet = world.subnet(vpc, "10.0.0.0/28");
    world.network.subnets.get_mut(&subnet).expect("the subnet").map_public_ip = true;
    Lab { world, subnet }
}

impl Lab {
    fn launch(&self, interfaces: Vec<LaunchInterface>) -> Launch {
        Launch {
            min: 1,
            max: 1,
            image: CATALOGUE[0].id(self.world.scope.region),
            instance_type: "t2.micro".to_owned(),
            zone: None,
            interfaces,
            key_name: None,
            user_data: None,
            termination_protected: false,
            instance_profile: None,
            host_names: HostNameChange::default(),
            devices: Vec::new(),
            volume_tags: Tags::new(),
            settings: InstanceSettings::default(),
            tags: Tags::new(),
        }
    }

    fn one(&self) -> Launch {
        self.launch(vec![new(0, Some(self.subnet))])
    }

    fn run(&mut self, launch: Launch) -> Result<Vec<InstanceId>, Refused> {
        self.world.run(|network, cx| network.run_instances(cx, launch)).map(|(_, ids)| ids)
    }

    fn started(&mut self) -> InstanceId {
        let launch = self.one();
        self.run(launch).expect("room")[0]
    }

    fn instance(&self, id: InstanceId) -> &Instance {
        self.world.network.instances.get(&id).expect("an instance")
    }

    fn public(&self, id: InstanceId) -> Option<std::net::Ipv4Addr> {
        let primary = self.instance(id).primary()?;
        let interface = self.world.network.interfaces.get(&primary).expect("its interface");
        interface.addresses.first()?.public.as_ref().map(PublicAddress::address)
    }
}

fn new(device_index: u16, subnet: Option<SubnetId>) -> LaunchInterface {
    let source = LaunchSource::New { subnet, new: NewInterface::default(), public: None };
    LaunchInterface { device_index, delete_on_termination: None, source }
}

#[test]
fn an_address_is_lent_while_the_instance_runs() {
    let mut lab = lab();
    let id = lab.started();
    let first = lab.public(id).expect("the subnet lends one");
    lab.world.run(|network, cx| network.stop_instances(cx, &[id])).expect("it runs");
    assert_eq!(lab.public(id), None);
    lab.world.run(|network, cx| network.start_instances(cx, &[id])).expect("it is stopped");
    let second = lab.public(id).expect("another one");
    assert_ne!(first, second);
    let again = lab.world.run(|network, cx| network.start_instances(cx, &[id])).expect("no error");
    assert_eq!((again[0].previous, lab.public(id)), (InstanceState::Running, Some(second)));
}

// EC2 User Guide, "Public IPv4 addresses": an address is lent again, unless there is more than one interface.
#[test]
fn an_address_is_lent_again_when_the_elastic_one_goes() {
    use crate::address::AddressTarget;
    let mut lab = lab();
    let (id, subnet) = (lab.started(), lab.subnet);
    let vpc = lab.world.network.subnets.get(&subnet).expect("the subnet").vpc;
    let gateway = lab.world.run(|network, cx| network.create_internet_gateway(cx, Tags::new())).expect("one");
    lab.world.run(|network, cx| network.attach_internet_gateway(cx, gateway, vpc)).expect("a free gateway");
    let elastic = lab.world.run(|network, cx| network.allocate_address(cx, None, Tags::new())).expect("one");
    let first = lab.public(id);
    let swap = |lab: &mut Lab| {
        let target = (AddressTarget::Interface(lab.instance(id).primary().expect("one")), None);
        let associate =
            |network: &mut Network, cx: &mut Cx| network.associate_address(cx, elastic, target, true);
        let association = lab.world.run(associate).expect("an address to stand for");
        lab.world.run(|network, cx| network.disassociate_address(cx, association)).expect("an association");
        lab.public(id)
    };
    let second = swap(&mut lab);
    assert!(second.is_some() && second != first, "{first:?} {second:?}");
    let spare = lab.world.run(|network, cx| network.create_interface(cx, subnet, NewInterface::default()));
    let spare = spare.expect("room");
    lab.world.run(|network, cx| network.attach_interface(cx, spare, id, 1)).expect("a free index");
    assert_eq!(swap(&mut lab), None);
}

#[test]
fn a_terminated_instance_lets_go_of_everything_and_is_forgotten_after_an_hour() {
    let mut lab = lab();
    let id = lab.started();
    let terminate = |lab: &mut Lab| lab.world.run(|network, cx| network.terminate_instances(cx, &[id]));
    assert_eq!(terminate(&mut lab).expect("it runs")[0].previous, InstanceState::Running);
    assert_eq!(terminate(&mut lab).expect("no error")[0].previous, InstanceState::Terminated);
    assert!(lab.instance(id).interfaces.is_empty() && lab.world.network.interfaces.is_empty());
    let start = lab.world.run(|network, cx| network.start_instances(cx, &[id]));
    assert_eq!(start, Err(InstanceRefusal::WrongState { instance: id, verb: "started" }.into()));
    lab.world.network.step(lab.world.now.plus_ms(TERMINATED_SEEN_MS - 1));
    assert!(lab.world.network.instances.has(&id));
    lab.world.network.step(lab.world.now.plus_ms(TERMINATED_SEEN_MS));
    assert_eq!(terminate(&mut lab), Err(InstanceRefusal::NoSuch(vec![id]).into()));
}

#[test]
fn an_attached_interface_stays_when_its_instance_goes() {
    let mut lab = lab();
    let (id, subnet) = (lab.started(), lab.subnet);
    let spare = lab
        .world
        .run(|network, cx| network.create_interface(cx, subnet, NewInterface::default()))
        .expect("room");
    let attachment =
        lab.world.run(|network, cx| network.attach_interface(cx, spare, id, 1)).expect("a free index");
    assert_eq!(lab.instance(id).interfaces.last(), Some(&spare));
    lab.world.run(|network, cx| network.terminate_instances(cx, &[id])).expect("it runs");
    let left = lab.world.network.interfaces.get(&spare).expect("it was there before");
    assert_eq!((&left.attachment, lab.world.network.interfaces.len()), (&None, 1));
    assert!(lab.world.network.detachments.has(&attachment));
    lab.world.network.step(lab.world.now.plus_ms(3_600_000));
    assert!(lab.world.network.detachments.is_empty());
}

#[test]
fn protection_refuses_until_it_is_taken_away() {
    let mut lab = lab();
    let id = lab.run(Launch { termination_protected: true, ..lab.one() }).expect("room")[0];
    let refusal =
        InstanceRefusal::Protected { instance: id, verb: "terminated", attribute: "disableApiTermination" };
    assert_eq!(lab.world.run(|network, cx| network.terminate_instances(cx, &[id])), Err(refusal.into()));
    let change = InstanceChange::TerminationProtection(false);
    lab.world.run(|network, cx| network.modify_instance(cx, id, change)).expect("an instance");
    assert!(lab.world.run(|network, cx| network.terminate_instances(cx, &[id])).is_ok());
}

#[test]
fn one_refusal_spares_all_instances() {
    let mut lab = lab();
    let (alive, dead) = (lab.started(), lab.started());
    lab.world.run(|network, cx| network.terminate_instances(cx, &[dead])).expect("it runs");
    let stop = lab.world.run(|network, cx| network.stop_instances(cx, &[alive, dead]));
    assert_eq!(stop, Err(InstanceRefusal::WrongState { instance: dead, verb: "stopped" }.into()));
    assert_eq!(lab.instance(alive).state, InstanceState::Running);
}

#[test]
fn as_many_as_fit_but_not_fewer_than_the_least() {
    let mut lab = lab();
    let launch = Launch { min: 12, max: 20, ..lab.one() };
    let subnet = lab.subnet;
    assert_eq!(lab.run(launch.clone()), Err(InterfaceRefusal::SubnetFull(subnet).into()));
    let ids = lab.run(Launch { min: 11, ..launch }).expect("a /28 has 11 addresses");
    let indexes: Vec<u32> = ids.iter().map(|id| lab.instance(*id).launch_index).collect();
    assert_eq!(indexes, (0..11).collect::<Vec<u32>>());
}

#[test]
fn interfaces_of_a_launch_must_fit_together() {
    let mut lab = lab();
    let (subnet, vpc) = (lab.subnet, lab.world.network.subnets.get(&lab.subnet).expect("it").vpc);
    let far = lab.world.run(|network, cx| {
        let cidr = Some("10.0.9.0/28".parse().expect("a block"));
        let zone = Some("us-east-1b".parse().expect("a zone"));
        network.create_subnet(
            cx,
            crate::subnet::NewSubnet { vpc, zone, cidr, ipv6_cidr: None, tags: Tags::new() },
        )
    });
    let far = far.expect("a subnet");
    let named = LaunchSource::New {
        subnet: Some(subnet),
        new: NewInterface {
            addresses: AddressChoice { primary: Some([10, 0, 0, 9].into()), ..AddressChoice::default() },
            ..NewInterface::default()
        },
        public: None,
    };
    let named = LaunchInterface { device_index: 0, delete_on_termination: None, source: named };
    let asks = LaunchSource::New { subnet: Some(subnet), new: NewInterface::default(), public: Some(true) };
    let asks = LaunchInterface { device_index: 0, delete_on_termination: None, source: asks };
    let rows = [
        (vec![new(1, Some(subnet))], 1, BadInterfaces::NoPrimary),
        (vec![new(0, Some(subnet)), new(0, Some(subnet))], 1, BadInterfaces::SameIndex(0)),
        (vec![new(0, Some(subnet)), new(1, Some(far))], 1, BadInterfaces::SeveralZones),
        (vec![named], 2, BadInterfaces::NamedForSeveral),
        (vec![asks, new(1, Some(subnet))], 1, BadInterfaces::PublicForSeveral),
    ];
    for (interfaces, max, bad) in rows {
        let launch = Launch { max, ..lab.launch(interfaces) };
        assert_eq!(lab.run(launch), Err(InstanceRefusal::Interfaces(bad).into()));
    }
    let three = lab.launch(vec![new(0, Some(subnet)), new(1, Some(subnet)), new(2, Some(subnet))]);
    let refusal = InstanceRefusal::TooManyInterfaces { count: 3, instance_type: "t2.micro" };
    assert_eq!(lab.run(three), Err(refusal.into()));
}

#[test]
fn without_a_subnet_the_default_one_is_taken() {
    let mut lab = lab();
    lab.world.scope = scope("222222222222");
    let bare = lab.launch(vec![new(0, None)]);
    assert_eq!(lab.run(bare.clone()), Err(InstanceRefusal::NoDefaultVpc.into()));
    let vpc = lab.world.run(|network, cx| network.create_default_vpc(cx)).expect("a default VPC");
    let zone = Some("us-east-1b".parse().expect("a zone"));
    let id = lab.run(Launch { zone, ..bare.clone() }).expect("a default subnet")[0];
    assert_eq!(Some(lab.instance(id).zone), zone);
    assert!(lab.public(id).is_some(), "default subnets lend public addresses");
    let zone = Some("us-east-1d".parse().expect("a zone"));
    assert_eq!(lab.run(Launch { zone, ..bare }), Err(InstanceRefusal::NoDefaultSubnet(vpc).into()));
}

#[test]
fn launches_name_what_is_there() {
    let mut lab = lab();
    let one = lab.one();
    let arm = CATALOGUE[1].id(lab.world.scope.region);
    let rows: Vec<(Launch, Refused)> = vec![
        (
            Launch { key_name: Some("k".to_owned()), ..one.clone() },
            InstanceRefusal::NoSuchKeyPair("k".to_owned()).into(),
        ),
        (
            Launch { instance_type: "x".to_owned(), ..one.clone() },
            InstanceRefusal::NoSuchType("x".to_owned()).into(),
        ),
        (
            Launch { image: arm, ..one.clone() },
            InstanceRefusal::Architecture { image: "arm64", instance_type: "x86_64" }.into(),
        ),
        (
            Launch { user_data: Some(vec![0; USER_DATA_BYTES_MAX + 1]), ..one.clone() },
            InstanceRefusal::UserDataLength.into(),
        ),
        (Launch { max: 6_000, ..one }, crate::Limit::Instances(6_000, 5_000).into()),
    ];
    for (launch, refusal) in rows {
        assert_eq!(lab.run(launch), Err(refusal));
    }
}

#[test]
fn some_attributes_wait_until_it_is_stopped() {
    let mut lab = lab();
    let id = lab.started();
    let change = |lab: &mut Lab, change| lab.world.run(|network, cx| network.modify_instance(cx, id, change));
    let bigger = InstanceChange::Type("t3.micro".to_owned());
    assert_eq!(change(&mut lab, bigger.clone()), Err(InstanceRefusal::NotStopped(id).into()));
    assert_eq!(change(&mut lab, InstanceChange::SourceDestCheck(false)), Ok(()));
    lab.world.run(|network, cx| network.stop_instances(cx, &[id])).expect("it runs");
    assert_eq!(change(&mut lab, bigger), Ok(()));
    assert_eq!(lab.instance(id).instance_type, "t3.micro");
}

#[test]
fn names_of_key_pairs_are_unique_and_deleting_is_lenient() {
    let mut world = World::new();
    let add = |world: &mut World, name: &str| {
        let new = NewKeyPair {
            name: name.to_owned(),
            fingerprint: String::new(),
            key_type: "rsa".to_owned(),
            public_key: String::new(),
            tags: Tags::new(),
        };
        world.run(|network, cx| network.add_key_pair(cx, new))
    };
    let id = add(&mut world, "lab").expect("a free name");
    assert_eq!(add(&mut world, "lab"), Err(InstanceRefusal::DuplicateKeyPair("lab".to_owned()).into()));
    assert_eq!(add(&mut world, ""), Err(InstanceRefusal::KeyPairName(String::new()).into()));
    for _ in 0..2 {
        let deleted = world.run(|network, cx| {
            network.delete_key_pair(cx, id);
            Ok(())
        });
        assert_eq!(deleted, Ok(()));
    }
    assert!(world.network.key_pairs.is_empty());
}

fn volume(lab: &Lab, id: InstanceId, place: usize) -> crate::volume::Volume {
    let volume = lab.instance(id).settings.volumes[place];
    lab.world.network.volumes.get(&volume).expect("a volume").clone()
}

fn disk(name: &str, asked: NewVolume) -> LaunchDevice {
    LaunchDevice { name: name.to_owned(), source: DeviceSource::Volume(asked) }
}

// EC2 User Guide, "Block device mappings for volumes on Amazon EC2 instances".
#[test]
fn volumes_are_made_as_the_image_and_the_mappings_say_and_go_as_told() {
    let mut lab = lab();
    let kept = NewVolume { size_gib: Some(20), delete_on_termination: Some(false), ..NewVolume::default() };
    let root = NewVolume { size_gib: Some(30), ..NewVolume::default() };
    let launch = Launch { devices: vec![disk("/dev/sdf", kept), disk("/dev/xvda", root)], ..lab.one() };
    let id = lab.run(launch).expect("room")[0];
    let (root, other) = (volume(&lab, id, 0), volume(&lab, id, 1));
    assert_eq!(
        (root.form.size_gib, root.form.volume_type, root.form.iops),
        (30, VolumeType::Gp3, Some(3000))
    );
    assert_eq!(
        (other.form.size_gib, other.form.volume_type, other.form.iops),
        (20, VolumeType::Gp2, Some(100))
    );
    assert!(root.snapshot.is_some() && other.snapshot.is_none());
    lab.world.run(|network, cx| network.terminate_instances(cx, &[id])).expect("it runs");
    assert!(!lab.world.network.volumes.has(&root.id), "it went with the instance");
    let left = lab.world.network.volumes.get(&other.id).expect("it was to stay");
    assert_eq!(left.attachment, None);
}

#[test]
fn volumes_that_cannot_be_are_refused() {
    let mut lab = lab();
    let sized = |size_gib| NewVolume { size_gib: Some(size_gib), ..NewVolume::default() };
    let typed = |volume_type| NewVolume { volume_type: Some(volume_type), ..sized(200) };
    let many = (0..VOLUMES_MAX).map(|place| disk(&format!("/dev/x{place}"), sized(1))).collect();
    let image = &CATALOGUE[0];
    let snapshot = image.snapshot(lab.world.scope.region).to_string();
    let rows: Vec<(Vec<LaunchDevice>, BadDevice)> = vec![
        (vec![disk("b", sized(1)), disk("b", sized(1))], BadDevice::Twice("b".to_owned())),
        (vec![disk("b", NewVolume::default())], BadDevice::NoSize),
        (vec![disk("/dev/xvda", sized(4))], BadDevice::BelowSnapshot { size_gib: 4, snapshot, least_gib: 8 }),
        (
            vec![disk("b", sized(20_000))],
            BadDevice::Size { size_gib: 20_000, volume_type: VolumeType::Gp2, least: 1, most: 16_384 },
        ),
        (vec![disk("b", typed(VolumeType::Io1))], BadDevice::NeedsIops(VolumeType::Io1)),
        (
            vec![disk("b", NewVolume { iops: Some(3000), ..typed(VolumeType::Gp2) })],
            BadDevice::NotSupported("iops", VolumeType::Gp2),
        ),
        (
            vec![disk("b", NewVolume { throughput: Some(9000), ..typed(VolumeType::Gp3) })],
            BadDevice::Rate { member: "throughput", given: 9000, least: 125, most: 2000 },
        ),
        (
            vec![disk("b", NewVolume { snapshot: Some("snap-12345678".to_owned()), ..sized(1) })],
            BadDevice::NoSuchSnapshot("snap-12345678".to_owned()),
        ),
        (
            vec![LaunchDevice { name: "/dev/xvda".to_owned(), source: DeviceSource::Nothing }],
            BadDevice::RootSuppressed("/dev/xvda".to_owned()),
        ),
        (many, BadDevice::TooMany(VOLUMES_MAX + 1)),
    ];
    for (devices, bad) in rows {
        let launch = Launch { devices, ..lab.one() };
        assert_eq!(lab.run(launch), Err(InstanceRefusal::Device(bad).into()));
    }
}

// EC2 User Guide, "EC2 instance hostnames and domains": the options are those of the launch for good.
#[test]
fn names_are_as_the_subnet_had_them_at_launch() {
    let mut lab = lab();
    let id = lab.started();
    let subnet = lab.world.network.subnets.get_mut(&lab.subnet).expect("the subnet");
    subnet.host_names = HostNames { by_resource: true, a_record: true, aaaa_record: false };
    let later = lab.started();
    let names = |lab: &Lab, id| lab.world.network.host_names_of(lab.instance(id));
    assert_eq!((names(&lab, id).by_resource, names(&lab, later).by_resource), (false, true));
    let by_address = HostNameChange { by_resource: Some(false), ..HostNameChange::default() };
    let said = lab.run(Launch { host_names: by_address, ..lab.one() }).expect("room")[0];
    assert_eq!((names(&lab, said).by_resource, names(&lab, said).a_record), (false, true));
    let modify =
        |lab: &mut Lab, change| lab.world.run(|network, cx| network.modify_host_names(cx, later, change));
    assert_eq!(modify(&mut lab, by_address), Err(InstanceRefusal::NotStopped(later).into()));
    let answered = HostNameChange { a_record: Some(false), ..HostNameChange::default() };
    assert_eq!(modify(&mut lab, answered), Ok(()));
    assert!(!names(&lab, later).a_record);
}

#[test]
fn a_dedicated_vpc_has_dedicated_instances_only() {
    let mut lab = lab();
    let shared = lab.started();
    let vpc = lab.world.network.subnets.get(&lab.subnet).expect("the subnet").vpc;
    lab.world.network.vpcs.get_mut(&vpc).expect("the VPC").tenancy = "dedicated".to_owned();
    let dedicated = lab.started();
    assert_eq!(lab.instance(shared).settings.tenancy, Tenancy::Default);
    assert_eq!(lab.instance(dedicated).settings.tenancy, Tenancy::Dedicated);
}

#[test]
fn the_zone_named_must_be_the_subnets() {
    let mut lab = lab();
    let zone: ZoneName = "us-east-1b".parse().expect("a zone");
    let own = "us-east-1a".parse().expect("a zone");
    let launch = Launch { zone: Some(zone), ..lab.one() };
    assert_eq!(lab.run(launch), Err(InstanceRefusal::OtherZone { zone, subnet: lab.subnet, own }.into()));
    let launch = Launch { zone: Some(own), ..lab.one() };
    assert!(lab.run(launch).is_ok());
}

// What version 0.1 wrote of an instance's settings, before there were volumes.
#[test]
fn settings_of_earlier_versions_are_read() {
    let before = r#"{"client_token":null,"lends_public":true,"stop_protected":false,"terminates_on_shutdown":false,
        "is_monitored":true,"is_ebs_optimized":false,"metadata":{"needs_token":true,"hop_limit":2,"is_enabled":true,
        "is_ipv6":false,"has_tags":false}}"#;
    let settings: InstanceSettings = serde_json::from_str(before).expect("settings");
    assert!(settings.is_monitored && settings.volumes.is_empty() && settings.host_names.is_none());
}
