//! Frames in every theme, and in plain ASCII without colours.

use stickylb::api::State as BackendState;

use super::sample::state;
use super::{frame, golden};
use crate::screen::glyphs::Glyphs;
use crate::screen::theme::{Colors, Theme};

#[test]
fn every_theme_is_drawn_as_it_is() {
    for (name, colors) in
        [("light", Colors::Light), ("high-contrast", Colors::HighContrast), ("color-blind", Colors::ColorBlind)]
    {
        let mut state = state();
        state.theme.colors = colors;
        golden(name, &state, 80, 24);
    }
}

#[test]
fn without_colours_and_symbols_every_state_is_still_told_apart() {
    let mut state = state();
    state.theme = Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono };
    let frame = frame(&state, 80, 24);
    golden("ascii", &state, 80, 24);
    let symbols: Vec<&str> = frame.content().iter().map(ratatui::buffer::Cell::symbol).collect();
    // Only backend names may contain characters outside ASCII.
    assert!(symbols.iter().all(|s| s.is_ascii() || "日本語".contains(s)));
}

#[test]
fn in_every_theme_words_alone_tell_the_state() {
    for colors in Colors::ALL {
        for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
            let mut state = state();
            state.theme = Theme { glyphs, colors };
            let drawn = frame(&state, 120, 40);
            let lines: Vec<String> = drawn
                .content()
                .chunks(120)
                .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
                .collect();
            let row = |name: &str| lines.iter().find(|line| line.contains(name)).cloned().unwrap_or_default();
            let words =
                [("alpha", "UP"), ("charlie", "DRAIN"), ("delta", "DOWN"), ("E a-", "MAINT"), ("日", "STARTING")];
            for (name, word) in words {
                assert!(row(name).contains(word), "{colors:?}, {glyphs:?}: no {word} in {}", row(name));
            }
            let marks = [BackendState::Up, BackendState::Down, BackendState::Ejected, BackendState::Drain];
            let glyphs: std::collections::HashSet<&str> = marks.map(|s| state.theme.state_glyph(s)).into();
            assert_eq!(glyphs.len(), marks.len());
        }
    }
}
