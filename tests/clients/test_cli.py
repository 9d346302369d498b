"""The commands of weir: what they print and how they exit."""

import contextlib
import gzip
import http.server
import json
import os
import pathlib
import pty
import select
import shlex
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
import zipfile

from weir import ROOT, WEIR, Weir, act, check, equal, finish, free_port, run, site, until


def ends(weir, code, line, says="", **more):
    """`weir LINE` must exit with a code and say something; gives what it printed."""
    done = weir.run(*shlex.split(line), **more)
    text = done.stdout + done.stderr
    check(f"weir {line}: {code}", done.returncode == code and says in text, f"exit {done.returncode}: {text}")
    return done.stdout


def usage(weir):
    ends(weir, 2, "", "Usage")
    ends(weir, 2, "frobnicate", "frobnicate")
    ends(weir, 2, "status --port many")
    ends(weir, 2, "exec web")
    ends(weir, 2, "up --ephemeral --data /tmp")
    ends(weir, 2, f"up --ephemeral --port {free_port()} --account me", "12-digit")
    ends(weir, 2, "clock advance soon", "90s")
    ends(weir, 0, "--help", "weir lab peering")
    ends(weir, 0, "--version", "weir ")


def empty_variables():
    """A variable that is empty counts as not set, whoever looks at it."""
    empty = os.environ | dict.fromkeys(["WEIR_PORT", "WEIR_ACCOUNT", "AWS_REGION", "AWS_ENDPOINT_URL"], "")
    told = run([WEIR, "env"], env=empty).stdout
    for line in ("AWS_ENDPOINT_URL=http://127.0.0.1:4566", "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test"):
        check(f"the usual {line}", f"export {line}\n" in told, told)
    port = str(free_port())
    for line in ("status", "exec web true", "connect web", "explain web db", "clock show", "run true"):
        command, *rest = line.split()
        done = run([WEIR, command, "--port", port, *rest], env=empty)
        equal(f"weir {line} asks", done.returncode, 3)
    equal("weir down asks", run([WEIR, "down", "--port", port], env=empty).returncode, 0)


def nothing_runs(weir):
    port = free_port()
    for line in ("status", "exec {} web -- true", "connect {} web -- true", "explain {} web db", "clock {} show"):
        line = line.format(f"--port {port}") if "{" in line else f"{line} --port {port}"
        ends(weir, 3, line, "weir up")
    ends(weir, 3, f"run --port {port} -- true", "weir up")
    ends(weir, 0, f"down --port {port}", "Not running")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ends(weir, 1, f"up --ephemeral --port {silent.getsockname()[1]}", "--port")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        ends(weir, 4, f"status --port {other.server_port}", "no weir")
        other.shutdown()


def running(weir):
    status = ends(weir, 0, "status", f"http://127.0.0.1:{weir.port}")
    check("counts instances", ["instances", "2"] in map(str.split, status.splitlines()), status)
    equal("in JSON, too", json.loads(ends(weir, 0, "status --json"))["resources"]["instances"], 2)
    ends(weir, 0, f"up --port {weir.port} --ephemeral", "lready running")
    elsewhere = "--account 222222222222 --region eu-west-1"
    exported = ends(weir, 0, f"env {elsewhere}", f"export AWS_ENDPOINT_URL=http://127.0.0.1:{weir.port}\n")
    check(
        "names account and region", "KEY_ID=222222222222\n" in exported and "_REGION=eu-west-1\n" in exported, exported
    )
    check("leads weir's own commands, too", f"export WEIR_PORT={weir.port}\n" in exported, exported)
    caller = ends(weir, 0, f"run {elsewhere} -- aws sts get-caller-identity --output json")
    equal("acts in the account", json.loads(caller)["Account"], "222222222222")
    ends(weir, 0, f"run {elsewhere} -- aws ec2 describe-availability-zones", "eu-west-1a")
    ends(weir, 7, "run -- sh -c 'exit 7'")
    ends(weir, 137, "run -- sh -c 'kill -9 $$'")
    ends(weir, 2, "run --account 12345678901 -- true", "12 digits")
    ends(weir, 4, "run -- no-such-program", "no-such-program")


def instances(weir, web, db):
    for name in ("web", web["InstanceId"]):
        statistics = "2 packets transmitted, 2 received, 0% packet loss"
        ends(weir, 0, f"exec {name} -- ping -c 2 -i 0.2 {db['PrivateIpAddress']}", statistics)
    ends(weir, 4, "exec nobody -- true", "nobody")
    ends(weir, 4, "exec i-0123456789abcdef0 -- true", "i-0123456789abcdef0")
    ends(weir, 1, "exec web -- ping -c 1 -W 1 10.0.1.200", "100% packet loss")
    ends(weir, 2, "exec web -- ping -Z")
    ends(weir, 127, "exec web -- frobnicate", "command not found")
    done = weir.run("exec", "web", "--", "sh", "-c", "echo out; cat none")
    check("two streams", done.stdout == "out\n" and "none" in done.stderr, (done.stdout, done.stderr))
    ends(weir, 0, "exec db -- hostname -i", db["PrivateIpAddress"])
    equal("input arrives", weir.run("exec", "web", "--", "grep", "-c", "o", stdin="one\ntwo\nthree\n").stdout, "2\n")
    equal("and its end", weir.run("exec", "web", "--", "cat").stdout, "")
    equal("or is left alone", weir.run("exec", "-n", "web", "--", "cat", stdin="one\n").stdout, "")
    odd = bytes(range(256)) * 300
    done = subprocess.run([WEIR, "exec", "--port", str(weir.port), "web", "--", "cat"], input=odd, capture_output=True)
    check("bytes that are no text, too", done.stdout == odd, (len(done.stdout), done.stderr))
    there = {key: value for key, value in os.environ.items() if key != "WEIR_PORT"} | {"AWS_ENDPOINT_URL": weir.url}
    equal("found where clients are pointed", run([WEIR, "exec", "db", "--", "hostname", "-i"], env=there).returncode, 0)
    there["WEIR_PORT"] = ""
    equal("or with an empty port", run([WEIR, "exec", "db", "--", "hostname", "-i"], env=there).returncode, 0)
    there["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{free_port()}"
    equal("where nothing is", run([WEIR, "exec", "db", "--", "true"], env=there).returncode, 3)
    equal("a port goes first", run([WEIR, "exec", "--port", weir.port, "db", "--", "true"], env=there).returncode, 0)
    there["AWS_ENDPOINT_URL"] = "https://ec2.us-east-1.amazonaws.com"
    equal("AWS itself is not asked", run([WEIR, "exec", "db", "--", "true"], env=there).returncode, 2)
    ends(weir, 0, f"exec internet -- ping -c 1 {web['PublicIpAddress']}", " 0% packet loss")


def streams(weir, db):
    """Output comes while the command runs, not at its end."""

    def ping(*options):
        command = [WEIR, "exec", "--port", str(weir.port), "web", "--", "ping", *options, db["PrivateIpAddress"]]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    with ping("-c", "3", "-i", "0.5") as process:
        until(lambda: "icmp_seq=1" in process.stdout.readline())
        check("the first answer is shown before the last request", process.poll() is None)
    with ping() as process:
        until(lambda: "icmp_seq=1" in process.stdout.readline())
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=10)
        check("Ctrl-C ends ping with its statistics", process.returncode == 0 and " 0% packet loss" in output, output)


def gone(weir, web, db):
    """A command is followed as long as a connection is there: it outlives who is stopped, and ends with who is killed."""

    def pings():
        traffic = urllib.request.urlopen(f"{weir.url}/_weir/traffic?host={web['InstanceId']}").read()
        return json.loads(traffic)["sent"]["packets"]

    def are_sent():
        before = pings()
        time.sleep(0.5)
        return pings() > before

    command = [WEIR, "exec", "--port", str(weir.port), "web", "--", "ping", "-q", "-i", "0.1", db["PrivateIpAddress"]]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        check("it runs", until(are_sent))
        process.send_signal(signal.SIGSTOP)
        time.sleep(2)
        check("it runs on while who follows it is stopped", are_sent())
        process.send_signal(signal.SIGKILL)
        check("and ends when that is killed", until(lambda: not are_sent()))


def live_tail(weir):
    """The aws CLI prints what comes in; `weir run` has turned off the prefix that Live Tail puts before the host."""
    logs = weir.client("logs")
    group, stream = {"logGroupName": "tailed"}, {"logGroupName": "tailed", "logStreamName": "one"}
    logs.create_log_group(**group)
    logs.create_log_stream(**stream)
    arn = logs.describe_log_groups(logGroupNamePrefix="tailed")["logGroups"][0]["logGroupArn"]
    tail = f"run --port {weir.port} -- aws logs start-live-tail --log-group-identifiers {arn}"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = {"stdout": subprocess.PIPE, "text": True, "env": environment, "start_new_session": True}
    with subprocess.Popen([WEIR, *tail.split()], **command) as process:
        for number in range(20):
            event = {"timestamp": int(time.time() * 1000), "message": f"event {number}"}
            logs.put_log_events(**stream, logEvents=[event])
            if select.select([process.stdout], [], [], 1)[0]:
                break
        line = process.stdout.readline()
        check("start-live-tail prints an event", line.startswith("event "), line)
        os.killpg(process.pid, signal.SIGKILL)
    logs.delete_log_group(**group)


def readers(weir):
    """A reader that has read enough ends weir without a word."""
    line = f"'{WEIR}' --help | true; '{WEIR}' lab peering | head -1"
    done = run(["sh", "-c", line])
    equal("nobody complains", (done.returncode, done.stderr), (0, ""))


def connect(weir, group):
    ends(weir, 0, "connect web -- whoami", "ec2-user")
    ends(weir, 0, "connect web", "ec2-user", stdin="whoami\nexit\n")
    printed = ends(weir, 7, "connect web", stdin="echo 'a  b' && echo c\nexit 7\n")
    equal("lines are of a shell", printed.splitlines()[1:], ["a  b", "c"])
    ends(weir, 1, "connect web", stdin="false\n")
    equal("input arrives", weir.run("connect", "web", "--", "wc", "-c", stdin="x" * 200_000).stdout, "200000\n")
    equal("and its end", weir.run("connect", "web", "--", "cat").stdout, "")
    equal("or is left alone", weir.run("connect", "-n", "web", "--", "cat", stdin="one\n").stdout, "")
    ends(weir, 2, "connect -n web", "Usage")
    ends(weir, 4, "connect nobody -- true", "nobody")
    ec2 = weir.client("ec2")
    rule = {"GroupId": group, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    ec2.revoke_security_group_ingress(**rule)
    started = time.monotonic()
    ends(weir, 255, "connect web -- true", "timed out")
    check("takes about ten seconds", 8 < time.monotonic() - started < 15, time.monotonic() - started)
    ec2.authorize_security_group_ingress(**rule)


def explain(weir, web, db):
    told = ends(weir, 0, "explain web db:22", "delivered")
    check("names the steps", len(told.splitlines()) > 3, told)
    ends(weir, 10, "explain web db:5432", "group")
    ends(weir, 0, "explain web db", "delivered")
    ends(weir, 10, "explain web db:22 --protocol udp", "group")
    ends(weir, 0, f"explain internet {web['PublicIpAddress']}", "delivered")
    ends(weir, 0, "explain internet web:22", "delivered")
    ends(weir, 10, "explain web 192.168.7.7", "dropped")
    ends(weir, 4, "explain nobody db", "nobody")
    ends(weir, 1, "explain web db --protocol smoke", "smoke")


def clock(weir):
    ends(weir, 0, "clock show", "(real)")
    ends(weir, 1, "clock advance 1h", "--clock virtual")
    with Weir("--clock", "virtual") as other:
        ends(other, 0, "clock show", "2026-01-01T00:00:00")
        ends(other, 0, "clock advance 1h30m", "2026-01-01T01:30:00")
        ec2 = other.client("ec2")

        def peerings():
            found = ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
            return [peering["Status"]["Code"] for peering in found]

        # A command ends though nobody moves the clock. What is outside answers only what comes from the network.
        ends(other, 1, "exec internet -- ping -c 2 8.8.8.8", "100% packet loss")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId="vpc-0123456789abcdef0")
        equal("a peering with nobody fails", peerings(), ["failed"])
        ends(other, 0, "clock advance 1d")
        equal("and is forgotten when a day has passed", peerings(), [])


def imports():
    """A network described by one weir is imported by another; and one that existed in AWS."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as data:
        with Weir() as source:
            _, _, db = site(source)
            describe(source, pathlib.Path(folder) / "us-east-1")
        done = run([WEIR, "import", folder, "--data", data])
        check("import says what it has found", done.returncode == 0 and "     2 instances\n" in done.stdout, done)
        with Weir(data=data) as weir:
            ends(weir, 0, f"exec web -- ping -c 1 {db['PrivateIpAddress']}")
        real = ROOT / "crates/api/fixtures/networks/aws_multi_account_vpc_peering/aws_configs"
        done = run([WEIR, "import", real, "--data", data, "--dry-run"])
        check("a network from AWS", done.returncode == 0 and " peering connections\n" in done.stdout, done)
    done = run([WEIR, "import", "/no/such/folder"])
    check("a folder that is none: 1", done.returncode == 1 and "/no/such/folder" in done.stderr, done)


def describe(weir, folder):
    """Fills a folder with the answers of `aws ec2 describe-*`."""
    folder.mkdir()
    nouns = "vpcs subnets route-tables security-groups network-acls internet-gateways network-interfaces instances"
    for noun in nouns.split():
        done = weir.run("run", "--", "aws", "ec2", f"describe-{noun}", "--output", "json")
        (folder / f"{noun}.json").write_text(done.stdout)


HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
RECORD = "2 123456789010 eni-1235b8ca123456789 {} 172.31.16.21 20641 {} 6 20 {} 1418530010 1418530070 {} OK"


def insights(weir):
    """Flow-log objects as AWS delivers them: a header line, then records, compressed."""
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = f"{folder}/a.log", f"{folder}/b.log.gz"
        records = [RECORD.format("172.31.16.139", 22, 4249, "ACCEPT"), RECORD.format("172.31.9.69", 3389, 60, "REJECT")]
        pathlib.Path(plain).write_text("\n".join([HEADER, *records, ""]))
        pathlib.Path(packed).write_bytes(gzip.compress("\n".join([HEADER, records[0], ""]).encode()))
        talkers = "stats sum(bytes) as totalBytes by srcAddr | sort totalBytes desc"
        table = ends(weir, 0, f"insights {plain} {packed} '{talkers}'")
        rows = [line.split() for line in table.splitlines()]
        check("ranks the talkers", ["172.31.16.139", "8498"] in rows and ["172.31.9.69", "60"] in rows, table)
        rejected = ends(weir, 0, f"insights {plain} 'filter action = \"REJECT\" | fields dstPort' --output jsonl")
        equal("as JSON", [json.loads(line)["dstPort"] for line in rejected.splitlines()], ["3389"])
        counted = "stats count(*) as records, sum(bytes) as total by bin(1m)"
        table = ends(weir, 0, f"insights {plain} '{counted}'")
        equal("a table of counts by time", table.split(), ["bin(1m)", "records", "total", "2014-12-14", "04:06:00.000", "2", "4309"])
        ends(weir, 2, f"insights {plain} 'stats frobnicate(bytes)'", "^")
        for asked in (f"insights {plain} --workers 127.0.0.1:1 'stats count(*)'", "workers", "worker"):
            ends(weir, 2, asked, "built without workers; cargo build --release --features workers")
        ends(weir, 4, f"insights {folder}/none.log 'fields @message'", "none.log")
        pathlib.Path(plain).write_text("\n".join([HEADER, records[0], "not a record", ""]))
        ends(weir, 0, f"insights {plain} 'stats count(*)'", f"{plain}:3")
        ends(weir, 1, f"insights {plain} 'stats count(*)' --strict", f"{plain}:3")
        count = ends(weir, 0, f"insights '{folder}/*.gz' --since 2014-12-14 --until 2014-12-15 'stats count(*) as n' --output csv")
        equal("as CSV, of a pattern and a day", count.splitlines()[:2], ["n", "1"])
        sql = "insights - --sql 'SELECT COUNT(*) AS n FROM flows' --output json"
        count = ends(weir, 0, sql, stdin="\n".join([HEADER, *records, ""]))
        equal("as SQL of standard input", json.loads(count), [{"n": "2"}])
        ranked = "insights - --sql 'SELECT dstPort, RANK() OVER (ORDER BY bytes DESC) AS r FROM flows ORDER BY r' --output json"
        ranked = ends(weir, 0, ranked, stdin="\n".join([HEADER, *records, ""]))
        equal("as a window of SQL", [row["r"] for row in json.loads(ranked)], ["1", "2"])
        flows = {"stdin": "\n".join([HEADER, *records, ""])}
        total = ends(weir, 0, "insights - --ppl 'stats sum(bytes) as total by action | sort - total' --output csv", **flows)
        equal("as PPL", total.splitlines(), ["total,action", "4249,ACCEPT", "60,REJECT"])
        within = "source = flows | where bytes > [source = flows | stats avg(bytes)] | fields dstPort"
        above = ends(weir, 0, f"insights - --ppl '{within}' --output csv", **flows)
        equal("PPL within PPL", above.splitlines(), ["dstPort", "22"])
        ordered = ends(weir, 0, f"insights {plain} 'fields srcAddr, bytes, action | limit 1' --output jsonl")
        equal("fields in their order", list(json.loads(ordered)), ["srcAddr", "bytes", "action"])
        with open("/dev/full", "w") as full:
            done = subprocess.run([WEIR, "insights", packed, "stats count(*)"], stdout=full, stderr=subprocess.PIPE)
        check("a full disk is told", done.returncode == 1 and b"standard output" in done.stderr, done.stderr)
        pipe = f"{folder}/pipe.log"
        os.mkfifo(pipe)
        with subprocess.Popen(["sh", "-c", f"zcat {packed} > {pipe}"]):
            ends(weir, 0, f"insights {pipe} 'stats count(*) as n' --output csv", "\n1")
        count = run(["bash", "-c", f"'{WEIR}' insights <(zcat {packed}) 'fields srcAddr, bytes' --output csv"]).stdout
        equal("a pipe of the shell is read as a file", count.splitlines()[1:], ["172.31.16.139,4249"])
        ends(weir, 0, f"insights {folder} 'stats count(*) as n' --output csv", "\n2")
        ends(weir, 0, f"insights \"SOURCE '{packed}' start=-1h end=now | stats count(*) as n\" --output csv", "\n0")
        ends(weir, 0, f"insights {packed} --since 1418530000000 --until 20141215 'stats count(*) as n' --output csv", "\n1")
        ends(weir, 2, f"insights {packed} --since -1d --until 2d 'stats count(*)'", "--until")
        ends(weir, 2, f"insights 'stats count(*)' {packed}", "the query comes last")
        ends(weir, 2, f"insights {packed} 'SELECT COUNT(*) FROM t'", "--sql")
        ends(weir, 2, f"insights {packed} 'source = flows | head 1'", "--ppl")
        ends(weir, 2, f"insights {packed} --ppl 'source = flows | lookup t a'", "lookup is no command of PPL")
        ends(weir, 2, f"insights {packed} --ppl --sql 'head'", "cannot be used with")
        pathlib.Path(f"{folder}/d.txt").write_text("nothing\nof a flow log\n")
        ends(weir, 1, f"insights {folder}/d.txt 'stats count(*)'", "--format")
        with zipfile.ZipFile(f"{folder}/e.zip", "w") as archive:
            archive.write(packed)
        ends(weir, 1, f"insights {folder}/e.zip 'stats count(*)'", "zip")
        pathlib.Path(f"{folder}/c.parquet").write_bytes(b"PAR1xxxxxxxxPAR1")
        ends(weir, 1, f"insights {folder}/c.parquet {packed} 'stats count(*)'", "c.parquet: no Parquet")


def insights_reads_more(weir):
    """Queries within queries, lookup tables and costs, over files."""
    with tempfile.TemporaryDirectory() as folder:
        flows, known = f"{folder}/a.log", f"{folder}/known.log"
        records = [RECORD.format("172.31.16.139", 22, 4249, "ACCEPT"), RECORD.format("172.31.9.69", 3389, 60, "REJECT")]
        text = "\n".join([HEADER, *records, ""])
        pathlib.Path(flows).write_text(text)
        pathlib.Path(known).write_text("\n".join([HEADER, records[1], ""]))

        def rows(line, *names):
            done = ends(weir, 0, f"insights {line} --output jsonl")
            return [[json.loads(row).get(name) for name in names] for row in done.splitlines()]

        within = f"filter srcAddr in (SOURCE '{known}' | fields srcAddr) | fields dstPort"
        equal("a subquery reads its own files", rows(f'{flows} "{within}"', "dstPort"), [["3389"]])
        join = f"join left=a right=b where a.srcAddr=b.srcAddr (SOURCE '{known}') | fields a.srcAddr, b.bytes"
        equal("so does a join", rows(f'{flows} "{join}"', "a.srcAddr", "b.bytes"), [["172.31.9.69", "60"]])
        sql = f'"SELECT a.dstPort AS port FROM flows a JOIN `{known}` b ON a.srcAddr = b.srcAddr"'
        equal("and that of SQL", rows(f"{flows} --sql {sql}", "port"), [["3389"]])
        equal("SOURCE names the files", rows(f"\"SOURCE '{known}' | stats count(*) as n\"", "n"), [["1"]])
        ends(weir, 2, f"insights {flows} \"SOURCE '{known}' | stats count(*)\"", "SOURCE")
        ends(weir, 2, "insights \"SOURCE logGroups(namePrefix: ['a']) | stats count(*)\"", "SOURCE 'PATH'")
        ends(weir, 2, "insights 'stats count(*)'", "name flow-log files")
        ends(weir, 4, f"insights {flows} \"filter srcAddr in (SOURCE '{folder}/no' | fields srcAddr)\"", f"{folder}/no")
        ends(weir, 2, f"insights {flows} 'pattern @message | diff'", "--since")
        names, ranges = f"{folder}/names.csv", f"{folder}/ip-ranges.json"
        pathlib.Path(names).write_text("port,service\n22,ssh\n3389,rdp\n")
        aws = {"prefixes": [{"ip_prefix": "172.31.9.0/24", "region": "r", "service": "S3", "network_border_group": "r"}]}
        pathlib.Path(ranges).write_text(json.dumps({**aws, "ipv6_prefixes": []}))
        lookup = "lookup names port as dstPort OUTPUT service | display service | sort service"
        services = rows(f"{flows} --table names={names} '{lookup}'", "service")
        equal("a table of CSV", services, [["rdp"], ["ssh"]])
        lookup = "cidrlookup aws srcAddr OUTPUT service | stats count(*) as n by service | sort n, service"
        services = rows(f"{flows} --table aws={ranges} '{lookup}'", "service", "n")
        equal("AWS's address ranges", sorted(services, key=str), [["S3", "1"], [None, "1"]])
        ends(weir, 2, f"insights {flows} '{lookup}'", "--table aws=")
        ends(weir, 2, f"insights {flows} --table names={names} 'lookup names port as dstPort OUTPUT nope'", "^")
        ends(weir, 2, f"insights {flows} --table a-b={names} 'fields bytes'", "--table a-b")
        ends(weir, 4, f"insights {flows} --table a={folder}/no.csv 'fields bytes'", "no.csv")
        pathlib.Path(names).write_text("port,service\n22\n")
        ends(weir, 1, f"insights {flows} --table a={names} 'fields bytes'", "line 2")
        size = str(len(text))
        cost = [["1", size, size, "2"]]
        columns = ("files", "storedBytes", "estimatedBytes", "estimatedRecords")
        equal("what it would cost", rows(f"{flows} --estimate 'stats count(*)'", *columns), cost)
        equal("or as a command", rows(f"{flows} 'filter bytes > 1 | estimate'", "@estimatedBytes"), [[size]])
        os.mkdir(f"{folder}/empty")
        ends(weir, 4, f"insights {folder}/empty 'stats count(*)'", ".parquet")


def insights_on_a_terminal(weir):
    """Progress and bars are shown on a terminal and nowhere else; Parquet is not for terminals."""
    with tempfile.TemporaryDirectory() as folder:
        flows = f"{folder}/a.log"
        record = RECORD.format("172.31.16.139", 22, 4249, "ACCEPT")
        pathlib.Path(flows).write_text(f"{HEADER}\n" + f"{record}\n" * 400_000)
        query = "stats sum(bytes) as total, min(@timestamp) as t by srcAddr"

        def on_terminal(*options, query=query):
            """What `weir insights` writes on a terminal, and its exit code."""
            child, terminal = pty.fork()
            if child == 0:
                os.execv(WEIR, [WEIR, "insights", flows, query, *options])
            shown = b""
            with contextlib.suppress(OSError):
                while part := os.read(terminal, 65536):
                    shown += part
            os.close(terminal)
            return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

        shown, code = on_terminal()
        told = "left" in shown and "/s" in shown and "1699600000" in shown
        check("progress on a terminal", code == 0 and told, shown)
        check("which is taken away", shown.rfind("left") < shown.rfind("\x1b[K") < shown.rfind("1 rows"), shown)
        shown, code = on_terminal(query="filter bytes > 0 | stats count(*) by bin(1h)")
        check("bars on a terminal", code == 0 and "█ 400000" in shown, shown)
        shown, code = on_terminal("--output", "parquet")
        check("no Parquet on a terminal", code == 2 and "FILE.parquet" in shown, shown)
        done = weir.run("insights", flows, query)
        check("no progress elsewhere", "left" not in done.stderr, done.stderr)
        with open(f"{folder}/out.parquet", "wb") as file:
            subprocess.run([WEIR, "insights", flows, query, "--output", "parquet"], stdout=file, check=True)
        written = pathlib.Path(f"{folder}/out.parquet").read_bytes()
        equal("Parquet in a file", (written[:4], written[-4:]), (b"PAR1", b"PAR1"))
        asked = "insights {}/out.parquet 'fields srcAddr' --output csv"
        equal("which can be asked again", ends(weir, 0, asked.format(folder)).split(), ["srcAddr", "172.31.16.139"])


def down():
    with Weir() as weir:
        ends(weir, 0, "down", "Stopped.")
        equal("it has ended well", weir.process.wait(5), 0)


with Weir() as weir:
    group, web, db = site(weir)
    act(usage, weir)
    act(nothing_runs, weir)
    act(running, weir)
    act(instances, weir, web, db)
    act(streams, weir, db)
    act(gone, weir, web, db)
    act(live_tail, weir)
    act(readers, weir)
    act(connect, weir, group)
    act(explain, weir, web, db)
    act(clock, weir)
    act(insights, weir)
    act(insights_reads_more, weir)
    act(insights_on_a_terminal, weir)
act(empty_variables)
act(imports)
act(down)

finish()
