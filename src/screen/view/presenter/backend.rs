//! One backend in large letters.
//!
//! ```text
//!                                        req/s  in flight        share
//!  ▄▀▄  ▄▀▄ █   █▀▄ █ █ ▄▀▄  ● UP           ▀▀█        ▄█  ▀▀█ ▀▀█ ▀ █
//! >█▀█  █▀█ █   █▀  █▀█ █▀█  chaos 23s        █         █   ▀█  ▀█ ▄▀
//!  ▀ ▀  ▀ ▀ ▀▀▀ ▀   ▀ ▀ ▀ ▀                   ▀        ▀▀▀ ▀▀▀ ▀▀▀ ▀ ▀
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use stickylb::api::BackendView;

use super::large;
use crate::screen::format::{age, count, cut, percent, short_name};
use crate::screen::state::State;
use crate::screen::theme::Theme;
use crate::screen::view::backends::cells::state_words;

/// Columns between two parts.
const GAP: usize = 2;

/// The most columns that figures stand further apart than they must.
const SPARE: usize = 10;

/// Columns of the longest state with its symbol.
const STATE: usize = 10;

/// A name of so many columns may cost figures their place; a longer one is written small.
const NAME: usize = 44;

/// Figures, with the least columns of each, so that one more digit seldom moves the others.
const FIGURES: [(Figure, usize); 3] = [(Figure::Rate, 7), (Figure::Active, 8), (Figure::Share, 11)];

#[derive(Clone, Copy, PartialEq)]
enum Figure {
    Rate,
    Active,
    Share,
}

impl Figure {
    fn label(self, wide: bool) -> &'static str {
        match self {
            Figure::Rate if wide => "requests/s",
            Figure::Rate => "req/s",
            Figure::Active => "in flight",
            Figure::Share => "share",
        }
    }

    fn of(self, state: &State, backend: &BackendView, wide: bool) -> String {
        match self {
            Figure::Rate if wide => format!("{}/s", count(backend.rate)),
            Figure::Rate => count(backend.rate),
            Figure::Active => count(u64::from(backend.active)),
            Figure::Share => {
                let share = backend.actual_share.map(|share| format!("{}%", percent(share)));
                share.unwrap_or_else(|| state.theme.none().to_owned())
            }
        }
    }
}

/// The columns of the parts, the same for all backends.
pub(super) struct Columns {
    letter: usize,
    name: usize,
    /// Whether requests are written with `/s`.
    wide: bool,
    figures: Vec<(Figure, usize)>,
}

impl Columns {
    /// Those that leave the longest name its room; the least important figures are left out.
    pub(super) fn of(state: &State, width: u16) -> Self {
        let widest = |of: &dyn Fn(&BackendView) -> usize| state.shown_backends().map(of).max().unwrap_or(0);
        let letter = widest(&|backend| large::width(&backend.mark.letter().to_string()));
        let named = widest(&|backend| Some(name_width(backend)).filter(|columns| *columns <= NAME).unwrap_or(0));
        let room = usize::from(width).saturating_sub(1 + letter + GAP + STATE + 2 * GAP);
        let sized = |wide: bool, kept: &[Figure]| {
            let figures = FIGURES.iter().filter(|(figure, _)| kept.contains(figure));
            let drawn = figures.map(|(figure, least)| {
                let widest = widest(&|backend| large::width(&figure.of(state, backend, wide)));
                (*figure, widest.max(*least).max(figure.label(wide).len()))
            });
            let mut figures: Vec<(Figure, usize)> = drawn.collect();
            let taken: usize = figures.iter().map(|(_, columns)| columns + GAP).sum();
            // What the names leave free stands between the figures as well.
            let apart = room.saturating_sub(taken + named) / (figures.len() + 2);
            for (_, columns) in &mut figures {
                *columns += apart.min(SPARE);
            }
            let taken: usize = figures.iter().map(|(_, columns)| columns + GAP).sum();
            Columns { letter, name: room.saturating_sub(taken), wide, figures }
        };
        let choices = [
            sized(true, &[Figure::Rate, Figure::Active, Figure::Share]),
            sized(false, &[Figure::Rate, Figure::Active, Figure::Share]),
            sized(false, &[Figure::Rate, Figure::Share]),
        ];
        let found = choices.into_iter().find(|columns| columns.name >= named);
        found.unwrap_or_else(|| sized(false, &[Figure::Rate]))
    }

    /// The columns left of the titles.
    pub(super) fn titles_from(&self, area: Rect) -> u16 {
        let taken: usize = self.figures.iter().map(|(_, columns)| columns + GAP).sum();
        area.width.saturating_sub(u16::try_from(taken).unwrap_or(u16::MAX))
    }

    /// The place of each figure.
    fn places(&self, area: Rect) -> impl Iterator<Item = (Figure, Rect)> + '_ {
        let mut x = area.x + self.titles_from(area);
        self.figures.iter().map(move |(figure, columns)| {
            let [columns, gap] = [*columns, GAP].map(|columns| u16::try_from(columns).unwrap_or(u16::MAX));
            let place = Rect { x, width: columns, ..area };
            x = x.saturating_add(columns).saturating_add(gap);
            (*figure, place.intersection(area))
        })
    }

    pub(super) fn titles(&self, frame: &mut Frame<'_>, state: &State, area: Rect) {
        for (figure, place) in self.places(area) {
            let line = Line::styled(figure.label(self.wide), state.theme.dim()).right_aligned();
            frame.render_widget(line, place);
        }
    }
}

fn name_width(backend: &BackendView) -> usize {
    large::width(short_name(&backend.name, 0).raw())
}

pub(super) fn render(frame: &mut Frame<'_>, state: &State, area: Rect, columns: &Columns, backend: &BackendView) {
    let own = state.theme.backend(backend.mark);
    let selected = state.selected == Some(backend.id);
    let part = |from: usize, columns: usize| {
        let part = Rect {
            x: area.x.saturating_add(u16::try_from(from).unwrap_or(u16::MAX)),
            width: u16::try_from(columns).unwrap_or(u16::MAX),
            ..area
        };
        part.intersection(area)
    };
    if selected {
        let marker = Paragraph::new(vec![Line::default(), Line::styled(">", state.theme.key())]);
        frame.render_widget(marker, part(0, 1));
    }
    let mut from = 1;
    large::render(frame, state, part(from, columns.letter), backend.mark.letter().to_string().as_str(), own, false);
    from += columns.letter + GAP;
    large::render(frame, state, part(from, columns.name), short_name(&backend.name, 0), own, false);
    from += columns.name + GAP;
    frame.render_widget(Paragraph::new(words(state, backend)), part(from, STATE));
    for (figure, place) in columns.places(area) {
        let text = figure.of(state, backend, columns.wide);
        large::render(frame, state, place, text.as_str(), own, true);
    }
}

/// The state in a word, and below it its age or countdown, the fault that the backend has, its weight where that is not 1, and
/// its pool where there are several.
fn words(state: &State, backend: &BackendView) -> Vec<Line<'static>> {
    let theme = state.theme;
    let fitted = |text: String, style: Style| Line::styled(cut(&text, STATE, theme), style);
    let words = state_words(state, backend);
    let word = words.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let rest = words.get(word.len()..).unwrap_or_default().trim();
    let chaos = backend.chaos.as_ref().map(|chaos| {
        let words = format!("chaos {}", age(chaos.left_millis.div_ceil(1000)));
        fitted(words, theme.warning())
    });
    let style = theme.state(backend.state);
    let since = (!rest.is_empty()).then(|| fitted(rest.to_owned(), style));
    let weight = (backend.weight != 1).then(|| fitted(format!("weight {}", backend.weight), theme.dim()));
    let pool = (state.snapshot.pools.len() > 1).then(|| fitted(backend.pool.to_string(), theme.dim()));
    let below = [since, chaos, weight, pool].into_iter().flatten().take(2);
    [fitted(word, style.patch(Theme::strong()))].into_iter().chain(below).collect()
}
