//! `--name` and `names`: what is taken, what is printed, and what copies are told.

use std::fs;
use std::process::Output;

use serde_json::json;

use crate::support::home::Home;
use crate::support::program::Headless;

const TWO_POOLS: &str = r#"{
    "listeners": [{"port": 4000}],
    "pools": {
        "web": {"names": ["app", "Shop.TEST."], "backends": [{"url": "http://localhost:5000"}]},
        "api": {"names": ["api.localhost"], "backends": [{"url": "http://localhost:5001"}]}
    }
}"#;

/// Runs the program where nothing else of this user's runs, in a folder with this `stickylb.json`.
fn run(file: Option<&str>, words: &[&str]) -> Output {
    let home = Home::new();
    if let Some(text) = file {
        fs::write(home.path().join("stickylb.json"), text).unwrap();
    }
    let mut command = home.program(words);
    command.current_dir(home.path()).env("HOME", home.path());
    crate::support::patience::run_to_end(command)
}

fn said(output: &Output) -> String {
    String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap()
}

#[test]
fn the_names_of_a_file_are_listed_with_their_urls() {
    let output = run(Some(TWO_POOLS), &["names"]);
    let expected = "\
NAME           URL                        POOL
app.localhost  http://app.localhost:4000  web
shop.test      http://shop.test:4000      web
api.localhost  http://api.localhost:4000  api
";
    assert_eq!(said(&output), expected);
    let secure = TWO_POOLS.replace("\"port\": 4000", "\"port\": 443, \"tls\": true");
    assert!(said(&run(Some(&secure), &["names"])).contains("https://app.localhost  "));
    let check = run(Some(TWO_POOLS), &["check"]);
    assert!(said(&check).contains(", for app.localhost, shop.test, api.localhost"), "{}", said(&check));
}

#[test]
fn lines_for_the_hosts_file_are_printed_and_nothing_is_written() {
    let before = fs::read("/etc/hosts").ok();
    let output = run(Some(TWO_POOLS), &["names", "--hosts"]);
    let text = said(&output);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let expected = ["app.localhost", "shop.test", "api.localhost"]
        .map(|name| [format!("127.0.0.1 {name}"), format!("::1 {name}")]);
    assert_eq!(lines, expected.concat());
    assert!(text.starts_with("# "), "{text}");
    assert_eq!(fs::read("/etc/hosts").ok(), before);
    let elsewhere = TWO_POOLS.replace("\"port\": 4000", "\"port\": 4000, \"host\": \"192.0.2.7\"");
    let text = said(&run(Some(&elsewhere), &["names", "--hosts"]));
    assert!(text.contains("\n192.0.2.7 app.localhost\n") && !text.contains("127.0.0.1"), "{text}");
}

#[test]
fn names_on_the_command_line_take_the_place_of_the_files() {
    let text = said(&run(None, &["names", "--name", "app", "--name", "b.test"]));
    assert!(text.contains("http://app.localhost:3001") && text.contains("http://b.test:3001"), "{text}");
    let flat = r#"{"port": 4000, "names": ["old"], "backends": [{"url": "http://localhost:5000"}]}"#;
    let text = said(&run(Some(flat), &["names", "--config", "stickylb.json", "--name", "new"]));
    assert!(text.contains("new.localhost") && !text.contains("old"), "{text}");
    let several = run(Some(TWO_POOLS), &["--headless", "--name", "x"]);
    assert_eq!(several.status.code(), Some(2));
    assert!(said(&several).contains("--name is for one pool, the file has 2"), "{}", said(&several));
}

#[test]
fn what_cannot_be_a_name_is_refused_with_the_reason() {
    for (name, why) in [
        ("app.dev", "browsers ask for .dev over https alone (HSTS)"),
        ("127.0.0.1", "an address leads to the listener's own pool"),
        ("app.localhost:3001", "write the host alone"),
        ("localhost", "it leads to the listener's own pool already"),
    ] {
        let output = run(None, &["--headless", "--name", name, "5000"]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(said(&output).contains(why), "{name}: {}", said(&output));
    }
    let raw = run(None, &["--headless", "--name", "app", "tcp://localhost:5000"]);
    assert!(said(&raw).contains("raw bytes have no host"), "{}", said(&raw));
    let twice = run(None, &["--headless", "--name", "app", "--name", "APP.localhost.", "5000"]);
    assert!(said(&twice).contains("app.localhost is written twice"), "{}", said(&twice));
}

#[test]
fn without_names_it_says_how_to_give_one() {
    let output = run(None, &["names"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("give one with --name app"), "{}", said(&output));
    let flat = r#"{"port": 4000, "backends": [{"url": "http://localhost:5000"}]}"#;
    assert!(said(&run(Some(flat), &["names"])).contains("stickylb.json has no names"));
}

#[test]
fn the_names_of_what_runs_are_told_everywhere() {
    let home = Home::new();
    let words = ["--headless", "-p", "0", "--demo=1", "--name", "app", "--name", "shop.test"];
    let mut command = home.program(&words);
    command.current_dir(home.path());
    let mut balancer = Headless::from(command);
    let port = balancer.ready(1);
    let url = format!("http://app.localhost:{port}");
    balancer.line_with(&url);
    let asked = |words: &[&str]| {
        let mut command = home.program(words);
        command.current_dir(home.path());
        said(&crate::support::patience::run_to_end(command))
    };
    assert!(asked(&["names"]).contains(&url));
    assert!(asked(&["names", "--hosts"]).contains("\n::1 shop.test\n"));
    assert!(asked(&["list"]).contains(&format!("{url} http://shop.test:{port}")));
    assert!(asked(&["ctl", "status"]).contains(&url));
    let told: serde_json::Value = serde_json::from_str(&asked(&["ctl", "status", "--json"])).unwrap();
    assert_eq!(told["pools"][0]["urls"], json!([url, format!("http://shop.test:{port}")]));
    let led = asked(&["explain", "GET", &format!("{url}/cart")]);
    assert!(led.contains("would go to alpha") && led.contains("route app.localhost"), "{led}");
    let nowhere = asked(&["explain", "GET", &format!("http://other.localhost:{port}/")]);
    assert!(nowhere.contains("would go to no backend") && nowhere.contains("leads to no pool"), "{nowhere}");
}

#[test]
fn a_copy_finds_the_url_of_its_pool_in_its_environment() {
    let script = r#"echo "url $STICKYLB_URL"; sleep 100"#;
    let mut named =
        Headless::start(&["run", "-p", "0", "--headless", "--name", "app", "-n", "1", "--", "sh", "-c", script]);
    let port = named.line_with("listening on http://localhost:").rsplit(':').next().unwrap().to_owned();
    named.line_with(&format!("| url http://app.localhost:{port}"));
    let mut plain = Headless::start(&["run", "-p", "0", "--headless", "-n", "1", "--", "sh", "-c", script]);
    let port = plain.line_with("listening on http://localhost:").rsplit(':').next().unwrap().to_owned();
    plain.line_with(&format!("| url http://localhost:{port}"));
}
