//! Frames with what a person makes happen: traffic and faults.

use stickylb::api::{
    Attempt, ChaosTouch, Command, Decision, Outcome, Rule, Snapshot, State as BackendState, Strategy, TrafficOptions,
    TrafficView,
};

use super::sample::{request, state, who};
use super::{golden, press, text};
use crate::screen::glyphs::Glyphs;
use crate::screen::message::{Effect, Message, Said};
use crate::screen::state::{Dialog, State};
use crate::screen::theme::{Colors, Theme};
use crate::screen::update;

/// A fault that burns, as an engine tells it.
fn burning(fault: &str, words: &str, left_millis: u64) -> Box<stickylb::api::ChaosView> {
    let fault: stickylb::api::Chaos = fault.parse().expect(fault);
    let view = serde_json::json!({"fault": fault, "words": words, "leftMillis": left_millis, "touched": 31});
    serde_json::from_value(view).expect("a view")
}

fn traffic(line: &str) -> TrafficView {
    let mut view = TrafficView::new(line.parse().expect(line));
    (view.sent, view.dropped, view.in_flight, view.rate, view.seconds_left) = (1440, 12, 3, 24, 581);
    view.by_status = [0, 1420, 0, 0, 8];
    view.latency.p99 = Some(1_900_000);
    view.latency_without_waiting.p99 = Some(900_000);
    view
}

fn shows(state: &mut State, change: impl FnOnce(&mut Snapshot)) {
    let mut snapshot = state.snapshot.clone();
    change(&mut snapshot);
    update(state, Message::Snapshot(Box::new(snapshot)));
}

/// Traffic at 24 a second, and a fault on bravo that made a request slow.
fn made() -> State {
    let mut state = state();
    shows(&mut state, |snapshot| {
        snapshot.traffic = Some(traffic("open"));
        snapshot.backends.truncate(3);
        snapshot.backends[1].chaos = Some(burning("latency 300ms checks=spare", "latency 300 ms", 11_400));
    });
    let bravo = who(2, "bravo");
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.rule = Rule::Strategy { place: 2, of: 2, against: None };
    decision.traffic = Some(7);
    let touch = serde_json::json!({"backend": "bravo", "fault": "latency 300 ms"});
    decision.chaos.push(serde_json::from_value::<ChaosTouch>(touch).expect("a touch"));
    decision.attempts.push(Attempt::new(&bravo, Outcome::Answered, std::time::Duration::from_millis(304)));
    state.append(vec![request(4, "/slow?ms=30", &bravo, decision)], 0);
    state
}

#[test]
fn traffic_and_a_fault_at_the_usual_sizes() {
    for (name, width, height) in [("made-80x24", 80, 24), ("made-120x40", 120, 40), ("made-200x60", 200, 60)] {
        golden(name, &made(), width, height);
    }
    golden("made-50x8", &made(), 50, 8);
}

#[test]
fn traffic_and_a_fault_in_ascii_and_without_colours() {
    let mut state = made();
    state.theme = Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono };
    golden("made-ascii", &state, 80, 24);
    let words = text(&state, 200, 60);
    for said in ["faults on: 1", "traffic 24/s open - p99 1.9 s, 0.9 s without waiting - 12 dropped - 9:41 left"] {
        assert!(words.contains(said), "{said}: {words}");
    }
    let ours = |row: &&str| row.contains("traffic") || row.contains("chaos");
    assert!(words.lines().filter(ours).all(str::is_ascii), "{words}");
}

#[test]
fn the_countdown_is_in_the_backends_row_whatever_its_state_and_however_narrow_the_screen_is() {
    let mut state = made();
    for backend in [BackendState::Up, BackendState::Down, BackendState::Ejected, BackendState::Drain] {
        shows(&mut state, |snapshot| {
            snapshot.backends[1].state = backend;
            snapshot.backends[1].ejected_seconds = Some(8);
        });
        for (width, height) in [(50, 8), (60, 14), (80, 24), (120, 40), (200, 60)] {
            let words = text(&state, width, height);
            let row = words.lines().find(|row| row.contains(" bravo")).expect("its row");
            let (_, said) = row.split_once(backend.word()).expect(row);
            assert!(said.contains("chaos ") && said.contains(" 12s "), "{width}x{height}: {row}");
            assert!(width < 60 || words.contains("latency 300 ms"), "{width}x{height}: {words}");
            assert!(words.contains("faults on: 1"), "{width}x{height}: {words}");
        }
    }
}

#[test]
fn a_countdown_causes_a_frame_a_second_and_no_more() {
    let mut state = made();
    let changed = |state: &mut State, left: u64| {
        state.changed = false;
        shows(state, |snapshot| snapshot.backends[1].chaos.as_mut().expect("it burns").left_millis = left);
        state.changed
    };
    changed(&mut state, 11_900);
    assert!(!changed(&mut state, 11_400));
    assert!(changed(&mut state, 10_900));
    assert!(text(&state, 80, 24).contains("chaos 11s"));
}

#[test]
fn a_line_says_that_the_fault_touched_it_and_why_says_it_in_a_sentence() {
    let mut state = made();
    press(&mut state, "\tw");
    golden("made-why", &state, 80, 24);
    let words = text(&state, 120, 40);
    assert!(words.contains("client 7 of the traffic that the balancer sends to itself"), "{words}");
    assert!(words.contains("latency 300 ms touched it on bravo: a fault that a person let it have"), "{words}");
    press(&mut state, "\x1b\tj\r");
    let words = text(&state, 120, 40);
    let told = "latency 300ms for=30s checks=spare; 12 s left, 31 requests and checks touched";
    assert!(words.contains(told), "{words}");
}

#[test]
fn the_footer_offers_what_the_contract_shows() {
    let mut state = state();
    state.snapshot.backends.iter_mut().for_each(|backend| backend.chaos = None);
    let footer = text(&state, 105, 30).lines().last().expect("the footer").trim().to_owned();
    assert_eq!(
        footer,
        "space on/off  d drain  s strategy  a demo  c chaos  L load  / filter  w why  : commands  ? help  q quit"
    );
}

fn said(state: &State) -> String {
    match &state.said {
        Some(Said::Done(text) | Said::Trouble(text)) => text.clone(),
        None => String::new(),
    }
}

fn sent(effects: &[Effect]) -> Vec<String> {
    effects
        .iter()
        .map(|effect| match effect {
            Effect::Command(Command::Traffic(options)) => options.to_string(),
            Effect::Command(Command::TrafficOff) => "off".to_owned(),
            Effect::Command(Command::SetChaos { id, chaos }) => format!("{id} {chaos}"),
            Effect::Command(Command::ChaosOff { id }) => {
                id.map_or_else(|| "all off".to_owned(), |id| format!("{id} off"))
            }
            other => format!("{other:?}"),
        })
        .collect()
}

#[test]
fn what_traffic_came_to_stays_in_the_figures_and_leaves_the_header() {
    let mut state = made();
    shows(&mut state, |snapshot| snapshot.traffic.iter_mut().for_each(|view| view.on = false));
    let words = text(&state, 200, 60);
    assert!(words.contains("traffic   ended: 1440 sent, 12 dropped, 0 failed"), "{words}");
    assert!(!words.contains("traffic 24/s"), "{words}");
}

#[test]
fn a_key_turns_traffic_on_and_off_and_on_again_as_it_was() {
    let mut state = state();
    for keys in ["[", "]"] {
        assert!(press(&mut state, keys).is_empty());
        assert_eq!(said(&state), "traffic is off: L sends some, : traffic says how much");
    }
    assert_eq!(sent(&press(&mut state, "L")), [TrafficOptions::default().to_string()]);
    assert!(text(&state, 80, 24).contains("traffic 24/s"), "it is seen at once");
    assert!(sent(&press(&mut state, "]"))[0].starts_with("open rate=50 "));
    assert!(sent(&press(&mut state, "]"))[0].starts_with("open rate=100 "), "each key begins where the last one ended");
    assert_eq!(sent(&press(&mut state, "L")), ["off"]);
    assert!(!text(&state, 80, 24).contains("traffic"));
    assert!(sent(&press(&mut state, "L"))[0].starts_with("open rate=100 "));
    let faster = press(&mut state, "]]");
    assert!(sent(&faster)[0].starts_with("open rate=500 "));
    assert!(press(&mut state, "]").is_empty());
    assert_eq!(said(&state), "500 requests a second is the most");
    assert!(sent(&press(&mut state, ":traffic closed clients=2 heavy=2\r"))[0].starts_with("closed clients=2 "));
    let fewer = sent(&press(&mut state, "["));
    assert!(fewer[0].starts_with("closed clients=1 ") && fewer[0].contains(" heavy=1 "), "{fewer:?}");
    assert!(press(&mut state, "[").is_empty());
    assert_eq!(said(&state), "1 client is the least");
    assert_eq!(sent(&press(&mut state, ":traffic off\r")), ["off"]);
    assert!(sent(&press(&mut state, ":traffic\x1b:traffic\r"))[0].starts_with("closed clients=1 "), "as the key does");
}

#[test]
fn a_letter_gives_the_selected_backend_a_fault_and_the_command_is_shown() {
    let mut state = state();
    press(&mut state, "c");
    golden("fault-choice-80x24", &state, 80, 24);
    golden("fault-choice-40x10", &state, 40, 10);
    assert_eq!(sent(&press(&mut state, "h")), ["1 hang for=30s"]);
    assert!(state.dialog.is_none());
    assert_eq!(sent(&press(&mut state, "jc\r")), ["2 latency 300ms for=30s"]);
    assert_eq!(sent(&press(&mut state, "cjj\r")), ["2 refuse for=30s"]);
    assert!(press(&mut state, "co").is_empty(), "it has none to end");
    press(&mut state, "\x1b");
    shows(&mut state, |snapshot| {
        snapshot.backends[1].chaos = Some(burning("latency 300ms", "latency 300 ms", 11_400));
    });
    press(&mut state, "c");
    let words = text(&state, 80, 24);
    assert!(words.contains("It has latency 300 ms, 12s left: another takes its place."), "{words}");
    assert_eq!(sent(&press(&mut state, "o")), ["2 off"]);
    for (keys, line) in [
        ("ce", "chaos bravo latency 300ms for=30s"),
        ("cj:", "chaos bravo error 503 for=30s"),
        ("c ", "chaos bravo latency 300ms for=30s"),
    ] {
        press(&mut state, keys);
        let Some(Dialog::Palette(palette)) = &state.dialog else { panic!("{keys}") };
        assert_eq!(palette.line.text(), line);
        let set = sent(&press(&mut state, "\r"));
        assert_eq!(set.len(), 1, "{set:?}");
    }
    press(&mut state, "cq");
    assert!(matches!(state.dialog, Some(Dialog::Quitting(_))), "the key that quits quits");
}

#[test]
fn the_palette_takes_a_fault_for_a_named_backend_or_the_selected_one() {
    let mut state = state();
    for (line, set) in [
        (":chaos bravo latency 300ms for=30s\r", "2 latency 300ms for=30s"),
        (":chaos error 404 share=50%\r", "1 error 404 for=30s share=50%"),
        (":chaos bravo latency\r", "2 latency 300ms for=30s"),
        (":chaos bravo\r\r", "2 latency 300ms for=30s"),
        (":chaos brav\t hang\r", "2 hang for=30s"),
        (":chaos bravo off\r", "2 off"),
        (":chaos off\r", "all off"),
    ] {
        assert_eq!(sent(&press(&mut state, line)), [set], "{line}");
    }
    let mut refused = |line: &str| {
        assert!(press(&mut state, line).is_empty(), "{line}");
        let Some(Dialog::Palette(palette)) = state.dialog.take() else { panic!("{line}") };
        palette.trouble.unwrap_or_default()
    };
    assert!(refused(":chaos zulu latency 300ms\r").starts_with("there is no backend 'zulu': there is alpha (1)"));
    assert!(refused(":chaos bravo latency fast\r").starts_with("latency is written so: latency 300ms"));
    assert!(refused(":traffic open rate=1000000\r").contains("a rate is from 1 to 500 requests a second"));
    press(&mut state, ":chaos\r");
    assert!(matches!(state.dialog, Some(Dialog::Fault(_))), "as the key does");
}
