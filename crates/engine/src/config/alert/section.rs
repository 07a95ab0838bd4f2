//! The `alerts` key: what is watched, and how it is told.

use super::rule::AlertRule;
use crate::api::AlertWay;
use crate::config::email::owner;
use crate::config::keys::Keys;
use crate::config::locations::{At, Locations};
use crate::config::node::Node;

/// The ways to tell of an alert, by their names in a file.
const WAYS: [(&str, AlertWay); 3] =
    [("bell", AlertWay::Bell), ("desktop", AlertWay::Desktop), ("mail", AlertWay::Mail)];

/// One alert as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlertConfig {
    /// When it begins and ends.
    pub when: AlertRule,
    /// The ways it is told, beside the log, the events and the warnings; `None` leaves it to the screen's setting.
    pub notify: Option<Vec<AlertWay>>,
    /// Whom mail about it goes to, where `notify` has mail: an address, or several with commas; the owners of the backends
    /// that it is about unless set.
    pub to: Option<String>,
}

impl AlertConfig {
    /// An alert that is told in the log, the events and the warnings, and by the screen as it is set.
    pub fn new(when: AlertRule) -> Self {
        AlertConfig { when, notify: None, to: None }
    }

    /// Whether it is told by mail.
    pub fn mails(&self) -> bool {
        self.notify.as_ref().is_some_and(|ways| ways.contains(&AlertWay::Mail))
    }

    fn read(keys: &mut Keys<'_, '_>) -> Option<Self> {
        keys.require("when", "an alert needs a 'when', such as \"p95>500ms for=10s\"");
        let when = keys.get("when", "When it begins: \"p95>500ms for=10s\", \"backend:alpha errors>1%\"", rule);
        let notify =
            keys.get("notify", "How it is told beside the log; as the screen's notify is set unless set", |n| {
                n.list(|n| n.one_of(&WAYS))
            });
        let to = keys.get("to", "Whom mail about it goes to; the owners of its backends unless set", owner);
        Some(AlertConfig { when: when?, notify, to })
    }
}

/// Reads the list, each element a text or an object.
pub(crate) fn alerts(n: Node<'_, '_>, locations: &mut Locations) -> Option<Vec<AlertConfig>> {
    let mut alerts = Vec::new();
    n.hint("default", serde_json::json!([]));
    n.each(|n| {
        let one = n.either(n.is_string(), |n| rule(n).map(AlertConfig::new), |n| n.object(AlertConfig::read).flatten());
        if let Some(alert) = one {
            locations.note(At::Alert(alerts.len()), n.place());
            alerts.push(alert);
        }
    })?;
    Some(alerts)
}

fn rule(n: Node<'_, '_>) -> Option<AlertRule> {
    let text = n.hint("minLength", 1).string()?;
    text.parse().map_or_else(|error: super::error::AlertError| n.wrong_within(error.at, error.message), Some)
}
