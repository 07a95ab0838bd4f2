//! What clients lose that are moved to another copy, and what would keep them where they are.

use stickylb_survive::{Answer, End, Halving, Journey, Learn, Loss, turns};

use super::groups::group;
use super::replay::{Lost, Replay, Replayed, Run, STEPS};

/// The most losses of one journey that are looked into.
const LOSSES: usize = 6;

/// How many clients stay on a copy before others are moved.
const CONTROLS: usize = 2;

/// In how many ways a journey's steps are spread over two copies: with four, any two of sixteen steps are apart once.
const TURNS: usize = 4;

/// A loss that may be what a copy says of itself.
struct Doubtful {
    lost: Lost,
    /// The runs that had it.
    moved: Vec<Run>,
}

impl Replay<'_> {
    /// One journey: as clients that stay on `home`, and as clients that are moved, until any two steps were on different
    /// copies. What is lost there is looked into. Last of all, since it writes to the other copy what a moved client may miss
    /// there, a client stays on that one.
    ///
    /// # Errors
    /// A copy is not what it was when the run began; why, as one sentence.
    pub(crate) async fn journey(&self, journey: &Journey, home: usize) -> Result<Replayed, String> {
        let steps = journey.steps.len().min(STEPS);
        let other = (home + 1) % self.lab_client.copies.each.len();
        let mut replayed = Replayed { home, ..Replayed::default() };
        for _ in 0..CONTROLS {
            self.control(journey, &mut replayed, steps).await?;
        }
        let reproduced = |step| replayed.controls.iter().all(|control| journey.reproduced(step, control));
        replayed.reproduced = (0..steps).map(reproduced).collect();
        if !replayed.reproduced.contains(&true) {
            return Ok(replayed);
        }
        let mut doubtful = Vec::new();
        for turn in turns(steps).into_iter().take(TURNS) {
            let place = |step: usize| if turn[step] { other } else { home };
            let moved = self.run(journey, &replayed.controls, steps, place).await?;
            if self.is_over() {
                break;
            }
            replayed.moved += 1;
            let spoilt = spoil(journey, &mut replayed, &moved);
            let went_otherwise = |step: &usize| replayed.reproduced[*step] && !journey.reproduced(*step, &moved);
            let follow: Vec<usize> = (0..steps).filter(went_otherwise).collect();
            replayed.follow.extend(follow);
            let lost = journey.losses(&replayed.controls, std::slice::from_ref(&moved));
            for loss in lost.into_iter().take(LOSSES) {
                if replayed.knows(loss.step) {
                    continue;
                }
                if let Some(known) = known(journey, &replayed, &loss) {
                    let learn = known.learn.clone();
                    let answers = answers(&replayed, &moved, loss.step);
                    replayed.lost.push(Lost { loss, learn, is_everyones: false, answers });
                } else {
                    self.look_into(journey, &mut replayed, loss, &moved, place, &mut doubtful).await?;
                }
            }
            if spoilt {
                // A limit on requests was reached: more of them tell of that.
                break;
            }
        }
        if !doubtful.is_empty() {
            let stayed = self.run(journey, &replayed.controls, steps, |_| other).await?;
            // What a copy says of itself differs between the controls then, and is no loss.
            let controls: Vec<Run> = replayed.controls.iter().cloned().chain([stayed]).collect();
            for Doubtful { lost, moved } in doubtful {
                let is_lost = journey.losses(&controls, &moved).iter().any(|other| is_same(other, &lost.loss));
                if is_lost && !self.is_over() && !replayed.knows(lost.loss.step) {
                    replayed.lost.push(lost);
                }
            }
        }
        replayed.is_cut = self.is_over();
        Ok(replayed)
    }

    /// One more client that stays.
    async fn control(&self, journey: &Journey, replayed: &mut Replayed, steps: usize) -> Result<(), String> {
        let home = replayed.home;
        let control = self.run(journey, &replayed.controls, steps, |_| home).await?;
        if !self.is_over() {
            replayed.controls.push(control);
        }
        Ok(())
    }

    /// Finds the step that binds a client which loses this, and whether it is lost each time. `moved` is the run in which it was
    /// lost, and `place` where each of its steps went.
    async fn look_into(
        &self,
        journey: &Journey,
        replayed: &mut Replayed,
        loss: Loss,
        moved: &Run,
        place: impl Fn(usize) -> usize,
        doubtful: &mut Vec<Doubtful>,
    ) -> Result<(), String> {
        // At once: what later runs write to a copy may hide it.
        let halving = self.halve(journey, replayed, &loss).await?;
        let steps = moved.len();
        self.control(journey, replayed, steps).await?;
        let mut runs = vec![moved.clone()];
        for _ in 0..if loss.sure { 1 } else { 2 } {
            runs.push(self.run(journey, &replayed.controls, steps, &place).await?);
            replayed.moved += 1;
        }
        if self.is_over() {
            // The last runs are not whole: they tell nothing.
            return Ok(());
        }
        let was_lost = halving.binding().is_some() || halving.is_bound_before();
        let is_lost = |runs: &[Run]| journey.losses(&replayed.controls, runs).iter().any(|other| is_same(other, &loss));
        // That it is not lost the second time may come from what the first has left on the copies.
        let is_found = is_lost(&runs) || loss.sure && was_lost && is_lost(&runs[..1]);
        if !is_found {
            let why = "a client that moved lost it, and not each time";
            replayed.unsure.insert(loss.step, why.to_owned());
            return Ok(());
        }
        let (learn, is_everyones) = binds(journey, replayed, &halving, loss.step);
        let answers = answers(replayed, moved, loss.step);
        replayed.unsure.remove(&loss.step);
        let is_sure = loss.sure;
        let found = Lost { loss, learn, is_everyones, answers };
        if is_sure {
            replayed.lost.push(found);
        } else {
            doubtful.push(Doubtful { lost: found, moved: runs });
        }
        Ok(())
    }

    /// Moves clients at one step each, until it is known which one binds.
    async fn halve(&self, journey: &Journey, replayed: &mut Replayed, loss: &Loss) -> Result<Halving, String> {
        let (home, other) = (replayed.home, (replayed.home + 1) % self.lab_client.copies.each.len());
        let mut halving = Halving::new(loss.step);
        while let Some(step) = halving.next() {
            let place = |now: usize| if now < step { home } else { other };
            let run = [self.run(journey, &replayed.controls, loss.step + 1, place).await?];
            replayed.moved += 1;
            if self.is_over() || journey.inconclusive(&replayed.controls, &run).is_some() {
                // This run is not whole: it tells nothing.
                break;
            }
            let again = journey.losses(&replayed.controls, &run);
            halving.moved(again.iter().any(|other| other.step == loss.step));
        }
        Ok(halving)
    }
}

/// What to learn against a loss, where that is known, and whether there is nothing to learn because it is lost by everyone
/// who is on the other copy.
fn binds(journey: &Journey, replayed: &Replayed, halving: &Halving, step: usize) -> (Option<Learn>, bool) {
    if let Some(binding) = halving.binding() {
        return (journey.learn(binding, step), false);
    }
    if halving.is_bound_before() {
        let needed = journey.needs_left_out(step, &replayed.controls[0]);
        let fields = &journey.steps[step].request.fields;
        let is_someones = ["cookie", "authorization"].iter().any(|name| fields.text(name).is_some());
        return (needed.and_then(|needed| journey.learn(needed, step)), needed.is_none() && !is_someones);
    }
    if halving.next().is_none() {
        return (None, false);
    }
    // There was not the time to find it. Whether what the first gave helps is tried in the proof.
    ((0..step).find_map(|binding| journey.learn(binding, step)), false)
}

/// Where a moved run had an answer that tells of load, nothing can be told of the steps from there on; whether it had.
fn spoil(journey: &Journey, replayed: &mut Replayed, moved: &Run) -> bool {
    let Some(why) = journey.inconclusive(&replayed.controls, std::slice::from_ref(moved)) else { return false };
    let is_of_load = |answer: &Answer| matches!(answer.status, 0 | 429 | 502 | 503 | 504) && answer.end != End::Held;
    let from = moved.iter().position(|answer| answer.as_ref().is_some_and(is_of_load)).unwrap_or(0);
    for step in (from..replayed.reproduced.len()).filter(|step| replayed.reproduced[*step]).collect::<Vec<_>>() {
        if !replayed.knows(step) {
            replayed.unsure.insert(step, why.clone());
        }
    }
    true
}

/// Another loss of the same kind, method and path: each of a client's requests to one place is
/// lost in the same way, and need not be looked into.
fn known<'r>(journey: &Journey, replayed: &'r Replayed, loss: &Loss) -> Option<&'r Lost> {
    let of = |step: usize| (&journey.steps[step].request.method, group(journey.steps[step].request.path()));
    let is_alike = |other: &&Lost| {
        let is_one = other.loss.kind == loss.kind && of(other.loss.step) == of(loss.step);
        is_one && other.loss.sure && loss.sure && !other.is_everyones
    };
    replayed.lost.iter().find(is_alike)
}

/// What a client that stayed and one that moved were answered at a step.
fn answers(replayed: &Replayed, moved: &Run, step: usize) -> [String; 2] {
    [&replayed.controls[0], moved].map(|run| run.get(step).and_then(Option::as_ref).map_or_else(String::new, answered))
}

/// What was answered, in a few words.
fn answered(answer: &Answer) -> String {
    let to = answer.fields.text("location").filter(|_| (300..400).contains(&answer.status));
    let to = to.map(|to| format!(" {}", to.split(['?', '#']).next().unwrap_or_default())).unwrap_or_default();
    match answer.status {
        0 => "no answer".to_owned(),
        status => format!("{status}{to}"),
    }
}

fn is_same(one: &Loss, other: &Loss) -> bool {
    (one.step, one.kind) == (other.step, other.kind)
}
