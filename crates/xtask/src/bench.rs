//! `cargo xtask bench`: speed beside named peers, measured in the same run; what counts is the ratio.

mod files;
mod groups;

use crate::clients::{virtual_environment, weir};
use crate::http::{Answer, Connection};
use crate::programs;
use crate::shell::{command, output, root, run, target};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

const PEER: [&str; 1] = ["moto[server,ec2,logs]==5.2.5"];
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(3);
const WRITERS: usize = 8;

/// Records of flow-log files, if no number is given.
const FILE_RECORDS: usize = 20_000_000;
/// Records of a log group, if no number is given.
const GROUP_RECORDS: usize = 2_000_000;

/// What a report begins with.
const HEAD: &str = "# Figures\n\nMade by `cargo xtask bench`. One noisy machine; only ratios carry over.\n";

/// Runs the benches named, or all of `pipeline`, `fabric`, `server`. `netns` runs only if named: it needs root, nft and iperf3;
/// so do `files`, which needs some 3 GB of disk and many minutes, and `groups`: a number among the names is that of their
/// records. Their sections of the report are written anew, the others stay.
///
/// # Errors
/// A bench cannot be built, or a server does not start.
pub fn bench(names: &[&str]) -> Result<(), String> {
    let wanted = |name: &str| names.is_empty() || names.contains(&name);
    let number = names.iter().find_map(|name| name.parse().ok());
    let mut report = String::new();
    let bench = |name: &str| format!("cargo bench --quiet --package weir-{name} --bench {name}");
    let mut add = |name: &str, lines: &str| {
        write!(report, "\n## {name}\n\n```\n{}\n```\n", lines.trim_end()).expect("writing to a string");
    };
    for name in ["pipeline", "fabric"].into_iter().filter(|name| wanted(name)) {
        add(name, &output(&mut command(&bench(name)))?);
    }
    if names.contains(&"netns") {
        programs::ensure(programs::OF_BENCH)?;
        // Why so, the bench says.
        let throughput = format!("chrt --fifo 50 {} -- TCP", bench("netns"));
        let others = format!("nice -n -20 {} -- create trip connections", bench("netns"));
        add("netns", &(output(&mut command(&throughput))? + &output(&mut command(&others))?));
    }
    if wanted("server") {
        run(&mut command("cargo build --release --quiet --package weir"))?;
        report.push_str(&server()?);
    }
    if names.contains(&"files") {
        report.push_str(&files::files(number.unwrap_or(FILE_RECORDS))?);
    }
    if names.contains(&"groups") {
        report.push_str(&groups::groups(number.unwrap_or(GROUP_RECORDS))?);
    }
    println!("{report}");
    let folder = root().join("bench/results");
    let path = folder.join("latest.md");
    // Without a report there is nothing to keep.
    let former = std::fs::read_to_string(&path).unwrap_or_else(|_| HEAD.to_owned());
    let write =
        std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(path, renewed(&former, &report)));
    write.map_err(|error| error.to_string())
}

/// A report with sections written anew, each in the place of the former with its name, or at the end.
fn renewed(former: &str, sections: &str) -> String {
    let parts = |text: &str| text.split("\n## ").map(str::to_owned).collect::<Vec<_>>();
    let name = |section: &str| section.split([' ', ',', '\n']).next().unwrap_or_default().to_owned();
    let mut report = parts(former);
    for section in parts(sections).into_iter().skip(1) {
        match report.iter_mut().skip(1).find(|known| name(known) == name(&section)) {
            Some(known) => *known = section,
            None => report.push(section),
        }
    }
    report.join("\n## ")
}

/// A server under measurement.
struct Server {
    child: Child,
    port: u16,
    start_ms: f64,
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server may have gone by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts a server and waits for its first answer.
    fn start(mut command: Command, port: u16) -> Result<Server, String> {
        let started = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut server = Server { child: child.map_err(|error| error.to_string())?, port, start_ms: 0.0 };
        while started.elapsed() < Duration::from_secs(30) {
            let answer = Connection::open(port).and_then(|mut connection| connection.form("ec2", DESCRIBE));
            if answer.is_ok() {
                server.start_ms = started.elapsed().as_secs_f64() * 1e3;
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(format!("no answer on port {port}"))
    }

    /// Resident memory in MiB.
    fn memory_mib(&self) -> f64 {
        memory_mib(self.child.id(), "VmRSS:").unwrap_or(f64::NAN)
    }
}

/// A line of a process's status (proc(5)) in MiB; `None` once it has ended.
fn memory_mib(process: u32, name: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}

const DESCRIBE: &str = "Action=DescribeVpcs&Version=2016-11-15";
const CREATE: &str = "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0%2F16";

/// One line of the table: what, ours, theirs.
type Row = (&'static str, f64, Option<f64>);

fn server() -> Result<String, String> {
    let data = target().join("bench-data/server");
    let bin = virtual_environment("moto", &PEER)?;
    let (mut ours, mut theirs) = (vec![], vec![]);
    for round in 0..ROUNDS {
        // A folder that is not there is as good as one removed.
        let _ = std::fs::remove_dir_all(&data);
        ours.push(measure(Server::start(weir_command(&data), 45660)?)?);
        theirs.push(measure_peer(Server::start(moto_command(&bin), 45670)?)?);
        eprintln!("server: round {} of {ROUNDS}", round + 1);
    }
    let (ours, theirs) = (medians(&ours), medians(&theirs));
    let peer = |name: &str| theirs.iter().find(|(row, _)| *row == name).map(|(_, value)| *value);
    let rows: Vec<Row> = ours.iter().map(|(name, value)| (*name, *value, peer(name))).collect();
    Ok(table(&rows))
}

fn weir_command(data: &Path) -> Command {
    let mut command = Command::new(weir());
    command.args(["up", "--port", "45660", "--data"]).arg(data);
    command
}

fn moto_command(bin: &Path) -> Command {
    let mut command = Command::new(bin.join("moto_server"));
    command.args(["--port", "45670"]);
    command
}

type Figures = Vec<(&'static str, f64)>;

fn measure(server: Server) -> Result<Figures, String> {
    let mut figures = measure_ec2(&server)?;
    figures.push((
        "CreateVpc and DeleteVpc/s, durable, 8 clients",
        rate(&server, WRITERS, &create_and_delete)? * 2.0,
    ));
    figures.push(("1 MB PutLogEvents/s, durable, 8 writers", put_log_events(&server)?));
    figures.push(("memory after these logs, MiB", server.memory_mib()));
    figures.push(("1,000 VPCs described, ms", describe_thousand(&server)?));
    figures.push(("StartQuery to first result, 1,000 records, ms", first_result(&server)?));
    Ok(figures)
}

fn measure_peer(server: Server) -> Result<Figures, String> {
    measure_ec2(&server)
}

fn measure_ec2(server: &Server) -> Result<Figures, String> {
    let describe = |connection: &mut Connection, _: usize| accepted(&connection.form("ec2", DESCRIBE)?);
    Ok(vec![
        ("start to first answer, ms", server.start_ms),
        ("idle memory, MiB", server.memory_mib()),
        ("DescribeVpcs/s, 1 client", rate(server, 1, &describe)?),
        ("DescribeVpcs/s, 8 clients", rate(server, WRITERS, &describe)?),
        ("pairs of CreateVpc and DeleteVpc/s, 1 client", rate(server, 1, &create_and_delete)?),
    ])
}

/// How many times a second `clients` connections together do `action`.
fn rate(
    server: &Server,
    clients: usize,
    action: &(dyn Fn(&mut Connection, usize) -> Result<(), String> + Sync),
) -> Result<f64, String> {
    let done = AtomicU64::new(0);
    let started = Instant::now();
    std::thread::scope(|scope| {
        let client = |client: usize| {
            let mut connection = Connection::open(server.port)?;
            while started.elapsed() < ROUND {
                action(&mut connection, client)?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<(), String>(())
        };
        let clients: Vec<_> = (0..clients).map(|index| scope.spawn(move || client(index))).collect();
        clients
            .into_iter()
            .try_for_each(|client| client.join().map_err(|_| "a client panicked".to_owned())?)
    })?;
    Ok(done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64())
}

fn create_and_delete(connection: &mut Connection, _: usize) -> Result<(), String> {
    let body = checked(connection.form("ec2", CREATE))?;
    let id =
        body.split("<vpcId>").nth(1).and_then(|rest| rest.split('<').next()).ok_or("CreateVpc: no id")?;
    checked(connection.form("ec2", &format!("Action=DeleteVpc&Version=2016-11-15&VpcId={id}"))).map(|_| ())
}

fn put_log_events(server: &Server) -> Result<f64, String> {
    let mut connection = Connection::open(server.port)?;
    let group = br#"{"logGroupName":"bench"}"#;
    checked(connection.json("logs", "Logs_20140328.CreateLogGroup", group))?;
    for writer in 0..WRITERS {
        let stream = format!(r#"{{"logGroupName":"bench","logStreamName":"w{writer}"}}"#);
        checked(connection.json("logs", "Logs_20140328.CreateLogStream", stream.as_bytes()))?;
    }
    let now_ms = UNIX_EPOCH.elapsed().map_err(|error| error.to_string())?.as_millis();
    let event = format!(r#"{{"timestamp":{now_ms},"message":"{}"}}"#, "x".repeat(974));
    let events = vec![event; 1000].join(",");
    let put = |connection: &mut Connection, writer: usize| {
        let body =
            format!(r#"{{"logGroupName":"bench","logStreamName":"w{writer}","logEvents":[{events}]}}"#);
        checked(connection.json("logs", "Logs_20140328.PutLogEvents", body.as_bytes())).map(|_| ())
    };
    rate(server, WRITERS, &put)
}

/// From a query over a small group to its first rows.
fn first_result(server: &Server) -> Result<f64, String> {
    let mut connection = Connection::open(server.port)?;
    let now = UNIX_EPOCH.elapsed().map_err(|error| error.to_string())?.as_secs();
    groups::put(&mut connection, ("small", now), 1000, |n| {
        let (host, port) = (n % 200, 40_000 + n);
        format!("2 1 eni-1 10.0.0.{host} 10.0.1.1 {port} 443 6 1 {n} {now} {now} ACCEPT OK")
    })?;
    let ask = |_| groups::answered(&mut connection, ("small", now), "stats sum(bytes) by srcAddr");
    let mut times = (0..41).map(ask).collect::<Result<Vec<f64>, String>>()?;
    Ok(median(&mut times))
}

fn describe_thousand(server: &Server) -> Result<f64, String> {
    let mut connection = Connection::open(server.port)?;
    for _ in 0..1000 {
        checked(connection.form("ec2", CREATE))?;
    }
    let mut times: Vec<f64> = vec![];
    for _ in 0..21 {
        let started = Instant::now();
        let answer = connection.form("ec2", DESCRIBE)?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        accepted(&answer)?;
    }
    Ok(median(&mut times))
}

fn accepted(answer: &Answer) -> Result<(), String> {
    if answer.status == 200 {
        return Ok(());
    }
    Err(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)))
}

/// The body of an answer that accepts.
fn checked(answer: Result<Answer, String>) -> Result<String, String> {
    let answer = answer?;
    accepted(&answer)?;
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

fn medians(rounds: &[Figures]) -> Figures {
    let value = |index: usize| median(&mut rounds.iter().map(|figures| figures[index].1).collect::<Vec<_>>());
    rounds[0].iter().enumerate().map(|(index, (name, _))| (*name, value(index))).collect()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "\n## server, beside moto_server 5.2.5\n\n| what | weir | moto | ratio |\n|---|---:|---:|---:|\n",
    );
    for (name, ours, theirs) in rows {
        let theirs_text = theirs.map_or_else(|| "-".into(), |value| format!("{value:.1}"));
        let ratio = theirs.map_or_else(|| "-".into(), |value| format!("{:.2}", ours / value));
        writeln!(text, "| {name} | {ours:.1} | {theirs_text} | {ratio} |").expect("writing to a string");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::renewed;

    #[test]
    fn sections_are_renewed_in_their_place() {
        let former = "# Figures\n\nSaid.\n\n## pipeline\n\nold\n\n## server, beside moto 1\n\nold\n";
        let found = renewed(former, "\n## server, beside moto 2\n\nnew\n\n## netns\n\nnew\n");
        let expected = "# Figures\n\nSaid.\n\n## pipeline\n\nold\n\n## server, beside moto 2\n\nnew\n\n## netns\n\nnew\n";
        assert_eq!(found, expected);
    }
}
