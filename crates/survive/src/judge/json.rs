//! JSON by pointer (RFC 6901), and lists without regard to order.

use serde_json::Value;

use super::places::Places;

/// The deepest that JSON may be, which is the parser's own limit.
const DEEPEST: usize = 128;

/// Takes a text of JSON apart; `false`, with nothing added, where it is none.
pub(super) fn read(text: &str, below: &str, into: &mut Places) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return false };
    walk(&value, &mut below.to_owned(), &mut below.to_owned(), into);
    true
}

/// Takes lines apart of which each is an object or a list of JSON, as a list of them; `false` where a line is none, or there
/// is only one.
pub(super) fn read_lines(text: &str, whole: bool, into: &mut Places) -> bool {
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if !whole {
        lines.pop();
    }
    let values: Option<Vec<Value>> = lines
        .iter()
        .map(|line| serde_json::from_str(line).ok().filter(|value: &Value| value.is_object() || value.is_array()))
        .collect();
    match values {
        Some(values) if values.len() > 1 => {
            walk(&Value::Array(values), &mut String::new(), &mut String::new(), into);
            true
        }
        _ => false,
    }
}

/// Takes the beginning of a longer text of JSON apart: what is whole of it, without the item it was cut in. `false` where it
/// is no JSON.
pub(super) fn read_beginning(text: &str, into: &mut Places) -> bool {
    let (mut open, mut quoted, mut escaped) = (Vec::new(), false, false);
    // Where a value has ended last, and what was open there.
    let mut last: Option<(usize, Vec<u8>)> = None;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' => {
                open.pop();
            }
            b',' if open.len() <= DEEPEST => match &mut last {
                Some((end, closing)) => {
                    *end = at;
                    closing.clone_from(&open);
                }
                None => last = Some((at, open.clone())),
            },
            _ => {}
        }
        if open.len() > DEEPEST {
            break;
        }
    }
    let Some((end, closing)) = last else { return false };
    let mut closed = text[..end].to_owned();
    closed.extend(closing.iter().rev().map(|byte| char::from(*byte)));
    read(&closed, "", into)
}

/// Goes down to the scalars. The parser bounds the depth.
fn walk(value: &Value, place: &mut String, alike: &mut String, into: &mut Places) {
    if into.full {
        return;
    }
    let (place_length, alike_length) = (place.len(), alike.len());
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                for path in [&mut *place, &mut *alike] {
                    path.push('/');
                    path.push_str(&key);
                }
                walk(value, place, alike, into);
                place.truncate(place_length);
                alike.truncate(alike_length);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            alike.push_str("/*");
            for (at, item) in items.iter().enumerate() {
                place.push('/');
                place.push_str(&at.to_string());
                walk(item, place, alike, into);
                place.truncate(place_length);
            }
            alike.truncate(alike_length);
        }
        scalar => {
            let at = |path: &str| if path.is_empty() { "body".to_owned() } else { path.to_owned() };
            into.add(&at(place), &at(alike), text(scalar));
        }
    }
}

/// A text as it is, unless it could be taken for another value.
fn text(scalar: &Value) -> String {
    match scalar {
        Value::String(text) if serde_json::from_str::<Value>(text).is_err() => text.clone(),
        other => other.to_string(),
    }
}
