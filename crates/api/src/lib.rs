//! Every operation: request bytes to response bytes.
