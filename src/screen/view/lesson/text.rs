//! A lesson's sentences, wrapped. What stands in backquotes, such as a key, has the colour of keys.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::learn::LessonView;
use crate::screen::format::wrapped;
use crate::screen::theme::Theme;

/// The step's text, and what was told of its file.
pub(super) fn lines(view: &LessonView, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    if let Some(notice) = &view.notice {
        lines.extend(sentences(notice, columns, theme.warning(), theme));
    }
    lines.extend(sentences(&view.text, columns, Style::new(), theme));
    lines
}

/// A text of one or more lines.
pub(super) fn sentences(text: &str, columns: usize, style: Style, theme: Theme) -> Vec<Line<'static>> {
    let text = theme.drawn(text);
    let mut quoted = false;
    text.lines().flat_map(|line| wrapped(line, columns)).map(|line| spans(&line, &mut quoted, style, theme)).collect()
}

/// One line; `quoted` says whether a quotation goes on from the line before.
fn spans(line: &str, quoted: &mut bool, style: Style, theme: Theme) -> Line<'static> {
    let mut spans = Vec::new();
    for (n, part) in line.split('`').enumerate() {
        *quoted ^= n > 0;
        if !part.is_empty() {
            spans.push(Span::styled(part.to_owned(), if *quoted { theme.key() } else { style }));
        }
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::glyphs::Glyphs;
    use crate::screen::theme::Colors;

    const THEME: Theme = Theme { glyphs: Glyphs::Ascii, colors: Colors::Dark };

    #[test]
    fn keys_stand_out_and_their_quotes_are_not_shown() {
        let lines = sentences("Press `s`, or\ntype `:strategy least`.", 13, Style::new(), THEME);
        let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["Press s, or", "type", ":strategy", "least."]);
        let keys = |line: &Line<'_>| {
            let keys = line.spans.iter().filter(|span| span.style == THEME.key());
            keys.map(|span| span.content.clone().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(lines.iter().flat_map(keys).collect::<Vec<_>>(), ["s", ":strategy", "least"]);
    }

    #[test]
    fn what_a_file_says_cannot_move_the_cursor() {
        let lines = sentences("a\x1b[2Jb", 40, Style::new(), THEME);
        assert_eq!(lines[0].to_string(), "a\\x1b[2Jb");
    }
}
