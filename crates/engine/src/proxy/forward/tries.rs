//! The tries of one request: what they share, and what is booked after each.

use http::{HeaderValue, StatusCode};
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stickylb_http1::FieldKind;

use super::read_ahead::{may_have_id, read_ahead};
use super::retry::{may_retry, tries_made};
use super::route::{Destination, own_cookies};
use super::selection::{SelectBy, Selection};
use crate::api::{
    About, Attempt, BackendId, CookieAction, Decision, Ended, Fault, Level, Outcome, Part, Rule, StickyKey, Stopped,
    Strategy,
};
use crate::balancer::{AnsweredBy, Asker, Backend, Choice, NoBackend, Pool, Slot, Taught, Ticket, Traits, Watch};
use crate::proxy::connection::{After, Client, Stage};
use crate::proxy::exchange::{Answered, Exchange, Failure, Request, UpstreamExchange, attempt};
use crate::proxy::io::Broken;
use crate::proxy::local_reply::{LocalReply, send};
use crate::proxy::response::{Delivered, Source, deliver, take_rest};
use crate::state::{Routing, Tried};

/// What a failed try counts for at least in a backend's response time, where the strategy goes by that: no answer is no
/// quick answer.
const FAILED: Duration = Duration::from_secs(1);

/// Why no backend is tried any more.
pub(super) enum Stop {
    /// The client left before there was a response.
    Disconnected,
    /// The balancer answers itself.
    Reply(LocalReply),
}

/// What the tries of one request share.
pub(super) struct Tries<'t, 'c> {
    client: &'t mut Client<'c>,
    routing: &'t Routing,
    exchange: &'t mut Exchange<'c>,
    request: &'t mut Request,
    selection: Selection<'t>,
    /// What the request brings that binds it to a backend was read.
    key_read: bool,
}

impl<'t, 'c> Tries<'t, 'c> {
    /// Of a request that begins to look for a backend now.
    #[inline]
    pub(super) fn new(
        client: &'t mut Client<'c>,
        (routing, (live, route)): (&'t Routing, Destination<'t>),
        exchange: &'t mut Exchange<'c>,
        request: &'t mut Request,
        now: Instant,
    ) -> Self {
        let replay = client.replay.as_ref();
        let decision = exchange.decision();
        decision.pool.clone_from(&live.label);
        decision.route = route.cloned();
        decision.replayed = replay.map(|replay| replay.of);
        decision.edited = replay.is_some_and(|replay| replay.edited);
        let by = replay.and_then(|replay| replay.to).map_or(SelectBy::Key, SelectBy::Person);
        request.written = exchange.recording.is_some().then(Part::default);
        let selection = Selection::new(client.proxy, live, by, client.config.hold, now);
        Tries { client, routing, exchange, request, selection, key_read: false }
    }

    /// The backend for the next try, once there is one.
    pub(super) async fn choose_or_wait(&mut self) -> Result<Choice, Stop> {
        match self.choose() {
            Ok(choice) => Ok(choice),
            // Boxed, because it is long and seldom gone: a client's connection holds the memory of the longest way its
            // requests could go for as long as it lives.
            Err(no) => Box::pin(self.wait(no)).await,
        }
    }

    /// An error of `None` is that the request's body is to be read first.
    #[inline]
    fn choose(&mut self) -> Result<Choice, Option<NoBackend>> {
        let pool = self.selection.live.current.load();
        if !mem::replace(&mut self.key_read, true) {
            self.read_key(&pool);
            let looks = |watch| pool.looks_into_body(watch) && may_have_id(self.request);
            if self.selection.watch.is_some_and(looks) {
                return Err(None);
            }
        }
        if let Some(lost) = pool.lost(&self.selection.bound, &self.selection.tried) {
            self.tell_apart(lost);
        }
        self.selection.choose_from(&pool, self.exchange.decision()).map_err(Some)
    }

    /// Reads what binds the request to a backend of this pool, and which of its cookies are no backend's business.
    fn read_key(&mut self, pool: &Pool) {
        let request = &mut *self.request;
        let read = pool.read(&request.head, request.query(), request.ip, self.selection.began);
        (self.selection.bound, self.selection.watch) = read;
        if pool.is_watched() {
            self.selection.bound.asker = Some(Box::new(asker(request)));
        }
        if request.head.has(FieldKind::Cookie) {
            own_cookies(self.routing, self.selection.live, pool, &mut request.own_cookies);
        }
    }

    /// Reads what tells a client that lost its backend from others, once.
    fn tell_apart(&mut self, lost: BackendId) {
        let request = &*self.request;
        let read = || Box::new(Traits::read(&request.head, request.ip, lost, &request.own_cookies));
        self.selection.bound.traits.get_or_insert_with(read).is_replay = self.client.replay.is_some();
    }

    /// Chooses by the id in the request's body, where it has one.
    async fn choose_by_body(&mut self) -> Result<Choice, NoBackend> {
        let body = read_ahead(self.client, self.request.framing).await;
        let pool = self.selection.live.current.load();
        let read = pool.read_body(&body, self.request.ip, self.selection.began);
        let asker = self.selection.bound.asker.take();
        (self.selection.bound, self.selection.watch) = read;
        self.selection.bound.asker = asker;
        self.choose().map_err(|no| no.unwrap_or(NoBackend::Nobody))
    }

    async fn wait(&mut self, no: Option<NoBackend>) -> Result<Choice, Stop> {
        let no = match no {
            Some(no) => no,
            None => match self.choose_by_body().await {
                Ok(choice) => return Ok(choice),
                Err(no) => no,
            },
        };
        // Its backend may go while it waits for it.
        if let Some(own) = self.selection.bound.named() {
            self.tell_apart(own);
        }
        let waiting = self.selection.wait(no, self.exchange.decision());
        let chosen = self.client.unless_disconnected(waiting).await;
        let waited = self.selection.take_waited();
        if !waited.is_zero() {
            self.exchange.waited(waited);
            self.client.clock.enter(Stage::Waiting, self.selection.began);
        }
        match chosen {
            Ok(Ok(choice)) => Ok(choice),
            Ok(Err(no)) => Err(Stop::Reply(no_backend(no, self.exchange.decision()))),
            Err(_) => Err(Stop::Disconnected),
        }
    }

    /// One try on this backend.
    pub(super) async fn attempt(
        &mut self,
        backend: &Arc<Backend>,
        slot: Option<Slot>,
        ticket: Option<Ticket>,
    ) -> Result<Answered, Failure> {
        self.selection.live.picks.picked(backend.id());
        self.exchange.assign(backend, self.selection.began, ticket);
        self.selection.tried.push(backend.id());
        let decision = self.exchange.decision();
        let result = attempt(self.client, decision, backend, slot, self.request, self.selection.began).await;
        if let (Some(recording), Some(written)) = (&mut self.exchange.recording, &mut self.request.written) {
            recording.heads.sent = mem::take(written);
        }
        result
    }

    /// Books a backend's answer, and gives the time at which it was there; `None` where it is given up for the next
    /// backend's.
    #[inline]
    pub(super) fn after_answer(&mut self, backend: &Backend, answered: &Answered) -> Result<Option<Instant>, Stop> {
        let status = answered.head.line.status;
        self.client.proxy.shared.registry.traffic_answered(backend, status);
        if self.may_give_up(status) {
            self.book_failure(backend, Outcome::Status(status));
            self.go_on(backend);
            return Ok(None);
        }
        let began = self.selection.began;
        let took = began.elapsed();
        backend.concurrency.answers();
        // RFC 9110 7.8: a backend switches only where it was asked to, and to what it was asked for.
        let unasked = status == 101 && !self.request.accepts_switch(&answered.head);
        let outcome = if unasked { Outcome::BadAnswer(Fault::Switch) } else { Outcome::Answered };
        self.exchange.tried(Tried { began, connected: answered.connected, answered: Some(began + took) });
        let decision = self.exchange.decision();
        decision.attempts.push(Attempt::new(&backend.identity, outcome, took));
        let counts = decision.strategy == Strategy::LeastLatency;
        self.exchange.took(took, began + took, counts);
        if unasked {
            return Err(Stop::Reply(LocalReply::bad_answer(self.exchange.decision().reason())));
        }
        Ok(Some(began + took))
    }

    /// Whether `retry.on` names this status and another backend may be asked for a better one.
    fn may_give_up(&mut self, status: u16) -> bool {
        self.client.config.retry.statuses.contains(&status)
            && self.selection.has_another()
            && self.may_retry(1, true).is_ok()
    }

    /// Whether the next backend may be tried; `unbooked` tries are not in the decision yet.
    fn may_retry(&mut self, unbooked: usize, wanted: bool) -> Result<(), Stopped> {
        let made = tries_made(self.client, self.exchange.decision(), unbooked, self.selection.tried.len());
        may_retry(self.client, self.request, made, wanted)
    }

    /// Books a try that gave no answer; an error is why the next backend is not tried.
    pub(super) fn after_failure(&mut self, backend: &Backend, failure: Failure) -> Result<(), Stop> {
        let outcome = match failure {
            Failure::Backend(outcome) => outcome,
            Failure::Client(broken) => return Err(self.after_broken_body(broken)),
        };
        self.book_failure(backend, outcome);
        if outcome == Outcome::Exhausted {
            // Nobody was asked.
            self.exchange.release();
            return Err(Stop::Reply(LocalReply::unavailable(self.exchange.decision().reason())));
        }
        // Outlier ejection counts it, and a check is asked for.
        self.client.proxy.shared.registry.traffic_failed(backend, outcome);
        if outcome == Outcome::ResponseTimeout {
            return Err(Stop::Reply(LocalReply::gateway_timeout(self.exchange.decision().reason())));
        }
        // What was never written costs a backend nothing, so that it is another matter than what may have been acted on.
        let retry = &self.client.config.retry;
        let wanted = if self.request.sent { retry.on_no_response } else { retry.on_connect };
        if let Err(stopped) = self.may_retry(0, wanted) {
            self.exchange.decision().stopped = Some(stopped);
            return Err(Stop::Reply(unanswered(self.exchange.decision())));
        }
        self.go_on(backend);
        Ok(())
    }

    /// The request's body broke off, which is the client's doing and no backend's.
    fn after_broken_body(&mut self, broken: Broken) -> Stop {
        let status = match broken {
            Broken::Gone => return Stop::Disconnected,
            Broken::BadFraming => StatusCode::BAD_REQUEST,
            Broken::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Broken::TooSlow => StatusCode::REQUEST_TIMEOUT,
        };
        self.exchange.release();
        self.exchange.decision().rule = Rule::Refused { why: broken.why().into() };
        Stop::Reply(LocalReply::refused(status, broken.why()))
    }

    fn book_failure(&mut self, backend: &Backend, outcome: Outcome) {
        let began = self.selection.began;
        let took = began.elapsed();
        let decision = self.exchange.decision();
        decision.attempts.push(Attempt::new(&backend.identity, outcome, took));
        let counts = decision.strategy == Strategy::LeastLatency;
        self.exchange.took(took.max(FAILED), began + took, counts);
    }

    /// The failure is this backend's; the request goes on, by the states as they are now.
    fn go_on(&mut self, backend: &Backend) {
        backend.counters.count_error();
        backend.counters.count_retry();
        self.exchange.release();
        self.selection.began = Instant::now();
    }

    /// Passes a response on to the client, and waits for the short rest of the request's body where its answer came early.
    pub(super) async fn deliver(
        &mut self,
        answered: &mut Answered,
        backend: &Arc<Backend>,
        set_cookie: Option<&HeaderValue>,
        since: Instant,
    ) -> Delivered {
        // A replay moves nobody: the client itself gets no answer of it.
        let is_replay = self.client.replay.is_some();
        if self.selection.bound.is_by_key() && !is_replay {
            self.selection.live.current.load().note(&self.selection.bound, backend.id());
        }
        if let (Some(watch), false) = (self.selection.watch, is_replay) {
            self.learn(watch, backend, answered, since);
        }
        let binds = !self.exchange.decision().rule.is_sticky() && !is_replay;
        let set_cookie = set_cookie.filter(|_| binds);
        if set_cookie.is_some() {
            self.book_session(backend);
        }
        let source = Source { backend, set_cookie };
        let delivered = deliver(self.client, self.exchange, self.request, answered, source, since).await;
        if delivered.leaves_a_rest(self.client, self.request) {
            Box::pin(take_rest(self.client, self.request, &mut answered.upstream)).await;
        }
        delivered
    }

    /// Learns from a response whose ids are this backend's.
    #[inline(never)]
    fn learn(&mut self, watch: Watch, backend: &Backend, answered: &Answered, now: Instant) {
        let by = AnsweredBy {
            backend: backend.id(),
            number: self.exchange.recording.as_ref().map(|recording| recording.heads.number),
            deletes: self.request.head.method() == b"DELETE",
            now,
        };
        let Some(taught) = self.selection.live.current.load().learn(watch, &answered.head, by) else { return };
        let Taught { learning, open, moved, warning } = taught;
        self.exchange.learning = learning;
        self.exchange.open = open;
        if moved {
            self.selection.live.picks.moved();
        }
        if let Some(warning) = warning {
            let telemetry = &self.client.proxy.shared.telemetry;
            telemetry.notice(Level::Warning, warning.clone());
            telemetry.warn_of(About::Sticky, warning);
        }
    }

    /// Notes that the client gets this backend's cookie, and whose it had.
    fn book_session(&mut self, backend: &Backend) {
        let decision = self.exchange.decision();
        let Some(StickyKey::Cookie { id, .. }) = decision.key else {
            decision.cookie = CookieAction::New;
            backend.counters.session_given();
            return;
        };
        decision.cookie = CookieAction::Rewritten;
        if !decision.moves_a_client() {
            return;
        }
        backend.counters.session_given();
        self.selection.live.picks.moved();
        if let Some((_, before)) = self.client.proxy.shared.topology.load().find(id) {
            before.counters.session_moved();
        }
    }

    /// Books how the response ended; says what becomes of the client's connection.
    #[inline]
    pub(super) fn conclude(self, delivered: &Delivered, upstream: UpstreamExchange, backend: &Arc<Backend>) -> After {
        delivered.conclude(self.client, self.exchange, self.request, upstream, backend)
    }

    /// Books that the client left before there was a response.
    pub(super) fn disconnected(self) -> After {
        self.exchange.carried(0, self.request.upload.data());
        self.exchange.end(Ended::ClientGone, Instant::now());
        self.client.front.fail(Ended::ClientGone)
    }

    /// Answers in a backend's stead.
    pub(super) async fn reply(&mut self, answer: LocalReply) -> After {
        self.selection.live.picks.replied(answer.status.as_u16());
        let reply = answer.reply(self.request.wants_page());
        send::reply(self.client, self.exchange, Some(self.request), reply).await
    }
}

/// Who asks, for the record of the choice.
#[cold]
fn asker(request: &Request) -> Asker {
    Asker::of(&request.head, request.ip)
}

/// What a client is told for whom no backend could be chosen, however long it waited.
fn no_backend(no: NoBackend, decision: &Decision) -> LocalReply {
    let why = decision.reason();
    match no {
        NoBackend::Full if decision.rule == Rule::QueueFull => LocalReply::too_many(why),
        NoBackend::Full => LocalReply::no_place(why),
        NoBackend::Nobody if !decision.attempts.is_empty() => unanswered(decision),
        NoBackend::Nobody | NoBackend::Kept => LocalReply::unavailable(why),
    }
}

/// What a client is told where every try failed: by the last one, whose time may have run out.
fn unanswered(decision: &Decision) -> LocalReply {
    let why = decision.reason();
    match decision.attempts.last().map(|attempt| attempt.outcome) {
        Some(Outcome::ConnectTimeout) => LocalReply::gateway_timeout(why),
        Some(Outcome::BadAnswer(_)) => LocalReply::bad_answer(why),
        _ => LocalReply::bad_gateway(why),
    }
}
