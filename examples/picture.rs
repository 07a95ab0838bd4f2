//! Makes the documents' pictures:
//!
//! `cargo run --release --example picture > assets/screen.svg`
//! `cargo run --release --example picture film > assets/failover.svg`
//! `cargo run --release --example picture survive > assets/survive.svg`
//! `cargo run --release --example picture flow > assets/flow.svg`
//! `cargo run --release --example picture flow-failover > assets/flow-failover.svg`
//! `cargo run --release --example picture presenter > assets/presenter.svg`
//! `cargo run --release --example picture lesson > assets/lesson.svg`
//!
//! Everything is real: an engine on the usual port, backends as processes, and requests. One backend is drained and one is
//! killed while requests go on, and the screen is drawn as it then is. The third is a run of `survive` with two copies of
//! `examples/shop/server.mjs`, which needs Node.js. The flow is drawn before and after a backend is killed.

#[path = "picture/lesson.rs"]
mod lesson;

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use stickylb::api::{Command, Intent, State as BackendState, SurviveOptions, SurviveStage, SurviveView};
use stickylb::config::{BackendSpec, Config};
use stickylb::{Balancer, Copies, EventReader, Options};
use stickylb_tui::screen::{Colors, Effect, Glyphs, Message, State, Theme, film, svg, update, view};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;

fn main() -> ExitCode {
    // The engine starts this program again for each demo backend and its supervisor.
    let what = std::env::args().nth(1);
    if matches!(what.as_deref(), Some("demo-backend" | "supervise")) {
        return stickylb_tui::cli::main();
    }
    match tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Into::into).and_then(|runtime| {
        runtime.block_on(async {
            match what.as_deref() {
                Some("film") => failover().await,
                Some("survive") => survived().await,
                Some("flow") => flow(false).await,
                Some("flow-failover") => flow(true).await,
                Some("presenter") => presented().await,
                Some("lesson") => lesson::picture().await,
                _ => picture().await,
            }
        })
    }) {
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

/// The look of the pictures.
const THEME: Theme = Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark };

/// The paths requested, in turn.
const PATHS: [&str; 7] =
    ["/", "/echo/api/cart?step=2", "/whoami", "/slow?ms=15", "/echo/api/pay", "/bytes/20000", "/status/404"];

async fn picture() -> Result<String, Box<dyn std::error::Error>> {
    let mut stage = Stage::new(demos(4), (120, 40)).await?;
    stage.engine.command(Command::SetWeight { id: 1.into(), weight: 2 }).await?;
    for round in 0..110_usize {
        let command = match round {
            105 => Some(Command::SetIntent { id: 3.into(), intent: Intent::Drain }),
            107 => Some(Command::Kill { id: 4.into() }),
            _ => None,
        };
        if let Some(command) = command {
            stage.engine.command(command).await?;
        }
        stage.visits(round, 4).await?;
        tokio::time::sleep(Duration::from_millis(if round < 105 { 25 } else { 60 })).await;
    }
    // Waits for the end of a second, so that the rates shown are those of a whole one.
    stage.engine.seconds().changed().await?;
    let frame = stage.frame()?;
    stage.engine.stop().await;
    Ok(svg(&frame, THEME))
}

/// Twelve seconds: traffic, a backend that is killed, its clients moved to the others, and the backend back again.
async fn failover() -> Result<String, Box<dyn std::error::Error>> {
    const SECONDS: f32 = 0.5;
    let mut stage = Stage::new(demos(3), (100, 24)).await?;
    let mut frames = Vec::new();
    for round in 0..24_usize {
        let command = match round {
            6 => Some(Command::Kill { id: 2.into() }),
            16 => Some(Command::Restart { id: 2.into() }),
            _ => None,
        };
        if let Some(command) = command {
            stage.engine.command(command).await?;
        }
        stage.visits(round, 3).await?;
        frames.push(stage.frame()?);
        tokio::time::sleep(Duration::from_secs_f32(SECONDS)).await;
    }
    stage.engine.stop().await;
    Ok(film(&frames, THEME, SECONDS))
}

/// The flow of twelve browsers, as it is after some seconds or a second after one of three backends was killed.
async fn flow(fails: bool) -> Result<String, Box<dyn std::error::Error>> {
    let mut stage = Stage::new(demos(3), (100, 24)).await?;
    update(&mut stage.state, Message::Key(KeyCode::Char('B').into()));
    let address = stage.engine.address();
    let mut browsers = tokio::task::JoinSet::new();
    for number in 1..=12 {
        browsers.spawn(async move { browse(address, number).await.map_err(|error| error.to_string()) });
    }
    for tenth in 0..if fails { 82 } else { 70 } {
        if tenth == 70 {
            stage.engine.command(Command::Kill { id: 2.into() }).await?;
        }
        tokio::time::sleep(LOOK).await;
        if tenth % 10 == 0 {
            update(&mut stage.state, Message::Second(SystemTime::now(), Box::new(stage.engine.snapshot())));
        }
        stage.frame()?;
        if let Some(ended) = browsers.try_join_next() {
            ended??;
        }
    }
    let frame = stage.frame()?;
    stage.engine.stop().await;
    Ok(svg(&frame, THEME))
}

/// A person who asks for a page, reads it and asks for the next.
async fn browse(address: SocketAddr, number: u8) -> Result<(), std::io::Error> {
    let mut visitor = Visitor { number, ..Visitor::default() };
    tokio::time::sleep(Duration::from_millis(u64::from(number) * 53)).await;
    loop {
        let path = format!("/slow?ms={}", 40 + u64::from(number) * 37 % 400);
        visitor.visit(address, &path).await?;
        tokio::time::sleep(Duration::from_millis(330)).await;
    }
}

/// The report of a shop that keeps its carts in memory, over the screen of the run.
async fn survived() -> Result<String, Box<dyn std::error::Error>> {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let mut options = Options::default();
    options.copies = Some(Copies::new("node".into(), vec![shop.join("server.mjs").into()], 2));
    let mut stage = Stage::new(options, (110, 34)).await?;
    while stage.engine.snapshot().backends.iter().any(|backend| backend.state != BackendState::Up) {
        tokio::time::sleep(LOOK).await;
    }
    let mut asked = SurviveOptions::default();
    asked.unsafe_methods = true;
    stage.engine.command(Command::Survive(asked)).await?;
    let url = stage.engine.snapshot().url().raw().to_owned();
    let test =
        tokio::process::Command::new("node").arg(shop.join("test.mjs")).env("STICKYLB_URL", url).status().await?;
    if !test.success() {
        return Err(format!("the shop's test {test}").into());
    }
    stage.engine.command(Command::SurviveReport).await?;
    let is_there = |survive: SurviveView| survive.stage == SurviveStage::Ended;
    while !stage.engine.snapshot().survive.is_some_and(is_there) {
        stage.frame()?;
        tokio::time::sleep(LOOK).await;
    }
    stage.frame()?;
    update(&mut stage.state, Message::Survived(Ok(stage.engine.survive_report())));
    let frame = stage.frame()?;
    stage.engine.stop().await;
    Ok(svg(&frame, THEME))
}

/// The screen for a room, just after its strategy was changed by a key.
async fn presented() -> Result<String, Box<dyn std::error::Error>> {
    let mut stage = Stage::new(demos(3), (110, 28)).await?;
    let now = |stage: &Stage| Message::Second(SystemTime::now(), Box::new(stage.engine.snapshot()));
    for round in 0..120_usize {
        match round {
            90 => {
                stage.frame()?;
                let message = now(&stage);
                update(&mut stage.state, message);
                stage.press('P');
                let message = now(&stage);
                update(&mut stage.state, message);
            }
            100 => {
                for effect in stage.press('s') {
                    if let Effect::Command(command) = effect {
                        stage.engine.command(command).await?;
                    }
                }
            }
            _ => {}
        }
        stage.visits(round, 4).await?;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    stage.engine.seconds().changed().await?;
    let frame = stage.frame()?;
    stage.engine.stop().await;
    Ok(svg(&frame, THEME))
}

/// How often it is looked at what goes on by itself.
const LOOK: Duration = Duration::from_millis(100);

/// So many demo backends.
fn demos(count: usize) -> Options {
    let mut options = Options::default();
    options.demo_backends = count;
    options
}

/// The engine, its visitors, and the screen that shows it.
struct Stage {
    engine: Balancer,
    events: EventReader,
    state: State,
    size: (u16, u16),
    visitors: Vec<Visitor>,
}

impl Stage {
    async fn new(mut options: Options, size: (u16, u16)) -> Result<Stage, Box<dyn std::error::Error>> {
        let none: [BackendSpec; 0] = [];
        let mut config = Config::from_specs(&none);
        config.seed = Some(1);
        options.program = Some(std::env::current_exe()?);
        options.workers = Some(1);
        let engine = Balancer::start(config, options).await?;
        let events = engine.events();
        let state = State::new(THEME).in_utc();
        let visitors = (0..24).map(|_| Visitor::default()).collect();
        Ok(Stage { engine, events, state, size, visitors })
    }

    /// This many visits, one after the other.
    async fn visits(&mut self, round: usize, count: usize) -> Result<(), Box<dyn std::error::Error>> {
        for _ in 0..count {
            let who = (round * 5 + 3) % self.visitors.len();
            self.visitors[who].visit(self.engine.address(), PATHS[round % PATHS.len()]).await?;
            self.visitors.rotate_left(1);
        }
        Ok(())
    }

    /// Presses a key.
    fn press(&mut self, key: char) -> Vec<Effect> {
        update(&mut self.state, Message::Key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE)))
    }

    /// The screen as it is now.
    fn frame(&mut self) -> Result<Buffer, Box<dyn std::error::Error>> {
        let mut batch = Vec::new();
        let missed = self.events.take(&mut batch);
        update(&mut self.state, Message::Events(batch, missed));
        update(&mut self.state, Message::Snapshot(Box::new(self.engine.snapshot())));
        update(&mut self.state, Message::Tick(SystemTime::now()));
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1))?;
        terminal.draw(|frame| view(&self.state, frame))?;
        Ok(terminal.backend().buffer().clone())
    }
}

/// A browser reduced to what matters here: it keeps its cookie.
#[derive(Default)]
struct Visitor {
    /// The last byte of its own address; 0 for that of this machine.
    number: u8,
    cookie: Option<String>,
}

impl Visitor {
    async fn visit(&mut self, address: SocketAddr, path: &str) -> Result<(), std::io::Error> {
        let socket = TcpSocket::new_v4()?;
        // Elsewhere than on Linux only one address of the loopback network is there.
        if self.number > 0 && cfg!(target_os = "linux") {
            socket.bind(SocketAddr::from(([127, 0, 1, self.number], 0)))?;
        }
        let mut stream = socket.connect(address).await?;
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
