//! The Logs Insights query language: lexer, parser, checker, typed plan, functions.
