//! A listener with a full backlog: new connections are neither accepted nor refused.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::support::response;

pub(crate) struct Silent {
    pub(crate) port: u16,
    listener: TcpListener,
    waiting: Vec<TcpStream>,
}

impl Silent {
    pub(crate) fn new() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        socket.listen(0).unwrap();
        let listener = TcpListener::from(socket);
        Silent { port: listener.local_addr().unwrap().port(), listener, waiting: Vec::new() }
    }

    /// Accepts one more connection, and answers the request on it.
    pub(crate) fn answer_one(&self) {
        let (mut stream, _) = self.listener.accept().unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        stream.write_all(&response("200 OK", &["Connection: close"], "")).unwrap();
    }

    /// Fills the backlog.
    pub(crate) fn fall_silent(&mut self) {
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        for _ in 0..4 {
            match TcpStream::connect_timeout(&at, Duration::from_millis(300)) {
                Ok(stream) => self.waiting.push(stream),
                Err(_) => return,
            }
        }
        panic!("the queue takes everybody");
    }
}
