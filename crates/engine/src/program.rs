//! Internals for the program `stickylb-tui`. Not part of the library's interface; may change at any time.

pub use crate::config::{SCHEMA, is_local_name, parse_beside_copies};
#[cfg(unix)]
pub use crate::listener::Downgrade;
pub use crate::process::{raise_descriptor_limit, supervise};
