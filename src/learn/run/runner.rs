//! The state machine: one step after the other, each when the learner says so.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stickylb::api::{Command, Event, Snapshot, State};

use super::facts::{Facts, Opened};
use super::judge::{Evidence, Judge};
use super::ledger::Ledger;
use super::measured::Stretch;
use super::orders::{Drawn, Orders};
use super::prediction::{Chosen, named};
use super::sample::Sample;
use crate::learn::condition::{Condition, Pane};
use crate::learn::lesson::{Answer, Ask, Lesson, Line, Measure, Step, StepKind};
use crate::learn::view::{Answered, CheckView};

/// How many times as long as it should take is waited for something that can be measured.
const WAITS: u32 = 4;

/// A lesson, and how far the learner is in it.
#[derive(Clone, Debug)]
pub struct Runner {
    pub(super) lesson: Lesson,
    /// Its number among the built-in ones.
    pub(super) number: Option<u32>,
    seed: u64,
    /// Whether the backends are there and the first step began.
    pub(super) has_begun: bool,
    /// The place of the step, from 0.
    pub(super) at: usize,
    pub(super) step: StepState,
    pub(super) ledger: Ledger,
    facts: Facts,
    orders: Orders,
    pub(super) drawn: Option<Drawn>,
    pub(super) notice: Option<String>,
    /// Whether the last step is behind the learner.
    pub(super) is_over: bool,
    /// Whether a prediction that had to be right was wrong.
    pub(super) was_wrong: bool,
}

/// How far the learner is in a step.
#[derive(Clone, Debug)]
pub(super) struct StepState {
    pub(super) begun: Instant,
    /// Now, as the runner was told last.
    pub(super) now: Instant,
    /// Where each client was when it began.
    homes: HashMap<Arc<str>, Arc<str>>,
    opened: Opened,
    judge: Judge,
    pub(super) rows: Vec<CheckView>,
    /// Whether what is to be done is done: it stays so.
    pub(super) is_met: bool,
    /// Whether the time for it is over.
    pub(super) is_late: bool,
    pub(super) hints: usize,
    chosen: Option<Chosen>,
    pub(super) answered: Option<Answered>,
    /// Whether it is known which choice came true, or that nothing could be measured.
    pub(super) is_answered: bool,
}

impl StepState {
    fn new(now: Instant, homes: HashMap<Arc<str>, Arc<str>>) -> Self {
        StepState {
            begun: now,
            now,
            homes,
            opened: Opened::default(),
            judge: Judge::default(),
            rows: Vec::new(),
            is_met: false,
            is_late: false,
            hints: 0,
            chosen: None,
            answered: None,
            is_answered: false,
        }
    }
}

impl Runner {
    /// The lesson before its first step, which begins once every backend is UP.
    pub(crate) fn new(lesson: Lesson, number: Option<u32>, seed: u64, now: Instant) -> Self {
        Runner {
            lesson,
            number,
            seed,
            has_begun: false,
            at: 0,
            step: StepState::new(now, HashMap::new()),
            ledger: Ledger::default(),
            facts: Facts::default(),
            orders: Orders::default(),
            drawn: None,
            notice: None,
            is_over: false,
            was_wrong: false,
        }
    }

    /// Its number among the built-in ones.
    pub(crate) fn number(&self) -> Option<u32> {
        self.number
    }

    /// Whether the backends are there and the first step began.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// What the step is.
    pub(crate) fn kind(&self) -> &StepKind {
        &self.current().kind
    }

    pub(super) fn current(&self) -> &Step {
        // A lesson has at least one step, and no step is beyond the last.
        &self.lesson.steps[self.at]
    }

    /// Whether the lesson was passed; `None` before its end.
    pub(crate) fn passed(&self) -> Option<bool> {
        self.is_over.then_some(!self.was_wrong)
    }

    /// Takes in what happened, and how many events were missed.
    pub(crate) fn take(&mut self, now: Instant, events: &[Arc<Event>], missed: u64) {
        self.ledger.take(now, events, missed);
    }

    /// Notes that something was opened on the screen.
    pub(crate) fn opened(&mut self, pane: Pane) {
        self.step.opened.note(pane);
    }

    /// Looks at how things stand, and gives the commands that are due.
    pub(crate) fn follow(&mut self, now: Instant, snapshot: &Snapshot, facts: Facts) -> Vec<Command> {
        self.facts = facts;
        self.step.now = now;
        self.ledger.look(now, Sample::of(snapshot));
        let mut commands = Vec::new();
        if !self.has_begun && self.is_ready(snapshot) {
            commands = self.begin(now);
        }
        let (due, trouble) = self.orders.due(now, snapshot);
        commands.extend(due);
        self.notice = trouble.or(self.notice.take());
        if self.has_begun && !self.is_over && self.orders.is_empty() {
            self.judge(now);
        }
        commands
    }

    fn is_ready(&self, snapshot: &Snapshot) -> bool {
        let up = snapshot.backends.iter().filter(|backend| backend.state == State::Up);
        up.count() >= self.lesson.backends
    }

    fn begin(&mut self, now: Instant) -> Vec<Command> {
        self.has_begun = true;
        let start: Vec<Line> = self.lesson.start.clone();
        self.order(&start);
        self.begin_step(now);
        self.lesson.traffic.clone().map(Command::Traffic).into_iter().collect()
    }

    fn order(&mut self, lines: &[Line]) {
        let drawn = self.orders.add(lines, &mut self.seed);
        self.drawn = drawn.or(self.drawn.take());
    }

    fn begin_step(&mut self, now: Instant) {
        self.step = StepState::new(now, self.ledger.homes.clone());
        self.notice = None;
        let step = self.current();
        if !matches!(step.kind, StepKind::Ask(_)) {
            let run = step.run.clone();
            self.order(&run);
        }
    }

    /// Judges what the step waits for.
    fn judge(&mut self, now: Instant) {
        match self.current().kind.clone() {
            StepKind::Do(wanted) if !self.step.is_met && !self.step.is_late => {
                let (holds, rows) = self.holds(&wanted.until, now);
                self.step.rows = rows;
                let took = now.saturating_duration_since(self.step.begun);
                self.step.is_met = holds;
                self.step.is_late = !holds && wanted.within.is_some_and(|within| took > within);
            }
            StepKind::Ask(ask) => self.measure(&ask, now),
            _ => {}
        }
    }

    fn holds(&mut self, condition: &Condition, now: Instant) -> (bool, Vec<CheckView>) {
        // It learns from what it judges by, which is borrowed meanwhile.
        let mut judge = std::mem::take(&mut self.step.judge);
        let judged = judge.judge(condition, self.evidence(now));
        self.step.judge = judge;
        judged
    }

    /// Whether a condition holds at this moment: for a solution that waits for one.
    pub(crate) fn would_hold(&self, condition: &Condition, judge: &mut Judge) -> bool {
        judge.judge(condition, self.evidence(self.step.now)).0
    }

    /// What a condition of this step is judged by.
    fn evidence(&self, now: Instant) -> Evidence<'_> {
        Evidence {
            now,
            begun: self.step.begun,
            ledger: &self.ledger,
            facts: &self.facts,
            opened: &self.step.opened,
            homes: &self.step.homes,
            hides_faults: self.lesson.hides_faults,
        }
    }

    fn stretch(&self, since: Instant) -> Stretch<'_> {
        Stretch { since, homes: &self.step.homes, over: None }
    }

    /// Finds out which choice came true, once it was measured long enough.
    fn measure(&mut self, ask: &Ask, now: Instant) {
        let Some(chosen) = self.step.chosen.filter(|_| !self.step.is_answered) else { return };
        let took = now.saturating_duration_since(chosen.at);
        let is_due = match ask.answer {
            Answer::Measured(_) => took >= ask.measured_for,
            _ => true,
        };
        if !is_due {
            return;
        }
        let truth = self.truth(ask, chosen);
        let (measured, figure) = match truth {
            Some((measured, figure)) => (measured, figure),
            None if took < ask.measured_for * WAITS => return,
            None => (None, "nothing could be measured: no request came".to_owned()),
        };
        self.step.is_answered = true;
        self.was_wrong |= ask.must && measured != Some(chosen.choice);
        self.step.answered = Some(Answered { choice: chosen.choice, measured, figure, why: ask.why.clone() });
    }

    fn truth(&self, ask: &Ask, chosen: Chosen) -> Option<(Option<usize>, String)> {
        match &ask.answer {
            Answer::Choice(right) => Some((Some(*right), String::new())),
            Answer::Measured(measure) => {
                measure.truth(&ask.choices, &self.ledger, self.stretch(chosen.at), chosen.before).map(
                    |(place, told)| {
                        // A state says which backend it is that has the fault.
                        let hides = self.lesson.hides_faults && matches!(measure, Measure::State(_));
                        (place, if hides { String::new() } else { told })
                    },
                )
            }
            Answer::FaultBackend => {
                let backend = self.drawn.as_ref()?.backend.as_str();
                Some((named(&ask.choices, backend), format!("the fault is on {backend}")))
            }
            Answer::FaultKind => {
                let kind = self.drawn.as_ref()?.kind.as_str();
                Some((named(&ask.choices, kind), format!("the fault is {kind}")))
            }
        }
    }

    /// The choice that would be right now, where that can be known before: a solution chooses it.
    pub(crate) fn right_choice(&self) -> Option<usize> {
        let StepKind::Ask(ask) = &self.current().kind else { return None };
        let now = Chosen { choice: 0, at: self.step.begun, before: None };
        self.truth(ask, now)?.0
    }

    /// The learner predicts: the choice in this place, from 0. A prediction is made once.
    pub(crate) fn choose(&mut self, now: Instant, choice: usize) {
        let StepKind::Ask(ask) = self.current().kind.clone() else { return };
        if !self.has_begun || self.is_over || self.step.chosen.is_some() || choice >= ask.choices.len() {
            return;
        }
        let before = match &ask.answer {
            Answer::Measured(measure) => measure.before(&self.ledger, self.stretch(self.step.begun)),
            _ => None,
        };
        self.step.chosen = Some(Chosen { choice, at: now, before });
        self.step.answered = Some(Answered { choice, measured: None, figure: String::new(), why: String::new() });
        let run = self.current().run.clone();
        self.order(&run);
    }

    /// Shows one more hint, where there is one.
    pub(crate) fn hint(&mut self) {
        if let StepKind::Do(wanted) = &self.current().kind {
            self.step.hints = (self.step.hints + 1).min(wanted.hints.len());
        }
    }

    /// Whether the learner may go on: never by itself.
    pub(crate) fn may_go_on(&self) -> bool {
        self.has_begun
            && !self.is_over
            && match self.current().kind {
                StepKind::Say | StepKind::Debrief(_) => true,
                StepKind::Ask(_) => self.step.is_answered,
                StepKind::Do(_) => self.step.is_met,
            }
    }

    /// Goes on to the next step, where the learner may; begins a step again whose time is over. Tells whether something changed.
    pub(crate) fn go_on(&mut self, now: Instant) -> bool {
        if self.step.is_late {
            self.again(now);
            return true;
        }
        if !self.may_go_on() {
            return false;
        }
        if self.at + 1 == self.lesson.steps.len() {
            self.is_over = true;
        } else {
            self.at += 1;
            self.begin_step(now);
        }
        true
    }

    /// Begins the step again, with what it runs; a prediction that was made stays.
    pub(crate) fn again(&mut self, now: Instant) {
        if self.has_begun && !self.is_over && !matches!(self.current().kind, StepKind::Ask(_)) {
            self.orders.clear();
            self.begin_step(now);
        }
    }

    /// Takes the lesson as its file says it now: the step begins again where it is another one.
    pub(crate) fn reload(&mut self, now: Instant, lesson: Lesson) {
        let old = std::mem::replace(&mut self.lesson, lesson);
        let is_same = old.steps.get(self.at) == self.lesson.steps.get(self.at);
        self.at = self.at.min(self.lesson.steps.len() - 1);
        if self.has_begun && !is_same {
            self.is_over = false;
            self.orders.clear();
            self.begin_step(now);
        }
        let stage = |of: &Lesson| (of.backends, of.settings, of.start.clone(), of.traffic.clone(), of.chats);
        self.notice = Some(match (stage(&old) == stage(&self.lesson), is_same) {
            (false, _) => {
                "the file was read again; what is staged at the start holds when the lesson begins again".to_owned()
            }
            (true, true) => "the file was read again; this step is as it was".to_owned(),
            (true, false) => "the file was read again: this step begins anew".to_owned(),
        });
    }

    /// Says why the file could not be read again; the lesson stays as it was.
    pub(crate) fn not_reloaded(&mut self, why: &str) {
        self.notice = Some(format!("the lesson stays as it was: {why}"));
    }

    /// For how long one may still take; `None` where there is no limit, or it is done.
    pub(super) fn left(&self) -> Option<Duration> {
        let StepKind::Do(wanted) = &self.current().kind else { return None };
        let took = self.step.now.saturating_duration_since(self.step.begun);
        wanted.within.filter(|_| !self.step.is_met).map(|within| within.saturating_sub(took))
    }
}
