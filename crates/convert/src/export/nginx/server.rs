//! The listeners that speak HTTP.

use stickylb::api::{Mode, ResolvedListener, ResolvedTls};

use super::listen;
use super::plan::Plan;
use super::quote::NO_LIMIT;
use super::quote::time;
use super::routing::{self, Destination};
use crate::export::any_port::port;
use crate::export::writer::Writer;

/// A status that no request ends with: it leads within nginx to where answers may pause for longer.
const LONG_LIVED: u16 = 418;

/// All of them.
pub(super) fn write_all(plan: &Plan<'_>, to: &mut Writer) {
    for (number, listener) in plan.config.listeners.iter().enumerate() {
        if listener.mode == Mode::Http {
            write(plan, number, listener, to);
        }
    }
}

fn write(plan: &Plan<'_>, number: usize, listener: &ResolvedListener, to: &mut Writer) {
    let variable = variable(plan, number);
    let destination = routing::destination(plan, listener, &variable);
    if let Destination::By { variable, .. } = &destination {
        routing::write(plan, listener, variable, to);
    }
    to.gap();
    to.line("server {");
    to.indented(|to| {
        let tls = listen::write(plan, number, to);
        to.line(format!("error_page {LONG_LIVED} = @long_lived;"));
        if let Some(tls) = tls {
            plain(tls, to);
        }
        if let Destination::By { variable, refuses: true } = &destination {
            to.line(format!("if ({variable} = \"\") {{ return 404; }}"));
        }
        to.line(format!("if ($long_lived) {{ return {LONG_LIVED}; }}"));
        let target = match destination {
            Destination::One(target) => target,
            Destination::By { variable, .. } => variable,
        };
        to.line("location / {");
        to.indented(|to| to.line(format!("proxy_pass {target};")));
        to.line("}");
        to.line("location @long_lived {");
        to.indented(|to| {
            let idle = match plan.config.timeouts.tunnel_idle_millis {
                0 => NO_LIMIT.to_owned(),
                millis => time(millis),
            };
            to.line(format!("proxy_pass {target};"));
            to.line(format!("proxy_read_timeout {idle};"));
            to.line(format!("proxy_send_timeout {idle};"));
        });
        to.line("}");
        if tls.is_some_and(|tls| tls.refuses_plain) {
            to.line("location @plain { return 444; }");
        }
    });
    to.line("}");
}

/// What becomes of plain HTTP on a port for TLS.
fn plain(tls: &ResolvedTls, to: &mut Writer) {
    if tls.refuses_plain {
        to.line("error_page 497 = @plain;");
    } else {
        to.line("error_page 497 =307 https://$http_host$request_uri;");
    }
}

/// The variable that holds where this listener's requests go.
fn variable(plan: &Plan<'_>, number: usize) -> String {
    let own = port(plan.config, number);
    let is_alone = (0..plan.config.listeners.len()).filter(|other| port(plan.config, *other) == own).count() == 1;
    if is_alone { format!("$pool_at_{own}") } else { format!("$pool_at_{own}_{}", number + 1) }
}
