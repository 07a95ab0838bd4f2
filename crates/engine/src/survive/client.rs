//! Sends one request, and takes what comes of it within bounds.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use stickylb_survive::{Answer, End, Fields, Request};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::exchange::{ends_with_connection, is_cookie, is_not_the_apps};
use super::limits::Limits;
use super::pace::Pace;

/// How long an answer is waited for.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// Time for a connection and a head.
    head: Duration,
    /// Time without a byte of a body, after which it is taken for a stream.
    silence: Duration,
    /// Time for a body as a whole.
    body: Duration,
}

impl Patience {
    /// For a request of which nothing is known.
    const ANY: Patience =
        Patience { head: Duration::from_secs(5), silence: Duration::from_secs(2), body: Duration::from_secs(4) };

    /// The least time for a head: the machine may be busy.
    const LEAST: Duration = Duration::from_millis(1500);

    /// For one that is known to be held: a refusal would come at once.
    pub(crate) const HELD: Patience =
        Patience { head: Duration::from_secs(1), silence: Duration::from_millis(500), body: Duration::from_secs(1) };

    /// For a request whose client waited so long for its answer when it was recorded: what waits for something else to happen,
    /// such as a long poll, is not waited for as long as that.
    pub(crate) fn of(waited: Duration) -> Self {
        let head = if waited > Self::ANY.head { Self::LEAST } else { waited * 3 + Self::LEAST };
        Patience { head: head.min(Self::ANY.head), ..Self::ANY }
    }
}

/// The most that is read of a body.
const MOST: usize = 256 * 1024;

/// How long a new protocol is watched: one that is refused is cut at once.
const UPGRADED: Duration = Duration::from_millis(300);

/// What answers can be unpacked from, to be compared.
const ENCODINGS: &str = "gzip, deflate";

/// Most fields of an answer: more than the balancer lets pass.
const FIELDS: usize = 1100;

/// What came of a request.
pub(crate) struct Reply {
    /// What the app answered; with status 0 where it did not.
    pub(crate) answer: Answer,
    /// What the balancer that was tried set as its own cookie.
    pub(crate) own_cookie: Option<String>,
}

/// Sends requests, each on a connection of its own, and follows no redirect.
#[derive(Default)]
pub(crate) struct Client {
    pace: Pace,
    limits: Limits,
}

/// A client's own cookie of the balancer that is tried: its name, and its value once there is one.
#[derive(Clone, Default)]
pub(crate) struct OwnCookie {
    /// Its name.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: Option<String>,
}

impl Client {
    /// Sends a request to this address; once more and slower from then on, where a limit on requests refuses it.
    pub(crate) async fn send(
        &self,
        to: SocketAddr,
        request: &Request,
        patience: Patience,
        cookie: Option<&OwnCookie>,
    ) -> Reply {
        let reply = self.send_once(to, request, patience, cookie).await;
        let Some(wait) = self.limits.wait(request, &reply.answer) else { return reply };
        self.pace.slow_down().await;
        tokio::time::sleep(wait).await;
        let again = self.send_once(to, request, patience, cookie).await;
        self.limits.note(request, &again.answer);
        again
    }

    /// Whether a limit on requests was reached where this one goes.
    pub(crate) fn is_limited(&self, request: &Request) -> bool {
        self.limits.are_reached(request)
    }

    async fn send_once(
        &self,
        to: SocketAddr,
        request: &Request,
        patience: Patience,
        cookie: Option<&OwnCookie>,
    ) -> Reply {
        self.pace.wait().await;
        let nothing = |end| Reply { answer: Answer { end, ..Answer::default() }, own_cookie: None };
        let Some(built) = build(request, cookie) else { return nothing(End::Cut) };
        match timeout(patience.head, head(to, built)).await {
            Err(_) => nothing(End::Held),
            Ok(None) => nothing(End::Cut),
            Ok(Some((response, _connection))) => {
                let name = cookie.map(|cookie| cookie.name.as_str());
                read(response, patience, name).await.unwrap_or_else(|| nothing(End::Cut))
            }
        }
    }
}

/// The connection of a request, which is served until it is dropped.
struct Connection(tokio::task::JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn head(to: SocketAddr, request: http::Request<Full<Bytes>>) -> Option<(http::Response<Incoming>, Connection)> {
    let stream = TcpStream::connect(to).await.ok()?;
    let mut builder = hyper::client::conn::http1::Builder::new();
    let builder = builder.max_headers(FIELDS);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.ok()?;
    let serving = tokio::spawn(async move {
        // How it ends shows in the answer.
        let _ = connection.with_upgrades().await;
    });
    let connection = Connection(serving);
    let response = sender.send_request(request).await.ok()?;
    Some((response, connection))
}

/// A request as it is sent; `None` where it is none that HTTP knows.
fn build(request: &Request, cookie: Option<&OwnCookie>) -> Option<http::Request<Full<Bytes>>> {
    let mut builder = http::Request::builder().method(request.method.as_str()).uri(request.target.as_str());
    let headers = builder.headers_mut()?;
    let mut cookies: Vec<&[u8]> = Vec::new();
    for (name, value) in &request.fields.0 {
        if ends_with_connection(name) {
            continue;
        }
        if name.eq_ignore_ascii_case("cookie") {
            cookies.push(value);
            continue;
        }
        if name.eq_ignore_ascii_case("accept-encoding") {
            headers.insert(http::header::ACCEPT_ENCODING, http::HeaderValue::from_static(ENCODINGS));
            continue;
        }
        let name = http::HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, http::HeaderValue::from_bytes(value).ok()?);
    }
    let own = cookie.and_then(|own| Some(format!("{}={}", own.name, own.value.as_ref()?)));
    cookies.extend(own.as_ref().map(String::as_bytes));
    if !cookies.is_empty() {
        headers.insert(http::header::COOKIE, http::HeaderValue::from_bytes(&cookies.join(&b"; "[..])).ok()?);
    }
    if headers.contains_key(http::header::UPGRADE) {
        headers.insert(http::header::CONNECTION, http::HeaderValue::from_static("Upgrade"));
    }
    if !headers.contains_key(http::header::HOST) {
        headers.insert(http::header::HOST, http::HeaderValue::from_static("localhost"));
    }
    builder.body(Full::new(Bytes::copy_from_slice(&request.body))).ok()
}

/// Reads an answer; `None` where it is the balancer's own, because no copy gave one.
async fn read(response: http::Response<Incoming>, patience: Patience, own: Option<&str>) -> Option<Reply> {
    let headers = response.headers();
    if !headers.contains_key("x-backend-id") {
        return None;
    }
    let mut fields = Fields::default();
    let mut own_cookie = None;
    for (name, value) in headers {
        let own = own.filter(|own| name == http::header::SET_COOKIE && is_cookie(value.as_bytes(), own));
        if let Some(own) = own {
            let pair = value.as_bytes().split(|b| *b == b';').next().unwrap_or_default();
            own_cookie = pair.get(own.len() + 1..).map(|value| String::from_utf8_lossy(value).into_owned());
        } else if !is_not_the_apps(name.as_str()) {
            fields.0.push((name.as_str().to_owned(), value.as_bytes().to_vec()));
        }
    }
    let status = response.status().as_u16();
    let (body, end) =
        if status == 101 { (Vec::new(), upgraded(response).await) } else { body(response, patience).await };
    let mut answer = Answer { status, fields, body, end };
    answer.unpack();
    Some(Reply { answer, own_cookie })
}

/// Whether a connection stays that changed its protocol.
async fn upgraded(response: http::Response<Incoming>) -> End {
    let Ok(upgraded) = hyper::upgrade::on(response).await else { return End::Cut };
    let mut stream = TokioIo::new(upgraded);
    let mut first = [0; 1024];
    let until = Instant::now() + UPGRADED;
    loop {
        match tokio::time::timeout_at(until, stream.read(&mut first)).await {
            Err(_) => return End::Held,
            Ok(Ok(1..)) => {}
            Ok(Ok(0) | Err(_)) => return End::Cut,
        }
    }
}

async fn body(response: http::Response<Incoming>, patience: Patience) -> (Vec<u8>, End) {
    let mut incoming = response.into_body();
    let mut body = Vec::new();
    let until = Instant::now() + patience.body;
    loop {
        let silent = (Instant::now() + patience.silence).min(until);
        match tokio::time::timeout_at(silent, incoming.frame()).await {
            Err(_) => return (body, End::Held),
            Ok(None) => return (body, End::Whole),
            Ok(Some(Err(_))) => return (body, End::Cut),
            Ok(Some(Ok(frame))) => {
                let Some(data) = frame.data_ref() else { continue };
                let room = MOST - body.len();
                body.extend_from_slice(&data[..data.len().min(room)]);
                if data.len() > room {
                    return (body, End::Longer);
                }
            }
        }
    }
}
