//! Instances as network namespaces: what `weir up` sets up for them, if this machine has them.

use crate::Failure;
use crate::arguments::{ClockKind, HostKind, Up};
use crate::host::Host;
use std::path::Path;
use std::sync::Arc;
use weir_api::Cloud;

/// Makes sure that what was asked for is possible. To be called before the process has a second thread.
///
/// # Errors
/// Namespaces were asked for, and the machine or the clock does not allow them; with what to do.
pub fn prepare(up: &Up) -> Result<(), Failure> {
    match (up.hosts, up.clock) {
        (HostKind::Simulated, _) => Ok(()),
        (HostKind::Netns, ClockKind::Virtual) => {
            Err(Failure::new(2, "network namespaces run on the real clock; leave out --clock virtual"))
        }
        (HostKind::Netns, ClockKind::Real) => machine::prepare(),
    }
}

pub use machine::Hosts;

#[cfg(target_os = "linux")]
mod machine {
    use super::*;
    use weir_fabric::Fabric;
    use weir_model::Nanos;
    use weir_netns::{Missing, Netns, Ports, Settings, Switch, become_root, possible, temporary_folder};

    pub fn prepare() -> Result<(), Failure> {
        let refused = |missing: Missing| {
            Failure::from(format!("{missing}; or take --hosts simulated. See weir doctor"))
        };
        become_root().map_err(refused)?;
        possible().driver.map_err(refused).map(drop)
    }

    /// What carries the packets of namespaces.
    pub struct Hosts {
        ports: Arc<Ports>,
    }

    impl Hosts {
        /// Has `cloud` run instances as namespaces: all, or those with the tag. Their files are below `folder`, or go with
        /// the process without one. On a virtual clock there are none.
        ///
        /// # Errors
        /// The process has too many files open.
        pub fn add(cloud: &mut Cloud, up: &Up, folder: Option<&Path>) -> Result<Option<Hosts>, Failure> {
            if up.clock == ClockKind::Virtual {
                return Ok(None);
            }
            let failed = |error: std::io::Error| Failure::from(format!("network namespaces: {error}"));
            let ports = Arc::new(Ports::new().map_err(failed)?);
            let settings = Settings {
                folder: folder.map_or_else(temporary_folder, |folder| folder.join("hosts")),
                is_temporary: folder.is_none(),
                driver: None,
                is_default: up.hosts == HostKind::Netns,
            };
            cloud.set_outside(Box::new(Netns::new(settings, ports.clone())));
            Ok(Some(Hosts { ports }))
        }

        /// Begins to carry packets; ends when what it gives is dropped.
        ///
        /// # Errors
        /// The process has too many threads.
        pub fn carry(self, host: &Arc<Host>) -> Result<Switch, Failure> {
            let host = host.clone();
            let access = move |judge: &mut dyn FnMut(&mut Fabric, Nanos)| host.with_fabric(judge);
            Switch::start(self.ports, access)
                .map_err(|error| Failure::from(format!("network namespaces: {error}")))
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod machine {
    use super::*;

    pub fn prepare() -> Result<(), Failure> {
        Err(Failure::from("network namespaces need Linux; take --hosts simulated".to_owned()))
    }

    /// There are none.
    pub struct Hosts;

    impl Hosts {
        /// Adds nothing.
        pub fn add(_: &mut Cloud, _: &Up, _: Option<&Path>) -> Result<Option<Hosts>, Failure> {
            Ok(None)
        }

        /// Carries nothing.
        pub fn carry(self, _: &Arc<Host>) -> Result<(), Failure> {
            Ok(())
        }
    }
}
