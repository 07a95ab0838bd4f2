//! nginx: the newest, and older ones that have no sticky cookie.
//!
//! The file is a whole `nginx.conf`. How it is started (in the foreground, by whom) stands on the command line, so that the same
//! file also serves as that of the system.

mod backend_tls;
mod binding;
mod checks;
mod forwarded;
mod http;
mod learn;
mod listen;
mod method;
mod plan;
mod quote;
mod routing;
mod server;
mod stream;
mod support;
mod upstream;

use stickylb::api::ResolvedConfig;

use self::plan::Plan;
use self::quote::{seconds, word};
use super::feature::{Feature, Support};
use super::nginx_version::NginxVersion;
use super::usual::has_usual_budget;
use super::writer::Writer;

/// How it is told to stay in the foreground, and to need no rights of root.
const OPTIONS: &str = "-e stderr -p \"$PWD\" -c nginx.conf -g 'daemon off; pid nginx.pid;'";

/// Debian's own module for TCP mode.
const STREAM_MODULE: &str = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;";

/// Connections beside those of clients, of backends and of listeners.
const OTHER_CONNECTIONS: usize = 8;

/// How it does what ours does, in this version.
pub(super) fn support(feature: Feature, version: NginxVersion) -> Support {
    support::support(feature, version)
}

pub(super) fn write(config: &ResolvedConfig, version: NginxVersion, to: &mut Writer) {
    let plan = Plan::new(config, version);
    head(&plan, to);
    say_of_localhost(&plan, to);
    nobodys(config, to);
    to.gap();
    processes(config, to);
    http::write(&plan, to);
    stream::write(&plan, to);
}

fn head(plan: &Plan<'_>, to: &mut Writer) {
    to.comment(format!("Written by stickylb-tui for nginx {} or newer.", plan.version));
    to.comment(format!("Check it:  nginx -t {OPTIONS}"));
    to.comment(format!("Start it:  nginx {OPTIONS}"));
    to.comment("or put it in the place of /etc/nginx/nginx.conf.");
    if plan.has_sticky() {
        to.comment("For an older nginx: stickylb-tui export nginx --nginx-version 1.22");
    }
    if stream::is_needed(plan) {
        to.comment(format!(
            "Where TCP mode is a module of its own, as on Debian, begin what stands behind -g with:  {STREAM_MODULE}"
        ));
        to.comment("or take away the # before the next line in /etc/nginx/nginx.conf.");
        to.comment("include /etc/nginx/modules-enabled/*.conf;");
    }
}

/// What nginx has nothing for, whatever the listener.
fn nobodys(config: &ResolvedConfig, to: &mut Writer) {
    to.gap();
    if config.hold_millis > 0 {
        let sentence = "hold: nginx holds no requests: while no backend answers, it answers 502";
        to.cannot(Feature::Hold, sentence);
    }
    if !has_usual_budget(&config.retry) {
        let sentence = "retry.budgetPercent and retry.bodyLimit: nginx has no budget, and keeps every body as a whole";
        to.cannot(Feature::RetryBudget, sentence);
    }
}

/// Says how `localhost` is written, where some backend is there.
fn say_of_localhost(plan: &Plan<'_>, to: &mut Writer) {
    if plan.pools.iter().flat_map(|pool| &pool.pool.backends).any(plan::is_localhost) {
        to.gap();
        to.comment("nginx takes each address of a name for a server of its own: localhost is written as 127.0.0.1.");
        to.comment("Where a backend listens on ::1 alone, write [::1] in its place.");
    }
}

fn processes(config: &ResolvedConfig, to: &mut Writer) {
    if let Some(user) = &config.downgrade_to_user {
        let needs = "nginx needs a group beside it";
        if user == "nobody" || user.bytes().all(|b| b.is_ascii_digit()) {
            let sentence =
                format!("downgradeToUser {user}: {needs}: write its name and its group's behind the word user");
            to.cannot(Feature::User, sentence);
        } else {
            to.cannot(Feature::User, format!("downgradeToUser {user}: {needs}: here one of the same name"));
            to.line(format!("user {};", word(user)));
        }
    }
    // A client's connection, and one to a backend: at least what nginx has open itself.
    let connections = config.limits.connections.saturating_mul(2).max(own_connections(config));
    to.line("worker_processes auto;");
    to.line(format!("worker_rlimit_nofile {connections};"));
    to.line(format!("worker_shutdown_timeout {};", seconds(config.timeouts.shutdown_millis)));
    to.line(format!("events {{ worker_connections {connections}; }}"));
}

/// Sockets that it listens on, twice for those of both loopback addresses, and channels between its processes.
fn own_connections(config: &ResolvedConfig) -> usize {
    2 * config.listeners.len() + OTHER_CONNECTIONS
}
