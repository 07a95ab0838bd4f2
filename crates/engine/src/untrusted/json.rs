//! JSON that a terminal may be shown: the same JSON, with control characters in its strings escaped.

use serde::Serialize;
use serde_json::Value;

use super::hidden::{is_hidden, is_plain};

/// A value as JSON on one line. Where a string holds a character that [`Untrusted`](super::Untrusted) writes out, it is
/// escaped (RFC 8259 7), so that the line can be shown as it is and reads back the same.
///
/// # Errors
/// The value cannot be written as JSON, such as a map whose keys are no strings.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value).map(|json| if is_plain(&json) { json } else { escaped(&json) })
}

/// The same for a value that is JSON already, which always can be.
pub fn json_value(value: &Value) -> String {
    match value.to_string() {
        json if is_plain(&json) => json,
        json => escaped(&json),
    }
}

/// The same on several lines, for people.
///
/// # Errors
/// As [`json`].
pub fn pretty_json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|json| escaped(&json))
}

/// Such characters stand in strings only; a line break between the values is one that the writer made.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 8);
    let mut units = [0; 2];
    for c in json.chars() {
        if c != '\n' && is_hidden(c) {
            for unit in c.encode_utf16(&mut units) {
                // Four digits each, as JSON wants them.
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
