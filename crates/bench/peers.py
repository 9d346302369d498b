"""Answers one of the queries q1, q2, q3 over flow-log files with duckdb, polars or chdb, and prints how long it took;
duckdb also the queries newest, text, levels and slow, over the segments of a log group.

usage: peers.py ENGINE KIND FOLDER QUERY

The time of starting Python and of loading the engine does not count.
"""

import sys
import time

ENGINE, KIND, FOLDER, QUERY = sys.argv[1:]
FILES = f"{FOLDER}/**/*.parquet" if KIND == "segments" else f"{FOLDER}/**/*.log.{KIND}"
NAMES = (
    "version account_id interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end action log_status"
).split()
LINE = "concat_ws(' ', " + ", ".join(f"coalesce(CAST(\"{name}\" AS VARCHAR), '-')" for name in NAMES) + ")"
TEXTS = {"account_id", "interface_id", "srcaddr", "dstaddr", "action", "log_status"}


def sql(source, bin_of, end):
    return {
        "q1": f"SELECT srcaddr, dstaddr, sum(bytes) AS total FROM {source} GROUP BY srcaddr, dstaddr ORDER BY total DESC {end} LIMIT 10",
        "q2": f"SELECT srcaddr, count(*) AS n FROM {source} WHERE action = 'REJECT' AND dstport = 22"
        " GROUP BY srcaddr ORDER BY n DESC, srcaddr LIMIT 10",
        "q3": f"SELECT {bin_of} AS bin, action, count(*) AS n FROM {source} GROUP BY bin, action ORDER BY bin, action",
        "newest": f"SELECT __ts, {LINE} AS line FROM {source} ORDER BY __ts DESC, __seq DESC LIMIT 20",
        "text": f"SELECT count(*) FROM {source} WHERE regexp_matches({LINE}, ' 10[.]0[.]1[.]')",
        "levels": f"SELECT message ->> '$.level' AS level, count(*) AS n FROM {source} GROUP BY level ORDER BY n DESC",
        "slow": f"SELECT message ->> '$.path' AS path, count(*) AS n FROM {source} WHERE message ->> '$.level' = 'error'"
        " AND CAST(message ->> '$.latency' AS BIGINT) > 800 GROUP BY path ORDER BY n DESC, path LIMIT 10",
    }[QUERY]


def duckdb():
    import duckdb

    columns = ", ".join(f"'{name}': '{'VARCHAR' if name in TEXTS else 'BIGINT'}'" for name in NAMES)
    source = {
        "gz": f"read_csv('{FILES}', delim=' ', header=true, nullstr='-', columns={{{columns}}})",
        "parquet": f"read_parquet('{FILES}')",
        "segments": f"read_parquet('{FILES}')",
    }[KIND]
    query = sql(source, "start // 300 * 300", "NULLS LAST")
    return lambda: duckdb.sql(query).fetchall()


def polars():
    import polars as pl

    def answer():
        if KIND == "gz":
            schema = {name: pl.String if name in TEXTS else pl.Int64 for name in NAMES}
            rows = pl.scan_csv(FILES, separator=" ", null_values="-", schema=schema, has_header=False, skip_rows=1)
        else:
            rows = pl.scan_parquet(FILES)
        if QUERY == "q1":
            rows = rows.group_by("srcaddr", "dstaddr").agg(pl.col("bytes").sum()).top_k(10, by="bytes")
        elif QUERY == "q2":
            rows = rows.filter((pl.col("action") == "REJECT") & (pl.col("dstport") == 22))
            rows = rows.group_by("srcaddr").len().sort("len", "srcaddr", descending=[True, False]).head(10)
        else:
            rows = rows.group_by(pl.col("start") // 300 * 300, "action").len().sort("start", "action")
        return rows.collect(engine="streaming").rows()

    return answer


def chdb():
    import chdb

    columns = ", ".join(f"{name} {'String' if name in TEXTS else 'Nullable(Int64)'}" for name in NAMES)
    # A number of `-` is a null, as elsewhere.
    settings = (
        " SETTINGS format_custom_field_delimiter=' ', format_custom_escaping_rule='CSV', input_format_with_names_use_header=0, format_csv_delimiter=' ', format_csv_null_representation='-'"
        ", input_format_custom_detect_header=0"
    )
    source = {
        "gz": f"file('{FILES}', 'CustomSeparatedWithNames', '{columns}')",
        "parquet": f"file('{FILES}', 'Parquet')",
    }[KIND]
    query = sql(source, "intDiv(start, 300) * 300", "NULLS LAST") + (settings if KIND == "gz" else "")
    return lambda: str(chdb.query(query, "TSV"))


answer = {"duckdb": duckdb, "polars": polars, "chdb": chdb}[ENGINE]()
began = time.perf_counter()
rows = answer()
took = time.perf_counter() - began
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(f"{took:.3f} {int(peak.split()[1])}")
print(rows if isinstance(rows, str) else rows[:12], file=sys.stderr)
