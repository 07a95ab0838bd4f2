//! Threshold alerts: when they begin and end, and how they are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use serde_json::{Value, json};

use crate::mail_server::MailServer;
use crate::support::home::Home;
use crate::support::program::{Headless, get, until};
use crate::support::{After, Backend, response};

/// A backend that is slow, or answers 500, while the test wants it to.
struct Moody {
    backend: Backend,
    slow: Arc<AtomicBool>,
    failing: Arc<AtomicBool>,
}

impl Moody {
    fn new() -> Self {
        let (slow, failing) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let (is_slow, fails) = (Arc::clone(&slow), Arc::clone(&failing));
        let backend = Backend::start(move |call| {
            call.body();
            if is_slow.load(SeqCst) {
                std::thread::sleep(Duration::from_millis(250));
            }
            call.send(&response(if fails.load(SeqCst) { "500 Broken" } else { "200 OK" }, &[], "here"));
            After::Keep
        });
        Moody { backend, slow, failing }
    }

    /// A configuration with this backend and these alerts.
    fn config(&self, alerts: &Value) -> Value {
        let url = format!("http://localhost:{}", self.backend.port);
        json!({"port": 0, "backends": [{"name": "alpha", "url": url}], "health": {"path": "/health"}, "alerts": alerts})
    }
}

/// What its log tells of alerts, in order: the alert, and whether it began.
fn told(lb: &Headless) -> Vec<(String, bool)> {
    let notices = lb.seen.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let changes = notices.map(|notice| notice["alert"].clone()).filter(|change| !change.is_null());
    changes.map(|change| (change["when"].as_str().unwrap().to_owned(), change["active"] == true)).collect()
}

/// Sends requests until the line is there.
fn until_told(lb: &mut Headless, port: u16, wanted: &str) -> String {
    let done = Arc::<AtomicBool>::default();
    let (stop, send) = (Arc::clone(&done), move || drop(get(port, "/")));
    let asking = std::thread::spawn(move || {
        while !stop.load(SeqCst) {
            send();
        }
    });
    let line = lb.line_with(wanted);
    done.store(true, SeqCst);
    asking.join().unwrap();
    line
}

#[test]
fn a_slow_backend_begins_an_alert_and_a_quick_one_ends_it_and_both_are_told_once_everywhere() {
    let (home, moody, server) = (Home::new(), Moody::new(), MailServer::good());
    let when = "p95>100ms for=1s";
    let alerts = json!([{"when": when, "notify": ["mail"], "to": "ops@b.example"}, "up<1"]);
    let mut config = moody.config(&alerts);
    config["email"] =
        json!({"host": "localhost", "port": server.port, "encryption": "none", "from": "lb@b.example", "throttle": 0});
    let (mut lb, port) = home.configured(&config.to_string(), &["--log-format", "json"]);
    let gauge = format!("stickylb_alert_active{{alert=\"{when}\"}} ");
    assert!(get(port, "/_lb/metrics").contains(&format!("{gauge}0\n")));

    moody.slow.store(true, SeqCst);
    let began = until_told(&mut lb, port, "alert p95>100ms for=1s begins");
    let began: Value = serde_json::from_str(&began).unwrap();
    assert_eq!((&began["event"], &began["level"]), (&json!("notice"), &json!("warning")));
    assert_eq!(began["alert"], json!({"when": when, "active": true, "notify": ["mail"]}));
    let text = began["text"].as_str().unwrap();
    assert!(text.starts_with("alert p95>100ms for=1s begins: p95 is ") && text.ends_with(" ms"), "{text}");
    assert!(get(port, "/_lb/metrics").contains(&format!("{gauge}1\n")));
    assert!(get(port, "/_lb/health").contains(&format!("\"when\":\"{when}\",\"active\":true,")));
    let status = home.good(&["ctl", "status"]);
    assert_eq!(status.matches("warning: alert p95>100ms for=1s: p95 is ").count(), 1, "{status}");
    let mail = server.wait_for_mails(1).remove(0);
    assert_eq!(
        (mail.to.as_slice(), mail.field("Subject").as_str()),
        (["ops@b.example".to_owned()].as_slice(), "⚠️ Alert: p95>100ms for=1s")
    );
    assert!(mail.body.starts_with(text) && mail.body.contains("\r\nTime: 20"), "{}", mail.body);

    moody.slow.store(false, SeqCst);
    let ended: Value = serde_json::from_str(&until_told(&mut lb, port, "alert p95>100ms for=1s ends")).unwrap();
    assert_eq!((&ended["level"], &ended["alert"]["active"]), (&json!("info"), &json!(false)));
    let mails = server.wait_for_mails(2);
    assert_eq!(mails[1].field("Subject"), "✅ Alert over: p95>100ms for=1s");
    assert!(get(port, "/_lb/metrics").contains(&format!("{gauge}0\n")));
    assert!(!home.good(&["ctl", "status"]).contains("warning: alert"));
    lb.line_with("mail about the alert p95>100ms for=1s, that it ended: sent");
    assert_eq!(told(&lb), [(when.to_owned(), true), (when.to_owned(), false)]);
    assert_eq!(server.mails().len(), 2);
    assert!(!lb.seen.iter().any(|line| line.contains("b.example")), "no address is in the log");
}

#[test]
fn the_share_of_5xx_of_a_backend_begins_an_alert() {
    let (home, moody) = (Home::new(), Moody::new());
    let config = moody.config(&json!(["backend:alpha errors>50% rate>0.1 for=0s", "pool:default errors>99.5% for=1h"]));
    let (mut lb, port) = home.configured(&config.to_string(), &[]);
    moody.failing.store(true, SeqCst);
    let line = until_told(&mut lb, port, "alert backend:alpha errors>50% rate>0.1 for=0s begins: errors is ");
    assert!(line.contains(" warning: alert ") && line.contains(" %, rate is "), "{line}");
    moody.failing.store(false, SeqCst);
    until_told(&mut lb, port, "alert backend:alpha errors>50% rate>0.1 for=0s ends after ");
    assert!(!lb.seen.iter().any(|line| line.contains("for=1h")));
}

#[test]
fn an_alert_that_flaps_is_one_mail_until_the_throttle_ends_and_the_last_word_is_told_at_the_end() {
    let (home, moody, server) = (Home::new(), Moody::new(), MailServer::good());
    let mut config = moody.config(&json!([{"when": "up<1 for=0s", "notify": ["mail"], "to": "ops@b.example"}]));
    config["email"] = json!({
        "host": "localhost", "port": server.port, "encryption": "none", "from": "lb@b.example", "throttle": 3_600_000,
    });
    let (_lb, port) = home.configured(&config.to_string(), &[]);
    let is_active = |active| {
        let word = format!("\"active\":{active},");
        until("the alert follows", || get(port, "/_lb/health").contains(&word).then_some(()));
    };
    for _ in 0..2 {
        home.good(&["ctl", "down", "alpha"]);
        is_active(true);
        server.wait_for_mails(1);
        home.good(&["ctl", "up", "alpha"]);
        is_active(false);
    }
    assert_eq!(server.mails().len(), 1);
    home.good(&["stop", "--all"]);
    let subjects: Vec<String> = server.wait_for_mails(2).iter().map(|mail| mail.field("Subject")).collect();
    assert_eq!(subjects, ["⚠️ Alert: up<1 for=0s", "✅ Alert over: up<1 for=0s"]);
}

#[test]
fn without_requests_a_p95_neither_begins_nor_ends_anything() {
    let (home, moody) = (Home::new(), Moody::new());
    let config = moody.config(&json!(["p95<1h for=0s", "p95>=1us for=0s", "errors<1% for=0s", "up>0 for=3s"]));
    let config = config.to_string().replace("1h for", "3600s for");
    let (mut lb, port) = home.configured(&config, &["--log-format", "json"]);
    // Three seconds have been evaluated, and there was no request of a backend.
    lb.line_with("alert up>0 for=3s begins: up is 1");
    assert_eq!(told(&lb), [("up>0 for=3s".to_owned(), true)]);
    let health: Value = serde_json::from_str(get(port, "/_lb/health").split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(
        health["alerts"][0],
        json!({"when": "p95<3600s for=0s", "active": false, "since": null, "value": "p95 is unknown"})
    );
}

#[test]
fn a_reload_changes_alerts_and_keeps_what_the_unchanged_ones_know() {
    let (home, moody) = (Home::new(), Moody::new());
    let (mut lb, _) =
        home.configured(&moody.config(&json!(["up>0 for=0s", "up<5 for=1s"])).to_string(), &["--log-format", "json"]);
    lb.line_with("alert up<5 for=1s begins");
    lb.line_with("alert up>0 for=0s begins");
    let changed = json!([{"when": "up<5   for=1s", "notify": []}, "down<1 for=0s"]);
    std::fs::write(home.path().join("lb.json"), moody.config(&changed).to_string()).unwrap();
    home.good(&["ctl", "reload"]);
    lb.line_with("alert up>0 for=0s ends: it is no longer watched");
    lb.line_with("alert down<1 for=0s begins: down is 0");
    let all = told(&lb);
    let of = |when: &str| all.iter().filter(|(told, _)| told == when).map(|(_, began)| *began).collect::<Vec<_>>();
    assert_eq!((of("up<5 for=1s"), of("up>0 for=0s")), (vec![true], vec![true, false]));
    assert!(home.good(&["ctl", "status"]).contains("warning: alert up<5 for=1s: up is 1"));
}

#[test]
fn an_alert_that_goes_on_but_is_no_longer_mailed_is_not_mailed_as_ended() {
    let (home, moody, server) = (Home::new(), Moody::new(), MailServer::good());
    let config = |stays: &[&str], other: &str| {
        let mailed = |when: &str, notify: &[&str]| json!({"when": when, "notify": notify, "to": "ops@b.example"});
        let mut config = moody.config(&json!([mailed("up>0 for=0s", stays), mailed(other, &["mail"])]));
        config["email"] = json!({
            "host": "localhost", "port": server.port, "encryption": "none", "from": "lb@b.example", "throttle": 0,
        });
        config.to_string()
    };
    let (_lb, port) = home.configured(&config(&["mail"], "up>5"), &[]);
    server.wait_for_mails(1);
    std::fs::write(home.path().join("lb.json"), config(&[], "down<1 for=0s")).unwrap();
    home.good(&["ctl", "reload"]);
    // The next mail is of the other one; the first would have been told before it.
    let mails = server.wait_for_mails(2);
    assert_eq!(mails[1].field("Subject"), "⚠️ Alert: down<1 for=0s");
    assert!(get(port, "/_lb/health").contains("\"when\":\"up>0 for=0s\",\"active\":true,"));
    home.good(&["stop", "--all"]);
    let subjects: Vec<String> = server.mails().iter().map(|mail| mail.field("Subject")).collect();
    assert_eq!(subjects.iter().filter(|subject| subject.contains("up>0")).count(), 1, "{subjects:?}");
}

#[test]
fn an_alert_set_by_a_command_ends_with_the_backend_that_it_is_about() {
    let (home, moody) = (Home::new(), Moody::new());
    let config = |names: &[&str]| {
        let mut config = moody.config(&json!([]));
        let url = config["backends"][0]["url"].clone();
        config["backends"] = names.iter().map(|name| json!({"name": name, "url": url})).collect();
        config.to_string()
    };
    let (mut lb, _) = home.configured(&config(&["alpha", "bravo"]), &[]);
    home.good(&["ctl", "alert", "backend:bravo up>0 for=0s"]);
    lb.line_with("alert backend:bravo up>0 for=0s begins");
    std::fs::write(home.path().join("lb.json"), config(&["alpha"])).unwrap();
    home.good(&["ctl", "reload"]);
    lb.line_with("alert backend:bravo up>0 for=0s ends: it is no longer watched");
    assert!(!home.good(&["ctl", "status"]).contains("warning: alert"));
}

#[test]
fn a_backend_that_goes_down_begins_an_alert_and_mails_its_owner_about_it() {
    let (home, server) = (Home::new(), MailServer::good());
    let mut backend = Backend::echoing();
    let url = format!("http://localhost:{}", backend.port);
    let config = json!({
        "port": 0,
        "backends": [{"name": "alpha", "url": url, "owner": "ann@a.example"}],
        "health": {"path": "/health", "interval": 100},
        "email": {"host": "localhost", "port": server.port, "encryption": "none", "from": "lb@b.example", "throttle": 0},
        "alerts": [{"when": "backend:alpha down>0 for=0s", "notify": ["mail"]}],
    });
    let (mut lb, _) = home.configured(&config.to_string(), &[]);
    backend.stop();
    lb.line_with("alert backend:alpha down>0 for=0s begins: down is 1");
    let mails = server.wait_for_mails(2);
    let alert = mails.iter().find(|mail| mail.field("Subject").contains("Alert")).unwrap();
    assert_eq!(alert.to, ["ann@a.example"]);
    until("both mails are told", || lb.line_with("that it began: sent").contains("mail about the alert").then_some(()));
}
