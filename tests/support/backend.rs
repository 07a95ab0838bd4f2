//! A backend that does what a test tells it to, and records what reached it.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::wire::{Body, Framing, Head, Wire};
use super::{response, until, until_some};

/// What happens to the connection after an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Keep,
    Close,
    Reset,
}

/// A request as it reached the backend.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// The number of the connection it came on.
    pub(crate) connection: usize,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) version: String,
    pub(crate) head: Head,
    /// `None` until the script has read it.
    pub(crate) body: Option<Body>,
}

impl Recorded {
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.head.get(name)
    }

    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.head.all(name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body.as_ref().unwrap().bytes).into_owned()
    }
}

type Script = dyn Fn(&mut Call) -> After + Send + Sync;

struct Shared {
    script: Box<Script>,
    check: Box<Script>,
    healthy: AtomicBool,
    stopping: AtomicBool,
    requests: Mutex<Vec<Recorded>>,
    connections: Mutex<Vec<Connection>>,
    checks: AtomicUsize,
}

struct Connection {
    /// A second handle, to stop it; `None` once the connection has ended.
    stream: Option<TcpStream>,
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: Arc<AtomicBool>,
}

/// A scripted backend on a port of its own. It stops listening when dropped.
pub(crate) struct Backend {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

/// One request, as a script handles it.
pub(crate) struct Call {
    pub(crate) wire: Wire,
    pub(crate) head: Head,
    pub(crate) target: String,
    /// The connection's number.
    pub(crate) connection: usize,
    /// The index of this request among those recorded.
    index: usize,
    body: Option<Body>,
    shared: Arc<Shared>,
}

impl Call {
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        // A failure is ignored: the test, not the script, judges a balancer that has gone.
        let _ = self.wire.write(bytes);
    }

    /// The body, which is read only once.
    pub(crate) fn body(&mut self) -> &Body {
        if self.body.is_none() {
            let body = self.wire.body(Wire::request_framing(&self.head));
            if let Some(recorded) = self.shared.requests.lock().unwrap().get_mut(self.index) {
                recorded.body = Some(body.clone());
            }
            self.body = Some(body);
        }
        self.body.as_ref().unwrap()
    }

    /// Waits until the balancer ends the connection.
    pub(crate) fn wait_for_close(&mut self) {
        let mut rest = Vec::new();
        // A reset is an end too.
        let _ = self.wire.read_rest(&mut rest);
    }
}

impl Backend {
    /// A backend that answers its health checks and leaves everything else to a script.
    pub(crate) fn start(script: impl Fn(&mut Call) -> After + Send + Sync + 'static) -> Self {
        Backend::with_check(script, answer_check)
    }

    /// A backend whose health checks are answered by a script too.
    pub(crate) fn with_check(
        script: impl Fn(&mut Call) -> After + Send + Sync + 'static,
        check: impl Fn(&mut Call) -> After + Send + Sync + 'static,
    ) -> Self {
        let listener = listen(0).unwrap();
        Backend::on(listener, Box::new(script), Box::new(check))
    }

    /// Reads each request whole and answers it with these bytes.
    pub(crate) fn answering(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Backend::start(move |call| {
            call.body();
            call.send(&bytes);
            After::Keep
        })
    }

    /// Answers each request with 200 and the body it brought.
    pub(crate) fn echoing() -> Self {
        Backend::start(echo)
    }

    /// An echoing backend on the port of an earlier one.
    pub(crate) fn echoing_again_on(port: u16) -> Self {
        let bind = || listen(port).ok();
        Backend::on(until_some("the port is free again", bind), Box::new(echo), Box::new(answer_check))
    }

    fn on(listener: TcpListener, script: Box<Script>, check: Box<Script>) -> Self {
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            script,
            check,
            healthy: AtomicBool::new(true),
            stopping: AtomicBool::new(false),
            requests: Mutex::default(),
            connections: Mutex::default(),
            checks: AtomicUsize::new(0),
        });
        let of_thread = Arc::clone(&shared);
        let accepting = std::thread::spawn(move || accept(&listener, &of_thread));
        Backend { port, shared, accepting: Some(accepting) }
    }

    /// Makes its health checks fail or pass from now on.
    pub(crate) fn set_healthy(&self, healthy: bool) {
        self.shared.healthy.store(healthy, SeqCst);
    }

    /// Refuses new connections from now on; existing ones go on.
    pub(crate) fn stop_listening(&mut self) {
        self.shared.stopping.store(true, SeqCst);
        if let Some(thread) = self.accepting.take() {
            // Wakes the accepting thread; fails harmlessly if the port is closed already.
            let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
            thread.join().unwrap();
        }
    }

    /// Stops listening and closes all connections.
    pub(crate) fn stop(&mut self) {
        self.stop_listening();
        for stream in self.shared.connections.lock().unwrap().iter().filter_map(|c| c.stream.as_ref()) {
            // It may have ended already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// All requests so far except health checks.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Waits for this many requests.
    pub(crate) fn wait_for_requests(&self, count: usize) -> Vec<Recorded> {
        until(&format!("{count} requests at a backend"), || self.requests().len() >= count);
        self.requests()
    }

    /// Waits for a request's body to be read.
    pub(crate) fn wait_for_body(&self, request: usize) -> Body {
        until_some("a request's body at a backend", || self.requests().get(request)?.body.clone())
    }

    /// The targets of all requests so far.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.requests().into_iter().map(|r| r.target).collect()
    }

    /// Every byte that reached it on one connection.
    pub(crate) fn bytes(&self, connection: usize) -> Vec<u8> {
        self.shared.connections.lock().unwrap()[connection].bytes.lock().unwrap().clone()
    }

    /// Every byte that reached it, one connection after the other.
    pub(crate) fn all_bytes(&self) -> Vec<u8> {
        let connections = self.shared.connections.lock().unwrap();
        connections.iter().flat_map(|c| c.bytes.lock().unwrap().clone()).collect()
    }

    /// Waits for the end of a connection, which must come from the balancer.
    pub(crate) fn wait_for_end(&self, connection: usize) {
        let ended = || self.shared.connections.lock().unwrap()[connection].ended.load(SeqCst);
        until("a backend's connection has ended", ended);
    }

    /// Connections so far, those of health checks included.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.lock().unwrap().len()
    }

    /// Health checks so far.
    pub(crate) fn checks(&self) -> usize {
        self.shared.checks.load(SeqCst)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Answers with 200 and the body that came.
pub(crate) fn echo(call: &mut Call) -> After {
    let body = call.body().clone();
    if !body.complete {
        return After::Close;
    }
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.bytes.len());
    call.send(&[head.as_bytes(), &body.bytes].concat());
    After::Keep
}

/// Answers a check with 200, or with 503 if the backend was set unhealthy.
pub(crate) fn answer_check(call: &mut Call) -> After {
    let status = if call.shared.healthy.load(SeqCst) { "200 OK" } else { "503 Service Unavailable" };
    call.send(&response(status, &[], "check"));
    After::Keep
}

/// Listens with a long backlog: a thousand clients at once overflow the standard library's 128, and a client that finds
/// no room retries only after seconds.
fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.listen(4096)?;
    Ok(socket.into())
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept() {
        if shared.stopping.load(SeqCst) {
            return;
        }
        let bytes = Arc::default();
        let ended = Arc::default();
        let mut connections = shared.connections.lock().unwrap();
        let number = connections.len();
        let copy = stream.try_clone().ok();
        connections.push(Connection { stream: copy, bytes: Arc::clone(&bytes), ended: Arc::clone(&ended) });
        drop(connections);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // The end is recorded, whether it is an error or not.
            let _ = serve(&shared, number, Wire::new(stream, bytes));
            shared.connections.lock().unwrap()[number].stream = None;
            ended.store(true, SeqCst);
        });
    }
}

fn serve(shared: &Arc<Shared>, connection: usize, mut wire: Wire) -> io::Result<()> {
    loop {
        let Some(head) = wire.head()? else { return Ok(()) };
        let mut words = head.start.splitn(3, ' ').map(str::to_owned);
        let mut word = || words.next().unwrap_or_default();
        let (method, target, version) = (word(), word(), word());
        let is_check = target == "/health";
        let index = if is_check {
            shared.checks.fetch_add(1, SeqCst);
            usize::MAX
        } else {
            let body =
                (Wire::request_framing(&head) == Framing::None).then(|| Body { complete: true, ..Body::default() });
            let mut requests = shared.requests.lock().unwrap();
            let (target, head) = (target.clone(), head.clone());
            requests.push(Recorded { connection, method, target, version, head, body });
            requests.len() - 1
        };
        let mut call = Call { wire, head, target, connection, index, body: None, shared: Arc::clone(shared) };
        let after = if is_check { (shared.check)(&mut call) } else { (shared.script)(&mut call) };
        wire = call.wire;
        if after == After::Reset {
            socket2::SockRef::from(&wire.stream).set_linger(Some(Duration::ZERO))?;
        }
        if after != After::Keep {
            return Ok(());
        }
    }
}
