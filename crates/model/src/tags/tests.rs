use super::*;
use crate::testing::{World, scope};

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn every_kind_of_id_is_known_by_its_prefix() {
    let rows = [
        ("vpc-00000001", "vpc"),
        ("dopt-00000001", "dhcp-options"),
        ("subnet-00000001", "subnet"),
        ("igw-00000001", "internet-gateway"),
        ("rtb-00000001", "route-table"),
        ("acl-00000001", "network-acl"),
        ("sg-00000001", "security-group"),
        ("sgr-00000001", "security-group-rule"),
        ("eni-00000001", "network-interface"),
        ("eipalloc-00000001", "elastic-ip"),
        ("i-00000001", "instance"),
        ("key-00000001", "key-pair"),
        ("pcx-00000001", "vpc-peering-connection"),
        ("fl-00000001", "vpc-flow-log"),
    ];
    for (id, kind) in rows {
        let parsed = Tagged::parse(id).expect(id);
        assert_eq!((parsed.resource_type(), parsed.to_string().as_str()), (kind, id));
    }
    assert_eq!(
        (Tagged::parse("vpc-1"), Tagged::parse("thing-00000001"), Tagged::parse("")),
        (None, None, None)
    );
}

// EC2 User Guide, "Tag your Amazon EC2 resources": restrictions.
#[test]
fn tags_have_limits() {
    let long = "k".repeat(KEY_CHARS_MAX + 1);
    let rows = [
        (tags(&[("", "v")]), Some(TagRefusal::KeyLength(String::new()))),
        (tags(&[(&long, "v")]), Some(TagRefusal::KeyLength(long.clone()))),
        (tags(&[("AWS:x", "v")]), Some(TagRefusal::ReservedKey("AWS:x".to_owned()))),
        (tags(&[("k", &"é".repeat(VALUE_CHARS_MAX))]), None),
        (tags(&[("awsome", "")]), None),
    ];
    for (given, refusal) in rows {
        assert_eq!(check(&given), refusal.map_or(Ok(()), |refusal| Err(refusal.into())), "{given:?}");
    }
    let many: Tags = (0..=TAGS_MAX).map(|n| (n.to_string(), String::new())).collect();
    assert_eq!(check(&many), Err(TagRefusal::TooMany.into()));
}

#[test]
fn what_one_resource_refuses_no_resource_gets() {
    let mut world = World::new();
    let (one, other) = (Tagged::Vpc(world.vpc("10.0.0.0/16")), Tagged::Vpc(world.vpc("10.1.0.0/16")));
    let full: Tags = (0..TAGS_MAX).map(|n| (n.to_string(), String::new())).collect();
    assert_eq!(world.run(|network, cx| network.add_tags(cx, &[one], &full)), Ok(()));
    let more = tags(&[("new", "")]);
    let both = world.run(|network, cx| network.add_tags(cx, &[other, one], &more));
    assert_eq!(both, Err(TagRefusal::TooMany.into()));
    assert_eq!(world.run(|network, cx| network.add_tags(cx, &[one], &tags(&[("7", "again")]))), Ok(()));
    world.scope = scope("222222222222");
    let foreign = world.run(|network, cx| network.add_tags(cx, &[other], &more));
    assert!(matches!(foreign, Err(Refused::NotFound(Missing::Vpc(_)))), "{foreign:?}");
}

// EC2 API Reference, DeleteTags: with a value only if equal, an empty value only if empty, without one any value.
#[test]
fn a_value_narrows_what_is_removed() {
    let rows = [(Some("b"), false), (Some("other"), true), (Some(""), true), (None, false)];
    for (value, stays) in rows {
        let mut world = World::new();
        let vpc = Tagged::Vpc(world.vpc("10.0.0.0/16"));
        world.run(|network, cx| network.add_tags(cx, &[vpc], &tags(&[("a", "b")]))).expect("a tag");
        let tag = TagToRemove { key: "a".to_owned(), value: value.map(str::to_owned) };
        world.run(|network, cx| network.remove_tags(cx, &[vpc], &[tag])).expect("no error");
        let left = world.network.tags_of(world.scope, vpc).expect("the VPC").contains_key("a");
        assert_eq!(left, stays, "{value:?}");
    }
    let mut world = World::new();
    let vpc = Tagged::Vpc(world.vpc("10.0.0.0/16"));
    world.run(|network, cx| network.add_tags(cx, &[vpc], &tags(&[("a", ""), ("b", "")]))).expect("tags");
    world.run(|network, cx| network.remove_tags(cx, &[vpc], &[])).expect("no error");
    assert!(world.network.tagged_in(world.scope).is_empty());
}
