//! How many requests a second the API answers in process, without HTTP and disk: `cargo run --release --example requests`.
//! With a word, only those whose name has it.

#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::time::Instant;
use weir_api::logs::queries::RunNaively;
use weir_api::{Cloud, Settings};
use weir_model::Timestamp;
use weir_store::Store;
use weir_wire::Request;

const NOW: Timestamp = Timestamp(1_704_164_645_000);

fn request(body: &str) -> Request {
    let credential = "AWS4-HMAC-SHA256 Credential=test/20240102/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0";
    Request {
        method: "POST".into(),
        path: "/".into(),
        headers: vec![("authorization".into(), credential.into())],
        body: format!("{body}&Version=2016-11-15").into_bytes(),
        ..Request::default()
    }
}

fn measure(what: &str, count: u32, mut once: impl FnMut(u32)) {
    let only = std::env::args().nth(1).unwrap_or_default();
    // What makes resources is needed by what follows.
    if !what.contains(&only) && !what.starts_with("Create") {
        return;
    }
    let start = Instant::now();
    (0..count).for_each(&mut once);
    let each = start.elapsed() / count;
    println!("{what:40} {each:>12.2?} each, {:>9.0} a second", 1.0 / each.as_secs_f64());
}

fn main() {
    let mut cloud = Cloud::new(Settings::default(), Store::in_memory(), Box::new(RunNaively));
    let mut ask = |body: &str| {
        let reply = cloud.handle(request(body), NOW);
        assert_eq!(reply.response.status, 200, "{}", String::from_utf8_lossy(&reply.response.body));
        reply.response.body.len()
    };
    measure("DescribeVpcs, the default VPC", 20_000, |_| {
        ask("Action=DescribeVpcs");
    });
    measure("CreateVpc", 1_000, |number| {
        ask(&format!("Action=CreateVpc&CidrBlock=10.{}.0.0%2F16", number % 256));
    });
    let mut bytes = 0;
    measure("DescribeVpcs, 1,000 VPCs", 1_000, |_| bytes = ask("Action=DescribeVpcs"));
    println!("{bytes} bytes");
    measure("DescribeVpcs, filtered", 2_000, |_| {
        ask("Action=DescribeVpcs&Filter.1.Name=cidr&Filter.1.Value.1=10.7.0.0%2F16");
    });
}
