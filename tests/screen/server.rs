//! A backend inside a test, which gives every request the same response.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

/// Gives every request on this listener this response, until all tests have run.
pub(crate) fn serve(listener: TcpListener, answer: impl Into<Vec<u8>>) {
    let answer = answer.into();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || {
                // A client may leave at any time.
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(&answer);
            });
        }
    });
}

/// `serve` on a new port.
pub(crate) fn serve_anywhere(answer: impl Into<Vec<u8>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    serve(listener, answer);
    port
}

/// A complete response without a body.
pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
