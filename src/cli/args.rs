//! The definition of the command line.

use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Parser, ValueEnum};

#[cfg(unix)]
use super::ctl_words::Ctl;
use super::export_words::Export;
use super::glyphs::Glyphs;
#[cfg(feature = "tui")]
use super::learn::words::Learn;
use super::names_words::Names;
use super::survive::wanted::Wanted;
use crate::headless::LogFormat;
use stickylb::api::{StickyBy, Strategy};
use stickylb::config::local_name;

/// A sticky-session load balancer for the machine you develop on, with a screen that shows everything it does.
#[derive(Clone, Debug, Parser)]
#[command(name = "stickylb-tui", version, max_term_width = 100, args_conflicts_with_subcommands = false)]
#[command(after_help = "Begin with one of:
  stickylb-tui --demo                 three demo backends, nothing else needed
  stickylb-tui 5000 5001              your own servers on these ports
  stickylb-tui run -- npm start       copies of your own program
  stickylb-tui survive -- npm start   whether it survives more than one copy
  stickylb-tui --config lb.json       everything from a file")]
pub(super) struct Args {
    /// 5000, :5000, host:port, http(s)://host:port or unix:/path, then perhaps ,weight=2 ,name=api ,id=7
    #[arg(value_name = "BACKEND")]
    pub(super) backends: Vec<String>,

    /// Start N demo backends, each a process of its own [default N: 3]
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "3",
          value_parser = clap::value_parser!(u8).range(1..=40))]
    pub(super) demo: Option<u8>,

    #[command(flatten)]
    pub(super) options: Settings,

    #[command(subcommand)]
    pub(super) subcommand: Option<Subcommand>,
}

/// What the balancer is told, whatever its backends are.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(super) struct Settings {
    /// JSON file; ./stickylb.json when it exists and neither BACKEND nor --demo is given
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Port to listen on; 0 takes any free one [default: 3001]
    #[arg(short, long, value_name = "N")]
    pub(super) port: Option<u16>,

    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDR", value_parser = host)]
    pub(super) host: Option<IpAddr>,

    #[command(flatten)]
    pub(super) tls: TlsOptions,

    /// A name that leads here, such as app for app.localhost; may be repeated
    #[arg(long = "name", value_name = "HOST", value_parser = local_name)]
    pub(super) names: Vec<String>,

    /// round-robin, smooth-round-robin, least-connections, random, power-of-two, least-latency, hash or first [default:
    /// round-robin]
    #[arg(short, long, value_name = "NAME")]
    pub(super) strategy: Option<Strategy>,

    /// What binds a client to its backend: cookie, ip, header:NAME, query:NAME, learn:FROM or off [default: cookie]
    #[arg(long, value_name = "MODE")]
    pub(super) sticky: Option<StickyBy>,

    /// No screen: log lines on stdout (chosen by itself when stdout is no terminal)
    #[arg(long)]
    pub(super) headless: bool,

    /// No screen but a prompt: commands in, answers and log lines out, for slow terminals and screen readers
    #[cfg(feature = "tui")]
    #[arg(long, conflicts_with = "headless")]
    pub(super) plain: bool,

    /// How `start` starts it: in a session of its own, without stdio once it serves
    #[cfg(unix)]
    #[arg(long, hide = true)]
    pub(super) background: bool,

    /// How log lines are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = LogFormat::Text)]
    pub(super) log_format: LogFormat,

    /// Write the log lines to this file as well; it is appended to
    #[arg(long, value_name = "FILE")]
    pub(super) log_file: Option<PathBuf>,

    /// Hold a request this long while no backend is up, before the 503 [default: 0]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub(super) hold: Option<u64>,

    /// Make random choices repeatable
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,

    /// Characters the screen is drawn with; auto asks the locale [default: auto]
    #[arg(long, value_enum, value_name = "SET")]
    pub(super) glyphs: Option<Glyphs>,

    /// Colours, or a theme of your own; auto follows NO_COLOR and what the terminal says of its background [default:
    /// auto]
    #[arg(long, value_name = "NAME", value_parser = ThemeName)]
    pub(super) theme: Option<String>,

    /// Tell when a backend goes DOWN, and of alerts: by the terminal's bell, or on the desktop [default: off]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(super) notify: Option<NotifyHow>,
}

/// Whether clients speak TLS, and by whose certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(super) struct TlsOptions {
    /// Speak https with clients, by certificates made here as they are asked for
    #[arg(long = "tls")]
    pub(super) own: bool,

    /// Speak https by this certificate, a PEM file
    #[arg(long = "tls-cert", value_name = "FILE", requires = "key")]
    pub(super) cert: Option<PathBuf>,

    /// The private key of --tls-cert, a PEM file
    #[arg(long = "tls-key", value_name = "FILE", requires = "cert")]
    pub(super) key: Option<PathBuf>,
}

/// The name of a theme: a built-in one, or one of the user's own, which are known only when their file is read.
#[derive(Clone, Copy)]
struct ThemeName;

/// The names that need no file.
pub(super) const THEMES: [&str; 6] = ["auto", "dark", "light", "high-contrast", "color-blind", "mono"];

impl TypedValueParser for ThemeName {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(THEMES.into_iter().map(PossibleValue::new)))
    }
}

/// How a backend that goes DOWN is told, and alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum NotifyHow {
    Off,
    Bell,
    Desktop,
}

#[derive(Clone, Debug, clap::Subcommand)]
pub(super) enum Subcommand {
    /// Start several copies of your program, each with a $PORT of its own, and balance them
    Run(Run),
    /// Find out whether your program survives more than one copy of itself
    Survive(Survive),
    /// Lessons: traffic and failures are staged, and what you do is checked by what it does
    #[cfg(feature = "tui")]
    Learn(Learn),
    /// Read a configuration file, report everything wrong in it, start nothing
    Check {
        /// The file; the one of --config, or ./stickylb.json
        file: Option<PathBuf>,
        /// Check your own file, with keys and themes: FILE, or ~/.config/stickylb-tui/config.json
        #[cfg(feature = "tui")]
        #[arg(long)]
        user: bool,
    },
    /// Print a configuration as one of HAProxy, nginx, Caddy, Traefik, Envoy or Kubernetes
    Export(Export),
    /// Print a configuration of HAProxy, nginx, LoadBalancer.js or WebsocketReverseProxy as one for this program
    #[command(after_help = "What has no counterpart here is left out, and named on standard error with its line.

  stickylb-tui import haproxy.cfg > stickylb.json
  stickylb-tui check stickylb.json")]
    Import {
        /// Its file
        file: PathBuf,
    },
    /// Print the names that lead to pools, or their lines for /etc/hosts
    Names(Names),
    /// Print the keys of the screen, as your own file has them
    #[cfg(feature = "tui")]
    Keys {
        /// As JSON, to be pasted into your own file and changed there
        #[arg(long)]
        print: bool,
    },
    /// Print the JSON Schema of the configuration file, for editors
    Schema {
        /// That of your own file, with keys and themes
        #[cfg(feature = "tui")]
        #[arg(long)]
        user: bool,
        /// That of a lesson
        #[cfg(feature = "tui")]
        #[arg(long, conflicts_with = "user")]
        lesson: bool,
    },
    /// Print the completions for a shell
    Completions {
        /// Which
        shell: clap_complete::Shell,
    },
    /// Print the man page, in roff
    Man,
    /// Have browsers and programs here trust the certificates that --tls makes: says each step, then does it
    Trust(Trust),
    /// Start in the background: everything after it as without it
    #[cfg(unix)]
    Start {
        /// Options and backends, as for the screen
        #[arg(value_name = "OPTIONS", trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// The balancers of yours that run
    #[cfg(unix)]
    List,
    /// Stop one that runs, when the requests in flight have finished
    #[cfg(unix)]
    Stop {
        /// The one on this port; needed where several run
        #[arg(short, long, value_name = "N", conflicts_with = "all")]
        port: Option<u16>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
    /// The screen of one that runs; leaving it leaves the balancer running
    #[cfg(all(unix, feature = "tui"))]
    Attach {
        /// The one on this port; needed where several run
        #[arg(short, long, value_name = "N")]
        port: Option<u16>,
        /// No screen but a prompt
        #[arg(long)]
        plain: bool,
        /// Only watch: a screen that can change nothing and shows no secrets, for a class
        #[arg(long)]
        watch: bool,
    },
    /// Who would get a request, and why; nothing is sent
    #[cfg(unix)]
    Explain(Explain),
    /// See or change one that runs
    #[cfg(unix)]
    Ctl {
        /// The one on this port; needed where several run
        #[arg(short, long, value_name = "N", global = true)]
        port: Option<u16>,
        #[command(subcommand)]
        what: Ctl,
    },
    /// One demo backend, as --demo starts it
    #[command(hide = true)]
    DemoBackend(DemoBackend),
    /// What stands between this program and a process it starts
    #[command(hide = true)]
    Supervise(Supervise),
}

#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Each copy finds its port in the environment variable PORT, its number, from 0, in STICKYLB_INSTANCE, and \
the URL that clients open in STICKYLB_URL.
A copy that ends is started again; it gets clients when it answers.
With --config FILE the file's settings hold, its backends are optional, and the copies join its first HTTP pool.

  stickylb-tui run -n 3 -- node server.js
  stickylb-tui run -n 2 -p 8080 -- python3 -m http.server {port}",
    mut_arg("config", |config| config.help("JSON file; without it none is read"))
)]
pub(super) struct Run {
    /// How many copies [default: one for each processor]
    #[arg(short = 'n', long = "copies", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=200))]
    pub(super) copies: Option<u16>,

    #[command(flatten)]
    pub(super) options: Settings,

    /// The program and its arguments; {port} in an argument is replaced by the copy's port
    #[arg(value_name = "CMD", required = true, last = true)]
    pub(super) command: Vec<OsString>,
}

#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "With --har or --test it goes by itself and prints a report. Without, it watches what you click until q or Ctrl-C.
It ends with 1 if it finds something that breaks with several copies, or does not come to its end.

  stickylb-tui survive --test 'npm test' -- npm start
  stickylb-tui survive --har session.har -- node server.js
  stickylb-tui survive -- npm start
  stickylb-tui survive --config lb.json",
    mut_arg("config", |config| config.help("JSON file; its backends are the copies where there is no CMD")),
    mut_arg("port", |port| port.help("Port to listen on; 0 takes any free one [default: 3001; with --har or --test: 0]"))
)]
pub(super) struct Survive {
    /// How many copies of CMD [default: 2]
    #[arg(short = 'n', long = "copies", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=200))]
    pub(super) copies: Option<u16>,

    #[command(flatten)]
    pub(super) wanted: Wanted,

    #[command(flatten)]
    pub(super) options: Settings,

    /// The program and its arguments; {port} in an argument is replaced by the copy's port
    #[arg(value_name = "CMD", last = true)]
    pub(super) command: Vec<OsString>,
}

#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "A step that needs root is left for you, with its command. It ends with 1 if a step failed or is left for you.

  stickylb-tui trust
  curl --cacert <(stickylb-tui trust --print) https://localhost:3001
  eval \"$(stickylb-tui trust --env)\""
)]
#[group(multiple = false)]
pub(super) struct Trust {
    /// Undo all of it
    #[arg(long)]
    pub(super) remove: bool,
    /// Print the authority's certificate in PEM, for other machines, and change nothing
    #[arg(long)]
    pub(super) print: bool,
    /// Print variables for programs with a list of their own, such as Node.js, and change nothing
    #[arg(long)]
    pub(super) env: bool,
}

#[derive(Clone, Debug, clap::Args)]
pub(super) struct Supervise {
    /// Milliseconds that the process has to end.
    #[arg(long)]
    pub(super) grace: u64,
    /// The soft limit of open descriptors that it gets.
    #[arg(long)]
    pub(super) descriptors: Option<u64>,
    #[arg(required = true, last = true)]
    pub(super) command: Vec<OsString>,
}

#[cfg(unix)]
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Explain {
    /// GET, POST, …
    pub(super) method: String,
    /// A path, or a URL of the balancer's
    pub(super) url: String,
    /// A header field, as for curl; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(super) headers: Vec<String>,
    /// Where it comes from [default: 127.0.0.1]
    #[arg(long, value_name = "ADDR")]
    pub(super) ip: Option<IpAddr>,
    /// All of it, as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// The balancer on this port; needed where several run
    #[arg(short, long, value_name = "N")]
    pub(super) port: Option<u16>,
}

#[derive(Clone, Debug, clap::Args)]
pub(super) struct DemoBackend {
    #[arg(long, default_value = "alpha")]
    pub(super) name: String,
    #[arg(long, default_value_t = 'A')]
    pub(super) letter: char,
    #[arg(long, default_value = "#0072b2")]
    pub(super) color: String,
    #[arg(long)]
    pub(super) port: u16,
}

fn host(word: &str) -> Result<IpAddr, String> {
    match word {
        "localhost" => Ok(IpAddr::from([127, 0, 0, 1])),
        _ => word.parse().map_err(|_| "write an address of this machine, such as 127.0.0.1 or 0.0.0.0".to_owned()),
    }
}
