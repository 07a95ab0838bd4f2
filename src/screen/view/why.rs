//! The Why dialog: the complete routing decision for a request.
//!
//! ```text
//! ┌ Why #12: GET /api/cart ────────────────────────────────────────┐
//! │ key        X-Backend-ID=4, which names delta                 │
//! │ decided by round-robin, place 2 of 3                         │
//! │ candidates bravo  3 active / weight 1 = 3  chosen           │
//! │            delta  0 active / weight 1 = 0  left out: it is DOWN │
//! │ attempts   1 delta    refused            0.9ms               │
//! └──────────────────────────────────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Wrap};
use stickylb::api::{CookieAction, Decision, Event, Outcome, RequestEvent, Rule, Snapshot, StickyKey};

use stickylb::untrusted::Untrusted;
use unicode_width::UnicodeWidthStr as _;

use super::dialog_frame::{centred, frame_of};
use super::timing;
use crate::screen::format::{cut, cut_middle, micros, padded};
use crate::screen::glyphs::Glyphs;
use crate::screen::state::State;
use crate::screen::theme::{Colors, Theme};

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect, event: &Event, scroll: u16) {
    let Event::Request(request) = event else { return };
    let width = area.width.min(90);
    let mut text = lines(state, request);
    text.extend(timing::lines(state, request, usize::from(width).saturating_sub(4)));
    let height = u16::try_from(text.len()).unwrap_or(u16::MAX).saturating_add(2).clamp(3.min(area.height), area.height);
    let place = centred(area, width, height);
    let asked =
        cut(&format!("{} {}", request.method, request.path), usize::from(width).saturating_sub(12), state.theme);
    // The number by which a replay refers to it.
    let number = request.number.map(|number| format!(" #{number}")).unwrap_or_default();
    let title = format!(" Why{number}: {asked} ");
    let hidden = u16::try_from(text.len()).unwrap_or(u16::MAX).saturating_sub(height.saturating_sub(2));
    frame.render_widget(Clear, place);
    let paragraph = Paragraph::new(text).wrap(Wrap { trim: false }).scroll((scroll.min(hidden), 0));
    frame.render_widget(paragraph.block(frame_of(state, &title)), place);
}

/// The whole decision, one fact per line.
pub(crate) fn lines(state: &State, request: &RequestEvent) -> Vec<Line<'static>> {
    let decision = &request.decision;
    let mut lines = vec![fact(state, "key", key(state, decision))];
    if let Some(client) = decision.traffic {
        let words = format!("client {client} of the traffic that the balancer sends to itself");
        lines.push(fact(state, "traffic", words));
    }
    if let Some(pool) = &decision.pool {
        let by = match &decision.route {
            Some(route) => format!("{} (route {})", pool, route.matched),
            None => format!("{pool} (no route matched)"),
        };
        lines.push(fact(state, "pool", by));
    }
    lines.push(fact(state, "decided by", rule(decision)));
    if let Some(told) = &decision.told_apart {
        let words = match (told.by_strategy, told.is_personal()) {
            (true, true) => format!("by {told}, but longer than two seconds ago"),
            (true, false) => format!("by nothing from others at {}", told.address),
            _ => format!("by {told}"),
        };
        lines.push(fact(state, "told apart", words));
    }
    candidates(state, request, &mut lines);
    attempts(state, decision, &mut lines);
    let cookie = match decision.cookie {
        CookieAction::New => "given: the client had none that is known",
        CookieAction::Rewritten => "rewritten: the client moved",
        _ => "not touched",
    };
    lines.push(fact(state, "cookie", cookie.to_owned()));
    lines
}

/// The request and its whole decision as text, for one who has no screen.
pub(crate) fn as_text(snapshot: &Snapshot, request: &RequestEvent) -> String {
    let mut state = State::new(Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono });
    state.snapshot = snapshot.clone();
    let lines = lines(&state, request).into_iter().map(|line| format!("\n{}", line.to_string().trim_end()));
    format!("{} {} {}", request.method, request.path, request.status) + &lines.collect::<String>()
}

/// A line with a label and its value.
pub(crate) fn fact(state: &State, name: &'static str, what: String) -> Line<'static> {
    Line::from(vec![Span::styled(format!("{name:<11}"), state.theme.dim()), Span::raw(what)])
}

fn key(state: &State, decision: &Decision) -> String {
    let Some(key) = &decision.key else {
        return "none that binds it".to_owned();
    };
    let words = key.to_string();
    match key {
        StickyKey::Cookie { id, .. } => {
            let named = state.snapshot.backends.iter().find(|backend| backend.id == *id);
            named.map_or_else(|| words.clone(), |named| format!("{words}, which names {}", named.name))
        }
        // A header's value may be private, so it is not shown.
        StickyKey::Query { value: Some(value), .. } => format!("{words}={value}"),
        StickyKey::Learned { id, .. } => format!("{words}: {id}"),
        _ => words,
    }
}

fn rule(decision: &Decision) -> String {
    match &decision.rule {
        Rule::Sticky => "stickiness: its backend keeps its clients".to_owned(),
        Rule::Draining { backend } => format!("stickiness: {backend} drains, and this client is one of its own"),
        Rule::Strategy { place, of, against: None } => format!("{}, place {place} of {of}", decision.strategy),
        Rule::Strategy { place, of, against: Some(other) } => {
            format!("{}, place {place} of {of}, drawn with place {other}", decision.strategy)
        }
        Rule::Backup => "need: it was tried on all others, which leaves the backups".to_owned(),
        Rule::Kept => "sticky.onFailure: it must wait for its own backend".to_owned(),
        Rule::Together if decision.told_apart.is_some() => {
            "its last request: what a client sends at the same moment moves together".to_owned()
        }
        Rule::Together => "its key: all requests of a client that moves go to the same other backend".to_owned(),
        Rule::Asked { backend } => format!("you: it was sent again, to {backend}"),
        Rule::Nobody => "nobody: there was no backend to choose".to_owned(),
        Rule::QueueFull => "the queue: every place is taken, and so is every one in it".to_owned(),
        Rule::QueueTimeout => "the queue: no place came free in time".to_owned(),
        Rule::LocalReply => "the balancer, which answers this path itself".to_owned(),
        Rule::Refused { why } => format!("refusal: {why}"),
        _ => decision.reason(),
    }
}

fn candidates(state: &State, request: &RequestEvent, lines: &mut Vec<Line<'static>>) {
    let decision = &request.decision;
    if decision.candidates.is_empty() && !decision.attempts.is_empty() {
        let words = "not noted: requests came too fast to note them for each".to_owned();
        lines.push(fact(state, "candidates", words));
    }
    let chosen = decision.attempts.first().map(|attempt| attempt.backend.id);
    // Candidates are noted for the first choice.
    let first = if decision.attempts.len() > 1 { "chosen first" } else { "chosen" };
    let columns = names(decision.candidates.iter().map(|candidate| &candidate.backend.name));
    for (n, candidate) in decision.candidates.iter().enumerate() {
        let is_chosen = chosen == Some(candidate.backend.id);
        let (words, style) = match candidate.excluded {
            // One that takes no new clients keeps its own.
            _ if is_chosen && decision.rule.is_sticky() => ("chosen, as its own".to_owned(), state.theme.good()),
            Some(excluded) => (format!("left out: it {excluded}"), state.theme.warning()),
            None if is_chosen => (first.to_owned(), state.theme.good()),
            None => (String::new(), Style::new()),
        };
        lines.push(Line::from(vec![
            Span::styled(format!("{:<11}", if n == 0 { "candidates" } else { "" }), state.theme.dim()),
            Span::styled(name(state, &candidate.backend.name, columns), Theme::strong()),
            Span::raw(format!(" {}  ", candidate.score)),
            Span::styled(words, style),
        ]));
    }
}

/// The columns of these names, at most 24.
fn names<'n>(names: impl Iterator<Item = &'n Untrusted<String>>) -> usize {
    names.map(|name| name.shown().width()).max().unwrap_or(0).min(24)
}

fn name(state: &State, name: &Untrusted<String>, columns: usize) -> String {
    padded(cut_middle(name, columns, state.theme), columns)
}

fn attempts(state: &State, decision: &Decision, lines: &mut Vec<Line<'static>>) {
    let columns = names(decision.attempts.iter().map(|attempt| &attempt.backend.name));
    for (n, attempt) in decision.attempts.iter().enumerate() {
        let good = attempt.outcome == Outcome::Answered;
        lines.push(Line::from(vec![
            Span::styled(format!("{:<11}", if n == 0 { "attempts" } else { "" }), state.theme.dim()),
            Span::raw(format!("{} ", n + 1)),
            Span::styled(name(state, &attempt.backend.name, columns), Theme::strong()),
            Span::styled(format!(" {} ", attempt.outcome), if good { state.theme.good() } else { state.theme.bad() }),
            Span::raw(format!("after {}", micros(u64::from(attempt.micros)))),
        ]));
    }
    for touch in &decision.chaos {
        let words = format!("{} touched it on {}: a fault that a person let it have", touch.fault, touch.backend);
        lines.push(Line::from(vec![
            Span::styled(format!("{:<11}", "chaos"), state.theme.dim()),
            Span::styled(words, state.theme.warning()),
        ]));
    }
    if let Some(stopped) = decision.stopped {
        lines.push(fact(state, "no retry", stopped.words().to_owned()));
    }
}
