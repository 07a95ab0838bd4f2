//! The answer to a request for a name that leads to no pool: a 404 that lists those that do.

use http::StatusCode;
use serde_json::json;

use super::reply::{Reply, escaped};
use crate::proxy::exchange::Request;
use crate::state::{Listener, Routing};
use crate::untrusted::{Untrusted, json_value};

/// Bytes of a host that the reason repeats: as many as a name may have.
const HOST_KEPT: usize = 253;

/// Why the request goes nowhere, as one sentence.
pub(crate) fn no_such_name(routing: &Routing, request: &Request) -> String {
    let host = request.host().map(|host| String::from_utf8_lossy(&host[..host.len().min(HOST_KEPT)]).into_owned());
    let asked = host.filter(|host| !host.is_empty()).map_or_else(
        || "A request without a name leads to no pool".to_owned(),
        |host| format!("{} leads to no pool", Untrusted::new(host)),
    );
    let names: Vec<&str> = routing.names.iter().map(|named| named.name.as_str()).collect();
    match names.as_slice() {
        [only] => format!("{asked}: the name here is {only}."),
        several => format!("{asked}: the names here are {}.", several.join(", ")),
    }
}

impl Reply {
    /// Lists the names that lead somewhere; for a browser as links.
    pub(crate) fn no_such_name(listener: &Listener, routing: &Routing, why: &str, wants_page: bool) -> Self {
        let names = || routing.names.iter().map(|named| named.name.as_str());
        let (media, body) = if wants_page {
            let link = |name: &str| {
                let url = escaped(&listener.url_of(name));
                format!("<li><a href=\"{url}\">{url}</a></li>")
            };
            let links: String = names().map(link).collect();
            let page = format!(
                "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>404 No such name</title>\
                 <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:15vh auto;padding:0 1em;\
                 color-scheme:light dark}}h1{{font-size:1.4em}}p{{opacity:.8}}</style>\
                 <h1>404 · No such name</h1><p>{}</p><ul>{links}</ul><p>stickylb-tui</p></html>",
                escaped(why),
            );
            ("text/html; charset=utf-8", page)
        } else {
            ("application/json", json_value(&json!({ "error": why, "names": names().collect::<Vec<_>>() })))
        };
        Reply::new(StatusCode::NOT_FOUND, media, body)
    }
}
