//! Runs Insights plans over log segments and files: the one crate that names DataFusion.
