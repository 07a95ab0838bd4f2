//! A request's time by phase, as a waterfall of bars.
//!
//! ```text
//! queue        0.0ms
//! connect      0.4ms ▏
//! first byte   301ms ████████████████████
//! last byte    121ms                     ████████
//! ```

use ratatui::text::{Line, Span};
use stickylb::api::{Outcome, RequestEvent};

use crate::screen::format::micros;
use crate::screen::state::State;

/// Columns for a phase's name, and for its time.
const NAME: usize = 11;

const TIME: usize = 7;

/// Maximum columns of all bars together.
const WIDEST: usize = 60;

/// One phase of a request.
struct Bar {
    name: &'static str,
    /// In microseconds; `None` if the phase did not occur.
    micros: Option<u64>,
    /// Whether the phase is too insignificant to be shown.
    minor: bool,
    /// The text shown instead of a bar if the phase did not occur.
    instead: &'static str,
}

fn phases(request: &RequestEvent) -> Vec<Bar> {
    let phases = request.phases;
    let took = u64::try_from(request.took.as_micros()).unwrap_or(u64::MAX);
    let rest = took.saturating_sub(phases.sum());
    let failed = request.decision.attempts.iter().any(|attempt| attempt.outcome != Outcome::Answered);
    let phase = |name, micros| Bar { name, micros, minor: false, instead: "" };
    let mut all = vec![
        Bar { minor: phases.head < 1000, ..phase("head", Some(phases.head)) },
        phase("queue", Some(phases.queue)),
        Bar { minor: !failed, ..phase("tries", Some(rest)) },
    ];
    if phases.last_byte.is_some() {
        all.push(Bar { instead: "a kept connection", ..phase("connect", phases.connect) });
        let raw = phases.first_byte.is_none();
        all.push(Bar { minor: raw, ..phase("first byte", phases.first_byte) });
        all.push(phase(if raw { "open" } else { "last byte" }, phases.last_byte));
    }
    all
}

/// One line per phase, except minor ones.
pub(crate) fn lines(state: &State, request: &RequestEvent, columns: usize) -> Vec<Line<'static>> {
    let all = phases(request);
    let total = all.iter().filter_map(|phase| phase.micros).sum::<u64>().max(1);
    let width = columns.saturating_sub(NAME + TIME + 1).min(WIDEST);
    let column = |micros: u64| usize::try_from(u128::from(micros) * width as u128 / u128::from(total)).unwrap_or(width);
    let mut before = 0;
    let mut lines = Vec::new();
    for phase in all {
        let micros_here = phase.micros.unwrap_or(0);
        let (from, to) = (column(before), column(before + micros_here));
        before += micros_here;
        if phase.minor {
            continue;
        }
        let time = phase.micros.map_or_else(|| state.theme.none().to_owned(), micros);
        let bar = match phase.micros {
            None => phase.instead.to_owned(),
            // A phase shorter than one column gets no bar.
            Some(_) => " ".repeat(from) + &state.theme.bar().repeat(to - from),
        };
        lines.push(Line::from(vec![
            Span::styled(format!("{:<NAME$}", phase.name), state.theme.dim()),
            Span::raw(format!("{time:>TIME$} {}", bar.trim_end())),
        ]));
    }
    lines
}
