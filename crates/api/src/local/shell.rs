//! Commands on hosts: started, fed, looked at, interrupted, and ended when who follows them has gone; directly or over EC2
//! Instance Connect.

use super::{Failure, host};
use crate::cloud::Cloud;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use weir_fabric::{ExecId, Fabric, Session, SessionId};

/// Most commands remembered; the oldest that have ended go first.
const SHELLS_MAX: usize = 1000;
/// Most bytes of output remembered of one command until they are looked at and forgotten; what comes on top is lost.
const OUTPUT_BYTES_MAX: usize = 4 << 20;
/// How long EC2 Instance Connect tries to reach port 22, in seconds, if the caller does not say.
const CONNECT_TIMEOUT_S: u32 = 10;
/// The exit code of an ssh client that cannot connect.
const NO_CONNECTION: i32 = 255;

/// The commands that were started and what they have printed, by number.
#[derive(Debug, Default)]
pub struct Shells {
    count: u64,
    shells: BTreeMap<u64, Shell>,
}

#[derive(Debug)]
struct Shell {
    at: At,
    /// How many bytes of output are forgotten.
    forgotten: usize,
    /// What was printed after them.
    output: String,
    /// Which bytes of all output came from standard error, of what is not forgotten.
    errors: Vec<[usize; 2]>,
    exit_code: Option<i32>,
    /// Whether its input has ended before its session was open.
    has_no_more_input: bool,
    /// Whether nobody will look any more.
    is_hung_up: bool,
}

/// How far a command has come.
#[derive(Debug)]
enum At {
    /// Its session is being opened.
    Connecting(SessionId, Connect),
    /// It runs, perhaps in a session.
    Running(ExecId, Option<SessionId>),
    /// It has ended.
    Done,
}

impl Shells {
    fn add(&mut self, at: At) -> Value {
        if self.shells.len() >= SHELLS_MAX {
            let ended = self.shells.iter().find(|(_, shell)| matches!(shell.at, At::Done)).map(|(id, _)| *id);
            ended.and_then(|id| self.shells.remove(&id));
        }
        self.count += 1;
        let shell = Shell {
            at,
            forgotten: 0,
            output: String::new(),
            errors: vec![],
            exit_code: None,
            has_no_more_input: false,
            is_hung_up: false,
        };
        self.shells.insert(self.count, shell);
        json!({ "id": self.count.to_string() })
    }

    fn find(&mut self, id: &str) -> Result<&mut Shell, Failure> {
        let shell = id.parse().ok().and_then(|id: u64| self.shells.get_mut(&id));
        shell.ok_or_else(|| Failure::not_found(format!("no command has the id {id}")))
    }

    /// Whether a command runs, or is about to.
    pub fn is_running(&self, id: &str) -> bool {
        let shell = id.parse().ok().and_then(|id: u64| self.shells.get(&id));
        shell.is_some_and(|shell| !matches!(shell.at, At::Done))
    }

    /// Ends a command as when its terminal hangs up: who followed it has gone.
    pub fn hang_up(&mut self, id: &str, fabric: &mut Fabric) {
        if let Ok(shell) = self.find(id) {
            shell.hang_up(fabric);
        }
    }

    fn check_room(&self) -> Result<(), Failure> {
        let running = self.shells.values().filter(|shell| !matches!(shell.at, At::Done)).count();
        if running < SHELLS_MAX { Ok(()) } else { Err(Failure::wrong("too many commands are running")) }
    }
}

/// A command and where to run it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exec {
    instance: String,
    command: Vec<String>,
    /// Whether its standard input is what it will be fed.
    #[serde(default)]
    has_input: bool,
}

/// Starts a command on a host.
pub fn exec(cloud: &mut Cloud, exec: &Exec) -> Result<Value, Failure> {
    cloud.shells.check_room()?;
    let name = host::named(&cloud.network, &exec.instance)?;
    let fabric = &mut cloud.plane.fabric;
    let id = match exec.has_input {
        true => fabric.exec_fed(name, &exec.command)?,
        false => fabric.exec(name, &exec.command)?,
    };
    Ok(cloud.shells.add(At::Running(id, None)))
}

/// A command and in which instance to run it, over EC2 Instance Connect.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    instance: String,
    command: Vec<String>,
    timeout_s: Option<u32>,
    /// Whether its standard input is what it will be fed.
    #[serde(default)]
    has_input: bool,
}

/// Opens a session and starts a command in it.
pub fn connect(cloud: &mut Cloud, connect: Connect) -> Result<Value, Failure> {
    cloud.shells.check_room()?;
    let instance = host::instance(&cloud.network, &connect.instance)?;
    let (id, region) = (instance.id, instance.scope.region);
    let timeout_s = connect.timeout_s.unwrap_or(CONNECT_TIMEOUT_S);
    let session = cloud.plane.fabric.connect(id, region, timeout_s)?;
    Ok(cloud.shells.add(At::Connecting(session, connect)))
}

/// What a command has printed, which parts of it to standard error, and its exit code once it has ended.
///
/// The output is all that is remembered; with `from` it begins at that byte, and what was before it is forgotten, so that one who
/// follows a command misses nothing, however much it prints. The parts are counted from the command's first byte.
pub fn poll(cloud: &mut Cloud, id: &str, from: Option<usize>) -> Result<Value, Failure> {
    let shell = cloud.shells.find(id)?;
    if let Some(from) = from {
        shell.forget(from);
    }
    shell.look(&mut cloud.plane.fabric);
    Ok(json!({ "output": shell.output, "errors": shell.errors, "exit_code": shell.exit_code }))
}

/// Gives a command what comes on its standard input; tells how many of the bytes were taken. The rest is to be given again. While its
/// session is being opened there is no room.
pub fn feed(cloud: &mut Cloud, id: &str, bytes: &[u8], are_last: bool) -> Result<Value, Failure> {
    let shell = cloud.shells.find(id)?;
    let taken = match shell.at {
        At::Running(exec, _) => cloud.plane.fabric.feed(exec, bytes, are_last),
        At::Connecting(..) => {
            shell.has_no_more_input |= are_last && bytes.is_empty();
            0
        }
        At::Done => bytes.len(),
    };
    Ok(json!({ "taken": taken }))
}

/// Makes sure that there is a command to be followed.
pub fn follow(cloud: &mut Cloud, id: &str) -> Result<Value, Failure> {
    cloud.shells.find(id).map(|_| json!({}))
}

/// Which command.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    id: String,
}

/// Interrupts a command.
pub fn interrupt(cloud: &mut Cloud, which: &Which) -> Result<Value, Failure> {
    let shell = cloud.shells.find(&which.id)?;
    match &shell.at {
        At::Running(exec, _) => cloud.plane.fabric.interrupt(*exec),
        At::Connecting(session, _) => {
            cloud.plane.fabric.disconnect(*session);
            shell.end(NO_CONNECTION);
        }
        At::Done => {}
    }
    Ok(json!({}))
}

/// Brings all commands up to date: those whose session has been opened begin to run, and what nobody will ask for is taken.
pub fn look_at_all(shells: &mut Shells, fabric: &mut Fabric) {
    let waiting = |shell: &&mut Shell| matches!(shell.at, At::Connecting(..)) || shell.is_hung_up;
    shells.shells.values_mut().filter(waiting).for_each(|shell| shell.look(fabric));
}

impl Shell {
    /// Takes what there is to take.
    fn look(&mut self, fabric: &mut Fabric) {
        if let At::Connecting(session, connect) = &self.at {
            let (session, connect) = (*session, connect.clone());
            match fabric.session(session) {
                Session::Connecting => {}
                Session::Open => self.begin(session, &connect, fabric),
                Session::Closed(message) => self.fail(&message),
            }
        }
        if let At::Running(exec, session) = self.at {
            let Some(output) = fabric.poll(exec) else { return self.end(NO_CONNECTION) };
            self.print(&output.stdout);
            self.complain(&output.stderr);
            if let Some(code) = output.exit_code {
                self.end(code);
                session.into_iter().for_each(|session| fabric.disconnect(session));
            }
        }
    }

    /// Begins to run in a session that has been opened.
    fn begin(&mut self, session: SessionId, connect: &Connect, fabric: &mut Fabric) {
        let begun = match connect.has_input {
            true => fabric.exec_in_fed(session, &connect.command),
            false => fabric.exec_in(session, &connect.command),
        };
        match begun {
            Ok(exec) if self.has_no_more_input => {
                fabric.feed(exec, b"", true);
                self.at = At::Running(exec, Some(session));
            }
            Ok(exec) => self.at = At::Running(exec, Some(session)),
            Err(error) => self.fail(&format!("{error}\n")),
        }
    }

    fn hang_up(&mut self, fabric: &mut Fabric) {
        self.is_hung_up = true;
        match self.at {
            At::Running(exec, None) => fabric.hang_up(exec),
            At::Running(_, Some(session)) => fabric.disconnect(session),
            At::Connecting(session, _) => {
                fabric.disconnect(session);
                self.end(NO_CONNECTION);
            }
            At::Done => {}
        }
        self.look(fabric);
    }

    /// Forgets the output before byte `from`; nothing if that is within a character or not there.
    fn forget(&mut self, from: usize) {
        let seen = from.saturating_sub(self.forgotten);
        if self.output.is_char_boundary(seen) {
            self.output.drain(..seen);
            self.forgotten += seen;
            self.errors.retain(|[_, end]| *end > self.forgotten);
        }
    }

    fn print(&mut self, text: &str) {
        if self.output.len() + text.len() <= OUTPUT_BYTES_MAX {
            self.output.push_str(text);
        }
    }

    fn complain(&mut self, text: &str) {
        let start = self.forgotten + self.output.len();
        self.print(text);
        let end = self.forgotten + self.output.len();
        if end > start {
            self.errors.push([start, end]);
        }
    }

    fn fail(&mut self, message: &str) {
        self.complain(message);
        self.end(NO_CONNECTION);
    }

    fn end(&mut self, code: i32) {
        self.at = At::Done;
        self.exit_code = Some(code);
    }
}
