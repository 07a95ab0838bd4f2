//! Recent failures and clients of each backend.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;
use stickylb::api::{BackendId, Event, Outcome, RequestEvent};

use super::failed::failed;

/// Failures kept per backend.
const FAILURES: usize = 8;

/// Clients kept per backend; the one seen least recently is dropped.
const CLIENTS: usize = 16;

/// A client of a backend.
#[derive(Clone, Debug)]
pub(crate) struct ClientSeen {
    pub(crate) ip: IpAddr,
    /// Its requests to this backend; `sticky` of them were routed by stickiness.
    pub(crate) requests: u64,
    pub(crate) sticky: u64,
    pub(crate) last: SystemTime,
}

/// Recent failures and clients of one backend.
#[derive(Default)]
pub(crate) struct Of {
    /// Requests that failed at this backend, the latest last.
    pub(crate) failures: VecDeque<Arc<Event>>,
    pub(crate) clients: Vec<ClientSeen>,
}

/// Recent failures and clients of all backends.
#[derive(Default)]
pub(crate) struct PerBackend {
    by_id: HashMap<BackendId, Of>,
}

impl PerBackend {
    pub(crate) fn follow(&mut self, event: &Arc<Event>) {
        let Event::Request(request) = &**event else { return };
        for attempt in failed(&request.decision.attempts) {
            self.fail(attempt.backend.id, event);
        }
        let Some(to) = &request.to else { return };
        if request.status >= 500 && request.decision.attempts.last().is_some_and(|a| a.outcome == Outcome::Answered) {
            self.fail(to.id, event);
        }
        self.by_id.entry(to.id).or_default().count(request);
    }

    fn fail(&mut self, id: BackendId, event: &Arc<Event>) {
        let failures = &mut self.by_id.entry(id).or_default().failures;
        if failures.len() == FAILURES {
            failures.pop_front();
        }
        failures.push_back(Arc::clone(event));
    }

    pub(crate) fn of(&self, id: BackendId) -> Option<&Of> {
        self.by_id.get(&id)
    }
}

impl Of {
    fn count(&mut self, request: &RequestEvent) {
        let sticky = u64::from(request.decision.rule.is_sticky());
        let last = request.time;
        if let Some(client) = self.clients.iter_mut().find(|client| client.ip == request.ip) {
            client.requests += 1;
            client.sticky += sticky;
            client.last = client.last.max(last);
            return;
        }
        if self.clients.len() == CLIENTS
            && let Some(longest) = (0..CLIENTS).min_by_key(|n| self.clients[*n].last)
        {
            self.clients.swap_remove(longest);
        }
        self.clients.push(ClientSeen { ip: request.ip, requests: 1, sticky, last });
    }
}
