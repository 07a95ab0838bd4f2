//! Feeds notices to tui-logger, which draws the event pane.
//!
//! tui-logger's own logger would wake a thread a hundred times a second, and cannot show events of an attached process
//! or of an earlier moment. So the notices that the screen shows are copied to it once per frame.

use jiff::tz::TimeZone;
use log::{Level as LogLevel, Record};
use stickylb::api::{Event, Level, State};
use tui_logger::Drain;

use super::digest::Notices;
use super::format::clock;

/// Events that the pane holds.
const DEPTH: usize = 1000;

/// The number of the last notice given to tui-logger.
#[derive(Default)]
pub(crate) struct EventPane {
    given: u64,
}

impl EventPane {
    /// Brings the pane up to date with `notices`; times are shown in `zone`.
    pub(crate) fn follow(&mut self, notices: &Notices, zone: &TimeZone) {
        if notices.last == self.given {
            return;
        }
        if notices.last < self.given {
            // A step back in time: setting the depth clears the buffer, then all notices are given again.
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
    // tui-logger would show its own time, so the event's time is part of the text.
    let time = clock(time, false, zone);
    Drain::new().log(&Record::builder().args(format_args!("{time} {text}")).level(level).target("stickylb").build());
}
