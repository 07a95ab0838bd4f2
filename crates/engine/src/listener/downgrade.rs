//! `downgradeToUser`: drops root's privileges once the ports are open.

use nix::unistd::{Gid, Uid, User, getegid, geteuid, getgid, getuid, setuid};
use privdrop::PrivDrop;
use std::path::PathBuf;

/// The user that this process will switch to.
pub struct Downgrade {
    pub(crate) name: String,
    pub(crate) home: PathBuf,
    uid: Uid,
    gid: Gid,
}

impl Downgrade {
    /// Looks the user up, by name or by numeric id. Changes nothing yet.
    ///
    /// # Errors
    /// There is no such user, or this process cannot switch to it.
    pub fn to(wanted: &str) -> Result<Self, String> {
        let user = found(wanted)?.ok_or_else(|| {
            format!("downgradeToUser: there is no user '{wanted}' on this machine: name one of /etc/passwd")
        })?;
        let now = geteuid();
        if user.uid == now {
            let name = user.name;
            return Err(if now.is_root() {
                format!("downgradeToUser: '{name}' is root, who has every right: name a user with fewer")
            } else {
                format!(
                    "downgradeToUser: this program runs as '{name}' already: leave the key out, or start it as root"
                )
            });
        }
        if !now.is_root() {
            let name = user.name;
            return Err(format!(
                "downgradeToUser: only root can become '{name}': start it as root, or leave the key out"
            ));
        }
        Ok(Downgrade { name: user.name, home: user.dir, uid: user.uid, gid: user.gid })
    }

    /// The user's numeric id.
    pub fn uid(&self) -> u32 {
        self.uid.as_raw()
    }

    /// Switches all threads of this process to the user and its groups, irrevocably.
    ///
    /// # Errors
    /// The system refused a step. The process must not go on then.
    pub(crate) fn run(self) -> Result<(), String> {
        let Downgrade { name, uid, gid, .. } = self;
        let failed = |why: String| format!("downgradeToUser: cannot become '{name}': {why}");
        // The groups are set before the user id, because only root can change them.
        let change = PrivDrop::default().user(&name).include_default_supplementary_groups();
        change.apply().map_err(|error| failed(error.to_string()))?;
        let is_that_user = [getuid(), geteuid()] == [uid; 2] && [getgid(), getegid()] == [gid; 2];
        // `setuid(0)` must fail now, or privileges were not dropped for good.
        if !is_that_user || setuid(Uid::from_raw(0)).is_ok() {
            return Err(failed("root's rights were not given up".to_owned()));
        }
        Ok(())
    }
}

fn found(wanted: &str) -> Result<Option<User>, String> {
    let unknown = |error| format!("downgradeToUser: the user '{wanted}' cannot be looked up: {error}");
    let named = User::from_name(wanted).map_err(unknown)?;
    match (named, wanted.parse()) {
        (None, Ok(number)) => User::from_uid(Uid::from_raw(number)).map_err(unknown),
        (named, _) => Ok(named),
    }
}
