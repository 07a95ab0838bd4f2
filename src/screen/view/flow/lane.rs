//! One lane: clients, requests on their way, in flight, state.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use stickylb::api::{BackendView, State as BackendState};
use unicode_width::UnicodeWidthStr as _;

use super::counted;
use super::plan::Plan;
use crate::screen::flow::{LATELY, Lane, Motion, Sign, Token, moment};
use crate::screen::format::{count, cut, cut_middle, padded, short_name, spark_to};
use crate::screen::state::State;
use crate::screen::theme::Theme;

/// Columns of the number of requests in flight, and of the state.
const NUMBER: usize = 5;
const STATE: usize = 10;

/// What stands above the lanes.
pub(super) fn titles(state: &State, plan: &Plan) -> Line<'static> {
    let part = |title: &str, columns| padded(cut(title, columns, state.theme), columns);
    let bar = plan.figures.saturating_sub(STATE);
    let way = match state.flow.motion {
        Motion::On => "requests, as they end",
        Motion::Off => "requests of the last 2 s",
    };
    let text = [part(" clients", plan.who), part(way, plan.way), part("in flight", bar), "state".to_owned()].join(" ");
    Line::styled(text, state.theme.dim())
}

/// The rows of a backend's lane.
pub(super) fn lane(state: &State, plan: &Plan, backend: &BackendView, scale: u64) -> Vec<Line<'static>> {
    let tokens = state.log.digest.flow.clients.at(backend.id, moment(state));
    let who = who(state, plan, backend, &tokens);
    let ways = way(state, plan, Lane::Backend(backend.id), Some(backend), scale);
    let figures = [in_flight(state, plan, backend), answers(state, plan, backend)];
    let figures = figures.into_iter().chain(std::iter::repeat_with(Vec::new));
    let rows = who.into_iter().zip(ways).zip(figures).map(|((who, way), figures)| {
        let mut spans = who;
        spans.push(Span::raw(" "));
        spans.extend(way);
        spans.push(Span::raw(" "));
        spans.extend(figures);
        Line::from(spans)
    });
    rows.take(plan.each).collect()
}

/// Letter and name, and the clients: in the rows below it where there are any.
fn who(state: &State, plan: &Plan, backend: &BackendView, tokens: &[&Token]) -> Vec<Vec<Span<'static>>> {
    let selected = state.selected == Some(backend.id);
    let style = state.theme.backend(backend.mark);
    let lead =
        vec![Span::raw(if selected { ">" } else { " " }), Span::styled(format!("{} ", backend.mark.letter()), style)];
    let name = |columns: usize| {
        let name = cut_middle(short_name(&backend.name, 0), columns, state.theme);
        let style = if selected { Theme::selected() } else { Theme::strong() };
        let pad = columns.saturating_sub(name.width());
        [Span::styled(name, style), Span::raw(" ".repeat(pad))]
    };
    if plan.each == 1 {
        let room = plan.who.saturating_sub(3);
        let columns = if plan.who >= 20 { room / 2 } else { room };
        let mut spans = lead;
        spans.extend(name(columns));
        if room > columns {
            spans.push(Span::raw(" "));
            spans.extend(clients(state, &mut tokens.iter(), room - columns - 1, true, style));
        }
        return vec![spans];
    }
    let mut first = lead;
    first.extend(name(plan.who.saturating_sub(3)));
    let mut rows = vec![first];
    let mut left = tokens.iter();
    for row in 1..plan.each {
        let mut spans = vec![Span::raw("   ")];
        spans.extend(clients(state, &mut left, plan.who.saturating_sub(3), row + 1 == plan.each, style));
        rows.push(spans);
    }
    rows
}

/// As many of the clients as have room in one row; the last row says how many more there are.
fn clients<'t>(
    state: &State,
    tokens: &mut (impl ExactSizeIterator<Item = &'t &'t Token> + Clone),
    columns: usize,
    is_last: bool,
    style: Style,
) -> Vec<Span<'static>> {
    let (mut spans, mut used) = (Vec::new(), 0);
    while let Some(token) = tokens.clone().next() {
        let one = client(state, token, style);
        let width: usize = one.iter().map(Span::width).sum();
        let rest = tokens.len() - 1;
        // Room is kept for how many more there are.
        let more = if is_last && rest > 0 { 2 + count(rest as u64).len() } else { 0 };
        if used + width + more > columns {
            break;
        }
        tokens.next();
        spans.extend(one);
        used += width;
        if used < columns {
            spans.push(Span::raw(" "));
            used += 1;
        }
    }
    if is_last && tokens.len() > 0 {
        let more = cut(&format!("+{}", count(tokens.len() as u64)), columns.saturating_sub(used), state.theme);
        used += more.width();
        spans.push(Span::styled(more, state.theme.dim()));
    }
    spans.push(Span::raw(" ".repeat(columns.saturating_sub(used))));
    spans
}

/// `u7`; `B▸u7` where it came from there lately. A client that nothing binds is faint.
fn client(state: &State, token: &Token, style: Style) -> Vec<Span<'static>> {
    let name = token.name.to_string();
    if let Some(from) = token.came_from(moment(state)) {
        let mark = state.mark_of(from);
        let letter = mark.map_or('?', stickylb::api::Mark::letter);
        let from = mark.map_or(Style::new(), |mark| state.theme.backend(mark));
        return vec![
            Span::styled(letter.to_string(), from),
            Span::raw(state.theme.moved()),
            Span::styled(name, style.patch(Theme::selected())),
        ];
    }
    vec![Span::styled(name, if token.is_bound { style } else { state.theme.dim() })]
}

/// The rows of dots, or the counts in their place; where there are three rows and more, the last is what was in flight lately.
fn way(state: &State, plan: &Plan, lane: Lane, backend: Option<&BackendView>, scale: u64) -> Vec<Vec<Span<'static>>> {
    let style = backend.map_or(state.theme.bad(), |backend| state.theme.backend(backend.mark));
    let rows = if backend.is_some() { plan.ways() } else { 1 };
    let mut ways = match state.flow.motion {
        Motion::Off => {
            let (ended, failed) = counted(state, lane);
            let plural = if ended == 1 { "" } else { "s" };
            let mut texts = vec![format!("{ended} request{plural}")];
            if failed > 0 {
                texts.push(format!("{}{failed} failed", state.theme.failed()));
            }
            let text = cut(&texts.join("  "), plan.way, state.theme);
            let first = vec![Span::styled(padded(text, plan.way), style)];
            let mut ways = vec![vec![Span::raw(" ".repeat(plan.way))]; rows];
            ways[0] = first;
            ways
        }
        Motion::On => {
            let signs = state.log.digest.flow.trips.way(lane, moment(state), (plan.way, rows), scale);
            let closed = backend.and_then(closed);
            let row = |(n, signs): (usize, Vec<Sign>)| match &closed {
                Some(why) if n == 0 && signs.iter().all(|sign| *sign == Sign::Nothing) => {
                    vec![Span::styled(padded(cut(why, plan.way, state.theme), plan.way), state.theme.dim())]
                }
                // What takes no requests has no track.
                _ => drawn(state, &signs, style, lane, closed.is_none() && n == 0),
            };
            signs.into_iter().enumerate().map(row).collect()
        }
    };
    if plan.has_lately()
        && let Some(backend) = backend
    {
        ways.push(lately(state, plan, backend));
    }
    ways
}

/// Why no requests come into this lane, where none do.
fn closed(backend: &BackendView) -> Option<String> {
    match backend.state {
        BackendState::Up => None,
        BackendState::Drain => Some("keeps its clients, gets no new ones".to_owned()),
        BackendState::Maint => Some("taken out by hand".to_owned()),
        BackendState::Ejected => Some(match backend.ejected_seconds {
            Some(seconds) => format!("no requests for {seconds} s"),
            None => "no requests for a while".to_owned(),
        }),
        _ => Some("no requests".to_owned()),
    }
}

/// One row of a lane; neighbours that look the same are one span.
fn drawn(state: &State, signs: &[Sign], style: Style, lane: Lane, has_track: bool) -> Vec<Span<'static>> {
    let theme = state.theme;
    let dot = match lane {
        Lane::Backend(_) => theme.request(),
        Lane::Lost => theme.failed(),
        Lane::Refused => "!",
    };
    let look = |sign: &Sign| match sign {
        Sign::Dot => (dot, style),
        Sign::Failed => (theme.failed(), theme.bad()),
        Sign::Nothing if has_track => (theme.track(), theme.dim()),
        Sign::Nothing => (" ", Style::new()),
    };
    let runs = signs.chunk_by(|one, next| one == next);
    runs.map(|run| {
        let (symbol, style) = look(&run[0]);
        Span::styled(symbol.repeat(run.len()), style)
    })
    .collect()
}

/// `60 s ▁▂▅█`: how many were in flight, the latest at the right, on one scale for all lanes. A column is the most of its
/// seconds where 60 have no room.
fn lately(state: &State, plan: &Plan, backend: &BackendView) -> Vec<Span<'static>> {
    let lead = format!("{LATELY} s ");
    let columns = plan.way.saturating_sub(lead.width()).min(LATELY);
    let shown = moment(state);
    let moments = state.moments.iter().rev().filter(|one| one.time <= shown || state.frozen.is_none());
    let (mut active, mut most) = (vec![0; LATELY], 0);
    for (second, one) in active.iter_mut().rev().zip(moments) {
        let backends = &one.snapshot.backends;
        let of = backends.iter().find(|one| one.id == backend.id);
        *second = of.map_or(0, |backend| u64::from(backend.active));
        most = most.max(backends.iter().map(|backend| u64::from(backend.active)).max().unwrap_or(0));
    }
    let column = |column: usize| {
        let seconds = column * LATELY / columns..(column + 1) * LATELY / columns;
        active[seconds].iter().copied().max().unwrap_or(0)
    };
    let line = spark_to(&(0..columns).map(column).collect::<Vec<u64>>(), most, state.theme);
    let pad = plan.way.saturating_sub(lead.width() + line.width());
    vec![
        Span::styled(cut(&lead, plan.way, state.theme), state.theme.dim()),
        Span::styled(line, state.theme.backend(backend.mark)),
        Span::raw(" ".repeat(pad)),
    ]
}

/// A bar of the requests in flight, a block each where they have room, their number, and the state.
fn in_flight(state: &State, plan: &Plan, backend: &BackendView) -> Vec<Span<'static>> {
    let theme = state.theme;
    let room = plan.figures.saturating_sub(NUMBER + STATE + 1);
    let most = state.snapshot.backends.iter().map(|backend| backend.active).max().unwrap_or(0) as usize;
    let active = backend.active as usize;
    let length = if most <= room { active } else { (active * room).div_ceil(most) };
    let number = if active == 0 { String::new() } else { format!(" {}", count(active as u64)) };
    let bar = theme.bar().repeat(length);
    let pad = (room + NUMBER + 1).saturating_sub(length + number.width());
    vec![
        Span::styled(bar, theme.backend(backend.mark)),
        Span::styled(number, Theme::strong()),
        Span::raw(" ".repeat(pad)),
        Span::styled(format!("{} {}", theme.state_glyph(backend.state), backend.state), theme.state(backend.state)),
    ]
}

/// What it does a second, what failed on it in the last minute, and the fault that it has.
fn answers(state: &State, plan: &Plan, backend: &BackendView) -> Vec<Span<'static>> {
    let theme = state.theme;
    let mut parts = vec![(90, vec![Span::raw(format!("{}/s", count(backend.rate)))])];
    let failed = state.log.digest.flow.failures.count(Lane::Backend(backend.id), moment(state));
    if failed > 0 {
        let words = format!("{}{} failed", theme.failed(), count(failed));
        parts.push((100, vec![Span::styled(words, theme.bad())]));
    }
    if let Some(chaos) = &backend.chaos {
        let words = format!("{} {} s", chaos.words, chaos.left_millis.div_ceil(1000));
        parts.push((95, vec![Span::styled(theme.drawn(&words), theme.warning())]));
    }
    if backend.queued > 0 {
        parts.push((80, vec![Span::styled(format!("{} queued", count(backend.queued.into())), theme.warning())]));
    }
    super::super::fitted(parts, plan.figures)
}

/// The lane of what no backend answered.
pub(super) fn unserved(state: &State, plan: &Plan, scale: u64) -> Line<'static> {
    let theme = state.theme;
    let flow = &state.log.digest.flow;
    let [lost, refused] = [Lane::Lost, Lane::Refused].map(|lane| flow.failures.count(lane, moment(state)));
    let style = if lost > 0 { theme.bad() } else { theme.dim() };
    let mut spans = vec![Span::styled(padded(format!(" {} lost", theme.failed()), plan.who), style), Span::raw(" ")];
    let refused_now = counted(state, Lane::Refused).0 > 0 && counted(state, Lane::Lost).0 == 0;
    let lane = if refused_now { Lane::Refused } else { Lane::Lost };
    spans.extend(way(state, plan, lane, None, scale).into_iter().next().unwrap_or_default());
    let refused = if refused > 0 { format!(", ! {} refused", count(refused)) } else { String::new() };
    let words = format!(" {} in 60 s{refused}", count(lost));
    spans.push(Span::styled(cut(&words, plan.figures + 1, theme), style));
    Line::from(spans)
}
