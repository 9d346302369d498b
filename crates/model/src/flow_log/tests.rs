use super::*;
use crate::Missing;
use crate::testing::World;

fn new(resource: Monitored, traffic: TrafficType, log_group: &str) -> NewFlowLog {
    let destination = LogDestination::CloudWatchLogs {
        log_group: log_group.to_owned(),
        role_arn: "arn:aws:iam::111111111111:role/r".to_owned(),
    };
    NewFlowLog {
        resource,
        traffic,
        destination,
        format: "${version}".to_owned(),
        interval_s: 60,
        tags: Tags::new(),
    }
}

#[test]
fn traffic_and_destination_tell_flow_logs_apart() {
    let mut world = World::new();
    let vpc = Monitored::Vpc(world.vpc("10.0.0.0/16"));
    let mut create =
        |traffic, group| world.run(|network, cx| network.create_flow_log(cx, new(vpc, traffic, group)));
    let first = create(TrafficType::All, "a").expect("a first one");
    assert!(create(TrafficType::Reject, "a").is_ok() && create(TrafficType::All, "b").is_ok());
    assert_eq!(create(TrafficType::All, "a"), Err(FlowLogRefusal::AlreadyExists(first).into()));
}

#[test]
fn unknown_resources_and_flow_logs_are_refused() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    world.scope = crate::testing::scope("222222222222");
    let create = |world: &mut World| {
        world.run(|network, cx| network.create_flow_log(cx, new(Monitored::Vpc(vpc), TrafficType::All, "a")))
    };
    assert_eq!(create(&mut world), Err(Missing::Vpc(vpc).into()));
    world.scope = crate::testing::scope("111111111111");
    let id = create(&mut world).expect("the owner may");
    let delete = |world: &mut World| world.run(|network, cx| network.delete_flow_logs(cx, &[id]));
    assert_eq!(
        (delete(&mut world), delete(&mut world)),
        (Ok(()), Err(FlowLogRefusal::NoSuch(vec![id]).into()))
    );
}

#[test]
fn a_resource_has_so_many_flow_logs() {
    let mut world = World::new();
    let vpc = Monitored::Vpc(world.vpc("10.0.0.0/16"));
    world.network.limits.flow_logs_per_resource = 0;
    let outcome = world.run(|network, cx| network.create_flow_log(cx, new(vpc, TrafficType::All, "a")));
    assert_eq!(outcome, Err(Limit::FlowLogs.into()));
}

#[test]
fn delivery_is_noted_once() {
    let mut world = World::new();
    let vpc = Monitored::Vpc(world.vpc("10.0.0.0/16"));
    let id =
        world.run(|network, cx| network.create_flow_log(cx, new(vpc, TrafficType::All, "a"))).expect("one");
    let before = world.network.generation();
    world.network.note_delivery(id, DeliveryStatus::Success);
    assert_eq!(world.network.generation(), before);
    world.network.note_delivery(id, DeliveryStatus::AccessError);
    assert_eq!(world.network.flow_logs.get(&id).map(|log| log.delivery), Some(DeliveryStatus::AccessError));
}
