use super::*;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stickylb::api::{Attempt, Decision, Identity, Outcome, RequestEvent, Rule, State, Strategy, UpdateEvent};

fn who(name: &str) -> Arc<Identity> {
    Arc::new(Identity::new(1, name, ""))
}

/// `POST /api/Cart?x=1` from ::1, retried on bravo after alpha refused, 502 in 150 ms.
fn request() -> Event {
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.rule = Rule::Strategy { place: 1, of: 2, against: None };
    for (name, outcome) in [("alpha", Outcome::Refused), ("bravo", Outcome::Answered)] {
        decision.attempts.push(Attempt::new(&who(name), outcome, Duration::from_micros(5)));
    }
    let mut request = RequestEvent::sample(decision);
    request.took = Duration::from_millis(150);
    request.ip = "::1".parse().expect("an address");
    request.method = "POST".into();
    request.path = "/api/Cart?x=1".into();
    request.status = 502;
    request.to = Some(who("bravo"));
    request.bytes = 2_000;
    Event::Request(request)
}

fn update() -> Event {
    let states = [State::Up, State::Down];
    Event::Update(UpdateEvent::new(SystemTime::UNIX_EPOCH, who("alpha"), states, "its process ended"))
}

fn holds(filter: &str, event: &Event) -> bool {
    Filter::parse(filter).expect("good").expect("something").line(event, false)
}

#[test]
fn every_term_finds_what_it_names() {
    let request = request();
    for filter in [
        "backend:alpha",
        "backend:BRAV",
        "backend=bravo",
        "backend!=charlie",
        "method:post",
        "path:/api",
        "path:cart",
        "path~^/api/[A-Z]",
        "client:::1",
        "status>=500",
        "status:502",
        "status=5xx",
        "status>=5xx",
        "status<=5xx",
        "status>4xx",
        "status!=4xx",
        "status!=200",
        "status<503",
        "duration>100ms",
        "duration<=0.15s",
        "duration=150000us",
        "duration>149",
        "bytes>1k",
        "attempts=2",
        "why:refused",
        "retried",
        "failed",
        "cart",
        "CART",
        "\"round-robin 1\"",
        "502",
        "!ws",
        "-moved",
        "!status:200",
        "backend:bravo status>=500 path~^/api retried",
        "errors>3",
    ] {
        assert!(holds(filter, &request), "{filter}");
    }
    for filter in ["backend:charlie", "backend!=bravo", "method:pos", "path~^api", "status:4xx", "duration>150ms"] {
        assert!(!holds(filter, &request), "{filter}");
    }
    for filter in ["status<5xx", "status<=4xx", "status>5xx", "status!=5xx", "status<4xx"] {
        assert!(!holds(filter, &request), "{filter}");
    }
    for filter in
        ["ws", "moved", "!retried", "change", "marked", "state:down", "backend:bravo status:200", "\"retried\" zebra"]
    {
        assert!(!holds(filter, &request), "{filter}");
    }
}

#[test]
fn the_balancers_own_traffic_is_found_and_left_out() {
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.traffic = Some(7);
    let own = Event::Request(RequestEvent::sample(decision));
    assert!(holds("traffic", &own) && holds("why:\"traffic 7\"", &own) && !holds("!traffic", &own));
    assert!(!holds("traffic", &request()) && holds("!traffic", &request()));
    assert!(!holds("traffic", &update()));
}

#[test]
fn changes_of_states_are_found_by_word_backend_and_state() {
    for filter in ["change", "state:down", "backend:alpha", "ended", "why:process", "!status:200"] {
        assert!(holds(filter, &update()), "{filter}");
    }
    for filter in ["state:up", "status:200", "retried", "backend:bravo"] {
        assert!(!holds(filter, &update()), "{filter}");
    }
}

fn error(filter: &str) -> (usize, String) {
    let error = Filter::parse(filter).expect_err(filter);
    (error.column, error.message)
}

#[test]
fn what_is_wrong_is_said_with_its_column() {
    for (filter, column, message) in [
        ("backend:alpha stattus>=500", 14, "there is no field 'stattus'; did you mean 'status'?"),
        ("localhost:5000", 0, "there is no field 'localhost'; put the word in quotes to look for it: \"localhost:…\""),
        ("status>=abc", 8, "status>= wants a number, such as 500 or 5xx"),
        ("ws status>", 10, "status> wants a number, such as 500 or 5xx"),
        ("duration>5m", 10, "'m' is no unit of duration: write 100ms or 2s"),
        ("status~5", 6, "status is a number: use : or = or != or < or >"),
        ("path>x", 4, "path is no number: use : or = or != or ~"),
        ("日本 backend:", 11, "backend: what?"),
        ("a \"b c", 2, "this quote has no end"),
    ] {
        assert_eq!(error(filter), (column, message.to_owned()), "{filter}");
    }
    let (column, message) = error("path~[a");
    assert!(column == 5 && message.starts_with("this is no pattern: "), "{column} {message}");
}

#[test]
fn nothing_typed_is_no_filter() {
    for text in ["", "   ", "\t\u{3000}"] {
        assert!(Filter::parse(text).expect("good").is_none());
    }
}

#[test]
fn blanks_of_any_kind_part_the_terms_and_no_other_filter_is_shown() {
    for text in ["status:502\u{3000}!ws", "\tstatus:502 !ws\t", "\u{a0}status:502\u{a0}!ws"] {
        assert!(holds(text, &request()), "{text:?}");
        let filter = Filter::parse(text).expect("good").expect("something");
        assert!(holds(filter.text(), &request()), "{text:?} is shown as {:?}", filter.text());
    }
}

#[test]
fn no_text_at_all_can_break_it() {
    let pieces =
        ["status", ">", "\"", "!", "-", "~", "(", "日", " ", ":", "5xx", "path", "=", "\u{1b}", "9999999999999"];
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..5_000 {
        let text: String = (0..random.usize(..8)).map(|_| pieces[random.usize(..pieces.len())]).collect();
        match Filter::parse(&text) {
            Ok(Some(filter)) => drop(filter.line(&request(), true)),
            Ok(None) => {}
            Err(error) => assert!(error.column <= text.chars().count(), "{text}"),
        }
    }
}
