//! Gives the terminal to the user's editor and takes it back, while the balancer serves on.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, SystemTime};
use stickylb::api::{EngineHandle, News};
use stickylb::untrusted::Untrusted;
use tokio::process::{Child, Command};
use tokio::task::spawn_blocking;

use super::edit::TEXT;
use super::lent::Lent;
use super::orders::Orders;
use super::state::State;
use super::suspend::Continued;

/// How often the screen's state is brought up to date while the editor has the terminal.
const LOOK: Duration = Duration::from_millis(200);

/// How long an editor may take to end when the program does.
const FAREWELL: Duration = Duration::from_millis(300);

/// What came of editing.
pub(super) enum Edited {
    /// The text, or why there is none, in one sentence.
    Back(Result<Vec<u8>, String>),
    /// The screen must leave.
    MustLeave,
}

/// Has the text edited in the user's editor, which has the terminal meanwhile; the terminal was left before.
pub(super) async fn edit(
    engine: &mut impl EngineHandle,
    state: &mut State,
    orders: &mut Orders,
    continued: &mut Continued,
    text: Vec<u8>,
) -> Edited {
    let file = match spawn_blocking(move || PrivateFile::new(&text)).await {
        Ok(Ok(file)) => file,
        Ok(Err(error)) => return Edited::Back(Err(format!("the request cannot be written for the editor: {error}"))),
        Err(lost) => return Edited::Back(Err(lost.to_string())),
    };
    let lent = Lent::new();
    // The keys that end a program, Ctrl-C and Ctrl-\, are the editor's now.
    orders.lent.send_replace(true);
    let ended = run(engine, state, orders, continued, &file.path).await;
    orders.lent.send_replace(false);
    lent.take_back();
    let Some(ended) = ended else { return Edited::MustLeave };
    let read = spawn_blocking(move || file.read()).await;
    Edited::Back(ended.and_then(|()| read.map_err(|lost| lost.to_string())?))
}

/// Runs the editor to its end; `None` if the screen must leave.
async fn run(
    engine: &mut impl EngineHandle,
    state: &mut State,
    orders: &mut Orders,
    continued: &mut Continued,
    path: &Path,
) -> Option<Result<(), String>> {
    let editor = editor();
    let mut child = match start(&editor, path) {
        Ok(child) => child,
        Err(error) => return Some(Err(format!("the editor cannot be started: {error}"))),
    };
    loop {
        tokio::select! {
            status = child.wait() => return Some(judged(&editor, status)),
            () = tokio::time::sleep(LOOK) => {}
            // It was stopped and continued together with the editor.
            () = continued.next() => {}
            news = engine.news(false) => match news {
                News::Ended(why) => state.ended = Some(why),
                _ => state.second(SystemTime::now(), engine.snapshot()),
            },
            () = orders.leave() => {
                end(&mut child).await;
                return None;
            }
        }
        let mut batch = Vec::new();
        let missed = engine.take(&mut batch);
        state.append(batch, missed);
    }
}

/// The user's editor: a command, perhaps with arguments.
fn editor() -> String {
    let set = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| "vi".to_owned())
}

/// Starts the editor by a shell, because the command may have arguments and quotes.
fn start(editor: &str, path: &Path) -> io::Result<Child> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("exec {editor} \"$1\"")).arg("sh").arg(path).kill_on_drop(true);
    if !io::stdin().is_terminal() {
        command.stdin(Stdio::from(std::fs::File::open("/dev/tty")?));
    }
    command.spawn()
}

/// Why nothing came of it, if the editor did not end well.
fn judged(editor: &str, status: io::Result<ExitStatus>) -> Result<(), String> {
    let shown = Untrusted::new(editor);
    let how = "set VISUAL or EDITOR to one that is there";
    match status.map(|status| (status.success(), status.code())) {
        Ok((true, _)) => Ok(()),
        Ok((_, Some(126 | 127))) => Err(format!("the editor '{shown}' cannot be started: {how}")),
        Ok((_, Some(code))) => Err(format!("the editor '{shown}' ended with status {code}")),
        Ok((_, None)) => Err(format!("the editor '{shown}' was ended by a signal")),
        Err(error) => Err(format!("the editor '{shown}' was lost: {error}")),
    }
}

/// Ends the editor, which gets a moment to leave the terminal as it was.
async fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(pid) = child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?)) {
        // An error means that it has ended.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        if tokio::time::timeout(FAREWELL, child.wait()).await.is_ok() {
            return;
        }
    }
    // The same, here.
    let _ = child.kill().await;
}

/// A file in a directory of its own, both for this user alone. Dropping it removes both, with all that the editor left there.
struct PrivateFile {
    folder: PathBuf,
    path: PathBuf,
}

impl PrivateFile {
    fn new(text: &[u8]) -> io::Result<Self> {
        // Where there is one, it is in memory and nobody else's.
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
        let parent = runtime.unwrap_or_else(std::env::temp_dir);
        let folder = parent.join(format!("stickylb-edit-{}-{:08x}", std::process::id(), fastrand::u32(..)));
        private_folder(&folder)?;
        let file = PrivateFile { path: folder.join("request.http"), folder };
        private_file(&file.path)?.write_all(text)?;
        Ok(file)
    }

    /// What it holds now, as one sentence if that cannot be read.
    fn read(&self) -> Result<Vec<u8>, String> {
        let mut text = Vec::new();
        // An editor may have put a pipe or a link to a terminal in its place, which would be waited for.
        if !std::fs::symlink_metadata(&self.path).is_ok_and(|found| found.is_file()) {
            return Err("what was edited is no file any more".to_owned());
        }
        let read = std::fs::File::open(&self.path).and_then(|file| file.take(TEXT as u64 + 1).read_to_end(&mut text));
        match read {
            Ok(_) if text.len() > TEXT => Err(format!("it is longer than {} KB", TEXT / 1024)),
            Ok(_) => Ok(text),
            Err(error) => Err(format!("what was edited cannot be read: {error}")),
        }
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        // Nothing can be done about a directory that cannot be removed.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[cfg(unix)]
fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir(path)
}

fn private_file(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create_new(true).open(path)
}
