//! A real browser, driven over its `DevTools` protocol.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use super::{Client, request, until_some};

/// One at a time: each is several processes, and takes as much of the machine as all other tests together.
static ALONE: Mutex<()> = Mutex::new(());

/// A headless Chromium with one page. Dropping it ends it.
pub(crate) struct Browser {
    child: Child,
    page: WebSocket<TcpStream>,
    number: u64,
    /// What the page complained of, in the browser's words.
    complaints: Vec<String>,
    _dir: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

/// The browser's program, if there is one.
fn found() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path).flat_map(|dir| names.map(|name| dir.join(name))).find(|file| file.is_file())
}

impl Browser {
    /// Opens this URL; `None` if there is no browser on this machine.
    pub(crate) fn open(url: &str) -> Option<Self> {
        Browser::start(None, url)
    }

    /// The same for a user with this home: the browser trusts what the certificate database there does.
    pub(crate) fn at_home(home: &Path, url: &str) -> Option<Self> {
        Browser::start(Some(home), url)
    }

    fn start(home: Option<&Path>, url: &str) -> Option<Self> {
        let program = found()?;
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--no-proxy-server"])
            .arg("--remote-debugging-port=0")
            .arg(format!("--user-data-dir={}", dir.path().display()))
            .arg("about:blank")
            .env("HOME", home.unwrap_or(dir.path()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let port = until_some("the browser can be driven", || {
            assert!(child.try_wait().unwrap().is_none(), "the browser has ended");
            driven_at(dir.path())
        });
        let target = until_some("the browser has a page", || page_of(port));
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (page, _) = client(format!("ws://127.0.0.1:{port}/devtools/page/{target}"), stream).unwrap();
        let mut browser = Browser { child, page, number: 0, complaints: Vec::new(), _dir: dir, _alone: alone };
        for method in ["Runtime.enable", "Log.enable", "Page.enable"] {
            browser.ask(method, &json!({}));
        }
        browser.go(url);
        Some(browser)
    }

    pub(crate) fn go(&mut self, url: &str) {
        self.ask("Page.navigate", &json!({"url": url}));
    }

    /// Sets the size of its window, in CSS pixels.
    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": true});
        self.ask("Emulation.setDeviceMetricsOverride", &size);
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let answer = self.ask("Runtime.evaluate", &json!({"expression": expression, "returnByValue": true}));
        answer["result"]["value"].clone()
    }

    /// Waits until an expression in the page is true.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, expression: &str) {
        until_some(what, || (self.value(expression) == json!(true)).then_some(()));
    }

    /// The cookies that it would send to the page's server, as the protocol shows them.
    pub(crate) fn cookies(&mut self) -> Vec<Value> {
        let answer = self.ask("Network.getCookies", &json!({}));
        answer["cookies"].as_array().cloned().unwrap_or_default()
    }

    pub(crate) fn complaints(&mut self) -> Vec<String> {
        // What was said before this answer has been read with it.
        self.value("0");
        self.complaints.clone()
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.number += 1;
        let number = self.number;
        let text = json!({"id": number, "method": method, "params": params}).to_string();
        self.page.send(Message::text(text)).unwrap();
        loop {
            let Message::Text(text) = self.page.read().unwrap() else { continue };
            let said: Value = serde_json::from_str(&text).unwrap();
            match said["method"].as_str() {
                Some("Log.entryAdded") => self.complaints.push(said["params"]["entry"].to_string()),
                Some("Runtime.exceptionThrown") => self.complaints.push(said["params"].to_string()),
                _ if said["id"] == number => return said["result"].clone(),
                _ => {}
            }
        }
    }
}

/// The port it says it can be driven at.
fn driven_at(dir: &Path) -> Option<u16> {
    let text = std::fs::read_to_string(dir.join("DevToolsActivePort")).ok()?;
    text.lines().next()?.parse().ok()
}

/// The id of its page.
fn page_of(port: u16) -> Option<String> {
    let mut client = Client::connect(port);
    let answer = client.exchange(&request("GET", "/json", &["Connection: close"]));
    let targets: Value = serde_json::from_slice(&answer.body.bytes).ok()?;
    let page = targets.as_array()?.iter().find(|target| target["type"] == "page")?;
    Some(page["id"].as_str()?.to_owned())
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
