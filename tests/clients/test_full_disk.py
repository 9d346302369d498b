"""A disk that takes no more: whoever writes is told, what was acknowledged stays, and with room again Weir goes on.

The disk is full for Weir alone, its log included: no file may grow beyond a byte (RLIMIT_FSIZE).
"""

import resource
import tempfile
import time

from weir import Weir, act, check, equal, finish, refused

FULL = 1
ROOMY = resource.RLIM_INFINITY


def limit(weir, size):
    resource.prlimit(weir.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def batch(*messages):
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    return {"logGroupName": "full", "logStreamName": "one", "logEvents": events}


def messages(logs):
    found = logs.get_log_events(logGroupName="full", logStreamName="one", startFromHead=True)["events"]
    return [event["message"] for event in found]


def counted(weir):
    """How many events the metric filter has counted in all."""
    now = time.time()
    window = {"StartTime": now - 3600, "EndTime": now + 3600, "Period": 3600}
    metric = {"Namespace": "full", "MetricName": "events"}
    points = weir.client("cloudwatch").get_metric_statistics(**metric, **window, Statistics=["Sum"])["Datapoints"]
    return sum(point["Sum"] for point in points)


def vpcs(ec2):
    own = [{"Name": "is-default", "Values": ["false"]}]
    return [vpc["CidrBlock"] for vpc in ec2.describe_vpcs(Filters=own)["Vpcs"]]


def fill(weir):
    logs, ec2 = weir.client("logs"), weir.client("ec2")
    logs.create_log_group(logGroupName="full")
    logs.create_log_stream(logGroupName="full", logStreamName="one")
    value = {"metricName": "events", "metricNamespace": "full", "metricValue": "1"}
    logs.put_metric_filter(logGroupName="full", filterName="all", filterPattern="", metricTransformations=[value])
    logs.put_log_events(**batch("before"))
    ec2.create_vpc(CidrBlock="10.1.0.0/16")
    limit(weir, FULL)
    for _ in range(3):
        refused("events", "ServiceUnavailableException", logs.put_log_events, **batch("lost"))
    refused("a stream", "ServiceUnavailableException", logs.create_log_stream, logGroupName="full", logStreamName="two")
    refused("a network", "InternalError", ec2.create_vpc, CidrBlock="10.2.0.0/16")
    check("weir is alive", weir.is_alive())
    equal("what was acknowledged can be read", messages(logs), ["before"])
    limit(weir, ROOMY)
    logs.put_log_events(**batch("after"))
    ec2.create_vpc(CidrBlock="10.3.0.0/16")
    equal("events go on", messages(logs), ["before", "after"])
    equal("a metric counts what was acknowledged", counted(weir), 2)


def reopen(weir):
    logs, ec2 = weir.client("logs"), weir.client("ec2")
    equal("what was acknowledged is there again", messages(logs), ["before", "after"])
    equal("it is still counted", counted(weir), 2)
    there = vpcs(ec2)
    # What was refused may have happened: it is written with the next change.
    check("networks, too", {"10.1.0.0/16", "10.3.0.0/16"} <= set(there), there)


with tempfile.TemporaryDirectory() as data, Weir(data=data, signals=False) as weir:
    act(fill, weir)
    weir.kill()
    weir.forget_errors()
    weir.start()
    act(reopen, weir)

finish()
