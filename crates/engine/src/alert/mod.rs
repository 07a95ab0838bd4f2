//! Mail to the owners of backends that go DOWN and come back.
//!
//! One task looks at the backends' states whenever one changes, and mails what their owners do not know yet, one mail at
//! a time. It keeps what each owner was told and no queue: while a mail server is slow, or a backend flaps, only the
//! present state is still to be told.

mod message;
mod pending_notice;
mod smtp;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{mpsc, watch};

use crate::api::{About, BackendId, Level};
use crate::balancer::Backend;
use crate::state::{LiveTopology, Phase, Telemetry};
use pending_notice::{Condition, PendingNotice};
use smtp::Server;

/// Time for what is still to be told when the program stops.
pub(crate) const LAST_MAIL: Duration = Duration::from_secs(2);

/// Mails until the engine finishes, and what is then still to be told; in between it follows the configuration. The drop
/// of `_done` says that it has ended.
pub(crate) async fn run(
    topology: Arc<LiveTopology>,
    telemetry: Arc<Telemetry>,
    mut states: watch::Receiver<()>,
    mut phase: watch::Receiver<Phase>,
    _done: mpsc::Sender<()>,
) {
    // Subscribed before the first look, so that no change can fall between the two.
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
        // There is no later any more.
        mail.tell(&backend).await;
    }
}

struct Mail {
    /// `None` while the configuration has no `email`.
    server: Option<Server>,
    /// By backend; those without an owner have no account.
    pending: HashMap<BackendId, PendingNotice>,
    topology: Arc<LiveTopology>,
    telemetry: Arc<Telemetry>,
}

impl Mail {
    /// What owners were told stays known when mail goes another way from now on.
    fn follow_configuration(&mut self) {
        let config = self.topology.config();
        if self.server.as_ref().map(|server| &server.config) == config.email.as_ref() {
            return;
        }
        self.server = config.email.clone().map(Server::new);
        // Whether it goes well is not known before the next one.
        self.telemetry.is_well(About::Mail);
        if self.server.is_none() {
            self.pending.clear();
        }
    }

    /// The backend whose owner is to be told first, and when.
    fn next(&mut self) -> Option<(Arc<Backend>, Instant)> {
        let throttle = self.server.as_ref()?.config.throttle;
        let (now, time) = (Instant::now(), SystemTime::now());
        let backends = self.topology.backends();
        self.pending.retain(|id, _| backends.iter().any(|b| b.id() == *id));
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

    /// Mails what is to be told of a backend. A mail that fails is told of here and not sent again.
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
        // No address: what is told here is told to every reader of events.
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

/// A server's words without the owner's addresses.
fn hidden(words: &str, owner: &str) -> String {
    let addresses = owner.split([',', '<', '>', ' ']).filter(|part| part.contains('@'));
    addresses.fold(words.to_owned(), |words, address| words.replace(address, "(hidden)"))
}
