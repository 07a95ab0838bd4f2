//! A client that sends exactly the bytes it is told to.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::wire::{Body, Framing, Head, Wire};

/// A connection to the balancer.
pub(crate) struct Client<S = TcpStream> {
    pub(crate) wire: Wire<S>,
    pub(super) record: Arc<Mutex<Vec<u8>>>,
}

/// One response.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) version: String,
    pub(crate) head: Head,
    pub(crate) framing: Framing,
    pub(crate) body: Body,
    /// The 1xx responses before it.
    pub(crate) interim: Vec<u16>,
}

impl Response {
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.head.get(name)
    }

    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.head.all(name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body.bytes).into_owned()
    }

    pub(crate) fn backend(&self) -> Option<u32> {
        self.get("x-backend-id").map(|id| id.parse().unwrap())
    }

    /// Whether it announces the end of its connection.
    pub(crate) fn closes(&self) -> bool {
        self.get("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"))
    }
}

impl Client {
    pub(crate) fn connect(port: u16) -> Self {
        Client::plain(TcpStream::connect(("127.0.0.1", port)).unwrap())
    }

    /// On this connection, without waiting for ever.
    pub(crate) fn plain(stream: TcpStream) -> Self {
        let record = Arc::default();
        Client { wire: Wire::new(stream, Arc::clone(&record)), record }
    }

    /// Sends the end of the stream.
    pub(crate) fn half_close(&self) {
        self.wire.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Ends the connection with a reset.
    pub(crate) fn reset(self) {
        socket2::SockRef::from(&self.wire.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
}

impl<S: Read + Write> Client<S> {
    /// On this connection, which is set up already.
    pub(crate) fn over(stream: S) -> Self {
        let record = Arc::default();
        Client { wire: Wire::over(stream, Arc::clone(&record)), record }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.wire.write(bytes).unwrap();
    }

    /// The head of the next response, past interim ones; 101 is not interim.
    pub(crate) fn head(&mut self) -> io::Result<Option<Response>> {
        let mut interim = Vec::new();
        loop {
            let Some(head) = self.wire.head()? else { return Ok(None) };
            let mut words = head.start.splitn(3, ' ');
            let version = words.next().unwrap_or_default().to_owned();
            let status: u16 = words.next().unwrap_or_default().parse().unwrap();
            let reason = words.next().unwrap_or_default().to_owned();
            if status < 200 && status != 101 {
                interim.push(status);
                continue;
            }
            let framing = Framing::None;
            return Ok(Some(Response { status, reason, version, head, framing, body: Body::default(), interim }));
        }
    }

    /// The next response to a request with this method; `None` if the connection ended instead.
    pub(crate) fn next_response(&mut self, method: &str) -> Option<Response> {
        let mut response = self.head().ok()??;
        response.framing = Wire::response_framing(&response.head, response.status, method == "HEAD");
        response.body = self.wire.body(response.framing);
        Some(response)
    }

    /// The next response to a request that is not HEAD.
    pub(crate) fn response(&mut self) -> Response {
        self.next_response("GET").expect("a response")
    }

    /// Sends a request and reads the answer.
    pub(crate) fn exchange(&mut self, bytes: &[u8]) -> Response {
        self.send(bytes);
        let method = if bytes.starts_with(b"HEAD ") { "HEAD" } else { "GET" };
        self.next_response(method).expect("a response")
    }

    /// Everything until the balancer ends the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.wire.read_rest(&mut rest) {
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => panic!("not closed: {error}"),
            _ => rest,
        }
    }

    /// Asserts that the connection ends without further bytes.
    pub(crate) fn assert_closed(&mut self) {
        assert_eq!(String::from_utf8_lossy(&self.rest()), "");
    }

    /// Every byte received so far.
    pub(crate) fn received(&self) -> Vec<u8> {
        self.record.lock().unwrap().clone()
    }
}
