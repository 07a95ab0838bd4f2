//! Many idle or slow clients at once do not disturb others.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

use crate::support::{After, Backend, Balancer, Config, Gate, PATIENCE, request, response, until};

/// Raises this process's limit of open sockets; reports if the system does not allow that. Other tests in this process
/// are not affected: the program raises its own limit.
fn may_hold(sockets: u64) -> bool {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let enough = maximum.is_none_or(|most| most >= sockets)
        && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    if !enough {
        crate::support::left_out::left_out(&format!(
            "{sockets} sockets are more than this machine lets a process hold (ulimit -Hn)"
        ));
    }
    enough
}

fn connect(balancer: &Balancer) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", balancer.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn status(stream: &mut TcpStream) -> String {
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    String::from_utf8_lossy(&start).into_owned()
}

#[test]
fn five_thousand_idle_clients_and_a_thousand_active_ones_are_served() {
    const IDLE: usize = 5000;
    const ACTIVE: usize = 1000;
    if !may_hold(2 * (IDLE + ACTIVE) as u64) {
        return;
    }
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let backend = Backend::start(move |call| {
        if call.target == "/held" {
            held.pass();
        }
        call.send(&response("200 OK", &[], "here"));
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    let idle: Vec<TcpStream> = (0..IDLE)
        .map(|_| {
            let mut stream = connect(&balancer);
            // Each client has been served once, and keeps its connection.
            stream.write_all(&request("GET", "/once", &[])).unwrap();
            assert_eq!(status(&mut stream), "HTTP/1.1 200");
            stream
        })
        .collect();
    let mut active: Vec<TcpStream> = (0..ACTIVE)
        .map(|_| {
            let mut stream = connect(&balancer);
            stream.write_all(&request("GET", "/held", &[])).unwrap();
            stream
        })
        .collect();
    backend.wait_for_requests(IDLE + ACTIVE);
    assert_eq!(balancer.backend(0)["activeConnections"], ACTIVE);
    assert_eq!(balancer.get("/once").status, 200, "one more is served beside them");

    gate.open();
    for stream in &mut active {
        assert_eq!(status(stream), "HTTP/1.1 200");
    }
    drop((idle, active));
    until("every count to return", || {
        balancer.backend(0)["activeConnections"] == 0 && balancer.backend(0)["requests"] == IDLE + ACTIVE + 1
    });
}

#[test]
fn a_thousand_slow_and_silent_clients_disturb_nobody_and_end_at_their_times() {
    const SLOW: usize = 1000;
    if !may_hold(3 * SLOW as u64) {
        return;
    }
    let backend = Backend::echoing();
    let times = json!({"requestHeaders": 3000, "idle": 3000, "response": 3000});
    let balancer = Config::new(&[&backend]).set("/timeouts", times).start();
    let pieces: [&[u8]; 6] = [
        b"",
        b"G",
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost: local",
        b"PRI * HTTP/2.0\r\n\r\nS",
        b"POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf",
    ];
    let slow: Vec<TcpStream> = (0..SLOW)
        .map(|n| {
            let mut stream = connect(&balancer);
            stream.write_all(pieces[n % pieces.len()]).unwrap();
            stream
        })
        .collect();
    for n in 0..100 {
        assert_eq!(balancer.get("/").status, 200, "the {n}th beside them");
    }
    for mut stream in slow {
        let mut rest = Vec::new();
        // A reset is an end too; a connection that does not end fails by its time limit.
        let end = stream.read_to_end(&mut rest).map_err(|error| error.kind());
        assert!(matches!(end, Ok(_) | Err(ErrorKind::ConnectionReset)), "{end:?}");
        assert!(!rest.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&rest));
    }
    assert_eq!(backend.targets().iter().filter(|target| *target == "/").count(), 100);
    until("every count to return", || balancer.backend(0)["activeConnections"] == 0);
    assert_eq!(balancer.backend(0)["state"], "UP", "the backend is not blamed");
}
