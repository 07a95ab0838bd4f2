//! The body of a request, which a HAR file has as text or as a form's parts.

use super::entry::{Pair, Posted};
use super::text::{decoded, whole};

/// The body, and whether it is all that was sent. `kind` is what the request says of it.
pub(super) fn body(posted: &Posted, kind: Option<&str>) -> (Vec<u8>, bool) {
    let (text, all) = whole(&posted.text);
    if posted.encoding.as_str().eq_ignore_ascii_case("base64") {
        return (decoded(text), all);
    }
    if !text.is_empty() {
        // What was no text has such characters in its place.
        return (text.as_bytes().to_vec(), all && !text.contains('\u{fffd}'));
    }
    let parts: Vec<&Pair> = posted.params.0.iter().filter_map(|pair| pair.0.as_ref()).collect();
    if parts.is_empty() {
        return (Vec::new(), all);
    }
    let kind = kind.unwrap_or_else(|| posted.mime.as_str());
    if kind.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        multipart(&parts, kind)
    } else {
        form(&parts)
    }
}

/// `application/x-www-form-urlencoded`.
fn form(parts: &[&Pair]) -> (Vec<u8>, bool) {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    let mut all = true;
    for part in parts {
        let (value, whole) = whole(&part.value);
        encoded.append_pair(part.name.as_str(), value);
        all &= whole;
    }
    (encoded.finish().into_bytes(), all)
}

/// `multipart/form-data` (RFC 7578 4), with the boundary that the request names.
fn multipart(parts: &[&Pair], kind: &str) -> (Vec<u8>, bool) {
    let Some(boundary) = boundary(kind) else { return (Vec::new(), false) };
    let mut body = Vec::new();
    let mut all = true;
    for part in parts {
        let (value, whole) = whole(&part.value);
        let quoted = |name: &str| name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        body.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"").as_bytes());
        body.extend_from_slice(quoted(part.name.as_str()).as_bytes());
        body.push(b'"');
        if let Some(file) = &part.file.0 {
            body.extend_from_slice(format!("; filename=\"{}\"", quoted(file)).as_bytes());
        }
        let content = part.content_type.as_str();
        if !content.is_empty() && !content.contains(['\r', '\n']) {
            body.extend_from_slice(format!("\r\nContent-Type: {content}").as_bytes());
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(value.as_bytes());
        body.extend_from_slice(b"\r\n");
        // Most save the name of a file and not what is in it.
        all &= whole && (part.file.0.is_none() || !value.is_empty()) && !value.contains('\u{fffd}');
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (body, all)
}

/// The boundary in the type of a multipart body (RFC 2046 5.1.1).
fn boundary(kind: &str) -> Option<&str> {
    let parameters = kind.split(';').skip(1);
    let value =
        parameters.filter_map(|one| one.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"));
    let boundary = value?.1.trim().trim_matches('"');
    (!boundary.is_empty() && boundary.len() <= 70).then_some(boundary)
}
