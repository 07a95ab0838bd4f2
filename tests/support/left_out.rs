//! A test, or a part of one, that cannot be run on this machine.

use std::io::Write as _;

/// Says what is left out, and why. Where `STICKYLB_TESTS_LEAVE_NOTHING_OUT` is set, as in the gate, the test fails: there a
/// test that quietly does nothing would pass for one that kept its promise.
#[track_caller]
pub(crate) fn left_out(why: &str) {
    assert!(std::env::var_os("STICKYLB_TESTS_LEAVE_NOTHING_OUT").is_none(), "left out: {why}");
    // The macros' output is shown for tests that fail, and this one passes.
    let _ = writeln!(std::io::stderr(), "left out: {why}");
}
