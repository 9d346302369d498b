//! `weir import FOLDER`: puts a network that really existed into the data folder, for the next `weir up`.

use crate::arguments::Import;
use crate::commands::up::data_folder;
use crate::state::State;
use crate::{Failure, Outcome};
use std::collections::BTreeSet;
use std::path::Path;
use weir_api::import::{File, Imported, import};
use weir_model::Ids;
use weir_model::instance::{Instance, InstanceState};

/// Deepest folder that is looked into: a folder around them, accounts, account, region.
const DEPTH_MAX: usize = 4;

/// Runs the command.
pub fn run(arguments: &Import) -> Outcome {
    let mut files = vec![];
    collect(&arguments.folder, &arguments.folder, DEPTH_MAX, &mut files)?;
    let imported = import(&files, &mut Ids::new(0)).map_err(|error| Failure::from(error.to_string()))?;
    report(&imported);
    if arguments.dry_run {
        return Ok(0);
    }
    let folder = data_folder(arguments.data.as_deref())?;
    store(imported, &folder)?;
    println!("Stored in {}; serve it with: weir up --data {}", folder.display(), folder.display());
    Ok(0)
}

fn collect(root: &Path, folder: &Path, depth: usize, files: &mut Vec<File>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::from(format!("{}: {error}", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(failed)?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            let deeper = depth.checked_sub(1).ok_or_else(|| too_deep(&path))?;
            collect(root, &path, deeper, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&path);
            let text = text.map_err(|error| Failure::from(format!("{}: {error}", path.display())))?;
            let below = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            files.push(File { path: below, text });
        }
    }
    Ok(())
}

/// Several networks in one are not told apart: each has a folder.
fn too_deep(path: &Path) -> Failure {
    format!("{}: too deep for one network: give the folder of [accounts/ACCOUNT/]REGION", path.display())
        .into()
}

fn report(imported: &Imported) {
    let network = &imported.network;
    let is_there = |instance: &&Instance| instance.state != InstanceState::Terminated;
    let counts = [
        ("VPCs", network.vpcs.len()),
        ("subnets", network.subnets.len()),
        ("route tables", network.route_tables.len()),
        ("network ACLs", network.acls.len()),
        ("security groups", network.groups.len()),
        ("internet gateways", network.internet_gateways.len()),
        ("network interfaces", network.interfaces.len()),
        ("instances", network.instances.iter().filter(is_there).count()),
        ("peering connections", network.peerings.iter().filter(|peering| peering.status.is_open()).count()),
        ("elastic IP addresses", network.addresses.len()),
        ("NAT gateways", network.nat_gateways.len()),
        ("egress-only internet gateways", network.egress_only_gateways.len()),
        ("VPC endpoints", network.endpoints.len()),
        ("transit gateways", network.transit_gateways.len()),
    ];
    for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        println!("{count:6} {name}");
    }
    for (name, count) in &imported.left_out {
        println!("{count:6} {name} left out: not there any more, or not yet in weir");
    }
    let ended = [
        ("instances are terminated", network.instances.iter().filter(|instance| !is_there(instance)).count()),
        ("peering connections have ended", network.peerings.iter().filter(|it| !it.status.is_open()).count()),
    ];
    for (what, count) in ended.into_iter().filter(|(_, count)| *count > 0) {
        println!("{count:6} {what}: kept for the routes that name them");
    }
    let owners: BTreeSet<_> = network.vpcs.iter().map(|vpc| (vpc.scope.account, vpc.scope.region)).collect();
    for (account, region) in owners {
        println!("It is seen with: eval \"$(weir env --account {account} --region {region})\"");
    }
}

fn store(mut imported: Imported, folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::from(format!("{}: {error}", folder.display())))?;
    let (state, _, writer) = State::open(folder)?;
    let mut changes = vec![];
    imported.network.drain_changes(&mut changes);
    let committed = state.commit(changes).blocking_recv();
    drop(state);
    // The writer has nothing more to do; if it has panicked, the commit above has failed.
    let _ = writer.join();
    committed.unwrap_or_else(|_| Err("the writer has gone".into())).map_err(Failure::from)
}
