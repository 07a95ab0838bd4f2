//! Plays the solutions of one lesson, step by step.

use std::time::{Duration, Instant};

use crate::learn::{Act, Ask, Do, Judge, LessonPart, LessonView, StepKind};
use crate::screen::Rehearsal;
use stickylb::api::EngineHandle;
use stickylb::untrusted::Untrusted;

/// How long the backends may take to be UP.
const READY: Duration = Duration::from_mins(1);

/// How long a step is looked at before anything is done: it must not be met by itself.
const BEFORE: Duration = Duration::from_secs(3);

/// The longest it is looked at before, for conditions that must hold for long.
const LOOKED_AT: Duration = Duration::from_secs(14);

/// How long a condition may take to be met, beside the time for which it must hold, where the step has no limit.
const DONE: Duration = Duration::from_mins(1);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// While a text is read: what is staged goes on meanwhile, as with a person.
const READ: Duration = Duration::from_secs(3);

/// Between two acts, as a person would be no faster.
const ACT: Duration = Duration::from_millis(200);

/// Plays a lesson, and says how each step went.
pub(super) struct Player<E, S> {
    rehearsal: Rehearsal<E>,
    tell: S,
}

impl<E: EngineHandle, S: Fn(String)> Player<E, S> {
    pub(super) fn new(rehearsal: Rehearsal<E>, tell: S) -> Self {
        Player { rehearsal, tell }
    }

    fn say(&self, line: String) {
        (self.tell)(line);
    }

    fn view(&self) -> LessonView {
        self.rehearsal.runner().view()
    }

    /// Plays it to its end. The error is where and why it cannot be passed, as one sentence.
    pub(super) async fn play(&mut self) -> Result<(), String> {
        if !self.until(READY, |rehearsal| rehearsal.runner().has_begun()).await {
            return Err(format!("its backends were not UP within {} s", READY.as_secs()));
        }
        while self.rehearsal.runner().passed().is_none() {
            let view = self.view();
            let place = format!("step {} of {}", view.step, view.of);
            let told = |why: String| format!("{place}: {why}");
            let how = self.step().await.map_err(told)?;
            self.no_trouble().map_err(told)?;
            self.say(format!("  {place} {how}"));
            self.rehearsal.go_on();
            if self.rehearsal.runner().passed().is_none() && self.view().step == view.step {
                return Err(told("Enter does not go on".to_owned()));
            }
        }
        match self.rehearsal.runner().passed() {
            Some(true) => {
                self.say("  passed".to_owned());
                Ok(())
            }
            _ => Err("it came to its end and was not passed".to_owned()),
        }
    }

    /// The first thing that went wrong.
    fn no_trouble(&mut self) -> Result<(), String> {
        let notice = self.view().notice;
        match self.rehearsal.troubles.drain(..).next().or(notice) {
            Some(trouble) => Err(trouble),
            None => Ok(()),
        }
    }

    /// Plays the step; says what was measured.
    async fn step(&mut self) -> Result<String, String> {
        match self.rehearsal.runner().kind().clone() {
            StepKind::Say => {
                self.rehearsal.follow(READ).await;
                Ok("say".to_owned())
            }
            StepKind::Debrief(_) => {
                self.rehearsal.follow(ACT).await;
                let shown = self.view().shown;
                Ok(std::iter::once("debrief".to_owned()).chain(shown).collect::<Vec<_>>().join("\n    "))
            }
            StepKind::Ask(ask) => self.ask(&ask).await,
            StepKind::Do(wanted) => self.act_out(&wanted).await,
        }
    }

    async fn ask(&mut self, ask: &Ask) -> Result<String, String> {
        let choice = if ask.must {
            // It can be known: by what was measured until now, or by what was drawn.
            if !self.until(DONE, |rehearsal| rehearsal.runner().right_choice().is_some()).await {
                return Err("no choice is right by what was measured".to_owned());
            }
            self.rehearsal.runner().right_choice().unwrap_or_default()
        } else {
            0
        };
        self.rehearsal.choose(choice);
        if !self.until(ask.measured_for * 5 + DONE, |rehearsal| rehearsal.runner().may_go_on()).await {
            return Err("the prediction was never measured".to_owned());
        }
        let LessonPart::Ask { answered: Some(answered), .. } = self.view().part else {
            return Err("the prediction was lost".to_owned());
        };
        let Some(measured) = answered.measured else {
            return Err(format!("no choice came true: {}", answered.figure));
        };
        let right = Untrusted::new(&ask.choices[measured].text);
        let figure = if answered.figure.is_empty() { String::new() } else { format!(" ({})", answered.figure) };
        Ok(format!("ask: {right} is right{figure}"))
    }

    async fn act_out(&mut self, wanted: &Do) -> Result<String, String> {
        let held = wanted.until.longest();
        if self.until((held + BEFORE).min(LOOKED_AT), |rehearsal| rehearsal.runner().may_go_on()).await {
            return Err(format!("it is done before anything was done: {}", self.checks()));
        }
        if !wanted.must_fail.is_empty() {
            self.acts(&wanted.must_fail).await?;
            if self.until(held + BEFORE, |rehearsal| rehearsal.runner().may_go_on()).await {
                return Err(format!("what must fail does it: {}", self.checks()));
            }
            // What was tried may have been refused, and what it did may count for ever: a learner would begin again, too.
            self.rehearsal.again();
            self.rehearsal.follow(ACT).await;
            self.rehearsal.troubles.clear();
        }
        let begun = Instant::now();
        self.acts(&wanted.solution).await?;
        let limit = wanted.within.unwrap_or(held + DONE);
        if !self.until(limit, |rehearsal| rehearsal.runner().may_go_on()).await {
            return Err(format!("its solution does not do it within {} s: {}", limit.as_secs(), self.checks()));
        }
        Ok(format!("do: done after {:.1} s: {}", begun.elapsed().as_secs_f64(), self.checks()))
    }

    async fn acts(&mut self, acts: &[Act]) -> Result<(), String> {
        for act in acts {
            match act {
                Act::Line(line) => self.rehearsal.command(line).map_err(|why| format!("'{line}': {why}"))?,
                Act::Key(key) => self.rehearsal.press(key)?,
                Act::Type(text) => self.rehearsal.enter(text),
                Act::Wait(time) => self.rehearsal.follow(*time).await,
                Act::WaitUntil(condition) => {
                    let mut judge = Judge::default();
                    let limit = condition.longest() + DONE;
                    let holds = |rehearsal: &Rehearsal<E>| rehearsal.runner().would_hold(condition, &mut judge);
                    if !self.until(limit, holds).await {
                        return Err(format!("what the solution waits for did not come within {} s", limit.as_secs()));
                    }
                }
            }
            self.rehearsal.follow(ACT).await;
        }
        Ok(())
    }

    /// Follows until this holds; `false` where it does not in time.
    async fn until(&mut self, limit: Duration, mut holds: impl FnMut(&Rehearsal<E>) -> bool) -> bool {
        let end = Instant::now() + limit;
        loop {
            if holds(&self.rehearsal) {
                return true;
            }
            if Instant::now() >= end {
                return false;
            }
            self.rehearsal.follow(LOOK).await;
        }
    }

    /// How the checks of the step stand.
    fn checks(&self) -> String {
        let LessonPart::Do { checks, .. } = self.view().part else { return String::new() };
        let one = |check: &crate::learn::CheckView| match check.now.as_str() {
            "" => check.words.clone(),
            now => format!("{} ({now})", check.words),
        };
        Untrusted::new(checks.iter().map(one).collect::<Vec<_>>().join("; ")).to_string()
    }
}
