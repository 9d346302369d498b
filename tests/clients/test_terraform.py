"""What people write with Terraform: applied, planned again without a change, changed, imported, destroyed without a rest.

Runs where `terraform` is on the PATH and the AWS provider in a folder of the machine; says so where it is not. Nothing is
fetched unless TF_CLI_CONFIG_FILE names a file that says from where.
"""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import threading
import time

from weir import ROOT, Weir, act, check, equal, finish

CONFIGURATION = ROOT / "tests/clients/terraform"
# Where Terraform looks by itself, and where people put plugins for all users. Below: HOST/NAMESPACE/TYPE.
FOLDERS = ["~/.terraform.d/plugins", "~/.local/share/terraform/plugins", "/usr/local/share/terraform/plugins"]
FOLDERS += ["/usr/share/terraform/plugins", "/opt/*plugins"]
STEP_MAX_S = 120

# How what is imported is called, where it is not by its `id`.
IMPORTED_AS = {
    "aws_route": lambda a: f"{a['route_table_id']}_{a['destination_cidr_block'] or a['destination_ipv6_cidr_block']}",
    "aws_route_table_association": lambda a: f"{a['subnet_id'] or a['gateway_id']}/{a['route_table_id']}",
    "aws_default_route_table": lambda a: a["vpc_id"],
    "aws_vpc_dhcp_options_association": lambda a: a["vpc_id"],
    "aws_network_acl_rule": lambda a: ":".join(
        [a["network_acl_id"], str(a["rule_number"]), a["protocol"], str(a["egress"]).lower()]
    ),
    "aws_iam_role_policy_attachment": lambda a: f"{a['role']}/{a['policy_arn']}",
    "aws_cloudwatch_log_metric_filter": lambda a: f"{a['log_group_name']}:{a['name']}",
}
# What the provider cannot import, or not as it was written, for AWS does not tell all of it (user data, the text of keys).
NOT_IMPORTED = """
aws_cloudwatch_query_definition aws_eip.db aws_instance aws_key_pair aws_network_interface_attachment aws_s3_object
aws_security_group_rule aws_vpc_peering_connection_accepter aws_vpc_peering_connection_options
""".split()


def configured(folder):
    """A TF_CLI_CONFIG_FILE by which the provider is found, or None: the user's, or one in `folder` that names where it is."""
    given = os.environ.get("TF_CLI_CONFIG_FILE")
    if given and os.path.isfile(given):
        return given
    found = []
    for pattern in map(os.path.expanduser, FOLDERS):
        found += [place for place in pathlib.Path("/").glob(pattern[1:]) if list(place.glob("*/hashicorp/aws"))]
    if not found:
        return None
    mirrors = [f"  filesystem_mirror {{\n    path = {json.dumps(str(place))}\n  }}\n" for place in found]
    made = pathlib.Path(folder) / "test.tfrc"
    made.write_text(f"provider_installation {{\n{''.join(mirrors)}}}\n")
    return str(made)


class Terraform:
    """A folder with the configuration and the state of it, and the environment that `weir env` prints."""

    def __init__(self, folder, environment):
        self.folder, self.environment = folder, environment
        for file in CONFIGURATION.glob("*.tf"):
            shutil.copy(file, folder)

    def run(self, line, *more):
        """Runs `terraform LINE`; gives its exit code and all it printed."""
        started = time.monotonic()
        command = ["terraform", *shlex.split(line), "-no-color", *more]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        done = subprocess.run(command, cwd=self.folder, env=self.environment, timeout=STEP_MAX_S, **pipes)
        print(f"       {time.monotonic() - started:.0f} s: terraform {line}", flush=True)
        return done.returncode, done.stdout

    def apply(self, step):
        code, said = self.run(f"apply -auto-approve -input=false -parallelism=40 -var step={step}")
        return check(f"step {step} is applied", code == 0, gist(said))

    def is_as_written(self, step):
        """Planned again nothing is left to do."""
        code, said = self.run(f"plan -input=false -detailed-exitcode -parallelism=40 -var step={step}")
        return check(f"step {step} planned again changes nothing", code == 0, gist(said))

    def state(self):
        return json.loads((pathlib.Path(self.folder) / "terraform.tfstate").read_text())["resources"]


def gist(said):
    """Of what Terraform printed, the errors and what it would change."""
    lines = said.splitlines()
    errors = [number for number, line in enumerate(lines) if line.startswith("Error:")]
    marks = ("will be updated", "will be created", "will be destroyed", "must be replaced", "Plan:", " -> ", "      - ")
    changes = [line for line in lines if any(mark in line for mark in marks)]
    return "\n".join(lines[errors[0] :] if errors else changes)


def environment(weir):
    """What `weir env` prints is all that the provider needs to know."""
    printed = weir.run("env").stdout.splitlines()
    told = dict(shlex.split(line.removeprefix("export "))[0].split("=", 1) for line in printed)
    names = {"AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    check("weir env names endpoint, region and key", names <= told.keys(), printed)
    equal("the endpoint is an address, for buckets have no host names", told.get("AWS_ENDPOINT_URL"), weir.url)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    return {**kept, **told, "CHECKPOINT_DISABLE": "1"}


def imports(resources):
    """Blocks that import what is there, with the number of them."""
    blocks = []
    for resource in resources:
        kind = resource["type"]
        if resource["mode"] != "managed" or {kind, f"{kind}.{resource['name']}"} & set(NOT_IMPORTED):
            continue
        provider = "  provider = aws.far\n" if resource["provider"].endswith(".far") else ""
        for instance in resource["instances"]:
            key = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
            name = IMPORTED_AS.get(kind, lambda attributes: attributes["id"])(instance["attributes"])
            to = f"{kind}.{resource['name']}{key}"
            blocks.append(f"import {{\n  to = {to}\n  id = {json.dumps(name)}\n{provider}}}\n")
    return "\n".join(blocks), len(blocks)


def imported(terraform):
    """Whoever knows the ids alone comes to the same: plans to import, and to change nothing of what is imported."""
    with tempfile.TemporaryDirectory() as folder:
        other = Terraform(folder, terraform.environment)
        for name in (".terraform", ".terraform.lock.hcl"):
            os.symlink(pathlib.Path(terraform.folder) / name, pathlib.Path(folder) / name)
        blocks, count = imports(terraform.state())
        (pathlib.Path(folder) / "import.tf").write_text(blocks)
        code, said = other.run("plan -input=false -parallelism=40 -var step=2")
        is_unchanged = f"Plan: {count} to import," in said and " 0 to change, 0 to destroy." in said
        check(f"{count} resources are imported as they are", code == 0 and is_unchanged, gist(said))


def left(weir):
    """What there is, but for what AWS goes on to show for a while after its end."""
    ec2, s3, iam = weir.client("ec2"), weir.client("s3"), weir.client("iam")
    far = weir.client("ec2", region="eu-west-1", account="222222222222")
    groups = [
        *json.loads(weir.state()),
        ec2.describe_nat_gateways(),
        ec2.describe_transit_gateways(),
        ec2.describe_managed_prefix_lists(),
        ec2.describe_vpc_endpoints(),
        ec2.describe_volumes(),
        far.describe_vpcs(),
        far.describe_vpc_peering_connections(),
        iam.list_instance_profiles(),
        s3.list_buckets(),
    ]
    ended = ("terminated", "deleted")
    rest = []
    for answer in groups:
        for items in answer.values():
            for item in items if isinstance(items, list) else []:
                inner = item.get("Instances", [item] if "ResourceId" not in item else [])
                rest += [json.dumps(one, default=str, sort_keys=True) for one in inner if state_of(one) not in ended]
    return rest


def state_of(item):
    state = item.get("Status") or item.get("State")
    return state.get("Name") or state.get("Code") if isinstance(state, dict) else state


def applied_and_destroyed(weir, terraform):
    code, said = terraform.run("init -input=false")
    if code:
        print(f"  NOT RUN: the provider cannot be installed here:\n{gist(said)}")
        return
    before = left(weir)
    for step in (1, 2):
        if not terraform.apply(step):
            break
        if step == 1:
            terraform.is_as_written(step)
    else:
        both = threading.Thread(target=act, args=(imported, terraform))
        both.start()
        terraform.is_as_written(2)
        both.join()
    code, said = terraform.run("destroy -auto-approve -input=false -parallelism=40 -var step=2")
    check("all of it is destroyed", code == 0 and " destroyed." in said, gist(said))
    equal("nothing is left of it", [item for item in left(weir) if item not in before], [])


with Weir() as weir, tempfile.TemporaryDirectory() as folder:
    told = act(environment, weir)
    file = configured(folder)
    if not shutil.which("terraform"):
        print("  NOT RUN: there is no `terraform` on the PATH; nothing of Terraform was tested.")
    elif not file:
        print(f"  NOT RUN: no AWS provider for Terraform in {', '.join(FOLDERS)}; TF_CLI_CONFIG_FILE may name another place.")
    elif told:
        act(applied_and_destroyed, weir, Terraform(folder, {**told, "TF_CLI_CONFIG_FILE": file}))
finish()
