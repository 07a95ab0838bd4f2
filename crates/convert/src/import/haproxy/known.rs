//! Lines of HAProxy that nothing is made of, and why.

use super::lines::Line;
use crate::import::words::is_among;

/// What becomes of such a line.
pub(super) enum Known {
    /// Ours does it anyway, or it is about how HAProxy does its work and not about what it does.
    SoHere,
    /// It is left out, because of this.
    LeftOut(&'static str),
}

/// Options, and other words, that ours needs not.
const OPTIONS_SO_HERE: &str = "http-keep-alive prefer-last-server splice-auto splice-request splice-response tcp-smart-connect \
    tcp-smart-accept clitcpka srvtcpka tcpka http-use-htx http-buffer-request socket-stats abortonclose";
const SO_HERE: &str =
    "fd-hard-limit hash-type hash-balance-factor http-reuse external-check insecure-fork-wanted description id";

/// Words of lines, and why they are left out.
const LEFT_OUT: [(&str, &str); 12] = [
    (
        "log log-format log-format-sd log-tag log-send-hostname error-log-format unique-id-format unique-id-header capture declare",
        LOG,
    ),
    ("stats", "the screen, ctl and /_lb/health tell what runs"),
    ("monitor-uri monitor", "/_lb/health answers for the balancer itself"),
    ("errorfile errorfiles errorloc errorloc302 errorloc303 http-error", "the pages for errors are this program's own"),
    ("compression filter http-response http-after-response", CHANGES),
    ("daemon", "stickylb-tui start runs it in the background"),
    ("chroot group gid", "nothing but the user is changed here"),
    ("pidfile localpeer node master-worker", "stickylb-tui list shows what runs"),
    ("nbthread nbproc cpu-map numa-cpu-mapping thread-groups", "there is one thread for each processor"),
    ("server-template", "each server is written by itself here"),
    ("use-server force-persist ignore-persist dispatch", "a client goes where its cookie or the strategy says"),
    ("tcp-request tcp-response", "connections are let in or not here, and nothing else is done with them"),
];

const OPTIONS_OF_LOGS: &str =
    "httplog tcplog httpslog dontlognull dontlog-normal logasap log-health-checks log-separate-errors";
const LOG: &str = "the log here has a form of its own";
const CHANGES: &str = "requests and answers pass here as they are";

/// Header fields that ours sets itself.
const FORWARDED: &str = "x-forwarded-for x-forwarded-proto x-forwarded-host x-real-ip forwarded";

/// What is known of a line; `None` where it is not known at all.
pub(super) fn known(line: &Line) -> Option<Known> {
    let (word, argument) = (line.word(0), line.word(1));
    match word {
        "option" if argument == "forwardfor" && line.words.len() == 2 => Some(Known::SoHere),
        "option" if is_among(OPTIONS_SO_HERE, argument) => Some(Known::SoHere),
        "option" if is_among(OPTIONS_OF_LOGS, argument) => Some(Known::LeftOut(LOG)),
        "http-request" => Some(http_request(line)),
        "tcp-request" if tracks(line.word(2), line.word(3)) => Some(Known::SoHere),
        _ if is_among(SO_HERE, word) => Some(Known::SoHere),
        _ => LEFT_OUT.into_iter().find(|(words, _)| is_among(words, word)).map(|(_, why)| Known::LeftOut(why)),
    }
}

/// Whether an action counts clients, which conditions then look at.
fn tracks(action: &str, what: &str) -> bool {
    is_among("track-sc0 track-sc1 track-sc2", action) && what == "src"
}

/// A rule for requests that is none about who may come.
fn http_request(line: &Line) -> Known {
    let action = line.word(1);
    let field = line.word(2).to_ascii_lowercase();
    match action.split('(').next().unwrap_or_default() {
        "set-header" | "add-header" | "del-header" if is_among(FORWARDED, &field) => Known::SoHere,
        // As our own export has it.
        "del-header" if field.starts_with('^') && field.contains("forwarded") => Known::SoHere,
        // An upgrade to HTTP/2 is never handed on here.
        "del-header" if field == "upgrade" => Known::SoHere,
        // As our own export has it, so that clients of a backup go back to others.
        "replace-header" if field == "cookie" && line.text().contains("srv_is_up(") => Known::SoHere,
        // It counts; and what may have been acted on is never sent twice here, and a stream that has begun may be silent.
        "sc-inc-gpc0" | "disable-l7-retry" => Known::SoHere,
        "set-timeout" if field == "server" => Known::SoHere,
        _ if tracks(action, &field) => Known::SoHere,
        "deny" | "allow" | "reject" | "tarpit" | "silent-drop" => {
            Known::LeftOut("who may come is said for all ports together here, and not for a pool")
        }
        "redirect" => Known::LeftOut("nothing here sends clients elsewhere, but from http to https on a port for TLS"),
        _ => Known::LeftOut(CHANGES),
    }
}
