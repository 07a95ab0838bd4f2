//! The picture of a lesson: the fifth one, played by its keys up to where the slow backend has been got round.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use stickylb_tui::screen::{Effect, Message, svg, update};

use crate::{Stage, THEME, demos};

/// How often the lesson looks at what was measured.
const LOOK: Duration = Duration::from_millis(200);

pub(crate) async fn picture() -> Result<String, Box<dyn std::error::Error>> {
    let mut stage = Stage::new(demos(3), (100, 30)).await?;
    stage.state = stage.state.with_lesson(5).ok_or("there is no lesson 5")?;
    // Read, predict, see what came of it, take least-connections, ask for a hint, and be nearly done.
    let play = [(6, KeyCode::Enter), (3, KeyCode::Char('2')), (8, KeyCode::Enter), (2, KeyCode::Char('?'))];
    let strategy = ":strategy least-connections".chars().map(|c| (0, KeyCode::Char(c)));
    for (seconds, key) in play.into_iter().chain(strategy).chain([(0, KeyCode::Enter)]) {
        look(&mut stage, Duration::from_secs(seconds)).await?;
        press(&mut stage, key).await?;
    }
    look(&mut stage, Duration::from_secs(7)).await?;
    let frame = stage.frame()?;
    stage.engine.stop().await;
    Ok(svg(&frame, THEME))
}

/// Lets so much time pass; the lesson's commands are carried out.
async fn look(stage: &mut Stage, time: Duration) -> Result<(), Box<dyn std::error::Error>> {
    let end = tokio::time::Instant::now() + time;
    while tokio::time::Instant::now() < end {
        let mut batch = Vec::new();
        let missed = stage.events.take(&mut batch);
        update(&mut stage.state, Message::Events(batch, missed));
        let snapshot = Box::new(stage.engine.snapshot());
        let effects = update(&mut stage.state, Message::Snapshot(snapshot));
        carry_out(stage, effects).await?;
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

async fn press(stage: &mut Stage, key: KeyCode) -> Result<(), Box<dyn std::error::Error>> {
    let effects = update(&mut stage.state, Message::Key(KeyEvent::new(key, KeyModifiers::NONE)));
    carry_out(stage, effects).await
}

async fn carry_out(stage: &mut Stage, effects: Vec<Effect>) -> Result<(), Box<dyn std::error::Error>> {
    for effect in effects {
        if let Effect::Command(command) = effect {
            stage.engine.command(command).await?;
        }
    }
    Ok(())
}
