//! The client against answers that a listener on this machine gives one after the other.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::*;
use crate::{Environment, Given};

/// Answers connections with these texts, one each; the requests' first lines and those headers that matter come out.
fn answering(answers: Vec<String>) -> (Client, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint_url = format!("http://{}", listener.local_addr().expect("an address"));
    let requests = std::thread::spawn(move || {
        let mut requests = vec![];
        for answer in answers {
            let (stream, _) = listener.accept().expect("a connection");
            let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
            let mut shown = String::new();
            for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
                let line = line.to_lowercase();
                match line.split_once("authorization: ") {
                    Some((_, value)) => {
                        let scope = value.split('/').skip(2).take(2).collect::<Vec<_>>().join("/");
                        shown += &format!(" signed for {scope}");
                    }
                    None if line.starts_with("get ") => {
                        shown.insert_str(0, line.split(' ').nth(1).unwrap_or(""))
                    }
                    None if line.starts_with("range: ") => shown += &format!(" {}", &line["range: ".len()..]),
                    None => {}
                }
            }
            requests.push(shown);
            (&stream).write_all(answer.as_bytes()).expect("an answer");
        }
        requests
    });
    let variables = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let environment = Environment { variables: BTreeMap::from(variables), ..Environment::default() };
    let given = Given { endpoint_url: Some(endpoint_url), ..Given::default() };
    let settings = Settings::find(&given, &environment).expect("settings");
    (Client::new(settings, || 1_369_353_600_000).expect("a client"), requests)
}

fn answer(status: &str, header: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{header}\r\n{body}")
}

fn uri(text: &str) -> Uri {
    Uri::parse(text).expect("a uri")
}

#[test]
fn a_listing_goes_on_to_its_end() {
    let page = |rest: &str| format!("<ListBucketResult>{rest}</ListBucketResult>");
    let (client, requests) = answering(vec![
        answer(
            "200 OK",
            "",
            &page(
                "<IsTruncated>true</IsTruncated><NextContinuationToken>t=1</NextContinuationToken>\
                 <Contents><Key>p/a</Key><Size>3</Size></Contents>",
            ),
        ),
        answer("200 OK", "", &page("<CommonPrefixes><Prefix>p/b/</Prefix></CommonPrefixes>")),
    ]);
    let listing = client.list(&uri("s3://bucket/p/"), false).expect("a listing");
    assert_eq!(listing.objects, [Object { key: "p/a".into(), bytes: 3 }]);
    assert_eq!(listing.folders, ["p/b/"]);
    assert_eq!(
        requests.join().expect("requests"),
        [
            "/bucket?delimiter=%2f&encoding-type=url&list-type=2&prefix=p%2f signed for us-east-1/s3",
            "/bucket?continuation-token=t%3d1&delimiter=%2f&encoding-type=url&list-type=2&prefix=p%2f \
             signed for us-east-1/s3",
        ]
    );
}

#[test]
fn a_bucket_elsewhere_is_asked_there_from_then_on() {
    let (client, requests) = answering(vec![
        answer("301 Moved Permanently", "x-amz-bucket-region: eu-west-3\r\n", ""),
        answer("206 Partial Content", "", "bc"),
        answer("200 OK", "", "abc"),
    ]);
    let object = uri("s3://bucket/a b");
    assert_eq!(client.get(&object, 1..3), Ok(b"bc".to_vec()));
    // This one knows no ranges.
    assert_eq!(client.get(&object, 1..9), Ok(b"bc".to_vec()));
    assert_eq!(client.get(&object, 5..5), Ok(vec![]));
    assert_eq!(
        requests.join().expect("requests"),
        [
            "/bucket/a%20b bytes=1-2 signed for us-east-1/s3",
            "/bucket/a%20b bytes=1-2 signed for eu-west-3/s3",
            "/bucket/a%20b bytes=1-8 signed for eu-west-3/s3",
        ]
    );
}

#[test]
fn who_is_asked_too_often_is_asked_again() {
    let busy = answer("503 Slow Down", "", "<Error><Code>SlowDown</Code></Error>");
    let (client, requests) = answering(vec![busy.clone(), busy, answer("206 Partial Content", "", "x")]);
    assert_eq!(client.get(&uri("s3://bucket/k"), 0..1), Ok(b"x".to_vec()));
    assert_eq!(requests.join().expect("requests").len(), 3);
}

#[test]
fn a_refusal_names_the_object_and_says_what_aws_says() {
    let body = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    let (client, _) = answering(vec![answer("403 Forbidden", "", body), answer("404 Not Found", "", "")]);
    let said = |client: &Client| client.get(&uri("s3://bucket/k"), 0..1).map_err(|error| error.to_string());
    assert_eq!(said(&client), Err("s3://bucket/k: AccessDenied: Access Denied".to_owned()));
    assert_eq!(said(&client), Err("s3://bucket/k: HTTP status 404".to_owned()));
}
