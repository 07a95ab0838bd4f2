//! Frames of the what-if dialog.

use stickylb::api::{Command, Fairness, Spread, Strategy, WhatIf, WhatIfBackend, WhatIfRow};

use super::sample::state;
use super::{frame, golden, press};
use crate::screen::glyphs::Glyphs;
use crate::screen::message::{Effect, Message};
use crate::screen::state::State;
use crate::screen::theme::{Colors, Theme};
use crate::screen::update;

fn spread(low: f64, median: f64, high: f64) -> Spread {
    let mut spread = Spread::default();
    (spread.low, spread.median, spread.high) = (low, median, high);
    spread
}

fn row(strategy: Strategy) -> WhatIfRow {
    let mut row = WhatIfRow::default();
    (row.strategy, row.current, row.seeds) = (strategy, strategy == Strategy::RoundRobin, 1);
    let off = if matches!(strategy, Strategy::Random | Strategy::PowerOfTwo) { 12.0 } else { 0.0 };
    let of = |median: f64, off: f64| spread(median - off, median, median + off);
    row.picks = [250.0, 125.0, 125.0].map(|picks| of(picks, off)).into();
    row.jain = of(0.985, off / 1000.0);
    row.most_in_flight = of(5.0, off / 12.0);
    row.mean_in_flight = of(1.4, off / 40.0);
    row.as_real = if row.current { of(1.0, 0.0) } else { of(0.51, off / 400.0) };
    row.moved = if row.current { of(0.0, 0.0) } else { of(7.0, off / 6.0) };
    row
}

fn told() -> WhatIf {
    let backend = |(id, name, real): (u32, &str, u64)| {
        let mut backend = WhatIfBackend::default();
        (backend.id, backend.name, backend.weight, backend.real) = (id.into(), name.into(), 1, real);
        backend
    };
    let mut told = WhatIf::default();
    (told.pool, told.requests, told.micros, told.as_real) = ("default".into(), 500, 41_200_000, 1.0);
    told.backends = [(1, "alpha", 250), (2, "bravo", 125), (3, "charlie", 125)].map(backend).into();
    told.rows = Strategy::ALL.map(row).into();
    told.not_told = vec!["latency: each request takes as long as it really took, without a queue".into()];
    told
}

/// Asks for it, and answers.
fn answered(state: &mut State, told: WhatIf) {
    let effects = press(state, "S");
    let [Effect::WhatIf(options)] = effects.as_slice() else { panic!("{effects:?}") };
    update(state, Message::WhatIf(options.clone(), Ok(Box::new(told))));
}

#[test]
fn what_if_is_a_table_of_all_strategies_that_fits() {
    let mut state = state();
    answered(&mut state, told());
    golden("what-if", &state, 80, 24);
    golden("what-if-120x40", &state, 120, 40);
    state.theme = Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono };
    let ascii = frame(&state, 120, 40);
    assert!(
        ascii.content().iter().all(|cell| cell.symbol().is_ascii() || !"–…│✓".contains(cell.symbol())),
        "{ascii:?}"
    );
    for (width, height) in [(0, 0), (1, 1), (20, 6), (40, 10), (60, 14), (80, 12), (200, 60)] {
        frame(&state, width, height);
    }
}

#[test]
fn a_model_in_doubt_is_greyed_and_says_why() {
    let mut state = state();
    let mut told = told();
    (told.as_real, told.doubt) =
        (0.82, Some("the strategy in use comes to only 82 % of what really happened: x".into()));
    answered(&mut state, told);
    golden("what-if-doubt", &state, 80, 24);
}

#[test]
fn without_figures_the_strategies_are_there_to_pick_from_with_the_reason() {
    let mut state = state();
    let mut none = WhatIf::default();
    none.doubt = Some("12 requests were seen: what-if needs 50 under the same conditions".into());
    answered(&mut state, none);
    golden("what-if-none", &state, 80, 24);
    let effects = press(&mut state, "jj\r");
    let wanted = Command::SetStrategy { pool: Some("default".to_owned()), strategy: Strategy::LeastConnections };
    assert_eq!(effects, [Effect::Command(wanted)]);
    assert_eq!(state.snapshot.pools[0].strategy, Strategy::LeastConnections);
    assert!(state.dialog.is_none());
}

#[test]
fn an_answer_to_what_is_not_asked_any_more_is_not_shown_and_settings_are_typed() {
    let mut state = state();
    press(&mut state, "S");
    press(&mut state, "\x1b");
    update(&mut state, Message::WhatIf(stickylb::api::WhatIfOptions::default(), Ok(Box::new(told()))));
    assert!(state.dialog.is_none());
    let effects = press(&mut state, ":whatif without=bravo sticky=off\n");
    let [Effect::WhatIf(options)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((options.without, options.sticky_off, options.pool.as_deref()), (Some(2.into()), true, Some("default")));
    press(&mut state, "\x1b");
    assert!(press(&mut state, ":whatif witout=bravo\n").is_empty());
    let shown = format!("{:?}", frame(&state, 120, 40));
    assert!(shown.contains("did you mean 'without'?"), "{shown}");
}

#[test]
fn the_figures_say_how_many_backends_a_client_sees_before_a_change_and_since() {
    let mut state = state();
    let words =
        |state: &State| frame(state, 200, 60).content().iter().map(ratatui::buffer::Cell::symbol).collect::<String>();
    assert!(!words(&state).contains("backends each"), "nobody watched");
    let mut snapshot = state.snapshot.clone();
    for pool in &mut snapshot.pools {
        let mut before = Fairness::default();
        before.backends_per_client = Some(1.0);
        pool.fairness.backends_per_client = Some(2.44);
        pool.fairness.before = Some(Box::new(before));
    }
    update(&mut state, Message::Snapshot(Box::new(snapshot)));
    let words = words(&state);
    assert!(words.contains("clients   1.0 │ 2.4 backends each") && words.contains("since  "), "{words}");
}
