//! The services that endpoints lead to: S3 and DynamoDB by gateway, and all of [`SERVICES`] by interface.
//!
//! Behind endpoints answer only the services that Weir speaks; endpoints of the others have interfaces, names and policies,
//! and what is asked there is not implemented.
//!
//! Assumptions: ids of services are drawn from their names, as AWS's differ by region in no documented way; every service is
//! in every region and zone, and takes policies and both families of addresses; of S3 the private names are those of its
//! buckets, access points and control. DynamoDB has no private name.
//! Source: AWS PrivateLink Guide, "AWS services that integrate with AWS PrivateLink"; Amazon S3 User Guide, "AWS PrivateLink
//! for Amazon S3"; answers of DescribeVpcEndpointServices recorded in 2020 (batfish lab-validation).

use crate::RegionName;
use crate::service_range::name_hash;

/// The type of gateway endpoints.
pub const GATEWAY: &str = "Gateway";
/// The type of interface endpoints.
pub const INTERFACE: &str = "Interface";

/// A service that endpoints of one type lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointService {
    /// How its name ends: `kinesis-firehose`.
    pub name: &'static str,
    /// How its host names begin: `firehose`.
    pub host: &'static str,
    /// The type of its endpoints.
    pub kind: &'static str,
    private: Private,
}

/// The names that lead to the interface endpoint of a service inside its VPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Private {
    /// It has none.
    None,
    /// The host's.
    Host,
    /// Those that begin so.
    Hosts(&'static [&'static str]),
}

const fn named_so(name: &'static str) -> EndpointService {
    hosted(name, name)
}

const fn hosted(name: &'static str, host: &'static str) -> EndpointService {
    EndpointService { name, host, kind: INTERFACE, private: Private::Host }
}

const fn with_names(
    name: &'static str,
    host: &'static str,
    hosts: &'static [&'static str],
) -> EndpointService {
    EndpointService { name, host, kind: INTERFACE, private: Private::Hosts(hosts) }
}

const fn without_private_name(name: &'static str, kind: &'static str) -> EndpointService {
    EndpointService { name, host: name, kind, private: Private::None }
}

/// The services, by name; those that have endpoints of both types twice.
pub const SERVICES: &[EndpointService] = &[
    named_so("access-analyzer"),
    named_so("acm-pca"),
    named_so("application-autoscaling"),
    named_so("apprunner"),
    named_so("aps"),
    named_so("aps-workspaces"),
    named_so("athena"),
    named_so("auditmanager"),
    named_so("autoscaling"),
    named_so("autoscaling-plans"),
    named_so("backup"),
    named_so("batch"),
    named_so("bedrock"),
    named_so("bedrock-agent"),
    named_so("bedrock-agent-runtime"),
    named_so("bedrock-runtime"),
    named_so("cassandra"),
    named_so("cloudformation"),
    named_so("cloudhsmv2"),
    named_so("cloudtrail"),
    named_so("codebuild"),
    named_so("codecommit"),
    named_so("codedeploy"),
    named_so("codedeploy-commands-secure"),
    named_so("codepipeline"),
    named_so("comprehend"),
    named_so("config"),
    named_so("databrew"),
    named_so("dataexchange"),
    named_so("datasync"),
    named_so("dms"),
    without_private_name("dynamodb", GATEWAY),
    without_private_name("dynamodb", INTERFACE),
    named_so("ebs"),
    named_so("ec2"),
    named_so("ec2messages"),
    hosted("ecr.api", "api.ecr"),
    with_names("ecr.dkr", "dkr.ecr", &["*.dkr.ecr"]),
    named_so("ecs"),
    hosted("ecs-agent", "ecs-a"),
    hosted("ecs-telemetry", "ecs-t"),
    named_so("eks"),
    named_so("elasticache"),
    named_so("elasticbeanstalk"),
    named_so("elasticbeanstalk-health"),
    named_so("elasticfilesystem"),
    named_so("elasticloadbalancing"),
    named_so("elasticmapreduce"),
    named_so("email-smtp"),
    named_so("emr-containers"),
    named_so("events"),
    with_names("execute-api", "execute-api", &["*.execute-api"]),
    named_so("fis"),
    named_so("fsx"),
    named_so("git-codecommit"),
    named_so("glue"),
    named_so("grafana"),
    named_so("guardduty"),
    named_so("guardduty-data"),
    named_so("imagebuilder"),
    named_so("inspector2"),
    named_so("kafka"),
    named_so("kendra"),
    hosted("kinesis-firehose", "firehose"),
    hosted("kinesis-streams", "kinesis"),
    named_so("kms"),
    named_so("lakeformation"),
    named_so("lambda"),
    named_so("license-manager"),
    named_so("logs"),
    named_so("macie2"),
    named_so("memory-db"),
    named_so("mgn"),
    named_so("monitoring"),
    named_so("polly"),
    named_so("ram"),
    named_so("rds"),
    named_so("rds-data"),
    named_so("redshift"),
    named_so("redshift-data"),
    named_so("rekognition"),
    named_so("route53resolver"),
    without_private_name("s3", GATEWAY),
    with_names("s3", "s3", &["s3", "*.s3", "*.s3-accesspoint", "*.s3-control"]),
    hosted("sagemaker.api", "api.sagemaker"),
    hosted("sagemaker.runtime", "runtime.sagemaker"),
    named_so("scheduler"),
    named_so("schemas"),
    named_so("secretsmanager"),
    named_so("securityhub"),
    named_so("servicecatalog"),
    named_so("servicediscovery"),
    named_so("sns"),
    named_so("sqs"),
    named_so("ssm"),
    named_so("ssm-contacts"),
    named_so("ssm-incidents"),
    named_so("ssmmessages"),
    named_so("states"),
    named_so("storagegateway"),
    named_so("sts"),
    named_so("swf"),
    named_so("sync-states"),
    named_so("synthetics"),
    named_so("textract"),
    named_so("transcribe"),
    named_so("transcribestreaming"),
    named_so("transfer"),
    named_so("translate"),
    named_so("wafv2"),
    named_so("workspaces"),
    named_so("xray"),
];

/// The service whose name ends in `name`, and whose endpoints are of type `kind`.
pub fn named(name: &str, kind: &str) -> Option<EndpointService> {
    SERVICES.iter().find(|service| service.name == name && service.kind == kind).copied()
}

/// The services of this whole name in `region`, one for each type of endpoints.
pub fn find(region: RegionName, full_name: &str) -> impl Iterator<Item = EndpointService> {
    let own = move |service: &&EndpointService| self::full_name(region, service.name) == full_name;
    SERVICES.iter().filter(own).copied()
}

/// The whole name of a service: `com.amazonaws.us-east-1.s3`.
pub fn full_name(region: RegionName, name: &str) -> String {
    format!("com.amazonaws.{region}.{name}")
}

impl EndpointService {
    /// The names that lead to its interface endpoint inside the VPC: `ec2.us-east-1.amazonaws.com`, or with `*.` before it
    /// all names below.
    pub fn private_names(&self, region: RegionName) -> Vec<String> {
        let hosts: &[&str] = match self.private {
            Private::None => &[],
            Private::Host => &[self.host],
            Private::Hosts(hosts) => hosts,
        };
        hosts.iter().map(|host| format!("{host}.{region}.amazonaws.com")).collect()
    }

    /// Whether names lead to its interface endpoint inside the VPC.
    pub fn has_private_name(&self) -> bool {
        self.private != Private::None
    }

    /// What the names of its endpoints end in: of interface endpoints `ec2.us-east-1.vpce.amazonaws.com`, else the service's
    /// public name.
    pub fn base_name(&self, region: RegionName) -> String {
        match self.kind {
            INTERFACE => format!("{}.{region}.vpce.amazonaws.com", self.host),
            _ => format!("{}.{region}.amazonaws.com", self.host),
        }
    }

    /// Whether the names of its interface endpoints stand for all names below them: in S3's, buckets come first.
    pub fn names_buckets(&self) -> bool {
        self.name == "s3"
    }

    /// The id of the service: `vpce-svc-…`.
    pub fn id(&self, region: RegionName) -> String {
        let name = full_name(region, self.name);
        // A service has one id for each type of endpoints; the first it ever had here is that of its name alone.
        let is_second = self.kind == INTERFACE && named(self.name, GATEWAY).is_some();
        let hash = if is_second { name_hash(&format!("{name}/{INTERFACE}")) } else { name_hash(&name) };
        format!("vpce-svc-0{hash:016x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_in_the_order_of_their_names_once_for_each_type() {
        let keys: Vec<_> = SERVICES.iter().map(|service| (service.name, service.kind)).collect();
        assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
    }

    #[test]
    fn names_of_services_are_not_always_their_hosts() {
        let region: RegionName = "eu-west-1".parse().unwrap();
        let names = |name| {
            let service = named(name, INTERFACE).unwrap();
            (service.private_names(region).join(" "), service.base_name(region))
        };
        let rows = [
            ("ecr.api", "api.ecr.eu-west-1.amazonaws.com", "api.ecr.eu-west-1.vpce.amazonaws.com"),
            ("ecr.dkr", "*.dkr.ecr.eu-west-1.amazonaws.com", "dkr.ecr.eu-west-1.vpce.amazonaws.com"),
            ("kinesis-streams", "kinesis.eu-west-1.amazonaws.com", "kinesis.eu-west-1.vpce.amazonaws.com"),
            ("kms", "kms.eu-west-1.amazonaws.com", "kms.eu-west-1.vpce.amazonaws.com"),
            ("dynamodb", "", "dynamodb.eu-west-1.vpce.amazonaws.com"),
        ];
        for (name, private, base) in rows {
            assert_eq!(names(name), (private.to_owned(), base.to_owned()));
        }
    }
}
