"""Scheduled queries of CloudWatch Logs through boto3, and a run to a bucket and a table: part of test_boto3.py."""

import json

from weir import Weir, check, equal, refused

EVERY_MINUTE = "cron(* * * * ? *)"
YEAR_2026_S = 1767225600


def role(iam, name, *actions):
    """A role that CloudWatch Logs assumes, and that may do these actions."""
    trust = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    trust, allow = (json.dumps({"Version": "2012-10-17", "Statement": [statement]}) for statement in (trust, allow))
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=allow)
    return arn


def operations(logs):
    """Each operation once, on a query that does not run meanwhile."""
    query = {
        "queryLanguage": "CWLI",
        "queryString": "fields @message | limit 5",
        "logGroupIdentifiers": ["app"],
        "scheduleExpression": "cron(0 9 ? * MON-FRI *)",
        "timezone": "Europe/Berlin",
        "executionRoleArn": "arn:aws:iam::111111111111:role/runner",
    }
    arn = logs.create_scheduled_query(name="daily", **query, tags={"a": "1"})["scheduledQueryArn"]
    refused("the same again", "ConflictException", logs.create_scheduled_query, name="daily", **query)
    wrong = {**query, "scheduleExpression": "rate(5 minutes)"}
    refused("no cron expression", "ValidationException", logs.create_scheduled_query, name="other", **wrong)
    shown = logs.get_scheduled_query(identifier="daily")
    equal("it is shown as it was made", {name: shown[name] for name in query}, query)
    changed = logs.update_scheduled_query(identifier=arn, **query, state="DISABLED", startTimeOffset=600)
    equal("it is changed", (changed["state"], changed["startTimeOffset"]), ("DISABLED", 600))
    pages = logs.get_paginator("list_scheduled_queries").paginate(state="DISABLED")
    equal("it is listed", [item["name"] for page in pages for item in page["scheduledQueries"]], ["daily"])
    equal("its tags", logs.list_tags_for_resource(resourceArn=arn)["tags"], {"a": "1"})
    history = logs.get_scheduled_query_history(identifier="daily", startTime=0, endTime=2 * YEAR_2026_S)
    equal("it has not run", (history["name"], history["triggerHistory"]), ("daily", []))
    logs.delete_scheduled_query(identifier=arn)
    refused("is gone", "ResourceNotFoundException", logs.get_scheduled_query, identifier=arn)


def into_table(logs, table):
    """Has scheduled queries go into a lookup table, too: this boto3 is older than that."""

    def add(params, **_):
        body = json.loads(params["body"])
        body["destinationConfiguration"]["lookupTableConfiguration"] = table
        params["body"] = json.dumps(body)

    logs.meta.events.register("before-call.cloudwatch-logs.CreateScheduledQuery", add)


def runs():
    """On a virtual clock minutes pass at once, and it waits for queries."""
    with Weir("--clock", "virtual") as weir:
        logs, iam, s3 = (weir.client(service) for service in ("logs", "iam", "s3"))
        runner = role(iam, "runner", "logs:StartQuery", "logs:StopQuery", "logs:GetQueryResults")
        writer = role(iam, "writer", "s3:PutObject", "logs:*LookupTable", "logs:GetQueryResults")
        s3.create_bucket(Bucket="results-bucket")
        logs.create_log_group(logGroupName="app")
        logs.create_log_stream(logGroupName="app", logStreamName="one")
        now_ms = YEAR_2026_S * 1000
        levels = ["ERROR", "INFO", "ERROR"]
        events = [{"timestamp": now_ms + at, "message": f'{{"level":"{level}"}}'} for at, level in enumerate(levels)]
        logs.put_log_events(logGroupName="app", logStreamName="one", logEvents=events)
        into_table(logs, {"tableName": "levels", "roleArn": writer})
        logs.create_scheduled_query(
            name="levels",
            queryLanguage="CWLI",
            queryString="stats count(*) as events by level | sort level",
            logGroupIdentifiers=["app"],
            scheduleExpression=EVERY_MINUTE,
            startTimeOffset=120,
            executionRoleArn=runner,
            destinationConfiguration={
                "s3Configuration": {"destinationIdentifier": "s3://results-bucket/levels", "roleArn": writer}
            },
        )
        moved = weir.run("clock", "advance", "150s")
        equal("the clock is moved", moved.returncode, 0)
        history = logs.get_scheduled_query_history(identifier="levels", startTime=0, endTime=2 * YEAR_2026_S)
        found = history["triggerHistory"]
        equal("it has run twice", [run["triggeredTimestamp"] - YEAR_2026_S for run in found], [120, 60])
        equal("to its end", [run["executionStatus"] for run in found], ["Complete"] * 2)
        rows = [{"level": "ERROR", "events": "2"}, {"level": "INFO", "events": "1"}]
        results = logs.get_query_results(queryId=found[0]["queryId"])["results"]
        equal("its results", [{cell["field"]: cell["value"] for cell in row} for row in results], rows)
        bucket, table = found[0]["destinations"]
        equal("delivered", (bucket["status"], table["status"]), ("COMPLETE", "COMPLETE"))
        key = bucket["processedIdentifier"].removeprefix("s3://results-bucket/")
        body = s3.get_object(Bucket="results-bucket", Key=key)["Body"].read()
        equal("to the bucket", json.loads(body), rows)
        body = logs.get_lookup_table(lookupTableArn=table["processedIdentifier"])["tableBody"]
        equal("and into the table", sorted(body.splitlines()[1:]), ["ERROR,2", "INFO,1"])
        logs.update_scheduled_query(
            identifier="levels",
            queryLanguage="CWLI",
            queryString="stats of nothing",
            logGroupIdentifiers=["app"],
            scheduleExpression=EVERY_MINUTE,
            executionRoleArn=runner,
        )
        weir.run("clock", "advance", "60s")
        last = logs.get_scheduled_query(identifier="levels")
        equal("no query", last["lastExecutionStatus"], "InvalidQuery")
