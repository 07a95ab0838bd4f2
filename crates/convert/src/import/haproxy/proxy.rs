//! `frontend`, `backend` and `listen`: their lines, each kind of them by itself.

use super::balance::Balance;
use super::check::Check;
use super::condition::Acls;
use super::global::{say, say_environment};
use super::lines::Line;
use super::sections::{Section, with_defaults};
use super::server::Options;
use super::timeouts::Timeouts;
use crate::import::left_out::LeftOut;
use crate::import::words::is_among;

/// Words of lines that are a frontend's alone, and a backend's alone.
const OF_FRONTENDS: &str = "bind use_backend default_backend monitor-uri capture";
const OF_BACKENDS: &str = "balance cookie server default-server server-template http-check tcp-check external-check retries retry-on \
    stick hash-type fullconn http-reuse use-server dispatch hash-balance-factor source";

/// Options by which servers are checked that need not speak HTTP.
const OTHER_CHECKS: &str = "tcp-check ssl-hello-chk smtpchk ldap-check mysql-check pgsql-check redis-check spop-check";

/// One section with what its `defaults` say.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub(super) struct Proxy<'s> {
    pub(super) section: &'s Section,
    pub(super) is_front: bool,
    pub(super) is_back: bool,
    pub(super) is_tcp: bool,
    pub(super) binds: Vec<&'s Line>,
    pub(super) acls: Acls,
    /// `use_backend`, in their order.
    pub(super) uses: Vec<&'s Line>,
    pub(super) default_backend: Option<&'s Line>,
    /// Rules that let clients in, or not.
    pub(super) rules: Vec<&'s Line>,
    pub(super) max_connections: Option<&'s Line>,
    pub(super) timeouts: Timeouts,
    pub(super) balance: Balance,
    pub(super) check: Check,
    pub(super) servers: Vec<&'s Line>,
    /// What each of them has from the `default-server` lines before it.
    pub(super) usual: Vec<Options>,
    /// From those so far.
    server_options: Options,
    /// Whether all backups take clients, and not the first one alone.
    pub(super) all_backups: bool,
    pub(super) retries: Option<&'s Line>,
    pub(super) retry_on: Option<&'s Line>,
    pub(super) redispatch: bool,
    /// Whether counters count something else than clients' addresses.
    pub(super) counts_others: bool,
    /// Whether it answers all by 404.
    pub(super) answers_404: bool,
    /// Whether clients stay with a server that is out.
    pub(super) fails: bool,
    /// The `Host` that servers see.
    pub(super) host: Option<&'s Line>,
}

impl<'s> Proxy<'s> {
    /// Reads the section at this position.
    ///
    /// # Errors
    /// It is malformed.
    pub(super) fn read(sections: &'s [Section], at: usize, left_out: &mut LeftOut) -> Result<Self, String> {
        let section = &sections[at];
        let lines = with_defaults(sections, at)?;
        let mode = lines.iter().rev().find(|line| line.word(0) == "mode").map_or("tcp", |line| line.word(1));
        let mut proxy = Proxy {
            section,
            is_front: section.kind != "backend",
            is_back: section.kind != "frontend",
            is_tcp: mode == "tcp",
            binds: Vec::new(),
            acls: Acls::default(),
            uses: Vec::new(),
            default_backend: None,
            rules: Vec::new(),
            max_connections: None,
            timeouts: Timeouts::default(),
            balance: Balance::default(),
            check: Check::default(),
            servers: Vec::new(),
            usual: Vec::new(),
            server_options: Options::default(),
            all_backups: false,
            retries: None,
            retry_on: None,
            redispatch: false,
            counts_others: false,
            answers_404: false,
            fails: false,
            host: None,
        };
        if !["tcp", "http"].contains(&mode) {
            return Err(format!("line {}: it has 'mode {mode}', and only http and tcp are known here", section.number));
        }
        for line in lines {
            proxy.read_line(line, left_out)?;
        }
        Ok(proxy)
    }

    /// How its servers are checked.
    pub(super) fn checks(&self) -> Check {
        Check { timeout: self.timeouts.of("check"), ..self.check.clone() }
    }

    /// What it is called there.
    pub(super) fn called(&self) -> String {
        format!("{} '{}'", self.section.kind, self.section.name)
    }

    fn read_line(&mut self, line: &'s Line, left_out: &mut LeftOut) -> Result<(), String> {
        let word = line.word(0);
        let is_inherited = line.number < self.section.number;
        let is_others = |own: bool, words: &str| !own && is_among(words, word);
        if is_others(self.is_front, OF_FRONTENDS) || is_others(self.is_back, OF_BACKENDS) {
            if !is_inherited {
                let kind = &self.section.kind;
                left_out.part(line.number, &line.text(), &format!("it means nothing in a {kind}"));
            }
            return Ok(());
        }
        if line.reads_environment {
            say_environment(line, left_out);
            return Ok(());
        }
        match word {
            // The mode is known already.
            "mode" | "enabled" => {}
            "bind" => self.binds.push(line),
            "acl" => self.acls.add(&line.words),
            "use_backend" => self.uses.push(line),
            "default_backend" => self.default_backend = Some(line),
            "maxconn" => self.max_connections = Some(line),
            "timeout" => self.timeouts.read(line)?,
            "balance" | "cookie" | "stick" => self.balance.read(line),
            "stick-table" => self.read_table(line),
            "server" => {
                self.servers.push(line);
                self.usual.push(self.server_options.clone());
            }
            "default-server" => self.server_options.read(line, 1, left_out)?,
            "retries" => self.retries = Some(line),
            "retry-on" => self.retry_on = Some(line),
            "option" | "no" => self.read_option(line, left_out),
            "force-persist" if is_for_bound_clients(line) => self.fails = true,
            "http-check" => self.check.read_http_check(line, left_out),
            "external-check" => self.check.read_command(line),
            "tcp-check" => {
                left_out.part(line.number, &line.text(), "a check that speaks no HTTP connects and no more here");
            }
            "http-request" | "tcp-request" => self.read_rule(line, left_out),
            "disabled" => left_out.say(line.number, format!("{} is disabled there, and is not here", self.called())),
            _ => say(line, left_out),
        }
        Ok(())
    }

    fn read_option(&mut self, line: &Line, left_out: &mut LeftOut) {
        match (line.word(0), line.word(1), line.word(2)) {
            ("option", "redispatch", _) => self.redispatch = true,
            ("option", "allbackups", _) => self.all_backups = true,
            ("no", "option", "redispatch") => self.redispatch = false,
            // It takes nothing from ours that it has by itself.
            ("no", "option", _) => {}
            ("option", "httpchk", _) if self.is_back => self.check.read_httpchk(line),
            ("option", "external-check", _) if self.is_back => self.check.read_command(line),
            ("option", name, _) if self.is_back && is_among(OTHER_CHECKS, name) => {
                self.check.read_other(line, left_out);
            }
            ("option", name, _) if name.ends_with("chk") || name.ends_with("-check") => {}
            _ => say(line, left_out),
        }
    }

    /// A table matters here for how long it remembers.
    fn read_table(&mut self, line: &Line) {
        let expire = line.words.windows(2).find(|two| two[0] == "expire");
        self.balance.expiry = expire.and_then(|two| crate::import::address::millis(&two[1], "ms"));
    }

    fn read_rule(&mut self, line: &'s Line, left_out: &mut LeftOut) {
        let action = line.word(1);
        self.counts_others |= line.words.windows(2).any(|two| two[0].starts_with("track-sc") && two[1] != "src");
        let is_return = action == "return" && line.from(2).starts_with(&["status".to_owned(), "404".to_owned()]);
        if line.word(0) == "http-request" && self.is_tcp {
            // It is not looked at there either.
        } else if is_return && !self.is_front {
            self.answers_404 = true;
        } else if action.starts_with("set-var(")
            && (self.acls.add_variable(&line.words) || self.is_back && self.balance.read_variable(line))
        {
            // Conditions, or 'balance', look at it.
        } else if action == "set-header"
            && line.word(2).eq_ignore_ascii_case("host")
            && line.words.len() == 4
            && self.is_back
        {
            self.host = Some(line);
        } else if is_about_clients(line) && self.is_front {
            self.rules.push(line);
        } else {
            say(line, left_out);
        }
    }
}

/// Whether `force-persist` is for clients that are bound to a server, as our own export has it.
fn is_for_bound_clients(line: &Line) -> bool {
    let condition = line.from(1).join(" ");
    condition.starts_with("if { req.cook(") || condition.starts_with("if { src,table_server_id")
}

/// Whether a rule lets clients in, or not, or says which proxies are believed.
fn is_about_clients(line: &Line) -> bool {
    match (line.word(0), line.word(1), line.word(2)) {
        ("http-request", "deny" | "reject" | "allow" | "tarpit" | "silent-drop", _)
        | ("tcp-request", "connection" | "session" | "content", "accept" | "reject") => true,
        ("http-request", "set-src", from) => from.starts_with("hdr"),
        _ => false,
    }
}
