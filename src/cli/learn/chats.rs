//! People who chat: each has a WebSocket open through the lesson's balancer.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use crate::learn;

/// How long one who was cut, or could not come in, waits before the next try.
const AGAIN: Duration = Duration::from_secs(1);

/// The most bytes of a response's head.
const HEAD: usize = 16 * 1024;

/// They leave when it is dropped.
pub(super) struct Chats(Vec<JoinHandle<()>>);

impl Chats {
    /// Lets them come in. Must be called on a tokio runtime.
    pub(super) fn start(balancer: SocketAddr, chats: learn::Chats) -> Self {
        let one = |number: usize| tokio::spawn(person(balancer, number, chats));
        Chats((0..chats.count).map(one).collect())
    }
}

impl Drop for Chats {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// One place in the chat: where one leaves, another one comes.
async fn person(balancer: SocketAddr, number: usize, chats: learn::Chats) {
    // The first ones leave one after the other.
    let share =
        |lasting: Duration| lasting * u32::try_from(number + 1).unwrap_or(1) / u32::try_from(chats.count).unwrap_or(1);
    let mut stays = chats.lasting.map(share);
    let mut cookie = None;
    loop {
        let sits = sit(balancer, number, &mut cookie);
        match stays {
            Some(time) => {
                if tokio::time::timeout(time, sits).await.is_err() {
                    cookie = None;
                    stays = chats.lasting;
                }
            }
            None => drop(sits.await),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Chats until the connection ends; keeps the cookie that it is given.
async fn sit(balancer: SocketAddr, number: usize, cookie: &mut Option<String>) -> io::Result<()> {
    let mut stream = connect(balancer, number).await?;
    let with_cookie = cookie.as_ref().map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
    let head = format!(
        "GET /chat?name=c{number} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-User: c{number}\r\n{with_cookie}\r\n",
        port = balancer.port()
    );
    stream.write_all(head.as_bytes()).await?;
    let mut read = Vec::new();
    while !read.windows(4).any(|end| end == b"\r\n\r\n") {
        if read.len() > HEAD || stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&read);
    for line in text.lines().take_while(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("set-cookie")
        {
            *cookie = value.split(';').next().map(|pair| pair.trim().to_owned());
        }
    }
    if !text.starts_with("HTTP/1.1 101 ") {
        return Ok(());
    }
    let mut messages = [0; 1024];
    while stream.read(&mut messages).await? > 0 {}
    Ok(())
}

/// From an address of one's own where the system has them, as other people would come.
async fn connect(balancer: SocketAddr, number: usize) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    #[cfg(target_os = "linux")]
    {
        let own = Ipv4Addr::new(127, 0, 2, u8::try_from(number + 1).unwrap_or(1));
        socket.bind(SocketAddr::new(IpAddr::V4(own), 0))?;
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (number, IpAddr::V4(Ipv4Addr::LOCALHOST));
    socket.connect(balancer).await
}
