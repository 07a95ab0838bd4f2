//! One balancer under traffic, and what is promised of it.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::clients::{self, Tally};
use crate::figures::{Process, descendants, kill};
use crate::log::Log;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stickylb-tui");

pub(crate) const KILLED_EVERY: Duration = Duration::from_secs(10);

/// How long a killed server of the user's own stays away.
const AWAY: Duration = Duration::from_secs(1);

/// How many backends each balancer has.
const BACKENDS: usize = 3;

/// Longer than the balancer keeps idle connections.
const SETTLES: Duration = Duration::from_secs(6);

/// What its backends are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Copies,
    OwnServers,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Copies => "run",
            Kind::OwnServers => "own servers",
        }
    }
}

/// The servers of the user's own, by their ports; none where the balancer starts its backends itself.
struct Servers(Vec<(u16, Child)>);

impl Servers {
    fn start(kind: Kind) -> Self {
        let count = if kind == Kind::OwnServers { BACKENDS } else { 0 };
        // Below those that clients have for their own end: such a port stays taken for a minute after its connection.
        let first = 12_000 + u16::try_from(std::process::id() % 5_000).unwrap();
        let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
        let ports: Vec<u16> = (first..).filter(is_free).take(count).collect();
        Servers(ports.into_iter().map(|port| (port, server(port))).collect())
    }

    fn kill_and_restart(&mut self, number: usize) {
        let (port, server_now) = &mut self.0[number % BACKENDS];
        server_now.kill().unwrap();
        server_now.wait().unwrap();
        std::thread::sleep(AWAY);
        *server_now = server(*port);
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for (_, server) in &mut self.0 {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

fn server(port: u16) -> Child {
    let mut command = Command::new(PROGRAM);
    command.args(["demo-backend", "--port", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Ends the balancer where the soak panics.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Soaks one balancer for so long; prints its figures, and gives what is not as promised.
pub(crate) fn soak(kind: Kind, time: Duration) -> Vec<String> {
    let home = tempfile::tempdir().unwrap();
    let mut servers = Servers::start(kind);
    let mut command = Command::new(PROGRAM);
    let ports: Vec<String> = servers.0.iter().map(|(port, _)| port.to_string()).collect();
    let options = ["-p", "0", "--headless", "--log-format", "json"];
    match kind {
        Kind::Copies => {
            let copies = BACKENDS.to_string();
            command.args(["run", "-n", &copies]).args(options).args(["--", PROGRAM, "demo-backend", "--port", "{port}"])
        }
        Kind::OwnServers => command.args(options).args(ports),
    };
    command.env("XDG_RUNTIME_DIR", home.path()).current_dir(home.path()).stdout(Stdio::piped()).stdin(Stdio::null());
    let mut running = Running(command.spawn().unwrap());
    let log = Log::read(running.0.stdout.take().unwrap());
    let port = log.port();
    let status = || {
        let mut command = Command::new(PROGRAM);
        command.args(["ctl", "status", "--json"]).env("XDG_RUNTIME_DIR", home.path());
        serde_json::from_slice::<Value>(&command.output().unwrap().stdout).unwrap_or_default()
    };
    wait_for("all backends are up", || {
        let backends = status()["backends"].as_array().cloned().unwrap_or_default();
        backends.len() == BACKENDS && backends.iter().all(|backend| backend["state"] == "UP")
    });
    let process = Process(running.0.id());
    let (descriptors, processes) = (process.descriptors(), descendants(process.0).len());

    let stop = Arc::new(AtomicBool::new(false));
    let clients = clients::start(port, &stop);
    let (began, mut kills, mut settled, mut most) = (Instant::now(), 0, 0, 0);
    while began.elapsed() < time {
        std::thread::sleep(Duration::from_millis(500).min(time));
        let memory = process.memory();
        most = most.max(memory);
        // What is bounded has been filled by then.
        if began.elapsed() < time / 3 {
            settled = settled.max(memory);
        }
        let due = began.elapsed().as_secs() / KILLED_EVERY.as_secs();
        if due > kills && began.elapsed() + KILLED_EVERY / 2 < time {
            kills = due;
            let number = usize::try_from(kills).unwrap();
            match kind {
                Kind::OwnServers => servers.kill_and_restart(number),
                // Each copy is below a supervisor, in the order of their start.
                Kind::Copies => {
                    descendants(process.0).iter().skip(BACKENDS + number % BACKENDS).take(1).for_each(|pid| kill(*pid))
                }
            }
        }
    }
    stop.store(true, Relaxed);
    let told: Tally = clients.into_iter().map(|client| client.join().unwrap()).sum();
    std::thread::sleep(SETTLES);

    let snapshot = status();
    let logged = log.tally();
    let (ends_with, memory) = (process.descriptors(), process.memory());
    let left = descendants(process.0).len();
    println!(
        "{}: {} requests, {} by clients that stayed, {kills} kills; memory {settled} KB after a third, {most} KB at most, \
         {memory} KB at the end; descriptors {descriptors} before, {ends_with} after",
        kind.name(),
        snapshot["totals"]["requests"],
        told.total(),
    );
    for (what, count) in told.lines() {
        println!("{}:   {what}: {count}", kind.name());
    }
    let mut problems = Vec::new();
    let mut promise = |holds: bool, problem: String| {
        if !holds {
            problems.push(problem);
        }
    };
    promise(log.dropped() == 0, format!("{} log lines were dropped", log.dropped()));
    promise(told.agrees_with(&logged), format!("clients and log disagree: {told:?} and {logged:?}"));
    let totals = &snapshot["totals"];
    promise(
        totals["requests"] == log.requests(),
        format!("{} log lines of {} requests", log.requests(), totals["requests"]),
    );
    let sum = |counts: &Value| counts.as_array().map_or(0, |all| all.iter().filter_map(Value::as_u64).sum::<u64>());
    let backends = snapshot["backends"].as_array().cloned().unwrap_or_default();
    let served: u64 = backends.iter().map(|backend| sum(&backend["byStatus"])).sum();
    let own = sum(&totals["ownByStatus"]);
    promise(totals["requests"] == served + own, format!("{served} by backends and {own} by itself are not all"));
    for gauge in ["inFlight", "connections", "tunnels"] {
        promise(totals[gauge] == 0, format!("{gauge} is {}", totals[gauge]));
    }
    for backend in &backends {
        for gauge in ["active", "queued", "tunnels"] {
            promise(backend[gauge] == 0, format!("{gauge} of {} is {}", backend["name"], backend[gauge]));
        }
    }
    promise(memory < settled + settled / 4 + 8192, format!("memory grew from {settled} to {memory} KB"));
    promise(ends_with <= descriptors + 2, format!("descriptors grew from {descriptors} to {ends_with}"));
    promise(left == processes, format!("{processes} processes became {left}"));
    promise(told.lost() <= kills, format!("{} requests without a body were lost in {kills} kills", told.lost()));
    problems
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
