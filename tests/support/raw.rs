//! Raw TCP connections: targets that behave as told, and a balancer in front of them.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use super::patience::read_to_end;
use super::{Balancer, Client, Config, PATIENCE, request};

/// Calls `serve` with every connection; returns the port.
pub(crate) fn target(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, serve) = (stream.unwrap(), serve.clone());
            std::thread::spawn(move || serve(stream));
        }
    });
    port
}

/// A target that sends its name, and then everything it receives.
pub(crate) fn echo(name: &'static str) -> u16 {
    target(move |mut stream| {
        let mut bytes = vec![0; 64 * 1024];
        let mut first = true;
        while let Ok(n @ 1..) = stream.read(&mut bytes) {
            if std::mem::take(&mut first) && stream.write_all(name.as_bytes()).is_err() {
                return;
            }
            if stream.write_all(&bytes[..n]).is_err() {
                return;
            }
        }
    })
}

/// A port that refuses connections, and that nobody else is given meanwhile: it is bound, and never listened on.
pub(crate) fn closed_port() -> u16 {
    static BOUND: Mutex<Vec<Socket>> = Mutex::new(Vec::new());
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let port = socket.local_addr().unwrap().as_socket().unwrap().port();
    BOUND.lock().unwrap().push(socket);
    port
}

/// A port of 127.0.0.1 and `::1` that nobody is given while this value lives, and on which programs may listen, one after the
/// other: it is bound, never listened on, and shared with those that ask for it by its number (`SO_REUSEADDR` of Linux).
pub(crate) struct HeldPort {
    pub(crate) port: u16,
    _sockets: Vec<Socket>,
}

impl HeldPort {
    pub(crate) fn new() -> Self {
        loop {
            let first = held(Domain::IPV4, (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
            let port = first.local_addr().unwrap().as_socket().unwrap().port();
            let second = held(Domain::IPV6, (Ipv6Addr::LOCALHOST, port).into());
            if second.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse) {
                continue;
            }
            // Elsewhere than on Linux, nobody could listen on it then; without IPv6 there is one socket.
            let sockets = [Some(first), second.ok()].into_iter().flatten().filter(|_| cfg!(target_os = "linux"));
            return HeldPort { port, _sockets: sockets.collect() };
        }
    }
}

fn held(domain: Domain, address: SocketAddr) -> std::io::Result<Socket> {
    let socket = Socket::new(domain, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// A TCP pool of these targets, sticky by address unless changed, with checks that always pass.
pub(crate) fn config(ports: &[u16]) -> Config {
    let backend = |(id, port)| json!({"id": id, "name": format!("t{id}"), "url": format!("tcp://127.0.0.1:{port}")});
    let backends: Vec<Value> = ports.iter().enumerate().map(backend).collect();
    Config::of(json!({
        // Checks tell nothing, so that only traffic decides.
        "listeners": [{"port": 0, "mode": "tcp", "pool": "raw"}, {"port": 0, "pool": "page"}],
        "pools": {
            "raw": {"backends": backends, "health": {"algorithm": "command", "command": ["true"]}},
            "page": {"backends": [{"url": "http://127.0.0.1:9"}]},
        },
    }))
}

pub(crate) fn connect(balancer: &Balancer) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, balancer.ports()[0])).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The reply to one word.
pub(crate) fn ask(balancer: &Balancer, word: &str) -> String {
    let mut stream = connect(balancer);
    stream.write_all(word.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    read_to_end(&mut stream, &mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

/// What `/_lb/health` says of one target.
pub(crate) fn health(balancer: &Balancer, index: usize) -> Value {
    let port = balancer.ports()[1];
    let page = Client::connect(port).exchange(&request("GET", "/_lb/health", &[]));
    serde_json::from_slice::<Value>(&page.body.bytes).unwrap()["backends"][index].clone()
}
