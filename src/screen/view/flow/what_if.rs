//! What each strategy would have done, beside the flow: the figures of the dialog that fit.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use stickylb::api::{Strategy, WhatIf, WhatIfRow};
use unicode_width::UnicodeWidthStr as _;

use crate::screen::action::Action;
use crate::screen::format::{clock, padded, wrapped};
use crate::screen::state::State;
use crate::screen::theme::Theme;
use crate::screen::view::region;
use crate::words::{as_real, what_if_figures};

/// Rows of this pane: borders, how good the model is, titles, and the strategies.
pub(super) fn rows() -> u16 {
    u16::try_from(Strategy::ALL.len()).unwrap_or(u16::MAX).saturating_add(4)
}

/// The figures of a row that are shown, by their place: fairness, most in flight, moved.
const SHOWN: [(&str, usize); 3] = [("fairness", 0), ("most", 1), ("moved", 4)];

pub(super) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let theme = state.theme;
    let right = format!("{} more", state.key(Action::WhatIf));
    let block = region(state, false, "What if?", &right);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let columns = usize::from(inner.width);
    let lines = match &state.flow.told {
        None => vec![Line::styled(" asking what each strategy would have done", theme.dim())],
        Some(told) => {
            let time = clock(told.time, false, &state.zone);
            match &told.what_if {
                Err(why) => said(&format!("{time} {why}"), columns, theme.warning()),
                Ok(what_if) => table(state, what_if, &time, columns),
            }
        }
    };
    frame.render_widget(Paragraph::new(lines), inner);
}

fn said(text: &str, columns: usize, style: Style) -> Vec<Line<'static>> {
    let lines = wrapped(text, columns.saturating_sub(2).max(1));
    lines.into_iter().map(|line| Line::styled(format!(" {line}"), style)).collect()
}

/// A row for each strategy; faint where the model does not hold.
fn table(state: &State, told: &WhatIf, time: &str, columns: usize) -> Vec<Line<'static>> {
    let theme = state.theme;
    let doubt = told.doubt.as_ref().map(ToString::to_string);
    if told.rows.is_empty() {
        return said(&format!("{time} {}", doubt.unwrap_or_default()), columns, theme.dim());
    }
    let head = format!("{time}  the last {} requests, model: {}", told.requests, as_real(told.as_real));
    let mut lines = vec![Line::styled(format!(" {head}"), if doubt.is_some() { theme.warning() } else { theme.dim() })];
    let figures: Vec<[String; 5]> = told.rows.iter().map(what_if_figures).collect();
    let width = |(title, at): (&str, usize)| figures.iter().map(|row| row[at].width()).chain([title.len()]).max();
    let widths = SHOWN.map(|shown| width(shown).unwrap_or_default());
    let cells = |cell: &dyn Fn(&str, usize) -> String| {
        let cells = SHOWN.iter().zip(widths).map(|((title, at), width)| padded(cell(title, *at), width));
        cells.collect::<Vec<_>>().join("  ")
    };
    let name = |row: Option<&WhatIfRow>| match row {
        Some(row) => padded(format!(" {} {}", if row.current { "*" } else { " " }, row.strategy.name()), NAME),
        None => " ".repeat(NAME),
    };
    lines.push(Line::styled(format!("{} {}", name(None), cells(&|title, _| title.to_owned())), theme.dim()));
    for (row, figures) in told.rows.iter().zip(&figures) {
        let style = match (&doubt, row.current) {
            (Some(_), _) => theme.dim(),
            (None, true) => Theme::strong(),
            (None, false) => Style::new(),
        };
        let text = format!("{} {}", name(Some(row)), cells(&|_, at| figures[at].clone()));
        lines.push(Line::styled(theme.drawn(&text), style));
    }
    lines
}

/// Columns of a strategy's name with its mark.
const NAME: usize = 22;
