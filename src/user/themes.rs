//! The key `themes`: themes of the user's own.

use ratatui::style::Color;
use stickylb::program::{Keys, Node};

use crate::screen::{Colors, OwnColors, Role, Themes};

/// The palette colours by their names, and the terminal's own.
const NAMES: [(&str, Color); 17] = [
    ("default", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("gray", Color::Gray),
    ("dark-gray", Color::DarkGray),
    ("light-red", Color::LightRed),
    ("light-green", Color::LightGreen),
    ("light-yellow", Color::LightYellow),
    ("light-blue", Color::LightBlue),
    ("light-magenta", Color::LightMagenta),
    ("light-cyan", Color::LightCyan),
    ("white", Color::White),
];

pub(super) fn themes(n: Node<'_, '_>) -> Option<Themes> {
    let mut themes = Themes::default();
    n.pairs(|name, n| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let colors = n.object(theme);
        if name.is_empty() || !name.chars().all(is_name) {
            n.wrong::<()>("a theme's name is made of letters, digits, - and _");
        } else if name == "auto" || themes.named(name).is_ok() {
            n.wrong::<()>(format!("there is a theme '{name}' already: choose another name"));
        } else if let Some(colors) = colors {
            themes.add(name, Colors::Own(colors));
        }
    })?;
    Some(themes)
}

fn theme(keys: &mut Keys<'_, '_>) -> OwnColors {
    let built_in = Colors::ALL.map(|colors| (colors.name(), colors));
    let base =
        keys.get("base", "The built-in theme that has all other colours: dark unless named", |n| n.one_of(&built_in));
    let mut colors = OwnColors::over(base.unwrap_or(Colors::Dark));
    for (role, name, described) in Role::ALL {
        if let Some(color) = keys.get(name, described, color) {
            colors.set(role, color);
        }
    }
    colors
}

/// `light-red`, `#d70000`, or a number from 0 to 255.
fn color(n: Node<'_, '_>) -> Option<Color> {
    n.either(n.is_string(), |n| n.parsed(named), |n| n.integer(0, 255).map(Color::Indexed))
}

fn named(word: &str) -> Result<Color, String> {
    let rgb = || {
        let digits = word.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let number = digits.chars().all(|c| c.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())??;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Color::Rgb(red, green, blue))
    };
    let name = NAMES.iter().find(|(name, _)| *name == word).map(|(_, color)| *color);
    name.or_else(rgb).ok_or_else(|| {
        let near = stickylb::program::nearest(word, NAMES.iter().map(|(name, _)| *name));
        let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        format!("'{word}' is no colour: write #rrggbb, a number from 0 to 255, or {}{near}", names.join(", "))
    })
}
