//! Backends among which one is chosen: the servers of a service, or services of one server each.

use stickylb::api::{Intent, ResolvedBackend};

use super::super::check;
use super::super::facts::service_of;
use super::super::middlewares::limit_of;
use super::super::text::{name_of, scalar};
use super::plan::Plan;
use crate::export::writer::Writer;

pub(super) struct Group<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) name: String,
    pub(super) backends: Vec<&'a ResolvedBackend>,
}

impl Group<'_> {
    pub(super) fn write(&self, to: &mut Writer) {
        if self.plan.is_of_services(&self.backends) { self.write_services(to) } else { self.write_servers(to) }
    }

    /// A service of services, which are named by their backends' ids: these are what cookies name.
    fn write_services(&self, to: &mut Writer) {
        let plan = self.plan;
        to.line(format!("\"{}\":", self.name));
        to.indented(|to| {
            to.line(if plan.by_address { "highestRandomWeight:" } else { "weighted:" });
            to.indented(|to| {
                to.line("services:");
                for backend in &self.backends {
                    to.line(format!("- name: \"{}\"", backend.id));
                    to.line(format!("  weight: {}", weight(backend)));
                }
                cookie(plan, to);
                if plan.is_checked {
                    to.line("healthCheck: {}");
                }
            });
        });
        for backend in &self.backends {
            Group { plan, name: backend.id.to_string(), backends: vec![backend] }.write_servers(to);
        }
    }

    /// A service of servers that are alike in all but their weight.
    pub(super) fn write_servers(&self, to: &mut Writer) {
        let plan = self.plan;
        to.line(format!("\"{}\":", self.name));
        to.indented(|to| {
            if let [backend] = self.backends[..] {
                to.comment(name_of(backend));
                if backend.max_connections > 0 {
                    to.line(format!("middlewares: [{}]", limit_of(backend)));
                }
            }
            to.line("loadBalancer:");
            to.indented(|to| {
                self.servers(to);
                if self.name == service_of(&plan.pool.name) || self.backends.len() > 1 {
                    cookie(plan, to);
                }
                let Some(first) = self.backends.first() else { return };
                if check::is_checked(first) && plan.is_checked {
                    check::active(&first.check, to);
                }
                if check::is_ejected(plan.pool, plan.is_checked) {
                    check::passive(plan.pool, &first.check, to);
                }
                to.line(format!("passHostHeader: {}", plan.passes_host(first)));
                to.line(format!("serversTransport: {}", plan.transport(first)));
            });
        });
    }

    fn servers(&self, to: &mut Writer) {
        let strategy = self.plan.strategy();
        if self.backends.len() > 1 && strategy != "wrr" {
            to.line(format!("strategy: {strategy}"));
        }
        if self.backends.is_empty() {
            to.line("servers: []");
            return;
        }
        to.line("servers:");
        for backend in &self.backends {
            to.line(format!("- url: {}", scalar(&backend.url())));
            // A service of its own has its weight where it is named.
            if self.backends.len() > 1 && weight(backend) != 1 {
                to.line(format!("  weight: {}", weight(backend)));
            }
        }
    }
}

/// 0 takes a server out of the choice.
fn weight(backend: &ResolvedBackend) -> u32 {
    if backend.intent == Intent::Drain { 0 } else { backend.weight }
}

fn cookie(plan: &Plan, to: &mut Writer) {
    if !plan.by_cookie {
        return;
    }
    let cookie = &plan.pool.sticky.cookie;
    to.line("sticky:");
    to.indented(|to| {
        to.line("cookie:");
        to.indented(|to| {
            to.line(format!("name: {}", scalar(&cookie.name)));
            to.line("httpOnly: true");
            to.line(format!("sameSite: {}", cookie.same_site.word().to_ascii_lowercase()));
            if cookie.secure {
                to.line("secure: true");
            }
            to.line(format!("path: {}", scalar(&cookie.path)));
            if let Some(domain) = &cookie.domain {
                to.line(format!("domain: {}", scalar(domain)));
            }
            if let Some(seconds) = cookie.max_age {
                // 0 is no limit there, and below it is gone at once.
                to.line(format!("maxAge: {}", if seconds == 0 { "-1".to_owned() } else { seconds.to_string() }));
            }
        });
    });
}
