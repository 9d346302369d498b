"""labs/peering.sh, played by the aws CLI against a running weir."""

import os
import subprocess

from weir import ROOT, WEIR, Weir, equal, finish

with Weir() as weir:
    environment = {**os.environ, "WEIR": WEIR, "WEIR_PORT": str(weir.port)}
    for name in [name for name in environment if name.startswith("AWS_")]:
        del environment[name]
    lab = subprocess.run([ROOT / "labs/peering.sh"], env=environment, timeout=300)
    equal("the lab ends well", lab.returncode, 0)

finish()
