//! All that a program started: on Linux its supervisor's descendants, elsewhere its process group.

#[cfg(unix)]
use rustix::process::{Pid, Signal, WaitOptions};

/// A program and what it started. On Linux nothing can leave it, whatever session or group it moves to: the supervisor,
/// as the subreaper, becomes the parent of every process whose own parent has ended. Elsewhere it is the process group.
pub(super) struct Group {
    leader: u32,
    /// Whether the leader was waited for, so that its number may become another's.
    #[cfg(target_os = "linux")]
    is_reaped: bool,
}

impl Group {
    /// That of the program with this process.
    pub(super) fn new(leader: u32) -> Self {
        Group {
            leader,
            #[cfg(target_os = "linux")]
            is_reaped: false,
        }
    }

    /// The program has exited, and was waited for.
    #[cfg_attr(not(target_os = "linux"), expect(clippy::unused_self, reason = "its group keeps its number"))]
    pub(super) fn leader_exited(&mut self) {
        #[cfg(target_os = "linux")]
        {
            self.is_reaped = true;
        }
    }
}

#[cfg(target_os = "linux")]
impl Group {
    /// Sends each process the signal once: many programs take a second one for an order to hurry.
    fn signal(&self, signal: Signal) {
        let leader = pid_of(self.leader).filter(|_| !self.is_reaped);
        if leader.is_some() {
            signal_group(self.leader, signal);
        }
        for pid in super::proc::descendants(std::process::id()).into_iter().filter_map(pid_of) {
            // An error, here and below, means that it has ended, or belongs to another user.
            if rustix::process::getpgid(Some(pid)).ok() != leader {
                let _ = rustix::process::kill_process(pid, signal);
            }
        }
    }

    /// How many processes are left.
    pub(super) fn left(&self) -> usize {
        self.reap();
        super::proc::descendants(std::process::id()).len()
    }

    /// Whether any process is left. Reaps those that have ended.
    pub(super) fn lives(&self) -> bool {
        self.reap()
    }

    /// Reaps all that have ended; `false` if no child is left, and so no descendant.
    #[expect(clippy::unused_self, reason = "as where there are process groups only")]
    fn reap(&self) -> bool {
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
impl Group {
    fn signal(&self, signal: Signal) {
        signal_group(self.leader, signal);
    }

    /// Whether any process is left. Reaps those that have ended.
    pub(super) fn lives(&self) -> bool {
        use rustix::process::{test_kill_process_group, waitpgid};
        let Some(pid) = pid_of(self.leader) else { return false };
        while let Ok(Some(_)) = waitpgid(pid, WaitOptions::NOHANG) {}
        test_kill_process_group(pid).is_ok()
    }

    /// How many processes are left: 1 for any number of them.
    pub(super) fn left(&self) -> usize {
        usize::from(self.lives())
    }
}

#[cfg(unix)]
impl Group {
    /// Asks all its processes to end (SIGTERM).
    pub(super) fn stop(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills all its processes (SIGKILL).
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }
}

/// Kills the process group of a program whose supervisor is lost.
#[cfg(unix)]
pub(super) fn kill_group(leader: u32) {
    signal_group(leader, Signal::KILL);
}

#[cfg(unix)]
fn signal_group(leader: u32, signal: Signal) {
    if let Some(leader) = pid_of(leader) {
        // An error means that no process is left.
        let _ = rustix::process::kill_process_group(leader, signal);
    }
}

#[cfg(unix)]
fn pid_of(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

#[cfg(not(unix))]
impl Group {
    pub(super) fn stop(&self) {
        self.kill();
    }

    /// Kills the process and all of its children.
    pub(super) fn kill(&self) {
        kill_group(self.leader);
    }

    #[expect(clippy::unused_self, reason = "this system has no groups to look at")]
    pub(super) fn lives(&self) -> bool {
        false
    }

    #[expect(clippy::unused_self, reason = "this system has no groups to look at")]
    pub(super) fn left(&self) -> usize {
        0
    }
}

#[cfg(not(unix))]
pub(super) fn kill_group(leader: u32) {
    // An error means that it has ended already.
    let _ = std::process::Command::new("taskkill").args(["/T", "/F", "/PID", &leader.to_string()]).output();
}
