//! `/_lb/`: how things stand and what happens, as a page for a browser. Its figures and its log come from
//! `/_lb/events`; without a script it shows what was so when it was loaded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::StatusCode;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::api::State;
use crate::proxy::local_reply::reply::{Reply, escaped};
use crate::untrusted::hidden_class;

/// Each state with its glyph.
const GLYPHS: [(State, &str); 6] = [
    (State::Up, "●"),
    (State::Down, "✖"),
    (State::Ejected, "▲"),
    (State::Drain, "◐"),
    (State::Maint, "■"),
    (State::Starting, "○"),
];

/// The page with its style and script, and where what is known when it is asked for comes into it.
struct Frame {
    /// What stands before the listeners, the totals, the rows, and at the end.
    parts: [String; 4],
    policy: String,
}

static FRAME: LazyLock<Frame> = LazyLock::new(|| {
    let style = include_str!("live/page.css");
    let glyphs: serde_json::Map<String, Value> =
        GLYPHS.iter().map(|(state, glyph)| (state.word().to_owned(), (*glyph).into())).collect();
    let script = include_str!("live/page.js").replace("{{hidden}}", &hidden_class());
    let script = script.replace("{{glyphs}}", &Value::Object(glyphs).to_string());
    let page = include_str!("live/page.html").replace("{{css}}", style).replace("{{script}}", &script);
    let (before, rest) = cut(&page, "{{about}}");
    let (between, rest) = cut(rest, "{{totals}}");
    let (above, after) = cut(rest, "{{rows}}");
    Frame { parts: [before, between, above, after].map(str::to_owned), policy: policy(style, &script) }
});

fn cut<'p>(page: &'p str, at: &str) -> (&'p str, &'p str) {
    page.split_once(at).unwrap_or((page, ""))
}

/// This script and this style and nothing else, although scripts of backends come from the same origin.
fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| BASE64.encode(digest(&SHA256, text.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(script),
        hash(style)
    )
}

/// The page with these figures, which are those of `/_lb/health`.
pub(super) fn page(figures: &Value) -> Reply {
    let [before, between, above, after] = &FRAME.parts;
    let (about, totals, rows) = (about(figures), totals(&figures["totals"]), rows(figures));
    let body = [before, &about, between, &totals, above, &rows, after].map(String::as_str).concat();
    Reply::new(StatusCode::OK, "text/html; charset=utf-8", body)
        .with("content-security-policy", &FRAME.policy)
        .with("x-content-type-options", "nosniff")
        .with("referrer-policy", "no-referrer")
        .with("cross-origin-resource-policy", "same-origin")
}

/// Listeners and pools, one item each.
fn about(figures: &Value) -> String {
    let pools = figures["pools"].as_array();
    let mut items = Vec::new();
    for listener in figures["listeners"].as_array().into_iter().flatten() {
        let to = pools.map(|_| format!(" → {}", text(&listener["pool"]))).unwrap_or_default();
        items.push(format!("<li>{}{to}</li>", text(&listener["url"])));
    }
    let alone = [figures.clone()];
    for pool in pools.map_or(&alone[..], Vec::as_slice) {
        let name = pools.map(|_| format!("{}: ", text(&pool["name"]))).unwrap_or_default();
        items.push(format!("<li>{name}{}, sticky: {}</li>", text(&pool["strategy"]), text(&pool["sticky"])));
    }
    items.concat()
}

fn totals(totals: &Value) -> String {
    let latency = |name| millis(&totals["latency"][name]);
    let share = totals["errorShare"].as_f64().map_or("–".to_owned(), |share| format!("{:.1} %", share * 100.0));
    format!(
        "{} requests/s · p50 {} · p95 {} · p99 {} · errors {share} · {} in flight · {} connections",
        totals["rate"],
        latency("p50"),
        latency("p95"),
        latency("p99"),
        totals["inFlight"],
        totals["connections"],
    )
}

fn rows(figures: &Value) -> String {
    let mut rows = String::new();
    for backend in figures["backends"].as_array().into_iter().flatten() {
        let pool = backend["pool"].as_str().map(|pool| format!("{}/", escaped(pool))).unwrap_or_default();
        let state = backend["state"].as_str().unwrap_or_default();
        let glyph = GLYPHS.iter().find(|(known, _)| known.word() == state).map_or("", |(_, glyph)| glyph);
        // Writing to a string cannot fail.
        let _ = write!(
            rows,
            "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\"><span class=\"mark\">{}</span>\
             <span>{pool}{}</span></th><td role=\"cell\" class=\"state {state}\">{glyph} {state}</td>",
            text(&backend["mark"]["letter"]),
            text(&backend["name"]),
        );
        let counts = ["weight", "requests", "rate", "activeConnections", "sticky"].map(|key| backend[key].to_string());
        let cells = counts.into_iter().chain([millis(&backend["latency"]["p95"]), backend["errors"].to_string()]);
        let labels = ["Weight", "Requests", "Per second", "In flight", "Sessions", "p95", "Errors"];
        for (label, cell) in labels.into_iter().zip(cells) {
            let _ = write!(rows, "<td role=\"cell\" class=\"n\" data-label=\"{label}\">{cell}</td>");
        }
        let _ = write!(
            rows,
            "<td role=\"cell\" class=\"why\">{}</td></tr>",
            text(if backend["healthy"] == true { &Value::Null } else { &backend["lastError"] })
        );
    }
    rows
}

/// Text of the figures, as markup that shows it.
fn text(value: &Value) -> String {
    escaped(value.as_str().unwrap_or_default())
}

/// Microseconds as milliseconds, with one decimal below 10 ms.
fn millis(micros: &Value) -> String {
    match micros.as_u64() {
        None => "–".to_owned(),
        Some(micros) if micros < 9_950 => format!("{:.1} ms", micros as f64 / 1e3),
        Some(micros) => format!("{} ms", (micros + 500) / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_page_is_left_open_and_its_script_ends_where_it_should() {
        let whole = FRAME.parts.concat();
        assert!(!whole.contains("{{") && !whole.contains("}}"), "a placeholder is left");
        assert_eq!((whole.matches("</script>").count(), whole.matches("</style>").count()), (1, 1));
        assert!(FRAME.parts.iter().all(|part| !part.is_empty()));
    }
}
