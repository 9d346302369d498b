//! No query panics, and errors are where something is wrong.

use proptest::prelude::*;

use super::ppl_plan;
use crate::parser::QUERY_CHARS_MAX;

fn check_error(query: &str) -> Result<(), TestCaseError> {
    if let Err(error) = ppl_plan(query, None) {
        let place = error.location(query);
        prop_assert!(place.start_char_offset <= place.end_char_offset, "{query}");
        prop_assert!(place.end_char_offset <= query.chars().count(), "{query}");
        prop_assert!(!error.to_string().is_empty());
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        check_error(&text)?;
    }

    #[test]
    fn no_mixture_of_tokens_panics(words in prop::collection::vec(
        prop::sample::select(vec![
            "source", "=", "`g`", "g", "|", "fields", "where", "stats", "eventstats", "top", "rare", "fieldsummary", "trendline", "sort",
            "head", "dedup", "expand", "flatten", "eval", "rename", "fillnull", "parse", "grok", "join", "left", "right", "cross", "on",
            "includefields", "sma", "span", "as", "by", "with", "using", "value", "in", "not", "and", "or", "xor", "between", "like",
            "regexp", "is", "null", "exists", "case", "else", "cast", "interval", "DAY", "a", "b", "a.x", "b.y", "@timestamp", "`@message`",
            "count", "avg", "if", "json_object", "timestampdiff", "position", "1", "2.5", "1h", "'x'", "\"(?<b>.)\"", "'%{WORD:a}'",
            "(", ")", "[", "]", ",", "+", "-", "*", "/", "%", "==", "!=", ";", ":", "lg", "ds", "//", "/*", "*/", "from", "keepempty",
            "true",
        ]), 0..24))
    {
        check_error(&words.join(" "))?;
    }

    /// Pieces that fit more often than words do.
    #[test]
    fn no_mixture_of_commands_panics(commands in prop::collection::vec(prop::sample::select(vec![
        "fields a, b", "fields - a", "where a = 1 not b like 'x%' xor c in (1, 2)", "where a in [source = h | fields x]",
        "where exists [source = h]", "eval b = a / 2, c = json_object('x', a), d = json_array(c, c)",
        "stats count() as n, avg(a) by span(b, 10) as s, b", "stats percentile(a, 50), stddev_pop(a) by span(@timestamp, 1M)",
        "sort - a, + b", "sort count()", "head 5 from 2", "dedup 2 a, b keepempty=true", "dedup a", "parse a '(?<b>.+)-(?<c>.+)'",
        "grok a '%{COMMONAPACHELOG}'", "rename a as b, b as a", "top 3 a by b", "rare a", "fillnull with 0 in a, b",
        "fillnull using a = b, b = a", "eventstats avg(a) as m by b", "trendline sort a sma(2, a) as t sma(3, b)",
        "fieldsummary includefields=a nulls=true", "flatten c as x", "flatten d", "expand d as e", "expand a",
        "join left = l right = r on l.a = r.a and r.b > 1 h", "left join left = l right = r on l.a = r.b [source = h | fields a, b]",
        "where l.a = r.b", "fields l.a, b", "eval x = timestampadd(DAY, 1, @timestamp), y = cast(a as int), z = case(a > 1, 'x' else b)",
    ]), 0..8)) {
        check_error(&["source = g"].into_iter().chain(commands).collect::<Vec<_>>().join(" | "))?;
    }
}

#[test]
fn nesting_has_an_end() {
    let is_refused = |query: String| ppl_plan(&query, None).is_err();
    assert!(is_refused(format!("where {}a{}", "(".repeat(200), ")".repeat(200))));
    assert!(is_refused(format!("where {}a", "NOT ".repeat(1000))));
    assert!(is_refused(format!("eval x = a{}", " + a".repeat(1000))));
    assert!(is_refused("source = [".repeat(200) + "source = g" + &"]".repeat(200)));
    assert!(is_refused("where exists [source = g | ".repeat(200) + "head" + &"]".repeat(200)));
    assert!(is_refused(format!("where a = 1{}", " XOR a = 1".repeat(100))));
    assert!(!is_refused(format!("where a = 0{}", " OR a = 1".repeat(900))));
}

#[test]
fn queries_have_a_length() {
    let blanks = |count: usize| format!("head{}", " ".repeat(count - 4));
    assert!(ppl_plan(&blanks(QUERY_CHARS_MAX), None).is_ok());
    assert!(ppl_plan(&blanks(QUERY_CHARS_MAX + 1), None).is_err());
}

/// What the guide's pages give as examples.
#[test]
fn queries_of_the_guide_are_understood() {
    for query in [
        "LEFT JOIN left=l, right=r on l.id = r.id `join_right_lg` | fields l.field_1, r.field_2",
        "where field1=\"success\" | where field2 != \"i-023fe0a90929d8822\" | fields field3, field4, field5,field6 | head 1000",
        "parse field1 \".*/(?<field2>[^/]+$)\" | where field2 = \"requestId\" | fields field1, field2 | head 1000",
        "stats count(), count(field1), min(field1) as field1Alias, max(`field1`), avg(`field1`) by field2 | sort -field1Alias",
        "rename field2 as field1 | fields field1;",
        "where field_1 IN [ search source= `subquery_lg` | fields field_2 ] | fields id, field_1",
        "where field1 != 200 | fieldsummary includefields= field1 nulls=true",
        "trendline sma(2, field1) as field1Alias",
        "eventStats sum(field1) by field2",
        "fields `@timestamp`, error_code, status_code | fillnull using status_code = \"UNKNOWN\", error_code = \"UNKNOWN\"",
        "eval tags = json_array(json_extract(a, '$[0]'), json_extract(a, '$[1]')) | expand tags as color_tags",
        "eval m = json_object('size', json_extract(a, '$.size'), 'color', 1) | flatten m as (meta_size, meta_color)",
        "eval field1Len = LENGTH(field1) | fields field1Len",
        "eval newDate = ADDDATE(DATE('2020-08-26'), 1) | fields newDate",
        "eval valid_json = json('[1,2,3,{\"f1\":1,\"f2\":[5,6]},4]') | fields valid_json",
        "source = [lg:`/aws/lambda/a`, lg:`/aws/lambda/b`, `aws:fieldIndex` IN (\"status\", \"region\"), `status` = 200] | head 5",
        "source = [ds:`amazon_vpc.flow`, `aws:fieldIndex`=\"action\", `action` IN ('REJECT', 'ACCEPT')] | fields `@message`",
    ] {
        assert_eq!(ppl_plan(query, None).map(|_| ()), Ok(()), "{query}");
    }
}
