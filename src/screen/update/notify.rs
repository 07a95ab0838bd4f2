//! Decides when a backend that goes DOWN causes a notification.

use std::sync::Arc;
use stickylb::api::{Event, State};

use crate::screen::message::Effect;
use crate::screen::notify::Notify;

/// At most one notification per batch of events; it names every backend that went DOWN.
pub(crate) fn due(how: Notify, events: &[Arc<Event>]) -> Vec<Effect> {
    if how == Notify::Off {
        return Vec::new();
    }
    let down = |event: &Arc<Event>| match &**event {
        Event::Update(update) if update.to == State::Down => Some(format!("{} is DOWN", update.backend.name)),
        _ => None,
    };
    let all: Vec<String> = events.iter().filter_map(down).collect();
    if all.is_empty() { Vec::new() } else { vec![Effect::Notify(how, all.join(", "))] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stickylb::api::{Identity, UpdateEvent};

    fn update(name: &str, to: State) -> Arc<Event> {
        let (time, backend) = (std::time::SystemTime::UNIX_EPOCH, Identity::new(1, name, "").into());
        Arc::new(Event::Update(UpdateEvent::new(time, backend, [State::Up, to], "")))
    }

    #[test]
    fn what_goes_down_together_is_one_notification_and_only_where_it_is_asked_for() {
        let events = [update("alpha", State::Down), update("bravo", State::Maint), update("charlie", State::Down)];
        assert_eq!(due(Notify::Bell, &events), [Effect::Notify(Notify::Bell, "alpha is DOWN, charlie is DOWN".into())]);
        assert!(due(Notify::Bell, &events[1..2]).is_empty());
        assert!(due(Notify::Off, &events).is_empty());
    }
}
