//! The screen as text, with or without colours.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr as _;

use crate::screen::state::State;
use crate::screen::view::view;

/// Draws the current frame at the terminal's size.
pub(crate) fn buffer(state: &State) -> Buffer {
    let (columns, rows) = state.size;
    let Ok(mut terminal) = Terminal::new(TestBackend::new(columns, rows));
    let Ok(_) = terminal.draw(|frame| view(state, frame));
    terminal.backend().buffer().clone()
}

/// The cells of each row, without the second cell of a wide character.
fn lines(buffer: &Buffer) -> impl Iterator<Item = Vec<(&str, Style)>> {
    let columns = usize::from(buffer.area.width).max(1);
    buffer.content().chunks(columns).map(|row| {
        let mut cells = Vec::with_capacity(row.len());
        let mut at = 0;
        while let Some(cell) = row.get(at) {
            cells.push((cell.symbol(), cell.style()));
            at += cell.symbol().width().max(1);
        }
        cells
    })
}

/// Plain text without trailing spaces.
pub(crate) fn text(buffer: &Buffer) -> String {
    let line = |cells: Vec<(&str, Style)>| cells.into_iter().map(|(symbol, _)| symbol).collect::<String>();
    lines(buffer).flat_map(|cells| [line(cells).trim_end().to_owned(), "\n".to_owned()]).collect()
}

/// Text with SGR sequences for colours, bold, dim and reverse, and no other control sequence.
pub(crate) fn ansi(buffer: &Buffer) -> String {
    let mut out = String::new();
    for cells in lines(buffer) {
        let mut last = None;
        for (symbol, style) in cells {
            if last != Some(style) {
                out.push_str(&sgr(style));
                last = Some(style);
            }
            out.push_str(symbol);
        }
        out.push_str("\x1b[0m\n");
    }
    out
}

/// A Select Graphic Rendition sequence (ECMA-48 8.3.117) that resets first.
fn sgr(style: Style) -> String {
    let mut codes = vec![0];
    for (modifier, code) in [(Modifier::BOLD, 1), (Modifier::DIM, 2), (Modifier::REVERSED, 7)] {
        if style.add_modifier.contains(modifier) {
            codes.push(code);
        }
    }
    codes.extend(style.fg.map(|color| code(color, 30)).unwrap_or_default());
    codes.extend(style.bg.map(|color| code(color, 40)).unwrap_or_default());
    let codes: Vec<String> = codes.iter().map(u8::to_string).collect();
    format!("\x1b[{}m", codes.join(";"))
}

/// The SGR codes of a colour; `base` is 30 for the foreground, 40 for the background.
fn code(color: Color, base: u8) -> Vec<u8> {
    let (dark, light) = (base, base + 60);
    let code = match color {
        Color::Black => dark,
        Color::Red => dark + 1,
        Color::Green => dark + 2,
        Color::Yellow => dark + 3,
        Color::Blue => dark + 4,
        Color::Magenta => dark + 5,
        Color::Cyan => dark + 6,
        Color::Gray => dark + 7,
        Color::DarkGray => light,
        Color::LightRed => light + 1,
        Color::LightGreen => light + 2,
        Color::LightYellow => light + 3,
        Color::LightBlue => light + 4,
        Color::LightMagenta => light + 5,
        Color::LightCyan => light + 6,
        Color::White => light + 7,
        Color::Reset => return Vec::new(),
        Color::Rgb(red, green, blue) => return vec![base + 8, 2, red, green, blue],
        Color::Indexed(index) => return vec![base + 8, 5, index],
    };
    vec![code]
}
