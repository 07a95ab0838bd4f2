//! Lines that are no work of the app's own, or that say that only one copy does it.

/// Whether a line, in small letters and as a template, is one that every copy may write.
pub(super) fn is_harmless(template: &str) -> bool {
    let line = template.to_ascii_lowercase();
    is_access_log(&line) || WORDS.iter().any(|word| has_word(&line, word)) || !line.chars().any(char::is_alphabetic)
}

/// What such lines say.
const WORDS: &[&str] = &[
    // One copy was chosen, and this is not it.
    "leader",
    "follower",
    "standby",
    "election",
    "skip",
    "skipping",
    "skipped",
    "lock",
    "locked",
    "lease",
    "mutex",
    "already running",
    "already done",
    "already ran",
    "already sent",
    "already taken",
    "already claimed",
    "already processed",
    "another instance",
    "other instance",
    "another copy",
    "other copy",
    "another process",
    "other process",
    "another worker",
    "other worker",
    "another replica",
    "another node",
    "another server",
    "someone else",
    "not elected",
    "not acquired",
    "not my turn",
    "nothing to do",
    "no jobs",
    "no pending",
    "queue is empty",
    // What a process says of itself.
    "gc",
    "garbage",
    "scavenge",
    "mark-sweep",
    "mark-compact",
    "heap",
    "rss",
    "memory usage",
    "uptime",
    "event loop",
    "heartbeat",
    "keepalive",
    "keep-alive",
    "still alive",
    "ping",
    "pong",
    "metrics",
    "telemetry",
    "otel",
    "opentelemetry",
    "spans",
    "flush",
    "flushed",
    "flushing",
    "evict",
    "evicted",
    "evicting",
    "stats",
    "health",
    "healthcheck",
    "idle",
    "waiting",
    "polling",
    "watching",
    // The beginning and the end.
    "listening",
    "reconnected",
    "reconnecting",
    "sigterm",
    "sigint",
    "sighup",
    "sigusr1",
    "sigusr2",
    "sigwinch",
    "shutdown",
    "shutting down",
    "stopping",
    "graceful",
    "exiting",
    "restarting",
    "reloading",
    "hmr",
    "compiled",
    "compiling",
    // Debuggers, deprecations and loggers.
    "deprecationwarning",
    "experimentalwarning",
    "debugger",
];

/// Whether the word or words are in the line, with no letter before or behind.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let behind = line[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !behind.is_some_and(char::is_alphanumeric)
    })
}

/// Whether it has a method and a path behind it, as lines of requests do.
fn is_access_log(line: &str) -> bool {
    const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];
    let words: Vec<&str> = line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '[' | ']')).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.windows(2).any(|pair| METHODS.contains(&pair[0]) && (pair[1].starts_with('/') || pair[1].starts_with("http")))
        || line.contains("http/#")
}

#[cfg(test)]
mod tests {
    use super::super::template::template;
    use super::*;

    #[test]
    fn work_is_told_from_what_every_process_says() {
        for line in [
            "127.0.0.1 - - [29/Nov/2026:17:00:01 +0000] \"GET /health HTTP/1.1\" 200 2",
            "GET /api/products 200 3.123 ms - 17",
            "INFO:     127.0.0.1:54321 - \"POST /x HTTP/1.1\" 200 OK",
            "[12345:0x5581] 1234 ms: Scavenge 23.4 (31.2) -> 22.1 (32.0) MB",
            "[gc] GC(17) Pause Young 24M->4M 3.2ms",
            "not the leader, skipping mails",
            "cron: lock is held by another instance",
            "mails: already sent by node-2",
            "worker: no jobs",
            "otel: exported 12 spans",
            "flushed 40 events",
            "cache: evicted 3 entries",
            "heartbeat",
            "memory usage: 123 MB",
            "SIGTERM received",
            "Server listening on port 3000",
            "2026-11-29 17:00:01",
            "------",
        ] {
            assert!(is_harmless(&template(line)), "{line}");
        }
        for line in [
            "cron: sending mails",
            "cleaning up 17 sessions",
            "clock tick",
            "job: report written",
            "Sent newsletter to 3 users",
        ] {
            assert!(!is_harmless(&template(line)), "{line}");
        }
    }
}
