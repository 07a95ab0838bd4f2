//! A client: an address, a name, cookies and connections of its own.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, HeaderValue, SET_COOKIE, USER_AGENT};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use tokio::time::{Instant, timeout};

use super::connection::Connection;
use super::jar::Jar;
use super::mix::{Part, random};
use super::road::Road;
use crate::api::TrafficOptions;

/// The most that is read of an answer.
const MOST: usize = 64 << 20;

/// A client.
pub(super) struct Person {
    /// From 1: the last part of its address.
    pub(super) number: u32,
    /// Whether it keeps cookies.
    keeps: bool,
    /// What it does by chance in closed traffic, which does not depend on the others.
    pub(super) random: Mutex<fastrand::Rng>,
    jar: Mutex<Jar>,
    idle: Mutex<Vec<Connection>>,
}

impl Person {
    pub(super) fn new(number: u32, options: &TrafficOptions) -> Arc<Self> {
        Arc::new(Person {
            number,
            keeps: keeps(number, options.cookies, options.seed),
            random: Mutex::new(random(options.seed, 100 + u64::from(number))),
            jar: Mutex::default(),
            idle: Mutex::default(),
        })
    }

    /// Sends a request and reads the answer; its status, unless it was cut or did not end in time.
    pub(super) async fn ask(&self, road: &Road, part: &Part) -> Option<u16> {
        // Boxed, because it is large and lives as long as the request alone.
        timeout(road.limit(), Box::pin(self.exchange(road, part))).await.ok()?
    }

    async fn exchange(&self, road: &Road, part: &Part) -> Option<u16> {
        let mut request = self.request(road, part)?;
        loop {
            let idle = self.idle(road);
            let is_new = idle.is_none();
            let mut connection = match idle {
                Some(idle) => idle,
                None => Connection::open(road, self.number).await.ok()?,
            };
            match connection.sender.try_send_request(request).await {
                Ok(response) => return self.read(connection, response, part.target.path()).await,
                // A connection that has just been closed gives back what it has not sent.
                Err(mut error) => request = error.take_message().filter(|_| !is_new)?,
            }
        }
    }

    fn request(&self, road: &Road, part: &Part) -> Option<Request<Full<Bytes>>> {
        let user = format!("u{}", self.number);
        let (body, url) = (part.body(&user), road.listener().url_that_leads());
        let mut builder = Request::builder()
            .method(part.method.clone())
            .uri(part.target.clone())
            .header(HOST, url.split_once("://").map_or(url.as_str(), |(_, host)| host))
            .header(USER_AGENT, format!("stickylb-tui traffic/1 ({user})"))
            .header(ACCEPT, "*/*")
            .header("x-user", &user);
        if let Some(cookies) = locked(&self.jar).field(part.target.path(), SystemTime::now()) {
            builder = builder.header(COOKIE, HeaderValue::from_bytes(&cookies).ok()?);
        }
        if !body.is_empty() {
            builder = builder.header(CONTENT_TYPE, "application/json");
        }
        builder.body(Full::new(body)).ok()
    }

    /// Reads an answer to its end, and keeps its cookies and the connection.
    async fn read(&self, mut connection: Connection, response: Response<Incoming>, path: &str) -> Option<u16> {
        let status = response.status().as_u16();
        if self.keeps {
            let mut jar = locked(&self.jar);
            for field in response.headers().get_all(SET_COOKIE) {
                jar.take(field.as_bytes(), path, SystemTime::now());
            }
        }
        let mut body = response.into_body();
        let mut left = MOST;
        while let Some(frame) = body.frame().await {
            let length = frame.ok()?.data_ref().map_or(0, Bytes::len);
            let Some(less) = left.checked_sub(length) else { return Some(status) };
            left = less;
        }
        if connection.sender.ready().await.is_ok() {
            connection.idle_since = Instant::now();
            locked(&self.idle).push(connection);
        }
        Some(status)
    }

    /// A connection that can be used again.
    fn idle(&self, road: &Road) -> Option<Connection> {
        let (listener, longest) = (road.listener(), road.idle());
        let mut idle = locked(&self.idle);
        idle.retain(|one| {
            !one.sender.is_closed() && Arc::ptr_eq(&one.listener, &listener) && one.idle_since.elapsed() < longest
        });
        idle.pop()
    }
}

/// Whether a client keeps cookies: so many per cent of any clients in a row, which ones by the seed. It does not change with the
/// number of clients.
fn keeps(number: u32, share: u8, seed: u64) -> bool {
    let (share, place) = (u64::from(share), u64::from(number) + random(seed, 3).u64(..100));
    (place + 1) * share / 100 > place * share / 100
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Ignoring poison is safe: what is kept is whole after each step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_clients_keep_cookies_as_the_share_says_and_the_seed_says_which() {
        let kept = |share, seed| (1..=100).filter(|number| keeps(*number, share, seed)).collect::<Vec<u32>>();
        assert_eq!(kept(0, 7), Vec::<u32>::new());
        assert_eq!(kept(100, 7).len(), 100);
        assert_eq!(kept(50, 7).len(), 50);
        assert_eq!(kept(25, 7).len(), 25);
        assert_eq!(kept(25, 7), kept(25, 7));
        assert!((0..20).any(|seed| kept(25, seed) != kept(25, 7)));
        assert_eq!((1..=12).filter(|number| keeps(*number, 50, 7)).count(), 6);
    }
}
