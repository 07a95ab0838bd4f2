//! A terminal that takes no output holds up nothing but the screen on it.

use std::fs::File;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;

use crate::outputs::{Running, flood, in_home, serves, told};
use crate::support::home::Home;
use crate::support::program::{get, gone, until};
use crate::terminal::Terminal;
use portable_pty::{MasterPty, PtySize, native_pty_system};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::Signal;

/// A large screen of one demo backend, on a terminal that is now blocked.
fn stalled(home: &Home, words: &[&str]) -> (Terminal, u16) {
    let port = crate::support::program::free_port();
    let own = ["--demo=1", "-p", &port.to_string()].map(str::to_owned);
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let terminal = Terminal::with(&[&own, words].concat(), &[("XDG_RUNTIME_DIR", home.path().to_str().unwrap())]);
    terminal.shows("1 up");
    stall(&terminal, port);
    (terminal, port)
}

/// Stops reading the terminal, and has more written to it than it can hold.
fn stall(terminal: &Terminal, port: u16) {
    terminal.resize(240, 60);
    terminal.shows("Routing log");
    terminal.stands_still();
    for n in 0..20 {
        flood(port, &format!("{n}-{}", ["one", "another"][n % 2].repeat(10)));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// What was written before the terminal blocked is discarded or completed: the terminal is restored.
#[track_caller]
fn is_given_back(terminal: &mut Terminal) {
    assert!(terminal.ended().success());
    terminal.goes_on();
    terminal.is_given_back();
}

#[test]
fn a_terminal_that_takes_nothing_holds_up_neither_clients_nor_checks_nor_ctl_and_then_shows_what_is_now() {
    let home = Home::new();
    let backend = crate::support::program::free_port();
    let mut server = Command::new(env!("CARGO_BIN_EXE_stickylb-tui"));
    server.args(["demo-backend", "--port", &backend.to_string()]);
    let mut server = Running::start(server);
    let port = crate::support::program::free_port();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lb.json");
    let config = serde_json::json!({
        "port": port,
        "health": { "interval": 200 },
        "backends": [{ "url": format!("http://localhost:{backend}"), "name": "alpha" }],
    });
    std::fs::write(&path, config.to_string()).unwrap();
    let words = ["--config", path.to_str().unwrap(), "--notify", "desktop"];
    let mut terminal = Terminal::with(&words, &[("XDG_RUNTIME_DIR", home.path().to_str().unwrap())]);
    terminal.shows("1 up");
    stall(&terminal, port);
    server.0.kill().unwrap();
    server.ended();
    until("the check has noticed", || get(port, "/_lb/health").contains("\"DOWN\"").then_some(()));
    assert!(home.good(&["ctl", "status"]).contains("DOWN"));
    home.good(&["ctl", "weight", "alpha", "5"]);
    std::fs::write(&path, config.to_string().replace("200", "300")).unwrap();
    until("the changed file is applied", || {
        home.good(&["ctl", "status", "--json"]).contains("300 ms apart").then_some(())
    });
    terminal.goes_on();
    terminal.wait("it shows what is now", |screen| {
        screen.lines().any(|line| line.contains(">1 A alpha") && line.contains(" DOWN "))
    });
    terminal.press("q");
    terminal.is_given_back();
}

#[test]
fn each_signal_and_stop_end_it_while_the_terminal_takes_nothing_and_give_it_back() {
    for which in [Some(Signal::TERM), Some(Signal::INT), Some(Signal::HUP), None] {
        let home = Home::new();
        let (mut terminal, _) = stalled(&home, &[]);
        let started = terminal.children();
        match which {
            Some(which) => terminal.signal(which),
            None => assert!(home.good(&["ctl", "stop"]).starts_with("stopped ")),
        }
        is_given_back(&mut terminal);
        gone(&started);
    }
}

#[test]
fn keys_are_heeded_while_the_terminal_takes_nothing() {
    let home = Home::new();
    let (mut terminal, port) = stalled(&home, &["--notify", "bell"]);
    // Take the backend out, copy to a clipboard that is unreachable now, and quit.
    terminal.press(" ");
    until("it is taken out", || get(port, "/_lb/health").contains("\"MAINT\"").then_some(()));
    terminal.press("yq");
    is_given_back(&mut terminal);
}

#[test]
fn detached_from_a_terminal_that_takes_nothing_it_goes_on() {
    let home = Home::new();
    let (mut terminal, port) = stalled(&home, &[]);
    let slow = std::thread::spawn(move || get(port, "/slow?ms=4000"));
    until("the request is in flight", || get(port, "/_lb/health").contains("\"activeConnections\":1").then_some(()));
    // The screen, which nobody sees, asks once it knows of the request.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    terminal.press("qd");
    assert!(slow.join().unwrap().starts_with("HTTP/1.1 200 "));
    until("it serves without a screen", || {
        let status = home.good(&["ctl", "status"]);
        assert!(get(port, "/_lb/health").starts_with("HTTP/1.1 200 "));
        status.contains("UP").then_some(())
    });
    assert!(home.good(&["stop"]).starts_with("stopped "));
    is_given_back(&mut terminal);
}

#[test]
fn suspended_on_a_terminal_that_takes_nothing_it_leaves_the_shell_a_whole_one() {
    let mut terminal = Terminal::shell();
    let port = crate::support::program::free_port();
    terminal.press(&format!("{} --demo=1 -p {port}\n", env!("CARGO_BIN_EXE_stickylb-tui")));
    terminal.shows("1 up");
    stall(&terminal, port);
    terminal.press("\x1a");
    // The shell writes something too, which also waits.
    std::thread::sleep(std::time::Duration::from_secs(1));
    terminal.goes_on();
    terminal.shows("Stopped");
    terminal.look(|screen| assert!(!screen.alternate_screen() && !screen.hide_cursor()));
    terminal.press("fg\n");
    terminal.shows("Routing log");
    terminal.press("q");
    terminal.wait("it has ended", |screen| !screen.contains("Routing log"));
    terminal.press("echo shell-$((1 + 1))\n");
    terminal.shows("shell-2");
}

#[test]
fn without_a_screen_a_terminal_that_takes_nothing_holds_up_nothing_either() {
    let home = Home::new();
    let port = crate::support::program::free_port();
    let words = ["--headless", "--demo=1", "-p", &port.to_string()].map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut terminal = Terminal::with(&words, &[("XDG_RUNTIME_DIR", home.path().to_str().unwrap())]);
    serves(port);
    let started = terminal.children();
    terminal.stands_still();
    told(&home, port, "warning: stdout takes no lines: ");
    terminal.signal(Signal::TERM);
    assert!(terminal.ended().success());
    gone(&started);
    terminal.goes_on();
}

#[test]
fn attached_to_a_terminal_that_takes_nothing_a_signal_ends_the_screen_and_not_the_balancer() {
    for key in [None, Some("q")] {
        let home = Home::new();
        let (_lb, port) = home.demo(1, &[]);
        let runtime = [("XDG_RUNTIME_DIR", home.path().to_str().unwrap())];
        let mut terminal = Terminal::with(&["attach"], &runtime);
        terminal.shows("1 up");
        stall(&terminal, port);
        match key {
            Some(key) => terminal.press(key),
            None => terminal.signal(Signal::TERM),
        }
        is_given_back(&mut terminal);
        assert!(home.good(&["ctl", "status"]).contains("UP"));
    }
}

#[test]
fn copies_never_wait_for_the_terminal_that_shows_what_they_write() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count");
    let script = r#"i=0; while :; do i=$((i + 1)); echo "$i $i $i $i $i $i $i $i $i $i"; [ $((i % 500)) -ne 0 ] || echo $i > "$0"; done"#;
    let words = ["run", "-n", "1", "-p", "0", "--", "sh", "-c", script, count.to_str().unwrap()];
    let mut terminal = Terminal::with(&words, &[("XDG_RUNTIME_DIR", home.path().to_str().unwrap())]);
    for title in ["got / due", "Backend: sh-", "Output of sh-"] {
        terminal.press("v");
        terminal.shows(title);
    }
    terminal.resize(240, 60);
    terminal.stands_still();
    std::thread::sleep(std::time::Duration::from_secs(2));
    let counted = || std::fs::read_to_string(&count).ok()?.trim().parse::<u64>().ok();
    let before = until("it counts", counted);
    // More than all buffers between the two can hold.
    until("it goes on", || counted().filter(|now| *now > before + 20_000));
    terminal.signal(Signal::TERM);
    is_given_back(&mut terminal);
}

/// The program on a terminal that another process has made non-blocking.
fn on_a_terminal_that_does_not_block(home: &Home, words: &[&str]) -> (Running, Box<dyn MasterPty + Send>) {
    let pty = native_pty_system().openpty(PtySize { rows: 24, cols: 80, ..PtySize::default() }).unwrap();
    let tty = File::options().read(true).write(true).open(pty.master.tty_name().unwrap()).unwrap();
    fcntl_setfl(&tty, fcntl_getfl(&tty).unwrap() | OFlags::NONBLOCK).unwrap();
    let mut command = in_home(home, words);
    command.env("TERM", "xterm-256color");
    let side = || Stdio::from(tty.try_clone().unwrap());
    command.stdin(side()).stdout(side()).stderr(side());
    (Running::start(command), pty.master)
}

#[test]
fn a_terminal_that_does_not_block_ends_neither_the_screen_nor_the_lines() {
    for front in ["--headless", "--seed=1"] {
        let home = Home::new();
        let port = crate::support::program::free_port();
        let words = [front, "--demo=1", "-p", &port.to_string()].map(str::to_owned);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (mut lb, master) = on_a_terminal_that_does_not_block(&home, &words);
        serves(port);
        // Nobody reads the pipe yet.
        (0..20).for_each(|_| flood(port, "unread"));
        let mut output = master.try_clone_reader().unwrap();
        let (tell, told) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                if tell.send(bytes[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut shown = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        until(&format!("{front}: what comes later is shown"), || {
            get(port, "/after");
            for bytes in told.try_iter() {
                shown.process(&bytes);
            }
            shown.screen().contents().contains("/after").then_some(())
        });
        lb.ends_on(Signal::TERM);
    }
}
