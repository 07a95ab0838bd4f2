//! A backend that gives one answer on each connection and then ends it, over TCP or TLS.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::PATIENCE;
use super::raw::target;

/// How to speak to a backend, and how it ends a connection after its answer.
#[derive(Clone)]
pub(crate) enum Transport {
    Plain,
    Tls(Arc<ServerConfig>),
    /// TLS that ends without a close_notify.
    TlsWithoutNotice(Arc<ServerConfig>),
}

/// Answers the first request of each connection with what `answer` makes of its head, and ends the connection; returns
/// the backend's URL.
pub(crate) fn backend(transport: &Transport, answer: impl Fn(&str) -> Vec<u8> + Clone + Send + 'static) -> String {
    let scheme = if matches!(transport, Transport::Plain) { "http" } else { "https" };
    let transport = transport.clone();
    let port = target(move |stream| {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // The test judges a balancer that has gone.
        let _ = serve(stream, &transport, &answer);
    });
    format!("{scheme}://localhost:{port}")
}

fn serve(mut stream: TcpStream, transport: &Transport, answer: &impl Fn(&str) -> Vec<u8>) -> io::Result<()> {
    match transport {
        Transport::Plain => reply(&mut stream, answer)?,
        Transport::Tls(config) | Transport::TlsWithoutNotice(config) => {
            let mut tls = StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), &mut stream);
            reply(&mut tls, answer)?;
            if matches!(transport, Transport::Tls(_)) {
                tls.conn.send_close_notify();
                tls.flush()?;
            }
        }
    }
    stream.shutdown(Shutdown::Write)?;
    // Closing with unread bytes would reset the connection and lose the answer.
    while stream.read(&mut [0; 1024])? > 0 {}
    Ok(())
}

/// Answers one request.
pub(crate) fn reply(stream: &mut (impl Read + Write), answer: &impl Fn(&str) -> Vec<u8>) -> io::Result<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    stream.write_all(&answer(&String::from_utf8_lossy(&head)))?;
    stream.flush()
}
