//! Frames at usual, large and very small terminal sizes.

use std::time::Duration;
use stickylb::api::State as BackendState;

use super::sample::{backend, decisions, pools_and_listeners, state};
use super::{frame, golden, press, text};
use crate::screen::glyphs::Glyphs;
use crate::screen::state::State;
use crate::screen::table::Column;
use crate::screen::theme::{Colors, Theme};

#[test]
fn the_usual_sizes() {
    golden("80x24", &state(), 80, 24);
    golden("120x40", &state(), 120, 40);
}

#[test]
fn a_large_screen_shows_figures_inspector_and_the_selection() {
    let mut state = state();
    golden("200x60", &state, 200, 60);
    press(&mut state, "\t");
    golden("200x60-request", &state, 200, 60);
}

#[test]
fn several_pools_and_listeners() {
    for (name, width, height) in [("pools-80x24", 80, 24), ("pools-120x40", 120, 40), ("pools-200x60", 200, 60)] {
        golden(name, &pools_and_listeners(), width, height);
    }
    golden("pools-50x8", &pools_and_listeners(), 50, 8);
}

#[test]
fn the_url_of_a_name_stands_beside_its_pool() {
    let mut state = state();
    let mut snapshot = state.snapshot.clone();
    snapshot.pools[0].urls = vec!["http://app.localhost:3001".into()];
    state.refresh(snapshot);
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let drawn = text(&state, width, height);
        let first = drawn.lines().next().unwrap_or_default();
        assert!(first.contains("http://app.localhost:3001"), "{width}: {first}");
    }
    let several = pools_and_listeners();
    assert!(text(&several, 80, 24).contains(" web  shop.localhost:3001 +1, :3001"));
    assert!(text(&several, 120, 40).contains(" web  http://shop.localhost:3001 +1, http://localhost:3001"));
}

#[test]
fn the_order_of_every_column_is_seen_in_its_title() {
    for width in [80, 120, 200] {
        let mut state = state();
        press(&mut state, "o");
        for _ in Column::ALL {
            press(&mut state, "lo");
            let row: String = frame(&state, width, 40).content()[3 * usize::from(width)..4 * usize::from(width)]
                .iter()
                .map(ratatui::buffer::Cell::symbol)
                .collect();
            let titles = row.split("││").next().unwrap_or_default();
            assert!(titles.contains(['▲', '▼']) && !titles.contains('…'), "{titles}");
        }
    }
}

#[test]
fn small_terminals_show_a_line_a_backend() {
    golden("50x8", &state(), 50, 8);
    golden("50x13", &state(), 50, 13);
    golden("20x3", &state(), 20, 3);
}

#[test]
fn what_a_small_screen_has_no_room_for_is_named_the_trouble_first() {
    let state = state();
    let small = text(&state, 60, 14);
    assert!(small.contains(" 4 more: ◐ charlie DRAIN, ✖ delta DOWN, ■ a-name"), "{small}");
    let tiny = text(&state, 40, 5);
    assert!(tiny.contains("3 more: ✖ delta DOWN, ■ a-nam"), "{tiny}");
    golden("60x14", &state, 60, 14);
    golden("40x10", &state, 40, 10);
}

#[test]
fn a_small_screen_keeps_the_band_of_changes() {
    let small = text(&state(), 40, 10);
    assert!(small.contains("delta is DOWN"), "{small}");
}

#[test]
fn a_list_that_is_cut_says_how_many_more_there_are() {
    let mut state = state();
    let mut snapshot = state.snapshot.clone();
    snapshot.backends = (0..40).map(|n| backend(n, &format!("backend-{n}"), BackendState::Up, 1_000)).collect();
    state.refresh(snapshot);
    let screen = text(&state, 120, 40);
    assert!(screen.contains("│34 more ") && screen.contains(" 25 more: backend-15, backend-16"), "{screen}");
}

#[test]
fn every_size_can_be_drawn_in_every_state() {
    let mut states = vec![state(), State::new(Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono })];
    for keys in ["?", "X", "\tgk", ":", ":xyzzy\n", ":weight "] {
        let mut state = state();
        press(&mut state, keys);
        states.push(state);
    }
    for state in &states {
        for (width, height) in [(0, 0), (1, 1), (2, 40), (19, 3), (59, 14), (60, 14), (80, 24), (160, 50), (200, 60)] {
            frame(state, width, height);
        }
    }
}

#[test]
fn forty_backends_and_a_full_log_are_drawn_from_what_is_kept_ready() {
    let mut state = state();
    let mut snapshot = state.snapshot.clone();
    snapshot.backends = (0..40).map(|n| backend(n, &format!("backend-{n}"), BackendState::Up, 1_000)).collect();
    state.refresh(snapshot);
    for _ in 0..25_000 {
        state.append(decisions(), 0);
    }
    press(&mut state, "/status>=500\r\tk");
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let began = std::time::Instant::now();
        (0..5).for_each(|_| drop(frame(&state, width, height)));
        // Generous for drawing from the index, but too short for walking the whole log in each frame.
        assert!(began.elapsed() < Duration::from_secs(2), "{width}x{height}: {:?}", began.elapsed());
    }
}
