//! `downgradeToUser`: root opens the ports, and everything else runs as another user.
//!
//! Only root can change its user: run as another user, these tests say that they were left out.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::program::{self, Headless, get, program, run_to_end, until};

/// The unprivileged user of every system, and its group.
const NOBODY: (&str, u32, u32) = ("nobody", 65534, 65534);

/// Whether this is root; if not, says so.
fn root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        crate::support::left_out::left_out("only root can become another user");
    }
    root
}

/// A port below 1024 without a listener; a different one each time.
fn low_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(600);
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| NEXT.fetch_add(1, Relaxed)).take(400).find(is_free).unwrap()
}

/// A folder that everybody can enter, with the program in it.
struct Folder {
    dir: TempDir,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
        // Copied by another process: a file that is open for writing in any process cannot be executed (ETXTBSY), and a
        // process that another test forks meanwhile would inherit the open file for a moment.
        let mut copy = Command::new("cp");
        copy.arg(env!("CARGO_BIN_EXE_stickylb-tui")).arg(dir.path().join("stickylb-tui"));
        assert!(run_to_end(copy).status.success());
        Folder { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, config: &Value) -> String {
        let new = self.path("new.json");
        std::fs::write(&new, config.to_string()).unwrap();
        std::fs::set_permissions(&new, PermissionsExt::from_mode(0o644)).unwrap();
        std::fs::rename(new, self.path("lb.json")).unwrap();
        self.path("lb.json").to_str().unwrap().to_owned()
    }

    /// The program, as root or as nobody.
    fn program(&self, words: &[&str], root: bool) -> Command {
        let prepared = program(words);
        let mut command = Command::new(self.path("stickylb-tui"));
        command.args(words).current_dir(self.dir.path());
        for (name, value) in prepared.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if !root {
            command.uid(NOBODY.1).gid(NOBODY.2).env_remove("XDG_RUNTIME_DIR");
        }
        command
    }

    fn run(&self, words: &[&str], root: bool) -> Output {
        run_to_end(self.program(words, root))
    }
}

/// A configuration whose check program passes only if it runs as that user.
fn config(port: u16) -> Value {
    json!({
        "port": port,
        "downgradeToUser": NOBODY.0,
        "backends": [{"id": 0, "name": "own", "url": "http://localhost:9"}],
        "health": {"command": ["sh", "-c", "test \"$(id -u) $(id -G) $USER\" = \"65534 65534 nobody\" || { id >&2; exit 1; }"]},
    })
}

#[test]
fn root_opens_the_port_and_the_user_does_all_the_rest() {
    if !root() {
        return;
    }
    let folder = Folder::new();
    let port = low_port();
    let file = folder.write(&config(port));
    let log = folder.path("lb.log");
    let words = ["--headless", "--config", &file, "--log-file", log.to_str().unwrap()];
    let mut balancer = Headless::from(folder.program(&words, true));
    balancer.ready(1);
    assert!(get(port, "/").contains("502 Bad Gateway"), "it serves, and the check ran as nobody");
    let threads: Vec<_> = std::fs::read_dir(format!("/proc/{}/task", balancer.pid())).unwrap().flatten().collect();
    assert!(threads.len() > 2);
    for thread in threads {
        // A thread that has ended meanwhile has no capabilities.
        let Ok(status) = std::fs::read_to_string(thread.path().join("status")) else { continue };
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        // Real, effective, saved, and file system user.
        assert_eq!(field("Uid:"), vec!["65534"; 4], "{status}");
        assert_eq!(field("Gid:"), vec!["65534"; 4], "{status}");
        assert_eq!(field("Groups:"), ["65534"], "{status}");
        assert_eq!(field("CapEff:"), ["0000000000000000"], "{status}");
    }
    until("the log has the request", || std::fs::read_to_string(&log).unwrap().contains(" GET / 502").then_some(()));
}

/// Stops a balancer in the background, however its test ends.
struct Ended<'t> {
    folder: &'t Folder,
    port: &'t str,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        // Usually it is stopped already.
        self.folder.run(&["stop", "--port", self.port], true);
    }
}

#[test]
fn the_user_and_root_both_find_it_and_can_stop_it() {
    if !root() {
        return;
    }
    let folder = Folder::new();
    for by_root in [true, false] {
        let port = low_port();
        let file = folder.write(&config(port));
        let started = folder.run(&["start", "--config", &file], true);
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        let port = port.to_string();
        let _ended = Ended { folder: &folder, port: &port };
        let listed = folder.run(&["list"], by_root);
        assert!(String::from_utf8_lossy(&listed.stdout).contains(&port), "{listed:?}");
        assert!(folder.run(&["ctl", "--port", &port, "weight", "own", "3"], by_root).status.success());
        let stopped = folder.run(&["stop", "--port", &port], by_root);
        assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stderr));
        let left = folder.run(&["list"], by_root);
        assert!(!String::from_utf8_lossy(&left.stdout).contains(&port), "{left:?}");
    }
}

#[test]
fn a_changed_file_cannot_open_another_of_roots_ports_and_the_reason_is_said() {
    if !root() || std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap().trim() != "1024" {
        return;
    }
    let folder = Folder::new();
    let port = low_port();
    let file = folder.write(&config(port));
    let mut balancer = Headless::from(folder.program(&["--headless", "--config", &file], true));
    balancer.ready(1);
    folder.write(&config(low_port()));
    balancer.line_with("needs root's rights, which were given up for 'nobody' (downgradeToUser)");
    assert!(get(port, "/").contains("502 Bad Gateway"), "all is as it was");
    let mut everywhere = config(port);
    everywhere["host"] = json!("0.0.0.0");
    folder.write(&everywhere);
    balancer.line_with(&format!("port {port} needs root's rights"));
    let mut without = config(port);
    without.as_object_mut().unwrap().remove("downgradeToUser");
    folder.write(&without);
    balancer.line_with("downgradeToUser changes with the next start");
}

#[test]
fn a_user_that_cannot_be_become_is_one_sentence_and_nothing_starts() {
    if !root() {
        return;
    }
    let folder = Folder::new();
    for (user, by_root, part) in [
        (json!("no-such-user"), true, "there is no user 'no-such-user'"),
        (json!(4_000_000_000_u32), true, "there is no user '4000000000'"),
        (json!("root"), true, "'root' is root, who has every right"),
        (json!(0), true, "'root' is root, who has every right"),
        (json!("nobody"), false, "this program runs as 'nobody' already"),
        (json!("daemon"), false, "only root can become 'daemon'"),
    ] {
        let mut config = config(program::free_port());
        config["downgradeToUser"] = user;
        let file = folder.write(&config);
        let output = folder.run(&["--headless", "--config", &file], by_root);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(part) && said.lines().count() == 1, "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_users_number_is_as_good_as_the_name_and_the_programs_of_run_are_that_users() {
    if !root() {
        return;
    }
    let folder = Folder::new();
    let file = folder.write(&json!({"port": 0, "downgradeToUser": NOBODY.1}));
    let words = [
        "run",
        "-n",
        "1",
        "--headless",
        "--config",
        &file,
        "--",
        "sh",
        "-c",
        r#"echo "$(id -un) is $USER in $HOME"; exec sleep 20"#,
    ];
    let mut balancer = Headless::from(folder.program(&words, true));
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let home = users.lines().find(|line| line.starts_with("nobody:")).unwrap().split(':').nth(5).unwrap();
    balancer.line_with(&format!("| nobody is nobody in {home}"));
}

#[test]
fn a_file_that_the_user_cannot_read_is_served_and_said_not_to_be_followed() {
    if !root() {
        return;
    }
    let folder = Folder::new();
    let file = folder.write(&config(low_port()));
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let mut balancer = Headless::from(folder.program(&["--headless", "--config", &file], true));
    balancer.ready(1);
    balancer.line_with("lb.json cannot be read any more, so that no change of it counts: Permission denied");
}
