//! A site of the lab: a VPC with a public subnet, an internet gateway and one instance.

use crate::lab::player::{Failed, Player, Told};

/// What was made for one VPC.
#[derive(Clone, Debug)]
pub struct Site {
    /// The name: of the instance, and the tag on everything.
    pub name: &'static str,
    /// The VPC's block.
    pub cidr: &'static str,
    /// The VPC.
    pub vpc: String,
    /// Its subnet.
    pub subnet: String,
    /// Its internet gateway.
    pub gateway: String,
    /// The subnet's route table.
    pub table: String,
    /// The id of the table's association with the subnet.
    pub association: String,
    /// The security group.
    pub group: String,
    /// The instance.
    pub instance: String,
    /// The instance's interface.
    pub interface: String,
    /// Its private address.
    pub private: String,
    /// Its public address.
    pub public: String,
}

/// The public subnet of a VPC's block: its second /24.
fn subnet_of(cidr: &str) -> String {
    cidr.replace(".0.0/16", ".1.0/24")
}

impl Site {
    /// Makes a site with calls to the API alone.
    pub fn build(player: &mut Player, name: &'static str, cidr: &'static str, image: &str) -> Told<Site> {
        let tagged =
            |kind: &str| format!("--tag-specifications ResourceType={kind},Tags=[{{Key=Name,Value={name}}}]");
        let vpc =
            player.aws_for(&format!("ec2 create-vpc --cidr-block {cidr} {}", tagged("vpc")), "vpcId")?;
        let (vpc_id, block) = (&vpc, subnet_of(cidr));
        let subnet = format!("ec2 create-subnet --vpc-id {vpc_id} --cidr-block {block} {}", tagged("subnet"));
        let subnet = player.aws_for(&subnet, "subnetId")?;
        player.aws(&format!("ec2 modify-subnet-attribute --subnet-id {subnet} --map-public-ip-on-launch"))?;
        let gateway = player.aws_for(
            &format!("ec2 create-internet-gateway {}", tagged("internet-gateway")),
            "internetGatewayId",
        )?;
        player.aws(&format!("ec2 attach-internet-gateway --internet-gateway-id {gateway} --vpc-id {vpc}"))?;
        let table = player.aws_for(
            &format!("ec2 create-route-table --vpc-id {vpc} {}", tagged("route-table")),
            "routeTableId",
        )?;
        player.aws(&format!("ec2 create-route --route-table-id {table} --destination-cidr-block 0.0.0.0/0 --gateway-id {gateway}"))?;
        let association = format!("ec2 associate-route-table --route-table-id {table} --subnet-id {subnet}");
        let association = player.aws_for(&association, "associationId")?;
        let group = group(player, name, &vpc)?;
        let launch = format!(
            "ec2 run-instances --image-id {image} --instance-type t2.micro --count 1 --subnet-id {subnet} --security-group-ids {group} {}",
            tagged("instance")
        );
        let instance = player.aws_for(&launch, "instanceId")?;
        let answer = player.aws(&format!("ec2 describe-instances --instance-ids {instance}"))?;
        let member = |member: &str| {
            answer.text(member).ok_or_else(|| Failed(format!("describe-instances {instance}: no {member}")))
        };
        let (interface, private, public) =
            (member("networkInterfaceId")?, member("privateIpAddress")?, member("publicIp")?);
        player.say(&format!("      {name} is {private}, on the internet {public}"));
        Ok(Site {
            name,
            cidr,
            vpc,
            subnet,
            gateway,
            table,
            association,
            group,
            instance,
            interface,
            private,
            public,
        })
    }

    /// Takes a site down in the right order.
    pub fn remove(&self, player: &mut Player) -> Told {
        for line in [
            format!("ec2 terminate-instances --instance-ids {}", self.instance),
            format!("ec2 delete-security-group --group-id {}", self.group),
            format!("ec2 disassociate-route-table --association-id {}", self.association),
            format!("ec2 delete-route-table --route-table-id {}", self.table),
            format!("ec2 delete-subnet --subnet-id {}", self.subnet),
            format!(
                "ec2 detach-internet-gateway --internet-gateway-id {} --vpc-id {}",
                self.gateway, self.vpc
            ),
            format!("ec2 delete-internet-gateway --internet-gateway-id {}", self.gateway),
            format!("ec2 delete-vpc --vpc-id {}", self.vpc),
        ] {
            player.aws(&line)?;
        }
        Ok(())
    }
}

/// A group that lets SSH and every ICMP in.
fn group(player: &mut Player, name: &str, vpc: &str) -> Told<String> {
    let group =
        format!("ec2 create-security-group --group-name {name} --description 'ssh and ping' --vpc-id {vpc}");
    let group = player.aws_for(&group, "groupId")?;
    for rule in ["--protocol tcp --port 22", "--protocol icmp --port -1"] {
        let line = format!("ec2 authorize-security-group-ingress --group-id {group} {rule} --cidr 0.0.0.0/0");
        player.aws(&line)?;
    }
    Ok(group)
}
