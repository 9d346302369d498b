"""SIGKILL while clients write: what was acknowledged is there after a restart, exactly once and in order.

A call that was cut off may or may not have had its effect; one that was answered must have.
"""

import difflib
import json
import random
import tempfile
import threading
import time

from botocore.exceptions import BotoCoreError, ClientError

from weir import Weir, act, check, equal, finish, site

ROUNDS = 5
RUN_S = (0.3, 2.0)
SEED = random.randrange(1 << 32)
CONTEND_S = 0.5
VPCS_MAX = 4  # and the default one: AWS's quota
CUT_OFF = (BotoCoreError, ConnectionError)
UNKNOWN = object()


class Worker(threading.Thread):
    """Writes until it is cut off, and knows what must be there afterwards.

    `facts` maps what it wrote to the value that was acknowledged last, None if deleted, UNKNOWN if it was cut off in between.
    """

    def __init__(self, weir, number, seed):
        super().__init__()
        self.number, self.random = number, random.Random(seed)
        self.account = f"{number:012}"
        self.ec2, self.logs = weir.client("ec2", account=self.account), weir.client("logs")
        self.facts, self.calls, self.error = {}, 0, None

    def run(self):
        try:
            while True:
                self.write()
        except CUT_OFF:
            pass
        except Exception as error:  # told by the main thread
            self.error = error

    def put(self, key, value, call):
        """Makes a call whose effect is that `key` has `value`."""
        before = self.facts.get(key)
        self.facts[key] = UNKNOWN
        try:
            call()
        except ClientError:
            self.facts[key] = before
            raise
        self.facts[key] = value
        self.calls += 1


class Vpcs(Worker):
    """Creates, tags and deletes VPCs with a group and its rules, in an account of its own."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.own = []

    def write(self):
        if len(self.own) < VPCS_MAX and self.random.random() < 0.5:
            self.create()
        else:
            self.random.choice([self.tag, self.tag, self.authorize, self.authorize, self.delete])()

    def create(self):
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.calls += 1
        self.facts[("vpc", vpc)] = True
        group = self.ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
        self.calls += 1
        self.facts[("group", group)] = vpc
        self.own.append((vpc, group))

    def tag(self):
        if self.own:
            vpc, _ = self.random.choice(self.own)
            value = str(self.calls)
            tags = [{"Key": "Step", "Value": value}]
            self.put(("tag", vpc), value, lambda: self.ec2.create_tags(Resources=[vpc], Tags=tags))

    def authorize(self):
        if self.own:
            _, group = self.random.choice(self.own)
            port = self.calls % 65536
            self.put(
                ("rule", group, port),
                True,
                lambda: self.ec2.authorize_security_group_ingress(
                    GroupId=group, IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp="0.0.0.0/0"
                ),
            )

    def delete(self):
        if self.own:
            vpc, group = self.own.pop(self.random.randrange(len(self.own)))
            for key in [key for key in self.facts if key[0] == "rule" and key[1] == group]:
                self.facts[key] = UNKNOWN
            self.put(("group", group), None, lambda: self.ec2.delete_security_group(GroupId=group))
            self.facts[("tag", vpc)] = UNKNOWN
            self.put(("vpc", vpc), None, lambda: self.ec2.delete_vpc(VpcId=vpc))


class Events(Worker):
    """Puts log events into a stream of its own."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.stream = f"stream-{self.number}"
        self.sent = self.acknowledged = 0

    def write(self):
        count = self.random.randrange(1, 20)
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": f"{self.sent + index}"} for index in range(count)]
        self.sent += count
        self.logs.put_log_events(logGroupName="restart", logStreamName=self.stream, logEvents=events)
        self.acknowledged = self.sent
        self.calls += 1


def pages(client, operation, key, **parameters):
    found = []
    for page in client.get_paginator(operation).paginate(**parameters):
        found += page[key]
    return found


def network(ec2):
    """What is there, as the facts of the workers."""
    facts = {}
    for vpc in pages(ec2, "describe_vpcs", "Vpcs"):
        facts[("vpc", vpc["VpcId"])] = True
        for tag in vpc.get("Tags", []):
            facts[("tag", vpc["VpcId"])] = tag["Value"]
    for group in pages(ec2, "describe_security_groups", "SecurityGroups"):
        facts[("group", group["GroupId"])] = group["VpcId"]
        for rule in group["IpPermissions"]:
            if rule["IpRanges"]:
                facts[("rule", group["GroupId"], rule["FromPort"])] = True
    return facts


def messages(logs, stream):
    """All messages of a stream in the order of their ingestion."""
    found, token = [], None
    while True:
        more = {"nextToken": token} if token else {}
        page = logs.get_log_events(logGroupName="restart", logStreamName=stream, startFromHead=True, **more)
        found += [int(event["message"]) for event in page["events"]]
        if page["nextForwardToken"] == token:
            return found
        token = page["nextForwardToken"]


def differences(weir, worker):
    """Facts that must hold and do not: what is expected and what is there."""
    there = network(weir.client("ec2", account=worker.account))
    known = {key: value for key, value in worker.facts.items() if value is not UNKNOWN}
    return {key: (value, there.get(key)) for key, value in known.items() if there.get(key) != value}


def compare(weir, vpcs, streams):
    facts = sum(len(worker.facts) for worker in vpcs)
    wrong = {key: what for worker in vpcs for key, what in differences(weir, worker).items()}
    equal(f"{facts} effects of acknowledged calls", wrong, {})
    for worker in streams:
        found = messages(weir.client("logs"), worker.stream)
        check(
            f"{worker.stream}: {worker.acknowledged} acknowledged events, once each and in order",
            found == list(range(len(found))) and worker.acknowledged <= len(found) <= worker.sent,
            f"{len(found)} events for {worker.acknowledged} to {worker.sent}: {found[:20]} …",
        )


def contend(weir):
    """Several clients change one resource at once: what was the last word stays the last word."""
    vpc = weir.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    end = time.monotonic() + CONTEND_S

    def tag(number):
        ec2 = weir.client("ec2")
        while time.monotonic() < end:
            ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Last", "Value": f"{number} {time.monotonic()}"}])

    clients = [threading.Thread(target=tag, args=(number,)) for number in range(4)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()


def survive(weir):
    """SIGKILL when all is quiet: everything is described as before, and packets go the same ways."""
    _, web, db = site(weir)
    ec2, logs, iam = (weir.client(service) for service in ("ec2", "logs", "iam"))
    there = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    peering = ec2.create_vpc_peering_connection(VpcId=web["VpcId"], PeerVpcId=there)["VpcPeeringConnection"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
    ec2.create_vpc_peering_connection(VpcId=there, PeerVpcId=web["VpcId"])
    ec2.allocate_address(Domain="vpc")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="deliver", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    flow_log = {"ResourceType": "VPC", "ResourceIds": [web["VpcId"]], "TrafficType": "ALL", "LogGroupName": "flows"}
    ec2.create_flow_logs(**flow_log, DeliverLogsPermissionArn=role)
    logs.create_log_group(logGroupName="flows")
    rows = "port,service\n22,ssh\n"
    table = logs.create_lookup_table(lookupTableName="services", tableBody=rows)["lookupTableArn"]
    query = {"queryLanguage": "CWLI", "queryString": "fields @message", "scheduleExpression": "cron(0 9 * * ? *)"}
    logs.create_scheduled_query(name="daily", **query, executionRoleArn=role)
    for round in range(3):
        contend(weir)
        before = weir.state()
        weir.kill()
        weir.start()
        differences = list(difflib.unified_diff(before.splitlines(), weir.state().splitlines(), n=1))
        equal("a lookup table, again", logs.get_lookup_table(lookupTableArn=table)["tableBody"], rows)
        equal("a scheduled query, again", logs.get_scheduled_query(identifier="daily")["queryString"], "fields @message")
        equal(f"{len(before)} characters of description, again after SIGKILL", differences[:20], [])
    ping = weir.run("exec", "web", "--", "ping", "-c", "1", "-W", "2", db["PrivateIpAddress"])
    check("instances run and answer", ping.returncode == 0, ping)


print(f"seed {SEED}")
choice = random.Random(SEED)
with tempfile.TemporaryDirectory() as data, Weir(data=data) as weir:
    logs = weir.client("logs")
    logs.create_log_group(logGroupName="restart")
    vpcs, streams = [], []
    for round in range(ROUNDS):
        vpcs += (fresh := [Vpcs(weir, len(vpcs) + number, choice.random()) for number in range(3)])
        streams += (writers := [Events(weir, len(streams) + number, choice.random()) for number in range(2)])
        for worker in writers:
            weir.client("logs").create_log_stream(logGroupName="restart", logStreamName=worker.stream)
        for worker in fresh + writers:
            worker.start()
        time.sleep(choice.uniform(*RUN_S))
        weir.kill()
        for worker in fresh + writers:
            worker.join()
        errors = [worker.error for worker in fresh + writers if worker.error]
        equal(f"round {round}: {sum(worker.calls for worker in fresh + writers)} calls, then SIGKILL", errors, [])
        weir.start()
        compare(weir, vpcs, streams)
    equal("told to stop, it ends with 0", weir.stop(), 0)
    weir.start()
    compare(weir, vpcs, streams)
with tempfile.TemporaryDirectory() as data, Weir(data=data) as weir:
    act(survive, weir)

finish()
