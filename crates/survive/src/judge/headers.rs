//! The fields of an answer.

use std::collections::BTreeMap;

use super::places::Places;
use crate::Fields;

/// Fields that say nothing of what the app answered: those of the connection, of the moment, of the body's form, and those
/// that repeat what the body is compared for.
const PASSED_OVER: [&str; 36] = [
    "age",
    "alt-svc",
    "connection",
    "content-encoding",
    "content-length",
    "content-md5",
    "date",
    "digest",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "nel",
    "proxy-authenticate",
    "proxy-connection",
    "repr-digest",
    "content-digest",
    "report-to",
    "server-timing",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "x-response-time",
    "x-request-id",
    "request-id",
    "x-correlation-id",
    "x-trace-id",
    "x-amzn-trace-id",
    "cf-ray",
    "x-runtime",
    "x-process-time",
];

/// Adds each field that can tell something: `header Location`, `cookie sid`.
pub(super) fn read(fields: &Fields, into: &mut Places) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (name, value) in &fields.0 {
        let small = name.to_ascii_lowercase();
        if PASSED_OVER.contains(&small.as_str()) {
            continue;
        }
        let value = String::from_utf8_lossy(value);
        if small == "set-cookie" {
            cookie(&value, into);
            continue;
        }
        let nth = *seen.entry(small.clone()).and_modify(|count| *count += 1).or_insert(1);
        let alike = format!("header {}", shown_name(&small));
        let place = if nth > 1 { format!("{alike}[{nth}]") } else { alike.clone() };
        let value = if matches!(small.as_str(), "location" | "content-location" | "refresh") {
            without_own_host(&value)
        } else {
            value.trim().to_owned()
        };
        into.add(&place, &alike, value);
    }
}

/// A name as it is usually written, so that two spellings of it are one place.
fn shown_name(small: &str) -> String {
    small
        .split('-')
        .map(|part| {
            let mut chars = part.chars();
            chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
        })
        .collect::<Vec<_>>()
        .join("-")
}

/// A cookie by name and attributes; its value is a place of its own, since it is often another in each answer.
fn cookie(set: &str, into: &mut Places) {
    let mut parts = set.split(';').map(str::trim);
    let pair = parts.next().unwrap_or("");
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    let place = format!("cookie {}", name.trim());
    into.add(&place, &place, "set");
    let value_at = format!("{place} value");
    into.add(&value_at, &value_at, value.trim().trim_matches('"'));
    for attribute in parts.filter(|part| !part.is_empty()) {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let key = key.trim().to_ascii_lowercase();
        if key != "expires" {
            let at = format!("{place} {key}");
            into.add(&at, &at, value.trim());
        }
    }
}

/// Path and query of an address on this machine, whose host is the balancer's or a copy's; any other stays whole.
fn without_own_host(address: &str) -> String {
    let address = address.trim();
    let Some((_, after)) = address.split_once("://") else { return address.to_owned() };
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, path) = after.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => host,
    };
    let own = host.eq_ignore_ascii_case("localhost") || host.starts_with("127.") || host == "[::1]";
    match (own, path.is_empty()) {
        (true, true) => "/".to_owned(),
        (true, false) => path.to_owned(),
        (false, _) => address.to_owned(),
    }
}
