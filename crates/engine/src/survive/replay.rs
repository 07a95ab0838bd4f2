//! One client's journey again, as a new client.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};
use stickylb_survive::{Answer, End, Journey, Learn, Loss, Request};

use super::allowed::Allowed;
use super::client::{OwnCookie, Patience};
use super::lab_client::LabClient;

/// The most steps of one journey that are sent again.
pub(crate) const STEPS: usize = 60;

/// The longest that one journey takes in all its runs: one with many answers that are held is left where it is then.
pub(crate) const LONGEST: Duration = Duration::from_secs(30);

/// The answers of one run, step by step; `None` where a step was left out.
pub(crate) type Run = Vec<Option<Answer>>;

/// A journey that was sent again.
#[derive(Default)]
pub(crate) struct Replayed {
    /// What its clients lost that were moved.
    pub(crate) lost: Vec<Lost>,
    /// The runs that stayed on one copy.
    pub(crate) controls: Vec<Run>,
    /// The copy that they were on.
    pub(crate) home: usize,
    /// For each step, whether the controls did what was recorded.
    pub(crate) reproduced: Vec<bool>,
    /// Steps that moved clients did otherwise, and that are no loss by themselves: they may follow from one before them.
    pub(crate) follow: HashSet<usize>,
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
    /// Whether everyone loses it who is on another copy than those that stayed, with nothing to learn against it.
    pub(crate) is_everyones: bool,
    /// What its controls and the moved clients were answered.
    pub(crate) answers: [String; 2],
}

/// Sends journeys again.
pub(crate) struct Replay<'r> {
    pub(crate) lab_client: &'r LabClient<'r>,
    pub(crate) allowed: &'r Allowed<'r>,
    /// When nothing more is sent.
    pub(crate) until: Instant,
}

impl Replay<'_> {
    /// Whether there is no more time.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// What a journey loses where the balancer chooses, with the stickiness that is tried; `None` where there was not the
    /// time.
    ///
    /// # Errors
    /// A copy is not what it was when the run began; why, as one sentence.
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
            let request = self.request(journey, &known.controls, step, &run);
            run.push(match request {
                Some(request) => Some(
                    self.lab_client.send_balanced(&request, patience(journey, &known.controls, step), &mut own).await,
                ),
                None => None,
            });
        }
        self.lab_client.are_alive(run.iter().flatten()).await?;
        if self.is_over() {
            return Ok(None);
        }
        let moved = [run];
        let mut losses = journey.losses(&known.controls, &moved);
        // What may be chance was looked into before, and where a limit on requests was reached, steps may lack what others give.
        losses.retain(|loss| {
            let is_known = !known.unsure.contains_key(&loss.step) && (loss.sure || known.knows(loss.step));
            is_known && (!self.is_limited(journey) || journey.needs_left_out(loss.step, &moved[0]).is_none())
        });
        Ok(Some(losses))
    }

    /// Sends the first `steps` steps, each to the copy that `place` says.
    ///
    /// # Errors
    /// A copy is not what it was when the run began; why, as one sentence.
    pub(crate) async fn run(
        &self,
        journey: &Journey,
        controls: &[Run],
        steps: usize,
        place: impl Fn(usize) -> usize,
    ) -> Result<Run, String> {
        let mut run = Run::new();
        for step in 0..steps {
            let request = self.request(journey, controls, step, &run);
            run.push(match request {
                Some(request) => {
                    Some(self.lab_client.send(place(step), &request, patience(journey, controls, step)).await)
                }
                None => None,
            });
        }
        self.lab_client.are_alive(run.iter().flatten()).await?;
        Ok(run)
    }

    /// A step's request, where it may be sent and there is the time. What had no answer in a control has none now.
    fn request(&self, journey: &Journey, controls: &[Run], step: usize, so_far: &[Option<Answer>]) -> Option<Request> {
        let request = &journey.steps[step].request;
        if self.is_over() || held(controls, step, |status| status == 0) || self.allowed.why_not(request).is_some() {
            return None;
        }
        Some(journey.request(step, so_far))
    }

    /// Whether a limit on requests was reached with one of these.
    fn is_limited(&self, journey: &Journey) -> bool {
        journey.steps.iter().any(|step| self.lab_client.client.is_limited(&step.request))
    }
}

impl Replayed {
    /// Whether it is known that this step is lost.
    pub(crate) fn knows(&self, step: usize) -> bool {
        self.lost.iter().any(|lost| lost.loss.step == step)
    }
}

/// How long the answer of a step is waited for: where a control's had no end, no longer than a refusal takes.
fn patience(journey: &Journey, controls: &[Run], step: usize) -> Patience {
    if held(controls, step, |_| true) { Patience::HELD } else { Patience::of(journey.steps[step].waited) }
}

/// Whether a control's answer to a step had no end, and such a status.
fn held(controls: &[Run], step: usize, status: impl Fn(u16) -> bool) -> bool {
    let of = |run: &Run| run.get(step)?.as_ref().map(|answer| answer.end == End::Held && status(answer.status));
    controls.iter().any(|run| of(run).unwrap_or_default())
}
