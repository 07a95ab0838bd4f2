//! A balancer as the runner sees it, for tests.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stickylb::api::{
    BackendView, Command, Decision, Event, Identity, PoolView, RequestEvent, Rule, Snapshot, State, Strategy,
};

use super::{Facts, Runner};
use crate::learn::read::read;
use crate::learn::view::LessonPart;

/// A balancer as the runner sees it, with a clock that goes only when it is told.
pub(super) struct Stage {
    pub(super) runner: Runner,
    pub(super) now: Instant,
    pub(super) snapshot: Snapshot,
    pub(super) facts: Facts,
    pub(super) given: Vec<Command>,
}

const NAMES: [&str; 3] = ["alpha", "bravo", "charlie"];

impl Stage {
    pub(super) fn new(steps: &str) -> Self {
        Stage::of(&format!("{{\"title\": \"t\", \"seed\": 1, \"steps\": [{steps}]}}"))
    }

    pub(super) fn of(text: &str) -> Self {
        let lesson = read(Path::new("l"), text.as_bytes(), &|_| Ok(())).expect(text);
        let now = Instant::now();
        let mut snapshot = Snapshot::default();
        snapshot.pools = vec![PoolView::default()];
        snapshot.backends = NAMES.iter().zip(1_u32..).map(|(name, id)| backend(name, id)).collect();
        let mut stage = Stage {
            runner: Runner::new(lesson, Some(1), 1, now),
            now,
            snapshot,
            facts: Facts::default(),
            given: Vec::new(),
        };
        stage.after(0);
        stage
    }

    /// Lets so many milliseconds pass, and looks.
    pub(super) fn after(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
        let given = self.runner.follow(self.now, &self.snapshot, self.facts.clone());
        self.given.extend(given);
    }

    pub(super) fn go_on(&mut self) -> bool {
        let went = self.runner.go_on(self.now);
        self.after(1);
        went
    }

    /// A request of a client that this backend answered with a status.
    pub(super) fn request(&mut self, client: u32, name: &str, status: u16) {
        let mut decision = Decision::new(Strategy::RoundRobin);
        (decision.traffic, decision.rule) = (Some(client), Rule::Sticky);
        let mut event = RequestEvent::sample(decision);
        event.status = status;
        let id = 1 + u32::try_from(NAMES.iter().position(|one| *one == name).expect(name)).expect("small");
        event.to = Some(Arc::new(Identity::new(id, name, "http://x")));
        self.runner.take(self.now, &[Arc::new(Event::Request(event))], 0);
    }

    pub(super) fn active(&mut self, name: &str, active: u32) {
        self.snapshot.backends.iter_mut().find(|one| one.name == *name).expect(name).active = active;
    }

    pub(super) fn state(&mut self, name: &str, state: State) {
        self.snapshot.backends.iter_mut().find(|one| one.name == *name).expect(name).state = state;
    }

    pub(super) fn met(&self) -> bool {
        self.runner.may_go_on()
    }

    pub(super) fn words(&self) -> String {
        match self.runner.view().part {
            LessonPart::Do { checks, .. } => {
                checks.iter().map(|one| format!("{} [{}]", one.words, one.now)).collect::<Vec<_>>().join("; ")
            }
            other => format!("{other:?}"),
        }
    }
}

pub(super) fn backend(name: &str, id: u32) -> BackendView {
    let mut view = BackendView::default();
    (view.id, view.name, view.state, view.weight) = (id.into(), name.into(), State::Up, 1);
    view
}
