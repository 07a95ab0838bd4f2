//! How far a run has come.

use stickylb::api::{SurviveStage, SurviveView};

/// A stage, how much of it is done, and what was found until now: `comparing · 12 of 40 · 2 findings`.
pub(crate) fn progress(view: &SurviveView) -> String {
    let stage = match view.stage {
        SurviveStage::Watching => "watching",
        SurviveStage::Listening => "listening to the copies",
        SurviveStage::Comparing => "comparing copies",
        SurviveStage::Replaying => "replaying clients",
        SurviveStage::Proving => "trying the smallest configuration",
        _ => "the report is there",
    };
    let mut parts = vec![stage.to_owned()];
    match view.stage {
        SurviveStage::Watching => {
            parts.push(counted(view.recorded, "request"));
            if view.missed > 0 {
                parts.push(format!("{} not recorded", view.missed));
            }
        }
        SurviveStage::Ended | SurviveStage::Listening => {}
        _ if view.of > 0 => parts.push(format!("{} of {}", view.done, view.of)),
        _ => {}
    }
    if view.findings > 0 {
        parts.push(counted(view.findings, "finding"));
    }
    parts.join(" · ")
}

/// `1 finding`, `2 findings`.
pub(super) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_says_how_far_it_is() {
        let mut view = SurviveView::default();
        view.recorded = 42;
        assert_eq!(progress(&view), "watching · 42 requests");
        (view.recorded, view.missed) = (1, 3);
        assert_eq!(progress(&view), "watching · 1 request · 3 not recorded");
        (view.stage, view.done, view.of, view.findings) = (SurviveStage::Comparing, 12, 40, 1);
        assert_eq!(progress(&view), "comparing copies · 12 of 40 · 1 finding");
        (view.stage, view.of, view.findings) = (SurviveStage::Proving, 0, 2);
        assert_eq!(progress(&view), "trying the smallest configuration · 2 findings");
        view.stage = SurviveStage::Ended;
        assert_eq!(progress(&view), "the report is there · 2 findings");
    }
}
