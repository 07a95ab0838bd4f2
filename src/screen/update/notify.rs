//! Decides when a backend that goes DOWN, or an alert, causes a notification.

use std::sync::Arc;
use stickylb::api::{AlertWay, Event, Notice, State};

use crate::screen::message::Effect;
use crate::screen::notify::Notify;

/// At most one notification of each way per batch of events; it names every backend that went DOWN, and every alert that
/// began or ended. `how` is for backends, and for alerts that name no way of their own.
pub(crate) fn due(how: Notify, events: &[Arc<Event>]) -> Vec<Effect> {
    let ways = [Notify::Bell, Notify::Desktop];
    let notification = |way: Notify| {
        let all: Vec<String> = events.iter().filter_map(|event| text(event, way, how)).collect();
        (!all.is_empty()).then(|| Effect::Notify(way, all.join(", ")))
    };
    ways.into_iter().filter_map(notification).collect()
}

/// What an event has to say in this way.
fn text(event: &Event, way: Notify, how: Notify) -> Option<String> {
    match event {
        Event::Update(update) if update.to == State::Down && way == how => {
            Some(format!("{} is DOWN", update.backend.name))
        }
        Event::Notice(Notice { alert: Some(alert), text, .. }) => {
            let named = |ways: &Vec<AlertWay>| ways.iter().any(|named| told_by(*named) == Some(way));
            alert.notify.as_ref().map_or(way == how, named).then(|| text.to_string())
        }
        _ => None,
    }
}

/// The way of the screen that an alert names; mail is not the screen's.
fn told_by(way: AlertWay) -> Option<Notify> {
    match way {
        AlertWay::Bell => Some(Notify::Bell),
        AlertWay::Desktop => Some(Notify::Desktop),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;
    use stickylb::api::{AlertChange, Identity, Level, UpdateEvent};

    fn update(name: &str, to: State) -> Arc<Event> {
        let (time, backend) = (SystemTime::UNIX_EPOCH, Identity::new(1, name, "").into());
        Arc::new(Event::Update(UpdateEvent::new(time, backend, [State::Up, to], "")))
    }

    fn alert(text: &str, ways: Option<Vec<AlertWay>>) -> Arc<Event> {
        let mut notice = Notice::new(SystemTime::UNIX_EPOCH, Level::Warning, text);
        let mut change = AlertChange::new("up<2", true);
        change.notify = ways;
        notice.alert = Some(Box::new(change));
        Arc::new(Event::Notice(notice))
    }

    #[test]
    fn what_goes_down_together_is_one_notification_and_only_where_it_is_asked_for() {
        let events = [update("alpha", State::Down), update("bravo", State::Maint), update("charlie", State::Down)];
        assert_eq!(due(Notify::Bell, &events), [Effect::Notify(Notify::Bell, "alpha is DOWN, charlie is DOWN".into())]);
        assert!(due(Notify::Bell, &events[1..2]).is_empty());
        assert!(due(Notify::Off, &events).is_empty());
    }

    #[test]
    fn an_alert_is_notified_in_its_own_ways_else_as_the_screen_is_set() {
        let own = [alert("one", Some(vec![AlertWay::Desktop, AlertWay::Mail])), alert("two", Some(Vec::new()))];
        assert_eq!(due(Notify::Bell, &own), [Effect::Notify(Notify::Desktop, "one".into())]);
        let set = [alert("three", None), update("alpha", State::Down)];
        assert_eq!(due(Notify::Bell, &set), [Effect::Notify(Notify::Bell, "three, alpha is DOWN".into())]);
        assert!(due(Notify::Off, &set).is_empty());
    }
}
