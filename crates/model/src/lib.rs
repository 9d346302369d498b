//! The nouns of a VPC and AWS's rules for changing them.
