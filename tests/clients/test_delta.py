"""What `weir up --export delta` keeps beside the Parquet of CloudWatch Logs, read by delta-rs while weir runs."""

import os
import tempfile
import time

from deltalake import DeltaTable, QueryBuilder

from weir import Weir, act, check, equal, finish, until

GROUP, STREAM = "/vpc/flow", "eni-1-all"
RECORD = "2 123456789010 eni-1 10.0.0.{host} 10.0.1.1 1000 22 6 20 {bytes} 1418530010 1418530070 ACCEPT OK"
BATCH, BATCHES = 8000, 20  # more bytes than wait to be sealed
WAIT_MAX_S = 60


class Table:
    """The table in a data folder."""

    def __init__(self, data):
        self.folder = os.path.join(data, "logs")

    def is_there(self):
        return os.path.isdir(os.path.join(self.folder, "_delta_log"))

    def version(self):
        return DeltaTable(self.folder).version()

    def row(self, what, where="true"):
        """The one row of a query."""
        query = QueryBuilder().register("logs", DeltaTable(self.folder))
        batch = query.execute(f"SELECT {what} FROM logs WHERE {where}").read_all()
        return [batch.column(number)[0].as_py() for number in range(batch.num_columns)]

    def count(self, where="true"):
        return self.row("count(*)", where)[0] if self.is_there() else 0


def read(weir, table):
    logs, now_ms = weir.client("logs"), int(time.time() * 1000)
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)

    def put(messages):
        events = [{"timestamp": now_ms, "message": message} for message in messages]
        logs.put_log_events(logGroupName=GROUP, logStreamName=STREAM, logEvents=events)

    put(["no record"])
    for first in range(0, BATCHES * BATCH, BATCH):
        put([RECORD.format(host=at % 250, bytes=at) for at in range(first, first + BATCH)])
    check("rows are there while weir runs", until(lambda: table.count() > BATCH, WAIT_MAX_S))
    found = table.row("count(*), count(DISTINCT bytes), min(bytes), max(bytes), count(message)", f"log_group = '{GROUP}'")
    equal("each once and in order", found, [found[0], found[0] - 1, 0, found[0] - 2, 1])
    *found, day = table.row("min(message), min(__stream), min(__ts), min(aws_region), min(srcaddr), min(day)")
    equal("as they were written", found, ["no record", STREAM, now_ms, "us-east-1", "10.0.0.0"])
    equal("of their day", day.timetuple()[:3], time.gmtime(now_ms / 1000)[:3])


def restart(weir, table):
    before = table.count()
    weir.kill()
    weir.start()
    check("no row is lost", table.count() >= before)
    version = table.version()
    weir.client("logs").delete_log_group(logGroupName=GROUP)
    check("a removed group has none", until(lambda: table.count(f"log_group = '{GROUP}'") == 0, WAIT_MAX_S))
    check("which is a further version", table.version() > version)


def end(weir, table):
    weir.stop()
    weir.options = [option for option in weir.options if option not in ("--export", "delta")]
    weir.start()
    check("a log that is not continued is removed", not table.is_there())


with tempfile.TemporaryDirectory() as data, Weir("--export", "delta", data=data) as weir:
    for part in (read, restart, end):
        act(part, weir, Table(data))

finish()
