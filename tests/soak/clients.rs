//! The clients: each kind asks by a path of its own, so that the log tells them apart.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::iter::Sum;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio_tungstenite::tungstenite::{Message, client, error::Error};

/// How many of each kind.
const EACH: usize = 3;

/// How many answers there were, by method, path and status; status 0 is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally(pub(crate) BTreeMap<(String, u16), u64>);

/// What clients ask for that leave before the answer, so that nobody can say what it would have been.
pub(crate) const ABORTED: &str = "GET /slow";

impl Tally {
    pub(crate) fn add(&mut self, what: &str, status: u16) {
        *self.0.entry((what.to_owned(), status)).or_default() += 1;
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.iter().filter(|((what, _), _)| what != ABORTED).map(|(_, count)| count).sum()
    }

    /// Requests that may be sent again and were not answered well.
    pub(crate) fn lost(&self) -> u64 {
        let lost = |((what, status), _): &(&(String, u16), &u64)| what.starts_with("GET /echo") && *status != 200;
        self.0.iter().filter(lost).map(|(_, count)| count).sum()
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = (String, u64)> {
        self.0.iter().map(|((what, status), count)| (format!("{what} {status}"), *count))
    }

    /// Whether the log tells of the same answers to clients that waited for them.
    pub(crate) fn agrees_with(&self, log: &Tally) -> bool {
        let waited = |tally: &Tally| {
            let mut waited = tally.0.clone();
            waited.retain(|(what, _), _| what != ABORTED);
            waited
        };
        waited(self) == waited(log)
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Tally>>(tallies: I) -> Self {
        let mut sum = Tally::default();
        for (key, count) in tallies.flat_map(|tally| tally.0) {
            *sum.0.entry(key).or_default() += count;
        }
        sum
    }
}

/// Starts all kinds of clients; each gives what it was answered once `stop` is set.
pub(crate) fn start(port: u16, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<Tally>> {
    let kinds: [fn(u16, &AtomicBool, &mut Tally); 4] = [fresh, kept, sockets, aborted];
    let each = kinds.into_iter().flat_map(|kind| std::iter::repeat_n(kind, EACH));
    each.map(|kind| {
        let stop = Arc::clone(stop);
        std::thread::spawn(move || {
            let mut tally = Tally::default();
            while !stop.load(Relaxed) {
                kind(port, &stop, &mut tally);
                pause();
            }
            tally
        })
    })
    .collect()
}

fn pause() {
    std::thread::sleep(Duration::from_millis(fastrand::u64(1..10)));
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// One request on a connection of its own.
fn fresh(port: u16, _: &AtomicBool, tally: &mut Tally) {
    let mut stream = BufReader::new(connect(port));
    let answered = exchange(&mut stream, "GET /echo/fresh", "Connection: close\r\n", b"");
    tally.add("GET /echo/fresh", answered.unwrap_or(0));
}

/// Requests with and without a body on one connection, some in one go.
fn kept(port: u16, stop: &AtomicBool, tally: &mut Tally) {
    let mut stream = BufReader::new(connect(port));
    for _ in 0..fastrand::usize(1..200) {
        if stop.load(Relaxed) {
            return;
        }
        let (what, body) =
            if fastrand::bool() { ("GET /echo/kept", &b""[..]) } else { ("POST /echo/kept", &[b'x'; 3000][..]) };
        let answered = exchange(&mut stream, what, "", body);
        tally.add(what, *answered.as_ref().unwrap_or(&0));
        if answered.is_err() {
            return;
        }
        pause();
    }
}

/// A WebSocket that says a few things and leaves, politely or not; it may be cut off with its backend.
fn sockets(port: u16, stop: &AtomicBool, tally: &mut Tally) {
    let url = format!("ws://localhost:{port}/ws");
    let mut socket = match client(url.as_str(), connect(port)) {
        Ok((socket, _)) => socket,
        Err(tokio_tungstenite::tungstenite::HandshakeError::Failure(Error::Http(answer))) => {
            return tally.add("GET /ws", answer.status().as_u16());
        }
        Err(_) => return tally.add("GET /ws", 0),
    };
    tally.add("GET /ws", 101);
    for number in 0..fastrand::usize(1..100) {
        if stop.load(Relaxed) {
            break;
        }
        let said = format!("message {number}");
        if socket.send(Message::text(&said)).is_err() || !heard(&mut socket, &said) {
            return;
        }
        pause();
    }
    if fastrand::bool() {
        let _ = socket.close(None);
        while socket.read().is_ok() {}
    }
}

/// Whether this comes back before the socket's end; the demo backend may say other things between.
fn heard(socket: &mut tokio_tungstenite::tungstenite::WebSocket<TcpStream>, said: &str) -> bool {
    loop {
        match socket.read() {
            Ok(Message::Text(text)) if text.as_str().contains(said) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// A client that asks and leaves before the answer, in one of three ways.
fn aborted(port: u16, _: &AtomicBool, tally: &mut Tally) {
    let mut stream = connect(port);
    let request = b"GET /slow?ms=30 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let half = fastrand::usize(1..=request.len());
    if stream.write_all(&request[..half]).is_err() {
        return;
    }
    if half == request.len() || fastrand::bool() {
        let _ = stream.write_all(&request[half..]);
        tally.add(ABORTED, 0);
    }
    pause();
    if fastrand::bool() {
        // With a reset.
        let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    }
}

/// Sends a request and reads its answer, of which it gives the status.
fn exchange(stream: &mut BufReader<TcpStream>, what: &str, fields: &str, body: &[u8]) -> io::Result<u16> {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let head = format!("{what} HTTP/1.1\r\nHost: localhost\r\n{fields}{length}\r\n");
    stream.get_mut().write_all(&[head.as_bytes(), body].concat())?;
    let (mut line, mut status, mut length) = (String::new(), 0, None);
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == "\r\n" {
            break;
        }
        if status == 0 {
            status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok();
        }
    }
    let length: usize = length.ok_or_else(|| io::Error::other("an answer without a length"))?;
    stream.read_exact(&mut vec![0; length])?;
    Ok(status)
}
