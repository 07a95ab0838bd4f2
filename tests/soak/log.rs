//! The balancer's log, read as it is written.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::clients::Tally;

/// What was read so far.
#[derive(Default)]
struct Seen {
    port: Option<u16>,
    tally: Tally,
    requests: u64,
    dropped: u64,
}

/// The balancer's log.
pub(crate) struct Log(Arc<Mutex<Seen>>);

impl Log {
    pub(crate) fn read(output: impl Read + Send + 'static) -> Self {
        let read = Arc::new(Mutex::new(Seen::default()));
        let into = Arc::clone(&read);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).expect("each line is an object");
                note(&mut into.lock().unwrap(), &event);
            }
        });
        Log(read)
    }

    /// The port it listens on, once it does.
    pub(crate) fn port(&self) -> u16 {
        let began = Instant::now();
        loop {
            if let Some(port) = self.0.lock().unwrap().port {
                return port;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "it does not say where it listens");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its requests, by method, path and status.
    pub(crate) fn tally(&self) -> Tally {
        self.0.lock().unwrap().tally.clone()
    }

    /// How many requests it has told of.
    pub(crate) fn requests(&self) -> u64 {
        self.0.lock().unwrap().requests
    }

    /// How many lines it could not write.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.lock().unwrap().dropped
    }
}

fn note(read: &mut Seen, event: &Value) {
    match event["event"].as_str() {
        Some("request") => {
            read.requests += 1;
            let path = event["path"].as_str().unwrap_or_default().split('?').next().unwrap_or_default();
            let what = format!("{} {path}", event["method"].as_str().unwrap_or_default());
            let status = u16::try_from(event["status"].as_u64().unwrap_or(0)).unwrap_or(0);
            // What came of a request whose client left in the middle of its head is nobody's answer.
            if path.starts_with("/echo") || path == "/ws" {
                read.tally.add(&what, status);
            }
        }
        Some("dropped") => read.dropped += event["lines"].as_u64().unwrap_or(0),
        Some("notice") => {
            let text = event["text"].as_str().unwrap_or_default();
            let port = text.strip_prefix("listening on http://localhost:").and_then(|port| port.parse().ok());
            read.port = read.port.or(port);
        }
        _ => {}
    }
}
