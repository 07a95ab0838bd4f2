//! The user's file.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use super::kept::is_missing;
use super::{arrangement, keys, places, themes};
use crate::screen::{Arrangement, Colors, Glyphs, Keymap, Motion, Notify, Themes};
use stickylb::config::{ConfigError, read_file};
use stickylb::program::{Keys, Node, parse_by, schema_by};

/// How long is waited for what should be a file and is a named pipe.
const WITHIN: Duration = Duration::from_secs(5);

/// What is the user's own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UserConfig {
    /// The colours; `None` is by what the terminal says of its background.
    pub(crate) theme: Option<Colors>,
    /// The built-in themes and the user's own.
    pub(crate) themes: Themes,
    /// The current keys.
    pub(crate) keys: Keymap,
    /// Views, columns and order.
    pub(crate) arrangement: Arrangement,
    /// The characters; `None` is by the locale.
    pub(crate) glyphs: Option<Glyphs>,
    /// Whether the mouse is the screen's from the start.
    pub(crate) mouse: bool,
    /// Whether the flow shows requests on their way.
    pub(crate) motion: Motion,
    /// Whether the screen begins as that for a room.
    pub(crate) presenter: bool,
    pub(crate) notify: Notify,
}

impl UserConfig {
    /// What holds without a file.
    pub(crate) fn new(arrangement: Arrangement) -> Self {
        UserConfig {
            theme: None,
            themes: Themes::default(),
            keys: Keymap::default(),
            arrangement,
            glyphs: None,
            mouse: false,
            motion: Motion::default(),
            presenter: false,
            notify: Notify::default(),
        }
    }

    fn read(&mut self, keys: &mut Keys<'_, '_>) {
        keys.get("$schema", "Where this schema is, for editors", |n| {
            n.hint("type", "string");
            None::<()>
        });
        let described = "Themes of your own, by their names";
        self.themes = keys.get("themes", described, themes::themes).unwrap_or_default();
        let described = "The colours: auto, dark, light, high-contrast, color-blind, mono, or a theme of your own";
        self.theme = keys.get("theme", described, |n| theme(n, &self.themes));
        let described = "The keys of each action; what is not named here keeps its own";
        self.keys = keys.get("keys", described, keys::keys).unwrap_or_default();
        arrangement::read(keys, &mut self.arrangement);
        let sets = [("auto", None), ("unicode", Some(Glyphs::Unicode)), ("ascii", Some(Glyphs::Ascii))];
        let described = "The characters the screen is drawn with; auto asks the locale";
        self.glyphs = keys.get("glyphs", described, |n| n.one_of(&sets)).flatten();
        let described = "Whether the mouse selects, scrolls and sorts from the start";
        self.mouse = keys.get("mouse", described, |n| n.boolean()).unwrap_or_default();
        let motion = keys.get("flow", "The flow, which B shows", |n| {
            let described = "Whether requests are dots that move; off shows counts";
            n.object(|keys| keys.get("motion", described, |n| n.one_of(&Motion::NAMES)))
        });
        self.motion = motion.flatten().unwrap_or_default();
        let described = "Whether the screen begins as the presenter: large, without the log, with secrets locked";
        self.presenter = keys.get("presenter", described, |n| n.boolean()).unwrap_or_default();
        let ways = [Notify::Off, Notify::Bell, Notify::Desktop].map(|how| (how.name(), how));
        let described = "How you are told when a backend goes DOWN, and of alerts";
        self.notify = keys.get("notify", described, |n| n.one_of(&ways)).unwrap_or_default();
    }
}

/// The theme of a name; `auto` is none.
fn theme(n: Node<'_, '_>, themes: &Themes) -> Option<Colors> {
    n.parsed(|name| if name == "auto" { Ok(None) } else { themes.named(name).map(Some) }).flatten()
}

/// The schema of the file, as text.
pub(crate) static SCHEMA: LazyLock<String> = LazyLock::new(|| {
    let described = "What is your own in stickylb-tui: colours, keys, views. Comments and trailing commas are fine.";
    schema_by(described, |keys| UserConfig::new(Arrangement::default()).read(keys))
});

/// Reads the user's file, over what was kept of the screen's arrangement. Without a file the built-in values hold.
///
/// # Errors
/// It cannot be read, or is wrong: every problem of it.
pub(crate) fn load(kept: Arrangement) -> Result<UserConfig, ConfigError> {
    let Some(path) = places::config_file() else { return Ok(UserConfig::new(kept)) };
    match parse(&path, kept.clone()) {
        Err(ConfigError::Unreadable { error, .. }) if is_missing(&error) => Ok(UserConfig::new(kept)),
        other => other,
    }
}

/// Reads a file of that kind.
///
/// # Errors
/// It is not there, cannot be read, or is wrong: every problem of it.
pub(crate) fn parse(path: &Path, kept: Arrangement) -> Result<UserConfig, ConfigError> {
    let bytes =
        read_file(path, Some(WITHIN)).map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
    parse_by(path, &bytes, |keys| {
        let mut user = UserConfig::new(kept);
        user.read(keys);
        user
    })
}
