//! Groups and streams: refusals, lists, what is known about them.

use super::{add_group, append, key, store};
use crate::{GroupKey, NamePage, NewGroup, Options, Refused, Store, StreamOrder, StreamPage, StreamPlace};

#[test]
fn refusals_name_their_cause() {
    let store = store();
    let g = key("g");
    assert_eq!(store.add_group(&g, NewGroup::default(), 2).err(), Some(Refused::GroupExists));
    assert_eq!(store.add_stream(&g, "a", 2).err(), Some(Refused::StreamExists));
    assert_eq!(store.add_stream(&key("none"), "a", 2).err(), Some(Refused::NoGroup));
    assert_eq!(store.remove_stream(&g, "none").err(), Some(Refused::NoStream));
    assert_eq!(store.append(&g, "none", [(1, "x")], 2).err(), Some(Refused::NoStream));
    assert_eq!(store.set_retention(&key("none"), Some(1)).err(), Some(Refused::NoGroup));
    store.set_protection(&g, true).expect("is there").wait().expect("is durable");
    assert_eq!(store.remove_group(&g).err(), Some(Refused::Protected));
    assert_eq!(store.remove_stream(&g, "a").err(), Some(Refused::Protected));
    let huge = "x".repeat(crate::BATCH_BYTES_MAX);
    assert_eq!(store.append(&g, "a", [(1, huge.as_str())], 2).err(), Some(Refused::BatchTooLarge));
}

#[test]
fn an_account_has_no_more_groups_in_a_region_than_it_may() {
    let store = Store::in_memory_with(Options { groups_max: 2, ..Options::default() });
    let add = |key: &GroupKey| store.add_group(key, NewGroup::default(), 1).map(|_| ()).err();
    let other = GroupKey::new("123456789010", "eu-west-1", "c");
    let results = [&key("a"), &key("b"), &key("c"), &key("a"), &other].map(add);
    let expected = [None, None, Some(Refused::TooManyGroups), Some(Refused::GroupExists), None];
    assert_eq!(results, expected);
    store.remove_group(&key("a")).expect("is there").wait().expect("is durable");
    assert_eq!(add(&key("c")), None);
}

#[test]
fn groups_are_listed_by_name_within_account_and_region() {
    let store = Store::in_memory();
    for name in ["b/2", "a", "b/1", "c"] {
        store.add_group(&key(name), NewGroup::default(), 1).expect("is new").wait().expect("is durable");
    }
    for (account, region) in [("123456789010", "eu-west-1"), ("000000000000", "us-east-1")] {
        let other = GroupKey::new(account, region, "b/0");
        store.add_group(&other, NewGroup::default(), 1).expect("is new").wait().expect("is durable");
    }
    let names = |page| {
        let groups = store.groups("123456789010", "us-east-1", page, |_| true);
        groups.into_iter().map(|group| group.key.name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(NamePage::default()), "a b/1 b/2 c");
    assert_eq!(names(NamePage { prefix: "b", ..NamePage::default() }), "b/1 b/2");
    assert_eq!(names(NamePage { prefix: "b", after: Some("b/1"), limit: 5 }), "b/2");
    assert_eq!(names(NamePage { prefix: "", after: Some("b"), limit: 2 }), "b/1 b/2");
    assert!(store.groups("123456789010", "us-east-1", NamePage::default(), |_| false).is_empty());
}

#[test]
fn a_group_tells_its_tags_retention_and_bytes() {
    let store = store();
    let tags = [("k", "v"), ("l", "w")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    store.add_tags(&key("g"), tags.into()).expect("is there").wait().expect("is durable");
    store.remove_tags(&key("g"), &["k", "none"]).expect("is there").wait().expect("is durable");
    store.set_retention(&key("g"), Some(7)).expect("is there").wait().expect("is durable");
    append(&store, "a", &[(5, "four")], 9);
    let group = store.group(&key("g")).expect("is there");
    assert_eq!(group.tags.into_iter().collect::<Vec<_>>(), [("l".to_owned(), "w".to_owned())]);
    assert_eq!((group.created_ms, group.retention_days, group.stored_bytes), (1, Some(7), 4 + 26));
}

#[test]
fn a_stream_tells_the_span_of_its_events() {
    let store = store();
    append(&store, "a", &[(50, "x"), (20, "y")], 60);
    append(&store, "a", &[(30, "z")], 70);
    let stream = store.stream(&key("g"), "a").expect("is there");
    assert_eq!(
        (stream.first_event_ms, stream.last_event_ms, stream.last_ingestion_ms),
        (Some(20), Some(50), Some(70))
    );
    assert_eq!(stream.last_sequence, 3);
    assert_eq!(store.stream(&key("g"), "b").and_then(|stream| stream.last_event_ms), None);
}

#[test]
fn streams_are_listed_by_name_or_by_last_event() {
    let store = store();
    store.add_stream(&key("g"), "ab", 1).expect("is new").wait().expect("is durable");
    append(&store, "b", &[(10, "x")], 60);
    append(&store, "a", &[(20, "x")], 60);
    let names = |page| {
        let streams = store.streams(&key("g"), page).expect("is there");
        streams.into_iter().map(|stream| stream.name).collect::<Vec<_>>().join(" ")
    };
    let all = StreamPage::default();
    let by_event = StreamPage { order: StreamOrder::LastEvent, ..all };
    assert_eq!(names(all), "a ab b");
    assert_eq!(names(StreamPage { prefix: "a", is_descending: true, ..all }), "ab a");
    assert_eq!(names(by_event), "ab b a");
    assert_eq!(names(StreamPage { is_descending: true, limit: Some(2), ..by_event }), "a b");
    let after = Some(StreamPlace { last_event_ms: Some(10), name: "b" });
    assert_eq!(names(StreamPage { is_descending: true, after, ..by_event }), "ab");
    assert_eq!(names(StreamPage { after, ..by_event }), "a");
    assert_eq!(
        names(StreamPage { after: Some(StreamPlace { name: "a", last_event_ms: Some(20) }), ..all }),
        "ab b"
    );
}

#[test]
fn a_group_added_again_is_empty() {
    let store = store();
    append(&store, "a", &[(5, "x")], 9);
    store.remove_group(&key("g")).expect("is there").wait().expect("is durable");
    assert_eq!(store.group(&key("g")), None);
    add_group(&store);
    assert!(store.rows(&key("g"), Default::default()).expect("is there").next().is_none());
}
