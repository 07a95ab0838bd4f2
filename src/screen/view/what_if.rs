//! The dialog of what-if: a row for each strategy, as wide as there is room.
//!
//! ```text
//! ┌ What if? default ───────────────────────────────────────────────┐
//! │ model: 100 % as real, 500 requests in 41.2 s                    │
//! │     STRATEGY            alpha  bravo  FAIRNESS  MOST  AS REAL   │
//! │ > * round-robin           250    250     1.000     3    100 %   │
//! │     least-connections     251    249     1.000     2     60 %   │
//! │ not told: latency: each request takes as long as it really took │
//! │ Enter puts it in use   j k choose   S asks again   Esc leave it │
//! └─────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};
use stickylb::api::{Spread, Strategy, WhatIf, WhatIfRow};
use unicode_width::UnicodeWidthStr as _;

use super::dialog_frame::{centred, frame_of};
use crate::screen::action::Action;
use crate::screen::format::{cut, padded, short_name, wrapped};
use crate::screen::state::State;
use crate::screen::theme::Theme;
use crate::screen::what_if_choice::WhatIfChoice;
use crate::words::{as_real, what_if_figures, whole};

/// The dialog's most columns, and the columns and rows of its frame.
const WIDTH: u16 = 150;
const FRAME: (u16, u16) = (4, 2);

/// Columns of a strategy's name with its marks, and of a backend's name at most.
const STRATEGY: usize = 22;
const NAME: usize = 12;

/// A column of figures.
struct Column {
    /// Where there is no room, the least is left out first.
    priority: usize,
    title: String,
    /// By strategy.
    cells: Vec<String>,
}

impl Column {
    fn width(&self) -> usize {
        self.cells.iter().chain([&self.title]).map(|cell| cell.width()).max().unwrap_or_default()
    }
}

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect, asked: &WhatIfChoice) {
    let most = usize::from(area.width.min(WIDTH).saturating_sub(FRAME.0));
    let told = asked.told.as_ref().and_then(|told| told.as_deref().ok()).filter(|told| !told.rows.is_empty());
    let columns = told.map(|told| columns(state, told, most.saturating_sub(STRATEGY))).unwrap_or_default();
    let needed = STRATEGY + columns.iter().map(|column| column.width() + 2).sum::<usize>();
    let width = needed.max(70).min(most);
    let doubted = told.is_some_and(|told| told.doubt.is_some());
    let mut head = said(state, asked, width);
    if told.is_some() {
        head.push(Line::styled(
            line("    STRATEGY", columns.iter().map(|one| (one, one.title.as_str()))),
            state.theme.dim(),
        ));
    }
    let foot = foot(state, told, width);
    let rows = Strategy::ALL.len();
    let height = |lines: usize| u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(FRAME.1);
    let whole = height(head.len() + rows + foot.len()).min(area.height);
    let room = usize::from(whole.saturating_sub(FRAME.1));
    // Where the screen is low, what is not told goes first, then what stands above; the chosen row and the keys stay.
    let foot = &foot[foot.len().saturating_sub(room.saturating_sub(rows + head.len()).max(1))..];
    let head = &head[head.len().saturating_sub(room.saturating_sub(rows + foot.len()))..];
    let shown = room.saturating_sub(head.len() + foot.len()).max(1);
    let first = (asked.chosen + 1).saturating_sub(shown);
    let mut lines = head.to_vec();
    for (index, strategy) in Strategy::ALL.into_iter().enumerate().skip(first).take(shown) {
        let is_chosen = index == asked.chosen;
        let mark = if strategy == in_use(state, asked) { "*" } else { " " };
        let name = format!("{} {mark} {strategy}", if is_chosen { ">" } else { " " });
        let cells = columns.iter().map(|one| (one, one.cells.get(index).map_or("", String::as_str)));
        let style = match (is_chosen, doubted) {
            (true, _) => Theme::strong(),
            (false, true) => state.theme.dim(),
            (false, false) => Style::new(),
        };
        lines.push(Line::styled(state.theme.drawn(&line(&name, cells)), style));
    }
    lines.extend(foot.to_vec());
    let pool = asked.options.pool.as_deref().unwrap_or_default();
    let title = format!(" What if? {} ", cut(pool, 30, state.theme));
    let place = centred(area, u16::try_from(width).unwrap_or(u16::MAX).saturating_add(FRAME.0).min(area.width), whole);
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).block(frame_of(state, &title)), place);
}

/// The strategy that the pool has now.
fn in_use(state: &State, asked: &WhatIfChoice) -> Strategy {
    let pool = asked.options.pool.as_deref().and_then(|name| state.live().pool(name));
    pool.map(|pool| pool.strategy).unwrap_or_default()
}

/// How good the model is, or why there is none.
fn said(state: &State, asked: &WhatIfChoice, columns: usize) -> Vec<Line<'static>> {
    let (text, doubt) = match &asked.told {
        None => ("the last requests are given to each strategy again".to_owned(), None),
        Some(Err(why)) => (format!("no figures: {why}"), None),
        Some(Ok(told)) if told.rows.is_empty() => {
            let why = told.doubt.as_ref().map(ToString::to_string).unwrap_or_default();
            (format!("no figures: {why}"), None)
        }
        Some(Ok(told)) => {
            let seconds = std::time::Duration::from_micros(told.micros).as_secs_f64();
            let text = format!("model: {}, {} requests in {seconds:.1} s", as_real(told.as_real), told.requests);
            (text + &different(told, asked), told.doubt.as_ref().map(ToString::to_string))
        }
    };
    let styled = |text: &str, style: Style| -> Vec<Line<'static>> {
        wrapped(&*state.theme.drawn(text), columns).into_iter().map(|line| Line::styled(line, style)).collect()
    };
    let mut lines = styled(&text, Style::new());
    lines.extend(doubt.iter().flat_map(|doubt| styled(doubt, state.theme.warning())));
    lines
}

/// What is different from how it was, in words.
fn different(told: &WhatIf, asked: &WhatIfChoice) -> String {
    let name = |id| told.backends.iter().find(|one| one.id == id).map(|one| one.name.to_string()).unwrap_or_default();
    let without = asked.options.without.map(|id| format!("; without {}", name(id)));
    let weight = asked.options.weight.map(|(id, weight)| format!("; weight {} {weight}", name(id)));
    let sticky = asked.options.sticky_off.then(|| "; sticky off".to_owned());
    [without, weight, sticky].into_iter().flatten().collect()
}

/// What is not told, and the keys.
fn foot(state: &State, told: Option<&WhatIf>, columns: usize) -> Vec<Line<'static>> {
    let sentences = told.into_iter().flat_map(|told| &told.not_told);
    let mut lines: Vec<Line<'static>> = sentences
        .flat_map(|sentence| wrapped(&*state.theme.drawn(&format!("not told: {sentence}")), columns))
        .map(|line| Line::styled(line, state.theme.dim()))
        .collect();
    let choose = format!("{} {}", state.key(Action::Down), state.key(Action::Up));
    let again = state.key(Action::WhatIf);
    let keys = [
        ("Enter", "puts it in use"),
        (choose.as_str(), "choose"),
        (again.as_str(), "asks again"),
        ("Esc", "leaves it"),
    ];
    // A screen that only watches puts nothing in use.
    let refused = usize::from(state.rights.only_watches());
    let spans = keys
        .into_iter()
        .skip(refused)
        .flat_map(|(key, what)| [Span::styled(key.to_owned(), state.theme.key()), Span::raw(format!(" {what}   "))]);
    lines.push(Line::from(spans.collect::<Vec<_>>()));
    lines
}

/// A strategy's name, and cells to the right of their columns.
fn line<'c>(name: &str, cells: impl Iterator<Item = (&'c Column, &'c str)>) -> String {
    let mut text = padded(name.to_owned(), STRATEGY);
    for (column, cell) in cells {
        text += &" ".repeat(2 + column.width().saturating_sub(cell.width()));
        text += cell;
    }
    text
}

/// The columns that fit: with ranges where there is room for them, without the names of backends where there is little.
fn columns(state: &State, told: &WhatIf, room: usize) -> Vec<Column> {
    let fits = |columns: &[Column]| columns.iter().map(|column| column.width() + 2).sum::<usize>() <= room;
    let ways = [(true, true), (false, true), (false, false)].map(|(ranges, names)| all(state, told, ranges, names));
    let [widest, narrower, mut narrow] = ways;
    if fits(&widest) {
        return widest;
    }
    if fits(&narrower) {
        return narrower;
    }
    while !fits(&narrow) {
        let Some(least) = (0..narrow.len()).min_by_key(|index| narrow[*index].priority) else { break };
        narrow.remove(least);
    }
    narrow
}

fn all(state: &State, told: &WhatIf, ranges: bool, names: bool) -> Vec<Column> {
    let spread = |spread: Spread| {
        let mut middle = spread;
        (middle.low, middle.high) = (spread.median, spread.median);
        whole(if ranges { spread } else { middle })
    };
    let of_backend = |(index, backend): (usize, &stickylb::api::WhatIfBackend)| {
        let letter = state.mark_of(backend.id).map_or_else(|| backend.id.to_string(), |mark| mark.letter().to_string());
        let name = cut(short_name(&backend.name, NAME), NAME, state.theme);
        Column {
            // The last ones go first.
            priority: 100_000 - index,
            title: if names { name } else { letter },
            cells: told.rows.iter().map(|row| row.picks.get(index).copied().map(spread).unwrap_or_default()).collect(),
        }
    };
    let figures = |row: &WhatIfRow| {
        let mut row = row.clone();
        if !ranges {
            let parts =
                [&mut row.jain, &mut row.most_in_flight, &mut row.mean_in_flight, &mut row.as_real, &mut row.moved];
            for part in parts {
                (part.low, part.high) = (part.median, part.median);
            }
        }
        what_if_figures(&row)
    };
    let rows: Vec<[String; 5]> = told.rows.iter().map(figures).collect();
    let titles = [("FAIRNESS", 900_000), ("MOST", 800_000), ("MEAN", 40), ("AS REAL", 700_000), ("MOVED", 50)];
    let figure = |(index, (title, priority)): (usize, (&str, usize))| Column {
        priority,
        title: title.to_owned(),
        cells: rows.iter().map(|row| row[index].clone()).collect(),
    };
    let backends = told.backends.iter().enumerate().map(of_backend);
    backends.chain(titles.into_iter().enumerate().map(figure)).collect()
}
