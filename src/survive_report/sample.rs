//! Reports for tests.

use serde_json::json;
use stickylb::api::{SmallestConfig, SurviveEntry, SurviveKind, SurviveReport, SurviveVerdict};

/// One with an entry of each verdict.
pub(crate) fn report() -> SurviveReport {
    use SurviveVerdict::{BreaksEvenWithIt, Inconclusive, NeedsStickiness, Remark, RunsInEveryCopy, Safe, Unknown};
    let mut cart = SurviveEntry::new(NeedsStickiness, "GET", "/cart", "session lost (302 /login)");
    (cart.kind, cart.learn) = (Some(SurviveKind::SessionLost), Some("cookie:sid".into()));
    cart.details = vec!["node-0: 200, then node-1: 302 /login".into(), "control: 200 twice on node-0".into()];
    let mut socket = SurviveEntry::new(NeedsStickiness, "GET", "/socket.io", "400 Session ID unknown");
    (socket.kind, socket.learn) = (Some(SurviveKind::UnknownId), Some("socket.io".into()));
    let mut limit = SurviveEntry::new(BreaksEvenWithIt, "GET", "/limit", "counter per copy");
    limit.kind = Some(SurviveKind::CounterPerCopy);
    let mut cron = SurviveEntry::new(RunsInEveryCopy, "", "cron: sending mails", "");
    cron.kind = Some(SurviveKind::TimerPerCopy);
    let mut products = SurviveEntry::new(Safe, "GET", "/api/products", "");
    (products.requests, products.times) = (14, 12);
    let mut long = SurviveEntry::new(
        Safe,
        "GET",
        "/api/organisations/17/projects/4711/pipelines/latest/artifacts/report.html",
        "",
    );
    (long.requests, long.times) = (1, 12);
    let random = SurviveEntry::new(Inconclusive, "GET", "/quote", "one copy alone differs from itself, too");
    let pay = SurviveEntry::new(Unknown, "POST", "/pay", "unsafe: --unsafe");
    let host = SurviveEntry::new(Remark, "GET", "/health", "the copy names itself: its port");
    let mut report = SurviveReport::default();
    report.copies = vec!["node-0".into(), "node-1".into()];
    report.entries = vec![cart, socket, limit, cron, products, long, random, pay, host];
    report.smallest = Some(smallest());
    report.left_out = vec!["2 requests passed faster than they could be recorded".into()];
    report
}

fn smallest() -> SmallestConfig {
    let sticky = json!({"sticky": {"by": "learn", "from": ["cookie:sid", "socket.io"]}, "proven": true});
    serde_json::from_value(sticky).expect("its fields")
}

/// One whose text tries to move the cursor and to break out of XML.
pub(crate) fn hostile() -> SurviveReport {
    let entry = || {
        let mut entry = SurviveEntry::new(
            SurviveVerdict::NeedsStickiness,
            "GET",
            "/<a>&\"\u{1b}[2J",
            "lost \u{1b}]0;x\u{7}".to_owned(),
        );
        entry.learn = Some("cookie:\u{1b}\u{ffff}".into());
        entry.details = vec!["]]> \u{9b}31m\r\n".into()];
        entry
    };
    let mut report = SurviveReport::default();
    report.entries = vec![entry(), entry()];
    report.left_out = vec!["\u{0}".into()];
    report
}
