//! The log stream of an interface, or of a regional NAT gateway.
//!
//! Assumption: that of a gateway is named after the gateway, as one of an interface is after the interface.
//! Source: Amazon VPC User Guide, "Publish flow logs to CloudWatch Logs" (log streams of flow logs).

use weir_model::flow_log::TrafficType;

/// The name of the stream that holds the records of the resource called `name` for flow logs of these traffic types, all of
/// one log group: `eni-…-all`, `eni-…-accept` or `eni-…-reject`.
///
/// Several flow logs of one group share one stream. Assumption: it is called `all` if they differ in their traffic type.
pub fn stream_name(name: &str, traffic: &[TrafficType]) -> String {
    let all_are = |wanted: TrafficType| !traffic.is_empty() && traffic.iter().all(|found| *found == wanted);
    let suffix = match () {
        () if all_are(TrafficType::Accept) => "accept",
        () if all_are(TrafficType::Reject) => "reject",
        () => "all",
    };
    format!("{name}-{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_named_after_the_interface_and_the_traffic() {
        use TrafficType::{Accept, All, Reject};
        let rows: [(&[TrafficType], &str); 5] = [
            (&[All], "eni-1235b8ca123456789-all"),
            (&[Accept], "eni-1235b8ca123456789-accept"),
            (&[Reject, Reject], "eni-1235b8ca123456789-reject"),
            (&[Accept, Reject], "eni-1235b8ca123456789-all"),
            (&[Accept, All], "eni-1235b8ca123456789-all"),
        ];
        for (traffic, name) in rows {
            assert_eq!(stream_name("eni-1235b8ca123456789", traffic), name);
        }
    }
}
