//! The alerts that are watched: evaluated once a second, begun and ended, and told once each time.

mod measure;
mod watched;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::watch;

use super::telemetry::Telemetry;
use super::topology::Topology;
use crate::api::{About, AlertView, AlertWay, Warning};
use crate::config::{AlertConfig, AlertRule, Config, recipients};
use measure::Measure;
use watched::{Change, Watched};

/// The alerts that are watched.
pub(crate) struct Alerts {
    /// Those of the configuration in its order, then the one that a command set.
    watched: Mutex<Vec<Watched>>,
    /// Notifies whenever one begins or ends.
    changes: watch::Sender<()>,
}

/// An alert that is told by mail.
pub(crate) struct MailedAlert {
    pub(crate) when: String,
    pub(crate) active: bool,
    /// What is told of it, in one sentence.
    pub(crate) sentence: String,
    /// Whom it is told: an address, or several with commas.
    pub(crate) to: String,
}

impl Alerts {
    pub(super) fn new(configured: &[AlertConfig]) -> Self {
        let watched = configured.iter().cloned().map(Watched::configured).collect();
        Alerts { watched: Mutex::new(watched), changes: watch::Sender::new(()) }
    }

    fn watched(&self) -> MutexGuard<'_, Vec<Watched>> {
        // Ignoring poison is safe: each change is a single assignment.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notifies whenever an alert begins or ends.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Evaluates all of them. To be called once a second, after the statistics were updated.
    pub(super) fn tick(&self, topology: &Topology, telemetry: &Telemetry) {
        let mut watched = self.watched();
        let mut changes = Vec::new();
        for alert in watched.iter_mut() {
            let measure = Measure::new(alert.config.when.scope(), topology, telemetry);
            changes.extend(alert.step(|figure| measure.of(figure), SystemTime::now()));
        }
        drop(watched);
        self.tell(changes, telemetry);
    }

    /// Watches those of a changed configuration. One whose text is as before goes on as it stands, and so does one that a
    /// command set, while what it is about is there.
    pub(super) fn follow(&self, topology: &Topology, telemetry: &Telemetry) {
        let configured = &topology.config.alerts;
        let backends = topology.backends_by_name();
        let names: Vec<(&str, &str)> =
            backends.iter().map(|(pool, backend)| (pool.as_str(), backend.as_str())).collect();
        let mut watched = self.watched();
        let mut before = std::mem::take(&mut *watched);
        for config in configured {
            let same = before.iter().position(|alert| alert.config.when == config.when);
            let alert = same.map(|at| before.remove(at));
            watched.push(match alert {
                Some(alert) => alert.now_configured(config.clone()),
                None => Watched::configured(config.clone()),
            });
        }
        let (tried, gone): (Vec<_>, Vec<_>) =
            before.into_iter().partition(|alert| alert.tried && alert.config.when.scope().find(&names).is_ok());
        watched.extend(tried);
        drop(watched);
        let changes = gone.into_iter().filter_map(Watched::abandon).collect();
        self.tell(changes, telemetry);
    }

    /// Watches this one beside those of the configuration, in place of the one set so before.
    ///
    /// # Errors
    /// It is in the configuration already.
    pub(crate) fn try_out(&self, rule: Option<AlertRule>, telemetry: &Telemetry) -> Result<(), String> {
        let mut watched = self.watched();
        if let Some(rule) = &rule
            && let Some(there) = watched.iter().find(|alert| alert.config.when == *rule)
        {
            let whose = if there.tried { "already" } else { "already, by the configuration" };
            return Err(format!("this alert is watched {whose}"));
        }
        let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut *watched).into_iter().partition(|alert| alert.tried);
        *watched = kept;
        watched.extend(rule.map(Watched::tried));
        drop(watched);
        self.tell(gone.into_iter().filter_map(Watched::abandon).collect(), telemetry);
        Ok(())
    }

    fn tell(&self, changes: Vec<Change>, telemetry: &Telemetry) {
        if changes.is_empty() {
            return;
        }
        for Change { change, sentence } in changes {
            telemetry.alert(change, sentence);
        }
        self.changes.send_replace(());
    }

    /// All of them, for display.
    pub(crate) fn views(&self) -> Vec<AlertView> {
        self.watched().iter().map(Watched::view).collect()
    }

    /// A warning for each that has begun.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let watched = self.watched();
        let active = watched.iter().filter_map(|alert| Some((alert, alert.since()?)));
        active.map(|(alert, since)| Warning::new(About::Alert, since, alert.in_words())).collect()
    }

    /// Those told by mail that have somebody to tell.
    pub(crate) fn mailed(&self, config: &Config) -> Vec<MailedAlert> {
        let watched = self.watched();
        let mails = |alert: &&Watched| alert.config.notify.as_ref().is_some_and(|ways| ways.contains(&AlertWay::Mail));
        let mailed = watched.iter().filter(mails).filter_map(|alert| {
            let to = recipients(config, &alert.config)?;
            let (active, sentence) = (alert.since().is_some(), alert.sentence());
            Some(MailedAlert { when: alert.config.when.to_string(), active, sentence, to })
        });
        mailed.collect()
    }
}
