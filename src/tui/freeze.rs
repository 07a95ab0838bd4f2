//! The display stands still while the proxy goes on, and steps back and forward in time.
//!
//! What is shown stays where views look for it: the snapshot and the log of the state. How things stand now, and what
//! happened after the moment that is shown, wait here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::log::{LINES, when};
use super::state::State;
use crate::engine::{Event, Snapshot};

/// Seconds that are kept.
const KEPT: usize = 300;

/// How things stood at the end of one second.
pub(super) struct Moment {
    time: SystemTime,
    /// Shared by all seconds in which nothing changed.
    snapshot: Arc<Snapshot>,
}

/// The display while it stands still.
pub(super) struct Frozen {
    /// The moment that is shown.
    pub(super) at: SystemTime,
    /// How things stand now.
    pub(super) live: Snapshot,
    /// What happened after the moment that is shown, at most as much as the log holds.
    later: VecDeque<Arc<Event>>,
}

impl Frozen {
    /// Notes what happened while the display stands still.
    pub(super) fn note(&mut self, events: Vec<Arc<Event>>) {
        self.later.extend(events);
        let over = self.later.len().saturating_sub(LINES);
        self.later.drain(..over);
    }
}

impl State {
    /// A second has passed.
    pub(super) fn second(&mut self, now: SystemTime, snapshot: Snapshot) {
        self.refresh(snapshot);
        self.now = now;
        // How long ago the shown moment was is shown.
        self.changed |= self.frozen.is_some();
        let snapshot = match self.moments.back() {
            Some(last) if *last.snapshot == *self.live() => Arc::clone(&last.snapshot),
            _ => Arc::new(self.live().clone()),
        };
        if self.moments.len() == KEPT {
            self.moments.pop_front();
        }
        self.moments.push_back(Moment { time: now, snapshot });
    }

    /// How things stand now, whatever is shown.
    pub(super) fn live(&self) -> &Snapshot {
        self.frozen.as_ref().map_or(&self.snapshot, |frozen| &frozen.live)
    }

    pub(super) fn live_mut(&mut self) -> &mut Snapshot {
        self.frozen.as_mut().map_or(&mut self.snapshot, |frozen| &mut frozen.live)
    }

    /// Lets the display stand still, or live again.
    pub(super) fn freeze_or_live(&mut self) {
        let Some(frozen) = self.frozen.take() else {
            self.frozen = Some(Frozen { at: self.now, live: self.snapshot.clone(), later: VecDeque::new() });
            return;
        };
        self.snapshot = frozen.live;
        self.log.show_until(None);
        self.log.append(frozen.later.into());
        self.order();
    }

    /// Shows the second before or after the one that is shown.
    pub(super) fn step_in_time(&mut self, back: bool) -> Result<(), String> {
        if self.frozen.is_none() {
            self.freeze_or_live();
        }
        let Some(frozen) = &mut self.frozen else { return Ok(()) };
        let moment = if back {
            self.moments.iter().rev().find(|moment| moment.time < frozen.at)
        } else {
            self.moments.iter().find(|moment| moment.time > frozen.at)
        };
        let Some(moment) = moment else {
            return Err(if back {
                format!("nothing before this is kept: there are {} minutes at most", KEPT / 60)
            } else {
                "this is the latest second: p shows live again".to_owned()
            });
        };
        frozen.at = moment.time;
        self.snapshot = Snapshot::clone(&moment.snapshot);
        let seen = frozen.later.partition_point(|event| when(event) <= moment.time);
        self.log.append(frozen.later.drain(..seen).collect());
        self.log.show_until(Some(moment.time));
        self.order();
        Ok(())
    }

    /// How long ago the shown moment was, in whole seconds.
    pub(super) fn frozen_for(&self) -> Option<u64> {
        let frozen = self.frozen.as_ref()?;
        let since = self.now.duration_since(frozen.at).unwrap_or_default();
        Some((since + Duration::from_millis(500)).as_secs())
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::engine::{Level, Notice};
    use crate::tui::{Colors, Glyphs, Message, Theme, update};

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 + second)
    }

    /// In each second the count of requests is the second's, and one notice has its number.
    fn seconds(state: &mut State, range: std::ops::Range<u64>) {
        for n in range {
            let notice = Notice { time: at(n) - Duration::from_millis(500), level: Level::Info, text: n.to_string() };
            update(state, Message::Events(vec![Arc::new(Event::Notice(notice))], 0));
            let mut snapshot = Snapshot::default();
            snapshot.totals.requests = n;
            update(state, Message::Second(at(n), Box::new(snapshot)));
        }
    }

    fn press(state: &mut State, keys: &str) {
        for key in keys.chars() {
            update(state, Message::Key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE)));
        }
    }

    /// The figure that is shown, and the last line of the log.
    fn shown(state: &State) -> (u64, String) {
        (state.snapshot.totals.requests, lines(state).pop().unwrap_or_default())
    }

    fn lines(state: &State) -> Vec<String> {
        let text = |event: &Event| if let Event::Notice(notice) = event { notice.text.clone() } else { String::new() };
        state.log.window(0, usize::MAX).iter().map(|line| text(&line.event)).collect()
    }

    fn both(n: u64) -> (u64, String) {
        (n, n.to_string())
    }

    fn new() -> State {
        State::new(Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark })
    }

    #[test]
    fn the_display_stands_still_steps_and_is_live_again_with_nothing_lost() {
        let mut state = new();
        seconds(&mut state, 0..10);
        press(&mut state, "p");
        seconds(&mut state, 10..20);
        assert_eq!((shown(&state), state.frozen_for()), (both(9), Some(10)));
        press(&mut state, ",,,");
        assert_eq!((shown(&state), state.frozen_for()), (both(6), Some(13)));
        press(&mut state, ".");
        assert_eq!(shown(&state), both(7));
        press(&mut state, "........");
        assert_eq!(shown(&state), both(15));
        press(&mut state, "p");
        assert_eq!((shown(&state), state.frozen_for()), (both(19), None));
        let all: Vec<String> = (0..20).map(|n: u64| n.to_string()).collect();
        assert_eq!(lines(&state), all);
    }

    #[test]
    fn a_step_back_freezes_and_the_ends_are_said() {
        let mut state = new();
        seconds(&mut state, 0..3);
        press(&mut state, ",");
        assert_eq!(shown(&state), both(1));
        press(&mut state, ",,");
        assert!(format!("{:?}", state.said).contains("nothing before this is kept"), "{:?}", state.said);
        press(&mut state, "...");
        assert!(format!("{:?}", state.said).contains("p shows live again"), "{:?}", state.said);
    }

    #[test]
    fn what_is_kept_is_bounded_and_an_unchanged_second_costs_next_to_nothing() {
        let mut state = new();
        seconds(&mut state, 0..KEPT as u64 + 50);
        assert_eq!(state.moments.len(), KEPT);
        press(&mut state, "p");
        let notice = Notice { time: at(1_000), level: Level::Info, text: String::new() };
        let one = Arc::new(Event::Notice(notice));
        update(&mut state, Message::Events(vec![one; LINES + 10], 0));
        assert!(state.frozen.as_ref().is_some_and(|frozen| frozen.later.len() == LINES));
        let same = state.live().clone();
        update(&mut state, Message::Second(at(90_000), Box::new(same.clone())));
        update(&mut state, Message::Second(at(90_001), Box::new(same)));
        let last: Vec<&Moment> = state.moments.iter().rev().take(2).collect();
        assert!(Arc::ptr_eq(&last[0].snapshot, &last[1].snapshot));
    }
}
