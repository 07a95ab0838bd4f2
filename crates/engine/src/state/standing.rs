//! How a pool shares its requests out at one moment, to find what changed since.

use crate::api::{BackendId, Change, State, StickyBy, Strategy};
use crate::balancer::Pool;
use crate::untrusted::Untrusted;

/// How a pool shares its requests out at one moment.
pub(super) struct Standing {
    strategy: Strategy,
    sticky: StickyBy,
    backends: Vec<Member>,
}

struct Member {
    id: BackendId,
    number: u64,
    name: Untrusted<String>,
    weight: u32,
    state: State,
}

impl Standing {
    pub(super) fn of(pool: &Pool) -> Self {
        let member = |backend: &crate::balancer::Backend| Member {
            id: backend.id(),
            number: backend.number,
            name: backend.name().clone(),
            weight: backend.weight.get(),
            state: backend.state(),
        };
        let backends = pool.backends.iter().map(|backend| member(backend)).collect();
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
        for member in &now.backends {
            let backend = member.name.clone();
            match self.backends.iter().find(|before| before.id == member.id) {
                None => changes.push(Change::Added { backend }),
                Some(before) if before.number != member.number => changes.push(Change::Replaced { backend }),
                Some(before) => {
                    if before.weight != member.weight {
                        let (from, to) = (before.weight, member.weight);
                        changes.push(Change::Weight { backend: backend.clone(), from, to });
                    }
                    if before.state != member.state {
                        changes.push(Change::State { backend, from: before.state, to: member.state });
                    }
                }
            }
        }
        let gone = self.backends.iter().filter(|before| now.backends.iter().all(|member| member.id != before.id));
        changes.extend(gone.map(|before| Change::Removed { backend: before.name.clone() }));
        changes
    }
}
