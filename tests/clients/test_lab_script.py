"""labs/peering.sh, played by the aws CLI against a running weir: to its end, and interrupted."""

import os
import signal
import subprocess

from weir import ROOT, WEIR, Weir, act, check, equal, finish, until


def play(weir, **more):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"WEIR": WEIR, "WEIR_PORT": str(weir.port)}
    # A shell does not trap a signal that its parent ignores, as it does for what runs in the background.
    heed = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(
        [ROOT / "labs/peering.sh"], env=environment, start_new_session=True, preexec_fn=heed, **more
    )


def to_its_end(weir):
    lab = play(weir)
    equal("the lab ends well", lab.wait(300), 0)


def interrupted(weir):
    """Ctrl-C in the second act: what was made is removed all the same."""
    lab = play(weir, stdout=subprocess.PIPE, text=True)
    until(lambda: lab.stdout.readline().startswith("2. "), timeout=60)
    os.killpg(lab.pid, signal.SIGINT)
    output, _ = lab.communicate(timeout=120)
    check("it ends with a failure", lab.returncode != 0, lab.returncode)
    ec2, logs, iam = (weir.client(service) for service in ("ec2", "logs", "iam"))
    vpcs = [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]
    left = [
        vpcs,
        logs.describe_log_groups()["logGroups"],
        iam.list_roles()["Roles"],
        ec2.describe_flow_logs()["FlowLogs"],
    ]
    equal("and leaves nothing", left, [[], [], [], []])


with Weir() as weir:
    act(interrupted, weir)
    act(to_its_end, weir)

finish()
