//! Text that came over the network, from a file or from a process, and is only ever shown with its control characters
//! written out.
//!
//! Such text may hold sequences that move a terminal's cursor, set its title or reverse the reading order. An
//! [`Untrusted`] shows them as text like any other however it is printed, so that no log line, screen, page or message has
//! to remember to.

mod convert;
mod hidden;
mod json;
#[cfg(test)]
mod tests;
mod text;

pub use json::{json, json_value, pretty_json};
pub use text::Untrusted;
pub(crate) use text::joined;
