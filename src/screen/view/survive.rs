//! The dialog of `survive`: how far it is, then its report.
//!
//! ```text
//! ┌ survive: does it survive more than one copy? ──────────────────┐
//! │ needs stickiness     /cart  session lost (302 /login) · learn … │
//! │ safe                 /api/products  14 requests × 12            │
//! │ 1 finding on 2 copies (node-0, node-1)                          │
//! └─────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};
use stickylb::api::{SurviveStage, SurviveVerdict};

use super::dialog_frame::{centred, frame_of};
use crate::screen::action::Action;
use crate::screen::format::wrapped;
use crate::screen::state::State;
use crate::screen::survive::reports;
use crate::screen::theme::Theme;
use crate::survive_report::{progress, text};

/// The dialog's most columns, and the columns and rows of its frame.
const WIDTH: u16 = 110;
const FRAME: (u16, u16) = (4, 2);

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect, scroll: u16) {
    let width = area.width.min(WIDTH);
    let lines = lines(state, width);
    let height = rows(&lines).saturating_add(FRAME.1).min(area.height);
    let hidden = rows(&lines).saturating_sub(height.saturating_sub(FRAME.1));
    let (down, up) = (state.key(Action::Down), state.key(Action::Up));
    let moves = if hidden > 0 { format!("{down} {up} scroll, ") } else { String::new() };
    let title = format!(" survive: {moves}Esc closes ");
    let place = centred(area, width, height);
    frame.render_widget(Clear, place);
    let paragraph = Paragraph::new(lines).scroll((scroll.min(hidden), 0));
    frame.render_widget(paragraph.block(frame_of(state, &title)), place);
}

/// How many lines do not fit on the screen: the most that can be scrolled.
pub(crate) fn hides(state: &State) -> u16 {
    let (columns, height) = state.size;
    rows(&lines(state, columns.min(WIDTH))).saturating_sub(height.saturating_sub(FRAME.1))
}

fn rows(lines: &[Line<'_>]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX)
}

fn lines(state: &State, width: u16) -> Vec<Line<'static>> {
    let columns = usize::from(width.saturating_sub(FRAME.0));
    match &state.survived {
        Some(report) => {
            text(report, Some(columns)).lines().map(|line| coloured(&state.theme.drawn(line), state.theme)).collect()
        }
        None => under_way(state, columns),
    }
}

/// A line of the report; what begins with a verdict has its colour.
fn coloured(line: &str, theme: Theme) -> Line<'static> {
    use SurviveVerdict::{BreaksEvenWithIt, Inconclusive, NeedsStickiness, Remark, RunsInEveryCopy, Safe, Unknown};
    let all = [NeedsStickiness, BreaksEvenWithIt, RunsInEveryCopy, Safe, Inconclusive, Unknown, Remark];
    let Some((verdict, rest)) = all.iter().find_map(|verdict| Some((verdict, line.strip_prefix(verdict.words())?)))
    else {
        return Line::raw(line.to_owned());
    };
    let style = match verdict {
        verdict if verdict.is_finding() => theme.bad(),
        Safe => theme.good(),
        _ => theme.dim(),
    };
    Line::from(vec![Span::styled(verdict.words(), style), Span::raw(rest.to_owned())])
}

/// How far it is, and what one can do meanwhile.
fn under_way(state: &State, columns: usize) -> Vec<Line<'static>> {
    let palette = state.key(Action::Palette);
    let Some(view) = &state.live().survive else {
        return vec![Line::raw(format!("it is not at work: {palette} survive begins"))];
    };
    let further = match view.stage {
        SurviveStage::Watching if reports(state) => {
            format!("{} ends the watch, tries what was seen on each copy, and reports.", state.key(Action::Quit))
        }
        SurviveStage::Watching => {
            format!("Use the app. {palette} survive report ends the watch and tries what was seen on each copy.")
        }
        SurviveStage::Ended => "The report is on its way.".to_owned(),
        _ => format!("{palette} survive stop ends it where it is, with a report of what was found so far."),
    };
    let styled =
        |text: &str, style: Style| wrapped(text, columns).into_iter().map(move |line| Line::styled(line, style));
    let mut lines: Vec<Line<'static>> = styled(&state.theme.drawn(&progress(view)), Theme::strong()).collect();
    let now = view.now.to_string();
    if !now.is_empty() {
        lines.extend(styled(&now, Style::new()));
    }
    for found in &view.found {
        lines.extend(wrapped(&found.to_string(), columns).iter().map(|line| coloured(line, state.theme)));
    }
    lines.push(Line::raw(""));
    lines.extend(styled(&further, state.theme.dim()));
    lines
}
