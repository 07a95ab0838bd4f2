//! Text from the network, a file or a process, which is shown only with its control characters escaped.
//!
//! Such text may contain sequences that move a terminal's cursor, set its title or reverse the reading order.
//! [`Untrusted`] escapes them in every kind of formatting, so that no log line, screen, page or message can forget to.

mod convert;
mod hidden;
mod json;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use hidden::hidden_class;
pub use json::{json, json_value, pretty_json};
pub use text::Untrusted;
pub(crate) use text::joined;
