//! Derives that turn fields into wire calls; naming lives in weir-wire.
