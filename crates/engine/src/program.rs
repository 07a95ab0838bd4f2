//! Internals for the program `stickylb-tui`. Not part of the library's interface; may change at any time.

pub use crate::api::amounts::time;
pub use crate::config::document::Location;
pub use crate::config::file::parse_by;
pub use crate::config::keys::Keys;
pub use crate::config::nearest::{nearest, nearest_within};
pub use crate::config::node::Node;
pub use crate::config::schema::schema_by;
pub use crate::config::{SCHEMA, is_local_name, parse_beside_copies};
#[cfg(unix)]
pub use crate::listener::Downgrade;
pub use crate::process::{demo_name, raise_descriptor_limit, supervise};
pub use crate::tls::check_certificates;
