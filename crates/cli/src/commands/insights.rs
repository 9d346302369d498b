//! `weir insights`.
