//! Other programs' configurations as ours.

mod access;
mod address;
mod draft;
mod haproxy;
mod imported;
mod left_out;
mod load_balancer_js;
mod nginx;
mod once;
mod websocket_reverse_proxy;
mod words;

use serde_json::{Map, Value};

pub use imported::Imported;

/// What can be read.
const EXPECTED: &str = "write a file of HAProxy, nginx, LoadBalancer.js (JSON with sourcePort and targets) or \
                        WebsocketReverseProxy (INI with [frontend])";

/// Reads another program's file; which one's, its text tells.
///
/// # Errors
/// It is no such file, or cannot be read: what, where, what to write, as one sentence.
pub fn import(text: &str) -> Result<Imported, String> {
    if text.trim_start().starts_with('{') {
        let value: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| format!("not JSON: {error}; {EXPECTED}"))?;
        if value.contains_key("backends") || value.contains_key("pools") {
            return Err("needs no import: stickylb-tui --config FILE runs it as it is".to_owned());
        }
        if value.contains_key("targets") || value.contains_key("sourcePort") {
            return load_balancer_js::read(&value);
        }
    } else if text.lines().any(|line| line.trim() == "[frontend]") {
        return websocket_reverse_proxy::read(text);
    } else if haproxy::is_one(text) {
        return haproxy::read(text);
    } else if nginx::is_one(text) {
        return nginx::read(text);
    }
    Err(format!("no kind of file that can be imported: {EXPECTED}"))
}
