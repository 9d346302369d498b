//! The fields of data sources (CloudWatch Logs API Reference, GetLogFields; User Guide, "Data source discovery and management").

use crate::world::World;
use serde_json::{Value, json};
use weir_wire::Service;

fn call(name: &str, kind: &str) -> String {
    let body = json!({ "dataSourceName": name, "dataSourceType": kind });
    World::new().json(Service::Logs, "GetLogFields", &body.to_string())
}

#[test]
fn flow_logs_have_the_fields_of_their_data_source() {
    let answer: Value = serde_json::from_str(&call("amazon_vpc", "flow")).expect("an answer");
    let shown = |field: &Value| {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        format!("{} {}", text(&field["logFieldName"]), text(&field["logFieldType"]["type"]))
    };
    let shown: Vec<String> = answer["logFields"].as_array().expect("a list").iter().map(shown).collect();
    // VPC User Guide, "Flow log records": 54 fields; INT_32 is int, INT_64 long, STRING string.
    assert_eq!(shown.len(), 54);
    let default = "version int, accountId string, interfaceId string, srcAddr string, dstAddr string, srcPort int, dstPort int, \
         protocol int, packets long, bytes long, startTime long, endTime long, action string, logStatus string";
    assert_eq!(shown[..14].join(", "), default);
    for field in ["flowDirection string", "region string", "type string", "tcpFlags int", "trafficPath int"] {
        assert!(shown.contains(&field.to_owned()), "{field}");
    }
    assert!(!shown.iter().any(|field| field.starts_with("tgw")), "{shown:?}");
}

#[test]
fn other_data_sources_are_not_there() {
    for (name, kind) in
        [("amazon_vpc", "route"), ("aws_waf", "access"), ("", "amazon_vpc.flow"), ("amazon_vpc.flow", "")]
    {
        let said = call(name, kind);
        assert_eq!(
            said, "400 ResourceNotFoundException: The specified data source does not exist.",
            "{name} {kind}"
        );
    }
}
