//! The authority that signs certificates: its files, who may read them, and what is said where they cannot be used.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::https::Trust;
use crate::support::left_out::left_out;
use crate::support::program::{Headless, program, run_to_end};

/// A data folder of its own.
struct Data(TempDir);

impl Data {
    fn new() -> Self {
        Data(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn ca(&self) -> PathBuf {
        self.path().join("stickylb-tui/ca")
    }

    /// A program that speaks TLS on any port and keeps its authority here.
    fn program(&self, words: &[&str]) -> Command {
        let mut command = program(&[&["--headless", "-p", "0"], words].concat());
        command.env("XDG_DATA_HOME", self.path());
        command
    }

    fn start(&self) -> Headless {
        Headless::from(self.program(&["--tls", "127.0.0.1:9"]))
    }

    /// An authority that a program made.
    fn made() -> Self {
        let data = Data::new();
        shakes_hands(&mut data.start(), &data);
        data
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.ca()).unwrap();
        fs::set_permissions(self.ca(), PermissionsExt::from_mode(0o700)).unwrap();
        fs::write(self.ca().join(name), text).unwrap();
        fs::set_permissions(self.ca().join(name), PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// What a start says that fails.
    #[track_caller]
    fn refused(&self) -> String {
        refused(self.program(&["--tls", "127.0.0.1:9"]))
    }
}

#[track_caller]
fn refused(command: Command) -> String {
    let Output { status, stdout, stderr } = run_to_end(command);
    assert!(!status.success(), "{}", String::from_utf8_lossy(&stdout));
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "one sentence: {said}");
    said
}

/// A client that trusts the authority in this folder can talk to it.
#[track_caller]
fn shakes_hands(lb: &mut Headless, data: &Data) {
    let said = lb.line_with("listening on https://localhost:");
    let port: u16 = said.rsplit(':').next().unwrap().parse().unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    Trust::of(data.path()).handshake(stream, "app.localhost").unwrap();
}

/// The modes of a folder and of all in it.
fn modes(folder: &Path) -> Vec<(String, u32)> {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let mut modes = vec![(".".to_owned(), mode(folder))];
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        modes.push((entry.file_name().into_string().unwrap(), mode(&entry.path())));
    }
    modes.sort();
    modes
}

/// An authority in PEM, and its key.
fn authority(change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[test]
fn it_is_made_for_the_user_alone_and_used_again() {
    let data = Data::made();
    let modes_of =
        |path: &Path| modes(path).into_iter().map(|(name, mode)| format!("{name} {mode:o}")).collect::<Vec<_>>();
    assert_eq!(modes_of(&data.ca()), [". 700", "ca-key.pem 600", "ca.pem 644"]);
    assert_eq!(modes_of(&data.path().join("stickylb-tui")), [". 700", "ca 700", "tickets 600"]);
    let before = fs::read(data.ca().join("ca.pem")).unwrap();
    shakes_hands(&mut data.start(), &data);
    assert!(fs::read(data.ca().join("ca.pem")).unwrap() == before);
}

#[test]
fn programs_that_start_at_once_have_one_authority() {
    let data = Data::new();
    let mut all: Vec<Headless> = (0..8).map(|_| data.start()).collect();
    for lb in &mut all {
        shakes_hands(lb, &data);
    }
    let names: Vec<String> = modes(&data.path().join("stickylb-tui")).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [".", "ca", "tickets"], "nothing half-made is left");
}

#[test]
fn it_can_be_copied_to_another_home() {
    let (data, copy) = (Data::made(), Data::new());
    let mut cp = Command::new("cp");
    cp.arg("-a").arg(data.path().join("stickylb-tui")).arg(copy.path());
    assert!(run_to_end(cp).status.success());
    shakes_hands(&mut copy.start(), &data);
}

#[test]
fn a_half_one_is_refused_and_stays_as_it_is() {
    for (gone, says) in [("ca.pem", "ca.pem: is missing"), ("ca-key.pem", "ca-key.pem: is missing")] {
        let data = Data::made();
        fs::remove_file(data.ca().join(gone)).unwrap();
        let said = data.refused();
        assert!(said.contains(says) && said.contains("put it back, or move the folder away"), "{said}");
        assert!(!data.ca().join(gone).exists());
    }
}

#[test]
fn one_that_cannot_be_used_is_one_sentence_without_its_key() {
    let (cert, key) = authority(|_| {});
    let (other, other_key) = authority(|_| {});
    let day = Duration::from_hours(24);
    let (ended, ended_key) = authority(|params| params.not_after = (SystemTime::now() - day).into());
    let (early, early_key) = authority(|params| params.not_before = (SystemTime::now() + day).into());
    let (plain, plain_key) = authority(|params| params.is_ca = IsCa::NoCa);
    let broken = key.replace('A', "?");
    for (cert, key, says) in [
        (other.as_str(), key.as_str(), "is not the key of the certificate"),
        (cert.as_str(), other_key.as_str(), "is not the key of the certificate"),
        ("", key.as_str(), "ca.pem: is no certificate in PEM"),
        (key.as_str(), key.as_str(), "ca.pem: is no certificate in PEM"),
        (cert.as_str(), "", "ca-key.pem: is no private key in PEM"),
        (cert.as_str(), cert.as_str(), "ca-key.pem: is no private key in PEM"),
        (cert.as_str(), broken.as_str(), "ca-key.pem: is no private key in PEM"),
        (ended.as_str(), ended_key.as_str(), "the authority expired on "),
        (early.as_str(), early_key.as_str(), "the authority is not valid before "),
        (plain.as_str(), plain_key.as_str(), "the authority cannot sign"),
    ] {
        let data = Data::new();
        data.write("ca.pem", cert);
        data.write("ca-key.pem", key);
        let said = data.refused();
        assert!(said.contains(says) && said.contains("to have a new authority made"), "{says}: {said}");
        for line in key.lines().filter(|line| line.len() > 20 && !line.starts_with("-----")) {
            assert!(!said.contains(line), "{said}");
        }
    }
}

#[test]
fn a_key_that_others_can_read_is_refused_as_ssh_does() {
    let data = Data::made();
    fs::set_permissions(data.ca().join("ca-key.pem"), PermissionsExt::from_mode(0o640)).unwrap();
    let said = data.refused();
    assert!(said.contains("ca-key.pem: others can use this key (mode 640): run chmod 600 on it"), "{said}");
    fs::set_permissions(data.ca().join("ca-key.pem"), PermissionsExt::from_mode(0o600)).unwrap();
    fs::set_permissions(data.ca(), PermissionsExt::from_mode(0o777)).unwrap();
    let said = data.refused();
    assert!(said.contains("others can write here (mode 777): run chmod 700 on it"), "{said}");
}

#[test]
fn a_place_that_cannot_be_written_is_one_sentence_with_what_to_do() {
    // A file in the place of a folder stops root too.
    let data = Data::new();
    fs::write(data.path().join("stickylb-tui"), "").unwrap();
    let said = data.refused();
    assert!(
        said.contains("set XDG_DATA_HOME to a folder that can be written, or give --tls-cert and --tls-key"),
        "{said}"
    );
    let data = Data::new();
    data.write("notes.txt", "");
    let said = data.refused();
    assert!(said.contains("holds other files and no authority"), "{said}");
    let mut homeless = data.program(&["--tls", "127.0.0.1:9"]);
    homeless.env("XDG_DATA_HOME", "relative").env("HOME", "relative");
    let said = refused(homeless);
    assert!(said.contains("set HOME or XDG_DATA_HOME"), "{said}");
}

/// The program in a file system of its own, which only root can make; `None` where that cannot be.
fn mounted(data: &Data, options: &str, fill: &str) -> Option<Output> {
    let prepared = data.program(&["--tls", "127.0.0.1:9"]);
    let script = format!(
        "mount -t tmpfs -o size=64k tmpfs \"$XDG_DATA_HOME\" || exit 77\n{fill}\n{options}\nexec \"$0\" \"$@\""
    );
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &script]).arg(prepared.get_program()).args(prepared.get_args());
    for (name, value) in prepared.get_envs() {
        value.map(|value| command.env(name, value));
    }
    let output = run_to_end(command);
    let is_there = output.status.code() != Some(77) && !String::from_utf8_lossy(&output.stderr).contains("unshare");
    is_there.then_some(output)
}

#[test]
fn a_full_disk_and_a_read_only_one_are_one_sentence_and_leave_nothing() {
    if !cfg!(target_os = "linux") || !rustix::process::geteuid().is_root() {
        return left_out("only root can mount a small file system");
    }
    let full =
        "dd if=/dev/zero of=\"$XDG_DATA_HOME/filler\" bs=4k 2>/dev/null; mkdir -p \"$XDG_DATA_HOME/stickylb-tui\"";
    let read_only = "mount -o remount,ro \"$XDG_DATA_HOME\"";
    for (options, fill, says) in [("", full, "No space left on device"), (read_only, "", "Read-only file system")] {
        let data = Data::new();
        let Some(output) = mounted(&data, options, fill) else {
            return left_out("a file system cannot be mounted here");
        };
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(says), "{said}");
        assert!(said.contains("set XDG_DATA_HOME to a folder that can be written"), "{said}");
    }
}

#[test]
fn names_outside_its_limits_are_wrong_where_they_stand() {
    let data = Data::new();
    let check = |tls: Value| {
        let file = data.path().join("lb.json");
        let text = json!({"port": 0, "backends": [{"url": "http://localhost:9", "id": 1}], "tls": tls}).to_string();
        fs::write(&file, text).unwrap();
        let output = run_to_end(program(&["check", file.to_str().unwrap()]));
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    for name in ["app.localhost", "LOCALHOST", "192.168.1.7", "::1", "my_app.test."] {
        assert_eq!(check(json!({"names": [name]})), (true, String::new()), "{name}");
    }
    for (name, says) in [
        ("example.com", "tls.names[0]: 'example.com' is none of localhost, test, local, internal"),
        ("8.8.8.8", "the authority made here vouches for those alone"),
        ("*.localhost", "is a wildcard"),
        ("a b", "is no name or address"),
        ("", "is no name or address"),
    ] {
        let (good, said) = check(json!({"names": [name]}));
        assert!(!good && said.contains(says) && said.contains("lb.json:1:"), "{name}: {said}");
    }
    assert!(check(json!({"names": ["example.com"], "ca": "mkcert"})).0);
}

#[test]
fn certificates_of_ones_own_are_checked_with_their_keys() {
    let data = Data::new();
    let path = |name: &str| data.path().join(name);
    let (cert, key) = authority(|params| params.not_after = (SystemTime::now() - Duration::from_hours(48)).into());
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let files = [
        ("good.pem", cert.as_str()),
        ("good-key.pem", &key),
        ("other-key.pem", &authority(|_| {}).1),
        ("encrypted.pem", encrypted),
        ("empty.pem", ""),
    ];
    for (name, text) in files {
        fs::write(path(name), text).unwrap();
    }
    // Relative paths are those beside the file, wherever the program is started.
    let check = |cert: &str, key: &str| {
        let tls = json!({"certificates": [{"cert": cert, "key": key}]});
        fs::write(
            path("lb.json"),
            json!({"port": 0, "backends": [{"url": "http://localhost:9", "id": 1}], "tls": tls}).to_string(),
        )
        .unwrap();
        let output = run_to_end(program(&["check", path("lb.json").to_str().unwrap()]));
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (good, said) = check("good.pem", "good-key.pem");
    assert!(good && said.contains("good.pem: the certificate expired on "), "{said}");
    for (cert, key, says) in [
        ("absent.pem", "good-key.pem", "absent.pem: cannot be read: No such file"),
        ("good.pem", "absent.pem", "absent.pem: cannot be read: No such file"),
        ("good.pem", "other-key.pem", "is not the key of the certificate in "),
        ("good.pem", "encrypted.pem", "holds an encrypted key, and nobody is asked for its password"),
        ("good-key.pem", "good.pem", "holds a private key and no certificate"),
        ("empty.pem", "good-key.pem", "holds no certificate in PEM"),
        ("good.pem", "empty.pem", "holds no private key in PEM"),
    ] {
        let (good, said) = check(cert, key);
        assert!(!good && said.contains(says), "{says}: {said}");
    }
}

#[test]
fn keys_of_roots_are_read_before_its_rights_are_given_up_and_outlast_a_reload() {
    if !rustix::process::geteuid().is_root() {
        return left_out("only root can become another user");
    }
    let data = Data::new();
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let file = place.path().join("lb.json");
    let write = |strategy: &str| {
        let config = json!({
            "port": 0, "tls": true, "downgradeToUser": "nobody", "strategy": strategy,
            "backends": [{"url": "http://localhost:9", "id": 1}],
        });
        fs::write(&file, config.to_string()).unwrap();
    };
    write("round-robin");
    let mut command = program(&["--headless", "--config", file.to_str().unwrap()]);
    command.env("XDG_DATA_HOME", data.path());
    let mut lb = Headless::from(command);
    shakes_hands(&mut lb, &data);
    write("random");
    lb.line_with("configuration reloaded");
    shakes_hands(&mut lb, &data);
}
