//! `--plain` with pipes: a script in, lines out.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::home::Home;
use crate::support::program::{Headless, get, is_hidden, program, run_to_end, until};

/// The program with a script's pipe as its standard input.
fn piped(mut command: Command) -> Headless {
    command.stdin(Stdio::piped());
    Headless::from(command)
}

impl Headless {
    fn say(&mut self, lines: &str) {
        self.child.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    }
}

fn inside(home: &Home, words: &[&str]) -> Command {
    let mut command = program(words);
    command.env("XDG_RUNTIME_DIR", home.path());
    command
}

#[test]
fn a_script_is_carried_out_and_its_end_leaves_the_balancer_serving() {
    let home = Home::new();
    let mut lb = piped(inside(&home, &["--plain", "--demo=2", "-p", "0"]));
    let port = lb.ready(2);
    lb.say("drain alpha\nweight bravo 5\nundo\n");
    assert_eq!(lb.line_with("= alpha"), "= alpha is draining");
    assert_eq!(lb.line_with("= bravo"), "= bravo has the weight 5");
    assert_eq!(lb.line_with("= undone"), "= undone: bravo has the weight 1 again (undo again: 1 more)");
    lb.line_with("set to drain by hand");
    // The last line of a script needs no end.
    lb.say("strategy random");
    drop(lb.child.stdin.take());
    assert_eq!(lb.line_with("= the strategy"), "= the strategy is random");
    assert!(get(port, "/still-there").contains("404"));
    lb.line_with("/still-there");
    assert!(home.good(&["ctl", "status"]).contains("DRAIN"));
    lb.signal(Signal::TERM);
    assert_eq!(lb.ended().code(), Some(0));
    assert!(lb.seen.iter().all(|line| !line.chars().any(is_hidden)), "{:?}", lb.seen);
}

#[test]
fn a_script_asks_why_chooses_lines_and_quits_without_being_asked() {
    let mut lb = piped(program(&["--plain", "--demo=2", "-p", "0"]));
    let port = lb.ready(2);
    get(port, "/first");
    get(port, "/second");
    let first = lb.line_with("/first");
    let (_, number) = first.rsplit_once(" #").unwrap();
    lb.line_with("/second");
    lb.say(&format!("why {number}\n"));
    lb.line_with("= GET /first 404");
    lb.line_with("= decided by round-robin, place");
    lb.say("why\nfilter path:third\n");
    lb.line_with("= GET /second 404");
    lb.line_with("= only log lines that match are shown");
    get(port, "/hidden");
    get(port, "/third");
    lb.line_with("/third");
    assert!(!lb.seen.iter().any(|line| line.contains("/hidden")), "{:?}", lb.seen);
    lb.say("drian alpha\nstatus\nhelp drain\nquit\n");
    lb.line_with("= error: there is no command 'drian', did you mean 'drain'?");
    lb.line_with("= ID  NAME");
    lb.line_with("= drain BACKEND: let a backend keep its clients");
    assert_eq!(lb.ended().code(), Some(0));
}

#[test]
fn a_script_writes_a_file_for_another_engine_and_is_told_what_that_cannot_do() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new();
    let mut command = inside(&home, &["--plain", "--demo=2", "-p", "0"]);
    command.current_dir(folder.path());
    let mut lb = piped(command);
    lb.ready(2);
    lb.say("export-config\nexport-config xyzzy\nexport-config kubernetes\n");
    lb.line_with("= error: write it so: export-config ENGINE");
    lb.line_with("= error: 'xyzzy' is no engine to export to: write one of haproxy, nginx, ");
    let said = lb.line_with("= kubernetes.yaml is written, with ");
    assert!(said.ends_with(folder.path().to_str().unwrap()), "{said}");
    let told = lb.line_with("= Kubernetes cannot: ");
    let file = std::fs::read_to_string(folder.path().join("kubernetes.yaml")).unwrap();
    let (_, sentence) = told.split_once("cannot: ").unwrap();
    assert!(file.contains(&format!("# cannot: {sentence}\n")), "{told}\n{file}");
    let mut watching = piped(inside(&home, &["attach", "--plain", "--watch"]));
    watching.say("export-config caddy\nquit\n");
    watching.line_with("= error: this screen only watches");
}

#[test]
fn at_the_prompt_traffic_and_faults_have_the_same_words_and_their_notices_are_log_lines() {
    let mut lb = piped(program(&["--plain", "--demo=2", "-p", "0"]));
    lb.ready(2);
    lb.say("chaos bravo latency 30ms checks=spare\n");
    lb.line_with("= chaos on bravo: latency 30 ms");
    lb.say("traffic open rate=50 mix=\"90% GET /, 10% POST /echo\" for=60s\n");
    lb.line_with("= traffic begins: open rate=50 ");
    lb.line_with("chaos: latency 30 ms");
    lb.say("status\n");
    lb.line_with("= traffic: open rate=50 ");
    lb.line_with("= fault on bravo: latency 30ms for=30s checks=spare; ");
    lb.say("chaos latency\nchaos off\n");
    lb.line_with("= error: which backend is to have it?");
    lb.line_with("= chaos is off: bravo");
    lb.say("traffic off\n");
    lb.line_with("= traffic ends");
    lb.line_with("traffic ended: ");
    lb.say("chaos bravo hang for=1s checks=spare\n");
    lb.line_with("chaos on bravo is over: its time is up");
    lb.say("quit\n");
    assert_eq!(lb.ended().code(), Some(0));
}

#[test]
fn a_control_character_in_a_script_moves_no_terminal() {
    let mut lb = piped(program(&["--plain", "--demo=1", "-p", "0"]));
    lb.ready(1);
    lb.say("why \x1b[2J\nfilter path:\x1b[2J\nquit\n");
    lb.line_with("= error: '\\x1b[2J' is no number of a request");
    lb.line_with("= only log lines that match are shown: path:\\x1b[2J");
    assert_eq!(lb.ended().code(), Some(0));
    assert!(lb.seen.iter().all(|line| !line.chars().any(is_hidden)), "{:?}", lb.seen);
}

#[test]
fn a_script_that_is_attached_leaves_with_its_end_and_the_balancer_goes_on() {
    let home = Home::new();
    let (mut lb, port) = home.demo(2, &[]);
    let mut attached = piped(inside(&home, &["attach", "--plain"]));
    attached.say("maint alpha\n");
    drop(attached.child.stdin.take());
    attached.line_with("= alpha is taken out");
    assert_eq!(attached.ended().code(), Some(0));
    lb.line_with("taken out by hand");
    assert!(get(port, "/whoami").contains("x-backend-id: 2\r\n"));
}

#[test]
fn output_that_nobody_reads_stalls_nothing() {
    let home = Home::new();
    let port = crate::support::program::free_port();
    let mut command = inside(&home, &["--plain", "--demo=1", "-p", &port.to_string()]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    until("it serves", || get_if_there(port).contains("\"healthy\":1,").then_some(()));
    // More lines than a pipe holds.
    let path = format!("/{}", "x".repeat(400));
    for _ in 0..400 {
        assert!(get(port, &path).contains("404"));
    }
    child.stdin.as_mut().unwrap().write_all(b"status\n").unwrap();
    assert!(home.good(&["ctl", "drain", "alpha"]).contains("alpha is draining"));
    assert!(home.good(&["ctl", "stop"]).starts_with("stopped "));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut written = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut written).unwrap();
    assert!(String::from_utf8(written).unwrap().contains("listening on"));
}

/// The health page, or nothing while nobody listens.
fn get_if_there(port: u16) -> String {
    std::net::TcpStream::connect(("127.0.0.1", port)).map(|_| get(port, "/_lb/health")).unwrap_or_default()
}

#[test]
fn a_word_of_palette_ctl_or_plain_that_moves_the_engine_is_a_word_of_all_three() {
    let output = run_to_end(program(&["ctl", "--help"]));
    let help = String::from_utf8(output.stdout).unwrap();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands = commands.lines().take_while(|line| line.starts_with("  "));
    let names = commands.filter(|line| !line.starts_with("   ")).map(|line| line.split_whitespace().next().unwrap());
    let names: Vec<&str> =
        names.filter(|name| !["status", "fairness", "whatif", "stop", "help"].contains(name)).collect();
    assert!(names.len() > 10, "{names:?}");
    let mut lb = piped(program(&["--plain", "--demo=1", "-p", "0"]));
    lb.ready(1);
    lb.say("help\n");
    lb.line_with("= an empty line");
    let plain: Vec<&str> = lb.seen.iter().filter_map(|line| line.strip_prefix("= ")).collect();
    let keys = include_str!("../../docs/keys.md");
    for name in &names {
        let is_it = |line: &&&str| line.split([' ', ':']).next() == Some(name);
        assert!(plain.iter().any(|line| is_it(&line)), "--plain lacks {name}");
        assert!([" ", "`"].iter().any(|end| keys.contains(&format!("| `{name}{end}"))), "the palette lacks {name}");
    }
    let own = ["status", "fairness", "whatif", "why", "replay", "export-config", "log", "filter", "help", "quit", "an"];
    for line in plain {
        let name = line.split([' ', ':']).next().unwrap();
        assert!(own.contains(&name) || names.contains(&name), "ctl lacks {name}");
    }
}

#[test]
fn bodies_are_asked_for_and_forgotten_by_a_word() {
    let home = Home::new();
    let (_lb, _) = home.demo(1, &[]);
    let keeps = || {
        let snapshot: Value = serde_json::from_str(&home.good(&["ctl", "status", "--json"])).unwrap();
        snapshot["keepsBodies"].as_bool().unwrap()
    };
    assert_eq!(home.good(&["ctl", "bodies", "off"]), "bodies were not kept\n");
    let refused = home.run(&["ctl", "bodies", "on"]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        refused.status.code() == Some(1) && why.contains("there is no screen that bodies could be kept for"),
        "{why}"
    );
    let mut attached = piped(inside(&home, &["attach", "--plain"]));
    attached.say("status\n");
    attached.line_with("= ID  NAME");
    assert!(!keeps(), "nobody asked for them");
    assert!(home.good(&["ctl", "bodies", "on"]).contains("bodies are kept from now on: the first 16 KB of each"));
    assert!(keeps());
    let off = home.good(&["ctl", "bodies", "off"]);
    assert!(off.contains("not kept any more; of an answer the first 4 KB stay, to be compared by a replay"), "{off}");
    assert!(!keeps());
    assert!(home.good(&["ctl", "bodies", "on"]).contains("bodies are kept"));
    drop(attached.child.stdin.take());
    assert_eq!(attached.ended().code(), Some(0));
    until("they are forgotten with the last screen", || (!keeps()).then_some(()));
}

#[test]
fn a_script_asks_what_each_strategy_would_have_done() {
    let mut lb = piped(program(&["--plain", "--demo=3", "-p", "0", "--seed", "7", "-s", "random"]));
    let port = lb.ready(3);
    lb.say("whatif\n");
    lb.line_with("= model: none yet: ");
    (0..60).for_each(|_| drop(get(port, "/whoami")));
    lb.say("whatif without=bravo\n");
    lb.line_with("= model: 100 % as real, 60 requests in ");
    let titles = lb.line_with("STRATEGY");
    assert!(
        titles.split_whitespace().eq("= STRATEGY alpha bravo charlie FAIRNESS MOST MEAN AS REAL MOVED".split(' ')),
        "{titles}"
    );
    let used = lb.line_with("*  random");
    assert_eq!(used.split_whitespace().nth(4), Some("0"), "{used}");
    assert!(!used.contains('–'), "the seed in use is taken: {used}");
    let drawn = lb.line_with("power-of-two");
    assert!(drawn.contains('–'), "{drawn}");
    assert!(lb.line_with("(really)").split_whitespace().nth(3).unwrap() != "0");
    lb.line_with("= not told: latency: ");
    lb.say("whatif without=zulu\n");
    lb.line_with("= error: there is no backend 'zulu': there is alpha (1), bravo (2), charlie (3)");
}
