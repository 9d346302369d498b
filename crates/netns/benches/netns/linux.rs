//! What Linux does without Weir: two namespaces with a veth pair, or with a router between them that has rules.

use crate::{Topology, servers};
use std::process::{Child, Command, Stdio};

/// Namespaces made with `ip`, which go when this is dropped.
pub struct Linux {
    names: Vec<String>,
    target: &'static str,
    servers: Vec<Child>,
}

/// Runs a command line, which must succeed.
fn must(line: &str) {
    let mut words = line.split_whitespace();
    let status = Command::new(words.next().expect("a program")).args(words).status();
    assert!(status.is_ok_and(|status| status.success()), "{line}");
}

fn address(namespace: &str, link: &str, address: &str) {
    must(&format!("ip -n {namespace} address add {address} dev {link}"));
    must(&format!("ip -n {namespace} link set {link} mtu 9001 up"));
}

impl Linux {
    /// Two namespaces with a veth pair between them.
    pub fn direct() -> Linux {
        let names = namespaces("d", 2);
        must(&format!("ip -n {} link add v0 type veth peer name v1 netns {}", names[0], names[1]));
        address(&names[0], "v0", "10.9.0.1/24");
        address(&names[1], "v1", "10.9.0.2/24");
        Linux::serve(names, "10.9.0.2")
    }

    /// Two namespaces with a third between them that routes. With rules it does what a VPC does: an ACL without state both
    /// ways and groups by connection tracking, each after so many rules that do not match.
    pub fn router(prefix: &str, rules: usize) -> Linux {
        let names = namespaces(prefix, 3);
        let (left, router, right) = (&names[0], &names[1], &names[2]);
        must(&format!("ip -n {left} link add v0 type veth peer name toleft netns {router}"));
        must(&format!("ip -n {right} link add v0 type veth peer name toright netns {router}"));
        address(left, "v0", "10.9.1.1/24");
        address(router, "toleft", "10.9.1.254/24");
        address(router, "toright", "10.9.2.254/24");
        address(right, "v0", "10.9.2.1/24");
        must(&format!("ip -n {left} route add default via 10.9.1.254"));
        must(&format!("ip -n {right} route add default via 10.9.2.254"));
        must(&format!("ip netns exec {router} sysctl -qw net.ipv4.ip_forward=1"));
        if rules > 0 {
            let path = std::env::temp_dir().join(format!("weir-bench-{}.nft", std::process::id()));
            std::fs::write(&path, ruleset(rules)).expect("a file");
            must(&format!("ip netns exec {router} nft -f {}", path.display()));
            let _ = std::fs::remove_file(path);
        }
        Linux::serve(names, "10.9.2.1")
    }

    fn serve(names: Vec<String>, target: &'static str) -> Linux {
        let server = names.last().expect("a namespace");
        let start = |argv: Vec<String>| {
            let command =
                Command::new("ip").args(["netns", "exec", server]).args(argv).stdout(Stdio::null()).spawn();
            command.expect("a server")
        };
        let servers = servers().map(start).into();
        std::thread::sleep(std::time::Duration::from_millis(500));
        Linux { names, target, servers }
    }
}

fn namespaces(prefix: &str, count: usize) -> Vec<String> {
    let names: Vec<String> = (0..count).map(|number| format!("weir-bench-{prefix}{number}")).collect();
    for name in &names {
        must(&format!("ip netns add {name}"));
        must(&format!("ip -n {name} link set lo up"));
        // As in an instance.
        let choose = |control: &str| {
            let line = format!("ip netns exec {name} sysctl -qw net.ipv4.tcp_congestion_control={control}");
            Command::new("sh").args(["-c", &line]).status().is_ok_and(|status| status.success())
        };
        assert!(choose("cubic") || choose("reno"), "no congestion control");
    }
    names
}

fn ruleset(rules: usize) -> String {
    let no_match = |chain: &str| -> String {
        let line = |number: usize| {
            format!("add rule ip w {chain} ip saddr 172.16.0.{} tcp dport 9 drop\n", number % 250)
        };
        (0..rules).map(line).collect()
    };
    let mut text = String::from(
        "add table ip w\n\
         add chain ip w acl_in { type filter hook prerouting priority raw; }\n\
         add chain ip w acl_out { type filter hook postrouting priority 0; }\n\
         add chain ip w group { type filter hook forward priority 0; policy drop; }\n",
    );
    text += &no_match("acl_in");
    text += "add rule ip w acl_in ip saddr 10.9.0.0/16 accept\n";
    text += &no_match("acl_out");
    text += "add rule ip w acl_out ip daddr 10.9.0.0/16 accept\n";
    text += &no_match("group");
    text += "add rule ip w group ct state established,related accept\n\
             add rule ip w group ct state new ip saddr 10.9.0.0/16 accept\n";
    text
}

impl Topology for Linux {
    fn run(&self, argv: &[String]) -> String {
        let output = Command::new("ip").args(["netns", "exec", &self.names[0]]).args(argv).output();
        String::from_utf8_lossy(&output.expect("it runs").stdout).into_owned()
    }

    fn target(&self) -> String {
        self.target.to_owned()
    }
}

impl Drop for Linux {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
        for name in &self.names {
            let _ = Command::new("ip").args(["netns", "delete", name]).status();
        }
    }
}
