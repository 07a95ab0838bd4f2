//! How backends are checked.

use stickylb::api::{ResolvedBackend, ResolvedCheck, ResolvedPassive, ResolvedPool};

use super::Writer;
use super::place::place;
use super::quote::time;
use super::script::Script;

/// Milliseconds after which a backend that is down is looked at again, at the latest.
const WHILE_DOWN: u64 = 1000;

/// The checks of a pool. In HAProxy all servers of a backend are checked alike: one that is to be checked in another way than
/// the first takes the state of a server in a backend of its own (`track`).
pub(super) struct Checks {
    names: Vec<String>,
    pool: String,
    scripts: Vec<Script>,
}

impl Checks {
    pub(super) fn new(pool: &ResolvedPool, names: &[String]) -> Self {
        let scripts = pool.backends.iter().map(Script::new).collect();
        Checks { names: names.to_vec(), pool: pool.name.clone(), scripts }
    }

    /// The pool's own.
    pub(super) fn write(&self, to: &mut Writer) {
        if let Some(first) = self.scripts.first() {
            first.write(to);
        }
    }

    fn is_own(&self, number: usize) -> bool {
        self.scripts[number].is_like(&self.scripts[0])
    }

    /// The section of a server that is checked in its own way. A pool's name has no dot.
    fn section(&self, number: usize) -> String {
        format!("{}.{}", self.pool, self.names[number])
    }

    /// The words of a server's line.
    pub(super) fn words(&self, number: usize, backend: &ResolvedBackend) -> String {
        if !self.is_own(number) {
            return format!("track {}/{}", self.section(number), self.names[number]);
        }
        format!("{}{}", checked(&backend.check), observed(&backend.check.passive))
    }

    /// The servers that others follow.
    pub(super) fn write_others(&self, pool: &ResolvedPool, to: &mut Writer) {
        for (number, backend) in pool.backends.iter().enumerate().filter(|(number, _)| !self.is_own(*number)) {
            to.gap();
            to.comment(format!("The check of {} alone: no request comes here.", self.names[number]));
            to.line(format!("backend {}", self.section(number)));
            to.indented(|to| {
                self.scripts[number].write(to);
                let name = &self.names[number];
                to.line(format!("server {name} {} {}", place(backend), checked(&backend.check)));
            });
        }
    }
}

/// How often, and how many change the state.
fn checked(check: &ResolvedCheck) -> String {
    let down = check.interval_millis.min(WHILE_DOWN);
    let (inter, down) = (time(check.interval_millis), time(down));
    format!("check inter {inter} downinter {down} rise {} fall {}", check.rise, check.fall)
}

/// Whether failing traffic counts. All of a status beginning with 5 count for HAProxy, or none.
fn observed(passive: &ResolvedPassive) -> String {
    if passive.failures == 0 {
        return String::new();
    }
    let layer = if passive.statuses.is_empty() { "layer4" } else { "layer7" };
    format!(" observe {layer} error-limit {} on-error mark-down", passive.failures)
}
