//! One backend at work: its state and its figures.

use arc_swap::{ArcSwap, Guard};
use http::HeaderValue;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

use super::ejection::Ejection;
use super::ewma::PeakEwma;
use super::latency::Latencies;
use super::places::Places;
use super::state::{AgentWord, Known, Verdict, combined};
use super::tally::{ByStatus, Tally};
use crate::api::{Identity, Intent, State};
use crate::config::{Address, BackendConfig, BackendTls, HealthCheck, ProxyProtocol};
use crate::untrusted::Untrusted;

/// Backends made so far.
static BACKENDS: AtomicU64 = AtomicU64::new(0);

/// A backend at work. Workers write its figures, the engine its state; all of it is read anywhere.
///
/// The atomics are independent figures: none guards other memory, so `Relaxed` is enough throughout.
pub(crate) struct Backend {
    /// Who it is.
    pub(crate) identity: Arc<Identity>,
    /// No other backend of this process has or had it: ids are given anew when the configuration changes.
    pub(crate) number: u64,
    /// Where it is.
    pub(crate) address: Address,
    /// How its certificate is judged.
    pub(crate) tls: BackendTls,
    /// Which header tells it of its clients at the beginning of a connection.
    pub(crate) proxy_protocol: Option<ProxyProtocol>,
    health: ArcSwap<HealthCheck>,
    /// Whom mail about it goes to.
    pub(crate) owner: Option<String>,
    /// The value of `x-backend` in responses.
    pub(crate) url_header: HeaderValue,
    /// The value of `x-backend-id` in responses.
    pub(crate) id_header: HeaderValue,
    /// The `Host` of requests that carry the backend's own name.
    pub(crate) host_header: HeaderValue,
    /// Whether its name is one of this machine's.
    pub(crate) local: bool,
    /// Whether it takes clients only while no other is up.
    pub(crate) backup: bool,
    /// How long its weight takes to grow after a recovery.
    pub(crate) slow_start: Duration,
    /// Its places, where their number has a limit.
    pub(crate) places: Option<Arc<Places>>,
    /// Idle connections to keep ready.
    pub(crate) min_idle: u32,
    /// How long a connection to it may lie idle.
    pub(crate) idle_timeout: Duration,
    /// Whether its process is started here: then it is starting, not down, until its first answer.
    pub(crate) spawned: bool,
    intent: AtomicU8,
    verdict: AtomicU8,
    agent: AtomicU8,
    weight: AtomicU32,
    growth: AtomicU32,
    wanted: AtomicU32,
    requests: ByStatus,
    errors: AtomicU64,
    active: AtomicU32,
    tunnels: AtomicU32,
    sessions: AtomicU64,
    suspected: AtomicBool,
    /// What else is counted of it.
    pub(crate) tally: Tally,
    /// Answers' times.
    pub(crate) latencies: Latencies,
    /// What its traffic says of it.
    pub(crate) ejection: Ejection,
    /// What answers took lately; followed while the strategy goes by it.
    pub(crate) ewma: PeakEwma,
    /// Wakes its checker before the interval is over.
    pub(crate) recheck: Notify,
    /// Told when its tunnels must end, because it was taken out.
    pub(crate) cut: Notify,
    /// Told when it is in no pool any more, so that nobody checks it.
    pub(crate) dismissed: Notify,
    is_dismissed: AtomicBool,
}

impl Backend {
    /// A backend that has not been checked yet; `pool` is its pool's name, where there are several.
    pub(crate) fn new(config: &BackendConfig, pool: Option<Untrusted<Arc<str>>>) -> Self {
        let url = config.address.to_string();
        // Addresses are checked when they are read and hold visible ASCII only, so that a fallback is never used;
        // a Unix socket's path may hold anything.
        let header = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unix"));
        Backend {
            url_header: header(&url),
            id_header: HeaderValue::from(config.id),
            host_header: header(&config.address.authority()),
            identity: Arc::new(Identity { id: config.id, name: config.name.clone().into(), url: url.into(), pool }),
            local: config.address.is_local(),
            spawned: false,
            address: config.address.clone(),
            tls: config.tls.clone(),
            proxy_protocol: config.proxy_protocol,
            health: ArcSwap::from_pointee(config.health.clone()),
            number: BACKENDS.fetch_add(1, Relaxed),
            owner: config.owner.clone(),
            backup: config.backup,
            slow_start: config.slow_start,
            places: Places::new(&config.limits),
            min_idle: config.limits.min_idle,
            idle_timeout: config.limits.idle_timeout,
            intent: AtomicU8::new(0),
            verdict: AtomicU8::new(0),
            agent: AtomicU8::new(0),
            weight: AtomicU32::new(config.weight),
            growth: AtomicU32::new(100),
            wanted: AtomicU32::new(100),
            requests: ByStatus::default(),
            errors: AtomicU64::new(0),
            active: AtomicU32::new(0),
            tunnels: AtomicU32::new(0),
            sessions: AtomicU64::new(0),
            suspected: AtomicBool::new(false),
            tally: Tally::default(),
            latencies: Latencies::default(),
            ejection: Ejection::default(),
            ewma: PeakEwma::default(),
            recheck: Notify::new(),
            cut: Notify::new(),
            dismissed: Notify::new(),
            is_dismissed: AtomicBool::new(false),
        }
    }

    /// It is in no pool any more.
    pub(crate) fn dismiss(&self) {
        self.is_dismissed.store(true, Relaxed);
        self.dismissed.notify_one();
    }

    /// Whether it is in no pool any more, so that nobody will use a connection to it.
    pub(crate) fn is_dismissed(&self) -> bool {
        self.is_dismissed.load(Relaxed)
    }

    /// The same, for a backend whose process is started here.
    pub(crate) fn spawned(config: &BackendConfig, pool: Option<Untrusted<Arc<str>>>) -> Self {
        Backend { spawned: true, ..Backend::new(config, pool) }
    }

    /// Its id.
    pub(crate) fn id(&self) -> u32 {
        self.identity.id
    }

    /// How it is checked.
    pub(crate) fn health(&self) -> Guard<Arc<HealthCheck>> {
        self.health.load()
    }

    /// Has it checked in another way from the next check on.
    pub(crate) fn set_health(&self, health: HealthCheck) {
        self.health.store(Arc::new(health));
        self.recheck.notify_one();
    }

    /// Its name.
    pub(crate) fn name(&self) -> &Untrusted<String> {
        &self.identity.name
    }

    /// What it is doing.
    pub(crate) fn state(&self) -> State {
        combined(Known {
            intent: self.intent(),
            agent: self.agent(),
            verdict: self.verdict(),
            ejected: self.ejection.is_out(),
        })
    }

    /// What a person wants of it.
    pub(crate) fn intent(&self) -> Intent {
        match self.intent.load(Relaxed) {
            1 => Intent::Drain,
            2 => Intent::Maint,
            _ => Intent::InService,
        }
    }

    pub(crate) fn set_intent(&self, intent: Intent) {
        self.intent.store(intent as u8, Relaxed);
    }

    /// What checks and traffic say of it.
    pub(crate) fn verdict(&self) -> Verdict {
        match self.verdict.load(Relaxed) {
            1 => Verdict::Healthy,
            2 => Verdict::Unhealthy,
            _ => Verdict::Unknown,
        }
    }

    pub(crate) fn set_verdict(&self, verdict: Verdict) {
        self.verdict.store(verdict as u8, Relaxed);
    }

    /// What it says of itself.
    pub(crate) fn agent(&self) -> AgentWord {
        match self.agent.load(Relaxed) {
            1 => AgentWord::Drain,
            2 => AgentWord::Maint,
            _ => AgentWord::Ready,
        }
    }

    pub(crate) fn set_agent(&self, word: AgentWord) {
        self.agent.store(word as u8, Relaxed);
    }

    /// Its weight in force.
    pub(crate) fn weight(&self) -> u32 {
        self.weight.load(Relaxed)
    }

    pub(crate) fn set_weight(&self, weight: u32) {
        self.weight.store(weight, Relaxed);
    }

    /// How much of its weight counts now, in per cent, from 1 to 100: less than all of it while it starts slowly, or where
    /// it says that it wants less.
    pub(crate) fn percent(&self) -> u32 {
        (self.growth() * self.wanted.load(Relaxed) / 100).max(1)
    }

    /// How far its slow start has come, in per cent.
    pub(crate) fn growth(&self) -> u32 {
        self.growth.load(Relaxed)
    }

    pub(crate) fn set_growth(&self, percent: u32) {
        self.growth.store(percent.clamp(1, 100), Relaxed);
    }

    /// Notes how much of its weight it wants, in per cent; says whether that is new.
    pub(crate) fn set_wanted(&self, percent: u32) -> bool {
        let percent = percent.clamp(1, 100);
        self.wanted.swap(percent, Relaxed) != percent
    }

    /// Whether clients that are not bound to it may be sent to it.
    pub(crate) fn takes_new_clients(&self) -> bool {
        self.state().takes_new_clients() && self.weight() > 0
    }

    /// What one more request would take, in microseconds.
    pub(crate) fn expected_wait(&self, now: Instant) -> f64 {
        self.ewma.expected_wait(self.active(), now)
    }

    /// Whether its idle connections are counted, and so shared by all workers.
    pub(crate) fn counts_connections(&self) -> bool {
        self.places.is_some() || self.min_idle > 0
    }

    /// Requests that wait for a place.
    pub(crate) fn queued(&self) -> u32 {
        self.places.as_ref().map_or(0, |places| places.waiting())
    }

    /// Requests it was given, each counted once however it ended.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.all()
    }

    /// The same, by the first digit of their status.
    pub(crate) fn by_status(&self) -> [u64; 5] {
        self.requests.each()
    }

    /// Tries that ended without an answer, or with a 5xx; one that was repeated elsewhere counts here and, as a request,
    /// there.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.load(Relaxed)
    }

    /// Requests and tunnels it has now.
    pub(crate) fn active(&self) -> u32 {
        self.active.load(Relaxed)
    }

    /// Tunnels it has now: WebSockets and other upgrades.
    pub(crate) fn tunnels(&self) -> u32 {
        self.tunnels.load(Relaxed)
    }

    /// Sticky cookies given out for it, less those of clients that were moved away.
    pub(crate) fn sessions(&self) -> u64 {
        self.sessions.load(Relaxed)
    }

    pub(crate) fn count_request(&self, status: u16) {
        self.requests.count(status);
    }

    pub(crate) fn count_error(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    pub(crate) fn session_given(&self) {
        self.sessions.fetch_add(1, Relaxed);
    }

    /// A client came with this backend's cookie and left with another's.
    pub(crate) fn session_moved(&self) {
        // Cookies outlive the program: one from an earlier run was never counted here.
        let _ = self.sessions.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1));
    }

    /// A check has ended: the next failure of traffic asks for another.
    pub(crate) fn clear_suspicion(&self) {
        self.suspected.store(false, Relaxed);
    }

    /// Asks for a check now because traffic failed; only the first failure of a burst does.
    pub(crate) fn suspect(&self) {
        if !self.suspected.swap(true, Relaxed) {
            self.recheck.notify_one();
        }
    }
}

/// Counts a request as active for as long as it lives, whatever way it ends.
pub(crate) struct Active(Arc<Backend>);

impl Active {
    pub(crate) fn new(backend: Arc<Backend>) -> Self {
        backend.active.fetch_add(1, Relaxed);
        Active(backend)
    }

    pub(crate) fn backend(&self) -> &Arc<Backend> {
        &self.0
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Relaxed);
    }
}

/// Counts a tunnel for as long as it lives.
pub(crate) struct Tunnelling(Arc<Backend>);

impl Tunnelling {
    pub(crate) fn new(backend: Arc<Backend>) -> Self {
        backend.tunnels.fetch_add(1, Relaxed);
        Tunnelling(backend)
    }
}

impl Drop for Tunnelling {
    fn drop(&mut self) {
        self.0.tunnels.fetch_sub(1, Relaxed);
    }
}
