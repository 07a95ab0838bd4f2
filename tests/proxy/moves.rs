//! Clients that lose their backend are spread by the strategy, and what one of them sends at the same moment moves together.

use serde_json::{Value, json};

use crate::support::{Backend, Balancer, Config, request, until_some};

fn three() -> [Backend; 3] {
    [Backend::echoing(), Backend::echoing(), Backend::echoing()]
}

/// The backend of a request of a client bound to b1, with these cookies beside.
fn goes_to(balancer: &Balancer, cookies: &str) -> usize {
    let cookies = format!("Cookie: X-Backend-ID=1{cookies}");
    let answer = balancer.exchange(&request("GET", "/", &[&cookies, "User-Agent: one of many"]));
    assert_eq!(answer.status, 200);
    answer.backend().unwrap() as usize
}

/// How many of ten clients, told apart by a cookie of their own, went to each backend. Each asks three times.
fn ten_clients(balancer: &Balancer) -> [usize; 3] {
    let mut counts = [0; 3];
    for client in 0..10 {
        let ask = || goes_to(balancer, &format!("; session=s{client}"));
        let first = ask();
        counts[first] += 1;
        assert_eq!([ask(), ask()], [first, first], "client {client}");
    }
    counts
}

#[test]
fn clients_of_one_address_that_lose_their_backend_are_spread_by_strategy() {
    let backends = three();
    let balancer = Balancer::over(&backends.each_ref());
    balancer.ctl(&["down", "b1"]);
    assert_eq!(ten_clients(&balancer), [5, 0, 5]);
    let line = balancer.line("moved together");
    assert!(line.contains("b1 is MAINT; moved together: cookie \"session\", User-Agent, address"), "{line}");
    assert!(!balancer.lines().iter().any(|line| line.contains("s3")), "a value is told");
}

/// How many clients moved, and the sessions of each backend.
fn counted(balancer: &Balancer) -> (u64, Vec<u64>) {
    let status: Value = serde_json::from_str(&balancer.said(&["ctl", "status", "--json"])).unwrap();
    let sessions = status["backends"].as_array().unwrap().iter().map(|backend| backend["sessions"].as_u64().unwrap());
    (status["pools"][0]["fairness"]["moved"].as_u64().unwrap(), sessions.collect())
}

#[test]
fn a_page_and_its_scripts_move_together_whatever_cookies_each_of_them_has() {
    let backends = three();
    let balancer = Balancer::over(&backends.each_ref());
    balancer.ctl(&["down", "b1"]);
    for client in 0..10 {
        let page = goes_to(&balancer, &format!("; theme=dark; session=s{client}"));
        let script = goes_to(&balancer, &format!("; csrf=c{client}; theme=dark; session=s{client}"));
        assert_eq!(script, page, "client {client}");
    }
    let (moved, sessions) = counted(&balancer);
    assert_eq!((moved, sessions), (10, vec![5, 0, 5]), "clients with one theme are spread, and each is counted once");
}

#[test]
fn a_secret_in_a_cookie_without_a_name_is_told_nobody() {
    let backends = three();
    let balancer = Balancer::over(&backends.each_ref());
    balancer.ctl(&["down", "b1"]);
    goes_to(&balancer, "; hunter2");
    goes_to(&balancer, "; hunter2");
    balancer.line("moved together: 1 cookie without a name, User-Agent, address");
    assert!(!balancer.lines().iter().any(|line| line.contains("hunter2")));
}

#[test]
fn a_key_that_moves_is_counted_once_while_its_backend_refuses() {
    let mut backends = three();
    let config = Config::new(&backends.each_ref()).set("/sticky", json!({"by": "ip"}));
    let balancer = config.set("/health/fall", json!(100)).start();
    let own = balancer.get("/").backend().unwrap() as usize;
    backends[own].stop();
    let moved: Vec<_> = (0..4).map(|_| balancer.get("/").backend().unwrap() as usize).collect();
    assert!(moved.iter().all(|to| *to == moved[0] && *to != own), "{moved:?}");
    assert_eq!(counted(&balancer).0, 1);
}

#[test]
fn clients_whose_backend_died_without_a_word_are_spread_by_weight() {
    let mut backends = three();
    let config = Config::new(&backends.each_ref()).set("/strategy", json!("smooth-round-robin"));
    let balancer = config.set("/backends/0/weight", json!(4)).start();
    backends[1].stop();
    let counts = ten_clients(&balancer);
    // Until a check has found it out, its own turn is in the row that the strategy goes by.
    assert!(counts[1] == 0 && (7..=9).contains(&counts[0]), "{counts:?}");
}

#[test]
fn a_script_that_keeps_its_old_cookie_is_spread_by_strategy_after_a_while() {
    let backends = three();
    let balancer = Balancer::over(&backends.each_ref());
    balancer.ctl(&["down", "b1"]);
    let late = "nothing told it apart from others at 127.0.0.1: by strategy after 2 s";
    until_some("it goes on for so long", || {
        goes_to(&balancer, "");
        balancer.lines().iter().any(|line| line.contains(late)).then_some(())
    });
    let mut counts = [0; 3];
    for _ in 0..10 {
        counts[goes_to(&balancer, "")] += 1;
    }
    assert_eq!(counts, [5, 0, 5]);
}

#[test]
fn what_is_asked_about_a_move_is_told_and_moves_nobody() {
    let backends = three();
    let balancer = Balancer::over(&backends.each_ref());
    balancer.ctl(&["down", "b1"]);
    let explain = || {
        balancer.said(&[
            "explain",
            "GET",
            "/",
            "-H",
            "Cookie: X-Backend-ID=1; session=s1",
            "-H",
            "User-Agent: one of many",
        ])
    };
    let foreseen = explain();
    assert_eq!(foreseen, explain());
    let went = goes_to(&balancer, "; session=s1");
    assert!(foreseen.contains(&format!("b{went}")), "{foreseen}");
    let after = explain();
    assert!(after.contains("moved together: cookie \"session\", User-Agent, address"), "{after}");
}
