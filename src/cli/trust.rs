//! Has the machine trust the authority that signs the certificates made here, or no longer.

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use super::args::Trust;
use super::layers::UsageError;
use super::say::{FAILED, complain, say};
use crate::trust::{Authority, Outcome, Places, Plan, Variables, adding, addition, removal};
use stickylb::config;
use stickylb::untrusted::Untrusted;
use stickylb::{LocalAuthority, TlsError};

/// Does what was asked for. It ends with 1 where a step failed or is left for the user.
pub(super) fn trust(asked: &Trust) -> Result<ExitCode, UsageError> {
    if asked.remove {
        return remove();
    }
    let authority = authority()?;
    if asked.print {
        return say(&authority.pem).map(|()| ExitCode::SUCCESS);
    }
    if asked.env {
        let variables = Variables::of(&places()?, &authority);
        for sentence in &variables.left {
            complain(&format!("stickylb-tui: {sentence}"));
        }
        return say(&variables.lines.join("\n")).map(|()| ExitCode::SUCCESS);
    }
    let shown = Untrusted::new(authority.path.display().to_string());
    say(&format!("the authority is {shown}, SHA-256 {}", authority.fingerprint))?;
    let plan = addition(&places()?, &authority);
    if plan.steps.is_empty() {
        say("there is nothing here to put it into: no folder of the system's, no browser, no Java")?;
    }
    carry_out(plan)
}

fn remove() -> Result<ExitCode, UsageError> {
    let authority = LocalAuthority::find().map_err(cannot)?.map(Authority::from);
    let plan = removal(&places()?, authority.as_ref());
    if plan.steps.is_empty() {
        say("nothing here trusts an authority of stickylb-tui: there is nothing to remove")?;
    }
    let status = carry_out(plan)?;
    if let Some(authority) = authority {
        let folder = authority.path.parent().unwrap_or(&authority.path).display().to_string();
        say(&format!("the authority itself stays in {}: delete that folder to be rid of it", Untrusted::new(folder)))?;
    }
    Ok(status)
}

/// Says all steps, then does each and says how it went.
fn carry_out(plan: Plan) -> Result<ExitCode, UsageError> {
    if env::var_os("SUDO_USER").is_some() {
        complain("stickylb-tui: under sudo this is about root's browsers: run it without, it says what needs root");
    }
    for (n, step) in plan.steps.iter().enumerate() {
        say(&format!("{}. {}", n + 1, step.says))?;
    }
    let (mut is_whole, mut is_changed) = (true, false);
    for (n, step) in plan.steps.into_iter().enumerate() {
        let outcome = step.act();
        is_whole &= outcome.is_good();
        is_changed |= outcome == Outcome::Done;
        say(&format!("{}. {outcome}", n + 1))?;
    }
    for note in plan.notes {
        say(&note)?;
    }
    if is_changed {
        say("restart browsers that are open")?;
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// What copies of the user's own program get in their environment, so that they can ask this balancer over https.
pub(super) fn for_copies(config: &config::Config) -> Vec<(OsString, OsString)> {
    let shown = config.listeners.iter().filter_map(|listener| listener.tls.as_ref());
    let mut made = shown.filter(|tls| tls.certificates.is_empty()).map(|tls| tls.ca);
    // Where it cannot be found, the start says why.
    let file = made.next().and_then(|ca| match ca {
        config::Authority::Mkcert => LocalAuthority::mkcert().ok().map(|mkcert| mkcert.certificate_path().to_owned()),
        _ => LocalAuthority::place().ok(),
    });
    file.map(|file| adding(&file)).unwrap_or_default()
}

fn authority() -> Result<Authority, UsageError> {
    LocalAuthority::open().map(Authority::from).map_err(cannot)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn cannot(error: TlsError) -> UsageError {
    UsageError::Failed(error.to_string())
}

fn places() -> Result<Places, UsageError> {
    Places::of_environment().ok_or_else(|| UsageError::Failed("there is no home folder: set HOME".to_owned()))
}
