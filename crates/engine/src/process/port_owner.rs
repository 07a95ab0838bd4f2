//! Finds the program that listens on a port. Linux only; other systems report this only through external programs.

use std::ffi::OsString;
#[cfg(target_os = "linux")]
use std::{
    collections::{HashMap, HashSet},
    io::{BufRead as _, BufReader},
    path::PathBuf,
};

use crate::untrusted::Untrusted;

/// Programs that listen for a container, and are started by a daemon; the last is Docker Desktop's `com.docker.backend`,
/// of whose name the system keeps 15 characters.
#[cfg(target_os = "linux")]
const FOR_CONTAINERS: [&str; 4] = ["docker-proxy", "rootlesskit", "rootlessport", "com.docker.back"];

/// The program that listens on `port`, for example `node (pid 4711)`; `None` if unknown.
pub(crate) fn of_port(port: u16) -> Option<Untrusted<String>> {
    #[cfg(target_os = "linux")]
    {
        let sockets = listening(port, |_| true).into_keys().collect();
        super::proc::pids().find_map(|pid| super::proc::held_by(pid, &sockets).and_then(|_| shown(pid)))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = port;
        None
    }
}

#[cfg(target_os = "linux")]
fn shown(pid: u32) -> Option<Untrusted<String>> {
    Some(format!("{} (pid {pid})", super::proc::name(pid)?).into())
}

/// The port of a backend whose process is started here, watched for listeners that are not that process's.
pub(crate) struct OwnPort {
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is known there"))]
    port: u16,
    /// Where the process held its sockets when last looked for.
    #[cfg(target_os = "linux")]
    held: HashMap<OsString, PathBuf>,
}

impl OwnPort {
    pub(crate) fn new(port: u16) -> Self {
        OwnPort {
            port,
            #[cfg(target_os = "linux")]
            held: HashMap::new(),
        }
    }

    /// The program that listens on this machine's addresses of the port and is not below `supervisor`; `None` if there
    /// is none. Of root's programs nobody else may know whose they are: those are believed, for containers have them.
    #[cfg(target_os = "linux")]
    pub(crate) fn foreigner(&mut self, supervisor: u32) -> Option<Untrusted<String>> {
        let sockets = listening(self.port, is_dialled);
        self.held.retain(|socket, path| std::fs::read_link(path).is_ok_and(|target| target == *socket));
        let unknown = sockets.into_iter().filter(|(socket, _)| !self.held.contains_key(socket));
        let (mut unknown, users): (HashSet<OsString>, Vec<u32>) = unknown.unzip();
        if unknown.is_empty() {
            return None;
        }
        let below = super::proc::descendants(supervisor);
        let mut foreign = None;
        for pid in below.iter().copied().chain(super::proc::pids()) {
            while let Some((path, socket)) = super::proc::held_by(pid, &unknown) {
                unknown.remove(&socket);
                let name = super::proc::name(pid).unwrap_or_default();
                if below.contains(&pid) || FOR_CONTAINERS.contains(&name.as_str()) {
                    self.held.insert(socket, path);
                } else {
                    foreign = foreign.or_else(|| shown(pid));
                }
            }
        }
        let own = rustix::process::geteuid().as_raw();
        let other = || users.iter().find(|user| **user != own && **user != 0);
        foreign.or_else(|| if unknown.is_empty() { None } else { Some(format!("user {}", other()?).into()) })
    }

    /// Nothing is known on this system.
    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unused_self, reason = "as on Linux")]
    pub(crate) fn foreigner(&mut self, _: u32) -> Option<Untrusted<String>> {
        None
    }
}

/// The sockets that listen on `port` at addresses that `counts` accepts, each as `/proc/PID/fd` shows it, with its user.
#[cfg(target_os = "linux")]
fn listening(port: u16, counts: impl Fn(&str) -> bool) -> HashMap<OsString, u32> {
    let mut found = HashMap::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let Ok(table) = std::fs::File::open(table) else { continue };
        // The kernel lists the listening sockets first, which spares reading all its connections.
        let listeners = BufReader::new(table).lines().map_while(Result::ok).skip(1).map_while(|line| listener(&line));
        for (address, its_port, user, inode) in listeners {
            if its_port == port && counts(&address) {
                found.insert(format!("socket:[{inode}]").into(), user);
            }
        }
    }
    found
}

/// Address, port, user and inode from one line of `/proc/net/tcp`; `None` if the socket does not listen.
#[cfg(target_os = "linux")]
fn listener(line: &str) -> Option<(String, u16, u32, String)> {
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (address, port) = fields.get(1)?.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let (user, inode) = (fields.get(7)?.parse().ok()?, (*fields.get(9)?).to_owned());
    (*fields.get(3)? == LISTEN).then_some((address.to_owned(), port, user, inode))
}

/// Whether a listener at this address, in hexadecimal, takes connections to `localhost`: it is a loopback address or
/// all of them.
#[cfg(target_os = "linux")]
fn is_dialled(address: &str) -> bool {
    let loopback: [u32; 2] = [u32::from_ne_bytes([127, 0, 0, 1]), u32::from_ne_bytes([0, 0, 0, 1])];
    let zeros = |text: &str| text.bytes().all(|byte| byte == b'0');
    zeros(address)
        || *address == format!("{:08X}", loopback[0])
        || (address.len() == 32 && zeros(&address[..24]) && address[24..] == format!("{:08X}", loopback[1]))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_port_of_this_process_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let owner = of_port(port).expect("the system tells");
        assert!(owner.raw().contains(&format!("pid {}", std::process::id())), "{owner}");
    }

    #[test]
    fn a_listener_is_foreign_unless_a_process_below_holds_it() {
        for address in ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0"] {
            let listener = std::net::TcpListener::bind(address).expect("a free port");
            let mut port = OwnPort::new(listener.local_addr().expect("bound").port());
            assert!(port.foreigner(u32::MAX).is_some(), "{address}");
            // The process that runs this test started it.
            let parent = std::os::unix::process::parent_id();
            assert_eq!(port.foreigner(parent).map(Untrusted::into_raw), None, "{address}");
            // Known from here on by where it is held.
            assert_eq!(port.foreigner(u32::MAX).map(Untrusted::into_raw), None, "{address}");
            drop(listener);
        }
        let elsewhere = std::net::TcpListener::bind("127.0.0.2:0").expect("a free port");
        let mut port = OwnPort::new(elsewhere.local_addr().expect("bound").port());
        assert!(port.foreigner(u32::MAX).is_none());
    }
}
