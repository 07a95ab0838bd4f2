//! JSON that is safe to show in a terminal, because control characters in its strings are escaped.

use serde::Serialize;
use serde_json::Value;

use super::hidden::{is_hidden, is_plain};

/// A value as JSON on one line. Characters in strings that [`Untrusted`](super::Untrusted) would escape are escaped in
/// JSON syntax (RFC 8259 7), so that the line is safe to show and parses to the same value.
///
/// # Errors
/// The value cannot be written as JSON, for example a map with keys that are not strings.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value).map(|json| if is_plain(&json) { json } else { escaped(&json) })
}

/// The same for a JSON value, which cannot fail.
pub fn json_value(value: &Value) -> String {
    match value.to_string() {
        json if is_plain(&json) => json,
        json => escaped(&json),
    }
}

/// The same, indented on several lines.
///
/// # Errors
/// As [`json`].
pub fn pretty_json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|json| escaped(&json))
}

/// Escapes hidden characters, which occur only in strings. A line break comes from indentation and is kept.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 8);
    let mut units = [0; 2];
    for c in json.chars() {
        if c != '\n' && is_hidden(c) {
            for unit in c.encode_utf16(&mut units) {
                // JSON requires four hex digits per UTF-16 unit.
                out.push_str("\\u");
                out.extend((0..4).rev().map(|digit| char::from(DIGITS[usize::from(*unit >> (4 * digit) & 0xf)])));
            }
        } else {
            out.push(c);
        }
    }
    out
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";
