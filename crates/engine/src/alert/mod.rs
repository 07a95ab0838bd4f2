//! Sends mail to the owners of backends that go DOWN or recover.
//!
//! A task compares the backends' states with what their owners were told last, whenever a state changes, and mails the
//! differences one by one. There is no queue: if the mail server is slow or a backend flaps, only the current state is
//! sent.

mod message;
mod pending_notice;
mod smtp;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{mpsc, watch};

use crate::api::{About, BackendId, Level};
use crate::balancer::Backend;
use crate::state::{LiveTopology, Phase, Telemetry};
use pending_notice::{Condition, PendingNotice};
use smtp::Server;

/// How long sending the remaining mail may take when the program stops.
pub(crate) const LAST_MAIL: Duration = Duration::from_secs(2);

/// Sends mail until the engine is finishing, and then all that is pending. Follows configuration reloads. Dropping
/// `_done` signals its end.
pub(crate) async fn run(
    topology: Arc<LiveTopology>,
    telemetry: Arc<Telemetry>,
    mut states: watch::Receiver<()>,
    mut phase: watch::Receiver<Phase>,
    _done: mpsc::Sender<()>,
) {
    // Subscribed before the configuration is first read, so that no change is missed.
    let mut configurations = topology.changes();
    let mut mail = Mail { server: None, pending: HashMap::new(), topology, telemetry };
    loop {
        mail.follow_configuration();
        let next = mail.next();
        if let Some((backend, due)) = &next
            && *due <= Instant::now()
        {
            mail.tell(backend).await;
            continue;
        }
        let wait = next.map_or(Duration::from_hours(1), |(_, due)| due.saturating_duration_since(Instant::now()));
        tokio::select! {
            changed = states.changed() => if changed.is_err() { return },
            changed = configurations.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(wait) => {}
            _ = phase.wait_for(|phase| *phase >= Phase::Finishing) => break,
        }
    }
    while let Some((backend, _)) = mail.next() {
        // Not delayed by the throttle, because there is no later.
        mail.tell(&backend).await;
    }
}

struct Mail {
    /// `None` while the configuration has no `email`.
    server: Option<Server>,
    /// By backend; only those with an owner.
    pending: HashMap<BackendId, PendingNotice>,
    topology: Arc<LiveTopology>,
    telemetry: Arc<Telemetry>,
}

impl Mail {
    /// Applies a changed mail configuration. What owners were told is remembered, unless mail was turned off.
    fn follow_configuration(&mut self) {
        let config = self.topology.config();
        if self.server.as_ref().map(|server| &server.config) == config.email.as_ref() {
            return;
        }
        self.server = config.email.clone().map(Server::new);
        // A warning about the old server no longer applies; the next mail shows whether the new one works.
        self.telemetry.is_well(About::Mail);
        if self.server.is_none() {
            self.pending.clear();
        }
    }

    /// The backend whose mail is due first, and when.
    fn next(&mut self) -> Option<(Arc<Backend>, Instant)> {
        let throttle = self.server.as_ref()?.config.throttle;
        let (now, time) = (Instant::now(), SystemTime::now());
        let backends = self.topology.backends();
        if self.pending.len() > backends.len() {
            let there: HashSet<BackendId> = backends.iter().map(|backend| backend.id()).collect();
            self.pending.retain(|id, _| there.contains(id));
        }
        let mut next: Option<(Arc<Backend>, Instant)> = None;
        for backend in backends.iter().filter(|b| b.settings.owner.is_some()) {
            let pending = self.pending.entry(backend.id()).or_default();
            pending.note(backend.state(), time);
            if let Some(due) = pending.due(throttle, now)
                && next.as_ref().is_none_or(|(_, first)| due < *first)
            {
                next = Some((Arc::clone(backend), due));
            }
        }
        next
    }

    /// Sends a backend's pending mail. A failure is reported as a warning; the mail is not retried.
    async fn tell(&mut self, backend: &Backend) {
        let (Some(server), Some(owner), Some(pending)) =
            (&self.server, &backend.settings.owner, self.pending.get_mut(&backend.id()))
        else {
            return;
        };
        let Some((condition, since)) = pending.news() else { return };
        pending.tell(condition, Instant::now());
        let message = message::message(&server.config.from, owner, backend.identity.url.borrowed(), condition, since);
        let sent = match &message {
            Ok(message) => server.send(message).await.map_err(|failed| failed.to_string()),
            Err(error) => Err(error.clone()),
        };
        let what = match condition {
            Condition::Down => "is DOWN",
            Condition::Up => "is back",
        };
        // Without mail addresses, because every reader of events sees this.
        let text = format!("mail to the owner of {}, that it {what}", backend.name());
        match sent {
            Ok(()) => {
                self.telemetry.is_well(About::Mail);
                self.telemetry.notice(Level::Info, format!("{text}: sent"));
            }
            Err(why) => {
                let text = format!("{text}: failed: {}", hidden(&why, owner));
                self.telemetry.warn_of(About::Mail, text.clone());
                self.telemetry.notice(Level::Warning, text);
            }
        }
    }
}

/// A server's message without the owner's addresses.
fn hidden(words: &str, owner: &str) -> String {
    let addresses = owner.split([',', '<', '>', ' ']).filter(|part| part.contains('@'));
    addresses.fold(words.to_owned(), |words, address| words.replace(address, "(hidden)"))
}
