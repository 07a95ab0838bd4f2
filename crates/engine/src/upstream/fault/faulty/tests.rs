use stickylb_http1::HeadLimits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::Instant;

use super::*;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n6\r\nefghij\r\n0\r\n\r\n";

fn response() -> Carries {
    Carries::Response { to_head: false, limits: HeadLimits { bytes: 65_536, fields: 128 } }
}

/// A connection with this fault, and the backend's end of it.
fn faulty(kind: &str, carries: Carries) -> (Faulty<DuplexStream>, DuplexStream) {
    let (ours, theirs) = duplex(1 << 20);
    let chaos: crate::api::Chaos = kind.parse().expect(kind);
    (Faulty::new(ours, &chaos.kind, carries), theirs)
}

/// All that comes of an answer in pieces of this size, and whether it ended by a reset.
async fn read(kind: &str, carries: Carries, answer: &str, pieces: usize) -> (String, bool) {
    let (mut stream, mut backend) = faulty(kind, carries);
    let answer = answer.to_owned();
    let sending = tokio::spawn(async move {
        for piece in answer.as_bytes().chunks(pieces) {
            backend.write_all(piece).await.expect("it is read");
            tokio::task::yield_now().await;
        }
        backend
    });
    let mut all = Vec::new();
    let ended = stream.read_to_end(&mut all).await;
    drop(sending);
    let text = String::from_utf8(all).expect("text");
    (text, ended.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset))
}

#[tokio::test]
async fn so_many_bytes_of_the_body_come_however_it_is_framed_and_in_whichever_pieces() {
    let plain = format!("{HEAD}abcdefghij");
    let interim = format!("HTTP/1.1 100 Continue\r\n\r\n{plain}");
    for pieces in [1, 2, 7, 1000] {
        for (kind, resets) in [("truncate 6B", false), ("reset after=6B", true)] {
            let (came, reset) = read(kind, response(), &plain, pieces).await;
            assert_eq!((came.as_str(), reset), (&*format!("{HEAD}abcdef"), resets), "{kind} in {pieces}");
            let (came, reset) = read(kind, response(), &interim, pieces).await;
            assert!(came.ends_with("\r\n\r\nabcdef") && came.starts_with("HTTP/1.1 100") && reset == resets, "{came}");
            let (came, _) = read(kind, response(), CHUNKED, pieces).await;
            let data = came.split_once("\r\n\r\n").expect("a head").1;
            assert!(data.starts_with("4\r\nabcd\r\n6\r\nef") && !data.contains('g'), "{data:?}");
            assert_eq!(read(kind, Carries::Raw, "abcdefghij", pieces).await, ("abcdef".to_owned(), resets));
        }
        let (came, _) = read("truncate 0", response(), &plain, pieces).await;
        assert_eq!(came, HEAD);
    }
}

#[tokio::test]
async fn a_body_that_is_no_longer_than_that_comes_whole() {
    let plain = format!("{HEAD}abcdefghij");
    for kind in ["truncate 10B", "truncate 1KB", "reset after=1KB"] {
        let (mut stream, mut backend) = faulty(kind, response());
        backend.write_all(plain.as_bytes()).await.expect("room");
        drop(backend);
        let mut all = String::new();
        stream.read_to_string(&mut all).await.expect("an end in good order");
        assert_eq!(all, plain, "{kind}");
    }
    // Its last chunk is within what was promised.
    let (came, _) = read("truncate 10B", response(), CHUNKED, 1000).await;
    assert!(came.contains("efghij") && !came.ends_with("0\r\n\r\n"), "{came:?}");
}

#[tokio::test]
async fn the_first_byte_is_late_and_the_rest_is_not() {
    let (mut stream, mut backend) = faulty("latency 150ms", response());
    backend.write_all(b"ab").await.expect("room");
    let began = Instant::now();
    let mut byte = [0; 1];
    stream.read_exact(&mut byte).await.expect("it comes");
    assert!(began.elapsed() >= Duration::from_millis(150) && byte == *b"a");
    backend.write_all(b"c").await.expect("room");
    let mut rest = [0; 2];
    stream.read_exact(&mut rest).await.expect("the rest");
    assert!(rest == *b"bc" && matches!(stream.act, Act::Pass));
}

#[tokio::test]
async fn an_interim_head_passes_at_once_and_the_final_one_waits() {
    for both_at_once in [false, true] {
        let (mut stream, mut backend) = faulty("latency 300ms", response());
        let (interim, all) = ("HTTP/1.1 100 Continue\r\n\r\n", format!("{HEAD}abcdefghij"));
        let came = if both_at_once { format!("{interim}{all}") } else { interim.to_owned() };
        let mut began = Instant::now();
        backend.write_all(came.as_bytes()).await.expect("room");
        let mut first = vec![0; 1000];
        let read = stream.read(&mut first).await.expect("the interim head");
        assert_eq!(std::str::from_utf8(&first[..read]), Ok(interim));
        if !both_at_once {
            began = Instant::now();
            assert!(matches!(stream.act, Act::Late(..)), "nothing waits yet");
            backend.write_all(all.as_bytes()).await.expect("room");
        }
        let mut rest = vec![0; all.len()];
        stream.read_exact(&mut rest).await.expect("the answer");
        assert_eq!(std::str::from_utf8(&rest), Ok(all.as_str()));
        assert!(began.elapsed() >= Duration::from_millis(300));
    }
}

#[tokio::test]
async fn a_slow_body_comes_whole_in_its_order_at_its_pace() {
    let body: String = (0..200).map(|n| char::from(b'a' + n % 26)).collect();
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{body}");
    let (mut stream, mut backend) = faulty("slow 1KB/s", response());
    backend.write_all(answer.as_bytes()).await.expect("room");
    let began = Instant::now();
    let mut all = vec![0; answer.len()];
    stream.read_exact(&mut all).await.expect("all of it");
    let took = began.elapsed();
    assert_eq!(String::from_utf8(all).expect("text"), answer);
    // A twentieth of a second's bytes comes at once.
    assert!(took >= Duration::from_millis(140), "{took:?}");
}

#[tokio::test]
async fn what_hangs_takes_everything_and_says_nothing_until_both_have_closed() {
    let (mut stream, mut backend) = faulty("hang", Carries::Raw);
    stream.write_all(b"question").await.expect("it passes");
    backend.read_exact(&mut [0; 8]).await.expect("it arrives");
    backend.write_all(&vec![b'x'; 100_000]).await.expect("it is read over");
    let mut byte = [0; 1];
    assert!(tokio::time::timeout(Duration::from_millis(30), stream.read(&mut byte)).await.is_err());
    drop(backend);
    assert!(tokio::time::timeout(Duration::from_millis(30), stream.read(&mut byte)).await.is_err());
    stream.shutdown().await.expect("it passes");
    assert_eq!(stream.read(&mut byte).await.expect("an end"), 0);
}

#[tokio::test]
async fn a_reset_comes_in_place_of_the_first_byte_and_ends_writing_too() {
    let (mut stream, mut backend) = faulty("reset", response());
    backend.write_all(HEAD.as_bytes()).await.expect("room");
    let error = stream.read(&mut [0; 9]).await.expect_err("a reset");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(stream.write(b"more").await.expect_err("it is gone").kind(), io::ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn what_a_head_and_a_malformed_answer_bring_passes_as_it_came() {
    let to_head = Carries::Response { to_head: true, limits: HeadLimits { bytes: 65_536, fields: 128 } };
    for (carries, answer) in [(to_head, HEAD), (response(), "no head\r\n\r\nat all")] {
        let (mut stream, mut backend) = faulty("truncate 0", carries);
        backend.write_all(answer.as_bytes()).await.expect("room");
        drop(backend);
        let mut all = String::new();
        stream.read_to_string(&mut all).await.expect("an end");
        assert_eq!(all, answer);
    }
}
