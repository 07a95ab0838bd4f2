//! The block `http`: what is true of all listeners that speak HTTP, the pools behind them, and the listeners.

use stickylb::api::{Mode, ResolvedConfig};

use super::forwarded::{self, Told};
use super::plan::{self, Plan};
use super::quote::{seconds, time, word};
use super::{backend_tls, binding, routing, server, upstream};
use crate::export::feature::Feature;
use crate::export::nginx_version::NginxVersion;
use crate::export::writer::Writer;

/// Where nginx keeps bodies that are too long for its memory. It makes a folder for each protocol that it knows.
const BODIES: [&str; 5] =
    ["client_body_temp_path", "proxy_temp_path", "fastcgi_temp_path", "uwsgi_temp_path", "scgi_temp_path"];

/// Statuses that nginx can try another backend for.
const RETRIED: [u16; 7] = [500, 502, 503, 504, 403, 404, 429];

/// Header fields of a request unless the configuration says otherwise.
const USUAL_HEADERS: usize = 128;

/// More connections than this of one address nginx does not count.
pub(super) const MOST_CONNECTIONS: u32 = 65_535;

/// Bytes that a text of a map has room in, and what stands beside it there.
const USUAL_BUCKET: usize = 64;
const BUCKET_HEAD: usize = 32;

/// Pools whose variables have room in a table of the usual size.
const FEW_POOLS: usize = 8;

/// The whole block, where there is something to do in it.
pub(super) fn write(plan: &Plan<'_>, to: &mut Writer) {
    if !plan.config.listeners.iter().any(|listener| listener.mode == Mode::Http) {
        return;
    }
    to.gap();
    to.line("http {");
    to.indented(|to| {
        to.line("access_log off;");
        for path in BODIES {
            to.line(format!("{path} nginx-temp;"));
        }
        let pools = plan.of_mode(Mode::Http).count();
        if pools > FEW_POOLS {
            to.line(format!("variables_hash_max_size {};", 1024 * pools.div_ceil(FEW_POOLS)));
        }
        let bucket = routing::longest_protocol(plan.config) + BUCKET_HEAD;
        if bucket > USUAL_BUCKET {
            to.line(format!("map_hash_bucket_size {};", bucket.next_power_of_two()));
        }
        if plan::needs_dollar(plan) {
            to.line("geo $dollar { default \"$\"; }");
        }
        limits(plan, to);
        who_may(plan.config, to);
        forwarded::write_trusted(plan, to);
        forwarded::write_upgrades(to);
        to.gap();
        proxy(plan, to);
        backend_tls::write(plan, to);
        for pool in plan.of_mode(Mode::Http) {
            upstream::write(plan, pool, to);
            binding::write(pool, to);
        }
        binding::write_cookies(plan, to);
        server::write_all(plan, to);
    });
    to.line("}");
}

fn limits(plan: &Plan<'_>, to: &mut Writer) {
    let (limits, timeouts) = (&plan.config.limits, &plan.config.timeouts);
    to.gap();
    to.line(format!("large_client_header_buffers 2 {};", limits.header_bytes));
    if plan.version >= NginxVersion::MAX_HEADERS {
        to.line(format!("max_headers {};", limits.headers));
    } else if limits.headers != USUAL_HEADERS {
        let sentence =
            format!("limits.headers: nginx has it from {} on: they are not counted", NginxVersion::MAX_HEADERS);
        to.cannot(Feature::Limits, sentence);
    }
    to.line(format!("client_max_body_size {};", limits.body_bytes));
    to.line(format!("client_header_timeout {};", time(timeouts.request_headers_millis)));
    to.line(format!("client_body_timeout {};", time(timeouts.response_millis)));
    to.line(format!("keepalive_timeout {};", time(timeouts.idle_millis)));
}

/// Who may connect, and how often.
fn who_may(config: &ResolvedConfig, to: &mut Writer) {
    networks(config, to);
    let access = &config.access;
    if access.connections_per_ip > 0 {
        to.gap();
        let sentence = "connectionsPerIp: nginx counts connections while a request is answered, and idle ones not";
        to.cannot(Feature::ConnectionsPerIp, sentence);
        to.line("limit_conn_zone $binary_remote_addr zone=connections.per.ip:10m;");
        to.line(format!("limit_conn connections.per.ip {};", access.connections_per_ip.min(MOST_CONNECTIONS)));
        to.line("limit_conn_status 429;");
    }
    if access.requests_per_second_per_ip > 0 {
        let rate = access.requests_per_second_per_ip;
        to.gap();
        to.line(format!("limit_req_zone $binary_remote_addr zone=requests.per.ip:10m rate={rate}r/s;"));
        // Without a burst, two requests at once would be one too many for any rate.
        let burst = if rate > 1 { format!(" burst={} nodelay", rate - 1) } else { String::new() };
        to.line(format!("limit_req zone=requests.per.ip{burst};"));
        to.line("limit_req_status 429;");
    }
}

/// The networks that may connect.
pub(super) fn networks(config: &ResolvedConfig, to: &mut Writer) {
    let access = &config.access;
    if access.allow.is_empty() && access.deny.is_empty() {
        return;
    }
    to.gap();
    for network in &access.deny {
        to.line(format!("deny {network};"));
    }
    for network in &access.allow {
        to.line(format!("allow {network};"));
    }
    if !access.allow.is_empty() {
        to.line("deny all;");
    }
}

/// How requests are passed on.
fn proxy(plan: &Plan<'_>, to: &mut Writer) {
    let config = plan.config;
    let timeouts = &config.timeouts;
    to.line("proxy_http_version 1.1;");
    forwarded::write_headers(plan, to);
    redirects(plan, to);
    to.comment("Answers are passed on as they come.");
    to.line("proxy_buffering off;");
    to.line(format!("proxy_buffer_size {};", config.limits.header_bytes));
    to.line(format!("proxy_buffers 8 {};", config.limits.header_bytes));
    to.line(format!("proxy_connect_timeout {};", time(timeouts.connect_millis)));
    let sentence = format!(
        "timeouts.response: nginx counts it between any two pieces of an answer: one that pauses for {} is cut, but upgrades \
         and event streams are not",
        seconds(timeouts.response_millis)
    );
    to.cannot(Feature::Timeouts, sentence);
    to.line(format!("proxy_read_timeout {};", time(timeouts.response_millis)));
    to.line(format!("proxy_send_timeout {};", time(timeouts.response_millis)));
    retries(config, to);
}

/// What a backend says of its own address leads back here.
fn redirects(plan: &Plan<'_>, to: &mut Writer) {
    let told = Told::of(plan);
    let mut urls = Vec::new();
    for backend in plan.of_mode(Mode::Http).flat_map(|pool| &pool.pool.backends) {
        let url = backend.url();
        if url.starts_with("http") && !urls.contains(&url) {
            to.line(format!("proxy_redirect {} {}://{}/;", word(&format!("{url}/")), told.scheme, told.host));
            urls.push(url);
        }
    }
}

fn retries(config: &ResolvedConfig, to: &mut Writer) {
    let retry = &config.retry;
    let mut on = Vec::new();
    if retry.on_connect || retry.on_no_response {
        on.push("error timeout".to_owned());
    }
    if retry.on_connect && !retry.on_no_response {
        let sentence =
            "retry on connect alone: nginx retries what got no answer as well, where its method is idempotent";
        to.cannot(Feature::RetryConnect, sentence);
    } else if retry.on_no_response && !retry.on_connect {
        let sentence = "retry on no-response alone: nginx retries what could not be sent as well";
        to.cannot(Feature::RetryNoResponse, sentence);
    }
    for status in &retry.statuses {
        if RETRIED.contains(status) {
            on.push(format!("http_{status}"));
        } else {
            to.cannot(
                Feature::RetryStatus,
                format!("retry on {status}: nginx cannot retry this status: the client gets it"),
            );
        }
    }
    let on = if on.is_empty() || retry.attempts <= 1 { "off".to_owned() } else { on.join(" ") };
    to.line(format!("proxy_next_upstream {on};"));
    to.line(format!("proxy_next_upstream_tries {};", retry.attempts));
}
