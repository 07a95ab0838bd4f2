//! The event pane's source: what the program logs of itself, by way of tui-logger.
//!
//! tui-logger's own logger wakes a thread a hundred times a second; here its events are moved once a frame.

use log::{LevelFilter, Log, Metadata, Record};
use tui_logger::Drain;

/// This program's own messages go to the pane; those of libraries would mean nothing to its reader.
struct Pane {
    drain: Drain,
}

impl Log for Pane {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("stickylb_tui")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let text = record.args().to_string();
            let visible = crate::visible::visible(&text);
            self.drain.log(
                &Record::builder().args(format_args!("{visible}")).level(record.level()).target("stickylb").build(),
            );
        }
    }

    fn flush(&self) {}
}

/// Makes the pane the program's log.
pub(crate) fn install() {
    tui_logger::set_default_level(LevelFilter::Info);
    // Another logger is there already only where this is embedded; then that one is meant.
    if log::set_boxed_logger(Box::new(Pane { drain: Drain::new() })).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

/// Moves what was logged to where the pane is drawn from.
pub(super) fn collect() {
    tui_logger::move_events();
}
