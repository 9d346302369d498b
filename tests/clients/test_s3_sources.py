"""`weir insights s3://…` against moto's S3: the same answers as from disk, and no more requests than needed.

moto checks signatures and policies like AWS once it is told to, so a wrong secret is refused as AWS refuses it.
"""

import gzip
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time

import boto3
import requests
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from weir import WEIR, act, check, equal, finish, free_port

ACCOUNT, REGION, BUCKET = "123456789012", "eu-west-1", "logs"
FOLDER = f"AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}"
HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
DAYS = {"2026/10/31": 1793404800, "2026/11/01": 1793491200, "2026/11/02": 1793577600}
HOURS = (0, 6, 12)
QUERY = "stats count(*) as n, sum(bytes) as total by srcAddr | sort srcAddr"


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


class Server:
    """moto in threads of this process; keeps what it was asked."""

    def __init__(self):
        self.asked, self.pause = [], 0
        app = DomainDispatcherApplication(create_backend_app)

        def counted(environ, start):
            self.asked.append((environ["PATH_INFO"], environ["QUERY_STRING"]))
            time.sleep(self.pause)
            return app(environ, start)

        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.server = make_server("127.0.0.1", self.port, counted, threaded=True, request_handler=Quiet)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keys(self):
        """Creates who may read, and has every request checked from then on."""
        given = {"endpoint_url": self.url, "region_name": REGION, "aws_access_key_id": "a", "aws_secret_access_key": "b"}
        iam = boto3.client("iam", **given)
        iam.create_user(UserName="reader")
        statement = {"Effect": "Allow", "Action": ["s3:*", "sts:AssumeRole"], "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
        trust = {**statement, "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        del trust["Resource"]
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam.create_role(RoleName="reading", AssumeRolePolicyDocument=trust)
        iam.put_role_policy(RoleName="reading", PolicyName="read", PolicyDocument=policy)
        key = iam.create_access_key(UserName="reader")["AccessKey"]
        requests.post(f"{self.url}/moto-api/reset-auth", data=b"0", timeout=10).raise_for_status()
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def forget(self):
        self.asked.clear()

    def gets(self):
        """How many objects were asked for."""
        return sum("list-type" not in query for _, query in self.asked)

    def lists(self):
        """What was listed."""
        return [query for _, query in self.asked if "list-type" in query]


def records(start):
    lines = [
        f"2 {ACCOUNT} eni-1 10.0.{n % 7}.{n % 11} 10.1.0.1 {40000 + n} 443 6 3 {100 + n} {start + n} {start + n + 60} ACCEPT OK"
        for n in range(200)
    ]
    return "\n".join([HEADER, *lines]) + "\n"


def objects():
    """Keys and bodies: three days of gzip in AWS's layout, and what is no flow log."""
    found = {"AWSLogs/notes.txt": b"no flow log"}
    for day, midnight in DAYS.items():
        for hour in HOURS:
            name = f"{ACCOUNT}_vpcflowlogs_{REGION}_fl-0a_{day.replace('/', '')}T{hour:02}00Z_4ab1d1b4.log.gz"
            found[f"{FOLDER}/{day}/{name}"] = gzip.compress(records(midnight + hour * 3600).encode())
    return found


def environment(**variables):
    """No settings of whoever runs the test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nowhere = {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}
    return {**kept, **nowhere, "AWS_EC2_METADATA_DISABLED": "true", **variables}


def insights(*arguments, **variables):
    command = [WEIR, "insights", *arguments]
    return subprocess.run(command, env=environment(**variables), capture_output=True, text=True, timeout=60)


def rows(*arguments, **variables):
    done = insights("--output", "json", *arguments, **variables)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def fill(server, folder):
    """Puts the objects, and the same files on disk; Parquet of one of them, too."""
    s3 = boto3.client("s3", endpoint_url=server.url, region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    made = objects()
    for key, body in made.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    names = "fields srcAddr as srcaddr, dstAddr as dstaddr, bytes, dstPort as dstport | limit 1000"
    text = next(str(folder / key) for key in made if key.endswith(".gz"))
    parquet = subprocess.run([WEIR, "insights", text, names, "--output", "parquet"], capture_output=True, check=True)
    (folder / "odd key+ü.parquet").write_bytes(parquet.stdout)
    s3.put_object(Bucket=BUCKET, Key="other/odd key+ü.parquet", Body=parquet.stdout)


def answers(server, folder, keys):
    """The same rows from bucket and disk."""
    to = {"AWS_ENDPOINT_URL": server.url, "AWS_REGION": REGION, **keys}
    local = rows(str(folder / "AWSLogs"), QUERY)
    equal("rows of all days", rows(f"s3://{BUCKET}/AWSLogs", QUERY, **to), local)
    check("there are rows", len(local) > 5 and sum(int(row["n"]) for row in local) == 1800, local)
    equal("by SOURCE", rows(f"SOURCE 's3://{BUCKET}/AWSLogs/' | {QUERY}", **to), local)
    equal("as Parquet", rows(f"s3://{BUCKET}/other/", QUERY, **to), rows(str(folder / "odd key+ü.parquet"), QUERY))
    logs = rows(f"s3://{BUCKET}/**/2026/11/01/*T00*.gz", "stats count(*) as n by @log", **to)
    check("a pattern", len(logs) == 1 and logs[0]["@log"].startswith(f"s3://{BUCKET}/{FOLDER}/2026/11/01/"), logs)
    mixed = rows(f"s3://{BUCKET}/AWSLogs/", str(folder / "AWSLogs"), "stats count(*) as n", **to)
    equal("bucket and disk together", mixed, [{"n": "3600"}])
    sql = rows("--sql", f"s3://{BUCKET}/AWSLogs/", "SELECT COUNT(*) AS n FROM `flows`", **to)
    equal("in SQL", sql, [{"n": "1800"}])


def pruning(server, keys):
    """Only what may have records of the time is asked for, once."""
    to = {"AWS_ENDPOINT_URL_S3": server.url, "AWS_REGION": REGION, **keys}
    for since, until, count, gets in [
        ([], [], 1800, 9),
        (["--since", "2026-11-01T12:00:00Z"], [], 800, 4),
        (["--since", "2026-11-01T06:00:00Z"], ["--until", "2026-11-01T06:59:00Z"], 200, 1),
        (["--since", "2026-11-02"], [], 600, 3),
        (["--since", "2027-01-02"], [], 0, 0),
    ]:
        server.forget()
        found = rows(f"s3://{BUCKET}/AWSLogs/", *since, *until, "stats count(*) as n", **to)
        equal(f"records {since} {until}", found, [{"n": str(count)}])
        equal(f"objects asked for {since} {until}", server.gets(), gets)
    check("a year before is not listed", all("2026" not in query for query in server.lists()), server.lists())
    server.forget()
    cost = rows("--estimate", f"s3://{BUCKET}/AWSLogs/", QUERY, **to)
    stored = sum(len(body) for key, body in objects().items() if key.endswith(".gz"))
    equal("an estimate", (cost[0]["files"], cost[0]["storedBytes"]), ("9", str(stored)))
    equal("an estimate fetches nothing", server.gets(), 0)


def refusals(server, keys):
    """What AWS refuses is said in its words, with bucket and key."""
    to = {"AWS_ENDPOINT_URL": server.url, "AWS_REGION": REGION}
    wrong = {**keys, "AWS_SECRET_ACCESS_KEY": "wrong"}
    for name, source, given, code, said in [
        ("a bucket that is not there", "s3://nobody/x/", keys, 4, "s3://nobody/x/: NoSuchBucket: The specified bucket does not exist"),
        ("a wrong secret", f"s3://{BUCKET}/AWSLogs/", wrong, 1, f"s3://{BUCKET}/AWSLogs/: SignatureDoesNotMatch: "),
        ("an unknown key", f"s3://{BUCKET}/x", {**keys, "AWS_ACCESS_KEY_ID": "AKIANOBODY"}, 1, f"s3://{BUCKET}/x: InvalidAccessKeyId: "),
        ("no credentials", f"s3://{BUCKET}/x", {}, 1, "no AWS credentials: Unable to locate credentials"),
        ("no profile", f"s3://{BUCKET}/x", {"AWS_PROFILE": "p"}, 2, "The config profile (p) could not be found"),
        ("nothing below", f"s3://{BUCKET}/AWSLog", keys, 4, f"s3://{BUCKET}/AWSLog: no such object, and none below it"),
        ("no flow log below", f"s3://{BUCKET}/none/", keys, 4, f"s3://{BUCKET}/none/: no files that end in"),
    ]:
        done = insights(source, QUERY, **to, **given)
        check(name, done.returncode == code and said in done.stderr, (done.returncode, done.stderr))


def profiles(server, folder, keys):
    """Keys, endpoint and Region from files, and from a process that a profile names."""
    secret = f"aws_secret_access_key = {keys['AWS_SECRET_ACCESS_KEY']}\n"
    config, credentials = folder / "config", folder / "credentials"
    answer = {"Version": 1, "AccessKeyId": keys["AWS_ACCESS_KEY_ID"], "SecretAccessKey": keys["AWS_SECRET_ACCESS_KEY"]}
    (folder / "answer").write_text(json.dumps(answer))
    config.write_text(
        f"[profile files]\nregion = {REGION}\nservices = moto\n[services moto]\ns3 =\n  endpoint_url = {server.url}\n"
        f"[profile process]\nregion = {REGION}\nendpoint_url = {server.url}\ncredential_process = cat '{folder}/answer'\n"
        f"[profile role]\nregion = {REGION}\nendpoint_url = {server.url}\nsource_profile = files\n"
        f"role_arn = arn:aws:iam::{ACCOUNT}:role/reading\n"
    )
    credentials.write_text(f"[files]\naws_access_key_id = {keys['AWS_ACCESS_KEY_ID']}\n{secret}")
    files = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
    count = "stats count(*) as n"
    equal("AWS_PROFILE", rows(f"s3://{BUCKET}/AWSLogs/", count, AWS_PROFILE="files", **files), [{"n": "1800"}])
    named = rows("--profile", "process", f"s3://{BUCKET}/AWSLogs/", count, **files)
    equal("--profile and a process", named, [{"n": "1800"}])
    assumed = rows("--profile", "role", f"s3://{BUCKET}/AWSLogs/", count, **files)
    equal("a role that the profile assumes", assumed, [{"n": "1800"}])
    given = {**keys, "AWS_REGION": REGION}
    option = rows("--endpoint-url", server.url, f"s3://{BUCKET}/AWSLogs/", count, **given)
    equal("--endpoint-url", option, [{"n": "1800"}])


def interrupted(server, keys):
    """Ctrl-C ends it at once, while requests are on their way."""
    server.pause = 5
    command = [WEIR, "insights", f"s3://{BUCKET}/AWSLogs/", QUERY]
    variables = environment(AWS_ENDPOINT_URL=server.url, AWS_REGION=REGION, **keys)
    process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server.forget()
    while not server.asked:
        time.sleep(0.05)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(10)
    check("it ends at once", time.monotonic() - begun < 1, time.monotonic() - begun)
    server.pause = 0


server = Server()
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    fill(server, folder)
    keys = server.keys()
    act(answers, server, folder, keys)
    act(pruning, server, keys)
    act(refusals, server, keys)
    act(profiles, server, folder, keys)
    act(interrupted, server, keys)

finish()
