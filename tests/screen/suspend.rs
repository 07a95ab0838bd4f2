//! Ctrl-Z, with a real shell and its job control; and panics, which must leave the terminal to its current owner.

use rustix::process::{Pid, Signal, kill_process};

use crate::support::program::{self, get, until};
use crate::terminal::Terminal;

/// A shell in which the program runs and shows its screen, and the port.
fn started() -> (Terminal, u16) {
    let mut terminal = Terminal::shell();
    terminal.press(&format!("{} --demo -p 0\n", env!("CARGO_BIN_EXE_stickylb-tui")));
    terminal.shows("3 up");
    let port = terminal.port();
    (terminal, port)
}

/// Asserts that the shell reads commands and shows their output.
fn shell_answers(terminal: &mut Terminal, number: u32) {
    terminal.press(&format!("echo shell-$(({number} + 1))\n"));
    terminal.shows(&format!("shell-{}", number + 1));
}

#[test]
fn ctrl_z_gives_the_shell_back_bg_serves_on_and_fg_brings_the_screen_back() {
    let (mut terminal, port) = started();
    terminal.press("\x1a");
    terminal.shows("Stopped");
    terminal.look(|screen| assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()));
    assert!(terminal.is_cooked());
    shell_answers(&mut terminal, 10);
    terminal.press("bg\n");
    until("it serves in the background", || get(port, "/in-the-background").starts_with("HTTP/1.1 404 ").then_some(()));
    // The shell has said all that it says of it.
    shell_answers(&mut terminal, 15);
    // None of it reaches the terminal, and nothing stops the program.
    let before = terminal.written().len();
    for _ in 0..20 {
        assert!(get(port, "/health").starts_with("HTTP/1.1 200 "));
    }
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let written = terminal.written();
    assert_eq!(String::from_utf8_lossy(&written[before..]), "", "the terminal is the shell's");
    shell_answers(&mut terminal, 20);
    terminal.press("jobs\n");
    terminal.shows("Running");
    terminal.press("fg\n");
    terminal.wait("the screen is back", |screen| screen.contains("Routing log") && screen.contains("q quit"));
    terminal.shows("/health");
    terminal.press(" ");
    terminal.backend_is("alpha", "MAINT");
    // Once more, back immediately.
    terminal.press("\x1a");
    terminal.wait("the shell is back", |screen| !screen.contains("Routing log") && screen.contains("Stopped"));
    terminal.press("fg\n");
    terminal.shows("Routing log");
    terminal.press("q");
    terminal.wait("it has ended", |screen| !screen.contains("Routing log"));
    shell_answers(&mut terminal, 30);
    assert!(terminal.is_cooked());
}

#[test]
fn started_in_the_background_it_serves_and_leaves_the_terminal_alone() {
    let mut terminal = Terminal::shell();
    let port = program::free_port();
    terminal.press(&format!("{} --demo -p {port} &\n", env!("CARGO_BIN_EXE_stickylb-tui")));
    until("it serves", || {
        let listens = std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        (listens && get(port, "/health").starts_with("HTTP/1.1 200 ")).then_some(())
    });
    shell_answers(&mut terminal, 40);
    assert!(!terminal.screen().contains("Routing log"), "{}", terminal.screen());
    terminal.press("fg\n");
    terminal.shows("Routing log");
    terminal.press("q");
    terminal.wait("it has ended", |screen| !screen.contains("Routing log"));
    shell_answers(&mut terminal, 50);
}

#[test]
fn in_the_background_a_signal_ends_it_without_touching_the_terminal() {
    let (mut terminal, _) = started();
    terminal.press("\x1a");
    terminal.shows("Stopped");
    terminal.press("bg\n");
    terminal.press("kill %1; wait %1; echo ended-$?\n");
    terminal.shows("ended-0");
    assert!(terminal.is_cooked());
}

#[test]
fn stopped_and_continued_by_somebody_else_it_draws_itself_again() {
    let mut terminal = Terminal::demo();
    let pid = Pid::from_raw(i32::try_from(terminal.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    kill_process(pid, Signal::CONT).unwrap();
    until("the screen is taken over again", || {
        let written = String::from_utf8_lossy(&terminal.written()).into_owned();
        (written.matches("\x1b[?1049h").count() == 2).then_some(())
    });
    terminal.shows("Routing log");
    terminal.press(" ");
    terminal.backend_is("alpha", "MAINT");
    assert!(!terminal.is_cooked());
    terminal.press("q");
    terminal.is_given_back();
}

#[test]
fn where_no_shell_waits_ctrl_z_says_so_and_the_screen_stays() {
    let mut terminal = Terminal::demo();
    terminal.press("\x1a");
    terminal.shows("there is no shell to go back to");
    terminal.press(" ");
    terminal.backend_is("alpha", "MAINT");
    terminal.press("q");
    terminal.is_given_back();
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_in_a_worker_or_a_task_is_told_on_the_screen_which_goes_on() {
    let mut terminal = Terminal::with(&["--demo", "-p", "0"], &[("STICKYLB_PANIC_KEY", "1")]);
    terminal.shows("3 up");
    terminal.press("\x1b[23~");
    terminal.wait("both are told", |screen| screen.matches("a bug of stickylb-tui itself").count() == 2);
    assert!(terminal.look(vt100::Screen::alternate_screen) && !terminal.is_cooked());
    assert!(get(terminal.port(), "/health").starts_with("HTTP/1.1 200 "));
    terminal.press("q");
    terminal.is_given_back();
}
