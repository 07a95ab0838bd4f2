//! The program on a real pseudo-terminal, and an emulator that interprets its output.

use std::fs::File;
use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::Signal;
use rustix::termios::{LocalModes, Termios, tcgetattr};

use crate::support::program::{Wait, children, gone, port_in, signal, until};

/// What the terminal has received, and what it shows.
struct Shown {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    /// The reader should close the terminal at the next byte.
    let_go: bool,
    /// Nobody reads: the terminal blocks once it is full.
    still: bool,
}

/// A terminal of 80 columns and 24 lines in which the program runs. Dropping it ends the program.
pub(crate) struct Terminal {
    master: Option<Box<dyn MasterPty + Send>>,
    keyboard: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    shown: Arc<Mutex<Shown>>,
    /// The program's end, kept open so that its settings can be read after the program has ended.
    tty: Option<File>,
    before: Termios,
    /// An empty folder, so that no configuration file is found by accident.
    folder: tempfile::TempDir,
}

/// Begin and end of a frame: synchronized output, mode 2026.
const FRAME: [&[u8]; 2] = [b"\x1b[?2026h", b"\x1b[?2026l"];

/// Interprets these bytes; nothing of a frame shows before it is complete.
fn take_whole(held: &mut Vec<u8>) -> Vec<u8> {
    let [begin, end] = FRAME.map(|mark| held.windows(mark.len()).rposition(|bytes| bytes == mark));
    let shown = match begin {
        Some(at) if end < begin => at,
        // The last bytes may begin a frame mark.
        _ => held.len() - (1..FRAME[0].len()).rev().find(|part| held.ends_with(&FRAME[0][..*part])).unwrap_or(0),
    };
    held.drain(..shown).collect()
}

fn size(columns: u16, rows: u16) -> (NonZeroU16, NonZeroU16) {
    (NonZeroU16::new(rows).unwrap(), NonZeroU16::new(columns).unwrap())
}

/// A program to run, without variables of the caller's shell and terminal that it reads.
fn command(program: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    for name in ["NO_COLOR", "COLORFGBG", "TMUX", "VTE_VERSION", "TERM_PROGRAM"] {
        command.env_remove(name);
    }
    command
}

impl Terminal {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::with(arguments, &[])
    }

    /// With these variables in the program's environment.
    pub(crate) fn with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = command(env!("CARGO_BIN_EXE_stickylb-tui"));
        command.args(arguments);
        for (name, value) in variables {
            command.env(name, value);
        }
        Self::run(command)
    }

    /// A shell with job control.
    pub(crate) fn shell() -> Self {
        let mut command = command("bash");
        command.args(["--norc", "--noprofile", "--noediting", "-i"]);
        command.env("PS1", "ready$ ");
        let terminal = Self::run(command);
        terminal.shows("ready$");
        terminal
    }

    fn run(mut command: CommandBuilder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pty = native_pty_system().openpty(PtySize { rows: 24, cols: 80, ..PtySize::default() }).unwrap();
        let tty = File::open(pty.master.tty_name().unwrap()).unwrap();
        let before = tcgetattr(&tty).unwrap();
        command.cwd(folder.path());
        let is_set = |command: &CommandBuilder, name| {
            command.get_env(name).is_some_and(|set| Some(set) != std::env::var_os(name).as_deref())
        };
        // A balancer warns of others with the same cookie; and the caller has keys and views of their own.
        for name in ["XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            if !is_set(&command, name) {
                command.env(name, folder.path());
            }
        }
        // What was on the terminal before must be there again afterwards.
        let (rows, columns) = size(80, 24);
        let mut parser = vt100::Parser::new(rows, columns, 0);
        parser.process(b"$ stickylb-tui\r\n");
        let shown = Arc::new(Mutex::new(Shown { parser, bytes: Vec::new(), let_go: false, still: false }));
        let mut output = pty.master.try_clone_reader().unwrap();
        let keyboard = pty.master.take_writer().unwrap();
        let child = pty.slave.spawn_command(command).unwrap();
        let screen = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            let mut held = Vec::new();
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                let mut shown = screen.lock().unwrap_or_else(PoisonError::into_inner);
                held.extend_from_slice(&buffer[..read]);
                shown.parser.process(&take_whole(&mut held));
                shown.bytes.extend_from_slice(&buffer[..read]);
                if shown.let_go {
                    break;
                }
                while shown.still {
                    drop(shown);
                    std::thread::sleep(Duration::from_millis(20));
                    shown = screen.lock().unwrap_or_else(PoisonError::into_inner);
                }
            }
        });
        Terminal { master: Some(pty.master), keyboard: Some(keyboard), child, shown, tty: Some(tty), before, folder }
    }

    /// Three demo backends, all UP.
    pub(crate) fn demo() -> Self {
        let terminal = Self::start(&["--demo", "-p", "0"]);
        terminal.wait("three backends are up", |screen| screen.contains("3 up"));
        terminal
    }

    /// The folder it runs in.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The screen's text, one string per row, without trailing spaces.
    pub(crate) fn screen(&self) -> String {
        self.shown().parser.screen().contents()
    }

    /// The rows with trailing spaces.
    pub(crate) fn lines(&self) -> Vec<String> {
        let shown = self.shown();
        let columns = shown.parser.screen().size().1;
        shown.parser.screen().rows(0, columns.get()).collect()
    }

    /// The first row that contains `part`; empty if there is none.
    pub(crate) fn line_with(&self, part: &str) -> String {
        self.screen().lines().find(|line| line.contains(part)).unwrap_or_default().to_owned()
    }

    /// Inspects the emulator: colours, cursor, modes.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.shown().parser.screen())
    }

    /// All bytes received so far.
    pub(crate) fn written(&self) -> Vec<u8> {
        self.shown().bytes.clone()
    }

    /// Waits until the condition holds; if it never does, reports what the screen shows.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, good: impl Fn(&str) -> bool) {
        let wait = Wait::begin();
        while !good(&self.screen()) {
            assert!(!wait.is_over(), "waited in vain until {what}; the screen shows:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    pub(crate) fn shows(&self, part: &str) {
        self.wait(&format!("'{part}' is shown"), |screen| screen.contains(part));
    }

    /// Waits until the row with `name` in the table contains `state`.
    #[track_caller]
    pub(crate) fn backend_is(&self, name: &str, state: &str) {
        let row = |screen: &str| screen.lines().skip(3).find(|line| line.contains(name)).unwrap_or_default().to_owned();
        self.wait(&format!("{name} is {state}"), |screen| row(screen).contains(state));
    }

    pub(crate) fn press(&mut self, keys: &str) {
        let keyboard = self.keyboard.as_mut().unwrap();
        keyboard.write_all(keys.as_bytes()).unwrap();
        keyboard.flush().unwrap();
    }

    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let (nonzero_rows, nonzero_columns) = size(columns, rows);
        self.shown().parser.set_size(nonzero_rows, nonzero_columns);
        self.master.as_ref().unwrap().resize(PtySize { rows, cols: columns, ..PtySize::default() }).unwrap();
    }

    /// The port in the header.
    pub(crate) fn port(&self) -> u16 {
        until("the header shows the address", || port_in(&self.screen()))
    }

    /// Has the terminal say that it has no size, as one of 80 by 24 on a serial line does.
    pub(crate) fn loses_its_size(&self) {
        let (rows, columns) = size(80, 24);
        self.shown().parser.set_size(rows, columns);
        self.master.as_ref().unwrap().resize(PtySize { rows: 0, cols: 0, ..PtySize::default() }).unwrap();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub(crate) fn children(&self) -> Vec<u32> {
        children(self.pid())
    }

    pub(crate) fn signal(&self, which: Signal) {
        signal(self.pid(), which);
    }

    #[track_caller]
    pub(crate) fn still_runs(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "it ended: {ended:?}; the screen shows:\n{}", self.screen());
    }

    /// Waits for the program's end; if it does not come, reports what the screen shows.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let wait = Wait::begin();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(!wait.is_over(), "waited in vain until it has ended; the screen shows:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether the terminal is in canonical mode with echo, as a program started by a shell finds it.
    pub(crate) fn is_cooked(&self) -> bool {
        let now = tcgetattr(self.tty.as_ref().unwrap()).unwrap();
        let modes = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        now.local_modes.contains(modes)
    }

    /// Asserts that the terminal is restored (screen, cursor, settings) and that the program ended with status 0.
    #[track_caller]
    pub(crate) fn is_given_back(&mut self) {
        let status = self.ended();
        assert!(status.success(), "{status:?}");
        // The last bytes may still be on their way to this test.
        self.wait("the prompt is back", |screen| screen.starts_with("$ stickylb-tui"));
        self.look(|screen| {
            assert!(!screen.alternate_screen(), "the alternate screen is still shown");
            assert!(!screen.hide_cursor(), "the cursor is hidden");
            assert!(!screen.bracketed_paste() && !screen.application_cursor() && !screen.application_keypad());
            assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
            assert_eq!((screen.fgcolor(), screen.bgcolor()), (vt100::Color::Default, vt100::Color::Default));
        });
        assert!(self.is_cooked(), "the terminal is still raw");
        let now = tcgetattr(self.tty.as_ref().unwrap()).unwrap();
        assert_eq!(now.local_modes, self.before.local_modes);
        assert_eq!(now.input_modes, self.before.input_modes);
        assert_eq!(now.output_modes, self.before.output_modes);
        assert_eq!(now.control_modes, self.before.control_modes);
    }

    /// Stops reading the terminal, as when its window or its network connection hangs.
    pub(crate) fn stands_still(&self) {
        self.shown().still = true;
    }

    /// Resumes reading.
    pub(crate) fn goes_on(&self) {
        self.shown().still = false;
    }

    /// Closes the terminal's window under the running program.
    pub(crate) fn close_window(&mut self) {
        self.shown().let_go = true;
        // A byte makes the reading thread notice.
        self.press("?");
        until("the reader let go", || (Arc::strong_count(&self.shown) == 1).then_some(()));
        self.tty = None;
        self.keyboard = None;
        self.master = None;
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let started = if matches!(self.child.try_wait(), Ok(None)) { self.children() } else { Vec::new() };
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            gone(&started);
        }
    }
}
