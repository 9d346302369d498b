//! An instance: its namespaces, interfaces, files and programs.
//!
//! It shares the machine's files but for what DHCP and cloud-init would write: `/etc/hosts`, `/etc/resolv.conf` and
//! `/var/log` are its own. A script as user data runs once, at the first boot, and what it prints is kept in
//! `/var/log/cloud-init-output.log`. Its first process waits for weir: when weir ends, however it ends, so does that, and
//! the kernel kills whatever else runs in the instance (pid_namespaces(7)).
//!
//! Source: EC2 User Guide, "Run commands when you launch an EC2 instance with user data input"; Amazon VPC User Guide,
//! "DHCP option sets".
#![allow(unsafe_code)]

use crate::command::Command;
use crate::namespace::Namespace;
use crate::netlink::{LinkShape, Netlink, TABLE_MAIN};
use crate::sys;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv6Addr};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use weir_fabric::latency::INSTANCE_MTU;
use weir_fabric::{OutsideHost, OutsideInterface};

/// The router over IPv6: link-local, as router advertisements give it.
const ROUTER6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

/// The first of the routing tables of further interfaces.
const TABLES_FIRST: u32 = 10_000;

/// How many frames may wait in an interface: TAP's own 500 are few for bursts of small packets.
const QUEUE_FRAMES: u32 = 4096;

/// Where an instance finds what its user data printed.
const BOOT_LOG: &str = "cloud-init-output.log";

/// What is said of user data in another form.
const NO_SCRIPT: &str = "weir: this user data was not run: it does not begin with #!\n";

/// The variable that tells which weir has started a program.
pub const PID_VARIABLE: &str = "WEIR_PID";

/// Where programs are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The locale of Amazon Linux 2023.
const LANG: &str = "C.UTF-8";

/// The exit codes of a shell for a program that is not there, or cannot be run.
const NOT_FOUND: i32 = 127;
const NOT_EXECUTABLE: i32 = 126;

/// A running instance.
pub struct Instance {
    /// Dropped first: closing its input ends it, and with it everything in the instance.
    first: Option<Child>,
    boot: Option<Command>,
    pub(crate) namespace: Namespace,
    folder: PathBuf,
}

impl Instance {
    /// Makes the namespaces of `host` and its files in `folder`; it has no interface but loopback.
    ///
    /// # Errors
    /// The machine does not allow it, or the folder cannot be written.
    pub fn new(host: &OutsideHost, folder: PathBuf) -> io::Result<Instance> {
        fs::create_dir_all(folder.join("log"))?;
        write_files(&folder, host)?;
        let namespace = Namespace::instance()?;
        let (inside, hostname) = (folder.clone(), host.full_name());
        let first = namespace.run(move || {
            sys::set_hostname(&hostname)?;
            mount_files(&inside)?;
            choose_congestion_control();
            let netlink = Netlink::open()?;
            netlink.bring_up(netlink.index_of("lo")?)?;
            first_process()
        })?;
        Ok(Instance { first: Some(first), boot: None, namespace, folder })
    }

    /// Gives the interface called `name`, which is in the namespace, its MAC, addresses and routes, and brings it up.
    ///
    /// # Errors
    /// The kernel refuses one of them.
    pub fn configure(&self, name: &str, interface: &OutsideInterface, is_primary: bool) -> io::Result<()> {
        let (name, interface) = (name.to_owned(), interface.clone());
        self.namespace.run(move || {
            let netlink = Netlink::open()?;
            let index = netlink.index_of(&name)?;
            let shape = LinkShape { mac: interface.mac, mtu: INSTANCE_MTU, queue: QUEUE_FRAMES };
            netlink.shape(index, &shape)?;
            let table = table_of(index, is_primary);
            for address in &interface.addresses {
                add_address(&netlink, index, *address, table)?;
            }
            add_routes(&netlink, index, &interface, table)
        })
    }

    /// Changes the addresses of the interface called `name` from those of `old` to those of `new`.
    ///
    /// # Errors
    /// The kernel refuses one of them.
    pub fn readdress(
        &self,
        (name, is_primary): (&str, bool),
        old: &OutsideInterface,
        new: &OutsideInterface,
    ) -> io::Result<()> {
        let gone: Vec<_> = old.addresses.iter().filter(|old| !new.addresses.contains(old)).copied().collect();
        let come: Vec<_> = new.addresses.iter().filter(|new| !old.addresses.contains(new)).copied().collect();
        let name = name.to_owned();
        self.namespace.run(move || {
            let netlink = Netlink::open()?;
            let index = netlink.index_of(&name)?;
            let table = table_of(index, is_primary);
            for address in come {
                add_address(&netlink, index, address, table)?;
            }
            for address in gone {
                remove_address(&netlink, index, address, table)?;
            }
            Ok(())
        })
    }

    /// Writes what DHCP gives anew.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn renew(&self, host: &OutsideHost) -> io::Result<()> {
        write_files(&self.folder, host)
    }

    /// Starts the script of the user data if this is the first boot.
    ///
    /// # Errors
    /// It cannot be written. One that cannot be started is told of in its log, as is user data that is no script.
    pub fn boot(&mut self, host: &OutsideHost) -> io::Result<()> {
        let (Some(data), path) = (&host.user_data, self.folder.join("user-data")) else { return Ok(()) };
        if path.exists() {
            return Ok(());
        }
        fs::write(&path, data)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
        let mut log = fs::File::create(self.folder.join("log").join(BOOT_LOG))?;
        if !data.starts_with(b"#!") {
            return log.write_all(NO_SCRIPT.as_bytes());
        }
        let mut command = std::process::Command::new(&path);
        let mut complaint = log.try_clone()?;
        command.stdout(log.try_clone()?).stderr(log);
        match self.spawn(command, Stdio::null(), host) {
            Ok(child) => self.boot = Some(Command::new(child)),
            // The interpreter may be missing. As after cloud-init, the instance is up all the same.
            Err(error) => complaint.write_all(not_run(&path, &error).as_bytes())?,
        }
        Ok(())
    }

    /// Starts a program, without input or with a pipe. One that is not there is started all the same, as in a shell, and ends
    /// with 127.
    ///
    /// # Errors
    /// The instance has gone, or the machine has no room for another process.
    pub fn exec(&self, argv: &[String], is_fed: bool, host: &OutsideHost) -> io::Result<Command> {
        let Some((name, args)) = argv.split_first() else { return self.complain("true", 0, host) };
        let mut command = std::process::Command::new(name);
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let input = if is_fed { Stdio::piped() } else { Stdio::null() };
        match self.spawn(command, input, host) {
            Ok(child) => Ok(Command::new(child)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.complain(&format!("bash: {name}: command not found"), NOT_FOUND, host)
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                self.complain(&format!("bash: {name}: Permission denied"), NOT_EXECUTABLE, host)
            }
            Err(error) => Err(error),
        }
    }

    /// A program that prints `sentence` to standard error and ends with `code`.
    fn complain(&self, sentence: &str, code: i32, host: &OutsideHost) -> io::Result<Command> {
        let mut command = std::process::Command::new("sh");
        let script = if code == 0 { "exit 0" } else { "echo \"$1\" >&2; exit \"$2\"" };
        command.args(["-c", script, "sh", sentence, &code.to_string()]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        self.spawn(command, Stdio::null(), host).map(Command::new)
    }

    /// Starts a program in the namespaces, as the leader of a process group.
    fn spawn(
        &self,
        mut command: std::process::Command,
        input: Stdio,
        host: &OutsideHost,
    ) -> io::Result<Child> {
        command.stdin(input).current_dir("/").process_group(0);
        // As on Amazon Linux, not as where weir was started; what is kept is where its user's files are, and what the
        // terminal can show.
        command.env_clear().envs(std::env::vars_os().filter(|(name, _)| name == "HOME" || name == "TERM"));
        command.env("PATH", PATH).env("LANG", LANG).env("HOSTNAME", host.full_name());
        command.env("WEIR_INSTANCE", host.id.to_string());
        command.env(PID_VARIABLE, std::process::id().to_string());
        // SAFETY: between fork and exec only async-signal-safe functions may be called: signal(2) is a plain system call.
        unsafe {
            command.pre_exec(|| {
                sys::heed_signals();
                Ok(())
            });
        }
        self.namespace.run(move || command.spawn())
    }

    /// Takes away what is kept of an instance that is gone for good.
    pub fn forget(self) {
        let folder = self.folder.clone();
        drop(self);
        // What is left is found by the next start in the same folder.
        let _ = fs::remove_dir_all(folder);
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(mut first) = self.first.take() {
            drop(first.stdin.take());
            let _ = first.wait();
        }
    }
}

/// What cloud-init says of a script that could not be started.
fn not_run(script: &Path, error: &io::Error) -> String {
    let path = script.display();
    format!(
        "Failed to run {path}: {error}\n\
         Is the interpreter that its first line names there, and does the line end without a carriage return?\n"
    )
}

/// The routing table of an interface. What is sent from an address of a further interface leaves by that interface, as
/// Amazon Linux 2023 sees to it; the network would drop it elsewhere (source check).
fn table_of(index: u32, is_primary: bool) -> u32 {
    if is_primary { TABLE_MAIN } else { TABLES_FIRST + index }
}

fn add_address(netlink: &Netlink, index: u32, address: (IpAddr, u8), table: u32) -> io::Result<()> {
    netlink.add_address(index, address)?;
    if table == TABLE_MAIN { Ok(()) } else { netlink.add_rule(address.0, table) }
}

fn remove_address(netlink: &Netlink, index: u32, address: (IpAddr, u8), table: u32) -> io::Result<()> {
    if table != TABLE_MAIN {
        netlink.remove_rule(address.0, table)?;
    }
    netlink.remove_address(index, address)
}

fn add_routes(netlink: &Netlink, index: u32, interface: &OutsideInterface, table: u32) -> io::Result<()> {
    if let Some(router) = interface.router {
        netlink.add_default_route(index, IpAddr::V4(router), table)?;
    }
    if interface.addresses.iter().any(|(address, _)| address.is_ipv6()) {
        netlink.add_default_route(index, IpAddr::V6(ROUTER6), table)?;
    }
    Ok(())
}

/// The instance's own `/etc/hosts` and `/etc/resolv.conf`, written in place: they may be mounted.
fn write_files(folder: &Path, host: &OutsideHost) -> io::Result<()> {
    let mut hosts =
        "127.0.0.1 localhost localhost.localdomain\n::1 localhost6 localhost6.localdomain6\n".to_owned();
    let addresses = host.interfaces.iter().flat_map(|interface| &interface.addresses);
    if let Some((address, _)) = addresses.clone().next() {
        let _ = writeln!(hosts, "{address} {} {}", host.full_name(), host.hostname);
    }
    let mut resolvers = format!("search {}\n", host.domain);
    for resolver in &host.resolvers {
        let _ = writeln!(resolvers, "nameserver {resolver}");
    }
    fs::write(folder.join("hosts"), hosts)?;
    fs::write(folder.join("resolv.conf"), resolvers)
}

/// Puts the instance's own files over those of the machine, in the namespace of the calling thread.
fn mount_files(folder: &Path) -> io::Result<()> {
    for (own, over) in [("hosts", "/etc/hosts"), ("resolv.conf", "/etc/resolv.conf"), ("log", "/var/log")] {
        let over = Path::new(over);
        if over.exists() {
            sys::mount(&folder.join(own), over, libc::MS_BIND)
                .map_err(|error| io::Error::other(format!("{}: {error}", over.display())))?;
        }
    }
    Ok(())
}

/// Gives TCP in the namespace of the calling thread Linux's own congestion control, whatever the machine has chosen for itself:
/// an instance has its own kernel. Where only the machine may choose cubic, Reno, which everyone may. Where `/proc/sys` cannot
/// be written, as in many containers, the machine's stays; nothing else depends on it.
///
/// Source: Linux kernel documentation, "IP Sysctl", tcp_congestion_control and tcp_allowed_congestion_control; its default
/// is that of net/ipv4/Kconfig.
fn choose_congestion_control() {
    const CONTROL: &str = "/proc/sys/net/ipv4/tcp_congestion_control";
    let _ = ["cubic", "reno"].iter().any(|name| fs::write(CONTROL, name).is_ok());
}

/// The first process of the calling thread's process-id namespace. It waits for its input to be closed, which weir's end
/// does at the latest; the kernel then kills the others. Orphans need no waiting for: it ignores that they end.
fn first_process() -> io::Result<Child> {
    let mut command = std::process::Command::new("/bin/cat");
    command.env_clear();
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
    // A Ctrl-C at weir's terminal is for weir alone.
    command.process_group(0);
    // SAFETY: between fork and exec only async-signal-safe functions may be called: signal(2) and mount(2) are plain
    // system calls, and neither function allocates.
    unsafe {
        command.pre_exec(|| {
            sys::ignore_children();
            // So that ps shows the instance alone. Where the machine hides parts of /proc, it refuses; nothing else
            // depends on it.
            let _ = sys::mount_raw(c"proc", c"/proc", c"proc", 0);
            Ok(())
        });
    }
    command.spawn()
}
