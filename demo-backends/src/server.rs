//! The accept loop, and the life of one connection.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::Options;
use crate::backend::{Backend, Stopping};
use crate::route;

const LAST_REQUESTS: Duration = Duration::from_secs(2);
/// Longer than balancers usually keep an idle connection, so that it is they
/// who close it and no request meets a closing one.
const IDLE: Duration = Duration::from_mins(5);
const LARGEST_HEAD: usize = 64 * 1024;

/// Runs one backend until `shutdown` resolves.
///
/// `ready` is called once, with the address listened on, as soon as a client
/// may connect. After `shutdown` no connection is accepted; requests under way
/// have two seconds to finish, event streams end, WebSockets are closed with
/// 1001 (going away).
///
/// # Errors
///
/// When the address cannot be listened on.
pub async fn serve(
    options: Options,
    ready: impl FnOnce(SocketAddr),
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = TcpListener::bind((options.host, options.port)).await?;
    let address = listener.local_addr()?;
    let (stop, stopping) = Stopping::new();
    let backend = Arc::new(Backend::new(options, address, stopping));
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);

    ready(address);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            // Without this the set would keep what finished.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&backend)));
                }
                // Such as too many open files: others may close some meanwhile.
                Err(_) => sleep(Duration::from_millis(50)).await,
            },
        }
    }

    drop(listener);
    // Nobody listening means nothing is open, which is as good.
    let _ = stop.send(true);
    let all_done = async { while connections.join_next().await.is_some() {} };
    if timeout(LAST_REQUESTS, all_done).await.is_err() {
        connections.shutdown().await;
    }
    Ok(())
}

async fn connection(stream: TcpStream, backend: Arc<Backend>) {
    // Small pieces should be seen when they are sent. Where it cannot be had,
    // the answers are the same, only later.
    let _ = stream.set_nodelay(true);
    let mut stopping = backend.stopping.clone();
    let (sessions, mut upgraded) = mpsc::channel(1);
    let service = {
        let backend = Arc::clone(&backend);
        service_fn(move |request| {
            let backend = Arc::clone(&backend);
            let sessions = sessions.clone();
            async move { Ok::<_, Infallible>(route::answer(&backend, request, &sessions).await) }
        })
    };
    {
        let http = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE)
            .max_buf_size(LARGEST_HEAD)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut http = pin!(http);
        let served = tokio::select! {
            served = http.as_mut() => served,
            () = stopping.wait() => {
                http.as_mut().graceful_shutdown();
                http.await
            }
        };
        // The client went away or spoke nonsense; hyper has told it so.
        if served.is_err() {
            return;
        }
    }
    if let Ok(session) = upgraded.try_recv() {
        session.run(stopping).await;
    }
}
