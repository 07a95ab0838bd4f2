//! The inspector: all details of the selected request or backend, beside the log or full screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use stickylb::api::{BackendView, Event, RequestEvent};

use super::why::fact;
use super::{changes, heads, region, timing, why};
use crate::screen::format::{clock, count, cut, duration, micros};
use crate::screen::state::{Focus, State};
use crate::screen::theme::Theme;
use crate::words::fault_told;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect, scroll: u16) {
    let columns = usize::from(area.width).saturating_sub(2);
    let (title, lines) = subject(state, columns, state.inspected.shows_secrets);
    let title = cut(&title, columns.saturating_sub(2), state.theme);
    let block = region(state, state.detail.is_some(), &title, "");
    let inside = block.inner(area).height;
    // An estimate: word wrapping may need a few more rows than wrapping at the last column.
    let rows: usize = lines.iter().map(|line| line.width().div_ceil(columns.max(1)).max(1)).sum();
    let hidden = u16::try_from(rows).unwrap_or(u16::MAX).saturating_sub(inside);
    let paragraph = Paragraph::new(lines).wrap(Wrap { trim: false });
    frame.render_widget(paragraph.scroll((scroll.min(hidden), 0)).block(block), area);
}

/// The selection as text for the clipboard; secrets stay hidden.
pub(crate) fn as_text(state: &State) -> String {
    /// Width for lines that are fitted to the pane.
    const COLUMNS: usize = 400;
    let (title, lines) = subject(state, COLUMNS, false);
    let lines = lines.iter().map(|line| line.to_string().trim_end().to_owned());
    std::iter::once(title).chain(lines).collect::<Vec<_>>().join("\n") + "\n"
}

/// The title and lines for the selection.
fn subject(state: &State, columns: usize, secrets: bool) -> (String, Vec<Line<'static>>) {
    let line = if state.focus == Focus::Log { state.log.selected() } else { None };
    match line.as_ref().map(|line| &*line.event) {
        Some(Event::Request(request)) => {
            (format!("Request: {} {}", request.method, request.path), self::request(state, request, columns, secrets))
        }
        Some(Event::Notice(notice)) => ("Notice".to_owned(), vec![Line::raw(notice.text.to_string())]),
        Some(Event::Output(output)) => ("Output".to_owned(), vec![Line::raw(output.line.to_string())]),
        Some(Event::Update(update)) => {
            let backend = state.snapshot.backends.iter().find(|backend| backend.id == update.backend.id);
            of_backend(state, backend, columns)
        }
        _ => of_backend(state, state.selected_backend(), columns),
    }
}

fn of_backend(state: &State, backend: Option<&BackendView>, columns: usize) -> (String, Vec<Line<'static>>) {
    match backend {
        Some(backend) => (format!("Backend: {}", backend.name), self::backend(state, backend, columns)),
        None => ("Backend".to_owned(), vec![Line::styled("Nothing is selected.", state.theme.dim())]),
    }
}

fn heading(name: &'static str) -> Line<'static> {
    Line::styled(name, Theme::strong())
}

/// A request: its facts, times, routing decision and heads.
fn request(state: &State, request: &RequestEvent, columns: usize, secrets: bool) -> Vec<Line<'static>> {
    let ended = request.ending().unwrap_or("with a whole response");
    let status = Span::styled(request.status.to_string(), state.theme.status(request.status));
    let backend = request.to.as_ref().map_or_else(|| "nobody".to_owned(), |to| to.name.to_string());
    let mut lines = vec![
        fact(state, "request", format!("{} {}", request.method, request.path)),
        Line::from(vec![
            Span::styled(format!("{:<11}", "answer"), state.theme.dim()),
            status,
            Span::raw(format!(" from {backend} in {}", duration(request.took))),
        ]),
        fact(state, "bytes", format!("{} up, {} down", request.up, request.bytes)),
        fact(state, "began", clock(request.time, true, &state.zone)),
        fact(state, "ended", format!("{} {ended}", clock(request.time + request.took, true, &state.zone))),
        fact(state, "client", request.ip.to_string()),
    ];
    // A replay refers to the request by this number.
    lines.extend(request.number.map(|number| fact(state, "number", format!("#{number}"))));
    lines.extend(timing::lines(state, request, columns));
    lines.extend([Line::raw(""), heading("Why")]);
    lines.extend(why::lines(state, request));
    lines.extend(heads::lines(state, request, secrets));
    lines
}

/// A backend: settings, figures, checks, state changes, clients and failures.
fn backend(state: &State, backend: &BackendView, columns: usize) -> Vec<Line<'static>> {
    let theme = state.theme;
    let time = |value: Option<u64>| value.map_or_else(|| theme.none().to_owned(), micros);
    let latency = backend.latency;
    let now = format!("{} {}", theme.state_glyph(backend.state), backend.state);
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("{:<11}", "state"), theme.dim()),
        Span::styled(now, theme.state(backend.state)),
    ])];
    if let Some(fault) = &backend.chaos {
        lines.push(Line::from(vec![
            Span::styled(format!("{:<11}", "chaos"), theme.dim()),
            Span::styled(fault_told(fault), theme.warning()),
        ]));
    }
    lines.extend([
        fact(state, "address", backend.url.to_string()),
        fact(state, "id, weight", format!("{}, {}", backend.id, backend.weight)),
        fact(state, "check", backend.check.to_string()),
        fact(state, "requests", format!("{}, {}/s, {} errors", backend.requests, backend.rate, backend.errors)),
        fact(state, "now", format!("{} active, {} of them WebSockets", backend.active, backend.tunnels)),
        fact(
            state,
            "times",
            format!("p50 {}  p95 {}  p99 {}", time(latency.p50), time(latency.p95), time(latency.p99)),
        ),
        fact(state, "sticky", format!("{} clients", backend.sessions)),
    ]);
    if let Some(spawned) = backend.spawned {
        let words = spawned.pid.map_or_else(|| "ended".to_owned(), |pid| format!("pid {pid}"));
        lines.push(fact(state, "process", words));
    }
    lines.extend([Line::raw(""), heading("Last checks")]);
    for check in backend.checks.iter().rev().take(8) {
        let style = if check.passed { theme.good() } else { theme.bad() };
        lines.push(Line::from(vec![
            Span::styled(format!("{} ", theme.check_glyph(check.passed)), style),
            Span::styled(format!("{} ", clock(check.time, false, &state.zone)), theme.dim()),
            Span::styled(format!("{:>6} ", micros(check.micros)), theme.dim()),
            Span::raw(check.reason.to_string()),
        ]));
    }
    let mut history = state.log.digest.changes.of(backend.id).take(8).peekable();
    if history.peek().is_some() {
        lines.extend([Line::raw(""), heading("Last changes")]);
        lines.extend(history.filter_map(|change| changes::line(state, change, columns)));
    }
    if let Some(recent) = state.log.digest.per_backend.of(backend.id) {
        clients(state, &recent.clients, &mut lines);
        if !recent.failures.is_empty() {
            lines.extend([Line::raw(""), heading("Last failures")]);
        }
        for event in recent.failures.iter().rev() {
            let Event::Request(request) = &**event else { continue };
            lines.push(Line::from(vec![
                Span::styled(format!("{} ", clock(request.time, false, &state.zone)), theme.dim()),
                Span::styled(format!("{} ", request.status), theme.status(request.status)),
                Span::raw(format!("{} {}: ", request.method, request.path)),
                Span::styled(request.decision.reason(), Style::new()),
            ]));
        }
    }
    lines
}

fn clients(state: &State, clients: &[crate::screen::per_backend::ClientSeen], lines: &mut Vec<Line<'static>>) {
    let mut clients: Vec<_> = clients.iter().collect();
    clients.sort_by_key(|client| std::cmp::Reverse(client.last));
    if !clients.is_empty() {
        lines.extend([Line::raw(""), heading("Clients seen lately")]);
    }
    for client in clients.into_iter().take(8) {
        let requests = count(client.requests);
        let words = format!("{}  {requests} requests, {} sticky", client.ip, count(client.sticky));
        let last = format!("{} ", clock(client.last, false, &state.zone));
        lines.push(Line::from(vec![Span::styled(last, state.theme.dim()), Span::raw(words)]));
    }
}
