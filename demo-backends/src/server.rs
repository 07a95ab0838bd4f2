//! The accept loop, and what serves one connection.

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

use crate::options::Options;
use crate::router;
use crate::state::backend::Backend;
use crate::state::shutdown::Shutdown;

/// How long requests that are being served may take once it is shutting down.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);
/// Longer than balancers usually keep an idle connection, so that the balancer
/// closes it, and sends no request on a connection that closes at that moment.
const IDLE_TIMEOUT: Duration = Duration::from_mins(5);
const MAX_HEAD: usize = 64 * 1024;

/// Runs one backend until `shutdown` resolves.
///
/// `ready` is called once, with the address listened on, as soon as a client
/// may connect. After `shutdown` no connection is accepted, requests in flight
/// have two seconds to finish, event streams end, and WebSockets are closed with
/// 1001 (going away).
///
/// # Errors
///
/// When it cannot listen on the address.
pub async fn serve(
    options: Options,
    ready: impl FnOnce(SocketAddr),
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = TcpListener::bind((options.host, options.port)).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = Shutdown::new();
    let backend = Arc::new(Backend::new(options, address, stopped));
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);

    ready(address);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            // Otherwise the set would keep every connection that has ended.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&backend)));
                }
                // Such as too many open files: it may pass when a connection is closed.
                Err(_) => sleep(Duration::from_millis(50)).await,
            },
        }
    }

    drop(listener);
    // It fails only when no connection is left to be told.
    let _ = stop.send(true);
    let all_done = async { while connections.join_next().await.is_some() {} };
    if timeout(SHUTDOWN_GRACE, all_done).await.is_err() {
        connections.shutdown().await;
    }
    Ok(())
}

async fn connection(stream: TcpStream, backend: Arc<Backend>) {
    // Sends small pieces at once. If the option cannot be set, the same bytes
    // are sent, only later.
    let _ = stream.set_nodelay(true);
    let mut shutdown = backend.shutdown.clone();
    let (sessions, mut upgraded) = mpsc::channel(1);
    let service = {
        let backend = Arc::clone(&backend);
        service_fn(move |request| {
            let backend = Arc::clone(&backend);
            let sessions = sessions.clone();
            async move { Ok::<_, Infallible>(router::answer(&backend, request, &sessions).await) }
        })
    };
    {
        let http = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE_TIMEOUT)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut http = pin!(http);
        let served = tokio::select! {
            served = http.as_mut() => served,
            () = shutdown.wait() => {
                http.as_mut().graceful_shutdown();
                http.await
            }
        };
        // The client disconnected, or sent what is no HTTP and got a 400 from hyper.
        if served.is_err() {
            return;
        }
    }
    if let Ok(session) = upgraded.try_recv() {
        session.run(shutdown).await;
    }
}
