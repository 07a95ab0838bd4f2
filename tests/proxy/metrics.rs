//! `/_lb/metrics`: Prometheus can read it, and its figures agree with all others.

#![allow(clippy::float_cmp, reason = "counts are whole numbers")]

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::{self, After, Backend, Balancer, Config, request, response, until};

/// A name and its labels, sorted.
type Series = (String, BTreeMap<String, String>);

/// Parses the text strictly by the Prometheus text format, version 0.0.4; panics on anything else.
fn parse(text: &str) -> BTreeMap<Series, f64> {
    assert!(text.ends_with('\n'), "the last line ends");
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut samples = BTreeMap::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(is_name(name) && !words.is_empty() && !kinds.contains_key(name), "{line}");
            continue;
        }
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(kinds.insert(name, kind).is_none(), "{name} is described twice");
            continue;
        }
        let (series, value) = sample(line);
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| series.0.strip_suffix(end));
        let kind = kinds.get(series.0.as_str()).or_else(|| base.and_then(|base| kinds.get(base)));
        let kind = kind.unwrap_or_else(|| panic!("nothing describes {line}"));
        assert!(*kind != "counter" || series.0.ends_with("_total"), "{line}");
        assert!(*kind == "gauge" || value >= 0.0, "{line}");
        assert!(samples.insert(series, value).is_none(), "told twice: {line}");
    }
    samples
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// `name{label="value",…} 1.5`
fn sample(line: &str) -> (Series, f64) {
    let end = line.find(['{', ' ']).unwrap();
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").unwrap();
            assert!(is_name(label), "{line}");
            let mut value = String::new();
            let mut characters = after.char_indices();
            let closed = loop {
                match characters.next().unwrap() {
                    (at, '"') => break at,
                    (_, '\\') => match characters.next().unwrap().1 {
                        'n' => value.push('\n'),
                        c @ ('\\' | '"') => value.push(c),
                        other => panic!("no escape: \\{other} in {line}"),
                    },
                    (_, c) => value.push(c),
                }
            };
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = &after[closed + 1..];
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').unwrap();
    }
    let value = rest.strip_prefix(' ').unwrap().parse().unwrap();
    ((name.to_owned(), labels), value)
}

struct Metrics(BTreeMap<Series, f64>);

impl Metrics {
    fn of(balancer: &Balancer) -> Self {
        let answer = balancer.get("/_lb/metrics");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.get("content-type").as_deref(), Some("text/plain; version=0.0.4; charset=utf-8"));
        Metrics(parse(&answer.text()))
    }

    /// The only sample with this name and at least these labels.
    #[track_caller]
    fn get(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let fits = |series: &Series| {
            series.0 == name && labels.iter().all(|(label, value)| series.1.get(*label).is_some_and(|v| v == value))
        };
        let found: Vec<f64> = self.0.iter().filter(|(series, _)| fits(series)).map(|(_, value)| *value).collect();
        assert_eq!(found.len(), 1, "{name} {labels:?}: {found:?}");
        found[0]
    }

    fn requests(&self, backend: &str, code: &str) -> f64 {
        self.get("stickylb_requests_total", &[("backend", backend), ("code", code)])
    }
}

/// A backend that answers `/404` and `/500` with these statuses, and everything else with 200.
fn answering() -> Backend {
    Backend::start(|call| {
        let status = match call.target.as_str() {
            "/404" => "404 Not Found",
            "/500" => "500 Internal Server Error",
            _ => "200 OK",
        };
        call.send(&response(status, &[], "body"));
        After::Keep
    })
}

#[test]
fn each_request_is_counted_once_under_its_backend_and_the_class_of_its_status() {
    let (b0, b1) = (answering(), answering());
    let balancer = Config::new(&[&b0, &b1]).start();
    let to = |id: u32, path: &str| {
        balancer.exchange(&request("GET", path, &[&format!("Cookie: X-Backend-ID={id}")]));
    };
    (0..3).for_each(|_| to(0, "/"));
    to(0, "/404");
    to(1, "/500");
    to(1, "/");
    balancer.get("/_lb/nothing");
    let metrics = Metrics::of(&balancer);
    assert_eq!(
        [metrics.requests("b0", "2xx"), metrics.requests("b0", "4xx"), metrics.requests("b0", "5xx")],
        [3.0, 1.0, 0.0]
    );
    assert_eq!([metrics.requests("b1", "2xx"), metrics.requests("b1", "5xx")], [1.0, 1.0]);
    assert_eq!(metrics.requests("", "4xx"), 1.0, "the balancer's own");
    assert_eq!(metrics.get("stickylb_errors_total", &[("backend", "b1")]), 1.0);
    // The same figures as on the health page.
    for (index, name) in ["b0", "b1"].iter().enumerate() {
        let all: f64 = ["1xx", "2xx", "3xx", "4xx", "5xx"].iter().map(|code| metrics.requests(name, code)).sum();
        assert_eq!(balancer.backend(index)["requests"].as_f64(), Some(all));
    }
}

#[test]
fn states_weights_and_checks_are_told() {
    let (b0, b1) = (answering(), answering());
    b1.set_healthy(false);
    let balancer = Config::new(&[&b0, &b1]).set("/backends/0/weight", json!(3)).start();
    let metrics = Metrics::of(&balancer);
    let of = |name, backend| metrics.get(name, &[("backend", backend)]);
    assert_eq!([of("stickylb_backend_up", "b0"), of("stickylb_backend_up", "b1")], [1.0, 0.0]);
    assert_eq!(of("stickylb_backend_weight", "b0"), 3.0);
    let state = |backend, state| metrics.get("stickylb_backend_state", &[("backend", backend), ("state", state)]);
    assert_eq!([state("b0", "UP"), state("b0", "DOWN"), state("b1", "DOWN"), state("b1", "UP")], [1.0, 0.0, 1.0, 0.0]);
    let checks = |backend, result| metrics.get("stickylb_checks_total", &[("backend", backend), ("result", result)]);
    assert!(checks("b0", "passed") >= 1.0 && checks("b1", "failed") >= 1.0);
    assert_eq!([checks("b0", "failed"), checks("b1", "passed")], [0.0, 0.0]);
}

#[test]
fn response_times_are_a_histogram_that_adds_up() {
    let b0 = answering();
    let balancer = Balancer::over(&[&b0]);
    (0..5).for_each(|_| drop(balancer.get("/")));
    let metrics = Metrics::of(&balancer);
    let mut buckets: Vec<(f64, f64)> = metrics
        .0
        .iter()
        .filter(|((name, _), _)| name == "stickylb_response_seconds_bucket")
        .map(|((_, labels), count)| (labels["le"].parse().unwrap(), *count))
        .collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{buckets:?}");
    assert_eq!(buckets.last().copied(), Some((f64::INFINITY, 5.0)));
    assert_eq!(metrics.get("stickylb_response_seconds_count", &[("backend", "b0")]), 5.0);
    let sum = metrics.get("stickylb_response_seconds_sum", &[("backend", "b0")]);
    assert!(sum > 0.0 && sum < 100.0, "{sum}");
}

#[test]
fn a_retry_is_counted_where_the_request_failed() {
    let (mut b0, b1) = (answering(), answering());
    let balancer = Config::new(&[&b0, &b1]).start();
    b0.stop();
    let answer = balancer.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=0"]));
    assert_eq!((answer.status, answer.backend()), (200, Some(1)));
    let metrics = Metrics::of(&balancer);
    assert_eq!(metrics.get("stickylb_retries_total", &[("backend", "b0")]), 1.0);
    assert_eq!(metrics.get("stickylb_retries_total", &[("backend", "b1")]), 0.0);
    assert_eq!([metrics.requests("b0", "2xx"), metrics.requests("b1", "2xx")], [0.0, 1.0]);
}

#[test]
fn connections_are_those_of_now() {
    let b0 = answering();
    let balancer = Balancer::over(&[&b0]);
    let mut kept = balancer.client();
    kept.exchange(&request("GET", "/", &[]));
    // The connection that stays, and the one that asks.
    until("two connections", || Metrics::of(&balancer).get("stickylb_connections", &[]) == 2.0);
    drop(kept);
    until("one connection", || Metrics::of(&balancer).get("stickylb_connections", &[]) == 1.0);
}

#[test]
fn hostile_names_stay_inside_their_labels() {
    let b0 = answering();
    let name = "a\"} 1\nforged_total 9\u{1b}[2J\\";
    let balancer = Config::new(&[&b0]).set("/backends/0/name", json!(name)).start();
    let text = balancer.get("/_lb/metrics").text();
    assert!(!text.contains("\nforged") && !text.contains('\u{1b}'), "{text}");
    parse(&text);
}

#[test]
fn only_this_machines_names_are_answered_and_nothing_is_written() {
    let b0 = answering();
    let balancer = Balancer::over(&[&b0]);
    let asked = |method: &str, lines: &str| {
        balancer.exchange(format!("{method} /_lb/metrics HTTP/1.1\r\n{lines}\r\n\r\n").as_bytes()).status
    };
    assert_eq!(asked("GET", "Host: evil.example"), 421);
    assert_eq!(asked("GET", "Host: localhost\r\nOrigin: https://evil.example"), 403);
    assert_eq!(asked("POST", "Host: localhost\r\nContent-Length: 0"), 405);
    assert_eq!(asked("GET", "Host: 127.0.0.1"), 200);
}

#[test]
fn who_waits_for_a_place_is_a_gauge_of_its_backend_and_so_is_the_limit_of_connections() {
    let gate = std::sync::Arc::new(support::Gate::default());
    let held = std::sync::Arc::clone(&gate);
    let full = Backend::start(move |call| {
        held.pass();
        call.send(&response("200 OK", &[], ""));
        After::Keep
    });
    let limits = json!({"connections": 77});
    let balancer = Config::new(&[&full]).set("/backends/0/maxConnections", json!(1)).set("/limits", limits);
    let balancer = balancer.set("/backends/0/maxQueue", json!(5)).start();
    let mut clients: Vec<_> = (0..3).map(|_| balancer.client()).collect();
    for client in &mut clients {
        client.send(&request("GET", "/", &[]));
    }
    let queued = || Metrics::of(&balancer).get("stickylb_backend_queued", &[("backend", "b0")]);
    until("two wait", || queued() == 2.0);
    gate.open();
    for client in &mut clients {
        assert_eq!(client.response().status, 200);
    }
    assert_eq!(queued(), 0.0);
    let metrics = Metrics::of(&balancer);
    assert_eq!(metrics.get("stickylb_connections_limit", &[]), 77.0);
    assert_eq!(metrics.get("stickylb_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
}
