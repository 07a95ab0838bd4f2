//! Draws a frame as an SVG picture, or several as an animation, for exports and documentation.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr as _;

use super::inks::Inks;
use super::theme::Theme;

/// Width and height of a cell in SVG units.
const CELL: (f32, f32) = (8.43, 17.0);

const MARGIN: f32 = 12.0;

/// Draws a buffer as SVG in the colours of its theme, with real text, so that it stays sharp and searchable.
pub fn svg(buffer: &Buffer, theme: Theme) -> String {
    let inks = Inks::of(theme);
    let mut out = begin(buffer, &inks);
    for y in 0..buffer.area.height {
        row(&mut out, buffer, y, &inks);
    }
    out.push_str("</svg>\n");
    out
}

/// Draws buffers of one size as an endless SVG animation that shows each for `seconds`. A row that stays the same over
/// several frames is drawn once for them. Returns an empty string without frames.
pub fn film(frames: &[Buffer], theme: Theme, seconds: f32) -> String {
    let Some(first) = frames.first() else { return String::new() };
    let inks = Inks::of(theme);
    let mut out = begin(first, &inks);
    for y in 0..first.area.height {
        let mut from = 0;
        while from < frames.len() {
            let same = frames[from..].iter().take_while(|frame| cells(frame, y) == cells(&frames[from], y)).count();
            during(&mut out, from, from + same, frames.len(), seconds, |out| {
                row(out, &frames[from], y, &inks);
            });
            from += same;
        }
    }
    out.push_str("</svg>\n");
    out
}

/// One row of a buffer.
fn cells(buffer: &Buffer, y: u16) -> &[Cell] {
    let columns = usize::from(buffer.area.width);
    let from = usize::from(y) * columns;
    &buffer.content()[from..from + columns]
}

/// Draws a group that is visible in frames `from..to` of `all`; writes nothing if `draw` writes nothing.
fn during(out: &mut String, from: usize, to: usize, all: usize, seconds: f32, draw: impl FnOnce(&mut String)) {
    let mut drawn = String::new();
    draw(&mut drawn);
    if drawn.is_empty() || (from, to) == (0, all) {
        out.push_str(&drawn);
        return;
    }
    let share = |frame: usize| frame as f32 / all as f32;
    let (mut values, mut times) = (vec!["hidden"], vec![0.0]);
    if from == 0 {
        values.clear();
        times.clear();
    }
    values.push("visible");
    times.push(share(from));
    if to < all {
        values.push("hidden");
        times.push(share(to));
    }
    let times: Vec<String> = times.iter().map(|time| format!("{time:.4}")).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<g visibility=\"hidden\"><animate attributeName=\"visibility\" calcMode=\"discrete\" values=\"{}\" \
         keyTimes=\"{}\" dur=\"{:.1}s\" repeatCount=\"indefinite\"/>",
        values.join(";"),
        times.join(";"),
        seconds * all as f32,
    );
    out.push_str(&drawn);
    out.push_str("</g>\n");
}

/// The start of the SVG: size, font and background.
fn begin(buffer: &Buffer, inks: &Inks) -> String {
    let (columns, rows) = (f32::from(buffer.area.width), f32::from(buffer.area.height));
    let (width, height) = (columns * CELL.0 + 2.0 * MARGIN, rows * CELL.1 + 2.0 * MARGIN);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        inks.paper
    )
}

fn row(out: &mut String, buffer: &Buffer, y: u16, inks: &Inks) {
    let mut x = 0;
    while x < buffer.area.width {
        x = run(out, buffer, x, y, inks);
    }
}

/// Draws the run of cells from `x` on that share a style; returns the column after it.
fn run(out: &mut String, buffer: &Buffer, x: u16, y: u16, inks: &Inks) -> u16 {
    let first = &buffer[(x, y)];
    let style = first.style();
    let mut text = String::new();
    let mut end = x;
    while end < buffer.area.width && buffer[(end, y)].style() == style {
        let symbol = buffer[(end, y)].symbol();
        text.push_str(symbol);
        end += u16::try_from(symbol.width()).unwrap_or(1).max(1);
    }
    let reversed = style.add_modifier.contains(Modifier::REVERSED);
    let (mut ink, mut paper) = (inks.hex(style.fg, &inks.ink), inks.hex(style.bg, &inks.paper));
    if reversed {
        std::mem::swap(&mut ink, &mut paper);
    }
    let left = f32::from(x) * CELL.0 + MARGIN;
    let top = f32::from(y) * CELL.1 + MARGIN;
    let width = f32::from(end - x) * CELL.0;
    // Writing to a string cannot fail.
    if paper != inks.paper {
        let _ = writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{paper}\"/>",
            CELL.1
        );
    }
    if !text.trim().is_empty() {
        let weight = if style.add_modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
        let base = top + CELL.1 * 0.75;
        let _ = writeln!(
            out,
            "<text x=\"{left:.1}\" y=\"{base:.1}\" fill=\"{ink}\"{weight} textLength=\"{width:.1}\" xml:space=\"preserve\">{}</text>",
            text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
        );
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::glyphs::Glyphs;
    use crate::screen::theme::{Colors, OwnColors, Role};
    use ratatui::style::{Color, Style};

    const DARK: Theme = Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark };

    #[test]
    fn a_line_that_stays_is_drawn_once_and_one_that_changes_has_its_time() {
        let frames = [["same", "one"], ["same", "two"], ["same", "two"]].map(Buffer::with_lines);
        let film = film(&frames, DARK, 0.5);
        assert_eq!(film.matches("same").count(), 1);
        assert_eq!(film.matches(">two").count(), 1);
        assert!(film.contains("values=\"visible;hidden\" keyTimes=\"0.0000;0.3333\" dur=\"1.5s\""), "{film}");
        assert!(film.contains("values=\"hidden;visible\" keyTimes=\"0.0000;0.3333\""), "{film}");
    }
    #[test]
    fn a_picture_has_the_colours_of_its_theme() {
        let mut buffer = Buffer::with_lines(["word"]);
        buffer.set_style(buffer.area, Style::new().fg(Color::Green));
        let drawn = |colors| svg(&buffer, Theme { glyphs: Glyphs::Unicode, colors });
        let (dark, light) = (drawn(Colors::Dark), drawn(Colors::Light));
        assert!(dark.contains("rx=\"8\" fill=\"#16181d\"") && dark.contains("fill=\"#7fc97f\""), "{dark}");
        assert!(light.contains("rx=\"8\" fill=\"#ffffff\"") && !light.contains("#7fc97f"), "{light}");
        let mut own = OwnColors::over(Colors::Light);
        own.set(Role::Background, Color::Rgb(0xfd, 0xf6, 0xe3));
        let own = drawn(Colors::Own(own));
        assert!(own.contains("rx=\"8\" fill=\"#fdf6e3\""), "{own}");
    }

    #[test]
    fn colours_beyond_the_palette_are_drawn_as_they_are() {
        let mut buffer = Buffer::with_lines(["ab"]);
        buffer[(0, 0)].fg = Color::Rgb(1, 2, 255);
        buffer[(1, 0)].fg = Color::Indexed(196);
        let drawn = svg(&buffer, DARK);
        assert!(drawn.contains("fill=\"#0102ff\"") && drawn.contains("fill=\"#ff0000\""), "{drawn}");
    }
}
