//! AWS wire protocols: EC2 and Query parameters and XML, JSON 1.1, SigV4, error envelopes.
