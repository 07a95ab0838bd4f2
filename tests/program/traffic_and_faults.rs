//! Traffic and faults by `ctl`.

use serde_json::Value;

use crate::support::home::Home;
use crate::support::program::{get, until};

fn snapshot(home: &Home) -> Value {
    serde_json::from_str(&home.good(&["ctl", "status", "--json"])).unwrap()
}

#[test]
fn ctl_sends_traffic_shows_it_and_ends_it() {
    let home = Home::new();
    let (_lb, _) = home.demo(2, &[]);
    let mix = "mix=90% GET /whoami, 10% POST /echo";
    let said = home.good(&["ctl", "traffic", "open", "rate=50", "clients=3", mix, "for=60s"]);
    assert!(said.starts_with("traffic begins: open rate=50 ") && said.contains("10% POST /echo"), "{said}");
    until("requests were answered", || {
        let snapshot = snapshot(&home);
        let traffic = &snapshot["traffic"];
        assert_eq!(traffic["on"], true);
        (traffic["byStatus"][1].as_u64() >= Some(10)).then_some(())
    });
    let status = home.good(&["ctl", "status"]);
    let line = status.lines().find(|line| line.starts_with("traffic: ")).unwrap();
    assert!(line.contains("open rate=50 spacing=even clients=3 cookies=keep") && line.ends_with(" s left"), "{status}");
    assert!(status.lines().any(|line| line.contains(" sent, ") && line.contains("2xx")), "{status}");
    assert!(home.good(&["ctl", "traffic", "off"]).starts_with("traffic ends"));
    until("it has ended", || (snapshot(&home)["traffic"]["on"] == false).then_some(()));
    assert!(home.good(&["ctl", "status"]).contains(": ended\n"));
}

#[test]
fn ctl_gives_a_backend_a_fault_shows_it_and_ends_it() {
    let home = Home::new();
    let (_lb, port) = home.demo(2, &[]);
    let said = home.good(&["ctl", "chaos", "bravo", "error", "503", "for=60s", "checks=spare"]);
    assert!(said.starts_with("chaos on bravo: error 503"), "{said}");
    let answers: Vec<String> = (0..4).map(|_| get(port, "/whoami")).collect();
    assert_eq!(answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 503")).count(), 2, "{answers:?}");
    let status = home.good(&["ctl", "status"]);
    let line = status.lines().find(|line| line.starts_with("fault on bravo: ")).unwrap();
    assert!(line.contains("error 503 for=1m checks=spare; ") && line.contains(" s left, 2 requests"), "{status}");
    let backends = snapshot(&home)["backends"].clone();
    assert!(backends[0]["chaos"].is_null(), "{backends}");
    assert_eq!(backends[1]["chaos"]["fault"]["status"], 503);
    assert!(backends[1]["chaos"]["leftMillis"].as_u64().is_some_and(|left| (1..=60_000).contains(&left)));
    assert_eq!(home.good(&["ctl", "chaos", "off"]), "chaos is off: bravo\n");
    assert!(!home.good(&["ctl", "status"]).contains("fault on"));
    home.good(&["ctl", "chaos", "alpha", "hang"]);
    assert!(home.good(&["ctl", "undo"]).starts_with("undone: "));
    assert!(!home.good(&["ctl", "status"]).contains("fault on"));
    home.good(&["ctl", "chaos", "alpha", "hang"]);
    assert_eq!(home.good(&["ctl", "chaos", "alpha", "off"]), "chaos is off: alpha\n");
}

#[test]
fn what_is_wrong_with_traffic_or_a_fault_is_one_sentence_and_nothing_is_done() {
    let home = Home::new();
    let (_lb, _) = home.demo(2, &[]);
    for (line, part) in [
        ("traffic fast", "'fast' is no traffic: it is open, closed or off"),
        ("traffic open rate=0", "a rate is from 1 to 500 requests a second"),
        ("traffic open rate=1000000", "a rate is from 1 to 500 requests a second"),
        ("traffic open think=1s", "think is for closed traffic"),
        ("traffic open for=2h", "it is a time from 1s to 60m"),
        ("chaos bravo", "say which fault: chaos bravo latency 300ms"),
        ("chaos latency 300ms", "which backend is to have it? Write chaos BACKEND latency 300ms: alpha (1), bravo (2)"),
        ("chaos nosuch latency 300ms", "there is no backend 'nosuch': there is alpha (1), bravo (2)"),
        ("chaos bravo lag 3s", "'lag' is no kind of fault: there is latency 300ms"),
        ("chaos bravo error 200", "with a status from 400 to 599"),
        ("chaos bravo hang for=11m", "a fault burns for 1ms to 10m"),
    ] {
        let words: Vec<&str> = std::iter::once("ctl").chain(line.split(' ')).collect();
        let output = home.run(&words);
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {err}");
        assert!(output.stdout.is_empty() && err.lines().count() == 1 && err.contains(part), "{line}: {err}");
    }
    let now = snapshot(&home);
    assert!(now["traffic"].is_null() && now["backends"].as_array().unwrap().iter().all(|one| one["chaos"].is_null()));
}
