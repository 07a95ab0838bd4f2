//! What the program `stickylb-tui` needs beside the library's interface; no part of that, and free to change.

pub use crate::config::{SCHEMA, is_local_name, parse_beside_copies};
#[cfg(unix)]
pub use crate::listener::Downgrade;
pub use crate::process::{raise_descriptor_limit, supervise};
