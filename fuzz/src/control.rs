//! Lines on the control socket, from client and server.
//!
//! The target checks that what either side writes is read back unchanged.

use futures_util::FutureExt as _;
use stickylb_tui::fuzzing::{reply, request};

/// Tokens of the format.
pub const TOKENS: &[&str] = &[
    "\n",
    "{",
    "}",
    "[",
    "]",
    ",",
    "null",
    "true",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud83d\"",
    "\"ask\":\"do\",",
    "\"ask\":\"snapshot\"",
    "\"command\":\"setWeight\",",
    "\"command\":\"reload\"",
    "\"id\":0,",
    "\"id\":4294967296,",
    "\"weight\":1000",
    "\"reply\":\"failed\",",
    "\"reply\":\"happened\",",
    "\"error\":\"badWeight\"",
    "\"event\":\"notice\",",
    "\"time\":\"1970-01-01T00:00:00Z\",",
    "\"time\":\"-009999-01-01T00:00:00.0000001Z\",",
    "\"time\":\"9999-12-31T23:59:60+23:59\",",
    "\"seconds\":1e300,",
    "\"seconds\":-0.0,",
    "\"seconds\":1.0000000005,",
    "\"rule\":{\"by\":\"strategy\",\"place\":0,\"of\":0,\"against\":0},",
    "\"score\":{\"by\":\"load\",\"active\":0,\"weight\":0},",
    "\"outcome\":{\"status\":0},",
    "\"outcome\":{\"badAnswer\":\"coding\"},",
    "\"ip\":\"fe80::1%1\",",
    "\"bytes\":\"\\u00ff\"",
    "\"by\":\"header:\"",
];

/// One line, read and written again.
fn written(line: &[u8], of_server: bool) -> Option<Vec<u8>> {
    let mut line = line;
    let found = if of_server { reply(&mut line).now_or_never() } else { request(&mut line).now_or_never() };
    found.expect("these bytes are there at once").ok().flatten()
}

/// Lines that come over the socket.
pub fn target(data: &[u8]) {
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        for of_server in [false, true] {
            let Some(first) = written(line, of_server) else { continue };
            let again = written(&first, of_server).unwrap_or_default();
            assert_eq!(again.escape_ascii().to_string(), first.escape_ascii().to_string(), "not what was written");
            assert_eq!(first.iter().position(|byte| *byte == b'\n'), Some(first.len() - 1), "not one line");
        }
    }
}
