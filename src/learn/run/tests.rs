//! The runner, fed with what a balancer would tell.

use std::path::Path;
use stickylb::api::{BackendFairness, Command, Fairness, State, Strategy};

use super::stage::{Stage, backend};
use super::{Facts, Runner};
use crate::learn::condition::Pane;
use crate::learn::read::read;
use crate::learn::view::LessonPart;

fn a_do(until: &str) -> String {
    format!("{{\"do\": \"a\", \"until\": {until}, \"solution\": [\"undo\"]}}")
}

#[test]
fn nothing_begins_before_every_backend_is_up_and_what_is_staged_comes_then() {
    let text = r#"{"title": "t", "start": ["strategy hash"], "traffic": {"rate": 3},
        "steps": [{"say": "a", "run": ["drain bravo"]}]}"#;
    let mut stage = Stage::of(text);
    assert_eq!(stage.given.len(), 3, "{:?}", stage.given);
    let lesson = read(Path::new("l"), text.as_bytes(), &|_| Ok(())).expect("good");
    stage.runner = Runner::new(lesson, None, 1, stage.now);
    stage.given.clear();
    stage.state("bravo", State::Starting);
    stage.after(5000);
    assert!(stage.given.is_empty() && !stage.met() && !stage.go_on());
    stage.state("bravo", State::Up);
    stage.after(1);
    assert!(matches!(stage.given[0], Command::Traffic(_)), "{:?}", stage.given);
    assert!(matches!(stage.given[2], Command::SetIntent { .. }), "{:?}", stage.given);
}

#[test]
fn a_step_is_left_only_by_enter_and_one_to_do_only_when_it_is_done() {
    let mut stage =
        Stage::new(&format!("{{\"say\": \"a\"}}, {}, {{\"debrief\": \"b\"}}", a_do(r#"{"strategy": "hash"}"#)));
    stage.after(60_000);
    assert_eq!(stage.runner.view().step, 1, "never by itself");
    assert!(stage.go_on());
    for _ in 0..3 {
        assert!(!stage.go_on());
        stage.runner.hint();
        stage.runner.choose(stage.now, 0);
    }
    assert_eq!((stage.runner.view().step, stage.runner.passed()), (2, None));
    stage.snapshot.pools[0].strategy = Strategy::Hash;
    stage.after(10);
    assert!(stage.met() && stage.runner.view().step == 2);
    stage.snapshot.pools[0].strategy = Strategy::Random;
    stage.after(10);
    assert!(stage.go_on(), "what was done stays done");
    assert!(stage.go_on());
    assert_eq!(stage.runner.passed(), Some(true));
    assert!(!stage.go_on());
}

#[test]
fn the_most_in_flight_counts_all_of_the_time_it_must_hold() {
    let mut stage = Stage::new(&a_do(r#"{"maxActive(bravo)": "<4", "for": "10s"}"#));
    for _ in 0..200 {
        stage.active("bravo", 2);
        stage.after(500);
        if stage.met() {
            break;
        }
    }
    assert!(stage.met(), "{}", stage.words());
    let mut stage = Stage::new(&a_do(r#"{"maxActive(bravo)": "<4", "for": "10s"}"#));
    for round in 0..100 {
        stage.active("bravo", if round % 15 == 0 { 4 } else { 1 });
        stage.after(500);
        assert!(!stage.met(), "a peak each 7.5 s: {}", stage.words());
    }
    assert!(stage.words().starts_with("bravo holds fewer than 4 requests at once, for 10 s ["), "{}", stage.words());
}

#[test]
fn the_learner_sees_for_how_much_of_the_time_a_count_was_as_it_must_be() {
    let mut stage = Stage::new(&a_do(r#"{"maxActive(bravo)": "<4", "for": "10s"}"#));
    for _ in 0..12 {
        stage.active("bravo", 7);
        stage.after(1000);
    }
    assert!(stage.words().ends_with("[7 now, 0 of 10 s]"), "{}", stage.words());
    stage.active("bravo", 2);
    for _ in 0..60 {
        stage.after(100);
    }
    assert!(stage.words().contains("[2 now, 5 of 10 s]"), "{}", stage.words());
    assert!(!stage.met());
}

#[test]
fn a_peak_between_two_looks_counts_as_the_balancer_has_it() {
    let mut stage = Stage::new(&a_do(r#"{"all": [{"maxActive(bravo)": ">=9"}]}"#));
    let fair = |most| {
        let mut fairness = Fairness::default();
        let mut one: BackendFairness = serde_json::from_value(serde_json::json!({
            "id": 2, "name": "bravo", "weight": 1, "counts": true, "requests": 0, "mostInFlight": 0, "meanInFlight": 0.0
        }))
        .expect("one");
        one.most_in_flight = most;
        fairness.backends = vec![one];
        fairness
    };
    stage.snapshot.pools[0].fairness = fair(3);
    stage.after(500);
    assert!(!stage.met());
    stage.snapshot.pools[0].fairness = fair(9);
    stage.after(500);
    assert!(stage.met(), "{}", stage.words());
}

#[test]
fn what_must_hold_without_a_break_begins_again_after_one() {
    let mut stage = Stage::new(&a_do(r#"{"strategy": "hash", "for": "3s"}"#));
    for strategy in [Strategy::Hash, Strategy::Hash, Strategy::Random, Strategy::Hash, Strategy::Hash, Strategy::Hash] {
        stage.snapshot.pools[0].strategy = strategy;
        stage.after(1000);
        assert!(!stage.met(), "{}", stage.words());
    }
    stage.after(1000);
    assert!(stage.met(), "{}", stage.words());
}

#[test]
fn counts_are_of_the_step_or_of_the_time_they_must_hold() {
    let mut stage = Stage::new(&format!(
        "{{\"say\": \"a\"}}, {}",
        a_do(r#"{"requests": ">=3", "status(429)": "=0", "for": "2s"}"#)
    ));
    for _ in 0..5 {
        stage.request(1, "alpha", 429);
    }
    stage.go_on();
    for (status, held) in [(429, false), (200, false), (200, false), (200, true)] {
        stage.after(700);
        stage.request(1, "alpha", status);
        stage.after(1);
        assert_eq!(stage.met(), held, "{}", stage.words());
    }
}

#[test]
fn a_share_is_known_when_there_are_as_many_as_it_is_taken_over() {
    let mut stage = Stage::new(&a_do(r#"{"share(alpha)": "55..65", "over": 10}"#));
    for round in 0..10 {
        assert!(!stage.met(), "{}", stage.words());
        stage.request(round, if round % 5 < 3 { "alpha" } else { "bravo" }, 200);
        stage.after(10);
    }
    assert!(stage.met(), "{}", stage.words());
    assert!(stage.words().contains("alpha got 55 to 65 % of the last 10 requests"), "{}", stage.words());
}

#[test]
fn who_moved_is_measured_against_where_each_client_was_when_the_step_began() {
    let steps = format!(
        "{{\"say\": \"a\"}}, {}",
        a_do(r#"{"moved(bravo)": "=2", "movedOthers(bravo)": "=1", "backendsPerClient": 2}"#)
    );
    let mut stage = Stage::new(&steps);
    for (client, home) in [(1, "alpha"), (2, "bravo"), (3, "bravo"), (4, "charlie")] {
        stage.request(client, home, 200);
    }
    stage.go_on();
    for (client, to) in [(1, "alpha"), (2, "alpha"), (2, "bravo"), (3, "charlie"), (4, "alpha")] {
        stage.after(1);
        assert!(!stage.met(), "{}", stage.words());
        stage.request(client, to, 200);
    }
    stage.after(1);
    assert!(stage.met(), "{}", stage.words());
}

#[test]
fn states_are_seen_in_their_order() {
    let mut stage = Stage::new(&a_do(r#"{"seen(bravo)": ["DOWN", "UP"]}"#));
    for (state, met) in [(State::Up, false), (State::Down, false), (State::Starting, false), (State::Up, true)] {
        stage.state("bravo", state);
        stage.after(100);
        assert_eq!(stage.met(), met, "{}", stage.words());
    }
}

#[test]
fn tunnels_are_cut_when_their_backend_is_taken_out_and_not_when_they_end_by_themselves() {
    let mut stage = Stage::new(&a_do(r#"{"cut(bravo)": "=2", "cut": "=2"}"#));
    let tunnels = |stage: &mut Stage, count| stage.snapshot.backends[1].tunnels = count;
    tunnels(&mut stage, 3);
    stage.after(100);
    tunnels(&mut stage, 2);
    stage.after(100);
    assert!(!stage.met(), "{}", stage.words());
    tunnels(&mut stage, 0);
    stage.state("bravo", State::Maint);
    stage.after(100);
    assert!(stage.met(), "{}", stage.words());
}

#[test]
fn what_was_opened_filtered_and_selected_is_told_by_the_screen() {
    let until = r#"{"opened": "why", "filtered": "status>=500", "selected": "bravo"}"#;
    let mut stage = Stage::new(&format!("{{\"say\": \"a\"}}, {}", a_do(until)));
    stage.runner.opened(Pane::Why);
    stage.go_on();
    stage.facts = Facts { filter: Some("status>=500".to_owned()), selected: Some("bravo".to_owned()) };
    stage.after(1);
    assert!(!stage.met(), "it was opened before the step: {}", stage.words());
    stage.runner.opened(Pane::Why);
    stage.after(1);
    assert!(stage.met(), "{}", stage.words());
}

#[test]
fn any_and_not_read_as_they_are_written() {
    let mut stage = Stage::new(&a_do(r#"{"any": [{"strategy": "hash"}, {"not": {"state(bravo)": "UP"}}]}"#));
    stage.after(1);
    assert!(!stage.met());
    assert_eq!(stage.words(), "the strategy is hash, or not: bravo is UP []");
    stage.state("bravo", State::Down);
    stage.after(1);
    assert!(stage.met());
}

#[test]
fn a_prediction_is_made_once_and_told_when_it_was_measured() {
    let ask = r#"{"ask": "?", "choices": ["1", "about 7", {"text": "a lot", "is": ">=20"}], "answer": "measured:maxActive(bravo)",
        "for": "2s", "run": ["drain alpha"]}, {"debrief": "b"}"#;
    let text = ask.replace("\"about 7\"", "{\"text\": \"about 7\", \"is\": \"5..9\"}");
    let mut stage = Stage::new(&text);
    stage.after(5000);
    assert!(stage.given.is_empty() && !stage.go_on(), "first the learner predicts");
    stage.runner.choose(stage.now, 9);
    stage.runner.choose(stage.now, 0);
    stage.after(1);
    assert_eq!(stage.given.len(), 1, "then it is staged");
    stage.runner.choose(stage.now, 1);
    stage.active("bravo", 6);
    stage.after(1000);
    assert!(!stage.met(), "it is measured for as long as it says");
    stage.after(1500);
    let LessonPart::Ask { answered: Some(answered), .. } = stage.runner.view().part else { panic!("it asks") };
    assert_eq!((answered.choice, answered.measured), (0, Some(1)), "{}", answered.figure);
    assert!(stage.go_on() && stage.go_on());
    assert_eq!(stage.runner.passed(), Some(true), "a wrong prediction is no failure");
}

#[test]
fn what_cannot_be_measured_is_said_in_the_end() {
    let ask = r#"{"ask": "?", "choices": ["1", "2"], "answer": "measured:share(bravo)", "for": "1s"}"#;
    let mut stage = Stage::new(ask);
    stage.runner.choose(stage.now, 0);
    stage.after(3000);
    assert!(!stage.met());
    stage.after(1100);
    assert!(stage.met());
    let LessonPart::Ask { answered: Some(answered), .. } = stage.runner.view().part else { panic!("it asks") };
    assert_eq!((answered.measured, answered.figure.as_str()), (None, "nothing could be measured: no request came"));
}

#[test]
fn a_fault_is_drawn_by_the_seed_and_a_wrong_diagnosis_passes_nothing() {
    let text = r#"{"title": "t", "start": [{"draw": ["chaos alpha hang", "chaos bravo error 503", "chaos charlie latency 1s"]}],
        "steps": [{"ask": "?", "choices": ["alpha", "bravo", "charlie"], "answer": "fault.backend", "must": true},
        {"ask": "?", "choices": ["hang", "error", "latency"], "answer": "fault.kind", "must": true}]}"#;
    let lesson = read(Path::new("l"), text.as_bytes(), &|_| Ok(())).expect("good");
    let mut drawn = std::collections::BTreeSet::new();
    for seed in 0..40 {
        for right in [true, false] {
            let mut stage = Stage::of(text);
            stage.runner = Runner::new(lesson.clone(), Some(11), seed, stage.now);
            stage.after(1);
            let backend = stage.runner.right_choice().expect("it is known");
            stage.runner.choose(stage.now, if right { backend } else { (backend + 1) % 3 });
            stage.after(1);
            assert!(stage.go_on());
            let kind = stage.runner.right_choice().expect("it is known");
            assert_eq!(backend, kind, "the draw is one fault");
            stage.runner.choose(stage.now, kind);
            stage.after(1);
            assert!(stage.go_on());
            assert_eq!(stage.runner.passed(), Some(right));
            drawn.insert(backend);
        }
    }
    assert_eq!(drawn.len(), 3, "all are drawn by some seed");
}

#[test]
fn a_step_whose_time_is_over_can_only_be_begun_again() {
    let step =
        r#"{"do": "a", "until": {"strategy": "hash"}, "within": "5s", "solution": ["undo"], "run": ["drain alpha"]}"#;
    let mut stage = Stage::new(&format!("{step}, {{\"debrief\": \"b\"}}"));
    stage.after(5100);
    stage.snapshot.pools[0].strategy = Strategy::Hash;
    stage.after(10);
    assert!(!stage.met(), "it is too late");
    let notice = stage.runner.view().notice.expect("it is said");
    assert!(notice.contains("the time for this step is over"), "{notice}");
    assert!(stage.go_on(), "Enter begins it again");
    assert_eq!(stage.given.len(), 2, "with what it runs");
    assert!(stage.met() && stage.runner.view().step == 1);
}

#[test]
fn saving_the_file_begins_the_step_again_where_it_is_another_and_a_mistake_changes_nothing() {
    let mut stage = Stage::new(&format!("{{\"say\": \"a\"}}, {}", a_do(r#"{"strategy": "hash"}"#)));
    stage.go_on();
    stage.runner.not_reloaded("l:1:2: a typing error");
    assert_eq!(stage.runner.view().notice.as_deref(), Some("the lesson stays as it was: l:1:2: a typing error"));
    let text = format!(
        "{{\"title\": \"t\", \"seed\": 1, \"steps\": [{{\"say\": \"a\"}}, {}]}}",
        a_do(r#"{"strategy": "random"}"#)
    );
    let lesson = read(Path::new("l"), text.as_bytes(), &|_| Ok(())).expect("good");
    stage.runner.reload(stage.now, lesson);
    stage.snapshot.pools[0].strategy = Strategy::Random;
    stage.after(1);
    assert!(stage.met() && stage.runner.view().step == 2);
    assert!(stage.runner.view().notice.is_some_and(|notice| notice.contains("this step begins anew")));
}

#[test]
fn a_command_waits_for_the_backend_that_it_names_and_is_given_up_in_the_end() {
    let mut stage = Stage::new(r#"{"say": "a", "run": ["demo", "drain delta"]}"#);
    stage.after(1);
    assert_eq!(stage.given.len(), 1, "{:?}", stage.given);
    stage.snapshot.backends.push(backend("delta", 4));
    stage.after(1);
    assert_eq!(stage.given.len(), 2, "{:?}", stage.given);
    let mut stage = Stage::new(r#"{"say": "a", "run": ["demo", "drain delta"]}"#);
    stage.after(11_000);
    let notice = stage.runner.view().notice.expect("it is said");
    assert!(notice.starts_with("'drain delta' could not be done: there is no backend 'delta'"), "{notice}");
}
