//! The program as a process, started without its screen.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::https::{TlsClient, Trust};
use super::patience::run_to_end;
use super::{Backend, Client, Response, until_some};

/// A configuration under construction.
#[derive(Clone)]
pub(crate) struct Config {
    value: Value,
    environment: Vec<(String, String)>,
}

impl Config {
    /// Backends with the ids 0, 1, … and the names b0, b1, …, checked at the start and then not for a minute.
    pub(crate) fn new(backends: &[&Backend]) -> Self {
        let ports: Vec<u16> = backends.iter().map(|b| b.port).collect();
        Config::of_ports(&ports)
    }

    pub(crate) fn of_ports(ports: &[u16]) -> Self {
        let backend =
            |(id, port)| json!({"id": id, "name": format!("b{id}"), "url": format!("http://localhost:{port}")});
        let backends: Vec<Value> = ports.iter().enumerate().map(backend).collect();
        let value = json!({
            "port": 0,
            "health": {"path": "/health", "interval": 60000, "timeout": 20000},
            "backends": backends,
        });
        Config { value, environment: Vec::new() }
    }

    /// With TLS in front, by certificates that are made.
    #[must_use]
    pub(crate) fn tls(self) -> Self {
        self.set("/tls", json!(true))
    }

    /// Sets the value at a JSON pointer, and creates what is missing on the way.
    #[must_use]
    pub(crate) fn set(mut self, pointer: &str, value: Value) -> Self {
        let mut at = &mut self.value;
        for key in pointer.split('/').skip(1) {
            at = match key.parse::<usize>() {
                Ok(index) => &mut at[index],
                Err(_) => &mut at[key],
            };
        }
        *at = value;
        self
    }

    /// Sets a variable of the program's environment.
    #[must_use]
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A configuration with this JSON.
    pub(crate) fn of(value: Value) -> Self {
        Config { value, environment: Vec::new() }
    }

    /// What the program prints if it refuses to start.
    pub(crate) fn refused(&self) -> String {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.json");
        std::fs::write(&file, self.value.to_string()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_stickylb-tui"));
        command.args(["--headless", "--config"]).arg(&file);
        let output = run_to_end(command);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    pub(crate) fn start(&self) -> Balancer {
        let balancer = Balancer::start(self);
        // The health page is answered once every backend has had its first check.
        balancer.health();
        balancer
    }

    /// Starts without asking the health page, for tests where it is missing or the request would count.
    pub(crate) fn start_without_health(&self) -> Balancer {
        Balancer::start(self)
    }
}

/// The running program. It is killed when dropped.
pub(crate) struct Balancer {
    child: Child,
    /// The port of its first HTTP listener.
    pub(crate) port: u16,
    /// Whether that speaks TLS.
    is_tls: bool,
    listeners: usize,
    lines: Arc<Mutex<Vec<String>>>,
    dir: TempDir,
}

impl Balancer {
    /// Over these backends, with the defaults of [`Config::new`].
    pub(crate) fn over(backends: &[&Backend]) -> Self {
        Config::new(backends).start()
    }

    fn start(config: &Config) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.json");
        std::fs::write(&file, config.value.to_string()).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_stickylb-tui"))
            .args(["--headless", "--config"])
            .arg(&file)
            // A directory of its own, because the balancer warns of others with the same cookie.
            .env("XDG_RUNTIME_DIR", dir.path())
            // The authority that signs certificates is made there.
            .env("XDG_DATA_HOME", dir.path().join("data"))
            .envs(config.environment.iter().cloned())
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let output = BufReader::new(child.stdout.take().unwrap());
        let collected = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in output.lines() {
                let Ok(line) = line else { return };
                collected.lock().unwrap().push(line);
            }
        });
        let listeners = config.value["listeners"].as_array().map_or(1, Vec::len);
        let mut balancer = Balancer { child, port: 0, is_tls: false, listeners, lines, dir };
        let said = balancer.line("listening on http");
        balancer.is_tls = said.contains("https://");
        balancer.port = said.rsplit(':').next().unwrap().parse().unwrap();
        balancer
    }

    /// The ports of its listeners, in the order of the configuration.
    pub(crate) fn ports(&self) -> Vec<u16> {
        until_some("every listener is announced", || {
            let lines = self.lines();
            let ports = lines
                .iter()
                .filter(|line| line.contains(" listening on "))
                .filter_map(|line| line.rsplit(':').next()?.parse().ok());
            Some(ports.collect::<Vec<u16>>()).filter(|ports| ports.len() == self.listeners)
        })
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.port)
    }

    /// A client over TLS of its first HTTP listener, which trusts its authority.
    pub(crate) fn tls_client(&self) -> TlsClient {
        self.trust().connect(self.port, "localhost")
    }

    /// Trust in the authority that it made.
    pub(crate) fn trust(&self) -> Trust {
        Trust::of(&self.dir.path().join("data"))
    }

    /// Sends a request on a connection of its own and reads the answer.
    pub(crate) fn exchange(&self, bytes: &[u8]) -> Response {
        self.client().exchange(bytes)
    }

    /// GETs a path on a connection of its own.
    pub(crate) fn get(&self, path: &str) -> Response {
        self.exchange(&super::request("GET", path, &[]))
    }

    /// What `/_lb/health` says.
    pub(crate) fn health(&self) -> Value {
        let asked = super::request("GET", "/_lb/health", &[]);
        let page = if self.is_tls { self.tls_client().exchange(&asked) } else { self.exchange(&asked) };
        serde_json::from_slice(&page.body.bytes).unwrap()
    }

    /// What `/_lb/health` says of one backend.
    pub(crate) fn backend(&self, index: usize) -> Value {
        self.health()["backends"][index].clone()
    }

    /// Every line on stdout so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits for a line with this text.
    pub(crate) fn line(&self, text: &str) -> String {
        until_some(&format!("a log line with '{text}'"), || self.lines().into_iter().find(|l| l.contains(text)))
    }

    /// Asks it to stop, as a service manager would.
    #[cfg(unix)]
    pub(crate) fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs `ctl` with these arguments.
    #[cfg(unix)]
    pub(crate) fn ctl(&self, words: &[&str]) {
        self.said(&[&["ctl"], words].concat());
    }

    /// What the program prints that is started with these arguments and finds this one.
    #[cfg(unix)]
    pub(crate) fn said(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What it says where it refuses that: one line.
    #[cfg(unix)]
    pub(crate) fn refused(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.lines().count() == 1, "{words:?}: {said}");
        said
    }

    #[cfg(unix)]
    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stickylb-tui"));
        command.args(words).env("XDG_RUNTIME_DIR", self.dir.path());
        run_to_end(command)
    }

    /// Types `chaos …` as a person would; words with blanks in them stand for themselves.
    #[cfg(unix)]
    pub(crate) fn chaos(&self, words: &[&str]) -> String {
        self.said(&[&["ctl", "chaos"], words].concat())
    }

    /// The fault of a backend as `ctl status --json` shows it.
    #[cfg(unix)]
    pub(crate) fn fault(&self, index: usize) -> Value {
        let status: Value = serde_json::from_str(&self.said(&["ctl", "status", "--json"])).unwrap();
        status["backends"][index]["chaos"].clone()
    }

    /// The exit status of the program that is started with these arguments and refuses, and what it says.
    #[cfg(unix)]
    pub(crate) fn refused_with_status(&self, words: &[&str]) -> (i32, String) {
        let output = self.run(words);
        (output.status.code().unwrap_or_default(), String::from_utf8(output.stderr).unwrap())
    }

    /// Sends it a SIGHUP.
    #[cfg(unix)]
    pub(crate) fn hang_up(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    }

    /// Changes its configuration file as an editor does, by replacing it.
    pub(crate) fn rewrite(&self, config: &Config) {
        self.rewrite_with(&config.value.to_string());
    }

    /// The same with any text.
    pub(crate) fn rewrite_with(&self, text: &str) {
        let new = self.dir.path().join("config.json.new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.dir.path().join("config.json")).unwrap();
    }

    /// Bounds the file descriptors it may open from now on.
    #[cfg(target_os = "linux")]
    pub(crate) fn limit_descriptors(&self, most: u64) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let limit = rustix::process::Rlimit { current: Some(most), maximum: Some(most) };
        rustix::process::prlimit(Some(pid), rustix::process::Resource::Nofile, limit).unwrap();
    }

    /// Processor time it has used, in hundredths of a second.
    #[cfg(target_os = "linux")]
    pub(crate) fn cpu_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// Its resident memory in bytes.
    #[cfg(target_os = "linux")]
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
