//! Log lines: for people, or one JSON object each.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::format::LogFormat;
use stickylb::api::{Event, Level, RequestEvent, rfc3339};
use stickylb::untrusted::{Untrusted, json};

/// Formats events as lines.
pub(crate) struct Lines {
    format: LogFormat,
    text: String,
    second: Second,
    /// The last client's address as text: most lines are about the same client.
    ip: (Option<IpAddr>, String),
}

impl Lines {
    pub(crate) fn new(format: LogFormat) -> Self {
        Lines { format, text: String::new(), second: Second::default(), ip: (None, String::new()) }
    }

    /// The lines made since the last [`clear`](Lines::clear), each with its line end.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The number of these lines.
    pub(super) fn count(&self) -> u64 {
        memchr::memchr_iter(b'\n', self.text.as_bytes()).count() as u64
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
    }

    /// Adds an event's line.
    pub(crate) fn event(&mut self, event: &Event) {
        match self.format {
            LogFormat::Text => self.text_line(event),
            LogFormat::Json => {
                // JSON fails only for maps whose keys are not strings, and events have none.
                if let Ok(line) = json(event) {
                    self.text.push_str(&line);
                }
            }
        }
        self.text.push('\n');
    }

    fn text_line(&mut self, event: &Event) {
        // Writing to a string cannot fail.
        let text = &mut self.text;
        match event {
            Event::Request(request) => {
                // Lines are in the order of the ends, and so are their times.
                self.second.write(text, event.time());
                if self.ip.0 != Some(request.ip) {
                    self.ip = (Some(request.ip), request.ip.to_string());
                }
                request_line(text, request, &self.ip.1);
            }
            Event::Update(update) => {
                self.second.write(text, update.time);
                text.push(' ');
                push_named(text, update.backend.pool.as_ref(), update.backend.name.borrowed());
                let _ = write!(text, ": {} -> {}: {}", update.from, update.to, update.reason);
            }
            Event::Output(output) => {
                let _ = write!(text, "{} | {}", output.backend.name, output.line);
            }
            Event::Notice(notice) => {
                self.second.write(text, notice.time);
                if notice.level == Level::Warning {
                    text.push_str(" warning:");
                }
                let _ = write!(text, " {}", notice.text);
            }
            // The enum is non-exhaustive; there is no other kind today.
            _ => {}
        }
    }

    /// Adds a line that says how many are missing.
    pub(crate) fn dropped(&mut self, lines: u64) {
        let time = SystemTime::now();
        // Writing to a string cannot fail.
        let _ = match self.format {
            LogFormat::Text => writeln!(self.text, "{} {lines} log lines dropped", rfc3339(time)),
            LogFormat::Json => {
                let line = serde_json::json!({ "event": "dropped", "time": rfc3339(time), "lines": lines });
                writeln!(self.text, "{line}")
            }
        };
    }
}

/// ` 127.0.0.1 GET /path 200 4.1 ms alpha sticky X-Backend-ID=0`
///
/// Written piece by piece, because at full load this runs tens of thousands of times a second.
fn request_line(text: &mut String, request: &RequestEvent, ip: &str) {
    let mut digits = itoa::Buffer::new();
    let name = request.to.as_ref().map_or(Untrusted::new("-"), |to| to.name.borrowed());
    let words =
        [Untrusted::new(ip), request.method.borrowed(), request.path.borrowed(), digits.format(request.status).into()];
    // A raw connection has neither path nor status, but bytes both ways.
    for word in &words[..if request.is_raw() { 2 } else { 4 }] {
        text.push(' ');
        text.push_str(&word.shown());
    }
    if request.is_raw() {
        for (way, bytes) in [(" up ", request.up), (" down ", request.bytes)] {
            text.push_str(way);
            text.push_str(digits.format(bytes));
            text.push_str(" B");
        }
    }
    text.push(' ');
    push_millis(text, request.took);
    text.push(' ');
    push_named(text, request.decision.pool.as_ref(), name);
    text.push(' ');
    // Writing to a string cannot fail.
    let _ = write!(text, "{}", request.decision);
    if let Some(how) = request.ending() {
        text.push_str("; ");
        text.push_str(how);
    }
}

/// `alpha`, or `web/alpha` where there are several pools.
fn push_named(text: &mut String, pool: Option<&Untrusted<Arc<str>>>, name: Untrusted<&str>) {
    if let Some(pool) = pool {
        text.push_str(&pool.shown());
        text.push('/');
    }
    text.push_str(&name.shown());
}

/// A time in milliseconds, with one decimal below 10 ms: `0.4 ms`, `17 ms`, `2500 ms`.
fn push_millis(text: &mut String, took: Duration) {
    let micros = took.as_micros();
    let mut digits = itoa::Buffer::new();
    if micros < 9_950 {
        text.push_str(digits.format((micros + 50) / 1000));
        text.push('.');
        text.push_str(digits.format((micros + 50) % 1000 / 100));
    } else {
        text.push_str(digits.format((micros + 500) / 1000));
    }
    text.push_str(" ms");
}

/// Writes timestamps; formats all but the milliseconds once a second.
#[derive(Default)]
struct Second {
    unix: u64,
    text: String,
}

impl Second {
    fn write(&mut self, text: &mut String, time: SystemTime) {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        if self.text.is_empty() || self.unix != since.as_secs() {
            self.unix = since.as_secs();
            let whole = rfc3339(SystemTime::UNIX_EPOCH + Duration::from_secs(self.unix));
            // 2026-11-20T12:04:31.000Z without its last four characters.
            whole[..whole.len() - 4].clone_into(&mut self.text);
        }
        let millis = since.subsec_millis();
        text.push_str(&self.text);
        for digit in [millis / 100, millis / 10 % 10, millis % 10] {
            text.push(char::from_digit(digit, 10).unwrap_or('0'));
        }
        text.push('Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stickylb::api::Strategy;
    use stickylb::api::UpdateEvent;
    use stickylb::api::{Decision, Identity, Rule, State};

    fn request(path: &str) -> Event {
        let mut decision = Decision::new(Strategy::RoundRobin);
        decision.rule = Rule::Strategy { place: 2, of: 3, against: None };
        let mut request = RequestEvent::sample(decision);
        request.time = SystemTime::UNIX_EPOCH + Duration::from_millis(86_400_123);
        request.took = Duration::from_micros(4_130);
        request.path = path.into();
        request.to = Some(Identity::new(1, "alpha", "http://localhost:5000").into());
        request.bytes = 5;
        Event::Request(request)
    }

    fn lines(format: LogFormat, events: &[Event]) -> String {
        let mut lines = Lines::new(format);
        for event in events {
            lines.event(event);
        }
        lines.text().to_owned()
    }

    #[test]
    fn a_request_is_one_line_that_says_who_and_why() {
        let line = lines(LogFormat::Text, &[request("/api/cart")]);
        assert_eq!(line, "1970-01-02T00:00:00.127Z 127.0.0.1 GET /api/cart 200 4.1 ms alpha round-robin 2 of 3\n");
    }

    #[test]
    fn a_hostile_path_stays_on_its_line() {
        let line = lines(LogFormat::Text, &[request("/a\u{1b}[2J\nforged line")]);
        assert_eq!(line.lines().count(), 1);
        assert!(line.contains("/a\\x1b[2J\\x0aforged line"), "{line}");
    }

    #[test]
    fn json_lines_are_objects_that_can_be_read_back() {
        let backend = Identity::new(1, "alpha", "http://localhost:5000").into();
        let states = [State::Up, State::Down];
        let update = Event::Update(UpdateEvent::new(SystemTime::UNIX_EPOCH, backend, states, "check failed"));
        let events = [request("/"), update];
        let text = lines(LogFormat::Json, &events);
        for (line, event) in text.lines().zip(&events) {
            assert_eq!(&serde_json::from_str::<Event>(line).expect(line), event);
        }
    }

    #[test]
    fn times_are_as_exact_as_is_of_use() {
        let text = |micros| {
            let mut text = String::new();
            push_millis(&mut text, Duration::from_micros(micros));
            text
        };
        assert_eq!(
            [text(40), text(430), text(9_949), text(17_400), text(2_500_000)].join(" "),
            "0.0 ms 0.4 ms 9.9 ms 17 ms 2500 ms"
        );
    }
}
