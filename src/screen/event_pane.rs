//! The event pane's source: the notices, given to tui-logger, which draws them.
//!
//! tui-logger's own logger wakes a thread a hundred times a second, and knows neither another process nor another time
//! than now. Here the notices that the screen shows are moved once a frame: those of the process it is attached to, and those
//! of the moment at which it stands still.

use jiff::tz::TimeZone;
use log::{Level as LogLevel, Record};
use stickylb::api::{Event, Level, State};
use tui_logger::Drain;

use super::digest::Notices;
use super::format::clock;

/// Lines that the pane holds.
const DEPTH: usize = 1000;

/// What the pane was given so far.
#[derive(Default)]
pub(crate) struct EventPane {
    given: u64,
}

impl EventPane {
    /// Has the pane hold these, and no others.
    pub(crate) fn follow(&mut self, notices: &Notices, zone: &TimeZone) {
        if notices.last == self.given {
            return;
        }
        if notices.last < self.given {
            // A step back in time: what came later goes.
            tui_logger::set_buffer_depth(DEPTH);
            self.given = 0;
        }
        for event in notices.after(self.given) {
            give(event, zone);
        }
        self.given = notices.last;
        tui_logger::move_events();
    }
}

fn give(event: &Event, zone: &TimeZone) {
    let (level, time, text) = match event {
        Event::Update(update) => {
            let level = if matches!(update.to, State::Down | State::Ejected) { LogLevel::Warn } else { LogLevel::Info };
            (level, update.time, format!("{} is {}: {}", update.backend.name, update.to, update.reason))
        }
        Event::Notice(notice) => {
            let level = if notice.level == Level::Warning { LogLevel::Warn } else { LogLevel::Info };
            (level, notice.time, notice.text.to_string())
        }
        _ => return,
    };
    // The time is the event's: tui-logger would take its own.
    let time = clock(time, false, zone);
    Drain::new().log(&Record::builder().args(format_args!("{time} {text}")).level(level).target("stickylb").build());
}
