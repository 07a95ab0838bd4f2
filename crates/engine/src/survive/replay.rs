//! One client's journey again, as new clients: some that stay on a copy, and some that are moved.

use std::collections::HashMap;
use std::time::{Duration, Instant};
use stickylb_survive::{Answer, End, Halving, Journey, Learn, Loss, Request, turns};

use super::bench::Bench;
use super::client::{OwnCookie, Patience};
use super::exclude::Exclude;

/// The most steps of one journey that are sent again.
pub(crate) const STEPS: usize = 60;

/// The most losses of one journey that are looked into.
const LOSSES: usize = 6;

/// In how many ways a journey's steps are spread over two copies: with four, any two of sixteen steps are apart once.
const TURNS: usize = 4;

/// The longest that one journey takes in all its runs: one with many answers that are held is left where it is then.
pub(crate) const LONGEST: Duration = Duration::from_mins(1);

/// The answers of one run, step by step; `None` where a step was left out.
type Run = Vec<Option<Answer>>;

/// What may be sent again.
pub(crate) struct Allowed<'r> {
    /// Whether requests that may change something may.
    pub(crate) unsafe_methods: bool,
    /// What may not.
    pub(crate) exclude: &'r Exclude,
}

impl Allowed<'_> {
    /// Why a request may not be sent again; `None` where it may.
    pub(crate) fn why_not(&self, request: &Request) -> Option<&'static str> {
        if self.exclude.has(&request.method, request.path()) {
            Some("excluded")
        } else if !request.whole {
            Some("its body was not kept whole")
        } else if !request.is_safe() && !self.unsafe_methods {
            Some("unsafe: --unsafe")
        } else {
            None
        }
    }
}

/// A journey that was sent again.
#[derive(Default)]
pub(crate) struct Replayed {
    /// What its clients lost that were moved.
    pub(crate) lost: Vec<Lost>,
    /// The runs that stayed on one copy.
    pub(crate) controls: Vec<Run>,
    /// The copy that most of them were on.
    pub(crate) home: usize,
    /// For each step, whether the controls did what was recorded.
    pub(crate) reproduced: Vec<bool>,
    /// Steps of which nothing can be told, and why.
    pub(crate) unsure: HashMap<usize, String>,
    /// How often clients that were moved went its way.
    pub(crate) moved: u64,
    /// Whether there was not the time for all of it.
    pub(crate) is_cut: bool,
}

/// A loss that came each time.
pub(crate) struct Lost {
    /// What was lost.
    pub(crate) loss: Loss,
    /// What to learn, where that is known.
    pub(crate) learn: Option<Learn>,
    /// What its controls and the moved clients were answered.
    pub(crate) statuses: [u16; 2],
}

/// Sends journeys again.
pub(crate) struct Replay<'r> {
    pub(crate) bench: &'r Bench<'r>,
    pub(crate) allowed: &'r Allowed<'r>,
    /// When nothing more is sent.
    pub(crate) until: Instant,
}

impl Replay<'_> {
    /// One journey: as clients that stay on a copy, twice on `home` and once on another, and as clients that are moved, until
    /// any two steps were on different copies. What is lost there is looked into.
    ///
    /// # Errors
    /// A copy is not what it was when the run began; why, as one sentence.
    pub(crate) async fn journey(&self, journey: &Journey, home: usize) -> Result<Replayed, String> {
        let steps = journey.steps.len().min(STEPS);
        let other = (home + 1) % self.bench.copies.each.len();
        let mut replayed = Replayed { home, ..Replayed::default() };
        // What a copy says of itself differs between the controls, and is no loss.
        for copy in [home, other, home] {
            replayed.controls.push(self.run(journey, &replayed.controls, steps, |_| copy).await?);
        }
        let reproduced = |step| replayed.controls.iter().all(|control| journey.reproduced(step, control));
        replayed.reproduced = (0..steps).map(reproduced).collect();
        if !replayed.reproduced.contains(&true) {
            return Ok(replayed);
        }
        for turn in turns(steps).into_iter().take(TURNS) {
            if self.is_over() {
                break;
            }
            let place = |step: usize| if turn[step] { other } else { home };
            let mut moved = vec![self.run(journey, &replayed.controls, steps, place).await?];
            replayed.moved += 1;
            spoil(journey, &mut replayed, &moved);
            let found = journey.losses(&replayed.controls, &moved);
            let found: Vec<Loss> = found.into_iter().filter(|loss| !replayed.knows(loss.step)).collect();
            if found.is_empty() {
                continue;
            }
            // More of both, so that chance is no finding.
            replayed.controls.push(self.run(journey, &replayed.controls, steps, |_| home).await?);
            let more = if found.iter().all(|loss| loss.sure) { 1 } else { 2 };
            for _ in 0..more {
                moved.push(self.run(journey, &replayed.controls, steps, place).await?);
                replayed.moved += 1;
            }
            spoil(journey, &mut replayed, &moved);
            let confirmed = journey.losses(&replayed.controls, &moved);
            for loss in found.into_iter().take(LOSSES) {
                if !confirmed.iter().any(|other| is_same(other, &loss)) {
                    let why = "a client that moved lost it, and not each time";
                    replayed.unsure.insert(loss.step, why.to_owned());
                    continue;
                }
                self.look_into(journey, &mut replayed, loss, &moved[0]).await?;
            }
        }
        replayed.is_cut = self.is_over();
        Ok(replayed)
    }

    /// Finds the step that binds a client which loses this.
    async fn look_into(
        &self,
        journey: &Journey,
        replayed: &mut Replayed,
        loss: Loss,
        moved: &Run,
    ) -> Result<(), String> {
        let (home, other) = (replayed.home, (replayed.home + 1) % self.bench.copies.each.len());
        let mut halving = Halving::new(loss.step);
        while let Some(step) = halving.next().filter(|_| !self.is_over()) {
            let place = |now: usize| if now < step { home } else { other };
            let run = [self.run(journey, &replayed.controls, loss.step + 1, place).await?];
            replayed.moved += 1;
            if self.is_over() {
                // This run is not whole: it tells nothing.
                break;
            }
            let again = journey.losses(&replayed.controls, &run);
            halving.moved(again.iter().any(|other| other.step == loss.step));
        }
        if let Some(why) = halving.inconclusive() {
            replayed.unsure.insert(loss.step, why.to_owned());
            return Ok(());
        }
        let learn = match halving.binding() {
            Some(binding) => journey.learn(binding, loss.step),
            // There was not the time to find it. Whether what the first gave helps is tried in the proof.
            None => (0..loss.step).find_map(|step| journey.learn(step, loss.step)),
        };
        let answered = |run: &Run| run.get(loss.step).and_then(Option::as_ref).map_or(0, |answer| answer.status);
        let statuses = [answered(&replayed.controls[0]), answered(moved)];
        replayed.unsure.remove(&loss.step);
        replayed.lost.push(Lost { loss, learn, statuses });
        Ok(())
    }

    /// Whether there is no more time.
    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// What a journey loses where the balancer chooses, with the stickiness that is tried; `None` where there was not the
    /// time.
    ///
    /// # Errors
    /// See [`journey`](Self::journey).
    pub(crate) async fn balanced(
        &self,
        journey: &Journey,
        known: &Replayed,
        cookie: &str,
    ) -> Result<Option<Vec<Loss>>, String> {
        let steps = journey.steps.len().min(STEPS);
        let mut own = OwnCookie { name: cookie.to_owned(), value: None };
        let mut run = Run::new();
        for step in 0..steps {
            let request = self.request(journey, step, &run);
            run.push(match request {
                Some(request) => {
                    Some(self.bench.send_balanced(&request, patience(&known.controls, step), &mut own).await)
                }
                None => None,
            });
        }
        self.bench.are_alive(run.iter().flatten()).await?;
        if self.is_over() {
            return Ok(None);
        }
        let mut losses = journey.losses(&known.controls, &[run]);
        // What may be chance was looked into before.
        losses.retain(|loss| !known.unsure.contains_key(&loss.step) && (loss.sure || known.knows(loss.step)));
        Ok(Some(losses))
    }

    /// Sends the first `steps` steps, each to the copy that `place` says.
    async fn run(
        &self,
        journey: &Journey,
        controls: &[Run],
        steps: usize,
        place: impl Fn(usize) -> usize,
    ) -> Result<Run, String> {
        let mut run = Run::new();
        for step in 0..steps {
            let request = self.request(journey, step, &run);
            run.push(match request {
                Some(request) => Some(self.bench.send(place(step), &request, patience(controls, step)).await),
                None => None,
            });
        }
        self.bench.are_alive(run.iter().flatten()).await?;
        Ok(run)
    }

    /// A step's request, where it may be sent and there is the time.
    fn request(&self, journey: &Journey, step: usize, so_far: &[Option<Answer>]) -> Option<Request> {
        if self.is_over() {
            return None;
        }
        self.allowed.why_not(&journey.steps[step].request).is_none().then(|| journey.request(step, so_far))
    }
}

impl Replayed {
    /// Whether it is known that this step is lost.
    fn knows(&self, step: usize) -> bool {
        self.lost.iter().any(|lost| lost.loss.step == step)
    }
}

/// Where moved runs had answers that tell of load, nothing can be told of the steps from there on.
fn spoil(journey: &Journey, replayed: &mut Replayed, moved: &[Run]) {
    let Some(why) = journey.inconclusive(&replayed.controls, moved) else { return };
    let is_of_load = |answer: &Answer| matches!(answer.status, 0 | 429 | 502 | 503 | 504) && answer.end != End::Held;
    let had = |run: &Run| run.iter().position(|answer| answer.as_ref().is_some_and(is_of_load));
    let from = moved.iter().filter_map(had).min().unwrap_or(0);
    for step in (from..replayed.reproduced.len()).filter(|step| replayed.reproduced[*step]).collect::<Vec<_>>() {
        if !replayed.knows(step) {
            replayed.unsure.insert(step, why.clone());
        }
    }
}

/// How long the answer of a step is waited for: where a control's had no end, no longer than a refusal takes.
fn patience(controls: &[Run], step: usize) -> Patience {
    let is_held = |run: &Run| run.get(step).and_then(Option::as_ref).is_some_and(|answer| answer.end == End::Held);
    if controls.iter().any(is_held) { Patience::HELD } else { Patience::ANY }
}

fn is_same(one: &Loss, other: &Loss) -> bool {
    (one.step, one.kind) == (other.step, other.kind)
}
