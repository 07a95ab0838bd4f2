//! A running backend, and a client that shows the bytes of its responses.

// Each test file is a crate of its own, and none of them uses everything here.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use demo_backends::{Options, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub struct Running {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Running {
    pub async fn start(name: &str) -> Self {
        let (host, color) = (IpAddr::V4(Ipv4Addr::LOCALHOST), "#0072b2".to_owned());
        let options = Options { name: name.to_owned(), host, port: 0, letter: 'A', color };
        let (tell, told) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(options, |address| tell.send(address).unwrap(), async {
            let _ = stopped.await;
        }));
        let address = told.await.unwrap();
        Self { address, stop, served }
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Begins the shutdown; the handle returned ends when the backend has.
    pub fn stop(self) -> JoinHandle<std::io::Result<()>> {
        self.stop.send(()).unwrap();
        self.served
    }

    /// Sends these bytes, and reads until the connection is closed.
    pub async fn raw(&self, request: &str) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer { head: head.to_owned(), body: body.to_owned() }
    }

    /// A request without a body; `headers` are whole lines.
    pub async fn ask(&self, method: &str, target: &str, headers: &str) -> Answer {
        self.raw(&format!("{method} {target} HTTP/1.1\r\nhost: test\r\n{headers}connection: close\r\n\r\n")).await
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, "").await
    }
}

pub struct Answer {
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}
