//! A test, or a part of one, that cannot be run on this machine.

use std::io::Write as _;

/// Says what is left out, and why. If `STICKYLB_TESTS_LEAVE_NOTHING_OUT` is set, as in the gate, the test fails
/// instead, because a test that does nothing would pass there unnoticed.
#[track_caller]
pub(crate) fn left_out(why: &str) {
    assert!(std::env::var_os("STICKYLB_TESTS_LEAVE_NOTHING_OUT").is_none(), "left out: {why}");
    // Not a macro: what macros print is hidden for passing tests.
    let _ = writeln!(std::io::stderr(), "left out: {why}");
}
