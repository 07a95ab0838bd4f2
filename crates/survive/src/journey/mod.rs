//! One client's requests, to be sent again as a new client.
//!
//! [`journeys`] sorts a recording into clients. A [`Journey`] gives the request of each step with the ids of the new run, tells
//! what moved runs lost that controls had, and what to learn against it; [`Halving`] finds the step that binds.
//!
//! Controls are runs that stay on one copy, at least two, and on the one where the journey was recorded. A loss that is not sure
//! is seen again with one more control, on another copy and last of all runs: then what a copy says of itself is noise, too, and
//! what that control writes there hides nothing from the moved runs.

mod class;
mod clients;
mod cookies;
mod halving;
mod html;
mod index;
mod jar;
mod json;
mod kind;
mod learn;
mod limits;
mod links;
mod loss;
mod origin;
mod outcome;
mod replay;
mod runs;
mod sealed;
mod short_ids;
mod slot;
#[cfg(test)]
mod tests;
mod url;
mod words;

use std::collections::{BTreeMap, HashMap};

pub use halving::{Halving, turns};
pub use learn::Learn;
pub use loss::{Loss, LossKind};

use crate::{Answer, Exchange, Request};

/// No more journeys are kept.
const MOST_JOURNEYS: usize = 50;
/// No more steps of one are kept.
const MOST_STEPS: usize = 200;

/// One client's requests in their order, and which ids in them came from earlier answers.
#[derive(Clone, Debug)]
pub struct Journey {
    /// Its exchanges as they were recorded; at most 200.
    pub steps: Vec<Exchange>,
    /// How many more clients did the same.
    pub alike: usize,
    links: Vec<links::Links>,
}

/// What a recording holds.
#[derive(Clone, Debug, Default)]
pub struct Journeys {
    /// The journeys, in the order in which they began; at most 50.
    pub kept: Vec<Journey>,
    /// What is left out, each in one sentence.
    pub left_out: Vec<String>,
}

/// Sorts exchanges into journeys: what came on one connection, or carries a cookie or an id that an answer to an earlier one
/// gave, is of one client. A journey that several clients made is kept once.
pub fn journeys(exchanges: &[Exchange]) -> Journeys {
    let mut found = Journeys::default();
    let mut alike: HashMap<u64, usize> = HashMap::new();
    let mut kept: Vec<(u64, Vec<usize>)> = Vec::new();
    for client in clients::clients(exchanges) {
        let did = clients::did(exchanges, &client);
        let count = alike.entry(did).or_default();
        *count += 1;
        if *count == 1 {
            kept.push((did, client));
        }
    }
    if kept.len() > MOST_JOURNEYS {
        found.left_out.push(format!(
            "{} journeys of clients are left out: the {MOST_JOURNEYS} longest are sent again",
            kept.len() - MOST_JOURNEYS
        ));
        let mut lengths: Vec<usize> = (0..kept.len()).collect();
        lengths.sort_by_key(|at| (std::cmp::Reverse(kept[*at].1.len()), *at));
        lengths.truncate(MOST_JOURNEYS);
        lengths.sort_unstable();
        kept = lengths.into_iter().map(|at| std::mem::take(&mut kept[at])).collect();
    }
    for (did, mut client) in kept {
        if client.len() > MOST_STEPS {
            let (count, first) = (client.len(), &exchanges[client[0]].request);
            clients::thin_out(exchanges, &mut client);
            client.truncate(MOST_STEPS);
            found.left_out.push(format!(
                "of the {count} requests of the journey that begins with {} {}, {} are sent again",
                first.method,
                first.path(),
                client.len()
            ));
        }
        let steps: Vec<Exchange> = client.iter().map(|at| exchanges[*at].clone()).collect();
        let links = links::links(&steps);
        found.kept.push(Journey { steps, alike: alike[&did] - 1, links });
    }
    found
}

impl Journey {
    /// The request of a step as a new client sends it: with the cookies and ids that the new run's answers to earlier steps
    /// gave in place of the recorded ones. `so_far` are these answers, by step; `None` where a step was left out. What a new
    /// answer does not give stays as it was recorded.
    ///
    /// Fields of the connection, conditions (`If-None-Match`) and `Accept-Encoding` are not in it, nor is `Content-Length`;
    /// `Upgrade` is.
    ///
    /// # Panics
    /// Where there is no such step.
    pub fn request(&self, step: usize, so_far: &[Option<Answer>]) -> Request {
        replay::request(&self.steps, &self.links, step, so_far)
    }

    /// The copy that answered most of its steps when it was recorded; `None` where that is not known. Sessions that began before
    /// the recording, or with a request that is not sent again, are there.
    pub fn home(&self) -> Option<usize> {
        let copies = self.steps.iter().filter_map(|step| step.copy);
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        copies.for_each(|copy| *counts.entry(copy).or_default() += 1);
        counts.into_iter().max_by_key(|(copy, count)| (*count, std::cmp::Reverse(*copy))).map(|(copy, _)| copy)
    }

    /// Whether a control run did what was recorded, so that something can be told of the step: `false` where it was left out,
    /// a step was on which it depends, or its session was over.
    pub fn reproduced(&self, step: usize, control: &[Option<Answer>]) -> bool {
        step < self.steps.len() && outcome::reproduced(&self.steps, step, control)
    }

    /// The step that was left out of a run and without which this one could not do what was recorded: the one that gave what it
    /// carries; otherwise the last before it that may have changed something.
    pub fn needs_left_out(&self, step: usize, run: &[Option<Answer>]) -> Option<usize> {
        outcome::needs_left_out(&self.steps, &self.links, step, run)
    }

    /// What all moved runs lost that all controls had, each only where it does not follow from one before it. What differs
    /// between the controls is noise, and with fewer than two of them there is nothing.
    ///
    /// What is not [`sure`](Loss::sure) wants to be seen again: in more controls and more moved runs.
    pub fn losses(&self, controls: &[Vec<Option<Answer>>], moved: &[Vec<Option<Answer>>]) -> Vec<Loss> {
        outcome::losses(&self.steps, &self.links, controls, moved)
    }

    /// Why nothing can be told of a moved run from some step on: it was answered by a limit on requests, or not at all, and no
    /// control was.
    pub fn inconclusive(&self, controls: &[Vec<Option<Answer>>], moved: &[Vec<Option<Answer>>]) -> Option<String> {
        let step = outcome::spoiled(&self.steps, controls, moved)?;
        let request = &self.steps.get(step)?.request;
        let status = moved.iter().filter_map(|run| run.get(step)?.as_ref()).map(|answer| answer.status).max()?;
        let status = if status == 0 { "no answer".to_owned() } else { status.to_string() };
        Some(format!("{} {} had {status} in the moved run alone", request.method, request.path()))
    }

    /// What to learn so that `step` goes where `binding` went: an id that the one gave, or carried, too, and the other carries.
    /// `None` where that is in the path or in the body, which a balancer does not look at.
    pub fn learn(&self, binding: usize, step: usize) -> Option<Learn> {
        (binding < step && step < self.steps.len()).then(|| learn::learn(&self.steps, &self.links, binding, step))?
    }
}
