//! What people changed, so that it can be taken back step by step.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api::{BackendId, Command, Intent, PoolView, Snapshot};
use crate::untrusted::Untrusted;

/// Steps kept.
const STEPS: usize = 100;

/// One change: of a backend or a pool, or of several pools at once.
pub(super) type Step = Vec<Changed>;

/// What was changed of one backend or one pool.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Changed {
    /// The command that takes it back.
    pub(super) back: Command,
    /// The command for how it is since: where it is otherwise by now, somebody or something else changed it.
    since: Command,
    /// The backend's URL: another one may have its id by now.
    url: Option<Untrusted<String>>,
}

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

    /// Takes the latest step that would still change something, and how many more of them there are once it is taken back.
    pub(super) fn take(&self, now: &Snapshot) -> Option<(Step, usize)> {
        let mut steps = self.steps();
        while let Some(step) = steps.pop_back() {
            // What was changed by others meanwhile, or is gone, is no step any more.
            let step: Step = step.into_iter().filter(|changed| changed.stands(now)).collect();
            if !step.is_empty() {
                let left = left(&steps, &step, now);
                return Some((step, left));
            }
        }
        None
    }

    fn steps(&self) -> MutexGuard<'_, VecDeque<Step>> {
        // A panic leaves nothing half done: every change is one call.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many of these would still change something, one after the other, once `taken` is taken back.
fn left(steps: &VecDeque<Step>, taken: &Step, now: &Snapshot) -> usize {
    let back = |changed: &Changed| changed.back.clone();
    // What will be otherwise than it is now.
    let mut then: Vec<Command> = taken.iter().map(back).collect();
    let mut left = 0;
    for step in steps.iter().rev() {
        let stands = |changed: &&Changed| {
            let (about, is) = (url(now, &changed.back), present(now, &changed.back));
            // Commands about the same have the same present.
            let will_be = then.iter().rev().find(|command| present(now, command) == is).or(is.as_ref());
            will_be == Some(&changed.since) && about == changed.url
        };
        let standing: Vec<Command> = step.iter().filter(stands).map(back).collect();
        left += usize::from(!standing.is_empty());
        then.extend(standing);
    }
    left
}

/// The commands that restore what `command` is about to change.
fn step_back(before: &Snapshot, command: &Command) -> Vec<Command> {
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
        // Taken back, it ends, whatever it took the place of: a fault burns only where somebody just wanted it.
        Command::SetChaos { id, .. } => backends(*id).map(|_| Command::ChaosOff { id: Some(*id) }).collect(),
        // For `present` alone: see `step`.
        Command::ChaosOff { id: Some(id) } => backends(*id)
            .map(|b| match &b.chaos {
                Some(burning) => Command::SetChaos { id: *id, chaos: burning.fault.clone() },
                None => Command::ChaosOff { id: Some(*id) },
            })
            .collect(),
        // Others cannot be taken back.
        _ => Vec::new(),
    }
}

/// What a command changed, from how it was before to how it was after.
pub(super) fn step(before: &Snapshot, after: &Snapshot, command: &Command) -> Step {
    if matches!(command, Command::ChaosOff { .. }) {
        // No fault begins again by itself.
        return Vec::new();
    }
    let changed = |back: Command| {
        let since = present(after, &back)?;
        (since != back).then(|| Changed { url: url(after, &back), back, since })
    };
    step_back(before, command).into_iter().filter_map(changed).collect()
}

impl Changed {
    /// Whether it is still as the change left it.
    fn stands(&self, now: &Snapshot) -> bool {
        present(now, &self.back).as_ref() == Some(&self.since) && url(now, &self.back) == self.url
    }
}

/// The command that would leave what this one is about as it is.
fn present(now: &Snapshot, about: &Command) -> Option<Command> {
    step_back(now, about).pop()
}

fn url(now: &Snapshot, about: &Command) -> Option<Untrusted<String>> {
    let (Command::SetIntent { id, .. } | Command::SetWeight { id, .. } | Command::ChaosOff { id: Some(id) }) = about
    else {
        return None;
    };
    now.backends.iter().find(|backend| backend.id == *id).map(|backend| backend.url.clone())
}

/// What a step back restores: `alpha is taken out again`.
pub(super) fn in_words(step: &Step, now: &Snapshot) -> String {
    let backend =
        |id: &BackendId| now.backends.iter().find(|b| b.id == *id).map(|b| b.name.raw().to_owned()).unwrap_or_default();
    let of = |pool: &Option<String>| {
        pool.as_ref().filter(|_| now.pools.len() > 1).map(|pool| format!(" of {pool}")).unwrap_or_default()
    };
    let words = step.iter().map(|changed| match &changed.back {
        Command::SetIntent { id, intent: Intent::InService } => format!("{} is in service again", backend(id)),
        Command::SetIntent { id, intent: Intent::Drain } => format!("{} drains again", backend(id)),
        Command::SetIntent { id, .. } => format!("{} is taken out again", backend(id)),
        Command::SetWeight { id, weight } => format!("{} has the weight {weight} again", backend(id)),
        Command::ChaosOff { id: Some(id) } => format!("{} has no fault any more", backend(id)),
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
    use crate::api::{BackendView, Chaos, ChaosView, Strategy};

    fn snapshot(weight: u32) -> Snapshot {
        let mut backend = BackendView::default();
        (backend.id, backend.name, backend.weight) = (1.into(), "alpha".into(), weight);
        Snapshot { backends: vec![backend], ..Snapshot::default() }
    }

    fn weight(weight: u32) -> Command {
        Command::SetWeight { id: 1.into(), weight }
    }

    #[test]
    fn what_changed_nothing_or_was_changed_by_others_since_is_no_step() {
        let history = History::default();
        history.note(step(&snapshot(1), &snapshot(1), &weight(1)));
        assert!(history.take(&snapshot(1)).is_none());
        for now in [1, 5] {
            history.note(step(&snapshot(1), &snapshot(2), &weight(2)));
            assert!(history.take(&snapshot(now)).is_none(), "somebody set it to {now}");
        }
        history.note(step(&snapshot(1), &snapshot(2), &weight(2)));
        let mut other = snapshot(2);
        other.backends[0].url = "http://elsewhere".into();
        assert!(history.take(&other).is_none(), "another backend has its id");
    }

    #[test]
    fn a_fault_is_ended_by_undo_and_never_begun_again() {
        let burning = |line: Option<&str>| {
            let mut snapshot = snapshot(1);
            snapshot.backends[0].chaos = line.map(|line| {
                let fault: Chaos = line.parse().expect(line);
                Box::new(ChaosView { words: "".into(), left_millis: 1, touched: 0, fault })
            });
            snapshot
        };
        let set = |line: &str| Command::SetChaos { id: 1.into(), chaos: line.parse().expect(line) };
        let off = Command::ChaosOff { id: Some(1.into()) };
        let history = History::default();
        history.note(step(&burning(None), &burning(Some("hang")), &set("hang")));
        history.note(step(&burning(Some("hang")), &burning(Some("refuse")), &set("refuse")));
        let (taken, _) = history.take(&burning(Some("refuse"))).expect("a step");
        assert_eq!(taken.iter().map(|changed| &changed.back).collect::<Vec<_>>(), [&off]);
        assert_eq!(in_words(&taken, &burning(Some("refuse"))), "alpha has no fault any more");
        assert!(history.take(&burning(None)).is_none(), "the one before ended when it was replaced");
        assert!(step(&burning(Some("hang")), &burning(None), &off).is_empty());
        history.note(step(&snapshot(1), &snapshot(2), &weight(2)));
        history.note(step(&burning(None), &burning(Some("hang")), &set("hang")));
        history.note(step(&burning(Some("hang")), &burning(Some("refuse")), &set("refuse")));
        let mut now = burning(Some("refuse"));
        now.backends[0].weight = 2;
        let left = history.take(&now).map(|(_, left)| left);
        assert_eq!(left, Some(1), "the weight; the fault that was replaced is no step any more");
        now.backends[0].chaos = None;
        assert_eq!(history.take(&now).map(|(_, left)| left), Some(0));
        history.note(step(&burning(None), &burning(Some("hang")), &set("hang")));
        assert!(history.take(&burning(None)).is_none(), "its time was up");
    }

    #[test]
    fn a_change_of_all_pools_is_one_step_that_restores_each() {
        let pool = |name: &str, strategy| PoolView { name: name.into(), strategy, ..PoolView::default() };
        let pools = vec![pool("web", Strategy::RoundRobin), pool("api", Strategy::Random), pool("db", Strategy::First)];
        let before = Snapshot { pools, ..Snapshot::default() };
        let mut after = before.clone();
        after.pools.iter_mut().for_each(|pool| pool.strategy = Strategy::Random);
        let command = Command::SetStrategy { pool: None, strategy: Strategy::Random };
        assert_eq!(
            in_words(&step(&before, &after, &command), &after),
            "the strategy of web is round-robin again, the strategy of db is first again"
        );
    }

    #[test]
    fn the_latest_hundred_are_kept_and_taken_back_one_after_the_other() {
        let history = History::default();
        (0..101).for_each(|before| history.note(step(&snapshot(before), &snapshot(before + 1), &weight(before + 1))));
        for now in (2..=101).rev() {
            let (step, left) = history.take(&snapshot(now)).expect("a step");
            assert_eq!((&step[0].back, left), (&weight(now - 1), now as usize - 2));
        }
        assert!(history.take(&snapshot(1)).is_none());
    }
}
