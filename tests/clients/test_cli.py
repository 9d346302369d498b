"""The commands of weir: what they print and how they exit."""

import json
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

from weir import ROOT, WEIR, Weir, act, check, equal, finish, free_port, run, until


def ends(fact, code, *words, weir, says="", **more):
    """`weir WORDS…` must exit with a code and say something."""
    done = weir.run(*words, **more)
    text = done.stdout + done.stderr
    check(f"{fact}: exit {code}", done.returncode == code and says in text, f"exit {done.returncode}: {text}")
    return done


def site(weir):
    """Two instances in a subnet that is open to the internet; gives their ids."""
    ec2 = weir.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    for protocol, port in (("icmp", -1), ("tcp", 22)):
        ec2.authorize_security_group_ingress(
            GroupId=group, IpProtocol=protocol, FromPort=port, ToPort=port, CidrIp="0.0.0.0/0"
        )
    x86 = [{"Name": "name", "Values": ["al2023-ami-2023*-x86_64"]}]
    image = ec2.describe_images(Owners=["amazon"], Filters=x86)["Images"][0]["ImageId"]

    def launch(name):
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
        return ec2.run_instances(
            ImageId=image,
            InstanceType="t2.micro",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet,
            SecurityGroupIds=[group],
            TagSpecifications=tags,
        )["Instances"][0]["InstanceId"]

    return group, *(
        ec2.describe_instances(InstanceIds=[launch(name)])["Reservations"][0]["Instances"][0] for name in ("web", "db")
    )


def usage(weir):
    ends("no command", 2, weir=weir, says="Usage")
    ends("a command that is none", 2, "frobnicate", weir=weir, says="frobnicate")
    ends("a port that is none", 2, "status", "--port", "many", weir=weir)
    ends("exec without command", 2, "exec", "web", weir=weir)
    ends("a folder and none", 2, "up", "--ephemeral", "--data", "/tmp", weir=weir)
    ends("an account that is none", 2, "up", "--ephemeral", "--port", str(free_port()), "--account", "me", weir=weir)
    ends("a span that is none", 2, "clock", "advance", "soon", weir=weir, says="90s")
    ends("help", 0, "--help", weir=weir, says="weir lab peering")
    ends("version", 0, "--version", weir=weir, says="weir ")


def nothing_runs():
    port = str(free_port())
    for words in (
        ["status"],
        ["exec", "web", "--", "true"],
        ["connect", "web", "--", "true"],
        ["explain", "web", "db"],
        ["clock", "show"],
        ["run", "--", "true"],
    ):
        done = run(
            [WEIR, words[0], "--port", port, *words[1:]]
            if words[0] != "clock"
            else [WEIR, "clock", "--port", port, "show"]
        )
        check(f"{words[0]} with nothing running: exit 3", done.returncode == 3 and "weir up" in done.stderr, done)
    done = run([WEIR, "down", "--port", port])
    equal("down with nothing running", (done.returncode, done.stdout), (0, f"Not running on port {port}.\n"))


def running(weir):
    done = ends("status", 0, "status", weir=weir, says=f"http://127.0.0.1:{weir.port}")
    check("counts instances", any(line.split() == ["instances", "2"] for line in done.stdout.splitlines()), done.stdout)
    status = json.loads(weir.run("status", "--json").stdout)
    equal("status as JSON", status["resources"]["instances"], 2)
    ends("a second up", 0, "up", "--port", str(weir.port), "--ephemeral", weir=weir, says="lready running")
    done = ends("env", 0, "env", "--account", "222222222222", "--region", "eu-west-1", weir=weir)
    check(
        "points at it",
        f"export AWS_ENDPOINT_URL=http://127.0.0.1:{weir.port}\n" in done.stdout
        and "AWS_ACCESS_KEY_ID=222222222222\n" in done.stdout
        and "AWS_REGION=eu-west-1\n" in done.stdout,
        done.stdout,
    )
    done = ends(
        "run",
        0,
        "run",
        "--account",
        "222222222222",
        "--",
        "aws",
        "sts",
        "get-caller-identity",
        "--output",
        "json",
        weir=weir,
    )
    equal("acts in the account", json.loads(done.stdout)["Account"], "222222222222")
    ends("run passes the exit code on", 7, "run", "--", "sh", "-c", "exit 7", weir=weir)
    ends("a program that is none", 4, "run", "--", "no-such-program", weir=weir, says="no-such-program")
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        ends("a port in use", 1, "up", "--ephemeral", "--port", port, weir=weir, says="--port")


def instances(weir, web, db):
    for name in ("web", web["InstanceId"]):
        done = ends(
            f"exec {name[:2]}…",
            0,
            "exec",
            name,
            "--",
            "ping",
            "-c",
            "2",
            "-i",
            "0.2",
            db["PrivateIpAddress"],
            weir=weir,
        )
        check("iputils' statistics", "2 packets transmitted, 2 received, 0% packet loss" in done.stdout, done.stdout)
    ends("a name that is none", 4, "exec", "nobody", "--", "true", weir=weir, says="nobody")
    ends("an id that is none", 4, "exec", "i-0123456789abcdef0", "--", "true", weir=weir, says="i-0123456789abcdef0")
    ends(
        "ping without answer",
        1,
        "exec",
        "web",
        "--",
        "ping",
        "-c",
        "1",
        "-W",
        "1",
        "10.0.1.200",
        weir=weir,
        says="100% packet loss",
    )
    ends("ping without sense", 2, "exec", "web", "--", "ping", "-Z", weir=weir)
    ends("a command that is none", 127, "exec", "web", "--", "frobnicate", weir=weir, says="command not found")
    done = ends("hostname", 0, "exec", "db", "--", "hostname", "-i", weir=weir)
    equal("is the instance's", done.stdout.strip(), db["PrivateIpAddress"])
    ends(
        "from the internet",
        0,
        "exec",
        "internet",
        "--",
        "ping",
        "-c",
        "1",
        web["PublicIpAddress"],
        weir=weir,
        says=" 0% packet loss",
    )
    streams(weir, db)


def streams(weir, db):
    """Output comes while the command runs, not at its end."""
    command = [
        WEIR,
        "exec",
        "--port",
        str(weir.port),
        "web",
        "--",
        "ping",
        "-c",
        "3",
        "-i",
        "0.5",
        db["PrivateIpAddress"],
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    first = process.stdout.readline()
    check("output streams", "icmp_seq=1" in first and process.poll() is None, first)
    process.communicate()
    process = subprocess.Popen([*command[:6], "ping", db["PrivateIpAddress"]], stdout=subprocess.PIPE, text=True)
    until(lambda: "icmp_seq=1" in process.stdout.readline())
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=10)
    check(
        "Ctrl-C ends ping with its statistics",
        process.returncode == 0 and " 0% packet loss" in output,
        (process.returncode, output),
    )


def connect(weir, group):
    ends("connect", 0, "connect", "web", "--", "whoami", weir=weir, says="ec2-user")
    done = ends("a shell", 0, "connect", "web", weir=weir, stdin="whoami\nexit\n")
    check("runs what it is given", "ec2-user" in done.stdout, done.stdout)
    ends("its exit code is the last command's", 1, "connect", "web", weir=weir, stdin="false\n")
    ends("a name that is none", 4, "connect", "nobody", "--", "true", weir=weir, says="nobody")
    ec2 = weir.client("ec2")
    rule = {"GroupId": group, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    ec2.revoke_security_group_ingress(**rule)
    started = time.monotonic()
    ends("with port 22 closed", 255, "connect", "web", "--", "true", weir=weir, says="timed out")
    check("in about ten seconds", 8 < time.monotonic() - started < 15, time.monotonic() - started)
    ec2.authorize_security_group_ingress(**rule)


def explain(weir, web, db):
    done = ends("explain what arrives", 0, "explain", "web", "db", "--port", "22", weir=weir, says="delivered")
    check("names the steps", len(done.stdout.splitlines()) > 3, done.stdout)
    ends("what does not arrive", 10, "explain", "web", "db", "--port", "5432", weir=weir, says="group")
    ends(
        "by address",
        0,
        "explain",
        "internet",
        web["PublicIpAddress"],
        "--protocol",
        "icmp",
        weir=weir,
        says="delivered",
    )
    ends("nowhere", 10, "explain", "web", "192.168.7.7", weir=weir, says="dropped")
    ends("a name that is none", 4, "explain", "nobody", "db", weir=weir, says="nobody")
    ends("a protocol that is none", 1, "explain", "web", "db", "--protocol", "smoke", weir=weir, says="smoke")


def clock(weir):
    ends("a real clock", 0, "clock", "show", weir=weir, says="(real)")
    ends("cannot be moved", 1, "clock", "advance", "1h", weir=weir, says="--clock virtual")
    with Weir("--clock", "virtual") as other:
        ends("a virtual clock", 0, "clock", "show", weir=other, says="2026-01-01T00:00:00")
        ends("can", 0, "clock", "advance", "1h30m", weir=other, says="2026-01-01T01:30:00")
        ec2 = other.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=vpc, PeerOwnerId="222222222222")
        equal(
            "a peering with nobody fails",
            ec2.describe_vpc_peering_connections()["VpcPeeringConnections"][0]["Status"]["Code"],
            "failed",
        )
        ends("a day passes at once", 0, "clock", "advance", "1d", weir=other)
        equal("and it is forgotten", ec2.describe_vpc_peering_connections()["VpcPeeringConnections"], [])


def imports():
    """A network described by one weir is imported by another; and one that existed in AWS."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as data:
        with Weir() as source:
            _, _, db = site(source)
            describe(source, pathlib.Path(folder) / "us-east-1")
        done = run([WEIR, "import", folder, "--data", data])
        check("import says what it has found", done.returncode == 0 and "     2 instances\n" in done.stdout, done)
        with Weir(data=data) as weir:
            ends("what was imported runs", 0, "exec", "web", "--", "ping", "-c", "1", db["PrivateIpAddress"], weir=weir)
        done = run(
            [
                WEIR,
                "import",
                ROOT / "crates/api/fixtures/networks/aws_multi_account_vpc_peering/aws_configs",
                "--data",
                data,
                "--dry-run",
            ]
        )
        check("a network from AWS", done.returncode == 0 and " peering connections\n" in done.stdout, done)
    done = run([WEIR, "import", "/no/such/folder"])
    check("a folder that is none: exit 1", done.returncode == 1 and "/no/such/folder" in done.stderr, done)


def describe(weir, folder):
    """Fills a folder with the answers of `aws ec2 describe-*`."""
    folder.mkdir()
    nouns = "vpcs subnets route-tables security-groups network-acls internet-gateways network-interfaces instances"
    for noun in nouns.split():
        done = weir.run("run", "--", "aws", "ec2", f"describe-{noun}", "--output", "json")
        (folder / f"{noun}.json").write_text(done.stdout)


def down():
    with Weir() as weir:
        ends("down", 0, "down", weir=weir, says="Stopped.")
        equal("ends it well", weir.process.wait(5), 0)


with Weir() as weir:
    group, web, db = site(weir)
    act(usage, weir)
    act(nothing_runs)
    act(running, weir)
    act(instances, weir, web, db)
    act(connect, weir, group)
    act(explain, weir, web, db)
    act(clock, weir)
act(imports)
act(down)

finish()
