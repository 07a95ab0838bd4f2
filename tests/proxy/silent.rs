//! A listener that takes no more connections: those to it are neither accepted nor refused.

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

    /// Takes one connection yet, and answers the request on it.
    pub(crate) fn answer_one(&self) {
        let (mut stream, _) = self.listener.accept().unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        stream.write_all(&response("200 OK", &["Connection: close"], "")).unwrap();
    }

    /// From here on nobody finds a place in its queue.
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
