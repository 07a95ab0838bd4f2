//! A backend over TLS.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use tokio_rustls::rustls::{ServerConnection, StreamOwned};

use crate::support::tls::self_signed;

/// Answers every request on every connection with `over TLS`; returns its port.
pub(crate) fn tls_backend() -> u16 {
    let (_, config) = self_signed();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, config) = (stream.unwrap(), Arc::clone(&config));
            std::thread::spawn(move || {
                let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
                let mut head = Vec::new();
                let mut byte = [0];
                // A client that does not trust the certificate leaves.
                while tls.read_exact(&mut byte).is_ok() {
                    head.push(byte[0]);
                    if head.ends_with(b"\r\n\r\n") {
                        head.clear();
                        tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nover TLS").unwrap();
                    }
                }
            });
        }
    });
    port
}
