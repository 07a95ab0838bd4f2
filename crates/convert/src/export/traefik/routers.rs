//! Which pool answers which requests.

use stickylb::api::{Mode, ResolvedConfig};

use super::entry_points::EntryPoint;
use super::facts::service_of;
use super::text::scalar;
use super::{middlewares, rule};
use crate::export::writer::Writer;

/// A router of an entry point.
struct Router<'a> {
    name: String,
    rule: String,
    service: &'a str,
    priority: usize,
    middlewares: Vec<String>,
    is_tls: bool,
}

/// Answers nothing itself: for routers whose middlewares answer.
const NOBODY: &str = "noop@internal";

pub(super) fn write(config: &ResolvedConfig, entry_points: &[EntryPoint], to: &mut Writer) {
    to.line("routers:");
    to.indented(|to| {
        for entry_point in entry_points.iter().filter(|entry_point| entry_point.listener.mode == Mode::Http) {
            of_entry_point(config, entry_point, to);
        }
    });
}

fn of_entry_point(config: &ResolvedConfig, entry_point: &EntryPoint, to: &mut Writer) {
    let (listener, name) = (entry_point.listener, &entry_point.name);
    let is_tls = listener.tls.is_some();
    let routes = listener.routes.len();
    if !config.access.deny.is_empty() {
        let rule = rule::client_of(&config.access.deny);
        let middlewares = vec![middlewares::NOBODY.to_owned()];
        let name = format!("{name}-denied");
        router(entry_point, &Router { name, rule, service: NOBODY, priority: routes + 2, middlewares, is_tls }, to);
    }
    let usual = middlewares::usual(config);
    // The first route that matches counts: it has the highest priority.
    for (number, route) in listener.routes.iter().enumerate() {
        let (name, service) = (format!("{name}-{}", number + 1), service_of(&route.pool));
        let (rule, priority, middlewares) = (rule::of(route), routes + 1 - number, usual.clone());
        router(entry_point, &Router { name, rule, service: &service, priority, middlewares, is_tls }, to);
    }
    if let Some(pool) = &listener.pool {
        let rule = if listener.refuses_unknown_hosts { rule::LOCAL_OR_ADDRESS } else { rule::ALL }.to_owned();
        let (name, service) = (format!("{name}-others"), service_of(pool));
        router(entry_point, &Router { name, rule, service: &service, priority: 1, middlewares: usual, is_tls }, to);
    }
    if listener.tls.as_ref().is_some_and(|tls| !tls.refuses_plain) {
        let middlewares = vec![middlewares::to_https(entry_point)];
        let (name, rule) = (format!("{name}-plain"), rule::ALL.to_owned());
        router(entry_point, &Router { name, rule, service: NOBODY, priority: 1, middlewares, is_tls: false }, to);
    }
}

fn router(entry_point: &EntryPoint, router: &Router, to: &mut Writer) {
    to.line(format!("{}:", router.name));
    to.indented(|to| {
        to.line(format!("entryPoints: {}", entry_point.names()));
        to.line(format!("rule: {}", scalar(&router.rule)));
        to.line(format!("priority: {}", router.priority));
        if !router.middlewares.is_empty() {
            to.line(format!("middlewares: [{}]", router.middlewares.join(", ")));
        }
        to.line(format!("service: {}", scalar(router.service)));
        if router.is_tls {
            to.line("tls: {}");
        }
    });
}
