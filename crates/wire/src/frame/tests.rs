//! Envelopes as the API references show them.

use super::*;
use expect_test::{Expect, expect};

const ID: &str = "59dbff89-35bd-4eac-99ed-be587EXAMPLE";

fn frame(service: Service) -> Frame<'static> {
    Frame::new(service, service.protocol(), ID)
}

#[track_caller]
fn check(response: &Response, expected: Expect) {
    let headers: String = response.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let body = String::from_utf8(response.body.clone()).expect("answers are UTF-8").replace("><", ">\n<");
    expected.assert_eq(&format!("{} {}\n{headers}\n{body}", response.status, response.content_type));
}

#[derive(Xml)]
struct CreateVpcResponse {
    vpc: Vpc,
}

#[derive(Xml)]
struct Vpc {
    vpc_id: String,
    cidr_block: String,
    tags: weir_model::Tags,
}

// EC2 API Reference, CreateVpc.
#[test]
fn ec2_answers_have_the_request_id_and_no_result() {
    let tags = [("Name".to_owned(), "a".to_owned())].into();
    let vpc = Vpc { vpc_id: "vpc-1a2b3c4d".into(), cidr_block: "10.0.0.0/16".into(), tags };
    check(
        &frame(Service::Ec2).xml("CreateVpc", &CreateVpcResponse { vpc }),
        expect![[r#"
            200 text/xml;charset=UTF-8
            x-amzn-RequestId: 59dbff89-35bd-4eac-99ed-be587EXAMPLE

            <?xml version="1.0" encoding="UTF-8"?>
            <CreateVpcResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
            <requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId>
            <vpc>
            <vpcId>vpc-1a2b3c4d</vpcId>
            <cidrBlock>10.0.0.0/16</cidrBlock>
            <tagSet>
            <item>
            <key>Name</key>
            <value>a</value>
            </item>
            </tagSet>
            </vpc>
            </CreateVpcResponse>"#]],
    );
}

// EC2 API Reference, DeleteVpc.
#[test]
fn ec2_says_true_when_it_has_nothing_to_say() {
    check(
        &frame(Service::Ec2).xml("DeleteVpc", &Return),
        expect![[r#"
            200 text/xml;charset=UTF-8
            x-amzn-RequestId: 59dbff89-35bd-4eac-99ed-be587EXAMPLE

            <?xml version="1.0" encoding="UTF-8"?>
            <DeleteVpcResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
            <requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId>
            <return>true</return>
            </DeleteVpcResponse>"#]],
    );
}

// EC2 API Reference, "Query requests", structure of an error response.
#[test]
fn ec2_errors_have_a_request_id_in_capitals_and_no_namespace() {
    let error = WireError::new("InvalidVpcID.NotFound", "The vpc ID 'vpc-1a2b3c4d' does not exist");
    check(
        &frame(Service::Ec2).error(&error),
        expect![[r#"
            400 text/xml;charset=UTF-8
            x-amzn-RequestId: 59dbff89-35bd-4eac-99ed-be587EXAMPLE

            <?xml version="1.0" encoding="UTF-8"?>
            <Response>
            <Errors>
            <Error>
            <Code>InvalidVpcID.NotFound</Code>
            <Message>The vpc ID 'vpc-1a2b3c4d' does not exist</Message>
            </Error>
            </Errors>
            <RequestID>59dbff89-35bd-4eac-99ed-be587EXAMPLE</RequestID>
            </Response>"#]],
    );
}

#[derive(Xml)]
struct ListRolePoliciesResult {
    policy_names: Vec<String>,
    is_truncated: bool,
}

// IAM API Reference, ListRolePolicies.
#[test]
fn iam_answers_have_a_result_and_metadata() {
    let result = ListRolePoliciesResult { policy_names: vec!["S3AccessPolicy".into()], is_truncated: false };
    check(
        &frame(Service::Iam).xml("ListRolePolicies", &result),
        expect![[r#"
            200 text/xml
            x-amzn-RequestId: 59dbff89-35bd-4eac-99ed-be587EXAMPLE

            <ListRolePoliciesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
            <ListRolePoliciesResult>
            <PolicyNames>
            <member>S3AccessPolicy</member>
            </PolicyNames>
            <IsTruncated>false</IsTruncated>
            </ListRolePoliciesResult>
            <ResponseMetadata>
            <RequestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</RequestId>
            </ResponseMetadata>
            </ListRolePoliciesResponse>"#]],
    );
}

// IAM API Reference, DeleteRole.
#[test]
fn iam_leaves_the_result_out_when_it_has_nothing_to_say() {
    check(
        &frame(Service::Iam).xml("DeleteRole", &()),
        expect![[r#"
            200 text/xml
            x-amzn-RequestId: 59dbff89-35bd-4eac-99ed-be587EXAMPLE

            <DeleteRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
            <ResponseMetadata>
            <RequestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</RequestId>
            </ResponseMetadata>
            </DeleteRoleResponse>"#]],
    );
}

// IAM API Reference, GetRole, errors.
#[test]
fn iam_errors_say_whose_fault_it_is() {
    check(
        &frame(Service::Iam)
            .error(&WireError::new("NoSuchEntity", "The role with name <r> cannot be found.")),
        expect![[r#"
            404 text/xml
            x-amzn-RequestId: 59dbff89-35bd-4eac-99ed-be587EXAMPLE

            <ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
            <Error>
            <Type>Sender</Type>
            <Code>NoSuchEntity</Code>
            <Message>The role with name &lt;r&gt; cannot be found.</Message>
            </Error>
            <RequestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</RequestId>
            </ErrorResponse>"#]],
    );
    let fault = frame(Service::Sts).error(&WireError::new("ServiceFailure", "x"));
    assert!(String::from_utf8_lossy(&fault.body).contains("<Type>Receiver</Type>"));
}

// CloudWatch Logs API Reference, DescribeLogGroups and "Common errors".
#[test]
fn json_errors_name_their_type() {
    let error = WireError::new("ResourceNotFoundException", "The specified log group does not exist.");
    check(
        &frame(Service::Logs).error(&error),
        expect![[r#"
            400 application/x-amz-json-1.1
            x-amzn-RequestId: 59dbff89-35bd-4eac-99ed-be587EXAMPLE
            x-amzn-ErrorType: ResourceNotFoundException

            {"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}"#]],
    );
    let body = frame(Service::CloudTrail).error(&WireError::new("InvalidTimeRangeException", "x")).body;
    assert_eq!(String::from_utf8_lossy(&body), r#"{"Message":"x","__type":"InvalidTimeRangeException"}"#);
}

#[test]
fn json_answers_are_their_structure_or_nothing() {
    check(
        &frame(Service::Logs).json("StartQuery", &serde_json::json!({"queryId": "q"})),
        expect![[r#"
            200 application/x-amz-json-1.1
            x-amzn-RequestId: 59dbff89-35bd-4eac-99ed-be587EXAMPLE

            {"queryId":"q"}"#]],
    );
    assert_eq!(frame(Service::Logs).empty("DeleteLogGroup").body, b"");
}

/// What GetMetricStatistics answers, as CloudWatch's API Reference has it.
fn statistics() -> serde_json::Value {
    let point = serde_json::json!({ "Timestamp": 1_704_164_640.0, "Sum": 2.0, "Unit": "Count" });
    serde_json::json!({ "Datapoints": [point], "Label": "a<b" })
}

// Amazon CloudWatch API Reference, GetMetricStatistics; the elements as botocore's model names them.
#[test]
fn json_operations_answer_forms_in_xml() {
    let frame = Frame::new(Service::Monitoring, Protocol::Query, ID);
    check(
        &frame.json("GetMetricStatistics", &statistics()),
        expect![[r#"
            200 text/xml
            x-amzn-RequestId: 59dbff89-35bd-4eac-99ed-be587EXAMPLE

            <GetMetricStatisticsResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/">
            <GetMetricStatisticsResult>
            <Label>a&lt;b</Label>
            <Datapoints>
            <member>
            <Timestamp>2024-01-02T03:04:00Z</Timestamp>
            <Sum>2.0</Sum>
            <Unit>Count</Unit>
            </member>
            </Datapoints>
            </GetMetricStatisticsResult>
            <ResponseMetadata>
            <RequestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</RequestId>
            </ResponseMetadata>
            </GetMetricStatisticsResponse>"#]],
    );
    check(
        &frame.empty("PutMetricData"),
        expect![[r#"
            200 text/xml
            x-amzn-RequestId: 59dbff89-35bd-4eac-99ed-be587EXAMPLE

            <PutMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/">
            <ResponseMetadata>
            <RequestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</RequestId>
            </ResponseMetadata>
            </PutMetricDataResponse>"#]],
    );
}

// The codes: `awsQueryError` of the shapes in CloudWatch's model.
#[test]
fn errors_of_json_operations_have_the_codes_of_forms_there() {
    let frame = Frame::new(Service::Monitoring, Protocol::Query, ID);
    check(
        &frame.error(&WireError::new("InvalidParameterValueException", "no")),
        expect![[r#"
            400 text/xml
            x-amzn-RequestId: 59dbff89-35bd-4eac-99ed-be587EXAMPLE

            <ErrorResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/">
            <Error>
            <Type>Sender</Type>
            <Code>InvalidParameterValue</Code>
            <Message>no</Message>
            </Error>
            <RequestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</RequestId>
            </ErrorResponse>"#]],
    );
    let rows = [
        ("MissingRequiredParameterException", "MissingParameter"),
        ("InvalidParameterCombinationException", "InvalidParameterCombination"),
        ("InvalidNextToken", "InvalidNextToken"),
    ];
    for (shape, code) in rows {
        let body = String::from_utf8(frame.error(&WireError::new(shape, "")).body).expect("UTF-8");
        assert!(body.contains(&format!("<Code>{code}</Code>")), "{body}");
    }
}

// Smithy 2.0, "Smithy RPC v2 CBOR protocol": the header in every answer, the whole id of the shape in errors.
#[test]
fn cbor_answers_say_their_protocol_and_errors_their_shape() {
    let frame = Frame::new(Service::Monitoring, Protocol::Cbor, ID);
    let header = |response: &Response, name: &str| {
        response.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.clone())
    };
    let answer = frame.json("GetMetricStatistics", &statistics());
    assert_eq!((answer.status, answer.content_type), (200, "application/cbor"));
    assert_eq!(header(&answer, "smithy-protocol").as_deref(), Some("rpc-v2-cbor"));
    assert_eq!(answer.body[..2], *b"\xa2\x6a");
    let error = frame.error(&WireError::new("InvalidParameterValueException", "no"));
    assert_eq!((error.status, error.content_type), (400, "application/cbor"));
    assert_eq!(header(&error, "smithy-protocol").as_deref(), Some("rpc-v2-cbor"));
    assert_eq!(header(&error, "x-amzn-query-error").as_deref(), Some("InvalidParameterValue;Sender"));
    let shape = b"com.amazonaws.cloudwatch#InvalidParameterValueException";
    let said = [b"\xa2\x66__type\x78\x37", shape.as_slice(), b"\x67message\x62no"].concat();
    assert_eq!(error.body, said);
    let fault = frame.empty("PutMetricData").unwritten();
    assert_eq!((fault.status, fault.content_type), (503, "application/cbor"));
    let fault = frame.error(&WireError::new("InternalFailure", ""));
    assert_eq!(header(&fault, "x-amzn-query-error").as_deref(), Some("InternalFailure;Receiver"));
}

#[test]
fn refusals_without_a_service_have_an_envelope_too() {
    let error = WireError::not_implemented(Protocol::Query, "SendMessage");
    let refusal = Refusal { protocol: Protocol::Query, service: None, error };
    check(
        &refusal.response(ID),
        expect![[r#"
            400 text/xml
            x-amzn-RequestId: 59dbff89-35bd-4eac-99ed-be587EXAMPLE

            <ErrorResponse>
            <Error>
            <Type>Sender</Type>
            <Code>InvalidAction</Code>
            <Message>The action SendMessage is not valid for this web service: not implemented by weir.</Message>
            </Error>
            <RequestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</RequestId>
            </ErrorResponse>"#]],
    );
}

// IAM API Reference: UpdateRole has a result without members, TagRole has none.
#[test]
fn an_empty_result_is_there_only_where_the_service_has_one() {
    #[derive(Xml)]
    struct Nothing {}
    let body = |action| String::from_utf8(frame(Service::Iam).xml(action, &Nothing {}).body);
    let has_result = |action| body(action).expect("answers are UTF-8").contains("Result");
    assert!(has_result("UpdateRole") && !has_result("TagRole"));
}

#[test]
fn what_could_not_be_written_is_a_fault_in_the_same_protocol() {
    let unwritten = |service, protocol| {
        let response = Frame::new(service, protocol, "id-1").empty("A").unwritten();
        (response.status, String::from_utf8(response.body).expect("UTF-8"))
    };
    let said = "The disk does not take what was changed.";
    let json = format!(r#"{{"__type":"ServiceUnavailableException","message":"{said}"}}"#);
    assert_eq!(unwritten(Service::Logs, Protocol::Json11), (503, json));
    let (status, xml) = unwritten(Service::Ec2, Protocol::Ec2);
    let error =
        format!("<Errors><Error><Code>InternalError</Code><Message>{said}</Message></Error></Errors>");
    assert!(status == 500 && xml.contains(&error) && xml.contains("<RequestID>id-1</RequestID>"), "{xml}");
    let (status, xml) = unwritten(Service::Iam, Protocol::Query);
    assert!(
        status == 500 && xml.starts_with("<ErrorResponse>") && xml.contains("<Type>Receiver</Type>"),
        "{xml}"
    );
}
