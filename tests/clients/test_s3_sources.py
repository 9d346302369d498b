"""`weir insights s3://…` against moto's S3: the same answers as from disk, and no more requests than needed.

moto checks signatures and policies like AWS once it is told to, so a wrong secret is refused as AWS refuses it.
"""

import datetime
import gzip
import hashlib
import http.server
import io
import json
import os
import pathlib
import pty
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
        self.asked, self.said, self.pause = [], [], 0
        app = DomainDispatcherApplication(create_backend_app)

        def counted(environ, start):
            self.asked.append((environ["PATH_INFO"], environ["QUERY_STRING"]))
            if environ["REQUEST_METHOD"] == "POST":
                self.said.append(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0)).decode())
                environ["wsgi.input"] = io.BytesIO(self.said[-1].encode())
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


class Portal:
    """What IAM Identity Center answers: keys for a token, and another token for one that has ended."""

    def __init__(self, keys):
        portal, self.token, self.asked = self, "first", []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                portal.asked.append(self.path)
                if self.headers["x-amz-sso_bearer_token"] != portal.token:
                    return self.answer(401, {"message": "Session token not found or invalid"})
                names = {"accessKeyId": "AWS_ACCESS_KEY_ID", "secretAccessKey": "AWS_SECRET_ACCESS_KEY"}
                given = {name: keys[key] for name, key in names.items()}
                return self.answer(200, {"roleCredentials": {**given, "expiration": 4102444800000}})

            def do_POST(self):
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                is_meant = (self.path, told["grantType"], told["refreshToken"]) == ("/token", "refresh_token", "again")
                check("a token is asked for", is_meant, (self.path, told))
                portal.token = "second"
                self.answer(200, {"accessToken": "second", "expiresIn": 3600, "refreshToken": "and again"})

            def answer(self, status, body):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_):
                pass

        served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{served.server_port}"
        threading.Thread(target=served.serve_forever, daemon=True).start()


def signing_in(server, folder, keys):
    """Credentials of IAM Identity Center, by the token that `aws sso login` keeps."""
    portal, config = Portal(keys), folder / "config-sso"
    config.write_text(
        f"[profile signed]\nregion = {REGION}\nservices = both\nsso_session = us\nsso_account_id = {ACCOUNT}\n"
        "sso_role_name = reading\n[sso-session us]\nsso_region = eu-west-3\n"
        "sso_start_url = https://us.awsapps.com/start\n"
        f"[services both]\ns3 =\n  endpoint_url = {server.url}\nsso =\n  endpoint_url = {portal.url}\n"
        f"sso_oidc =\n  endpoint_url = {portal.url}\n"
    )
    to = {"AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "signed", "HOME": str(folder)}
    source, count = f"s3://{BUCKET}/AWSLogs/", "stats count(*) as n"
    kept = folder / ".aws/sso/cache" / f"{hashlib.sha1(b'us').hexdigest()}.json"
    kept.parent.mkdir(parents=True)
    ended = "no AWS credentials: profile signed: nobody is signed in any more: aws sso login --profile signed"
    check("nobody has signed in", ended in str(rows(source, count, **to)), rows(source, count, **to))

    def keep(minutes, **more):
        now = datetime.datetime.now(datetime.timezone.utc)
        moment = (now + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        kept.write_text(json.dumps({"accessToken": "first", "expiresAt": moment, "region": "eu-west-3", **more}))

    keep(60)
    equal("a token that is kept", rows(source, count, **to), [{"n": "1800"}])
    equal("what is asked for", portal.asked, [f"/federation/credentials?account_id={ACCOUNT}&role_name=reading"])
    keep(-1)
    check("a token that has ended", ended in str(rows(source, count, **to)), rows(source, count, **to))
    client = {"clientId": "c", "clientSecret": "s", "registrationExpiresAt": "2100-01-01T00:00:00Z"}
    keep(-1, refreshToken="again", **client)
    equal("a token in its place", rows(source, count, **to), [{"n": "1800"}])
    new = json.loads(kept.read_text())
    equal("it is kept", (new["accessToken"], new["refreshToken"], new["clientId"]), ("second", "and again", "c"))
    equal("for its owner", kept.stat().st_mode & 0o777, 0o600)
    keep(60)
    check("a token that is none", ended in str(rows(source, count, **to)), rows(source, count, **to))


def codes(server, folder, keys):
    """A role that wants the code of a device: it is asked for on the terminal."""
    config, device = folder / "config-mfa", f"arn:aws:iam::{ACCOUNT}:mfa/reader"
    config.write_text(
        f"[profile coded]\nregion = {REGION}\nendpoint_url = {server.url}\nsource_profile = files\n"
        f"role_arn = arn:aws:iam::{ACCOUNT}:role/reading\nmfa_serial = {device}\n"
    )
    credentials = {"AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"), "AWS_CONFIG_FILE": str(config)}
    given = environment(**credentials, AWS_PROFILE="coded")
    command = [WEIR, "insights", "--output", "json", f"s3://{BUCKET}/AWSLogs/", "stats count(*) as n"]
    alone = subprocess.run(command, env=given, capture_output=True, text=True, timeout=60, start_new_session=True)
    none = f"the code of {device} is asked for on a terminal, and there is none"
    check("without a terminal", alone.returncode == 1 and none in alone.stderr, alone)
    server.said.clear()
    child, terminal = pty.fork()
    if child == 0:
        os.execve(WEIR, command, given)
    shown = b""
    while f"Enter MFA code for {device}: ".encode() not in shown:
        shown += os.read(terminal, 1024)
    os.write(terminal, b"123456\n")
    try:
        while read := os.read(terminal, 1024):
            shown += read
    except OSError:
        pass  # Linux says so where a terminal's other end has closed.
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    check("with a code", status == 0 and b'"1800"' in shown, (status, shown))
    told = next((said for said in server.said if "Action=AssumeRole" in said), "")
    check("it is told to STS", "TokenCode=123456" in told and "SerialNumber=arn" in told, told)


def interrupted(server, keys):
    """Ctrl-C ends it at once, while requests are on their way."""
    server.pause = 5
    command = [WEIR, "insights", f"s3://{BUCKET}/AWSLogs/", QUERY]
    variables = environment(AWS_ENDPOINT_URL=server.url, AWS_REGION=REGION, **keys)
    # A shell that started this script in the background has it ignore Ctrl-C, and so what it starts.
    heed = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=variables, preexec_fn=heed, **quiet)
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
    act(signing_in, server, folder, keys)
    act(codes, server, folder, keys)
    act(interrupted, server, keys)

finish()
