//! Amazon CloudWatch Logs: groups, streams, events and queries over the log store.
//!
//! Source: Amazon CloudWatch Logs API Reference (2014-03-28).

pub mod account_policy;
pub mod class;
pub mod definition;
pub mod destination;
pub mod encryption;
mod entity;
pub mod event;
pub mod export;
pub mod fields;
pub mod group;
pub mod index_policy;
pub mod list;
pub mod live_tail;
pub mod lookup_table;
pub mod metric_filter;
pub mod name;
pub mod pattern;
pub mod position;
pub mod queries;
pub mod query;
mod query_source;
pub mod read;
pub mod record;
pub mod resource_policy;
pub mod schedule;
pub mod scheduled_query;
pub mod scheduled_run;
pub mod state;
pub mod stream;
pub mod tag;
pub mod write;

mod check;

crate::table::operations! { Logs json:
    group { CreateLogGroup Write DeleteLogGroup Write DescribeLogGroups List PutRetentionPolicy Write DeleteRetentionPolicy Write PutLogGroupDeletionProtection Write }
    list { ListLogGroups List ListLogGroupsForQuery List }
    encryption { AssociateKmsKey Write DisassociateKmsKey Write }
    stream { CreateLogStream Write DeleteLogStream Write DescribeLogStreams List }
    write { PutLogEvents Write }
    read { GetLogEvents Read FilterLogEvents Read }
    export { CreateExportTask Write DescribeExportTasks List CancelExportTask Write }
    live_tail { StartLiveTail Read }
    record { GetLogRecord Read }
    fields { GetLogGroupFields Read GetLogFields Read }
    index_policy { PutIndexPolicy Write DescribeIndexPolicies List DeleteIndexPolicy Write DescribeFieldIndexes List }
    account_policy { PutAccountPolicy Write DescribeAccountPolicies List DeleteAccountPolicy Write }
    resource_policy { PutResourcePolicy Permissions DescribeResourcePolicies List DeleteResourcePolicy Permissions }
    query { StartQuery Read GetQueryResults Read StopQuery Read DescribeQueries List }
    metric_filter { PutMetricFilter Write DescribeMetricFilters List DeleteMetricFilter Write TestMetricFilter Read }
    lookup_table { CreateLookupTable Write UpdateLookupTable Write GetLookupTable Read DescribeLookupTables List DeleteLookupTable Write }
    scheduled_query { CreateScheduledQuery Write UpdateScheduledQuery Write GetScheduledQuery Read ListScheduledQueries List DeleteScheduledQuery Write }
    scheduled_run { GetScheduledQueryHistory Read }
    definition { PutQueryDefinition Write DescribeQueryDefinitions List DeleteQueryDefinition Write }
    tag { TagResource Tagging UntagResource Tagging ListTagsForResource List TagLogGroup Tagging UntagLogGroup Tagging ListTagsLogGroup List }
}
