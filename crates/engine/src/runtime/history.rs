//! What people changed, so that it can be taken back step by step.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api::{BackendId, Command, Intent, PoolView, Snapshot};

/// Steps kept.
const STEPS: usize = 100;

/// The commands that take back one change: several where it was one of several pools.
pub(super) type Step = Vec<Command>;

/// The steps back, the latest last.
#[derive(Default)]
pub(super) struct History(Mutex<VecDeque<Step>>);

impl History {
    /// Notes how to take back a change; the oldest step is forgotten where there are too many.
    pub(super) fn note(&self, step: Step) {
        if step.is_empty() {
            return;
        }
        let mut steps = self.steps();
        if steps.len() == STEPS {
            steps.pop_front();
        }
        steps.push_back(step);
    }

    /// Takes the latest step that would still change something, and how many are left.
    pub(super) fn take(&self, now: &Snapshot) -> Option<(Step, usize)> {
        let mut steps = self.steps();
        while let Some(step) = steps.pop_back() {
            // What was changed back meanwhile, or is gone, is no step any more.
            let step = still_to_do(step, now);
            if !step.is_empty() {
                return Some((step, steps.len()));
            }
        }
        None
    }

    fn steps(&self) -> MutexGuard<'_, VecDeque<Step>> {
        // A panic leaves nothing half done: every change is one call.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The commands that restore what `command` is about to change.
pub(super) fn step_back(before: &Snapshot, command: &Command) -> Step {
    let backends = |id: BackendId| before.backends.iter().filter(move |b| b.id == id);
    let pools = before.pools.iter();
    match command {
        Command::SetIntent { id, .. } => {
            backends(*id).map(|b| Command::SetIntent { id: *id, intent: b.intent }).collect()
        }
        Command::SetWeight { id, .. } => {
            backends(*id).map(|b| Command::SetWeight { id: *id, weight: b.weight }).collect()
        }
        Command::SetStrategy { pool, .. } => pools
            .filter(|p| is_meant(pool.as_deref(), p))
            .map(|p| Command::SetStrategy { pool: Some(name(p)), strategy: p.strategy })
            .collect(),
        Command::SetSticky { pool, .. } => pools
            .filter(|p| is_meant(pool.as_deref(), p))
            .map(|p| Command::SetSticky { pool: Some(name(p)), by: p.sticky.clone() })
            .collect(),
        // Others cannot be taken back.
        _ => Step::new(),
    }
}

/// Those of the commands that would change something now.
pub(super) fn still_to_do(mut step: Step, now: &Snapshot) -> Step {
    let backend = |id: &BackendId| now.backends.iter().find(|b| b.id == *id);
    let pool = |name: &Option<String>| now.pool(name.as_deref()?);
    step.retain(|command| match command {
        Command::SetIntent { id, intent } => backend(id).is_some_and(|b| b.intent != *intent),
        Command::SetWeight { id, weight } => backend(id).is_some_and(|b| b.weight != *weight),
        Command::SetStrategy { pool: name, strategy } => pool(name).is_some_and(|p| p.strategy != *strategy),
        Command::SetSticky { pool: name, by } => pool(name).is_some_and(|p| p.sticky != *by),
        _ => false,
    });
    step
}

/// What a step back restores: `alpha is taken out again`.
pub(super) fn in_words(step: &Step, now: &Snapshot) -> String {
    let backend =
        |id: &BackendId| now.backends.iter().find(|b| b.id == *id).map(|b| b.name.raw().to_owned()).unwrap_or_default();
    let of = |pool: &Option<String>| {
        pool.as_ref().filter(|_| now.pools.len() > 1).map(|pool| format!(" of {pool}")).unwrap_or_default()
    };
    let words = step.iter().map(|command| match command {
        Command::SetIntent { id, intent: Intent::InService } => format!("{} is in service again", backend(id)),
        Command::SetIntent { id, intent: Intent::Drain } => format!("{} drains again", backend(id)),
        Command::SetIntent { id, .. } => format!("{} is taken out again", backend(id)),
        Command::SetWeight { id, weight } => format!("{} has the weight {weight} again", backend(id)),
        Command::SetStrategy { pool, strategy } => format!("the strategy{} is {strategy} again", of(pool)),
        Command::SetSticky { pool, by } => format!("stickiness{} is {} again", of(pool), by.in_words()),
        _ => String::new(),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn is_meant(name: Option<&str>, pool: &PoolView) -> bool {
    name.is_none_or(|name| pool.name == *name)
}

fn name(pool: &PoolView) -> String {
    pool.name.raw().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{BackendView, Strategy};

    fn snapshot(weight: u32) -> Snapshot {
        let mut backend = BackendView::default();
        (backend.id, backend.name, backend.weight) = (1.into(), "alpha".into(), weight);
        Snapshot { backends: vec![backend], ..Snapshot::default() }
    }

    fn weight(weight: u32) -> Command {
        Command::SetWeight { id: 1.into(), weight }
    }

    #[test]
    fn what_changed_nothing_or_was_changed_back_is_no_step() {
        let history = History::default();
        history.note(still_to_do(step_back(&snapshot(1), &weight(1)), &snapshot(1)));
        assert!(history.take(&snapshot(1)).is_none());
        history.note(still_to_do(step_back(&snapshot(1), &weight(2)), &snapshot(2)));
        assert!(history.take(&snapshot(1)).is_none(), "somebody set it back");
    }

    #[test]
    fn a_change_of_all_pools_is_one_step_that_restores_each() {
        let pool = |name: &str, strategy| PoolView { name: name.into(), strategy, ..PoolView::default() };
        let pools = vec![pool("web", Strategy::RoundRobin), pool("api", Strategy::Random), pool("db", Strategy::First)];
        let before = Snapshot { pools, ..Snapshot::default() };
        let mut after = before.clone();
        after.pools.iter_mut().for_each(|pool| pool.strategy = Strategy::Random);
        let command = Command::SetStrategy { pool: None, strategy: Strategy::Random };
        let step = still_to_do(step_back(&before, &command), &after);
        assert_eq!(
            in_words(&step, &after),
            "the strategy of web is round-robin again, the strategy of db is first again"
        );
    }

    #[test]
    fn the_latest_hundred_are_kept() {
        let history = History::default();
        (0..101).for_each(|before| history.note(vec![weight(before)]));
        assert_eq!(history.take(&snapshot(101)), Some((vec![weight(100)], 99)));
        for left in (0..99).rev() {
            assert_eq!(history.take(&snapshot(101)), Some((vec![weight(left + 1)], left as usize)));
        }
        assert!(history.take(&snapshot(101)).is_none());
    }
}
