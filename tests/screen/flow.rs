//! The flow on a real pseudo-terminal: what it shows happened, and it costs nothing while nothing moves.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::program::{PATIENCE, exchange, get, until};
use crate::support::{After, Backend, response};
use crate::terminal::Terminal;
use crate::whole::falls_silent;

/// `GET` with this sticky cookie.
fn get_bound(port: u16, path: &str, id: u32) -> String {
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: X-Backend-ID={id}\r\nConnection: close\r\n\r\n");
    exchange(port, head.as_bytes())
}

/// The stream of `/_lb/events`, from now on.
struct Events(TcpStream, String);

impl Events {
    fn open(port: u16) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!("GET /_lb/events HTTP/1.1\r\nHost: localhost:{port}\r\nAccept: text/event-stream\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut events = Events(stream, String::new());
        events.read_until(|text| text.contains("retry:"));
        events
    }

    fn read_until(&mut self, enough: impl Fn(&str) -> bool) {
        let mut buffer = [0; 16 * 1024];
        while !enough(&self.1) {
            let read = self.0.read(&mut buffer).unwrap();
            assert!(read > 0, "the stream ended: {}", self.1);
            self.1.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    }

    /// The backends of the next requests, by their ids, once there are so many.
    fn backends(&mut self, count: usize) -> Vec<u32> {
        let id = |line: &str| {
            let json: serde_json::Value = serde_json::from_str(line.strip_prefix("data: ")?).ok()?;
            (json["event"] == "request").then(|| json["backendId"].as_u64()).flatten()
        };
        let ids = |text: &str| -> Vec<u32> {
            let complete = text.rfind('\n').unwrap_or(0);
            text[..complete].lines().filter_map(id).map(|id| u32::try_from(id).unwrap()).collect()
        };
        self.read_until(|text| ids(text).len() >= count);
        ids(&self.1)
    }
}

fn letter(id: u32) -> char {
    char::from(b'A' + u8::try_from(id - 1).unwrap())
}

/// The row of a backend's lane and the one below it.
fn lane(screen: &str, name: &str) -> [String; 2] {
    let mut lines = screen.lines().skip_while(|line| !line.starts_with('│') || !line.contains(name));
    [(); 2].map(|()| lines.next().unwrap_or_default().to_owned())
}

#[test]
fn the_strip_of_picks_equals_the_event_stream() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    let mut events = Events::open(port);
    terminal.press("B");
    terminal.shows("in flight");
    for path in ["/whoami", "/echo", "/status/503", "/whoami", "/status/404"] {
        get(port, path);
    }
    (0..6).for_each(|n| drop(get_bound(port, "/whoami", n % 3 + 1)));
    let letters: String = events.backends(11).into_iter().map(letter).collect();
    terminal.shows(&format!("picks     {letters}"));
    terminal.press("s");
    terminal.shows("strategy round-robin → smooth-round-robin");
    (0..4).for_each(|_| drop(get(port, "/whoami")));
    let later: String = events.backends(15)[11..].iter().copied().map(letter).collect();
    terminal.shows(&format!("picks     {letters}│{later}"));
}

#[test]
fn a_failover_is_seen_the_lane_empties_and_its_clients_are_in_others() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    (1..=3).for_each(|id| drop(get_bound(port, "/whoami", id)));
    terminal.press("B");
    terminal.wait("each lane has its client", |screen| {
        ["alpha", "bravo", "charlie"].iter().all(|name| lane(screen, name)[1].contains(" c"))
    });
    terminal.press("jX");
    terminal.shows("Kill the process of bravo?");
    terminal.press("y");
    terminal.wait("bravo is DOWN", |screen| lane(screen, "bravo")[0].contains("✖ DOWN"));
    let moved = get_bound(port, "/whoami", 2);
    assert!(moved.starts_with("HTTP/1.1 200 "), "{moved}");
    terminal.wait("its client came from B", |screen| {
        screen.lines().filter(|line| !line.contains("came from")).any(|line| line.contains("B▸c"))
    });
    assert!(!lane(&terminal.screen(), "bravo")[1].contains(" c"), "{}", terminal.screen());
    assert!(terminal.line_with("fairness").contains("lost 0"), "{}", terminal.screen());
    // It steps back to before the kill, and forward.
    terminal.press("a");
    terminal.wait("bravo is UP", |screen| lane(screen, "bravo")[0].contains("UP"));
}

#[test]
fn a_request_that_failed_marks_the_lane_it_failed_in_and_a_lost_one_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let good = Backend::answering(response("200 OK", &[], "good"));
    let broken = Backend::start(|call| {
        call.body();
        After::Close
    });
    let url = |backend: &Backend| format!("http://127.0.0.1:{}", backend.port);
    let backends = serde_json::json!([{"name": "good", "url": url(&good)}, {"name": "broken", "url": url(&broken)}]);
    let health =
        serde_json::json!({"path": "/health", "interval": 60_000, "passive": {"failures": 0, "statuses": "none"}});
    let file = folder.path().join("two.json");
    std::fs::write(&file, serde_json::json!({"port": 0, "backends": backends, "health": health}).to_string()).unwrap();
    let mut terminal = Terminal::start(&["--config", file.to_str().unwrap()]);
    terminal.shows("2 up");
    terminal.press("B");
    terminal.shows("in flight");
    let port = terminal.port();
    // Round-robin: one of two goes to the broken one first, and then to the other.
    let answers: Vec<String> = (0..2).map(|_| get(port, "/")).collect();
    assert!(answers.iter().all(|answer| answer.contains("good")), "{answers:?}");
    terminal.wait("the broken lane is marked", |screen| lane(screen, "broken")[1].contains("×1 failed"));
    assert!(terminal.line_with("× lost").contains(" 0 in 60 s"), "{}", terminal.screen());
    let sends =
        |_| exchange(port, b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");
    let lost = (0..4).map(sends).filter(|answer| answer.starts_with("HTTP/1.1 502 ")).count();
    assert!(lost > 0);
    terminal.wait("what was lost is counted", |screen| {
        screen.lines().any(|line| line.contains("× lost") && line.contains(&format!(" {lost} in 60 s")))
    });
}

/// Frames written so far.
fn frames(terminal: &Terminal) -> usize {
    let written = terminal.written();
    written.windows(8).filter(|bytes| *bytes == b"\x1b[?2026h").count()
}

#[test]
fn the_flow_is_drawn_ten_times_a_second_at_most_and_not_at_all_at_rest() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    terminal.press("B");
    terminal.shows("in flight");
    let (before, began) = (frames(&terminal), Instant::now());
    while began.elapsed() < Duration::from_secs(2) {
        get(port, "/whoami");
    }
    terminal.wait("requests are on their way", |screen| lane(screen, "alpha")[0].contains('●'));
    let drawn = frames(&terminal) - before;
    let tenths = usize::try_from(began.elapsed().as_millis() / 100).unwrap();
    assert!(drawn > 3 && drawn <= tenths + 3, "{drawn} frames in {tenths} tenths of a second");
    terminal.wait("all have arrived", |screen| !lane(screen, "alpha").concat().contains("·●"));
    // The line of what was in flight is of the last minute.
    falls_silent(&terminal, Duration::from_secs(90));
}

#[test]
fn a_terminal_that_shrinks_in_the_middle_of_the_flow_loses_nothing() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    terminal.press("B");
    terminal.shows("in flight");
    (1..=3).for_each(|id| drop(get_bound(port, "/whoami", id)));
    terminal.resize(20, 5);
    terminal.wait("letters and counts", |screen| screen.contains(">A  ● UP") && screen.contains("× lost 0"));
    terminal.press("j");
    terminal.wait("the selection moves", |screen| screen.contains(">B  ● UP"));
    terminal.loses_its_size();
    (1..=3).for_each(|id| drop(get_bound(port, "/whoami", id)));
    terminal.resize(3, 2);
    terminal.resize(200, 60);
    terminal.wait("the log is beside it", |screen| screen.contains("Routing log") && screen.contains("in flight"));
    terminal.resize(80, 24);
    terminal.wait("the lanes are back", |screen| screen.contains(">B bravo") && !screen.contains("Routing log"));
    terminal.press("B");
    terminal.shows("Routing log");
    terminal.still_runs();
}

#[test]
fn the_flow_stands_at_the_frozen_moment_and_steps_back_with_the_rest() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    terminal.press("B");
    terminal.shows("in flight");
    // There must be seconds before the first request to step back to.
    std::thread::sleep(Duration::from_secs(3));
    get_bound(port, "/whoami", 2);
    terminal.shows("picks     B");
    terminal.press("p");
    terminal.shows("FROZEN");
    get_bound(port, "/whoami", 3);
    terminal.shows("+1 req");
    assert!(!terminal.screen().contains("picks     BC"), "{}", terminal.screen());
    // Before the first request there was neither a pick nor a client.
    let earliest = until("the beginning is shown", || {
        terminal.press(",");
        let screen = terminal.screen();
        screen.contains("nothing before this is kept").then_some(screen)
    });
    assert!(!earliest.contains("picks     B") && !lane(&earliest, "bravo")[1].contains(" c"), "{earliest}");
    terminal.press("p");
    terminal.shows("picks     BC");
}

#[test]
fn without_motion_there_are_counts_in_place_of_dots() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("stickylb-tui");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("config.json"), r#"{ "flow": { "motion": "off" } }"#).unwrap();
    let mut terminal = Terminal::with(&["--demo", "-p", "0"], &[("XDG_CONFIG_HOME", home.path().to_str().unwrap())]);
    terminal.shows("3 up");
    terminal.press("B");
    terminal.shows("requests of the last 2 s");
    let port = terminal.port();
    (0..3).for_each(|_| drop(get_bound(port, "/whoami", 2)));
    terminal.wait("they are counted", |screen| {
        let lane = lane(screen, "bravo")[0].clone();
        ["1 request", "2 requests", "3 requests"].iter().any(|count| lane.contains(count)) && !lane.contains("·●")
    });
}
