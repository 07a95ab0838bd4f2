//! How a pool shares its requests out at one moment, to find what changed since.

use std::collections::HashMap;
use std::sync::Arc;

use crate::api::{BackendId, Change, Identity, State, StickyBy, Strategy};
use crate::balancer::{Backend, Pool};

/// How a pool shares its requests out at one moment.
pub(super) struct Standing {
    strategy: Strategy,
    sticky: StickyBy,
    backends: Vec<Member>,
}

struct Member {
    identity: Arc<Identity>,
    number: u64,
    weight: u32,
    state: State,
}

impl Member {
    fn of(backend: &Backend) -> Self {
        Member {
            identity: Arc::clone(&backend.identity),
            number: backend.number,
            weight: backend.weight.get(),
            state: backend.state(),
        }
    }

    /// What is another now, of a backend with the same id.
    fn changes_to(&self, now: &Member, changes: &mut Vec<Change>) {
        let backend = || now.identity.name.clone();
        if self.number != now.number {
            return changes.push(Change::Replaced { backend: backend() });
        }
        if self.weight != now.weight {
            changes.push(Change::Weight { backend: backend(), from: self.weight, to: now.weight });
        }
        if self.state != now.state {
            changes.push(Change::State { backend: backend(), from: self.state, to: now.state });
        }
    }
}

impl Standing {
    pub(super) fn of(pool: &Pool) -> Self {
        let backends = pool.backends.iter().map(|backend| Member::of(backend)).collect();
        Standing { strategy: pool.strategy, sticky: pool.sticky.by.clone(), backends }
    }

    /// What is another now. What a slow start or an agent takes of a weight is no change: that changes all the time.
    pub(super) fn changes_to(&self, now: &Standing) -> Vec<Change> {
        let mut changes = Vec::new();
        if self.strategy != now.strategy {
            changes.push(Change::Strategy { from: self.strategy, to: now.strategy });
        }
        if self.sticky != now.sticky {
            changes.push(Change::Sticky { from: self.sticky.clone(), to: now.sticky.clone() });
        }
        let ids = |standing: &Standing| standing.backends.iter().map(|member| member.identity.id).collect::<Vec<_>>();
        if ids(self) == ids(now) {
            for (before, member) in self.backends.iter().zip(&now.backends) {
                before.changes_to(member, &mut changes);
            }
            return changes;
        }
        let mut before: HashMap<BackendId, &Member> =
            self.backends.iter().map(|member| (member.identity.id, member)).collect();
        for member in &now.backends {
            match before.remove(&member.identity.id) {
                None => changes.push(Change::Added { backend: member.identity.name.clone() }),
                Some(before) => before.changes_to(member, &mut changes),
            }
        }
        let gone = self.backends.iter().filter(|member| before.contains_key(&member.identity.id));
        changes.extend(gone.map(|member| Change::Removed { backend: member.identity.name.clone() }));
        changes
    }
}
