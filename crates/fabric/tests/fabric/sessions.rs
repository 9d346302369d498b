//! Sessions through EC2 Instance Connect.

use crate::bed::{Bed, SECOND, START};
use weir_fabric::{ExecError, Session, SessionId};
use weir_flowlog::services;
use weir_model::instance::InstanceState;

const TIMEOUT_S: u32 = 10;

/// Waits until the session is not connecting any more.
fn settled(bed: &mut Bed, session: SessionId) -> Session {
    loop {
        match bed.fabric.session(session) {
            Session::Connecting => {
                let next = bed.fabric.next_event().expect("a connection attempt ends");
                bed.fabric.step(next);
            }
            other => return other,
        }
    }
}

#[test]
fn a_session_opens_from_the_services_range_and_runs_commands() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let session = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S).expect("a session");
    assert_eq!(bed.fabric.session(session), Session::Connecting);
    assert_eq!(settled(&mut bed, session), Session::Open);

    let id = bed.fabric.exec_in(session, &["hostname".to_owned()]).expect("a shell");
    assert_eq!(
        bed.fabric.poll(id).map(|output| output.stdout).as_deref(),
        Some("ip-10-1-0-4.ec2.internal\n")
    );

    let (mut sightings, mut skipped) = (Vec::new(), Vec::new());
    bed.fabric.close_window(&mut sightings, &mut skipped);
    let seen = sightings.iter().find(|sighting| sighting.destination_port == 22).expect("it was seen");
    assert_eq!(services::service_of(seen.source), Some(services::EC2_INSTANCE_CONNECT));

    bed.fabric.disconnect(session);
    assert_eq!(bed.fabric.exec_in(session, &["hostname".to_owned()]), Err(ExecError::NotOpen));
}

#[test]
fn a_session_times_out_if_the_group_closes_port_22() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    bed.close(&site);
    let session = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S).expect("a session");
    let public = instance.public();
    let message = format!("ssh: connect to host {public} port 22: Connection timed out\n");
    assert_eq!(settled(&mut bed, session), Session::Closed(message));
    assert_eq!(bed.fabric.now(), START.plus(u64::from(TIMEOUT_S) * SECOND));
}

#[test]
fn an_open_session_outlives_its_rule() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let session = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S).expect("a session");
    assert_eq!(settled(&mut bed, session), Session::Open);
    bed.close(&site);
    bed.pass(5);
    assert_eq!(bed.fabric.session(session), Session::Open);
}

#[test]
fn a_session_ends_with_its_instance() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let session = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S).expect("a session");
    assert_eq!(settled(&mut bed, session), Session::Open);
    let exec = bed.fabric.exec_in(session, &["ping".to_owned(), "8.8.8.8".to_owned()]).expect("a shell");
    bed.command(|network, cx| network.stop_instances(cx, &[instance.id]));
    assert_eq!(bed.fabric.poll(exec).and_then(|output| output.exit_code), Some(137));
    let again = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S);
    assert_eq!(again, Err(ExecError::NotRunning(instance.name())));
}

#[test]
fn an_instance_without_public_address_has_no_sessions() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let interface = bed.network.interfaces.get_mut(&instance.interface).expect("the interface");
    interface.addresses[0].public = None;
    bed.fabric.update(&bed.network);
    let refused = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S);
    assert_eq!(refused, Err(ExecError::NoPublicAddress(instance.id)));
    assert_eq!(
        bed.network.instances.get(&instance.id).map(|found| found.state),
        Some(InstanceState::Running)
    );
}
