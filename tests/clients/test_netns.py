"""Instances as network namespaces: real programs, their packets, and how they end."""

import os
import pathlib
import subprocess
import sys
import tempfile

import weir as under_test
from weir import Weir, WEIR, act, check, equal, finish, free_port, run, site, until


def refusals():
    done = run([WEIR, "up", "--ephemeral", "--port", free_port(), "--hosts", "netns", "--clock", "virtual"])
    check("not on a virtual clock", done.returncode == 2 and "real clock" in done.stderr, done.stderr)


def possible():
    """Whether this machine has what it takes; what `weir doctor` says must agree with what `weir up` does."""
    done = run([WEIR, "doctor"])
    equal("doctor ends well", (done.returncode, done.stderr), (0, ""))
    check("simulated hosts are always possible", "simulated hosts                  possible" in done.stdout, done.stdout)
    if "weir up --hosts netns            takes" in done.stdout:
        return True
    print(f"  NOT POSSIBLE HERE, nothing more was tested:\n{done.stdout}")
    done = run([WEIR, "up", "--ephemeral", "--port", free_port(), "--hosts", "netns"])
    check("weir up says so, too", done.returncode == 1 and "--hosts simulated" in done.stderr, done.stderr)
    return False


def shell(weir, name, script):
    return weir.run("exec", name, "--", "sh", "-c", script)


def programs(weir, web, db):
    done = shell(weir, "web", "echo $WEIR_INSTANCE; hostname; exit 3")
    dashed = web["PrivateIpAddress"].replace(".", "-")
    equal("output and exit code", (done.stdout, done.returncode), (f"{web['InstanceId']}\nip-{dashed}.ec2.internal\n", 3))
    done = run(["sh", "-c", f"{WEIR} exec --port {weir.port} web -- yes | head -1"])
    equal("nobody reads any more", (done.stdout, done.returncode), ("y\n", 0))
    ended = until(lambda: shell(weir, "web", "pgrep -x yes").returncode == 1)
    check("and the command has ended", ended)
    equal("input arrives", weir.run("exec", "web", "--", "sh", stdin="hostname | wc -l\n").stdout, "1\n")
    command = [WEIR, "exec", "--port", str(weir.port), "web", "--", "sleep", "987"]
    with subprocess.Popen(command) as process:
        check("a command runs", until(lambda: shell(weir, "web", "pgrep -x sleep").returncode == 0))
        process.kill()
        check("and ends with its follower", until(lambda: shell(weir, "web", "pgrep -x sleep").returncode == 1))
    done = shell(weir, "web", "yes & echo first")
    check("what is left running holds nobody", done.returncode == 0 and "first" in done.stdout, done.stdout[:80])
    shell(weir, "web", "pkill -x yes")
    done = weir.run("exec", "web", "--", "ping", "-c", "2", "-i", "0.1", "-W", "2", db["PrivateIpAddress"])
    check("real ping", done.returncode == 0 and "2 received" in done.stdout, done.stdout)
    equal("who is not there", weir.run("exec", "web", "--", "no-such-program").returncode, 127)
    done = shell(weir, "web", "getent hosts $(hostname)")
    check("its own name", web["PrivateIpAddress"] in done.stdout, done.stdout)


def groups(weir, group, db):
    # Nobody listens there: the answer is a refusal, if the packet arrives.
    line = ["exec", "web", "--", "curl", "-sS", "-m", "1", f"http://{db['PrivateIpAddress']}:22/"]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    equal("a group with the rule lets pass", weir.run(*line).returncode, 7)
    weir.client("ec2").revoke_security_group_ingress(GroupId=group, **rule)
    equal("and without it drops", weir.run(*line).returncode, 28)


def user_data_and_tags(weir, web):
    ec2 = weir.client("ec2")
    launch = {key: web[key] for key in ("ImageId", "SubnetId", "InstanceType")}
    launch |= {"MinCount": 1, "MaxCount": 1, "SecurityGroupIds": [web["SecurityGroups"][0]["GroupId"]]}
    for name, kind, data in (("boot", "netns", "#!/bin/sh\necho begun by $0\n"), ("sim", "simulated", "")):
        tags = [{"Key": "Name", "Value": name}, {"Key": "weir:host", "Value": kind}]
        tags = [{"ResourceType": "instance", "Tags": tags}]
        ec2.run_instances(**launch, UserData=data, TagSpecifications=tags)
    log = lambda: shell(weir, "boot", "cat /var/log/cloud-init-output.log").stdout
    check("user data has run", until(lambda: "begun by" in log()), log())
    equal("a simulated one has few programs", weir.run("exec", "sim", "--", "python3", "--version").returncode, 127)
    done = weir.run("exec", "sim", "--", "ping", "-c", "1", "-W", "2", web["PrivateIpAddress"])
    check("a simulated one reaches a namespace", done.returncode == 0, done.stdout)
    traffic = until(lambda: weir.run("exec", "web", "--", "cat", "/proc/net/dev").stdout)
    check("interfaces count", "ens5" in traffic, traffic)


def ends(weir, web):
    ec2 = weir.client("ec2")
    ec2.stop_instances(InstanceIds=[web["InstanceId"]])
    stopped = lambda: weir.run("exec", "web", "--", "true").returncode == 4
    check("a stopped one runs nothing", until(stopped))
    ec2.start_instances(InstanceIds=[web["InstanceId"]])
    check("and starts again", until(lambda: weir.run("exec", "web", "--", "true").returncode == 0))


def sleepers(mark):
    def line(folder):
        try:
            return (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            return []

    return [p for p in pathlib.Path("/proc").glob("[0-9]*") if line(p)[:2] == [b"sleep", mark.encode()]]


def crash():
    """Whatever runs in instances ends with weir, even if nobody could tell it to."""
    mark = f"8{os.getpid()}"
    with Weir("--hosts", "netns") as weir:
        site(weir)
        shell(weir, "web", f"setsid sleep {mark} >/dev/null 2>&1 &")
        check("it sleeps", until(lambda: sleepers(mark)))
        weir.kill()
        check("it ends with weir", until(lambda: not sleepers(mark)))
        left = run([WEIR, "doctor"]).stdout
        check("doctor finds the folder that is left", f"weir-hosts-{weir.process.pid}" in left, left)
        cleaned = run([WEIR, "doctor", "--clean"])
        check("and removes it", cleaned.returncode == 0 and "removed" in cleaned.stdout, cleaned.stdout)
        left = run([WEIR, "doctor"]).stdout
        check("then there is none", f"weir-hosts-{weir.process.pid}" not in left, left)


def as_user():
    """The same as an ordinary user, who has packet sockets in a namespace of their own and no devices."""
    wrapper = pathlib.Path(tempfile.mkdtemp()) / "weir"
    wrapper.write_text(f'#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups "{WEIR}" "$@"\n')
    wrapper.chmod(0o755)
    doctor = run([wrapper, "doctor"])
    if "takes" not in doctor.stdout:
        print(f"  NOT POSSIBLE HERE: {doctor.stdout}{doctor.stderr}")
        return
    under_test.WEIR = wrapper
    with Weir("--hosts", "netns") as weir:
        group, web, db = site(weir)
        programs(weir, web, db)
        groups(weir, group, db)
        user_data_and_tags(weir, web)
        ends(weir, web)
    under_test.WEIR = WEIR


act(refusals)
if not sys.platform.startswith("linux") or not act(possible):
    finish()
with Weir("--hosts", "netns") as weir:
    group, web, db = act(site, weir)
    act(programs, weir, web, db)
    act(groups, weir, group, db)
    act(user_data_and_tags, weir, web)
    act(ends, weir, web)
act(crash)
if os.getuid() == 0:
    act(as_user)
finish()
