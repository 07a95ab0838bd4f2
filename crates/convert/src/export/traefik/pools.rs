//! An HTTP pool as services.

mod group;
mod notes;
mod plan;

use stickylb::api::{ResolvedBackend, ResolvedConfig, ResolvedPool, StickyBy, Strategy};

use super::check;
use super::facts::{is_by_cookie, is_there, left_out, service_of};
use super::transports::Transports;
use crate::export::writer::Writer;
use group::Group;
use plan::Plan;

pub(super) fn write(config: &ResolvedConfig, pool: &ResolvedPool, transports: &Transports, to: &mut Writer) {
    let backends: Vec<&ResolvedBackend> = pool.backends.iter().filter(|backend| is_there(backend)).collect();
    let plan = Plan {
        config,
        pool,
        transports,
        is_checked: backends.iter().all(|backend| check::is_checked(backend)),
        by_cookie: is_by_cookie(pool),
        by_address: pool.sticky.by == StickyBy::Ip || (pool.strategy == Strategy::Hash && !is_by_cookie(pool)),
    };
    left_out(pool, to);
    notes::of_pool(&plan, to);
    check::notes(pool, plan.is_checked, to);
    plan.write(&backends, to);
}

impl Plan<'_> {
    fn write(&self, backends: &[&ResolvedBackend], to: &mut Writer) {
        let name = service_of(&self.pool.name);
        let (mains, backups) = self.sides(backends);
        if self.is_chain() && mains.len() + backups.len() > 1 {
            let all: Vec<&ResolvedBackend> = mains.iter().chain(&backups).copied().collect();
            self.chain(&name, &all, to);
        } else if backups.is_empty() {
            self.group(name, mains).write(to);
        } else {
            let (main, backup) = (format!("main-{}", self.pool.name), format!("backup-{}", self.pool.name));
            failover(&name, &main, &backup, to);
            self.group(main, mains).write(to);
            self.group(backup, backups).write(to);
        }
    }

    /// Those that take clients, and those that do while none of them is up: nobody, where Traefik does not learn this.
    fn sides<'b>(&self, backends: &[&'b ResolvedBackend]) -> (Vec<&'b ResolvedBackend>, Vec<&'b ResolvedBackend>) {
        let (backups, mains): (Vec<_>, Vec<_>) = backends.iter().copied().partition(|backend| backend.backup);
        match (mains.is_empty(), self.is_checked) {
            (true, _) => (backups, Vec::new()),
            (false, true) => (mains, backups),
            (false, false) => (mains, Vec::new()),
        }
    }

    /// `failover` has two sides: the second is the rest of the backends.
    fn chain(&self, name: &str, backends: &[&ResolvedBackend], to: &mut Writer) {
        let steps = backends.len() - 1;
        let step = |number: usize| match number {
            0 => name.to_owned(),
            last if last == steps => backends[last].id.to_string(),
            number => format!("after-{number}-{}", self.pool.name),
        };
        for (number, backend) in backends[..steps].iter().enumerate() {
            failover(&step(number), &backend.id.to_string(), &step(number + 1), to);
        }
        for backend in backends {
            self.group(backend.id.to_string(), vec![backend]).write_servers(to);
        }
    }

    fn group<'b>(&'b self, name: String, backends: Vec<&'b ResolvedBackend>) -> Group<'b> {
        Group { plan: self, name, backends }
    }
}

fn failover(name: &str, first: &str, then: &str, to: &mut Writer) {
    to.line(format!("\"{name}\":"));
    to.indented(|to| {
        to.line("failover:");
        to.indented(|to| {
            to.line(format!("service: \"{first}\""));
            to.line(format!("fallback: \"{then}\""));
            to.line("healthCheck: {}");
        });
    });
}
