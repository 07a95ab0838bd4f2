//! What an action is called in the user's file.

use super::{Action, Entry};

impl Entry {
    /// The action's word: its command's name, or one of its own if it is done by keys alone.
    pub(crate) fn word(&self) -> &'static str {
        match self.action {
            Action::Up => "move-up",
            Action::Down => "move-down",
            Action::PageUp => "page-up",
            Action::PageDown => "page-down",
            Action::First => "first",
            Action::Last => "last",
            Action::NextPane => "next-pane",
            Action::Back => "back",
            Action::WeightUp => "weight-up",
            Action::WeightDown => "weight-down",
            Action::Everything => "everything",
            Action::NextMatch => "next-match",
            Action::PreviousMatch => "previous-match",
            Action::PreviousColumn => "previous-column",
            Action::NextColumn => "next-column",
            Action::TrafficFaster => "traffic-faster",
            Action::TrafficSlower => "traffic-slower",
            Action::StepBack => "step-back",
            Action::StepForward => "step-forward",
            Action::Palette => "commands",
            _ => self.name(),
        }
    }
}
