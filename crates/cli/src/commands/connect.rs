//! `weir connect`.
