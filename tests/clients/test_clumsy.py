"""Input that no client should send: AWS's error or a plain 4xx, never 5xx, nothing changed, and weir goes on."""

import http.client
import json
import socket
import time
import urllib.parse

from weir import Weir, act, check, equal, finish, until

SCOPE = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
VERSION = "Version=2016-11-15"
MB = 1 << 20

weir = Weir()


def send(body, service="ec2", method="POST", path="/", headers=None):
    """Sends one request; gives status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", weir.port, timeout=30)
    try:
        connection.request(
            method, path, body, {"Authorization": SCOPE.format(service), "Content-Type": FORM, **(headers or {})}
        )
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def code(body):
    """The error code in an answer of any protocol."""
    if body.startswith("{"):
        return json.loads(body).get("__type", "").split("#")[-1]
    return body.partition("<Code>")[2].partition("</Code>")[0]


def form(fact, expected, body, status=400, **more):
    found = send(body, **more)
    equal(f"{fact}: {expected}", (found[0], code(found[1])), (status, expected))


def call(fact, expected, action, **parameters):
    """A call of EC2 that must be refused."""
    form(fact, expected, urllib.parse.urlencode({"Action": action, "Version": "2016-11-15", **parameters}))


def log_call(fact, expected, action, body):
    form(
        fact,
        expected,
        body,
        service="logs",
        headers={"X-Amz-Target": f"Logs_20140328.{action}", "Content-Type": "application/x-amz-json-1.1"},
    )


def raw(fact, *pieces, expected=None):
    """Sends bytes as they are; weir may answer 4xx or hang up, but must not answer 5xx."""
    with socket.create_connection(("127.0.0.1", weir.port), timeout=10) as client:
        try:
            for piece in pieces:
                client.sendall(piece)
            if not expected:  # who waits for an answer does not hang up
                client.shutdown(socket.SHUT_WR)
            answer = client.recv(65536)
        except OSError:
            answer = b""
    status = answer.split(b" ")[1].decode() if answer.startswith(b"HTTP/1.") else "hung up"
    held = status == expected if expected else status == "hung up" or status.startswith("4")
    check(f"{fact}: {status}", held, answer[:200])


def head(*lines, method="POST", path="/"):
    own = (f"{method} {path} HTTP/1.1", "Host: weir", "Authorization: " + SCOPE.format("ec2"), f"Content-Type: {FORM}")
    return "\r\n".join((*own, *lines, "", "")).encode("latin-1")


def furnish():
    ec2, logs = weir.client("ec2"), weir.client("logs")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    logs.create_log_group(logGroupName="app")
    logs.create_log_stream(logGroupName="app", logStreamName="one")
    return vpc


def forms():
    form("an empty body", "MissingAction", "")
    form("no action", "MissingAction", VERSION)
    form("an empty action", "MissingAction", f"Action=&{VERSION}")
    form("an action of another service", "InvalidAction", f"Action=PutObject&{VERSION}")
    form("an action that is none", "InvalidAction", f"Action=..%2F..%2Fetc%2Fpasswd&{VERSION}")
    form("a cut percent sign", "MalformedQueryString", f"Action=DescribeVpcs&{VERSION}&VpcId.1=%4")
    form("percent without hex", "MalformedQueryString", f"Action=DescribeVpcs&{VERSION}&VpcId.1=%zz")
    form("bytes that are no UTF-8", "MalformedQueryString", f"Action=CreateVpc&{VERSION}&CidrBlock=%ff%fe")
    form(
        "raw bytes that are no UTF-8",
        "MalformedQueryString",
        f"Action=CreateVpc&{VERSION}&CidrBlock=".encode() + b"\xff\xfe\x00",
    )
    form("an unknown parameter", "UnknownParameter", f"Action=CreateVpc&{VERSION}&CidrBlock=10.9.0.0/16&Colour=red")
    form(
        "an index that is too large",
        "UnknownParameter",
        f"Action=DescribeVpcs&{VERSION}&VpcId.99999999999999999999=vpc-1",
    )
    call("no such boolean", "InvalidParameterValue", "CreateVpc", CidrBlock="10.9.0.0/16", DryRun="perhaps")
    call("no such number", "InvalidParameterValue", "DescribeVpcs", MaxResults="-9223372036854775809")
    call("a token that is none", "InvalidNextToken", "DescribeVpcs", NextToken="💥")


def values(vpc):
    for block in (
        "",
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "300.0.0.0/16",
        "::/56",
        "1e1.0.0.0/16",
        "10.0.0.0/16 ",
    ):
        call(f"the block {block!r}", "InvalidParameterValue", "CreateVpc", CidrBlock=block)
    call("a block that is too large", "InvalidVpc.Range", "CreateVpc", CidrBlock="0.0.0.0/0")
    call("a block that is too small", "InvalidVpc.Range", "CreateVpc", CidrBlock="10.0.0.0/29")
    call("no VPC", "MissingParameter", "CreateSubnet", CidrBlock="10.0.0.0/24")
    call("an unknown VPC", "InvalidVpcID.NotFound", "DeleteVpc", VpcId="vpc-0123456789abcdef0")
    for wrong in (
        "vpc-",
        "vpc-xyz",
        "subnet-0123456789abcdef0",
        "vpc-0123456789abcdef0'; DROP TABLE vpc; --",
        "\0",
        "v" * 10_000,
    ):
        call(f"the id {wrong[:20]!r}", "InvalidVpcID.Malformed", "DeleteVpc", VpcId=wrong)
    call(
        "a port that is none",
        "InvalidParameterValue",
        "AuthorizeSecurityGroupIngress",
        GroupId="sg-0123456789abcdef0",
        IpProtocol="tcp",
        FromPort="ssh",
        ToPort="22",
        CidrIp="0.0.0.0/0",
    )
    call(
        "a key that is too long",
        "InvalidParameterValue",
        "CreateTags",
        **{"ResourceId.1": vpc, "Tag.1.Key": "k" * 129, "Tag.1.Value": "v"},
    )
    call(
        "51 tags",
        "TagLimitExceeded",
        "CreateTags",
        **{"ResourceId.1": vpc},
        **{f"Tag.{n}.{part}": f"{part}{n}" for n in range(1, 52) for part in ("Key", "Value")},
    )


def json_bodies():
    for body in (
        "{",
        "[]",
        "null",
        '"x"',
        '{"logGroupName": 1}',
        '{"logGroupName": null, "a": [',
        "[" * 100_000,
        b'{"logGroupName": "\xff"}',
    ):
        log_call(f"JSON {body[:30]!r}", "SerializationException", "CreateLogGroup", body)
    log_call("no JSON at all", "InvalidParameterException", "CreateLogGroup", "")
    log_call("nothing in it", "InvalidParameterException", "CreateLogGroup", "{}")
    log_call("a name with a blank", "InvalidParameterException", "CreateLogGroup", '{"logGroupName": "a b"}')
    log_call("an operation that is none", "UnknownOperationException", "Frobnicate", "{}")
    log_call(
        "a time that is none",
        "SerializationException",
        "PutLogEvents",
        json.dumps(
            {"logGroupName": "app", "logStreamName": "one", "logEvents": [{"timestamp": "now", "message": "m"}]}
        ),
    )
    log_call(
        "a negative time",
        "InvalidParameterException",
        "PutLogEvents",
        json.dumps({"logGroupName": "app", "logStreamName": "one", "logEvents": [{"timestamp": -1, "message": "m"}]}),
    )
    log_call(
        "no events",
        "InvalidParameterException",
        "PutLogEvents",
        json.dumps({"logGroupName": "app", "logStreamName": "one", "logEvents": []}),
    )
    log_call(
        "a message that is too long",
        "InvalidParameterException",
        "PutLogEvents",
        json.dumps(
            {"logGroupName": "app", "logStreamName": "one", "logEvents": [{"timestamp": 1, "message": "m" * 2 * MB}]}
        ),
    )


def sizes():
    def refused(fact, body, **more):
        try:
            status, answer = send(body, **more)
        except OSError:
            status, answer = "hung up", ""
        check(f"{fact}: {status}", status == "hung up" or 400 <= status < 500, answer[:200])

    refused("a form of 10 MB", f"Action=CreateVpc&{VERSION}&CidrBlock=" + "1" * 10 * MB)
    refused(
        "a million parameters",
        f"Action=DescribeVpcs&{VERSION}" + "".join(f"&VpcId.{n}=vpc-1" for n in range(1_000_000)),
    )
    refused(
        "JSON of 10 MB",
        '{"logGroupName": "' + "a" * 10 * MB + '"}',
        service="logs",
        headers={"X-Amz-Target": "Logs_20140328.CreateLogGroup"},
    )
    refused("100 MB", b"\0" * 100 * MB)
    refused("a path of 60 kB", "", method="GET", path="/" + "a" * 60_000)
    raw("a length that is a lie", head("Content-Length: 1000"), b"Action=CreateVpc")
    raw("a length that is none", head("Content-Length: many"), b"Action=CreateVpc")
    raw("a negative length", head("Content-Length: -1"), b"Action=CreateVpc")
    raw("a length beyond all", head("Content-Length: 99999999999999999999999"), b"x")
    raw("two lengths", head("Content-Length: 3", "Content-Length: 5"), b"abcde")
    raw("a header of 1 MB", head("X-Long: " + "x" * MB))
    raw("a thousand headers", head(*[f"X-{n}: {n}" for n in range(1000)]))
    raw("a head that is cut off", head()[:60])
    raw("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)))
    raw("nothing at all")
    raw("HTTP of the future", b"GET / HTTP/9.9\r\n\r\n")
    raw("a header without colon", head("nonsense"))
    raw("a header with controls", head("X-Bad: a\x01\x00b"))


def chunked():
    body = f"Action=DescribeVpcs&{VERSION}".encode()
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:5], body[5:])) + b"0\r\n\r\n"
    raw("chunks are put together", head("Transfer-Encoding: chunked"), pieces, expected="200")
    raw("a chunk without end", head("Transfer-Encoding: chunked"), b"5\r\nActio")
    raw("a chunk that lies", head("Transfer-Encoding: chunked"), b"ffffffffffffffff\r\nAction\r\n0\r\n\r\n")
    raw("a chunk of no size", head("Transfer-Encoding: chunked"), b"xyz\r\nAction\r\n0\r\n\r\n")
    raw("an expectation", head("Expect: 100-continue", f"Content-Length: {len(body)}"), body, expected="100")


def signatures():
    found = send(f"Action=DescribeVpcs&{VERSION}", headers={"Authorization": "AWS4-HMAC-SHA256 nonsense"})
    check("a signature of nonsense", 200 <= found[0] < 500, found)
    found = send(f"Action=DescribeVpcs&{VERSION}", headers={"Authorization": SCOPE.format("no-such-service")})
    check("a service that is none", 400 <= found[0] < 500, found)
    found = send("x", headers={"Content-Type": "application/octet-stream"})
    check("a type of content that is none", 400 <= found[0] < 500, found)
    for method, path in (
        ("GET", "/"),
        ("PUT", "/bucket/key"),
        ("DELETE", "/"),
        ("OPTIONS", "/"),
        ("FROB", "/"),
        ("GET", "/_weir/none"),
        ("POST", "/_weir/exec"),
        ("POST", "/_weir/explain"),
        ("POST", "/_weir/clock/advance"),
        ("GET", "/_weir/exec?id=%ff"),
    ):
        status, answer = send("", method=method, path=path)
        check(f"{method} {path}: {status}", 400 <= status < 500, answer[:200])


def answer_of(logs, query):
    """The status of a query over everything, and the first value of its first row."""
    query = logs.start_query(logGroupName="/clumsy", startTime=0, endTime=int(time.time()) + 60, queryString=query)
    ended = lambda: logs.get_query_results(queryId=query["queryId"])["status"] not in ("Scheduled", "Running")
    until(ended, timeout=60)
    answer = logs.get_query_results(queryId=query["queryId"])
    return answer["status"], answer["results"][0][0]["value"] if answer["results"] else None


def doubling():
    """Queries that make much of little."""
    logs = weir.client("logs")
    logs.create_log_group(logGroupName="/clumsy")
    logs.create_log_stream(logGroupName="/clumsy", logStreamName="a")
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": "x" * 100}] * 1500
    logs.put_log_events(logGroupName="/clumsy", logStreamName="a", logEvents=events)
    texts = ["@message", *(f"t{n}" for n in range(29))]
    twice = [f"fields concat({text}, {text}) as {double}" for text, double in zip(texts, texts[1:])]
    count = " | stats count({0}) as n, max(strlen({0})) as most | display n, most"
    double = lambda times: answer_of(logs, " | ".join(twice[:times]) + count.format(texts[times]))
    equal("ten times", double(10), ("Complete", "1500"))
    equal("thirteen times", double(13), ("Failed", None))
    equal("as often as commands go", double(28)[0], "Failed")
    groups, many = r"\\1" * 1000, "y" * 1000
    for query, made in (
        (f"regexReplace(@message, /(x+)/, '{groups}')", "1500"),
        (f"regexReplace(regexReplace(@message, /(x+)/, '{groups}'), /(x+)/, '{groups}')", "0"),
        (f"replace(replace(@message, 'x', '{many}'), 'y', '{many}')", "0"),
    ):
        found = answer_of(logs, f"fields {query} as t | stats count(t) as n")
        equal(f"{query[:30]}...", found, ("Complete", made))
    logs.delete_log_group(logGroupName="/clumsy")


with weir:
    act(doubling)
    check("weir is alive", weir.is_alive())
    vpc = furnish()
    before = weir.state()
    for part, *arguments in ([forms], [values, vpc], [json_bodies], [sizes], [chunked], [signatures]):
        act(part, *arguments)
        check("weir is alive, and nothing has changed", weir.is_alive() and weir.state() == before)
    equal(
        "nothing was logged as a fault",
        [line for line in weir.errors().splitlines() if "fault" in line or "panic" in line],
        [],
    )

finish()
