//! What the flow draws, made from events alone: what it shows happened.

use stickylb::api::{Event, Outcome, RequestEvent, Rule};

use super::clients::Clients;
use super::lately::Lately;
use super::trips::{Lane, Trips};
use crate::screen::failed::failed;

/// The flow up to one moment.
#[derive(Default)]
pub(crate) struct Flow {
    pub(crate) trips: Trips,
    pub(crate) clients: Clients,
    /// Attempts that failed in a lane, and requests that no backend answered.
    pub(crate) failures: Lately,
}

impl Flow {
    pub(crate) fn follow(&mut self, event: &Event) {
        let Event::Request(request) = event else { return };
        let time = event.time();
        let lane = lane(request);
        for attempt in failed(&request.decision.attempts) {
            let failed = Lane::Backend(attempt.backend.id);
            // One that was tried again on the same backend, and answered, has not left its lane.
            if Some(failed) != lane {
                self.trips.fail(failed, time);
                self.failures.note(failed, time);
            }
        }
        let Some(lane) = lane else { return };
        self.trips.end(lane, time);
        match lane {
            Lane::Backend(id) => self.clients.answered(request, id, time),
            Lane::Lost | Lane::Refused => self.failures.note(lane, time),
        }
    }
}

/// Where a request ended; `None` if it was for nobody, such as the balancer's own pages.
fn lane(request: &RequestEvent) -> Option<Lane> {
    let attempts = &request.decision.attempts;
    let is_answered = attempts.last().is_some_and(|attempt| attempt.outcome == Outcome::Answered);
    match &request.to {
        // Without attempts nothing is known but that it went there.
        Some(to) if is_answered || attempts.is_empty() && !is_lost(request) => Some(Lane::Backend(to.id)),
        _ if request.decision.rule == Rule::LocalReply => None,
        _ if is_lost(request) => Some(Lane::Lost),
        // A client that left before its answer blames nobody: it stays in the lane it was in.
        Some(to) => Some(Lane::Backend(to.id)),
        None => Some(Lane::Refused),
    }
}

fn is_lost(request: &RequestEvent) -> bool {
    (502..=504).contains(&request.status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};
    use stickylb::api::{Attempt, Decision, Identity, Strategy};

    fn request(attempts: &[(u32, Outcome)], status: u16) -> Event {
        let mut decision = Decision::new(Strategy::RoundRobin);
        for (id, outcome) in attempts {
            let backend = Arc::new(Identity::new(*id, "b", ""));
            decision.attempts.push(Attempt::new(&backend, *outcome, Duration::ZERO));
        }
        let mut request = RequestEvent::sample(decision);
        request.status = status;
        request.to = attempts.last().map(|(id, _)| Arc::new(Identity::new(*id, "b", "")));
        Event::Request(request)
    }

    #[test]
    fn a_retried_request_is_in_the_lane_that_answered_and_marks_the_one_that_failed() {
        let mut flow = Flow::default();
        let now = SystemTime::UNIX_EPOCH;
        let [one, two] = [1, 2].map(|id: u32| Lane::Backend(id.into()));
        let within = |flow: &Flow, lane| flow.trips.within(lane, now);
        flow.follow(&request(&[(2, Outcome::ClosedIdle), (2, Outcome::Refused), (1, Outcome::Answered)], 200));
        assert_eq!([within(&flow, one), within(&flow, two)], [(1, 0), (0, 1)]);
        // An idle connection that had ended: the same backend answers the next attempt.
        flow.follow(&request(&[(1, Outcome::ClosedIdle), (1, Outcome::Answered)], 200));
        assert_eq!(within(&flow, one), (2, 0));
        // Its own 503 is an answer.
        flow.follow(&request(&[(1, Outcome::Answered)], 503));
        assert_eq!(within(&flow, one), (3, 0));
        assert_eq!(flow.failures.count(two, now), 1);
    }

    #[test]
    fn what_no_backend_answered_is_lost_or_refused_and_a_page_of_our_own_is_neither() {
        let mut flow = Flow::default();
        let now = SystemTime::UNIX_EPOCH;
        flow.follow(&request(&[(2, Outcome::NoAnswer)], 502));
        flow.follow(&request(&[], 503));
        flow.follow(&request(&[], 429));
        let Event::Request(mut page) = request(&[], 200) else { panic!("a request") };
        page.decision.rule = Rule::LocalReply;
        flow.follow(&Event::Request(page));
        assert_eq!([Lane::Lost, Lane::Refused].map(|lane| flow.failures.count(lane, now)), [2, 1]);
        assert_eq!(flow.trips.within(Lane::Backend(2.into()), now), (0, 1));
        // The client left while it waited.
        flow.follow(&request(&[(1, Outcome::NoAnswer)], 499));
        assert_eq!(flow.failures.count(Lane::Lost, now), 2);
    }
}
