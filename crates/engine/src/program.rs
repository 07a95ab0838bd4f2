//! Internals for the program `stickylb-tui`. Not part of the library's interface; may change at any time.

pub use crate::config::{
    Keys, Location, Node, SCHEMA, is_local_name, nearest, parse_beside_copies, parse_by, schema_by,
};
#[cfg(unix)]
pub use crate::listener::Downgrade;
pub use crate::process::{raise_descriptor_limit, supervise};
