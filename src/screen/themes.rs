//! The themes by their names: the built-in ones, and the user's own.

use stickylb::program::nearest;

use super::theme::Colors;

/// All themes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Themes {
    /// The user's own, in the order of the file.
    own: Vec<(String, Colors)>,
}

impl Themes {
    /// Adds a theme of the user's own.
    pub(crate) fn add(&mut self, name: &str, colors: Colors) {
        self.own.push((name.to_owned(), colors));
    }

    /// The names, those of the built-in themes first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        Colors::ALL.iter().map(|colors| colors.name()).chain(self.own.iter().map(|(name, _)| name.as_str()))
    }

    /// The theme of that name.
    ///
    /// # Errors
    /// A sentence with all names.
    pub(crate) fn named(&self, name: &str) -> Result<Colors, String> {
        let own = self.own.iter().find(|(own, _)| own == name).map(|(_, colors)| *colors);
        own.or_else(|| Colors::ALL.into_iter().find(|colors| colors.name() == name)).ok_or_else(|| {
            let near = nearest(name, self.names());
            format!("there is no theme '{name}': {}{near}", self.names().collect::<Vec<_>>().join(", "))
        })
    }

    /// What a theme is called.
    pub(crate) fn name_of(&self, colors: Colors) -> &str {
        let own = self.own.iter().find(|(_, own)| *own == colors).map(|(name, _)| name.as_str());
        own.unwrap_or_else(|| colors.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::theme::OwnColors;

    #[test]
    fn a_theme_is_found_by_its_name_and_an_unknown_one_names_them_all() {
        let mut themes = Themes::default();
        for colors in Colors::ALL {
            assert_eq!(themes.named(colors.name()), Ok(colors));
        }
        let error = themes.named("solarized").expect_err("unknown");
        assert_eq!(error, "there is no theme 'solarized': dark, light, high-contrast, color-blind, mono");
        let own = Colors::Own(OwnColors::over(Colors::Light));
        themes.add("paper", own);
        assert_eq!((themes.named("paper"), themes.name_of(own)), (Ok(own), "paper"));
        let error = themes.named("papr").expect_err("unknown");
        assert!(error.ends_with("mono, paper, did you mean 'paper'?"), "{error}");
    }
}
