//! The instances that run as network namespaces: started, changed and stopped as the fabric says.

use crate::driver::Driver;
use crate::instance::Instance;
use crate::namespace::Namespace;
use crate::netlink::Netlink;
use crate::packet::PacketSocket;
use crate::possible::{DriverKind, possible};
use crate::switch::Ports;
use crate::tap::Tap;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use weir_fabric::latency::INSTANCE_MTU;
use weir_fabric::{Outside, OutsideHost, OutsideInterface, OutsidePort, Running, device_name};
use weir_model::{InstanceId, InterfaceId};

/// What is decided before instances run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder for what is kept of instances: their files and logs.
    pub folder: PathBuf,
    /// Whether the folder goes with the process.
    pub is_temporary: bool,
    /// Which driver their interfaces have; `None` for the best that is possible when the first instance runs.
    pub driver: Option<DriverKind>,
    /// Whether an instance runs here whose tags do not say.
    pub is_default: bool,
}

/// The instances that run here.
pub struct Netns {
    settings: Settings,
    ports: Arc<Ports>,
    /// Where the outer ends of veth pairs are, once there are any.
    outer: Option<Namespace>,
    running: BTreeMap<InstanceId, Run>,
}

struct Run {
    host: OutsideHost,
    instance: Instance,
    links: BTreeMap<InterfaceId, Link>,
}

/// An interface of an instance: its name inside, and the index of its outer end if that is a link.
struct Link {
    name: String,
    is_primary: bool,
    outer: Option<u32>,
    is: OutsideInterface,
}

impl Netns {
    /// Nothing runs yet. A [`Switch`](crate::Switch) on the same ports is what carries packets.
    pub fn new(settings: Settings, ports: Arc<Ports>) -> Netns {
        Netns { settings, ports, outer: None, running: BTreeMap::new() }
    }

    /// Decides on a driver if that has not been done, and makes what it needs.
    fn make_ready(&mut self) -> Result<(), String> {
        let driver = match self.settings.driver {
            Some(driver) => driver,
            None => possible().driver.map_err(|missing| missing.to_string())?,
        };
        self.settings.driver = Some(driver);
        if driver == DriverKind::Packet && self.outer.is_none() {
            self.outer = Some(Namespace::network().map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    fn start(&mut self, host: &OutsideHost) -> io::Result<()> {
        let instance = Instance::new(host, self.settings.folder.join(host.id.to_string()))?;
        let mut run = Run { host: host.clone(), instance, links: BTreeMap::new() };
        for interface in &host.interfaces {
            self.plug(&mut run, interface)?;
        }
        run.instance.boot(host)?;
        self.running.insert(host.id, run);
        Ok(())
    }

    fn change(&mut self, mut run: Run, host: &OutsideHost) -> io::Result<()> {
        let gone: Vec<InterfaceId> = run.links.keys().copied().collect();
        let is_gone = |id: &InterfaceId| host.interfaces.iter().all(|interface| interface.id != *id);
        for id in gone.into_iter().filter(is_gone) {
            if let Some(link) = run.links.remove(&id) {
                self.unplug(&link);
            }
        }
        for interface in &host.interfaces {
            match run.links.get_mut(&interface.id) {
                Some(link) => {
                    let is_primary = link.is_primary;
                    run.instance.readdress((&link.name, is_primary), &link.is, interface)?;
                    link.is = interface.clone();
                }
                None => self.plug(&mut run, interface)?,
            }
        }
        run.instance.renew(host)?;
        run.host = host.clone();
        self.running.insert(host.id, run);
        Ok(())
    }

    /// Gives an instance an interface: the first one is its way to everywhere.
    fn plug(&self, run: &mut Run, interface: &OutsideInterface) -> io::Result<()> {
        let taken = |name: &String| run.links.values().any(|link| link.name == *name);
        let names = (0..=run.links.len()).map(device_name);
        let name = names.into_iter().find(|name| !taken(name)).expect("one name more than links");
        let (driver, outer) = match &self.outer {
            None => (tap(&run.instance, &name)?, None),
            Some(outer) => pair(outer, &run.instance, &name, interface.port)?,
        };
        let is_primary = run.links.is_empty();
        run.instance.configure(&name, interface, is_primary)?;
        self.ports.add(interface.port, driver, interface.mac)?;
        run.links.insert(interface.id, Link { name, is_primary, outer, is: interface.clone() });
        Ok(())
    }

    fn unplug(&self, link: &Link) {
        self.ports.remove(link.is.port);
        if let (Some(outer), Some(index)) = (&self.outer, link.outer) {
            // If it is gone already, that is what was wanted.
            let _ = outer.run(move || Netlink::open()?.delete_link(index));
        }
    }

    fn end(&mut self, run: Run, is_gone: bool) {
        for link in run.links.values() {
            self.unplug(link);
        }
        if is_gone {
            run.instance.forget();
        }
    }
}

fn tap(instance: &Instance, name: &str) -> io::Result<Box<dyn Driver>> {
    let name = name.to_owned();
    Ok(Box::new(instance.namespace.run(move || Tap::new(&name))?))
}

/// A pair of veth with its inner end in the instance, and a socket on the outer one.
fn pair(
    outer: &Namespace,
    instance: &Instance,
    name: &str,
    port: OutsidePort,
) -> io::Result<(Box<dyn Driver>, Option<u32>)> {
    let (name, outer_name) = (name.to_owned(), format!("port{}", port.0));
    let there = instance.namespace.descriptor().try_clone_to_owned()?;
    let (socket, index) = outer.run(move || {
        let netlink = Netlink::open()?;
        netlink.create_pair(&outer_name, INSTANCE_MTU, (&name, std::os::fd::AsFd::as_fd(&there)))?;
        let index = netlink.index_of(&outer_name)?;
        Ok((PacketSocket::new(index)?, index))
    })?;
    Ok((Box::new(socket), Some(index)))
}

impl Drop for Netns {
    fn drop(&mut self) {
        self.running.clear();
        if self.settings.is_temporary {
            // What is left of it `leftovers` finds.
            let _ = std::fs::remove_dir_all(&self.settings.folder);
        }
    }
}

impl Outside for Netns {
    fn is_default(&self) -> bool {
        self.settings.is_default
    }

    fn run(&mut self, host: &OutsideHost) -> Result<(), String> {
        let sentence =
            |error: &dyn std::fmt::Display| format!("it cannot run as a network namespace: {error}");
        self.make_ready().map_err(|error| sentence(&error))?;
        let done = match self.running.remove(&host.id) {
            Some(run) => self.change(run, host),
            None => self.start(host),
        };
        done.map_err(|error| sentence(&error))
    }

    fn stop(&mut self, instance: InstanceId, is_gone: bool) {
        if let Some(run) = self.running.remove(&instance) {
            self.end(run, is_gone);
        }
    }

    fn deliver(&mut self, to: OutsidePort, packet: &[u8]) {
        self.ports.deliver(to, packet);
    }

    fn exec(
        &mut self,
        instance: InstanceId,
        argv: &[String],
        is_fed: bool,
    ) -> Result<Box<dyn Running>, String> {
        let run = self.running.get(&instance).ok_or("it is not running")?;
        let command = run.instance.exec(argv, is_fed, &run.host).map_err(|error| error.to_string())?;
        Ok(Box::new(command))
    }
}
