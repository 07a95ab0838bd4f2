//! TCP mode: one connection of a client is one connection to a backend, and its bytes are nobody's business.
//!
//! Nothing is read from the client before a backend is connected: until then its bytes wait in the system's buffer, which
//! is bounded, and are lost to no backend that does not take them. So a backend that refuses, cannot be reached or does
//! not answer in time is replaced by another, and so is one that closes before a byte has moved either way.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::tunnel;
use super::worker::Proxy;
use crate::api::{Attempt, ChaosKind, Decision, Ended, Outcome, RequestEvent};
use crate::balancer::{Active, Asks, Backend, Choice, NoBackend, Stuck, StuckConnection, Touch};
use crate::proxy::connection::Accepted;
use crate::proxy::exchange::{CLIENT_GONE, book_refused, outcome_of};
use crate::proxy::forward::{SelectBy, Selection};
use crate::proxy::io::unless_disconnected;
use crate::proxy::tunnel::{Carried, ClientHalf, Finish, Tunnel};
use crate::state::{LivePool, Moments, Phase, Tried, time_of_day};
use crate::upstream::{Carries, Stream, dial, dial_faulty};
use crate::{balancer, proxy_protocol};

/// What the log calls a connection that had no backend, and one whose backends all failed.
const NO_BACKEND: u16 = 503;

const ALL_FAILED: u16 = 502;

/// How long a backend that was just connected is watched for closing at once, as the front of a server that is away
/// does. The client's first byte ends it.
const FIRST_LOOK: Duration = Duration::from_millis(100);

/// Serves one connection, from accept to close.
pub(crate) async fn serve(proxy: Arc<Proxy>, mut accepted: Accepted, engine: watch::Receiver<Phase>) {
    let access = &proxy.shared.access;
    let admitted = accepted.before.take().map(|before| before.slot);
    let slot = admitted.map_or_else(|| access.connection(accepted.peer, false), Ok).and_then(|slot| {
        access.request(accepted.peer.ip().to_canonical(), Instant::now())?;
        Ok(slot)
    });
    let slot = match slot {
        Ok(slot) => slot,
        Err(refused) => {
            return book_refused(&proxy, &accepted.listener, accepted.peer.ip(), "TCP", refused.why().to_owned());
        }
    };
    // A socket that cannot be watched is of no use.
    if accepted.stream.watch().is_err() {
        return;
    }
    // Boxed, because most of a connection's life is the tunnel behind it.
    let Some((session, stream)) = Box::pin(connect(&proxy, &accepted)).await else {
        accepted.stream.reset_on_close();
        return;
    };
    let Accepted { stream: client, connected, .. } = accepted;
    let half = ClientHalf {
        stream: client,
        early: Vec::new(),
        counted: (connected, slot),
        engine,
        idle: proxy.shared.topology.config().timeouts.tunnel_idle,
    };
    // A task of its own, which holds no more than a tunnel needs.
    tokio::spawn(async move {
        let tunnel = Tunnel::raw(stream, Arc::clone(session.active.backend()), session.success());
        let carried = tunnel::carry(tunnel, half).await;
        session.end(&carried);
    });
}

/// A connection that has its backend.
struct Session {
    active: Active,
    /// Its place at a backend that has so many and no more.
    slot: Option<balancer::Slot>,
    /// Its address's hold on the backend.
    held: Option<StuckConnection>,
    account: Account,
}

/// What is told of a connection when it has ended.
struct Account {
    proxy: Arc<Proxy>,
    peer: SocketAddr,
    moments: Moments,
    decision: Decision,
}

impl Session {
    /// Tells that the target serves: not that it takes connections, which one that resets them all does as well.
    fn success(&self) -> impl FnOnce() + Send + 'static {
        let (proxy, backend) = (Arc::clone(&self.account.proxy), Arc::clone(self.active.backend()));
        move || proxy.shared.registry.traffic_answered(&backend, 0)
    }

    fn end(self, carried: &Carried) {
        let success = self.success();
        let Session { active, slot, held, account } = self;
        let backend = Arc::clone(active.backend());
        // The figures must be right before anyone can read of the event.
        drop((active, slot, held));
        let ended = match carried.finish {
            Finish::Clean => Ended::Complete,
            Finish::ClientFailed => Ended::ClientGone,
            Finish::BackendFailed => Ended::CutByBackend,
            Finish::Idle => Ended::Idle,
            Finish::TakenOut => Ended::TakenOut,
            Finish::Stopping => Ended::Stopping,
        };
        match ended {
            // One that closes in good order without a word may have been told all it wanted to know.
            Ended::Complete => success(),
            Ended::CutByBackend => {
                backend.counters.count_error();
                if carried.down == 0 {
                    account.proxy.shared.registry.traffic_failed(&backend, Outcome::NoAnswer);
                }
            }
            // A client's own end, or this balancer's, says nothing of it.
            _ => {}
        }
        account.tell(0, Some(&backend), carried.up, carried.down, ended);
    }
}

impl Account {
    /// Books the connection as begun.
    fn begin(proxy: &Arc<Proxy>, peer: SocketAddr, live: &LivePool) -> Self {
        proxy.shared.telemetry.counters.begin();
        let accepted = Instant::now();
        let decision = Decision { pool: live.label.clone(), ..Decision::new(live.current.load().strategy) };
        Account { proxy: Arc::clone(proxy), peer, moments: Moments::new(accepted, accepted), decision }
    }

    /// Books the connection as ended and tells the log.
    fn tell(self, status: u16, to: Option<&Backend>, up: u64, down: u64, ended: Ended) {
        let now = Instant::now();
        let took = now - self.moments.began;
        self.proxy.shared.telemetry.counters.end(status, status != 0);
        let mut event = self.proxy.ring.slot();
        *event = RequestEvent {
            time: time_of_day(self.moments.began, now),
            took,
            ip: self.peer.ip().to_canonical(),
            method: "TCP".into(),
            path: "".into(),
            status,
            to: to.map(|backend| Arc::clone(&backend.identity)),
            bytes: down,
            up,
            phases: self.moments.phases(now),
            number: None,
            cut: None,
            ended,
            decision: self.decision,
        };
        self.proxy.ring.push(event);
    }
}

/// Finds a backend that takes the connection; every one that may is tried.
async fn connect(proxy: &Arc<Proxy>, accepted: &Accepted) -> Option<(Session, Stream)> {
    let client = accepted.stream.socket().watched().ok()?;
    // A listener in TCP mode has a pool, for raw bytes have no host.
    let live = Arc::clone(accepted.listener.routing.load().pool.as_ref()?);
    let ip = accepted.peer.ip().to_canonical();
    let mut account = Account::begin(proxy, accepted.peer, &live);
    let hold = proxy.shared.topology.config().hold;
    let began = account.moments.began;
    let mut selection = Selection::new(proxy, &live, SelectBy::Address(ip), hold, began);
    let mut last_tried: Option<Arc<Backend>> = None;
    loop {
        let Some(chosen) = choose_or_wait(&mut selection, &mut account, client).await else {
            account.tell(CLIENT_GONE, None, 0, 0, Ended::ClientGone);
            return None;
        };
        let Ok(Choice { backend, slot, ticket, .. }) = chosen else {
            let status = if last_tried.is_none() { NO_BACKEND } else { ALL_FAILED };
            live.picks.replied(status);
            account.tell(status, last_tried.as_deref(), 0, 0, Ended::Complete);
            return None;
        };
        live.picks.picked(backend.id());
        let active = Active::chosen(Arc::clone(&backend), Instant::now(), ticket);
        match attempt(proxy, &backend, accepted, &mut account).await {
            Ok(stream) => {
                live.current.load().note(&selection.bound, backend.id());
                let lease = stick(proxy, &live, ip, &backend);
                return Some((Session { active, slot, held: lease, account }, stream));
            }
            Err(Outcome::Exhausted) => {
                active.give_up();
                live.picks.replied(NO_BACKEND);
                account.tell(NO_BACKEND, None, 0, 0, Ended::Complete);
                return None;
            }
            Err(_) => {
                active.give_up();
                selection.tried.push(backend.id());
                last_tried = Some(backend);
            }
        }
    }
}

/// The backend for the next try, once there is one; `None` where the client has left before.
async fn choose_or_wait(
    selection: &mut Selection<'_>,
    account: &mut Account,
    client: &TcpStream,
) -> Option<Result<Choice, NoBackend>> {
    match selection.choose(&mut account.decision) {
        Ok(choice) => Some(Ok(choice)),
        Err(no) => {
            let chosen = unless_disconnected(client, selection.wait(no, &mut account.decision)).await;
            account.moments.queued += selection.take_waited();
            chosen
        }
    }
}

/// One try on this backend; books how it ended.
async fn attempt(
    proxy: &Proxy,
    backend: &Backend,
    accepted: &Accepted,
    account: &mut Account,
) -> Result<Stream, Outcome> {
    let began = Instant::now();
    let touch = backend.chaos.burning().and_then(|burning| burning.touch(Asks::Request, b"TCP", b"", began));
    let fault = touch.map(|Touch { kind, told }| {
        account.decision.chaos.push(told);
        kind
    });
    let result = open(proxy, backend, accepted, fault.as_ref()).await;
    let took = began.elapsed();
    let outcome = result.as_ref().map_or_else(|outcome| *outcome, |_| Outcome::Answered);
    account.decision.attempts.push(Attempt::new(&backend.identity, outcome, took));
    match outcome {
        Outcome::Answered => {
            // Among the metrics' classes, what was carried is a success.
            backend.counters.count_request(200);
            backend.counters.latencies.record(took);
            account.moments.tried = Some(Tried { began, connected: Some(began + took), answered: None });
        }
        // Nobody was asked.
        Outcome::Exhausted => {}
        outcome => {
            backend.counters.count_error();
            backend.counters.count_retry();
            proxy.shared.registry.traffic_failed(backend, outcome);
        }
    }
    result
}

/// Notes that the address sticks to this backend now.
fn stick(proxy: &Proxy, live: &LivePool, ip: IpAddr, backend: &Backend) -> Option<StuckConnection> {
    let (stuck, held) = live.hold(ip, backend.id())?;
    match stuck {
        Stuck::New => backend.counters.session_given(),
        Stuck::Moved(before) => {
            live.picks.moved();
            backend.counters.session_given();
            if let Some((_, before)) = proxy.shared.topology.find(before) {
                before.counters.session_moved();
            }
        }
        Stuck::Kept | Stuck::Full => {}
    }
    held
}

/// Connects to a backend, and tells it of the client where it wants to know.
async fn open(
    proxy: &Proxy,
    backend: &Backend,
    accepted: &Accepted,
    fault: Option<&ChaosKind>,
) -> Result<Stream, Outcome> {
    let header = backend.endpoint.proxy_protocol.map(|version| {
        // Where the socket is dead already, so is the connection.
        let to = accepted.stream.local_addr().unwrap_or(accepted.listener.address);
        proxy_protocol::announce(version, accepted.peer, to)
    });
    let limit = proxy.shared.topology.config().timeouts.connect;
    let (address, tls, first) = (&backend.endpoint.address, &backend.endpoint.tls, header.as_deref());
    let dialled = match fault {
        None => dial(address, tls, first, limit).await,
        Some(kind) => dial_faulty(kind, Carries::Raw, address, tls, first, limit).await,
    };
    let stream = dialled.map_err(|error| outcome_of(&error))?;
    let client = accepted.stream.socket().watched().map_err(|_| Outcome::NoAnswer)?;
    if !accepted.stream.has_unread() && closes_at_once(&stream, client).await {
        Err(Outcome::NoAnswer)
    } else {
        Ok(stream)
    }
}

/// Whether the backend closes although it was sent nothing. The client's first byte ends the wait.
async fn closes_at_once(stream: &Stream, client: &TcpStream) -> bool {
    let Stream::Tcp(tcp) = stream else { return false };
    let (mut ours, mut theirs) = ([0; 1], [0; 1]);
    tokio::select! {
        biased;
        closed = tcp.socket().peek(&mut ours) => !matches!(closed, Ok(1..)),
        _ = client.peek(&mut theirs) => false,
        () = tokio::time::sleep(FIRST_LOOK) => false,
    }
}
