//! Makes the README's picture: `cargo run --release --example picture > assets/screen.svg`
//!
//! Nothing in it is staged: a real engine on the usual port, demo backends as real processes, real requests; then
//! one backend is drained and one is killed while the requests go on, and the screen is drawn as it stands.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use stickylb_tui::balancer::Intent;
use stickylb_tui::config::{BackendSpec, Config};
use stickylb_tui::engine::{Command, Engine, Options};
use stickylb_tui::tui::{Colors, Glyphs, Message, State, Theme, svg, update, view};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn main() -> ExitCode {
    // The engine starts this program again for each demo backend and its supervisor.
    if matches!(std::env::args().nth(1).as_deref(), Some("demo-backend" | "supervise")) {
        return stickylb_tui::cli::main();
    }
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(picture()))
    {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("no picture: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn picture() -> Result<String, Box<dyn std::error::Error>> {
    let none: [BackendSpec; 0] = [];
    let mut config = Config::from_specs(&none);
    config.seed = Some(1);
    let options =
        Options { program: Some(std::env::current_exe()?), demo_backends: 4, workers: Some(1), ..Options::default() };
    let engine = Engine::start(config, options).await?;
    let mut events = engine.events();
    let mut state = State::new(Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark }).in_utc();

    let mut visitors: Vec<Visitor> = (0..24).map(|_| Visitor::default()).collect();
    engine.command(Command::SetWeight { id: 1, weight: 2 }).await?;
    let paths =
        ["/", "/echo/api/cart?step=2", "/whoami", "/slow?ms=15", "/echo/api/pay", "/bytes/20000", "/status/404"];
    for round in 0..110_usize {
        match round {
            105 => engine.command(Command::SetIntent { id: 3, intent: Intent::Drain }).await?,
            107 => engine.command(Command::Kill { id: 4 }).await?,
            _ => {}
        }
        for _ in 0..4 {
            let who = (round * 5 + 3) % visitors.len();
            visitors[who].visit(&engine, paths[round % paths.len()]).await?;
            visitors.rotate_left(1);
        }
        tokio::time::sleep(Duration::from_millis(if round < 105 { 25 } else { 60 })).await;
    }
    // The rates on the picture are those of a whole second.
    engine.seconds().changed().await?;

    let mut batch = Vec::new();
    let missed = events.take(&mut batch);
    update(&mut state, Message::Events(batch.iter().map(Arc::clone).collect(), missed));
    update(&mut state, Message::Snapshot(Box::new(engine.snapshot())));
    let mut terminal = Terminal::new(TestBackend::new(120, 32))?;
    terminal.draw(|frame| view(&state, frame))?;
    let picture = svg(terminal.backend().buffer());
    engine.stop().await;
    Ok(picture)
}

/// A browser, as far as it matters: it keeps its cookie.
#[derive(Default)]
struct Visitor {
    cookie: Option<String>,
}

impl Visitor {
    async fn visit(&mut self, engine: &Engine, path: &str) -> Result<(), Box<dyn std::error::Error>> {
        let mut stream = TcpStream::connect(engine.address()).await?;
        let cookie = self.cookie.as_ref().map_or_else(String::new, |cookie| format!("Cookie: {cookie}\r\n"));
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{cookie}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let head = String::from_utf8_lossy(&answer);
        if let Some((_, rest)) = head.split_once("set-cookie: ") {
            self.cookie = rest.split(';').next().map(str::to_owned);
        }
        Ok(())
    }
}
