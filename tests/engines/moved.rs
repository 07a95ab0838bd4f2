//! A balancer with clients, and then another engine on its port, with what `export` wrote for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::home::Home;
use crate::support::program::Headless;
use crate::support::raw::HeldPort;
use crate::support::{After, Backend, Call, Client, Response, request, response, until};

/// The names and ids of the backends: ids that are no positions.
const BACKENDS: [(&str, u32); 3] = [("alpha", 7), ("bravo", 3), ("charlie", 12)];

/// Requests of a client that must all go to one backend.
const ASKED: usize = 10;

/// An engine of this machine: how it is started on a file.
pub(crate) struct Engine {
    /// The words of `export`.
    pub(crate) export: &'static [&'static str],
    /// What the file is called.
    pub(crate) file: &'static str,
    /// The command that serves by this file, in the foreground, in this folder.
    pub(crate) command: fn(&Path, &Path) -> Command,
}

/// Backends, and the folder of what is in front of them.
pub(crate) struct Site {
    home: Home,
    backends: Vec<Option<Backend>>,
    pub(crate) port: u16,
    /// Between two that serve on it, nobody else is given the port.
    _held: HeldPort,
}

/// An engine that serves; it ends with this value.
pub(crate) struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, Signal::TERM);
        let _ = self.0.wait();
    }
}

/// A backend that tells its name.
fn named(name: &'static str) -> Backend {
    Backend::start(move |call: &mut Call| {
        call.body();
        call.send(&response("200 OK", &[], name));
        After::Keep
    })
}

impl Site {
    /// Backends, which are in front of nothing yet.
    pub(crate) fn new() -> Self {
        Site::of(BACKENDS.map(|(name, _)| named(name)))
    }

    /// These backends, called alpha, bravo and charlie.
    pub(crate) fn of(backends: [Backend; 3]) -> Self {
        let held = HeldPort::new();
        Site { home: Home::new(), backends: backends.map(Some).into(), port: held.port, _held: held }
    }

    /// The engine on the port of our balancer, which had this changed in its configuration.
    pub(crate) fn taken_over(&self, engine: &Engine, change: impl FnOnce(&mut Value)) -> Serving {
        let mut lb = self.balanced(change);
        let file = self.exported(engine);
        lb.signal(Signal::TERM);
        lb.ended();
        self.serve(engine, &file)
    }

    /// One of them that was not killed.
    pub(crate) fn backend(&self, name: &str) -> &Backend {
        let at = BACKENDS.iter().position(|(other, _)| *other == name).unwrap();
        self.backends[at].as_ref().unwrap()
    }

    /// Our balancer in front of them, with this changed in its configuration.
    pub(crate) fn balanced(&self, change: impl FnOnce(&mut Value)) -> Headless {
        let backend = |((name, id), backend): (&(&str, u32), &Option<Backend>)| {
            let url = format!("http://127.0.0.1:{}", backend.as_ref().unwrap().port);
            json!({"id": id, "name": name, "url": url})
        };
        let backends: Vec<Value> = BACKENDS.iter().zip(&self.backends).map(backend).collect();
        let mut config =
            json!({"port": self.port, "backends": backends, "health": {"path": "/health", "interval": 1000}});
        change(&mut config);
        let (lb, port) = self.home.configured(&config.to_string(), &[]);
        assert_eq!(port, self.port);
        lb
    }

    /// Our balancer, which has what `import` makes of a file that the engine served by on this port.
    pub(crate) fn imported(&self, file: &Path) -> Headless {
        let output = self.home.run(&["import", file.to_str().unwrap()]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && said.lines().count() == 1, "{said}");
        let (lb, port) = self.home.configured(&String::from_utf8(output.stdout).unwrap(), &[]);
        assert_eq!(port, self.port);
        lb
    }

    /// A file that was written by hand for an engine, with its port and those of the backends.
    pub(crate) fn by_hand(&self, engine: &Engine, text: &str) -> PathBuf {
        let mut text = text.replace("PORT", &self.port.to_string());
        for ((name, _), backend) in BACKENDS.iter().zip(&self.backends) {
            text = text.replace(&name.to_uppercase(), &backend.as_ref().unwrap().port.to_string());
        }
        let file = self.home.path().join(engine.file);
        std::fs::write(&file, text).unwrap();
        file
    }

    /// What our balancer there exports for an engine, in a file.
    pub(crate) fn exported(&self, engine: &Engine) -> PathBuf {
        let port = self.port.to_string();
        let output = self.home.run(&[&["export"], engine.export, &["--port", &port]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let file = self.home.path().join(engine.file);
        std::fs::write(&file, output.stdout).unwrap();
        file
    }

    /// The engine on the port that our balancer had, which has ended.
    pub(crate) fn serve(&self, engine: &Engine, file: &Path) -> Serving {
        let mut command = (engine.command)(file, self.home.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let serving = Serving(child);
        until("the engine serves", || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() && self.ask(None).status == 200
        });
        serving
    }

    /// The answer to one client's request, with this cookie.
    pub(crate) fn ask(&self, cookie: Option<&str>) -> Response {
        let line = cookie.map(|cookie| format!("Cookie: {cookie}"));
        let lines: Vec<&str> = line.iter().map(String::as_str).chain(["Connection: close"]).collect();
        Client::connect(self.port).exchange(&request("GET", "/name", &lines))
    }

    /// A cookie for each backend, as what is in front gives them out, by the backend's name.
    pub(crate) fn cookies(&self) -> BTreeMap<String, String> {
        let mut cookies = BTreeMap::new();
        for _ in 0..200 {
            let response = self.ask(None);
            let set = response.get("set-cookie").expect("a cookie is set");
            cookies.insert(response.text(), set.split(';').next().unwrap().to_owned());
            if cookies.len() == self.backends.iter().flatten().count() {
                return cookies;
            }
        }
        panic!("200 clients came to {cookies:?} alone");
    }

    /// Ends a backend: nobody listens at its port any more.
    pub(crate) fn kill(&mut self, name: &str) {
        let at = BACKENDS.iter().position(|(other, _)| *other == name).unwrap();
        self.backends[at] = None;
    }
}

/// Makes a configuration one of a pool for each backend, `app.localhost` for alpha's, and these routes to them.
pub(crate) fn one_pool_each(config: &mut Value, routes: &Value) {
    let mut pools = json!({});
    for backend in config["backends"].as_array().unwrap() {
        let name = backend["name"].as_str().unwrap();
        pools[name] = json!({"backends": [backend], "sticky": {"by": "off"}, "health": config["health"]});
    }
    pools["alpha"]["names"] = json!(["app.localhost"]);
    *config = json!({
        "listeners": [{"port": config["port"], "pool": "alpha", "routes": routes}],
        "pools": pools,
    });
}

/// A client that our balancer gave a cookie is answered by the same backend when the engine has taken its place, by another one
/// when that dies, and there it stays.
pub(crate) fn clients_keep_their_backend(engine: &Engine) {
    moved(engine, |_, of_engine, cookies| assert_eq!(of_engine, cookies, "the engine gives out the same cookies"));
}

/// The same, of an engine that takes our cookies and gives out others.
pub(crate) fn clients_keep_their_backend_by_another_cookie(engine: &Engine) {
    moved(engine, |site, of_engine, _| {
        for (name, cookie) in of_engine {
            assert_eq!(site.ask(Some(cookie)).text(), *name, "with {cookie}");
        }
    });
}

/// Cookies by the name of the backend they lead to.
type Cookies = BTreeMap<String, String>;

fn moved(engine: &Engine, check: impl FnOnce(&Site, &Cookies, &Cookies)) {
    let mut site = Site::new();
    let mut lb = site.balanced(|_| {});
    let cookies = site.cookies();
    let file = site.exported(engine);
    lb.signal(Signal::TERM);
    lb.ended();
    let _serving = site.serve(engine, &file);
    for (name, cookie) in &cookies {
        for _ in 0..ASKED {
            assert_eq!(site.ask(Some(cookie)).text(), *name, "with {cookie}");
        }
    }
    check(&site, &site.cookies(), &cookies);
    site.kill("bravo");
    let mut cookie = cookies["bravo"].clone();
    let mut answered = BTreeMap::<String, usize>::new();
    for _ in 0..ASKED * 2 {
        let response = site.ask(Some(&cookie));
        assert_eq!(response.status, 200, "{}", response.text());
        if let Some(set) = response.get("set-cookie") {
            set.split(';').next().unwrap().clone_into(&mut cookie);
        }
        *answered.entry(response.text()).or_default() += 1;
    }
    assert!(!answered.contains_key("bravo"), "{answered:?}");
    assert_eq!(answered.len(), 1, "it stays with one: {answered:?}");
    assert_ne!(cookie, cookies["bravo"], "it has a cookie of the one that answers");
    for name in ["alpha", "charlie"] {
        for _ in 0..ASKED {
            assert_eq!(site.ask(Some(&cookies[name])).text(), name, "the others stay where they are");
        }
    }
}

/// How many of 1,000 requests of clients without a cookie each backend gets, for these weights of alpha, bravo and charlie.
pub(crate) fn shares(engine: &Engine, strategy: &str, weights: [u32; 3]) -> [usize; 3] {
    let site = Site::new();
    let _serving = site.taken_over(engine, |config| {
        config["strategy"] = json!(strategy);
        config["sticky"] = json!({"by": "off"});
        for (backend, weight) in config["backends"].as_array_mut().unwrap().iter_mut().zip(weights) {
            backend["weight"] = json!(weight);
        }
    });
    let mut counts = [0; 3];
    for _ in 0..1000 {
        let response = site.ask(None);
        assert_eq!(response.status, 200, "{}", response.text());
        let at = BACKENDS.iter().position(|(name, _)| *name == response.text()).unwrap();
        counts[at] += 1;
    }
    counts
}
