//! What is proven of a connection after its end, and what is not.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use super::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A connection on which a request and its answer have passed, so that acknowledgements are delayed; ours first.
async fn used() -> (Tcp, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut ours = Tcp::new(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
    let mut theirs = listener.accept().await.unwrap().0;
    ours.write_all(b"request").await.unwrap();
    theirs.read_exact(&mut [0; 7]).await.unwrap();
    theirs.write_all(b"answer").await.unwrap();
    ours.read_exact(&mut [0; 6]).await.unwrap();
    (ours, theirs)
}

fn set_reset_on_close(stream: &TcpStream) {
    SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Reads until the end, however it comes.
async fn read_to_end(ours: &mut Tcp) {
    let mut rest = Vec::new();
    let _ = ours.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
}

#[tokio::test]
async fn what_comes_after_a_close_is_proven_not_to_have_arrived() {
    let (mut ours, theirs) = used().await;
    let before = ours.written();
    drop(theirs);
    ours.write_all(b"another").await.unwrap();
    read_to_end(&mut ours).await;
    assert!(ours.had_closed(before).await);
}

#[tokio::test]
async fn what_comes_after_a_close_is_proven_though_nobody_has_read_the_fin() {
    let (mut ours, theirs) = used().await;
    let before = ours.written();
    drop(theirs);
    ours.write_all(b"another").await.unwrap();
    assert!(ours.had_closed(before).await);
}

#[tokio::test]
async fn so_it_is_where_the_reset_is_found_by_writing() {
    let (mut ours, theirs) = used().await;
    let before = ours.written();
    drop(theirs);
    while ours.write_all(b"another").await.is_ok() {}
    assert!(ours.had_closed(before).await);
}

#[tokio::test]
async fn a_request_that_was_read_before_a_reset_is_not_proven_though_it_is_not_acknowledged() {
    let (mut ours, mut theirs) = used().await;
    let before = ours.written();
    ours.write_all(b"another").await.unwrap();
    theirs.read_exact(&mut [0; 3]).await.unwrap();
    set_reset_on_close(&theirs);
    drop(theirs);
    // Whether the end is found by looking, by writing or by reading, and whichever takes the error first.
    ours.is_open();
    let _ = ours.write_all(b"more").await;
    read_to_end(&mut ours).await;
    assert!(!ours.had_closed(before).await);
}

#[tokio::test]
async fn a_request_that_was_read_before_a_close_is_not_proven() {
    let (mut ours, mut theirs) = used().await;
    let before = ours.written();
    ours.write_all(b"another").await.unwrap();
    theirs.read_exact(&mut [0; 7]).await.unwrap();
    drop(theirs);
    read_to_end(&mut ours).await;
    assert!(!ours.had_closed(before).await);
}

#[tokio::test]
async fn a_peer_that_only_stops_sending_may_still_take_a_request() {
    let (mut ours, mut theirs) = used().await;
    let before = ours.written();
    theirs.shutdown().await.unwrap();
    ours.write_all(b"another").await.unwrap();
    read_to_end(&mut ours).await;
    assert!(!ours.had_closed(before).await);
}
