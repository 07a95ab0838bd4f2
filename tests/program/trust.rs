//! `trust`: the machine believes the authority, and as it was before after `--remove`. All of it on a machine of the test's own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{FlockOperation, fcntl_lock};

use crate::support::browser::Browser;
use crate::support::left_out::left_out;
use crate::support::program::{Headless, run_to_end, until};
use crate::support::until_some;
use crate::trusting::{Trusting, found};

const CHROMIUM: &str = "home/.pki/nssdb";
const FIREFOX: [&str; 3] =
    ["home/.mozilla/firefox/abc.default", "home/snap/firefox/common/.mozilla/firefox/my profile", "home/elsewhere"];

/// A machine with a Chromium, three profiles of Firefox, one of them where only its list tells, and the system's anchors.
fn furnished() -> Option<Trusting> {
    let machine = Trusting::with_certutil()?;
    machine.has_anchors();
    for folder in [CHROMIUM].into_iter().chain(FIREFOX) {
        machine.has_database(folder);
    }
    let list = format!("[Profile1]\nName=x\nIsRelative=0\nPath={}\n", machine.path(FIREFOX[2]).display());
    fs::write(machine.path("home/.mozilla/firefox/profiles.ini"), list).unwrap();
    Some(machine)
}

/// A certificate of another tool's, in a file.
fn another(machine: &Trusting) -> PathBuf {
    let file = machine.path("another.pem");
    fs::write(&file, crate::support::tls::self_signed().0).unwrap();
    file
}

#[test]
fn every_place_trusts_it_and_after_remove_all_is_as_it_was() {
    let Some(machine) = furnished() else { return };
    let another = another(&machine);
    for folder in [CHROMIUM, FIREFOX[0]] {
        machine.certutil(folder, &["-A", "-t", "C,,", "-n", "mkcert of another", "-i", another.to_str().unwrap()]);
    }
    let lists = || [CHROMIUM].into_iter().chain(FIREFOX).map(|at| machine.certutil(at, &["-L"])).collect::<Vec<_>>();
    let before = lists();

    let (status, said) = machine.trust(&[]);
    assert_eq!(status, 0, "{said}");
    assert_eq!(said.matches(". done").count(), 5, "{said}");
    assert!(
        lists().iter().all(|list| list.lines().any(|line| line.starts_with("stickylb-tui-") && line.contains(" C,,")))
    );
    let [anchor] = machine.anchors().try_into().unwrap();
    assert!(anchor.starts_with("stickylb-tui-"), "{anchor}");
    let bundle = fs::read_to_string(machine.path("root/etc/ssl/certs/ca-certificates.crt")).unwrap();
    assert_eq!(bundle, fs::read_to_string(machine.certificate()).unwrap());

    let (status, said) = machine.trust(&[]);
    assert_eq!((status, said.matches("not needed: it is there").count()), (0, 5), "{said}");

    let (status, said) = machine.trust(&["--remove"]);
    assert_eq!((status, said.matches(". done").count()), (0, 5), "{said}");
    assert_eq!(lists(), before);
    assert!(machine.anchors().is_empty());
    let updates = fs::read_to_string(machine.path("root/updates")).unwrap();
    assert_eq!(updates, "update \nupdate --fresh\n");
    assert!(machine.certificate().exists(), "the authority itself stays");

    let (status, said) = machine.trust(&["--remove"]);
    assert!(status == 0 && said.contains("nothing here trusts an authority of stickylb-tui"), "{said}");
}

#[test]
fn what_another_authority_of_ours_left_behind_is_removed_and_nothing_of_others() {
    let Some(machine) = furnished() else { return };
    let another = another(&machine);
    for name in ["stickylb-tui-0123abcd", "stickylb-tui-mine", "mkcert-0123abcd"] {
        // One certificate has one name in a database.
        fs::write(&another, crate::support::tls::self_signed().0).unwrap();
        machine.certutil(CHROMIUM, &["-A", "-t", "C,,", "-n", name, "-i", another.to_str().unwrap()]);
    }
    let folder = machine.path("root/usr/local/share/ca-certificates");
    for name in ["stickylb-tui-0123abcd.crt", "stickylb-tui-mine.crt", "mkcert-0123abcd.crt"] {
        fs::copy(&another, folder.join(name)).unwrap();
    }
    let (status, said) = machine.trust(&["--remove"]);
    assert_eq!((status, said.matches(". done").count()), (0, 2), "{said}");
    assert_eq!(machine.anchors(), ["mkcert-0123abcd.crt", "stickylb-tui-mine.crt"]);
    let list = machine.certutil(CHROMIUM, &["-L"]);
    assert!(!list.contains("stickylb-tui-0123abcd"), "{list}");
    assert!(list.contains("stickylb-tui-mine") && list.contains("mkcert-0123abcd"), "{list}");
    assert!(!machine.certificate().exists(), "to remove trust makes no authority");
}

#[test]
fn a_chromium_that_was_never_started_finds_it_when_it_is() {
    let Some(machine) = Trusting::with_certutil() else { return };
    machine.pretends("chromium");
    machine.pretends("firefox");
    let (status, said) = machine.trust(&[]);
    assert!(status == 0 && said.contains("Firefox has no profile yet: start it once"), "{said}");
    let list = machine.certutil("home/.local/share/pki/nssdb", &["-L"]);
    assert!(list.contains("stickylb-tui-"), "{list}");
    let mode = fs::metadata(machine.path("home/.local/share/pki/nssdb")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn one_sentence_says_which_package_is_missing_and_the_rest_is_done() {
    let Some(machine) = furnished() else { return };
    fs::remove_file(machine.path("bin/certutil")).unwrap();
    fs::create_dir_all(machine.path("root/etc")).unwrap();
    fs::write(machine.path("root/etc/os-release"), "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n").unwrap();
    let (status, said) = machine.trust(&[]);
    assert_eq!(
        (status, said.matches(". done").count(), said.matches("certutil is not here").count()),
        (1, 1, 1),
        "{said}"
    );
    assert!(said.contains("install it by 'sudo apt install libnss3-tools', then run this again"), "{said}");
}

#[test]
fn a_database_that_is_locked_is_said_and_the_others_are_done() {
    let Some(machine) = furnished() else { return };
    let file = fs::File::options().read(true).write(true).open(machine.path(FIREFOX[0]).join("cert9.db")).unwrap();
    fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
    let (status, said) = machine.trust(&[]);
    assert_eq!((status, said.matches(". done").count()), (1, 4), "{said}");
    assert!(said.contains("the database is locked or damaged: close the browser, then run this again"), "{said}");
    drop(file);
    let (status, said) = machine.trust(&[]);
    assert_eq!((status, said.matches(". done").count()), (0, 1), "{said}");
}

#[test]
fn a_database_with_a_password_is_left_for_the_user_as_it_was() {
    let Some(machine) = Trusting::with_certutil() else { return };
    let Some(setsid) = found("setsid") else { return left_out("setsid is not on this machine") };
    fs::create_dir_all(machine.path(FIREFOX[0])).unwrap();
    fs::write(machine.path("password"), "of its user\n").unwrap();
    machine.certutil(FIREFOX[0], &["-N", "-f", machine.path("password").to_str().unwrap()]);
    let before = machine.certutil(FIREFOX[0], &["-L"]);
    // Without a terminal nobody can be asked for it.
    let program = machine.program(&["trust"]);
    let mut command = Command::new(setsid);
    command.arg("--wait").arg(program.get_program()).args(program.get_args());
    machine.furnish(&mut command);
    let output = run_to_end(command);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("the database has a password; run: "), "{said}");
    assert_eq!(machine.certutil(FIREFOX[0], &["-L"]), before);
}

#[test]
fn what_was_imported_by_hand_is_left_alone() {
    let Some(machine) = Trusting::with_certutil() else { return };
    machine.has_database(CHROMIUM);
    machine.trust(&["--print"]);
    let certificate = machine.certificate();
    let certificate = certificate.to_str().unwrap();
    machine.certutil(CHROMIUM, &["-A", "-t", ",,", "-n", "by hand", "-i", certificate]);
    let (status, said) = machine.trust(&[]);
    assert!(status == 1 && said.contains("it is there as 'by hand' without being trusted"), "{said}");
    machine.certutil(CHROMIUM, &["-M", "-t", "C,,", "-n", "by hand"]);
    let before = machine.certutil(CHROMIUM, &["-L"]);
    let (status, said) = machine.trust(&[]);
    assert!(status == 0 && said.contains("not needed: it is there as 'by hand'"), "{said}");
    machine.trust(&["--remove"]);
    assert_eq!(machine.certutil(CHROMIUM, &["-L"]), before);
}

/// Gives what is below a folder to the unprivileged user of every system.
fn give_to_nobody(folder: &Path) {
    std::os::unix::fs::chown(folder, Some(65534), Some(65534)).unwrap();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            give_to_nobody(&entry.path());
        } else {
            std::os::unix::fs::chown(entry.path(), Some(65534), Some(65534)).unwrap();
        }
    }
}

#[test]
fn what_needs_root_is_left_with_its_command_and_the_rest_is_done() {
    let Some(machine) = furnished() else { return };
    let read_only =
        |path: &str, mode| fs::set_permissions(machine.path(path), fs::Permissions::from_mode(mode)).unwrap();
    read_only("root/usr/local/share/ca-certificates", 0o555);
    read_only(&format!("{}/cert9.db", FIREFOX[1]), 0o444);
    let mut command = machine.program(&["trust"]);
    if rustix::process::geteuid().is_root() {
        // Root may write everywhere. The program is copied to where everybody can enter.
        let mut copy = Command::new("cp");
        copy.arg(command.get_program()).arg(machine.path("stickylb-tui"));
        assert!(run_to_end(copy).status.success());
        command = Command::new(machine.path("stickylb-tui"));
        machine.furnish(&mut command);
        give_to_nobody(&machine.path("home"));
        command.arg("trust").current_dir(machine.path("home")).uid(65534).gid(65534);
    }
    let output = run_to_end(command);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status.code(), said.matches(". done").count()), (Some(1), 3), "{said}");
    let (folder, certificate) = (machine.path("root/usr/local/share/ca-certificates"), machine.certificate());
    let command =
        format!("it needs root; run: sudo install -m 644 {} {}/stickylb-tui-", certificate.display(), folder.display());
    assert!(said.contains(&command) && said.contains(".crt && sudo update-ca-certificates\n"), "{said}");
    assert!(said.contains("failed: the database cannot be written"), "{said}");
}

#[test]
fn java_trusts_it_and_forgets_it_again() {
    let machine = Trusting::new();
    if !machine.has_java() {
        return;
    }
    // Java opens no file of such a name in this locale.
    let home = machine.path("jürgen's home");
    fs::create_dir(&home).unwrap();
    let trust = |words: &[&str]| {
        let mut command = machine.program(&[&["trust"], words].concat());
        let output = {
            command.env("HOME", &home).env("LC_ALL", "C");
            run_to_end(command)
        };
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (status, said) = trust(&[]);
    assert!(status == Some(0) && said.contains("Java: add it to") && said.contains(". done"), "{said}");
    let listed = || {
        let mut keytool = Command::new(machine.path("java/bin/keytool"));
        keytool.args(["-list", "-storepass", "changeit", "-keystore"]).arg(machine.path("java/lib/security/cacerts"));
        String::from_utf8(run_to_end(keytool).stdout).unwrap().matches("stickylb-tui-").count()
    };
    assert_eq!(listed(), 1);
    let (status, said) = trust(&[]);
    assert!(status == Some(0) && said.contains("not needed: it is there"), "{said}");
    let (status, said) = trust(&["--remove"]);
    assert!(status == Some(0) && said.contains("Java: remove stickylb-tui-"), "{said}");
    assert_eq!(listed(), 0);
}

#[test]
fn a_java_of_the_real_machine_is_left_alone_where_a_folder_stands_for_its_root() {
    let machine = Trusting::new();
    // Beside the root, as the real one's is for any test.
    machine.pretends("java");
    machine.pretends("keytool");
    fs::create_dir_all(machine.path("lib/security")).unwrap();
    fs::write(machine.path("lib/security/cacerts"), "").unwrap();
    let (status, said) = machine.trust(&[]);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("there is nothing here to put it into"), "{said}");
}

#[test]
fn print_is_the_certificate_and_nothing_else() {
    let machine = Trusting::new();
    machine.pretends("chromium");
    let (status, said) = machine.trust(&["--print"]);
    assert_eq!((status, said), (0, fs::read_to_string(machine.certificate()).unwrap()));
    let (status, said) = machine.trust(&["--print", "--remove"]);
    assert!(status == 2 && said.contains("cannot be used with"), "{said}");
}

#[test]
fn env_is_for_a_shell_and_overwrites_nothing_of_the_users() {
    let machine = Trusting::new();
    machine.has_anchors();
    let certificate = |home: &str| machine.path(home).join(".local/share/stickylb-tui/ca/ca.pem").display().to_string();
    let (status, said) = machine.trust(&["--env"]);
    let lines = format!("export NODE_EXTRA_CA_CERTS={0}\nexport DENO_CERT={0}\n", certificate("home"));
    assert_eq!((status, said), (0, lines.clone()));

    // Once the system's bundle has it, requests may read that.
    assert_eq!(machine.trust(&[]).0, 0);
    let bundle = machine.path("root/etc/ssl/certs/ca-certificates.crt").display().to_string();
    let (_, said) = machine.trust(&["--env"]);
    assert_eq!(said, format!("{lines}export REQUESTS_CA_BUNDLE={bundle}\n"));

    let mut command = machine.program(&["trust", "--env"]);
    command.env("HOME", machine.path("it's a home")).env("DENO_CERT", "/of/the/user.pem");
    fs::create_dir(machine.path("it's a home")).unwrap();
    let output = run_to_end(command);
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("DENO_CERT is set already") && err.contains("/of/the/user.pem"), "{err}");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", r#"eval "$1"; printf %s "$NODE_EXTRA_CA_CERTS""#, "sh"]);
    shell.arg(String::from_utf8(output.stdout).unwrap());
    assert_eq!(String::from_utf8(run_to_end(shell).stdout).unwrap(), certificate("it's a home"));
}

#[test]
fn copies_of_a_program_are_told_of_it_where_it_signs_and_the_user_told_them_nothing() {
    let machine = Trusting::new();
    let environment = |words: &[&str], own: Option<&str>| {
        let (file, new) = (machine.path("environment"), machine.path("environment.new"));
        let _ = fs::remove_file(&file);
        let script =
            format!("/usr/bin/env > '{0}'; /bin/mv '{0}' '{1}'; exec /bin/sleep 600", new.display(), file.display());
        let copy = ["-p", "0", "-n", "1", "--", "/bin/sh", "-c", &script];
        let mut command = machine.program(&[&["run", "--headless"], words, &copy].concat());
        own.map(|own| command.env("NODE_EXTRA_CA_CERTS", own));
        let _lb = Headless::from(command);
        let text = until("the copy has started", || fs::read_to_string(&file).ok());
        let value =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned);
        [value("NODE_EXTRA_CA_CERTS"), value("DENO_CERT")]
    };
    let certificate = machine.certificate().to_str().map(str::to_owned);
    assert_eq!(environment(&[], None), [None, None]);
    assert_eq!(environment(&["--tls"], None), [certificate.clone(), certificate.clone()]);
    assert_eq!(environment(&["--tls"], Some("/mine.pem")), [Some("/mine.pem".to_owned()), certificate]);
}

#[test]
fn the_log_and_status_say_that_browsers_do_not_trust_it_until_they_do() {
    let Some(machine) = furnished() else { return };
    let mut lb = Headless::from(machine.program(&["--headless", "--tls", "--demo=1", "-p", "0"]));
    let line = lb.line_with("do not trust https://localhost:");
    assert!(
        line.contains("browsers here (Chromium, Firefox)") && line.ends_with("yet: run stickylb-tui trust"),
        "{line}"
    );
    let warned = || {
        let output = run_to_end(machine.program(&["ctl", "status"]));
        String::from_utf8(output.stdout).unwrap().contains("warning: browsers here (Chromium, Firefox) do not trust")
    };
    assert!(warned());
    assert_eq!(machine.trust(&[]).0, 0);
    until("the warning is gone", || (!warned()).then_some(()));
    lb.line_with("the certificates made here are trusted now");
    assert_eq!(machine.trust(&["--remove"]).0, 0);
    until("the warning is there again", || warned().then_some(()));
}

#[test]
fn without_a_browser_the_systems_anchors_are_what_is_asked_for_and_without_either_nothing() {
    let machine = Trusting::new();
    machine.has_anchors();
    let mut lb = Headless::from(machine.program(&["--headless", "--tls", "--demo=1", "-p", "0"]));
    lb.line_with("programs here do not trust https://localhost:");
    let bare = Trusting::new();
    let mut lb = Headless::from(bare.program(&["--headless", "--tls", "--demo=1", "-p", "0"]));
    lb.line_with("alpha: STARTING -> UP");
    assert!(!lb.seen.iter().any(|line| line.contains("do not trust")), "{:?}", lb.seen);
}

#[test]
fn to_speak_tls_touches_no_store() {
    let Some(machine) = furnished() else { return };
    machine.pretends("chromium");
    let lists = || [CHROMIUM].into_iter().chain(FIREFOX).map(|at| machine.certutil(at, &["-L"])).collect::<Vec<_>>();
    let before = lists();
    let mut lb = Headless::from(machine.program(&["--headless", "--tls", "--demo=1", "-p", "0"]));
    lb.line_with("do not trust https://localhost:");
    drop(lb);
    assert!(machine.certificate().exists());
    assert_eq!(lists(), before);
    assert!(machine.anchors().is_empty() && !machine.path("root/updates").exists());
}

#[test]
fn a_real_chromium_opens_the_page_after_trust_and_neither_before_nor_after_remove() {
    let Some(machine) = Trusting::with_certutil() else { return };
    machine.pretends("chromium");
    let mut lb = Headless::from(machine.program(&["--headless", "--tls", "--demo=1", "-p", "0"]));
    let line = lb.line_with("listening on https://localhost:");
    let url = line[line.find("https://").unwrap()..].split_whitespace().next().unwrap().to_owned();
    lb.line_with("alpha: STARTING -> UP");
    let opens = || {
        let mut browser = Browser::at_home(&machine.path("home"), &url)?;
        let mut has =
            |text: &str| browser.value(&format!("document.documentElement.innerText.includes('{text}')")) == true;
        Some(until_some("the browser shows the page or refuses it", || match () {
            () if has("alpha") => Some(true),
            () if has("ERR_CERT_AUTHORITY_INVALID") => Some(false),
            () => None,
        }))
    };
    let Some(before) = opens() else { return left_out("no chromium is on this machine") };
    assert!(!before);
    assert_eq!(machine.trust(&[]).0, 0);
    assert_eq!(opens(), Some(true));
    assert_eq!(machine.trust(&["--remove"]).0, 0);
    assert_eq!(opens(), Some(false));
}
