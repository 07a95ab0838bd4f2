//! What a request costs where this program decides: `cargo bench --bench hot_path`.

use divan::{Bencher, black_box};
use stickylb::api::Strategy;
use stickylb::bench::{Choices, Ring, rewrite};

fn main() {
    divan::main();
}

/// The choice among 3 backends and among 300, by each strategy.
#[divan::bench(args = Strategy::ALL.into_iter().flat_map(|strategy| [(strategy, 3), (strategy, 300)]))]
fn choose(bencher: Bencher, (strategy, backends): (Strategy, u32)) {
    let mut choices = Choices::new(strategy, backends);
    bencher.bench_local(|| choices.choose());
}

const SHORT: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const BROWSER: &str = "GET /api/cart?item=1 HTTP/1.1\r\nHost: localhost:3001\r\nConnection: keep-alive\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n\
    Accept-Language: en-GB,en;q=0.9\r\nCookie: theme=dark; X-Backend-ID=1; session=8f14e45fceea167a5a36dedd4bea2543\r\n\
    Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\nReferer: http://localhost:3001/\r\n\r\n";

/// Finding a head in the bytes that came, and writing its fields as they go on.
#[divan::bench(args = ["short", "browser"])]
fn head(bencher: Bencher, whose: &str) {
    let bytes = if whose == "short" { SHORT } else { BROWSER };
    let mut out = Vec::new();
    bencher.bench_local(|| {
        out.clear();
        rewrite(black_box(bytes.as_bytes()), &mut out)
    });
}

/// An event's way from a worker to a reader, a thousand at a time.
#[divan::bench(items_count = 1000_usize)]
fn ring(bencher: Bencher) {
    let mut ring = Ring::default();
    bencher.bench_local(|| {
        ring.push(1000);
        ring.take()
    });
}
