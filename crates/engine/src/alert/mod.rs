//! Sends mail: to the owners of backends that go DOWN or recover, and about alerts that begin or end.
//!
//! A task compares how things stand with what was told last, whenever something changes, and mails the differences one
//! by one. There is no queue: if the mail server is slow or a backend flaps, only the current state is sent.

mod message;
mod pending_notice;
mod smtp;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{mpsc, watch};

use crate::api::{About, BackendId, Level};
use crate::balancer::Backend;
use crate::state::{Alerts, LiveTopology, MailedAlert, Phase, Telemetry};
use message::Letter;
use pending_notice::{Condition, PendingNotice};
use smtp::Server;

/// How long sending the remaining mail may take when the program stops.
pub(crate) const LAST_MAIL: Duration = Duration::from_secs(2);

/// What mail tells of, and where its trouble is reported.
pub(crate) struct Sources {
    pub(crate) topology: Arc<LiveTopology>,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) alerts: Arc<Alerts>,
}

/// Sends mail until the engine is finishing, and then all that is pending. Follows configuration reloads. Dropping
/// `_done` signals its end.
pub(crate) async fn run(
    sources: Sources,
    mut states: watch::Receiver<()>,
    mut phase: watch::Receiver<Phase>,
    _done: mpsc::Sender<()>,
) {
    // Subscribed before the configuration is first read, so that no change is missed.
    let (mut configurations, mut alerts) = (sources.topology.changes(), sources.alerts.changes());
    let mut mail = Mail { server: None, backends: HashMap::new(), alerts: HashMap::new(), sources };
    loop {
        mail.follow_configuration();
        let next = mail.next();
        if let Some((subject, due)) = &next
            && *due <= Instant::now()
        {
            mail.tell(subject).await;
            continue;
        }
        let wait = next.map_or(Duration::from_hours(1), |(_, due)| due.saturating_duration_since(Instant::now()));
        tokio::select! {
            changed = states.changed() => if changed.is_err() { return },
            changed = alerts.changed() => if changed.is_err() { return },
            changed = configurations.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(wait) => {}
            _ = phase.wait_for(|phase| *phase >= Phase::Finishing) => break,
        }
    }
    while let Some((subject, _)) = mail.next() {
        // Not delayed by the throttle, because there is no later.
        mail.tell(&subject).await;
    }
}

/// What a mail is about.
enum Subject {
    Backend(Arc<Backend>),
    /// The alert with this text.
    Alert(String),
}

struct Mail {
    /// `None` while the configuration has no `email`.
    server: Option<Server>,
    /// By backend; only those with an owner.
    backends: HashMap<BackendId, PendingNotice<Condition>>,
    /// By the alert's text: whether it is active, and what there is to tell.
    alerts: HashMap<String, (PendingNotice<bool>, MailedAlert)>,
    sources: Sources,
}

impl Mail {
    /// Applies a changed mail configuration. What was told is remembered, unless mail was turned off.
    fn follow_configuration(&mut self) {
        let config = self.sources.topology.config();
        if self.server.as_ref().map(|server| &server.config) == config.email.as_ref() {
            return;
        }
        self.server = config.email.clone().map(Server::new);
        // A warning about the old server no longer applies; the next mail shows whether the new one works.
        self.sources.telemetry.is_well(About::Mail);
        if self.server.is_none() {
            self.backends.clear();
            self.alerts.clear();
        }
    }

    /// What the mail that is due first is about, and when.
    fn next(&mut self) -> Option<(Subject, Instant)> {
        let throttle = self.server.as_ref()?.config.throttle;
        let backend = self.next_backend(throttle);
        let alert = self.next_alert(throttle);
        [backend, alert].into_iter().flatten().min_by_key(|(_, due)| *due)
    }

    fn next_backend(&mut self, throttle: Duration) -> Option<(Subject, Instant)> {
        let (now, time) = (Instant::now(), SystemTime::now());
        let backends = self.sources.topology.backends();
        if self.backends.len() > backends.len() {
            let there: HashSet<BackendId> = backends.iter().map(|backend| backend.id()).collect();
            self.backends.retain(|id, _| there.contains(id));
        }
        let owned = backends.iter().filter(|b| b.settings.owner.is_some());
        let due = owned.filter_map(|backend| {
            let pending = self.backends.entry(backend.id()).or_insert_with(|| PendingNotice::new(Condition::Up));
            pending.note(Condition::of(backend.state()), time);
            Some((Subject::Backend(Arc::clone(backend)), pending.due(throttle, now)?))
        });
        due.min_by_key(|(_, due)| *due)
    }

    fn next_alert(&mut self, throttle: Duration) -> Option<(Subject, Instant)> {
        let (now, time) = (Instant::now(), SystemTime::now());
        let mailed = self.sources.alerts.mailed(&self.sources.topology.config());
        let there: HashSet<String> = mailed.iter().map(|alert| alert.when.clone()).collect();
        // Looked at afterwards: one that ended meanwhile is then told as ended. One that goes on, but is no longer told by mail,
        // has nothing to tell.
        let views = self.sources.alerts.views();
        let goes_on = |when: &String| views.iter().any(|view| view.when == *when);
        self.alerts.retain(|when, _| there.contains(when) || !goes_on(when));
        for (_, alert) in self.alerts.values_mut().filter(|(_, alert)| !there.contains(&alert.when)) {
            (alert.active, alert.sentence) = (false, format!("alert {} ends: it is no longer watched", alert.when));
        }
        for alert in mailed {
            match self.alerts.get_mut(&alert.when) {
                Some((_, known)) => *known = alert,
                None => drop(self.alerts.insert(alert.when.clone(), (PendingNotice::new(false), alert))),
            }
        }
        let due = self.alerts.iter_mut().filter_map(|(when, (pending, alert))| {
            pending.note(Some(alert.active), time);
            Some((Subject::Alert(when.clone()), pending.due(throttle, now)?))
        });
        let next = due.min_by_key(|(_, due)| *due);
        self.alerts.retain(|when, (pending, _)| there.contains(when) || pending.news().is_some());
        next
    }

    /// Sends what is pending about this. A failure is reported as a warning; the mail is not retried.
    async fn tell(&mut self, subject: &Subject) {
        let Some(letter) = self.letter(subject) else { return };
        let Some(server) = &self.server else { return };
        let sent = match letter.message(&server.config.from) {
            Ok(message) => server.send(&message).await.map_err(|failed| failed.to_string()),
            Err(error) => Err(error),
        };
        let (telemetry, text) = (&self.sources.telemetry, &letter.what);
        match sent {
            Ok(()) => {
                telemetry.is_well(About::Mail);
                telemetry.notice(Level::Info, format!("{text}: sent"));
            }
            Err(why) => {
                let text = format!("{text}: failed: {}", hidden(&why, &letter.to));
                telemetry.warn_of(About::Mail, text.clone());
                telemetry.notice(Level::Warning, text);
            }
        }
    }

    /// What there is to tell, which counts as told from now on.
    fn letter(&mut self, subject: &Subject) -> Option<Letter> {
        let now = Instant::now();
        match subject {
            Subject::Backend(backend) => {
                let (owner, pending) = (backend.settings.owner.as_ref()?, self.backends.get_mut(&backend.id())?);
                let (condition, since) = pending.news()?;
                pending.tell(condition, now);
                Some(Letter::of_backend(backend, owner, condition, since))
            }
            Subject::Alert(when) => {
                let (pending, alert) = self.alerts.get_mut(when)?;
                let (active, since) = pending.news()?;
                pending.tell(active, now);
                Some(Letter::of_alert(alert, since))
            }
        }
    }
}

/// A server's message without the recipient's addresses.
fn hidden(words: &str, to: &str) -> String {
    let addresses = to.split([',', '<', '>', ' ']).filter(|part| part.contains('@'));
    addresses.fold(words.to_owned(), |words, address| words.replace(address, "(hidden)"))
}
