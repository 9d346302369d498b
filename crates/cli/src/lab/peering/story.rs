//! The story, act by act.

use super::site::Site;
use crate::lab::flows::{self, Record};
use crate::lab::player::{Failed, Player, Ran, Told};
use serde_json::Value;
use std::collections::BTreeMap;
use weir_insights::{QueryResult, ResultRow, bar_chart};

const GROUP: &str = "/lab/flow-logs";
const ROLE: &str = "lab-flow-logs";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const DELIVER: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents","logs:DescribeLogGroups","logs:DescribeLogStreams"],"Resource":"*"}]}"#;
/// Where EC2 Instance Connect comes from in us-east-1 (AWS's ip-ranges.json, service EC2_INSTANCE_CONNECT).
const INSTANCE_CONNECT: &str = "18.206.107.24/29";
/// How wide bars are drawn.
const CHART_WIDTH: usize = 70;
/// Closed ports that scanners try.
const SCANNED: [u16; 4] = [23, 80, 3389, 8080];

/// Everything the acts share.
struct Lab {
    one: Site,
    two: Site,
    three: Option<Site>,
    image: String,
    flow_logs: Vec<String>,
    policy: String,
    peerings: Vec<String>,
}

/// Plays the lab.
pub fn play(player: &mut Player) -> Told {
    let mut lab = build(player)?;
    log(player, &mut lab)?;
    unpeered(player, &lab)?;
    internet(player, &lab)?;
    peer(player, &mut lab)?;
    not_transitive(player, &mut lab)?;
    records(player, &lab)?;
    query(player)?;
    clean_up(player, &lab)
}

fn build(player: &mut Player) -> Told<Lab> {
    player.act("Two VPCs with an instance each, open to the internet");
    let images = "ec2 describe-images --owners amazon --filters Name=name,Values=al2023-ami-2023*-x86_64";
    let image = player.aws_for(images, "imageId")?;
    let one = Site::build(player, "one", "10.1.0.0/16", &image)?;
    let two = Site::build(player, "two", "10.2.0.0/16", &image)?;
    player
        .expect("both instances have a public address", !one.public.is_empty() && !two.public.is_empty())?;
    Ok(Lab { one, two, three: None, image, flow_logs: vec![], policy: String::new(), peerings: vec![] })
}

fn log(player: &mut Player, lab: &mut Lab) -> Told {
    player.act("Flow logs to CloudWatch Logs, under a role that may write them");
    player.aws(&format!("logs create-log-group --log-group-name {GROUP}"))?;
    let create = |resource: &str, kind: &str, traffic: &str, role: &str| {
        format!(
            "ec2 create-flow-logs --resource-type {kind} --resource-ids {resource} --traffic-type {traffic} --log-group-name {GROUP} --deliver-logs-permission-arn {role} --max-aggregation-interval 60"
        )
    };
    let absent = "arn:aws:iam::000000000000:role/nobody";
    player.refused(&create(&lab.one.vpc, "VPC", "ALL", absent), "InvalidParameter")?;
    let policy = format!("iam create-policy --policy-name {ROLE} --policy-document '{DELIVER}'");
    lab.policy = player.aws_for(&policy, "Arn")?;
    let role = format!("iam create-role --role-name {ROLE} --assume-role-policy-document '{TRUST}'");
    let role = player.aws_for(&role, "Arn")?;
    player.aws(&format!("iam attach-role-policy --role-name {ROLE} --policy-arn {}", lab.policy))?;
    for line in [
        create(&lab.one.vpc, "VPC", "ALL", &role),
        create(&lab.two.subnet, "Subnet", "REJECT", &role),
        create(&lab.two.interface, "NetworkInterface", "ACCEPT", &role),
    ] {
        let answer = player.aws(&line)?;
        let failed = answer.all("unsuccessful");
        player.expect("nothing is unsuccessful", failed.iter().all(|text| text.trim().is_empty()))?;
        let ids = answer.all("item");
        let id = ids.into_iter().find(|id| id.starts_with("fl-"));
        lab.flow_logs.push(id.ok_or_else(|| Failed("create-flow-logs: no flow log id".into()))?);
    }
    Ok(())
}

fn unpeered(player: &mut Player, lab: &Lab) -> Told {
    player.act("A shell on one; from it, two is reached by its public address only");
    let shell = player.connect("one", "hostname")?;
    player.expect("EC2 Instance Connect opens a session to port 22", shell.code == 0)?;
    let ran = player.exec("one", &format!("ping -c 3 -W 1 {}", lab.two.private))?;
    lost(player, &ran)?;
    explain(player, "one", &lab.two.private, "private")?;
    let ran = player.exec("one", &format!("ping -c 3 {}", lab.two.public))?;
    answered(player, &ran, 3)?;
    player.say("   The group closes port 22:");
    let rule = format!("--group-id {} --protocol tcp --port 22 --cidr 0.0.0.0/0", lab.one.group);
    player.aws(&format!("ec2 revoke-security-group-ingress {rule}"))?;
    let shell = player.connect("one", "hostname")?;
    player
        .expect("a new session fails by time-out", shell.code != 0 && shell.output.contains("timed out"))?;
    player.aws(&format!("ec2 authorize-security-group-ingress {rule}"))?;
    Ok(())
}

fn internet(player: &mut Player, lab: &Lab) -> Told {
    player.act("From the internet: public addresses answer, private ones never, scanners are refused");
    let ran = player.exec("internet", &format!("ping -c 3 {}", lab.one.public))?;
    answered(player, &ran, 3)?;
    let average = average_ms(&ran);
    player.expect(
        "the round trip takes about 150 ms",
        average.is_some_and(|ms| (120.0..180.0).contains(&ms)),
    )?;
    let ran = player.exec("internet", &format!("ping -c 3 -W 1 {}", lab.one.private))?;
    lost(player, &ran)?;
    for port in SCANNED {
        let ran = player.exec("internet", &format!("nc -z -w 1 {} {port}", lab.one.public))?;
        player.expect(&format!("port {port} gives no answer"), ran.code != 0)?;
    }
    Ok(())
}

fn peer(player: &mut Player, lab: &mut Lab) -> Told {
    player.act("Peering: request, accept, and a route on each side");
    let pcx = request(player, &lab.one.vpc, &lab.two.vpc)?;
    status(player, &pcx, "pending-acceptance")?;
    player.aws(&format!("ec2 accept-vpc-peering-connection --vpc-peering-connection-id {pcx}"))?;
    status(player, &pcx, "active")?;
    let (one, two) = (lab.one.clone(), lab.two.clone());
    let private = format!("ping -c 3 -W 1 {}", two.private);
    player.say("   Active, but no route leads there:");
    let ran = player.exec("one", &private)?;
    lost(player, &ran)?;
    player.say("   With a route on one side, requests arrive and replies are lost:");
    route(player, &one, &two, &pcx)?;
    let before = received(player, &two)?;
    let ran = player.exec("one", &private)?;
    lost(player, &ran)?;
    let arrived = received(player, &two)?.packets - before.packets;
    player.expect("the three requests reached two", arrived == 3)?;
    player.say("   With routes on both sides:");
    route(player, &two, &one, &pcx)?;
    let ran = player.exec("one", &format!("ping -c 5 {}", two.private))?;
    answered(player, &ran, 5)?;
    let average = average_ms(&ran);
    player.expect("the round trip takes about 0.5 ms", average.is_some_and(|ms| (0.2..1.0).contains(&ms)))?;
    lab.peerings.push(pcx);
    Ok(())
}

fn not_transitive(player: &mut Player, lab: &mut Lab) -> Told {
    player.act("A third VPC: peering is not transitive, and blocks must not overlap");
    let image = lab.image.clone();
    let three = Site::build(player, "three", "10.3.0.0/16", &image)?;
    let pcx = request(player, &three.vpc, &lab.one.vpc)?;
    player.aws(&format!("ec2 accept-vpc-peering-connection --vpc-peering-connection-id {pcx}"))?;
    route(player, &three, &lab.one, &pcx)?;
    route(player, &lab.one, &three, &pcx)?;
    let ran = player.exec("three", &format!("ping -c 2 {}", lab.one.private))?;
    answered(player, &ran, 2)?;
    player.say("   A route through one to two does not help:");
    route(player, &three, &lab.two, &pcx)?;
    let ran = player.exec("three", &format!("ping -c 2 -W 1 {}", lab.two.private))?;
    lost(player, &ran)?;
    explain(player, "three", &lab.two.private, "peer")?;
    player.say("   A VPC whose block overlaps:");
    let overlapping = player.aws_for("ec2 create-vpc --cidr-block 10.1.0.0/16", "vpcId")?;
    let failed = request(player, &lab.one.vpc, &overlapping)?;
    status(player, &failed, "failed")?;
    player.aws(&format!("ec2 delete-vpc --vpc-id {overlapping}"))?;
    lab.peerings.push(pcx);
    lab.three = Some(three);
    Ok(())
}

fn records(player: &mut Player, lab: &Lab) -> Told {
    player.act("Ten minutes later: the records say what the wires carried");
    player.advance(600);
    let streams =
        player.aws(&format!("logs describe-log-streams --log-group-name {GROUP}"))?.all("logStreamName");
    for site in [&lab.one, &lab.two] {
        let own = streams.iter().filter(|stream| stream.starts_with(&site.interface)).count();
        player.expect(&format!("{} has a log stream", site.interface), own >= 1)?;
    }
    let statuses = player.aws("ec2 describe-flow-logs")?.all("deliverLogsStatus");
    player.expect("all three flow logs deliver", statuses == ["SUCCESS"; 3])?;
    let records = events(player)?;
    let of = |interface: &str| -> Vec<Record> {
        records.iter().filter(|record| record.interface == interface).cloned().collect()
    };
    let one = of(&lab.one.interface);
    conserved(player, lab, &one)?;
    verdicts(player, lab, &one)?;
    let two = flows::by_action(&of(&lab.two.interface)).into_keys().map(str::to_owned).collect::<Vec<_>>();
    player.expect(
        "two's interface has accepted records from its own flow log",
        two.contains(&"ACCEPT".to_owned()),
    )
}

/// Packets and bytes in the records equal what the host of `one` sent and received.
fn conserved(player: &mut Player, lab: &Lab, records: &[Record]) -> Told {
    let counted = host(player, &lab.one)?;
    let (sent, received) = flows::sums(records, &lab.one.private);
    player.say(&format!(
        "      records: {} packets, {} bytes sent; {} packets, {} bytes received",
        sent.packets, sent.bytes, received.packets, received.bytes
    ));
    player.expect("they are what the host sent", sent == counted.0)?;
    player.expect("they are what the host received", received == counted.1)
}

fn verdicts(player: &mut Player, lab: &Lab, records: &[Record]) -> Told {
    let scanned = |port: u16| {
        records.iter().any(|record| record.action == "REJECT" && record.destination_port == port.to_string())
    };
    player.expect("every scanned port has a REJECT record", SCANNED.iter().all(|port| scanned(*port)))?;
    let to_two = |record: &&Record| record.source == lab.one.private && record.destination == lab.two.private;
    let failed_pings = records.iter().filter(to_two).all(|record| record.action == "ACCEPT");
    let any = records.iter().any(|record| to_two(&record));
    player.expect(
        "the lost pings are ACCEPT at the source: no group or ACL refused them",
        any && failed_pings,
    )?;
    let ssh =
        |record: &&Record| record.destination_port == "22" && flows::is_in(&record.source, INSTANCE_CONNECT);
    let actions = records.iter().filter(ssh).map(|record| record.action.as_str());
    let actions: BTreeMap<&str, ()> = actions.map(|action| (action, ())).collect();
    player.expect(
        "EC2 Instance Connect's range reached port 22, and was refused while it was closed",
        actions.into_keys().eq(["ACCEPT", "REJECT"]),
    )
}

fn query(player: &mut Player) -> Told {
    player.act("Logs Insights ranks the talkers");
    let talkers = "fields @timestamp, srcAddr, dstAddr, bytes | stats sum(bytes) as totalBytes by srcAddr, dstAddr | sort totalBytes desc | limit 10";
    let rows = insights(player, talkers)?;
    show(player, &rows);
    let totals: Vec<f64> = rows.iter().filter_map(|row| row.get("totalBytes")?.parse().ok()).collect();
    player.expect(
        "ten talkers at the most, the greatest first",
        rows.len() <= 10 && totals.is_sorted_by(|a, b| a >= b),
    )?;
    let rejected = r#"filter action = "REJECT" | stats count(*) as rejects by dstPort | sort rejects desc"#;
    let rows = insights(player, rejected)?;
    show(player, &rows);
    let ports: Vec<&str> = rows.iter().filter_map(|row| row.get("dstPort").map(String::as_str)).collect();
    player.expect(
        "the rejected ports are those scanned",
        SCANNED.iter().all(|port| ports.contains(&port.to_string().as_str())),
    )?;
    let minutes = insights(player, "stats count(*) as records by bin(1m) as minute | sort minute")?;
    draw(player, &minutes);
    let sum: usize = minutes.iter().filter_map(|row| row.get("records")?.parse::<usize>().ok()).sum();
    let events = events_count(player)?;
    player.expect(&format!("the minutes add up to all {events} events"), sum == events)
}

fn clean_up(player: &mut Player, lab: &Lab) -> Told {
    player.act("Cleaning up: the wrong order is refused, the right one leaves nothing");
    player.refused(&format!("ec2 delete-vpc --vpc-id {}", lab.one.vpc), "DependencyViolation")?;
    player.refused(&format!("ec2 delete-subnet --subnet-id {}", lab.one.subnet), "DependencyViolation")?;
    for pcx in &lab.peerings {
        player.aws(&format!("ec2 delete-vpc-peering-connection --vpc-peering-connection-id {pcx}"))?;
    }
    let tables = player.aws(&format!("ec2 describe-route-tables --route-table-ids {}", lab.one.table))?;
    let states = tables.all("state");
    let blackholes = states.iter().filter(|state| *state == "blackhole").count();
    player.expect("deleting the peerings turns their two routes into blackholes", blackholes == 2)?;
    player.aws(&format!("ec2 delete-flow-logs --flow-log-ids {}", lab.flow_logs.join(" ")))?;
    for site in [Some(&lab.one), Some(&lab.two), lab.three.as_ref()].into_iter().flatten() {
        site.remove(player)?;
    }
    player.aws(&format!("logs delete-log-group --log-group-name {GROUP}"))?;
    player.aws(&format!("iam detach-role-policy --role-name {ROLE} --policy-arn {}", lab.policy))?;
    player.aws(&format!("iam delete-role --role-name {ROLE}"))?;
    player.aws(&format!("iam delete-policy --policy-arn {}", lab.policy))?;
    nothing_left(player)
}

/// Nothing but the default VPC that every region has.
fn nothing_left(player: &mut Player) -> Told {
    let vpcs = player.aws("ec2 describe-vpcs --filters Name=isDefault,Values=false")?.all("vpcId");
    player.expect("no VPC is left but the default one", vpcs.is_empty())?;
    let flow_logs = player.aws("ec2 describe-flow-logs")?.all("flowLogId");
    let groups = player.aws("logs describe-log-groups")?.all("logGroupName");
    let roles = player.aws("iam list-roles")?.all("RoleName");
    player.expect(
        "no flow log, log group or role is left",
        flow_logs.is_empty() && groups.is_empty() && roles.is_empty(),
    )
}

fn request(player: &mut Player, vpc: &str, peer: &str) -> Told<String> {
    let line = format!("ec2 create-vpc-peering-connection --vpc-id {vpc} --peer-vpc-id {peer}");
    player.aws_for(&line, "vpcPeeringConnectionId")
}

fn status(player: &mut Player, pcx: &str, expected: &str) -> Told {
    let line = format!("ec2 describe-vpc-peering-connections --vpc-peering-connection-ids {pcx}");
    let given = player.aws_for(&line, "code")?;
    player.expect(&format!("the peering is {expected}"), given == expected)
}

fn route(player: &mut Player, from: &Site, to: &Site, pcx: &str) -> Told {
    let line = format!(
        "ec2 create-route --route-table-id {} --destination-cidr-block {} --vpc-peering-connection-id {pcx}",
        from.table, to.cidr
    );
    player.aws(&line).map(|_| ())
}

fn lost(player: &mut Player, ran: &Ran) -> Told {
    player.expect(
        "no answer: 100% packet loss, exit code 1",
        ran.code == 1 && ran.output.contains(" 100% packet loss"),
    )
}

fn answered(player: &mut Player, ran: &Ran, count: usize) -> Told {
    let statistics = format!("{count} packets transmitted, {count} received, 0% packet loss");
    player.expect(&format!("all {count} answer"), ran.code == 0 && ran.output.contains(&statistics))
}

/// The average of `rtt min/avg/max/mdev = 0.1/0.2/0.3/0.0 ms`.
fn average_ms(ran: &Ran) -> Option<f64> {
    let (_, figures) = ran.output.lines().find(|line| line.starts_with("rtt "))?.split_once(" = ")?;
    figures.split('/').nth(1)?.parse().ok()
}

fn explain(player: &mut Player, from: &str, to: &str, reason: &str) -> Told {
    player.say(&format!("   $ weir explain {from} {to}"));
    let asked = serde_json::json!({ "from": from, "to": to, "protocol": "icmp", "port": 0 });
    let told = player.own("POST", "/_weir/explain", "", &asked)?;
    for step in told.get("trace").and_then(Value::as_array).into_iter().flatten() {
        player.say(&format!("      {}", step.as_str().unwrap_or_default()));
    }
    let verdict = told.get("verdict").and_then(Value::as_str).unwrap_or_default().to_owned();
    player.say(&format!("      {verdict}"));
    let delivered = told.get("delivered").and_then(Value::as_bool).unwrap_or(true);
    player.expect("the trace names the reason", !delivered && verdict.contains(reason))
}

/// What the host of a site has sent and received, in its own count.
fn host(player: &mut Player, site: &Site) -> Told<(flows::Sum, flows::Sum)> {
    let told = player.own("GET", "/_weir/traffic", &format!("host={}", site.instance), &Value::Null)?;
    let sum = |direction: &str| {
        let number = |name: &str| told.get(direction)?.get(name)?.as_u64();
        Some(flows::Sum { packets: number("packets")?, bytes: number("bytes")? })
    };
    sum("sent")
        .zip(sum("received"))
        .ok_or_else(|| Failed(format!("{} has no count of its traffic", site.name)))
}

fn received(player: &mut Player, site: &Site) -> Told<flows::Sum> {
    Ok(host(player, site)?.1)
}

fn events(player: &mut Player) -> Told<Vec<Record>> {
    Ok(flows::records(&player.aws(&format!("logs filter-log-events --log-group-name {GROUP}"))?))
}

fn events_count(player: &mut Player) -> Told<usize> {
    Ok(player.aws(&format!("logs filter-log-events --log-group-name {GROUP}"))?.all("eventId").len())
}

type Row = BTreeMap<String, String>;

/// Runs a query over the last hour and gives its rows.
fn insights(player: &mut Player, query: &str) -> Told<Vec<Row>> {
    let now = player.now_ms() / 1000;
    let line = format!(
        "logs start-query --log-group-name {GROUP} --start-time {} --end-time {now} --query-string '{query}'",
        now - 3600
    );
    let id = player.aws_for(&line, "queryId")?;
    let answer = player.aws(&format!("logs get-query-results --query-id {id}"))?;
    let status = answer.text("status").unwrap_or_default();
    player.expect("the query completes", status == "Complete")?;
    let json = answer.json().unwrap_or(Value::Null);
    let text =
        |field: &Value, name: &str| field.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let row = |row: &Value| -> Row {
        let fields = row.as_array().into_iter().flatten();
        fields.map(|field| (text(field, "field"), text(field, "value"))).collect()
    };
    Ok(json.get("results").and_then(Value::as_array).into_iter().flatten().map(row).collect())
}

fn show(player: &Player, rows: &[Row]) {
    let Some(first) = rows.first() else { return };
    let cells = |row: &Row, cell: fn((&String, &String)) -> String| -> String {
        row.iter().map(|(name, value)| format!("{:>16}", cell((name, value)))).collect()
    };
    player.say(&format!("      {}", cells(first, |(name, _)| name.clone())));
    rows.iter().for_each(|row| player.say(&format!("      {}", cells(row, |(_, value)| value.clone()))));
}

/// Counts per minute as bars.
fn draw(player: &Player, rows: &[Row]) {
    let columns = vec!["minute".to_owned(), "records".to_owned()];
    let values = |row: &Row| columns.iter().map(|column| row.get(column).cloned()).collect();
    let rows = rows.iter().map(|row| ResultRow { values: values(row), ptr: None }).collect();
    let chart = bar_chart(&QueryResult { columns, rows, ..QueryResult::default() }, CHART_WIDTH);
    chart.iter().flat_map(|chart| chart.lines()).for_each(|line| player.say(&format!("      {line}")));
}
