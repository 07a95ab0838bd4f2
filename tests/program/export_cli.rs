//! `export`: where the configuration comes from, what is said of what an engine cannot do, and how it ends.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::support::home::Home;
use crate::support::patience::run_to_end;
use crate::support::program::is_hidden;

/// What every engine can be told, and mail, which none can.
const WITH_MAIL: &str = r#"{
    "port": 4000,
    "backends": [{"id": 7, "name": "alpha", "url": "http://localhost:5000", "owner": "ann@example.test"}],
    "email": {"host": "localhost", "port": 25, "encryption": "none", "from": "lb@example.test"}
}"#;

const PLAIN: &str = r#"{"port": 4000, "backends": [{"id": 7, "name": "alpha", "url": "http://localhost:5000"}]}"#;

const ENGINES: [&[&str]; 7] = [
    &["haproxy"],
    &["nginx"],
    &["nginx", "--nginx-version", "1.22"],
    &["caddy"],
    &["traefik"],
    &["envoy"],
    &["kubernetes"],
];

/// Runs the program in a folder.
fn run_in(home: &Home, words: &[&str]) -> Output {
    let mut command = home.program(words);
    command.current_dir(home.path()).env("HOME", home.path());
    run_to_end(command)
}

/// A folder with this `stickylb.json`.
fn folder(text: &str) -> Home {
    let home = Home::new();
    fs::write(home.path().join("stickylb.json"), text).unwrap();
    home
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What is printed; the program must succeed.
#[track_caller]
fn exported(home: &Home, words: &[&str]) -> String {
    let output = run_in(home, &[&["export"], words].concat());
    assert_eq!(output.status.code(), Some(0), "{words:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// What is said on standard error; the program must end with 2 and print nothing.
#[track_caller]
fn refused(home: &Home, words: &[&str]) -> String {
    let output = run_in(home, &[&["export"], words].concat());
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{words:?}");
    text(&output.stderr)
}

#[test]
fn what_an_engine_cannot_do_stands_in_the_file_and_on_standard_error_and_strict_ends_with_1() {
    let home = folder(WITH_MAIL);
    for engine in ENGINES {
        let output = run_in(&home, &[&["export"], engine].concat());
        let (file, said) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{engine:?}: {said}");
        assert!(said.contains("ail"), "{engine:?} sends no mail: {said}");
        for line in said.lines() {
            let (_, sentence) = line.split_once(" cannot: ").unwrap_or_else(|| panic!("{line}"));
            assert!(line.starts_with("stickylb-tui: "), "{line}");
            let comment = format!("# cannot: {sentence}");
            assert!(file.lines().any(|line| line.trim_start() == comment), "{engine:?}: {comment}\n{file}");
        }
        let strict = run_in(&home, &[&["export", "--strict"], engine].concat());
        assert_eq!((strict.status.code(), strict.stdout == output.stdout), (Some(1), true), "{engine:?}");
    }
    let home = folder(PLAIN);
    let output = run_in(&home, &["export", "haproxy", "--strict"]);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

#[test]
fn the_file_that_is_named_comes_first_then_the_balancer_that_is_then_the_file_of_the_folder() {
    let home = folder(PLAIN);
    fs::write(home.path().join("other.json"), PLAIN.replace("4000", "4100")).unwrap();
    let (_lb, port) = home.configured(&PLAIN.replace("4000", "0"), &[]);
    let port = port.to_string();
    let of_folder = exported(&home, &["haproxy"]);
    assert!(of_folder.contains(":4000"), "{of_folder}");
    for words in [["haproxy", "--config", "other.json"], ["haproxy", "-c", "other.json"]] {
        assert!(exported(&home, &words).contains(":4100"), "{words:?}");
    }
    let running = exported(&home, &["haproxy", "--port", &port]);
    assert!(running.contains(&format!(":{port}")) && !running.contains(":4000"), "{running}");
    // Options may stand before the word, too.
    let before = |words: &[&str]| text(&run_in(&home, words).stdout);
    assert_eq!(before(&["--port", &port, "export", "haproxy"]), running);
    assert_eq!(before(&["--config", "stickylb.json", "export", "haproxy"]), of_folder);
    fs::remove_file(home.path().join("stickylb.json")).unwrap();
    assert_eq!(exported(&home, &["haproxy"]), running, "the only one that runs");
}

#[test]
fn a_balancer_that_runs_is_exported_as_it_is_now() {
    let home = Home::new();
    let config = r#"{"port": 0, "backends": [
        {"id": 7, "name": "alpha", "url": "http://localhost:5000"},
        {"id": 3, "name": "bravo", "url": "http://localhost:5001"},
        {"id": 12, "name": "charlie", "url": "http://localhost:5002"}]}"#;
    let (_lb, port) = home.configured(config, &["--hold", "3"]);
    let port = port.to_string();
    let before = exported(&home, &["haproxy", "--port", &port]);
    assert!(before.contains("roundrobin") && before.contains("cookie 12"), "{before}");
    for words in
        [["weight", "alpha", "5"].as_slice(), &["strategy", "least-connections"], &["drain", "bravo"], &["down", "12"]]
    {
        home.good(&[&["ctl"], words].concat());
    }
    let after = exported(&home, &["haproxy", "--port", &port]);
    assert!(after.contains("weight 5") && after.contains("leastconn") && !after.contains("roundrobin"), "{after}");
    let commented = |name: &str, word: &str| {
        after.lines().any(|line| line.trim_start().starts_with('#') && line.contains(name) && line.contains(word))
    };
    assert!(commented("charlie", "MAINT") && commented("bravo", "DRAIN") && !commented("alpha", "MAINT"), "{after}");
    let file = fs::read_to_string(home.path().join("lb.json")).unwrap();
    assert_eq!(file, config, "what runs is asked, and nothing is written");
}

#[test]
fn backends_that_were_started_here_are_exported_with_the_ports_that_they_have() {
    let home = Home::new();
    let (_lb, port) = home.demo(2, &[]);
    let status: serde_json::Value = serde_json::from_str(&home.good(&["ctl", "status", "--json"])).unwrap();
    let file = exported(&home, &["haproxy", "--port", &port.to_string()]);
    let backends = status["backends"].as_array().unwrap();
    assert_eq!(backends.len(), 2);
    for backend in backends {
        let url = backend["url"].as_str().unwrap();
        let (_, place) = url.rsplit_once(':').unwrap();
        assert!(file.contains(&format!(":{place} ")), "{url}\n{file}");
        assert!(
            file.contains(&format!("cookie {} ", backend["id"]))
                || file.contains(&format!("cookie {}\n", backend["id"]))
        );
    }
    assert!(file.contains("/health"), "demo backends are checked there: {file}");
}

#[test]
fn what_cannot_be_exported_is_said_in_one_sentence() {
    let home = Home::new();
    assert_eq!(
        refused(&home, &["haproxy"]),
        "stickylb-tui: there is no ./stickylb.json, and no balancer of yours runs: name a file with --config FILE\n"
    );
    let one_line = |words: &[&str], part: &str| {
        let said = refused(&home, words);
        assert!(said.contains(part), "{words:?}: {said}");
    };
    one_line(&["haproxi"], "'haproxy'");
    one_line(&["nginx", "--nginx-version", "new"], "'new' is not a version of nginx: write 1.22 or 1.29.6");
    one_line(
        &["caddy", "--nginx-version", "1.22"],
        "--nginx-version is for nginx, and this is for Caddy: leave it out",
    );
    one_line(&["caddy", "--config", "a.json", "--port", "4000"], "cannot be used with");
    one_line(&["caddy", "--config", "none.json"], "none.json");
    let output = run_in(&home, &["--config", "a.json", "export", "caddy", "--port", "4000"]);
    assert!(text(&output.stderr).contains("not of both: leave one out"), "{}", text(&output.stderr));
    let (_lb, _) = home.configured(&PLAIN.replace("4000", "0"), &[]);
    one_line(&["haproxy", "--port", "9"], "no stickylb-tui runs on port 9; running: ");
    fs::write(home.path().join("bad.json"), PLAIN.replace("port", "prot")).unwrap();
    one_line(&["haproxy", "--config", "bad.json"], "bad.json:1:2: prot: is not a known key, did you mean 'port'?");
}

#[test]
fn secrets_are_not_exported() {
    let config = r#"{
        "port": 4000,
        "backends": [{"url": "http://localhost:5000", "healthHeaders": {"Authorization": "Bearer secret-1"}}],
        "health": {"headers": {"X-Key": "env:STICKYLB_TEST_KEY", "Cookie": "file:SECRET"}},
        "email": {"host": "localhost", "port": 25, "encryption": "none", "from": "lb@example.test",
            "auth": {"user": "secret-3", "pass": "secret-4"}}
    }"#;
    let home = Home::new();
    let secret = home.path().join("secret");
    fs::write(&secret, "secret-2").unwrap();
    fs::write(home.path().join("stickylb.json"), config.replace("SECRET", secret.to_str().unwrap())).unwrap();
    for engine in ENGINES {
        let mut command = home.program(&[&["export"], engine].concat());
        let output = run_to_end({
            command.current_dir(home.path()).env("STICKYLB_TEST_KEY", "secret-5");
            command
        });
        let all = text(&output.stdout) + &text(&output.stderr);
        assert!(output.status.success() && !all.contains("secret-"), "{engine:?}: {all}");
    }
}

#[test]
fn hostile_names_move_no_terminal_and_begin_no_line() {
    let name = r"evil\u001b[2J\u202e\nmode tcp\r\n} server {";
    let config = PLAIN.replace("alpha", name).replace("http://localhost:5000", "unix:/tmp/a \\\"b'{c};#$d");
    let home = folder(&config);
    for engine in ENGINES {
        let output = run_in(&home, &[&["export"], engine].concat());
        for said in [text(&output.stdout), text(&output.stderr)] {
            // A Caddyfile is indented by tabs.
            let is_hidden = |c: char| c != '\t' && is_hidden(c);
            assert!(!said.contains(is_hidden), "{engine:?}: {said:?}");
            assert!(!said.lines().any(|line| line.trim_start().starts_with("mode tcp\\")), "{engine:?}: {said}");
        }
        assert!(output.status.success(), "{engine:?}: {}", text(&output.stderr));
    }
}

#[test]
fn certificates_are_named_by_whole_paths() {
    let home = Home::new();
    let pair = rcgen::generate_simple_self_signed(vec!["app.test".to_owned()]).unwrap();
    fs::write(home.path().join("app.pem"), pair.cert.pem()).unwrap();
    fs::write(home.path().join("app.key"), pair.signing_key.serialize_pem()).unwrap();
    let config = PLAIN.replacen('{', r#"{"tls": {"certificates": [{"cert": "app.pem", "key": "app.key"}]}, "#, 1);
    fs::write(home.path().join("stickylb.json"), config).unwrap();
    let whole = |path: &Path| fs::canonicalize(path).unwrap().join("app.pem").display().to_string();
    assert!(exported(&home, &["nginx"]).contains(&whole(home.path())));
}

#[test]
fn completions_and_the_man_page_know_the_engines() {
    let home = Home::new();
    for words in [["completions", "bash"].as_slice(), &["completions", "zsh"], &["man"]] {
        let script = text(&run_in(&home, words).stdout);
        for part in ["export", "haproxy", "kubernetes", "nginx"] {
            assert!(script.contains(part), "{words:?} lacks {part}");
        }
    }
}
