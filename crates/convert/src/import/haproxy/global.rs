//! `global`: what ours has of it.

use super::known::{Known, known};
use super::lines::Line;
use super::sections::Section;
use crate::import::address::{LONGEST, millis, whole_number};
use crate::import::left_out::LeftOut;
use crate::import::once::Once;

/// Bytes of a buffer that HAProxy keeps free for what it adds to a head (`tune.maxrewrite`).
const KEPT_FREE: u64 = 1024;

/// What of `global` other lines need.
#[derive(Default)]
pub(super) struct Global {
    /// Where certificates are.
    pub(super) crt_base: String,
    /// Whether keys are called `app.key` where certificates are `app.crt`.
    pub(super) extension_is_left_out: bool,
}

pub(super) fn read(
    section: &Section,
    global: &mut Global,
    once: &mut Once,
    left_out: &mut LeftOut,
) -> Result<(), String> {
    for line in &section.lines {
        if line.reads_environment {
            say_environment(line, left_out);
            continue;
        }
        let (text, value) = (line.text(), line.word(1));
        let at = (line.number, text.as_str());
        match line.word(0) {
            "maxconn" => match number(line)? {
                0 => {}
                count => once.set("limits.connections", count, at, left_out),
            },
            "user" | "uid" if !value.is_empty() => once.set("downgradeToUser", value, at, left_out),
            "tune.bufsize" => {
                let bytes = number(line)?.saturating_sub(KEPT_FREE).clamp(8192, 1 << 20);
                once.set("limits.headerBytes", bytes, at, left_out);
            }
            "tune.http.maxhdr" => once.set("limits.headers", number(line)?, at, left_out),
            "hard-stop-after" => match millis(value, "ms").filter(|time| *time <= LONGEST) {
                Some(time) => once.set("timeouts.shutdown", time, at, left_out),
                None => left_out.part(line.number, &text, "it is no time here"),
            },
            "crt-base" => value.clone_into(&mut global.crt_base),
            "ssl-load-extra-del-ext" => global.extension_is_left_out = true,
            _ => say(line, left_out),
        }
    }
    Ok(())
}

fn number(line: &Line) -> Result<u64, String> {
    whole_number(line.word(1)).ok_or_else(|| format!("line {}: '{}' needs a whole number", line.number, line.text()))
}

/// Says what becomes of a line that nothing is made of.
pub(super) fn say(line: &Line, left_out: &mut LeftOut) {
    match known(line) {
        Some(Known::SoHere) => {}
        Some(Known::LeftOut(why)) => left_out.part(line.number, &line.text(), why),
        None => left_out.nothing_like(line.number, &line.text()),
    }
}

/// Says that a line has a value that is not known here.
pub(super) fn say_environment(line: &Line, left_out: &mut LeftOut) {
    left_out.part(line.number, &line.text(), "it reads the environment, which is not known here: write its value");
}
