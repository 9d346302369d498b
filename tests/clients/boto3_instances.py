"""Key pairs, volumes, profiles and options of instances through boto3: part of test_boto3.py, which counts what has succeeded."""

from boto3_gateways import SOON, by, make_vpc
from weir import check, equal, refused


def launched(ec2, image):
    """A burstable instance with a key that was made here and a root volume of 30 GiB."""
    made = ec2.create_key_pair(KeyName="made", KeyType="rsa", KeyFormat="pem")
    check("a private key, once", made["KeyMaterial"].startswith("-----BEGIN RSA PRIVATE KEY-----"), made["KeyName"])
    refused("a key pair of that name", "InvalidKeyPair.Duplicate", ec2.create_key_pair, KeyName="made")
    vpc, subnet = make_vpc(ec2, "10.90.0.0/16")
    root = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 30, "VolumeType": "gp3"}}
    launch = {"ImageId": image, "InstanceType": "t3.micro", "SubnetId": subnet, "KeyName": "made"}
    refused(
        "a profile that is none",
        "InvalidParameterValue",
        ec2.run_instances,
        **launch,
        MinCount=1,
        MaxCount=1,
        IamInstanceProfile={"Name": "nope"},
    )
    started = ec2.run_instances(**launch, MinCount=1, MaxCount=1, BlockDeviceMappings=[root])["Instances"][0]
    ec2.get_waiter("instance_running").wait(InstanceIds=[started["InstanceId"]], WaiterConfig=SOON)
    return vpc, subnet, started["InstanceId"]


def volumes(ec2, instance):
    found = ec2.describe_volumes(Filters=by("attachment.instance-id", instance))["Volumes"]
    equal("a root volume", [(volume["Size"], volume["VolumeType"], volume["State"]) for volume in found], [(30, "gp3", "in-use")])
    shown = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["BlockDeviceMappings"]
    volume = found[0]["VolumeId"]
    equal("the instance has it", [device["Ebs"]["VolumeId"] for device in shown], [volume])
    refused("a volume that is in use", "VolumeInUse", ec2.delete_volume, VolumeId=volume)
    ec2.modify_volume(VolumeId=volume, Size=40)
    changes = ec2.describe_volumes_modifications(VolumeIds=[volume])["VolumesModifications"]
    told = [(change["OriginalSize"], change["TargetSize"], change["ModificationState"]) for change in changes]
    equal("a larger volume", told, [(30, 40, "completed")])
    keeps = [{"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": False}}]
    ec2.modify_instance_attribute(InstanceId=instance, BlockDeviceMappings=keeps)
    further_volume(ec2, instance, found[0]["AvailabilityZone"])
    return volume


def further_volume(ec2, instance, zone):
    """A volume that is made, attached, detached and deleted."""
    made = ec2.create_volume(AvailabilityZone=zone, Size=5, VolumeType="gp3")
    named = {"VolumeId": made["VolumeId"]}
    ids = {"VolumeIds": [made["VolumeId"]], "WaiterConfig": SOON}
    equal("a volume is made", made["State"], "creating")
    ec2.get_waiter("volume_available").wait(**ids)
    attached = ec2.attach_volume(**named, InstanceId=instance, Device="/dev/sdf")
    equal("and attached", (attached["State"], attached["DeleteOnTermination"]), ("attaching", False))
    ec2.get_waiter("volume_in_use").wait(**ids)
    shown = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["BlockDeviceMappings"]
    equal("the instance has both", [device["DeviceName"] for device in shown], ["/dev/xvda", "/dev/sdf"])
    refused("it is attached", "VolumeInUse", ec2.attach_volume, **named, InstanceId=instance, Device="/dev/sdg")
    equal("and detached", ec2.detach_volume(**named)["State"], "detaching")
    ec2.get_waiter("volume_available").wait(**ids)
    refused("it is detached", "IncorrectState", ec2.detach_volume, **named)
    ec2.delete_volume(**named)
    ec2.get_waiter("volume_deleted").wait(**ids)


def options(ec2, instance):
    ids = {"InstanceIds": [instance]}
    credits = lambda: ec2.describe_instance_credit_specifications(**ids)["InstanceCreditSpecifications"][0]["CpuCredits"]
    equal("credits of a t3", credits(), "unlimited")
    ec2.modify_instance_credit_specification(InstanceCreditSpecifications=[{"InstanceId": instance, "CpuCredits": "standard"}])
    equal("as asked for", credits(), "standard")
    ec2.monitor_instances(**ids)
    state = ec2.unmonitor_instances(**ids)["InstanceMonitorings"][0]["Monitoring"]["State"]
    check("monitoring goes off", state in ("disabling", "disabled"), state)
    ec2.modify_instance_maintenance_options(InstanceId=instance, AutoRecovery="disabled")
    ec2.modify_private_dns_name_options(InstanceId=instance, EnableResourceNameDnsARecord=True)
    shown = ec2.describe_instances(**ids)["Reservations"][0]["Instances"][0]
    kept = (shown["MaintenanceOptions"]["AutoRecovery"], shown["PrivateDnsNameOptions"]["EnableResourceNameDnsARecord"])
    equal("options are told", kept, ("disabled", True))
    equal("console output", ec2.get_console_output(InstanceId=instance)["InstanceId"], instance)
    interface = shown["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
    ec2.reset_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck="true")
    answer = ec2.describe_network_interface_attribute(NetworkInterfaceId=interface, Attribute="sourceDestCheck")
    equal("a check as at first", answer["SourceDestCheck"], {"Value": True})


def profiles(ec2, iam, instance):
    trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
    iam.create_role(RoleName="of-instances", AssumeRolePolicyDocument=trust)
    for name in ("one", "two"):
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName="of-instances")
    iam.get_waiter("instance_profile_exists").wait(InstanceProfileName="one", WaiterConfig=SOON)
    iam.tag_instance_profile(InstanceProfileName="one", Tags=[{"Key": "a", "Value": "b"}])
    equal("its tags", iam.list_instance_profile_tags(InstanceProfileName="one")["Tags"], [{"Key": "a", "Value": "b"}])
    iam.untag_instance_profile(InstanceProfileName="one", TagKeys=["a"])
    found = [profile["InstanceProfileName"] for profile in iam.list_instance_profiles()["InstanceProfiles"]]
    equal("profiles", found, ["one", "two"])
    equal("its role", iam.get_instance_profile(InstanceProfileName="one")["InstanceProfile"]["Roles"][0]["RoleName"], "of-instances")
    refused("a role in a profile", "DeleteConflict", iam.delete_role, RoleName="of-instances")
    made = ec2.associate_iam_instance_profile(InstanceId=instance, IamInstanceProfile={"Name": "one"})
    association = made["IamInstanceProfileAssociation"]["AssociationId"]
    changed = ec2.replace_iam_instance_profile_association(AssociationId=association, IamInstanceProfile={"Name": "two"})
    association = changed["IamInstanceProfileAssociation"]["AssociationId"]
    found = ec2.describe_iam_instance_profile_associations(Filters=by("instance-id", instance))
    arns = [one["IamInstanceProfile"]["Arn"] for one in found["IamInstanceProfileAssociations"]]
    check("the instance has the other", len(arns) == 1 and arns[0].endswith("/two"), arns)
    ec2.disassociate_iam_instance_profile(AssociationId=association)
    for name in ("one", "two"):
        iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName="of-instances")
        iam.delete_instance_profile(InstanceProfileName=name)
    iam.delete_role(RoleName="of-instances")


def lists(ec2, vpc, subnet):
    """What AWS has and nobody can make here is listed as absent."""
    equal("no gateways of that kind", ec2.describe_vpn_gateways()["VpnGateways"], [])
    equal("no reservations", ec2.get_subnet_cidr_reservations(SubnetId=subnet)["SubnetIpv4CidrReservations"], [])
    mode = ec2.describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"]["InternetGatewayBlockMode"]
    equal("public access is open", mode, "off")
    equal("no associations", ec2.describe_security_group_vpc_associations()["SecurityGroupVpcAssociations"], [])
    groups = [group["GroupName"] for group in ec2.get_security_groups_for_vpc(VpcId=vpc)["SecurityGroupForVpcs"]]
    equal("groups for a VPC", groups, ["default"])
    equal("endpoint associations", ec2.describe_vpc_endpoint_associations()["VpcEndpointAssociations"], [])


def instances(ec2, iam, image):
    vpc, subnet, instance = launched(ec2, image)
    volume = volumes(ec2, instance)
    options(ec2, instance)
    profiles(ec2, iam, instance)
    lists(ec2, vpc, subnet)
    ec2.terminate_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance], WaiterConfig=SOON)
    equal("its volume is left", ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"], "available")
    ec2.delete_volume(VolumeId=volume)
    refused("a volume that is gone", "InvalidVolume.NotFound", ec2.describe_volumes, VolumeIds=[volume])
    ec2.delete_key_pair(KeyName="made")
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
