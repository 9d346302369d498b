//! Reads an `aws` command line into the request that the aws CLI would send, for the options that labs use.
//!
//! So the command a lab shows is the command it runs: each can be pasted into a shell.
//! Source: AWS CLI User Guide, "Shorthand syntax"; the customizations of `authorize-security-group-ingress`.

use serde_json::{Map, Value};
use weir_wire::Request;

/// A service as the aws CLI names it, and how it is spoken to.
struct Service {
    name: &'static str,
    /// The API version of a Query service, or the target prefix of a JSON service.
    version: &'static str,
    is_json: bool,
}

const SERVICES: [Service; 5] = [
    Service { name: "ec2", version: "2016-11-15", is_json: false },
    Service { name: "iam", version: "2010-05-08", is_json: false },
    Service { name: "sts", version: "2011-06-15", is_json: false },
    Service { name: "logs", version: "Logs_20140328", is_json: true },
    Service { name: "ec2-instance-connect", version: "AWSEC2InstanceConnectService", is_json: true },
];

/// Options whose member is not the option's name in capitals: list members of EC2 have singular names.
const MEMBERS: [(&str, &str); 16] = [
    ("filters", "Filter"),
    ("flow-log-ids", "FlowLogId"),
    ("instance-ids", "InstanceId"),
    ("internet-gateway-ids", "InternetGatewayId"),
    ("network-interface-ids", "NetworkInterfaceId"),
    ("owners", "Owner"),
    ("resource-ids", "ResourceId"),
    ("resources", "ResourceId"),
    ("route-table-ids", "RouteTableId"),
    ("security-group-ids", "SecurityGroupId"),
    ("group-ids", "GroupId"),
    ("subnet-ids", "SubnetId"),
    ("tag-specifications", "TagSpecification"),
    ("tags", "Tag"),
    ("vpc-ids", "VpcId"),
    ("vpc-peering-connection-ids", "VpcPeeringConnectionId"),
];

/// Members that are numbers in JSON.
const NUMBERS: [&str; 4] = ["startTime", "endTime", "limit", "retentionInDays"];

/// The request that `line` (without `aws`) stands for, in the words of the wire; `region` and `account` sign it.
///
/// # Errors
/// The line is not one that this reader knows; the message says which word.
pub fn request(line: &str, region: &str, account: &str) -> Result<Request, String> {
    let words = words(line)?;
    let [service, operation, options @ ..] = words.as_slice() else {
        return Err(format!("{line}: too short"));
    };
    let known =
        SERVICES.iter().find(|known| known.name == service).ok_or(format!("{service}: not in labs"))?;
    let operation = pascal(operation);
    let options = by_option(options)?;
    let mut headers = vec![("authorization".to_owned(), authorization(known.name, region, account))];
    let body = if known.is_json {
        headers.push(("x-amz-target".into(), format!("{}.{operation}", known.version)));
        headers.push(("content-type".into(), "application/x-amz-json-1.1".into()));
        json(&options)
    } else {
        headers.push(("content-type".into(), "application/x-www-form-urlencoded; charset=utf-8".into()));
        form(known, &operation, &options)
    };
    let body = body.into_bytes();
    Ok(Request { method: "POST".into(), path: "/".into(), query: String::new(), headers, body })
}

fn authorization(service: &str, region: &str, account: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

/// An option and its values.
type Given = (String, Vec<String>);

fn by_option(words: &[String]) -> Result<Vec<Given>, String> {
    let mut options: Vec<Given> = vec![];
    for word in words {
        match (word.strip_prefix("--"), options.last_mut()) {
            (Some(option), _) => options.push((option.to_owned(), vec![])),
            (None, Some((_, values))) => values.push(word.clone()),
            (None, None) => return Err(format!("{word}: not an option")),
        }
    }
    Ok(options)
}

fn json(options: &[Given]) -> String {
    let mut body = Map::new();
    for (option, values) in options {
        let name = camel(option);
        let value = match values.as_slice() {
            [] => Value::Bool(true),
            [one] if NUMBERS.contains(&name.as_str()) => {
                one.parse::<i64>().map_or(Value::from(one.as_str()), Value::from)
            }
            [one] if !name.ends_with('s') => Value::from(one.as_str()),
            many => Value::from(many.to_vec()),
        };
        body.insert(name, value);
    }
    Value::Object(body).to_string()
}

fn form(service: &Service, operation: &str, options: &[Given]) -> String {
    let mut pairs =
        vec![("Action".to_owned(), operation.to_owned()), ("Version".into(), service.version.to_owned())];
    match group_rule(operation, options) {
        Some(rule) => pairs.extend(rule),
        None => options.iter().for_each(|(option, values)| member(option, values, &mut pairs)),
    }
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect::<Vec<_>>()
        .join("&")
}

/// `authorize-…` and `revoke-security-group-…` with `--protocol --port --cidr`, which the CLI turns into a permission.
fn group_rule(operation: &str, options: &[Given]) -> Option<Vec<(String, String)>> {
    let value =
        |name: &str| options.iter().find(|(option, _)| option == name).and_then(|(_, values)| values.first());
    let protocol = value("protocol").filter(|_| operation.contains("SecurityGroup"))?;
    let port = value("port").map_or("-1", String::as_str);
    let (first, last) = port.split_once('-').filter(|(first, _)| !first.is_empty()).unwrap_or((port, port));
    let at = |name: &str| format!("IpPermissions.1.{name}");
    let mut pairs = vec![
        ("GroupId".to_owned(), value("group-id")?.clone()),
        (at("IpProtocol"), protocol.clone()),
        (at("FromPort"), first.to_owned()),
        (at("ToPort"), last.to_owned()),
    ];
    pairs.extend(value("cidr").map(|cidr| (at("IpRanges.1.CidrIp"), cidr.clone())));
    pairs.extend(value("source-group").map(|group| (at("Groups.1.GroupId"), group.clone())));
    Some(pairs)
}

fn member(option: &str, values: &[String], pairs: &mut Vec<(String, String)>) {
    let listed = MEMBERS.iter().find(|(known, _)| *known == option).map(|(_, member)| *member);
    // A pair of flags such as --egress and --ingress is one member.
    if let ("egress" | "ingress", []) = (option, values) {
        return pairs.push(("Egress".into(), (option == "egress").to_string()));
    }
    // The CLI's own --count is the least and the most instances.
    if let ("count", [count]) = (option, values) {
        return pairs.extend(["MinCount", "MaxCount"].map(|name| (name.to_owned(), count.clone())));
    }
    match (listed, values) {
        (Some(name), values) => {
            for (index, value) in values.iter().enumerate() {
                shorthand(&format!("{name}.{}", index + 1), value, pairs);
            }
        }
        (None, []) if option.starts_with("no-") => pairs.push((flag(&option[3..]), "false".into())),
        (None, []) => pairs.push((flag(option), "true".into())),
        (None, [first, ..]) => pairs.push((scalar(option), first.clone())),
    }
}

/// The name of a scalar member: by rule, but for what AWS's model names otherwise on the wire.
fn scalar(option: &str) -> String {
    match option {
        "description" => "GroupDescription".into(),
        _ => pascal(option),
    }
}

/// Flags of Modify…Attribute calls are structures with one member.
fn flag(option: &str) -> String {
    match option {
        "map-public-ip-on-launch" | "enable-dns-hostnames" | "enable-dns-support" => {
            format!("{}.Value", pascal(option))
        }
        _ => pascal(option),
    }
}

/// `Key=a,Value=b` and `ResourceType=vpc,Tags=[{Key=a,Value=b}]` and `Name=x,Values=a,b`, or a plain value.
fn shorthand(at: &str, text: &str, pairs: &mut Vec<(String, String)>) {
    if !text.contains('=') {
        return pairs.push((at.to_owned(), text.to_owned()));
    }
    let mut list: Option<(String, usize)> = None;
    for part in split_outside_brackets(text) {
        match (part.split_once('='), &mut list) {
            (Some((name, value)), _) if value.starts_with("[{") => {
                let inner = value.trim_start_matches("[{").trim_end_matches("}]");
                for (index, item) in inner.split("},{").enumerate() {
                    shorthand(&format!("{at}.{}.{}", singular(name), index + 1), item, pairs);
                }
            }
            (Some(("Values", value)), _) => {
                list = Some((format!("{at}.Value"), 1));
                pairs.push((format!("{at}.Value.1"), value.to_owned()));
            }
            (Some((name, value)), _) => pairs.push((format!("{at}.{name}"), value.to_owned())),
            (None, Some((name, count))) => {
                *count += 1;
                pairs.push((format!("{name}.{count}"), part.to_owned()));
            }
            (None, None) => pairs.push((at.to_owned(), part.to_owned())),
        }
    }
}

fn singular(name: &str) -> &str {
    name.strip_suffix('s').unwrap_or(name)
}

fn split_outside_brackets(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (vec![], 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// Words as a shell would split them: white space, and single quotes that keep everything.
fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quoted) = (vec![], None::<String>, false);
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if quoted { Err(format!("{line}: a quote is open")) } else { Ok(words) }
}

fn pascal(kebab: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    kebab.split('-').map(capital).collect()
}

fn camel(kebab: &str) -> String {
    let pascal = pascal(kebab);
    let mut letters = pascal.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, body: &str) {
        let request = request(line, "us-east-1", "000000000000").expect(line);
        let decoded =
            percent_encoding::percent_decode(&request.body).decode_utf8().expect("UTF-8").into_owned();
        assert_eq!(decoded, body, "{line}");
    }

    #[test]
    fn command_lines_become_what_the_cli_sends() {
        check(
            "ec2 create-vpc --cidr-block 10.1.0.0/16",
            "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.1.0.0/16",
        );
        check(
            "ec2 create-subnet --vpc-id vpc-1 --tag-specifications ResourceType=subnet,Tags=[{Key=Name,Value=a},{Key=b,Value=c}]",
            "Action=CreateSubnet&Version=2016-11-15&VpcId=vpc-1&TagSpecification.1.ResourceType=subnet&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=a&TagSpecification.1.Tag.2.Key=b&TagSpecification.1.Tag.2.Value=c",
        );
        check(
            "ec2 describe-route-tables --filters Name=vpc-id,Values=vpc-1,vpc-2 Name=tag:Name,Values=x",
            "Action=DescribeRouteTables&Version=2016-11-15&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1&Filter.1.Value.2=vpc-2&Filter.2.Name=tag:Name&Filter.2.Value.1=x",
        );
        check(
            "ec2 authorize-security-group-ingress --group-id sg-1 --protocol tcp --port 22 --cidr 0.0.0.0/0",
            "Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0",
        );
        check(
            "ec2 modify-subnet-attribute --subnet-id subnet-1 --map-public-ip-on-launch",
            "Action=ModifySubnetAttribute&Version=2016-11-15&SubnetId=subnet-1&MapPublicIpOnLaunch.Value=true",
        );
        check(
            "logs start-query --log-group-name 'a b' --start-time 1 --query-string 'fields @message | limit 1'",
            r#"{"logGroupName":"a b","queryString":"fields @message | limit 1","startTime":1}"#,
        );
    }

    #[test]
    fn what_is_not_a_command_is_refused_by_its_word() {
        assert!(request("ec2", "r", "a").is_err());
        assert_eq!(request("s4 ls", "r", "a").err().as_deref(), Some("s4: not in labs"));
        assert_eq!(request("ec2 describe-vpcs x", "r", "a").err().as_deref(), Some("x: not an option"));
    }
}
