//! The control socket and `ctl`: a balancer's owner can see and change it, and nobody else.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::home::Home;
use crate::support::program::{self, get, signal, until};

impl Home {
    /// Runs it; it must be refused with one sentence that contains all of this.
    #[track_caller]
    fn refused(&self, words: &[&str], status: i32, parts: &[&str]) {
        let output = self.run(words);
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{words:?}: {err}");
        assert!(output.stdout.is_empty() && err.lines().count() == 1, "{err}");
        for part in parts {
            assert!(err.contains(part), "no '{part}' in: {err}");
        }
    }

    fn folder(&self) -> PathBuf {
        self.path().join("stickylb-tui")
    }

    fn sockets(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder()).map_or_else(|_| Vec::new(), |entries| entries.flatten().collect());
        entries.iter().map(fs::DirEntry::path).collect()
    }

    fn socket(&self) -> UnixStream {
        let socket = UnixStream::connect(&self.sockets()[0]).unwrap();
        socket.set_read_timeout(Some(program::PATIENCE)).unwrap();
        socket
    }
}

#[test]
fn status_shows_what_the_screen_shows_and_all_of_it_as_json() {
    let home = Home::new();
    let (_lb, port) = home.demo(2, &[]);
    (0..3).for_each(|_| drop(get(port, "/whoami")));
    let table = home.good(&["ctl", "status"]);
    for part in [&format!("http://localhost:{port}"), "round-robin", "sticky: cookie", "alpha", "bravo", "UP"] {
        assert!(table.contains(part), "no '{part}' in:\n{table}");
    }
    let snapshot: Value = serde_json::from_str(&home.good(&["ctl", "status", "--json"])).unwrap();
    let requests = |index: usize| snapshot["backends"][index]["requests"].as_u64().unwrap();
    assert_eq!(requests(0) + requests(1), 3);
}

#[test]
fn backends_are_taken_out_drained_weighed_and_put_back_by_id_and_by_name() {
    let home = Home::new();
    let (mut lb, port) = home.demo(2, &[]);
    let health = || get(port, "/_lb/health");
    assert!(home.good(&["ctl", "down", "alpha"]).contains("alpha is taken out"));
    assert!(health().contains("\"state\":\"MAINT\""));
    assert!((0..4).all(|_| !get(port, "/whoami").contains("x-backend-id: 1\r\n")));
    assert!(home.good(&["ctl", "drain", "2"]).contains("bravo"));
    assert!(health().contains("\"state\":\"DRAIN\""));
    home.good(&["ctl", "up", "1"]);
    home.good(&["ctl", "up", "bravo"]);
    assert!(health().contains("\"healthy\":2,"));
    home.good(&["ctl", "weight", "alpha", "7"]);
    assert!(health().contains("\"weight\":7,"));
    home.good(&["ctl", "strategy", "least-connections"]);
    assert!(health().contains("\"strategy\":\"least-connections\""));
    let snapshot: Value = serde_json::from_str(&home.good(&["ctl", "status", "--json"])).unwrap();
    let pool = snapshot["pools"][0]["name"].as_str().unwrap();
    home.good(&["ctl", "strategy", "random", "--pool", pool]);
    assert!(health().contains("\"strategy\":\"random\""));
    home.good(&["ctl", "sticky", "off"]);
    assert!(!get(port, "/whoami").to_lowercase().contains("set-cookie"));
    home.good(&["ctl", "check", "alpha"]);
    // The log says so as well.
    lb.line_with("taken out by hand");
    lb.line_with("strategy: round-robin → least-connections");
}

#[test]
fn processes_are_started_killed_and_restarted_by_name() {
    let home = Home::new();
    let (mut lb, port) = home.demo(2, &[]);
    let health = || get(port, "/_lb/health");
    assert!(home.good(&["ctl", "demo"]).starts_with("demo backend charlie is started: localhost:"));
    until("there is a third", || health().contains("\"healthy\":3,").then_some(()));
    let before = program::children(lb.pid());
    assert!(home.good(&["ctl", "kill", "alpha"]).starts_with("alpha is killed"));
    lb.line_with("its process was killed by hand");
    until("it is gone", || health().contains("\"healthy\":2,").then_some(()));
    home.refused(&["ctl", "kill", "alpha"], 1, &["alpha is not running"]);
    assert_eq!(home.good(&["ctl", "restart", "alpha"]), "alpha is started again\n");
    until("it is back", || health().contains("\"healthy\":3,").then_some(()));
    assert!(home.good(&["ctl", "restart", "bravo"]).starts_with("bravo is restarted when its clients have moved"));
    lb.line_with("the rolling restart is done: 1 process");
    let after = program::children(lb.pid());
    assert_eq!(before.iter().filter(|pid| after.contains(pid)).count(), 1, "one process was left alone");
    for words in [&["ctl", "restart"][..], &["ctl", "restart-all"]] {
        lb.seen.clear();
        assert!(home.good(words).starts_with("the rolling restart has begun"));
        lb.line_with("the rolling restart is done: 3 processes");
    }
}

#[test]
fn undo_takes_back_the_changes_of_every_front_end_step_by_step() {
    let home = Home::new();
    let (_lb, port) = home.demo(2, &[]);
    home.good(&["ctl", "maint", "alpha"]);
    home.good(&["ctl", "weight", "bravo", "3"]);
    home.good(&["ctl", "weight", "bravo", "3"]);
    home.good(&["ctl", "strategy", "random"]);
    home.good(&["ctl", "sticky", "off"]);
    let undone: Vec<String> = (0..4).map(|_| home.good(&["ctl", "undo"])).collect();
    assert_eq!(
        undone,
        [
            "undone: stickiness is by cookie again (undo again: 3 more)\n",
            "undone: the strategy is round-robin again (undo again: 2 more)\n",
            "undone: bravo has the weight 1 again (undo again: 1 more)\n",
            "undone: alpha is in service again\n",
        ]
    );
    assert!(get(port, "/_lb/health").contains("\"healthy\":2,"));
    home.refused(&["ctl", "undo"], 1, &["there is nothing to undo"]);
}

#[test]
fn what_cannot_be_done_is_one_sentence_and_a_status() {
    let home = Home::new();
    home.refused(&["ctl", "status"], 1, &["no stickylb-tui is running", "start"]);
    let (_lb, port) = home.demo(1, &[]);
    home.refused(&["ctl", "up", "zulu"], 2, &["'zulu'", "alpha (1)"]);
    home.refused(&["ctl", "weight", "alpha", "1001"], 2, &["'1001'", "0 to 1000"]);
    home.refused(&["ctl", "strategy", "best"], 2, &["'best'", "round-robin"]);
    home.refused(&["ctl", "undo"], 1, &["nothing to undo"]);
    home.refused(&["ctl", "alert", "p95", "is", "high"], 2, &["p95"]);
    assert!(home.good(&["ctl", "alert", "p95>500ms", "for=10s"]).contains("p95>500ms for=10s is watched"));
    assert!(home.good(&["ctl", "alert", "off"]).starts_with("no alert is watched"));
    home.refused(&["ctl", "reload"], 1, &["without a configuration file"]);
    let mistyped = home.run(&["ctl", "drian", "alpha"]);
    assert_eq!(mistyped.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&mistyped.stderr).contains("'drain'"), "{mistyped:?}");
    home.refused(&["ctl", "--port", "1", "status"], 2, &["port 1;", &port.to_string()]);
    let (_other, second) = home.demo(1, &[]);
    home.refused(&["ctl", "status"], 2, &["--port", &port.to_string(), &second.to_string()]);
    assert!(home.good(&["ctl", "status", "--port", &second.to_string()]).contains(&second.to_string()));
}

#[test]
fn the_socket_is_its_owners_alone_and_gone_at_the_end() {
    let home = Home::new();
    let (mut lb, port) = home.demo(1, &[]);
    let sockets = home.sockets();
    assert_eq!(sockets, [home.folder().join(format!("{port}-{}.sock", lb.pid()))]);
    let mode = |path: &PathBuf| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&sockets[0]), mode(&home.folder())), (0o600, 0o700));
    lb.signal(Signal::TERM);
    assert_eq!(lb.ended().code(), Some(0));
    assert_eq!(home.sockets(), Vec::<PathBuf>::new());
}

#[test]
fn what_a_killed_one_left_behind_is_cleaned_up() {
    let home = Home::new();
    let (mut lb, _) = home.demo(1, &[]);
    signal(lb.pid(), Signal::KILL);
    lb.ended();
    assert_eq!(home.sockets().len(), 1);
    home.refused(&["ctl", "status"], 1, &["no stickylb-tui is running"]);
    assert!(home.sockets().is_empty());
}

#[test]
fn its_socket_comes_back_where_its_directory_was_removed_and_moves_where_clients_look_first() {
    let home = Home::new();
    let (_lb, port) = home.demo(1, &[]);
    fs::remove_dir_all(home.folder()).unwrap();
    let is_found = || home.run(&["ctl", "status"]).status.success().then_some(());
    until("it is found again", is_found);
    let (gone, back) = (home.path().join("runtime"), home.path().join("elsewhere"));
    // A balancer that was started before its runtime directory was there.
    let mut early = program::program(&["--headless", "--demo=1", "-p", "0"]);
    early.env("XDG_RUNTIME_DIR", &gone).env("TMPDIR", home.path());
    let mut early = program::Headless::from(early);
    let early_port = early.ready(1).to_string();
    let find = || {
        let mut status = program::program(&["ctl", "--port", &early_port, "status"]);
        status.env("XDG_RUNTIME_DIR", &gone).env("TMPDIR", home.path());
        program::run_to_end(status).status.success().then_some(())
    };
    until("it is found without one", find);
    fs::create_dir(&gone).unwrap();
    until("it is found there", || gone.join("stickylb-tui").exists().then(find).flatten());
    fs::rename(&gone, back).unwrap();
    until("it is found without one again", find);
    assert!(get(port, "/whoami").starts_with("HTTP/1.1 200 "));
}

#[test]
fn one_that_is_stopped_costs_the_others_nothing_and_is_named_where_it_is_meant() {
    let home = Home::new();
    let (stopped, stopped_port) = home.demo(1, &[]);
    let (_lb, port) = home.demo(1, &[]);
    stopped.signal(Signal::STOP);
    let [mine, theirs] = [port, stopped_port].map(|port| port.to_string());
    assert!(home.good(&["ctl", "--port", &mine, "status"]).contains("alpha"));
    let listed = home.run(&["list"]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains(&mine));
    assert!(String::from_utf8_lossy(&listed.stderr).contains(&format!("port {theirs} (pid {})", stopped.pid())));
    assert!(home.good(&["ctl", "status"]).contains(&mine), "the only one that answers");
    stopped.signal(Signal::CONT);
}

#[test]
fn followers_that_never_read_lock_out_nobody() {
    let home = Home::new();
    let (_lb, port) = home.demo(1, &[]);
    let mut held: Vec<UnixStream> = (0..128).map(|_| home.socket()).collect();
    for socket in &mut held {
        socket.write_all(b"{\"ask\":\"follow\"}\n").unwrap();
    }
    // Enough to fill what the system buffers for each of them.
    let path = format!("/{}", "x".repeat(30_000));
    until("one of them has lost its place", || {
        (0..20).for_each(|_| drop(get(port, &path)));
        home.run(&["ctl", "status"]).status.success().then_some(())
    });
}

#[test]
fn a_directory_that_others_can_enter_is_not_used_and_the_balancer_says_so_and_serves() {
    let home = Home::new();
    fs::create_dir(home.folder()).unwrap();
    fs::set_permissions(home.folder(), Permissions::from_mode(0o777)).unwrap();
    let (mut lb, port) = home.demo(1, &[]);
    assert!(lb.line_with("warning:").contains("lets other users in"));
    assert!(get(port, "/whoami").starts_with("HTTP/1.1 200 "));
    home.refused(&["ctl", "status"], 1, &["lets other users in", "XDG_RUNTIME_DIR"]);
}

#[test]
fn lines_that_are_no_requests_and_lines_without_end_are_refused_and_nothing_else_is_disturbed() {
    let home = Home::new();
    let (_lb, _) = home.demo(1, &[]);
    for hostile in [&b"nonsense\n"[..], b"{\"ask\":\"format\"}\n", b"[[[[[[\n", &vec![b'x'; 400 * 1024]] {
        let socket = home.socket();
        // The server may close before it has read everything.
        let _ = (&socket).write_all(hostile);
        let mut lines = BufReader::new(&socket).lines();
        assert!(lines.next().unwrap().unwrap().contains("\"protocol\":1"));
        // The server closes with bytes unread, which may reset the connection before its last line arrives.
        if let Some(Ok(line)) = lines.next() {
            assert!(line.contains("\"reply\":\"refused\""), "{line}");
        }
    }
    assert!(home.good(&["ctl", "status"]).contains("alpha"));
}

#[test]
fn clients_are_limited_and_the_one_too_many_is_told() {
    let home = Home::new();
    let (_lb, _) = home.demo(1, &[]);
    let mut held: Vec<UnixStream> = (0..128).map(|_| home.socket()).collect();
    for socket in &mut held {
        // A client has its place once it was greeted.
        assert_eq!(socket.read(&mut [0]).unwrap(), 1);
    }
    let mut said = String::new();
    BufReader::new(home.socket()).read_line(&mut said).unwrap();
    assert!(said.contains("128 control connections"), "{said}");
    drop(held);
    until("there is a place again", || home.run(&["ctl", "status"]).status.success().then_some(()));
}

#[test]
fn a_follower_that_reads_nothing_holds_up_nobody() {
    let home = Home::new();
    let (_lb, port) = home.demo(1, &[]);
    let mut stalled = home.socket();
    stalled.write_all(b"{\"ask\":\"follow\"}\n").unwrap();
    for n in 0..300 {
        assert!(get(port, &format!("/n{n}")).starts_with("HTTP/1.1 404 "));
    }
    assert!(home.good(&["ctl", "status"]).contains(" 300 "));
}
