//! The replay dialogs: the choice of a backend, and the comparison of both responses.
//!
//! ```text
//! ┌ Sent again: GET /api/cart ──────────────────┐
//! │            before       again                │
//! │ request    #12          #14                  │
//! │ from       alpha        bravo        differs │
//! │ status     200          500          differs │
//! │ body       differs from byte 17 on           │
//! └──────────────────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Wrap};
use stickylb::api::{Bodies, Body, Ended, Event, RequestEvent};

use super::dialog_frame::{centred, frame_of};
use super::heads;
use crate::screen::action::Action;
use crate::screen::format::{bytes, cut, duration, fit, micros};
use crate::screen::inspected::{ReplayChoice, Shown};
use crate::screen::state::State;
use crate::screen::theme::Theme;

/// Draws the choice of a backend.
pub(crate) fn choose(frame: &mut Frame<'_>, state: &State, area: Rect, choice: &ReplayChoice) {
    let Event::Request(request) = &*choice.event else { return };
    let width = area.width.min(60);
    let columns = usize::from(width).saturating_sub(4);
    let height = u16::try_from(choice.places.len() + 4).unwrap_or(u16::MAX).min(area.height);
    let rows = usize::from(height).saturating_sub(4).max(1);
    // Scroll so that the chosen row is visible.
    let first = (choice.chosen + 1).saturating_sub(rows);
    let asked = format!("{} {}", request.method, request.path);
    let mut lines = vec![Line::raw(cut(&asked, columns, state.theme))];
    for (n, (_, name)) in choice.places.iter().enumerate().skip(first).take(rows) {
        let words = format!(
            "{} {}",
            if n == choice.chosen { ">" } else { " " },
            cut(name, columns.saturating_sub(2), state.theme)
        );
        lines.push(if n == choice.chosen { Line::styled(words, Theme::strong()) } else { Line::raw(words) });
    }
    let choose = format!("{} {}", state.key(Action::Down), state.key(Action::Up));
    let keys = [("Enter", "send it"), ("e", "edit it"), (choose.as_str(), "choose"), ("Esc", "leave it")];
    let spans = keys
        .into_iter()
        .flat_map(|(key, what)| [Span::styled(key.to_owned(), state.theme.key()), Span::raw(format!(" {what}   "))]);
    lines.push(Line::from(spans.collect::<Vec<_>>()));
    let place = centred(area, width, height);
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).block(frame_of(state, " Send it again: where? ")), place);
}

/// Draws the comparison of both responses.
pub(crate) fn result(frame: &mut Frame<'_>, state: &State, area: Rect, shown: &Shown) {
    let Shown { replayed, scroll, .. } = shown;
    let Event::Request(again) = &*replayed.event else { return };
    let width = area.width.min(90);
    let columns = usize::from(width).saturating_sub(4);
    let text = lines(state, shown, again);
    let rows: usize = text.iter().map(|line| line.width().div_ceil(columns.max(1)).max(1)).sum();
    let rows = u16::try_from(rows).unwrap_or(u16::MAX);
    let height = rows.saturating_add(2).clamp(3.min(area.height), area.height);
    let hidden = rows.saturating_sub(height.saturating_sub(2));
    let asked = format!("{} {}", again.method, again.path);
    let what = if again.decision.edited { "Sent edited" } else { "Sent again" };
    let title = format!(" {what}: {} ", cut(&asked, columns.saturating_sub(17), state.theme));
    let place = centred(area, width, height);
    frame.render_widget(Clear, place);
    let paragraph = Paragraph::new(text).wrap(Wrap { trim: false }).scroll(((*scroll).min(hidden), 0));
    frame.render_widget(paragraph.block(frame_of(state, &title)), place);
}

fn lines(state: &State, shown: &Shown, again: &RequestEvent) -> Vec<Line<'static>> {
    let theme = state.theme;
    let Event::Request(before) = &*shown.before else { return Vec::new() };
    let replayed = &shown.replayed;
    let row = |name: &'static str, [one, other]: [String; 2], matters: bool| {
        let differs = if matters && one != other { "differs" } else { "" };
        Line::from(vec![
            Span::styled(format!("{name:<11}"), theme.dim()),
            Span::raw(format!("{} {} ", fit(&one, 20, theme), fit(&other, 20, theme))),
            Span::styled(differs, theme.warning()),
        ])
    };
    let both = |what: fn(&RequestEvent) -> String| [what(before), what(again)];
    let phase = |what: fn(&RequestEvent) -> Option<u64>| {
        [before, again].map(|request| what(request).map_or_else(|| theme.none().to_owned(), micros))
    };
    let mut lines = vec![
        row("", ["before".to_owned(), "again".to_owned()], false),
        row("request", both(|request| request.number.map_or_else(String::new, |number| format!("#{number}"))), false),
        row(
            "from",
            both(|request| request.to.as_ref().map_or_else(|| "nobody".to_owned(), |to| to.name.to_string())),
            true,
        ),
        row("status", both(|request| request.status.to_string()), true),
        row("took", both(|request| duration(request.took)), false),
        row("first byte", phase(|request| request.phases.first_byte), false),
        row("last byte", phase(|request| request.phases.last_byte), false),
        row("bytes", both(|request| request.bytes.to_string()), true),
    ];
    let body = match replayed.bodies {
        Bodies::DifferAt(at) => format!("differs from byte {} on", at + 1),
        Bodies::Same(_) if before.bytes != again.bytes => "one is longer".to_owned(),
        Bodies::Same(0) if before.bytes == 0 => "none".to_owned(),
        Bodies::Same(same) if same as u64 == before.bytes => "the same".to_owned(),
        Bodies::Same(same) => format!("as long, and the first {same} bytes are the same: no more of it is kept"),
    };
    lines.push(super::why::fact(state, "body", body));
    if again.ended != Ended::Complete {
        let how = match again.ended {
            Ended::ClientGone => format!("cut here after {}: too late or too long", duration(again.took)),
            ended => ended.words().unwrap_or_default().to_owned(),
        };
        lines.push(super::why::fact(state, "ended", how));
    }
    lines.push(super::why::fact(state, "why", again.decision.reason()));
    let (one, other) = (&replayed.before, &replayed.after);
    let reveal = &state.reveal(state.inspected.shows_secrets);
    if again.decision.edited {
        lines.push(Line::raw(""));
        lines.push(Line::styled("What was edited", Theme::strong()));
        let changes = heads::differences(&mut lines, [&one.request, &other.request], reveal, theme);
        if let (Some(was), Some(is)) = (&one.request_body, &other.request_body) {
            let bytes = |body: &Body| bytes(body.total);
            let how = if was == is {
                "the same".to_owned()
            } else {
                format!("changed: {} before, {} now", bytes(was), bytes(is))
            };
            if changes == 0 && was != is {
                // It says that nothing changed.
                lines.pop();
            }
            lines.push(super::why::fact(state, "its body", how));
        }
    }
    lines.push(Line::raw(""));
    lines.push(Line::styled("The answers' heads", Theme::strong()));
    // A local reply has no backend response: compare what the clients got.
    let own = one.answer.bytes.is_empty() || other.answer.bytes.is_empty();
    let pair = if own { [&one.passed, &other.passed] } else { [&one.answer, &other.answer] };
    heads::differences(&mut lines, pair, reveal, theme);
    lines
}
