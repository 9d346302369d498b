//! Log groups, streams and events on disk: acknowledged means durable.
