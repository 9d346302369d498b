"""Starts and stops the binary under test, and counts what held.

WEIR names the binary, and the clients are those of the Python that runs a script; `cargo xtask test` sees to both.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROOT = pathlib.Path(__file__).parents[2]
WEIR = os.environ.get("WEIR", "weir")
READY_MAX_S = 20


def session(protocol):
    """A session whose clients speak that protocol alone, as those of other SDKs and versions do."""
    made = boto3.Session()
    loader = made._session.get_component("data_loader")
    load = loader.load_service_model

    def load_with_protocol(service, kind, *more, **named):
        model = load(service, kind, *more, **named)
        if kind == "service-2":
            model["metadata"] |= {"protocol": protocol, "protocols": [protocol]}
        return model

    loader.load_service_model = load_with_protocol
    return made


class Weir:
    """A running `weir up`. Keeps nothing unless told where; `with` stops it.

    Without `signals` it ignores those that Python ignores: SIGXFSZ, which says that a file may not grow."""

    def __init__(self, *options, data=None, signals=True):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.signals = signals
        self.options = [*options, *(["--data", data] if data else ["--ephemeral"])]
        self.log = tempfile.TemporaryFile("w+")
        self.start()

    def start(self):
        """Starts it, on the port and data that it had before, and waits for `Ready.`"""
        command = [WEIR, "up", "--port", str(self.port), *self.options]
        pipes = {"stdout": subprocess.PIPE, "stderr": self.log, "text": True}
        self.process = subprocess.Popen(command, **pipes, restore_signals=self.signals)
        timeout = time.monotonic() + READY_MAX_S
        while (line := self.process.stdout.readline()) != "Ready.\n":
            if not line or time.monotonic() > timeout:
                sys.exit(f"weir up did not become ready: {self.errors()}")

    def kill(self):
        """Ends it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Ends it as `weir down` does; gives its exit code."""
        self.process.terminate()
        return self.process.wait(10)

    def is_alive(self):
        return self.process.poll() is None

    def errors(self):
        """What it wrote to standard error."""
        self.log.seek(0)
        return self.log.read()

    def forget_errors(self):
        """Lets what it wrote so far be as expected; before it is started again."""
        self.log = tempfile.TemporaryFile("w+")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.is_alive():
            self.stop()
        errors = self.errors()
        if errors or self.process.returncode > 0:
            check("weir ends well, without complaint", False, f"exit {self.process.returncode}: {errors}")

    def client(self, service, region="us-east-1", account="test", protocol=None, **config):
        """A boto3 client; the access key names the account. `config` is what botocore's Config takes.

        Where AWS publishes several protocols of a service, botocore chooses, unless it is told one."""
        return (session(protocol) if protocol else boto3).client(
            service,
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=account,
            aws_secret_access_key="test",
            config=Config(
                retries={"total_max_attempts": 1}, read_timeout=30, parameter_validation=False, **config
            ),
        )

    def state(self):
        """Everything there is, as clients see it: two states are equal if nothing has changed."""
        ec2, logs, iam = (self.client(service) for service in ("ec2", "logs", "iam"))
        answers = [
            getattr(ec2, f"describe_{noun}")()
            for noun in (
                "vpcs subnets route_tables network_acls security_groups internet_gateways network_interfaces addresses "
                "instances vpc_peering_connections flow_logs dhcp_options key_pairs tags"
            ).split()
        ]
        answers += [iam.list_roles(), iam.list_policies(Scope="Local"), logs.describe_log_groups()]
        for group in answers[-1]["logGroups"]:
            name = group["logGroupName"]
            answers += [logs.describe_log_streams(logGroupName=name), logs.filter_log_events(logGroupName=name)]
        for answer in answers:
            del answer["ResponseMetadata"]
        return json.dumps(answers, default=str, sort_keys=True, indent=1)

    def run(self, *words, stdin=None, timeout=60):
        """Runs `weir WORDS…` against it."""
        environment = {**os.environ, "WEIR_PORT": str(self.port)}
        return run([WEIR, *words], env=environment, stdin=stdin, timeout=timeout)


def site(weir):
    """Two instances in a subnet that is open to the internet; gives their group and what describes them."""
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
        rule = {"IpProtocol": protocol, "FromPort": port, "ToPort": port, "CidrIp": "0.0.0.0/0"}
        ec2.authorize_security_group_ingress(GroupId=group, **rule)
    x86 = [{"Name": "name", "Values": ["al2023-ami-2023*-x86_64"]}]
    image = ec2.describe_images(Owners=["amazon"], Filters=x86)["Images"][0]["ImageId"]
    launch = {"ImageId": image, "InstanceType": "t2.micro", "SubnetId": subnet, "SecurityGroupIds": [group]}
    for name in ("web", "db"):
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
        ec2.run_instances(**launch, MinCount=1, MaxCount=1, TagSpecifications=tags)
    reservations = ec2.describe_instances()["Reservations"]
    made = {item["Tags"][0]["Value"]: item for reservation in reservations for item in reservation["Instances"]}
    return group, made["web"], made["db"]


def run(command, stdin=None, timeout=60, env=None):
    """Runs a command; gives its exit code and what it printed, as `.returncode`, `.stdout`, `.stderr`."""
    return subprocess.run(
        [str(word) for word in command], input=stdin or "", capture_output=True, text=True, timeout=timeout, env=env
    )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


passed = failed = 0


def check(fact, holds, shown=None):
    """Counts whether a fact holds; shows what was found instead if it does not."""
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    print(f"  {'ok  ' if holds else 'FAIL'} {fact}", flush=True)
    if not holds and shown is not None:
        print(f"       found {shown}", flush=True)
    return holds


def equal(fact, found, expected):
    return check(fact, found == expected, f"{found!r}, not {expected!r}")


def refused(fact, code, call, **parameters):
    """The call must fail with this error code."""
    try:
        found = f"success: {call(**parameters)}"
    except ClientError as error:
        found = error.response["Error"]["Code"]
    return check(f"{fact}: {code}", found == code, found)


def act(part, *arguments):
    """Runs a part of a script; an error that it does not expect is a fact that does not hold."""
    print(part.__name__)
    try:
        return part(*arguments)
    except Exception as error:
        check(f"{part.__name__} comes to its end", False, "".join(traceback.format_exception(error)[-3:]))


def until(condition, timeout=10):
    """Waits until the condition gives something true, and gives that, or what it gave last."""
    end = time.monotonic() + timeout
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def finish():
    """Ends the script: with 0 if every fact held."""
    print(f"{pathlib.Path(sys.argv[0]).name}: {passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)
