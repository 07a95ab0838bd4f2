//! One client's journey again, as new clients: some that stay on a copy, and some that are moved.

use stickylb_survive::{Answer, Halving, Journey, Learn, Loss, Request};

use super::bench::Bench;
use super::client::OwnCookie;
use super::exclude::Exclude;

/// The most steps of one journey that are sent again.
pub(crate) const STEPS: usize = 60;

/// The most losses of one journey that are looked into.
const LOSSES: usize = 6;

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
pub(crate) struct Replayed {
    /// What its clients lost that were moved.
    pub(crate) lost: Vec<Lost>,
    /// The runs on one copy.
    pub(crate) controls: Vec<Run>,
    /// The copy that they were on.
    pub(crate) home: usize,
    /// For each step, whether the controls did what was recorded.
    pub(crate) reproduced: Vec<bool>,
    /// Losses that did not come each time, by their step.
    pub(crate) unsure: Vec<usize>,
    /// How often each step was sent by clients that were moved.
    pub(crate) moved: u64,
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
}

impl Replay<'_> {
    /// One journey: twice on the copy `home`, then over all copies in turn, and what is lost there is looked into.
    ///
    /// # Errors
    /// A copy is not what it was when the run began; why, as one sentence.
    pub(crate) async fn journey(&self, journey: &Journey, home: usize) -> Result<Replayed, String> {
        let steps = journey.steps.len().min(STEPS);
        let copies = self.bench.copies.each.len();
        let mut controls = Vec::new();
        for _ in 0..2 {
            controls.push(self.run(journey, steps, |_| home).await?);
        }
        let reproduced: Vec<bool> =
            (0..steps).map(|step| controls.iter().all(|control| journey.reproduced(step, control))).collect();
        let mut replayed = Replayed { lost: Vec::new(), controls, home, reproduced, unsure: Vec::new(), moved: 0 };
        if !replayed.reproduced.contains(&true) {
            return Ok(replayed);
        }
        let alternating = |step: usize| (home + step) % copies;
        let moved = self.run(journey, steps, alternating).await?;
        replayed.moved = 1;
        let found = self.told(journey, &replayed, &moved);
        if found.is_empty() {
            return Ok(replayed);
        }
        // More of both, so that chance is no finding.
        replayed.controls.push(self.run(journey, steps, |_| home).await?);
        let mut again = Vec::new();
        for _ in 0..2 {
            again.push(self.run(journey, steps, alternating).await?);
            replayed.moved += 1;
        }
        for loss in found.into_iter().take(LOSSES) {
            let is_lost = |run: &Run| self.told(journey, &replayed, run).iter().any(|other| is_same(other, &loss));
            if !again.iter().all(is_lost) {
                replayed.unsure.push(loss.step);
                continue;
            }
            let answered = |run: &Run| run.get(loss.step).and_then(Option::as_ref).map_or(0, |answer| answer.status);
            let statuses = [answered(&replayed.controls[0]), answered(&moved)];
            match self.binding(journey, &mut replayed, &loss).await? {
                Some(binding) => {
                    let learn = journey.learn(binding, loss.step);
                    replayed.lost.push(Lost { loss, learn, statuses });
                }
                None => replayed.unsure.push(loss.step),
            }
        }
        Ok(replayed)
    }

    /// The first step that binds the client which loses this; `None` where it is not lost by a client that is moved once.
    async fn binding(&self, journey: &Journey, replayed: &mut Replayed, loss: &Loss) -> Result<Option<usize>, String> {
        let (home, other) = (replayed.home, (replayed.home + 1) % self.bench.copies.each.len());
        let mut halving = Halving::new(loss.step);
        let mut at = Some(loss.step);
        let mut is_first = true;
        while let Some(step) = at {
            let place = |now: usize| if now < step { home } else { other };
            let run = self.run(journey, loss.step + 1, place).await?;
            replayed.moved += 1;
            let lost = self.told(journey, replayed, &run).iter().any(|other| other.step == loss.step);
            if is_first && !lost {
                return Ok(None);
            }
            if !is_first {
                halving.moved_at(step, lost);
            }
            is_first = false;
            at = halving.next();
        }
        Ok(halving.binding())
    }

    /// What a moved run lost of the steps that the controls reproduced.
    fn told(&self, journey: &Journey, replayed: &Replayed, moved: &Run) -> Vec<Loss> {
        let mut losses = journey.losses(&replayed.controls, moved);
        losses.retain(|loss| replayed.reproduced.get(loss.step) == Some(&true));
        losses
    }

    /// What a journey loses where the balancer chooses, with the stickiness that is tried.
    ///
    /// # Errors
    /// See [`journey`](Self::journey).
    pub(crate) async fn balanced(
        &self,
        journey: &Journey,
        known: &Replayed,
        cookie: &str,
    ) -> Result<Vec<Loss>, String> {
        let steps = journey.steps.len().min(STEPS);
        let mut own = OwnCookie { name: cookie.to_owned(), value: None };
        let mut run = Run::new();
        for step in 0..steps {
            let request = self.request(journey, step, &run);
            run.push(match request {
                Some(request) => Some(self.bench.send_balanced(&request, &mut own).await?),
                None => None,
            });
        }
        Ok(self.told(journey, known, &run))
    }

    /// Sends the first `steps` steps, each to the copy that `place` says.
    async fn run(&self, journey: &Journey, steps: usize, place: impl Fn(usize) -> usize) -> Result<Run, String> {
        let mut run = Run::new();
        for step in 0..steps {
            let request = self.request(journey, step, &run);
            run.push(match request {
                Some(request) => Some(self.bench.send(place(step), &request).await?),
                None => None,
            });
        }
        Ok(run)
    }

    /// A step's request, where it may be sent.
    fn request(&self, journey: &Journey, step: usize, so_far: &[Option<Answer>]) -> Option<Request> {
        self.allowed.why_not(&journey.steps[step].request).is_none().then(|| journey.request(step, so_far))
    }
}

fn is_same(one: &Loss, other: &Loss) -> bool {
    (one.step, one.kind) == (other.step, other.kind)
}
