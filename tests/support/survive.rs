//! What tests of `survive` share: a small app, and the traffic to it.

use std::process::{Command, Stdio};

use super::left_out::left_out;

/// The app, for `survive -- …`.
pub(crate) const APP: [&str; 2] = ["python3", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/session_app.py")];

/// A test command that logs in and looks at the cart twice, as one client.
pub(crate) const TRAFFIC: &str = r#"python3 -c '
import http.cookiejar, os, urllib.request
client = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
for path in ["/", "/login", "/cart", "/cart", "/"]:
    client.open(os.environ["STICKYLB_URL"] + path).read()
'"#;

/// Whether the app can be run here; where it cannot, says that the test is left out.
pub(crate) fn has_python() -> bool {
    has("python3")
}

/// The same of this program.
pub(crate) fn has(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let has = version.is_ok_and(|status| status.success());
    if !has {
        left_out(&format!("there is no {program} for the app that survive is asked about"));
    }
    has
}
