//! The terminal. Every line is written whole and at once, and begins a line of its own, also while somebody types.

use std::io::{IsTerminal, Write};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;

/// Lines that may wait to be acted on.
const LINES_MAX: usize = 64;
/// Takes what is being typed off the screen. The terminal still has it: Ctrl-R shows it again.
const CLEAR: &str = "\r\x1b[K";

/// Where lines go.
pub(super) struct Screen {
    /// Somebody types on the same terminal.
    shared: bool,
}

/// One line for a person or a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Data: it goes to stdout.
    Data(String),
    /// Talk: it goes to stderr.
    Talk(String),
}

impl Screen {
    /// Without anybody who types.
    pub(super) const fn plain() -> Self {
        Self { shared: false }
    }

    /// Beside what is typed, if somebody is there to type.
    pub(super) fn beside_stdin() -> Self {
        Self { shared: is_terminal() }
    }

    /// Writes a line in one piece. A screen that is gone does not end the client.
    pub(super) fn line(&self, line: &Line) {
        let (Line::Data(text) | Line::Talk(text)) = line;
        let whole = if self.shared { format!("{CLEAR}{text}\n") } else { format!("{text}\n") };
        let _ = match line {
            Line::Data(_) => anstream::stdout().lock().write_all(whole.as_bytes()),
            Line::Talk(_) => anstream::stderr().lock().write_all(whole.as_bytes()),
        };
    }
}

/// Whether a person types, on a terminal that shows what is typed.
pub(super) fn is_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// The lines of stdin, until its end.
pub(super) fn lines() -> mpsc::Receiver<String> {
    let (tell, lines) = mpsc::channel(LINES_MAX);
    tokio::spawn(async move {
        let mut all = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(line)) = all.next_line().await {
            if tell.send(line).await.is_err() {
                return;
            }
        }
    });
    lines
}
