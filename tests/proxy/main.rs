//! What a client and a backend see on the wire, and what the log and the balancer's own pages say about it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod access;
#[cfg(unix)]
mod chaos;
#[cfg(unix)]
mod chaos_checks;
#[cfg(unix)]
mod chaos_kinds;
#[cfg(unix)]
mod chaos_life;
#[cfg(unix)]
mod chaos_streams;
mod check_rules;
mod chunks;
#[cfg(target_os = "linux")]
mod crowds;
mod drain;
mod ejection;
mod events;
mod failure;
mod fairness;
mod floods;
mod framing;
mod headers;
mod health;
mod https;
mod https_floods;
mod https_plain;
mod https_raw;
mod https_says;
mod interim;
mod learn;
mod learn_answers;
mod learn_sessions;
mod leaving;
mod limits;
mod live_page;
mod loopbacks;
mod malformed;
mod metrics;
mod moves;
mod names;
mod network;
mod one_at_a_time;
mod pages;
mod parity_loadbalancer_js;
mod parity_smart_stick;
mod parity_sticky_session_custom;
mod parity_websocket_reverse_proxy;
#[cfg(unix)]
mod phases;
mod pools;
mod proxy_protocol;
mod queue;
mod redirects;
mod requests;
mod responses;
mod retry;
mod reuse;

mod silent;
mod stickiness;
#[path = "../support/mod.rs"]
mod support;
mod tcp;
mod tls;
mod tls_backend;
#[cfg(unix)]
mod tls_certificates;
#[cfg(unix)]
mod traffic;
#[cfg(unix)]
mod traffic_clients;
#[cfg(unix)]
mod traffic_ends;
mod tunnels;
mod upgrades;
mod websocket;
mod what_if;
