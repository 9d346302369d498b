//! Requests that are well formed and absurd: every operation of EC2 with members at their extremes, on a network that has one
//! of everything. Whatever is asked, the answer is a success or a refusal of the caller's fault.

use crate::launch::{lab, launch};
use crate::world::World;
use weir_api::ec2::OPERATIONS;
use weir_model::Ids;
use weir_wire::{Dialect, Kind, Member};

const ROUNDS: usize = 40;
const NUMBERS: &[&str] = &[
    "-9223372036854775808",
    "-1",
    "0",
    "1",
    "2",
    "22",
    "255",
    "65535",
    "65536",
    "4294967295",
    "18446744073709551615",
];
const TEXTS: &[&str] = &[
    "",
    " ",
    "x",
    "é",
    "vpc-",
    "vpc-0123456789abcdef0",
    "i-00000000",
    "10.0.0.0/8",
    "10.0.1.0/25",
    "10.0.0.0/33",
    "0.0.0.0/0",
    "::/0",
    "10.0.1.20",
    "10.0.1.255",
    "2600::1",
    "tcp",
    "-1",
    "icmp",
    "us-east-1a",
    "eu-west-1",
    "222222222222",
    "default",
    "t2.micro",
    "lab",
    "${version} ${start}",
    "true",
    "*",
    "\u{0}\u{ffff}",
    "2024-01-02T03:04:05Z",
];

/// Says the members of a structure, some of them, in numbered lists and nested as they are.
struct Speaker {
    ids: Ids,
    known: Vec<(&'static str, String)>,
    said: Vec<String>,
}

impl Speaker {
    fn one_in(&mut self, chances: u64) -> bool {
        self.ids.below(chances) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.ids.below(from.len() as u64) as usize]
    }

    fn structure(&mut self, at: &str, members: &[Member]) {
        for member in members {
            let name = member.request_name(Dialect::Ec2);
            match member.kind {
                Kind::Structure(inner) if member.flatten => self.structure(at, inner),
                kind if member.required || self.one_in(3) => self.value(&format!("{at}{name}"), &name, kind),
                _ => {}
            }
        }
    }

    fn value(&mut self, key: &str, name: &str, kind: Kind) {
        let text = match kind {
            Kind::List(inner) => {
                for index in 1..=1 + self.ids.below(2) {
                    self.value(&format!("{key}.{index}"), name, *inner);
                }
                return;
            }
            Kind::Structure(members) => return self.structure(&format!("{key}."), members),
            Kind::Integer | Kind::Float => self.pick(NUMBERS).to_owned(),
            Kind::Boolean => self.pick(&["true", "false"]).to_owned(),
            Kind::Word(words) if !self.one_in(8) => self.pick(words).to_owned(),
            Kind::Word(_) | Kind::Timestamp => self.pick(TEXTS).to_owned(),
            Kind::Text => self.text(name),
        };
        self.said.push(format!("{key}={text}"));
    }

    /// Mostly what there is of this name, else anything.
    fn text(&mut self, name: &str) -> String {
        let known: Vec<String> =
            self.known.iter().filter(|(end, _)| name.ends_with(end)).map(|(_, text)| text.clone()).collect();
        match known.is_empty() || self.one_in(5) {
            true => self.pick(TEXTS).to_owned(),
            false => known[self.ids.below(known.len() as u64) as usize].clone(),
        }
    }
}

fn furnished() -> (World, Vec<(&'static str, String)>) {
    let (mut world, vpc, subnet) = lab();
    let other = world.id("CreateVpc", "CidrBlock=10.2.0.0/16&AmazonProvidedIpv6CidrBlock=true", "vpcId");
    let instance = world.id("RunInstances", &launch(&format!("SubnetId={subnet}")), "instanceId");
    let interface = world.id("CreateNetworkInterface", &format!("SubnetId={subnet}"), "networkInterfaceId");
    let peering = world.id(
        "CreateVpcPeeringConnection",
        &format!("VpcId={vpc}&PeerVpcId={other}"),
        "vpcPeeringConnectionId",
    );
    let answer = |world: &mut World, action: &str, element: &str| world.id(action, "", element);
    let known = vec![
        ("VpcId", vpc.clone()),
        ("VpcId", other),
        ("SubnetId", subnet.clone()),
        ("InstanceId", instance.clone()),
        ("InterfaceId", interface.clone()),
        ("ConnectionId", peering.clone()),
        ("AllocationId", world.id("AllocateAddress", "", "allocationId")),
        (
            "GroupId",
            world.id(
                "DescribeSecurityGroups",
                &format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}"),
                "groupId",
            ),
        ),
        ("RuleId", answer(&mut world, "DescribeSecurityGroupRules", "securityGroupRuleId")),
        ("AttachmentId", answer(&mut world, "DescribeNetworkInterfaces", "attachmentId")),
        ("TableId", answer(&mut world, "DescribeRouteTables", "routeTableId")),
        ("GatewayId", answer(&mut world, "DescribeInternetGateways", "internetGatewayId")),
        ("AclId", answer(&mut world, "DescribeNetworkAcls", "networkAclId")),
        ("ImageId", answer(&mut world, "DescribeImages", "imageId")),
        ("ResourceId", vpc),
        ("ResourceId", instance),
        ("IpAddress", "10.0.1.30".to_owned()),
        ("CidrBlock", "10.0.3.0/24".to_owned()),
        ("CidrIp", "10.0.0.0/8".to_owned()),
        ("IpProtocol", "tcp".to_owned()),
    ];
    (world, known)
}

#[test]
fn absurd_requests_are_answered() {
    let mut succeeded = 0;
    for seed in 0..ROUNDS as u64 {
        let (mut world, known) = furnished();
        let mut speaker = Speaker { ids: Ids::new(seed), known, said: Vec::new() };
        for _ in 0..OPERATIONS.len() {
            let row = &OPERATIONS[speaker.ids.below(OPERATIONS.len() as u64) as usize];
            speaker.said.clear();
            speaker.structure("", row.members);
            let params = speaker.said.join("&");
            let answer = world.ec2(row.name, &params);
            let is_refusal = answer.starts_with("40") || answer.starts_with("412");
            succeeded += usize::from(answer.starts_with('<'));
            assert!(
                answer.starts_with('<') || answer.is_empty() || is_refusal,
                "{} {params}: {answer}",
                row.name
            );
        }
    }
    assert!(succeeded > ROUNDS * 10, "too few of them mean anything: {succeeded}");
}
