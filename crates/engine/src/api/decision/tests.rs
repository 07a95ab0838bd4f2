use super::*;
use crate::api::ChaosTouch;
use crate::api::{Attempt, Exclusion, Identity, Outcome, State};

fn attempt(name: &str, outcome: Outcome) -> Attempt {
    let backend = Arc::new(Identity::new(1, name, ""));
    Attempt { backend, outcome, micros: 10 }
}

#[test]
fn a_sticky_request_names_its_cookie() {
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.key = Some(StickyKey::Cookie { name: "X-Backend-ID".into(), id: 0.into() });
    decision.rule = Rule::Sticky;
    decision.attempts.push(attempt("alpha", Outcome::Answered));
    assert_eq!(decision.reason(), "sticky X-Backend-ID=0");
}

#[test]
fn a_learned_id_says_from_which_request_it_is_known_and_not_what_it_is() {
    let mut decision = Decision::new(Strategy::RoundRobin);
    let learned = |number: Option<u64>| StickyKey::Learned {
        from: "header Mcp-Session-Id".into(),
        id: "0123...".into(),
        number: number.map(RequestNumber::new),
    };
    decision.rule = Rule::Sticky;
    for (number, said) in [(Some(12), "learned from #12"), (None, "learned")] {
        decision.key = Some(learned(number));
        assert_eq!(decision.reason(), format!("sticky header Mcp-Session-Id {said}"));
    }
}

#[test]
fn a_retried_request_says_who_failed_and_how() {
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.rule = Rule::Strategy { place: 1, of: 2, against: None };
    decision.cookie = CookieAction::Rewritten;
    decision.attempts.push(attempt("delta", Outcome::Refused));
    decision.attempts.push(attempt("alpha", Outcome::Answered));
    assert_eq!(decision.reason(), "retried: delta refused; round-robin 1 of 2; cookie rewritten");
}

#[test]
fn a_fault_names_its_backend_only_where_it_is_not_plain_whose_it_was() {
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.rule = Rule::Strategy { place: 1, of: 2, against: None };
    decision.chaos.push(ChaosTouch { backend: "alpha".into(), fault: "latency 300 ms".into() });
    decision.attempts.push(attempt("alpha", Outcome::Answered));
    assert_eq!(decision.reason(), "chaos: latency 300 ms; round-robin 1 of 2");
    decision.attempts = [attempt("alpha", Outcome::Refused)].into_iter().collect();
    assert_eq!(decision.reason(), "chaos: latency 300 ms; failed: alpha refused; round-robin 1 of 2");
    decision.attempts.push(attempt("bravo", Outcome::Answered));
    assert_eq!(decision.reason(), "chaos on alpha: latency 300 ms; retried: alpha refused; round-robin 1 of 2");
}

#[test]
fn a_moved_client_is_told_from_which_state() {
    let mut decision = Decision::new(Strategy::Random);
    decision.moved_from = Some(("bravo".into(), Exclusion::State(State::Maint)));
    decision.rule = Rule::Strategy { place: 2, of: 2, against: None };
    decision.cookie = CookieAction::Rewritten;
    decision.attempts.push(attempt("alpha", Outcome::Answered));
    assert_eq!(decision.reason(), "bravo is MAINT, moved; random 2 of 2; cookie rewritten");
}

#[test]
fn what_is_not_retried_says_why() {
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.rule = Rule::Strategy { place: 1, of: 2, against: None };
    decision.attempts.push(attempt("delta", Outcome::NoAnswer));
    decision.stopped = Some(Stopped::Unsafe);
    let words = "failed: delta gave no answer; round-robin 1 of 2; not retried: it may have been acted on";
    assert_eq!(decision.reason(), words);
}

#[test]
fn nobody_says_so() {
    let mut decision = Decision::new(Strategy::RoundRobin);
    assert_eq!(decision.reason(), "no backend is up");
    decision.attempts.push(attempt("alpha", Outcome::Refused));
    assert_eq!(decision.reason(), "failed: alpha refused; no other backend is up");
}

#[test]
fn traffic_says_which_of_its_clients_it_is() {
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.rule = Rule::Strategy { place: 1, of: 2, against: None };
    decision.cookie = CookieAction::New;
    decision.traffic = Some(7);
    assert_eq!(decision.reason(), "round-robin 1 of 2; new cookie; traffic 7");
    let json = serde_json::to_value(&decision).expect("plain");
    assert_eq!(json["traffic"], 7);
}

#[test]
fn a_replay_names_the_request_it_repeats_and_where_a_person_wanted_it() {
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.replayed = Some(12.into());
    decision.rule = Rule::Strategy { place: 1, of: 2, against: None };
    decision.attempts.push(attempt("alpha", Outcome::Answered));
    assert_eq!(decision.reason(), "replayed from #12; round-robin 1 of 2");
    decision.rule = Rule::Asked { backend: "bra\u{1b}vo".into() };
    assert_eq!(decision.reason(), "replayed from #12 to bra\\x1bvo");
    decision.edited = true;
    assert_eq!(decision.reason(), "edited and replayed from #12 to bra\\x1bvo");
    decision.edited = false;
    decision.attempts[0].outcome = Outcome::Refused;
    decision.stopped = Some(Stopped::Asked);
    let words = "replayed from #12 to bra\\x1bvo; failed: alpha refused; not retried: it was for that backend alone";
    assert_eq!(decision.reason(), words);
}

#[test]
fn a_client_that_moves_is_told_what_told_it_from_others_and_no_value_of_it() {
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.moved_from = Some(("bravo".into(), Exclusion::State(State::Down)));
    decision.rule = Rule::Together;
    let mut told = ToldApart::by_address([127, 0, 0, 1].into());
    told.has_cookie(b"ses\x1bsion");
    told.fields.push("User-Agent".into());
    decision.told_apart = Some(Box::new(told));
    assert_eq!(decision.reason(), "bravo is DOWN; moved together: cookie \"ses\\x1bsion\", User-Agent, address");
    decision.rule = Rule::Strategy { place: 1, of: 2, against: None };
    assert_eq!(decision.reason(), "bravo is DOWN, moved; round-robin 1 of 2");
    let told = decision.told_apart.as_mut().expect("it is there");
    told.by_strategy = true;
    assert_eq!(
        decision.reason(),
        "bravo is DOWN, moved; it still has its old cookie: by strategy after 2 s; round-robin 1 of 2"
    );
    let told = decision.told_apart.as_mut().expect("it is there");
    told.cookies.clear();
    let words = "bravo is DOWN, moved; nothing told it apart from others at 127.0.0.1: by strategy after 2 s; \
                 round-robin 1 of 2";
    assert_eq!(decision.reason(), words);
}

#[test]
fn the_names_of_many_cookies_are_cut_short() {
    let mut told = ToldApart::by_address([127, 0, 0, 1].into());
    for name in ["a", "b", "c", "d", "e", "f"] {
        told.has_cookie(name.as_bytes());
    }
    assert_eq!(told.to_string(), "cookies \"a\", \"b\", \"c\", \"d\" and 2 more, address");
}
