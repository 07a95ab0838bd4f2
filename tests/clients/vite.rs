//! Vite's development server behind the balancer: a changed file changes the page, over wss.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::chromium;
use crate::site::Site;
use crate::support::left_out::left_out;
use crate::support::program::{free_port, get};
use crate::support::until;
use crate::tool::works;

/// A development server, and the folder of what it serves. Both end with it.
struct Vite {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

const PAGE: &str = "<!doctype html><title>Vite</title><p id=text></p><script type=module src=/main.js></script>";

/// A module that is replaced in the page where it stands.
fn module(text: &str) -> String {
    format!("document.getElementById('text').textContent = '{text}';\nif (import.meta.hot) import.meta.hot.accept();\n")
}

impl Vite {
    /// `None` if it cannot be had here, which is said.
    fn start() -> Option<Self> {
        let vite = program();
        if !works("node", &["--version"]) || !vite.exists() {
            left_out("there is no Node.js with Vite: npm ci --prefix tests/apps");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("index.html"), PAGE).unwrap();
        fs::write(folder.path().join("main.js"), module("before")).unwrap();
        let port = free_port();
        let child = Command::new("node")
            .arg(vite)
            .args(["--host", "127.0.0.1", "--strictPort", "--port", &port.to_string()])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let vite = Vite { child, port, folder };
        until("Vite listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        assert!(get(port, "/").contains("Vite"));
        Some(vite)
    }

    /// Changes the module as an editor does.
    fn change(&self, text: &str) {
        fs::write(self.folder.path().join("main.js"), module(text)).unwrap();
    }
}

impl Drop for Vite {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apps/node_modules/vite/bin/vite.js")
}

#[test]
fn a_change_to_a_file_reaches_the_page_over_wss_without_a_reload() {
    let Some(vite) = Vite::start() else { return };
    let mut site = Site::of(json!({
        "port": 0,
        "tls": true,
        "backends": [{"id": 0, "name": "vite", "url": format!("http://127.0.0.1:{}", vite.port)}],
    }));
    let Some(mut browser) = chromium::open(&site, &site.url("app.localhost", "/")) else { return };
    let text = "document.getElementById('text')?.textContent";
    browser.until("the module has run", &format!("{text} === 'before'"));
    // Not by Vite's way out, a WebSocket to its own port.
    let upgraded = site.line("101");
    assert!(upgraded.contains("/?token="), "{upgraded}");
    browser.value("var stays = 'the same page'");
    for change in ["after", "and once more"] {
        // A development server that has just started may not watch its files yet: then they are saved again.
        until("the change is in the page", || {
            vite.change(change);
            (0..20).any(|_| {
                std::thread::sleep(Duration::from_millis(100));
                browser.value(text) == json!(change)
            })
        });
    }
    assert_eq!(browser.value("stays"), json!("the same page"));
}
