//! Export tasks of CloudWatch Logs.

use crate::world::World;
use flate2::read::GzDecoder;
use std::io::Read;
use weir_buckets::{Bucket, Buckets, NewBucket, Select};
use weir_model::Nanos;
use weir_wire::Service;

/// The bucket policy of the User Guide, "Export log data to Amazon S3", step 3, without its account conditions.
fn policy(principal: &str) -> String {
    let statement = |action: &str, resource: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"Service":"{principal}"}},"Action":"{action}","Resource":"{resource}",
                "Condition":{{"StringEquals":{{"aws:SourceAccount":["000000000000"]}},
                              "ArnLike":{{"aws:SourceArn":["arn:aws:logs:us-east-1:000000000000:log-group:*"]}}}}}}"#
        )
    };
    let (acl, put) = ("arn:aws:s3:::exports-bucket", "arn:aws:s3:::exports-bucket/*");
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{},{}]}}"#,
        statement("s3:GetBucketAcl", acl),
        statement("s3:PutObject", put)
    )
}

/// A cloud with a group of two streams, and a bucket that lets the service in.
fn world() -> (World, Buckets) {
    let mut world = World::new();
    let buckets = Buckets::in_memory().expect("buckets");
    world.cloud.set_buckets(buckets.clone());
    for (name, region) in [("exports-bucket", "us-east-1"), ("bucket-elsewhere", "eu-west-1")] {
        let (name, region) = (name.to_owned(), region.to_owned());
        let new = NewBucket { name, region, account: "000000000000".into(), ..NewBucket::default() };
        buckets.create(new, 0).expect("a bucket");
    }
    set_policy(&buckets, &policy("logs.us-east-1.amazonaws.com"));
    world.json(Service::Logs, "CreateLogGroup", r#"{"logGroupName":"app"}"#);
    let now = world.now.0;
    for (stream, count) in [("a/b", 25_000), ("c", 1), ("empty", 0)] {
        let body = format!(r#"{{"logGroupName":"app","logStreamName":"{stream}"}}"#);
        world.json(Service::Logs, "CreateLogStream", &body);
        for chunk in (0..count).collect::<Vec<i64>>().chunks(10_000) {
            let event = |number: &i64| {
                format!(r#"{{"timestamp":{},"message":"{stream} {number}"}}"#, now + number / 1000)
            };
            let events: Vec<String> = chunk.iter().map(event).collect();
            let body = format!(
                r#"{{"logGroupName":"app","logStreamName":"{stream}","logEvents":[{}]}}"#,
                events.join(",")
            );
            world.json(Service::Logs, "PutLogEvents", &body);
        }
    }
    (world, buckets)
}

fn set_policy(buckets: &Buckets, policy: &str) {
    let set = |bucket: &mut Bucket| drop(bucket.settings.insert(Bucket::POLICY.into(), policy.to_owned()));
    buckets.set_up("exports-bucket", set).expect("there");
}

fn create(world: &mut World, bucket: &str, more: &str) -> String {
    let (from, to) = (world.now.0 - 1000, world.now.0 + 1000);
    let body = format!(r#"{{"logGroupName":"app","from":{from},"to":{to},"destination":"{bucket}"{more}}}"#);
    world.json(Service::Logs, "CreateExportTask", &body)
}

fn id(created: &str) -> String {
    let after = created.split_once("\"taskId\": \"").unwrap_or_else(|| panic!("no task: {created}")).1;
    after.split('"').next().expect("an id").to_owned()
}

fn status(world: &mut World, id: &str) -> String {
    let tasks = world.json(Service::Logs, "DescribeExportTasks", &format!(r#"{{"taskId":"{id}"}}"#));
    tasks.split_once("\"code\": \"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or(&tasks).to_owned()
}

fn run(world: &mut World) {
    for _ in 0..20 {
        world.cloud.step(Nanos::from(world.now));
    }
}

fn keys(buckets: &Buckets) -> Vec<String> {
    let listing =
        buckets.list("exports-bucket", &Select { limit: 100, ..Select::default() }).expect("a listing");
    listing.objects.into_iter().map(|object| object.key).collect()
}

fn lines(buckets: &Buckets, key: &str) -> Vec<String> {
    let (_, reader) = buckets.read("exports-bucket", key).expect("there");
    let mut text = String::new();
    GzDecoder::new(reader).read_to_string(&mut text).expect("gzip");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn streams_become_objects_with_a_line_for_each_event() {
    let (mut world, buckets) = world();
    let task = id(&create(&mut world, "exports-bucket", r#","destinationPrefix":"p","taskName":"t""#));
    assert_eq!(status(&mut world, &task), "PENDING");
    assert_eq!(keys(&buckets), ["p/aws-logs-write-test"]);
    world.cloud.step(Nanos::from(world.now));
    assert_eq!(status(&mut world, &task), "RUNNING", "25,000 events are more than a slice");
    let busy = create(&mut world, "exports-bucket", "");
    assert!(busy.contains("LimitExceededException"), "{busy}");
    run(&mut world);
    assert_eq!(status(&mut world, &task), "COMPLETED");
    let (first, second) = (format!("p/{task}/a-b/000000.gz"), format!("p/{task}/c/000000.gz"));
    let mut expected = vec![first.clone(), "p/aws-logs-write-test".to_owned(), second.clone()];
    expected.sort();
    assert_eq!(keys(&buckets), expected);
    let found = lines(&buckets, &first);
    let expected: Vec<String> = (0..=1000)
        .flat_map(|ms| (0..1000).map(move |number| (ms, ms * 1000 + number)))
        .take_while(|(_, number)| *number < 25_000)
        .map(|(ms, number)| format!("{} a/b {number}", weir_wire::Iso(world.now.0 + ms)))
        .collect();
    assert!(found == expected, "{} lines, {:?} …", found.len(), &found[..3]);
    assert_eq!(lines(&buckets, &second).len(), 1);
}

#[test]
fn a_bucket_must_be_there_and_let_the_service_in() {
    let (mut world, buckets) = world();
    let refused = |world: &mut World, bucket: &str, why: &str| {
        let said = create(world, bucket, "");
        assert!(said.contains("InvalidParameterException") && said.contains(why), "{said}");
    };
    refused(&mut world, "none", "The given bucket does not exist.");
    refused(&mut world, "bucket-elsewhere", "another region");
    set_policy(&buckets, &policy("logs.eu-west-1.amazonaws.com"));
    refused(&mut world, "exports-bucket", "GetBucketAcl call on the given bucket failed.");
    set_policy(&buckets, &policy("logs.us-east-1.amazonaws.com").replace("s3:PutObject", "s3:GetObject"));
    refused(&mut world, "exports-bucket", "PutObject call on the given bucket failed.");
    assert_eq!(keys(&buckets), Vec::<String>::new());
    let missing = world.json(
        Service::Logs,
        "CreateExportTask",
        r#"{"logGroupName":"none","from":0,"to":1,"destination":"exports-bucket"}"#,
    );
    assert!(missing.contains("ResourceNotFoundException"), "{missing}");
}

#[test]
fn a_task_fails_when_the_permission_has_gone() {
    let (mut world, buckets) = world();
    let task = id(&create(&mut world, "exports-bucket", ""));
    set_policy(&buckets, &policy("ec2.amazonaws.com"));
    run(&mut world);
    assert_eq!(status(&mut world, &task), "FAILED");
    assert_eq!(keys(&buckets), ["exportedlogs/aws-logs-write-test"]);
}

#[test]
fn a_task_is_cancelled_unless_it_has_ended_and_begins_again_after_a_restart() {
    let (mut world, buckets) = world();
    let cancel = |world: &mut World, id: &str| {
        world.json(Service::Logs, "CancelExportTask", &format!(r#"{{"taskId":"{id}"}}"#))
    };
    let first = id(&create(&mut world, "exports-bucket", ""));
    let said = cancel(&mut world, &first);
    assert!(!said.contains("Exception"), "{said}");
    assert_eq!(status(&mut world, &first), "CANCELLED");
    assert!(cancel(&mut world, &first).contains("InvalidOperationException"));
    assert!(cancel(&mut world, "none").contains("ResourceNotFoundException"));
    let second = id(&create(&mut world, "exports-bucket", ""));
    let mut world = world.restarted();
    world.cloud.set_buckets(buckets.clone());
    run(&mut world);
    assert_eq!(status(&mut world, &second), "COMPLETED");
    assert_eq!(keys(&buckets).len(), 3);
}
