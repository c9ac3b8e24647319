//! A codec that is a program of its own, on JSON lines.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::{Answer, Codec};
use crate::spec::format::sut::Launch;
use crate::spec::run::program::{Heard, Program};

/// How long an answer may take unless somebody says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long is waited for the exit status of a program whose stdout has ended.
const ENDS_WITHIN: Duration = Duration::from_millis(500);
/// How often that is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How many of its last lines on stderr are told.
const LAST_LINES: usize = 6;

/// A program. It is started by the first request, and again by the next one after it has died or was given up.
#[derive(Debug)]
pub struct Bridge {
    launch: Launch,
    patience: Duration,
    program: Option<Program>,
}

impl Bridge {
    /// A program that is started like this and may take so long for each answer.
    #[must_use]
    pub const fn new(launch: Launch, patience: Duration) -> Self {
        Self { launch, patience, program: None }
    }
}

impl Codec for Bridge {
    fn ask(&mut self, request: &Value) -> Answer {
        let mut program = match self.program.take() {
            Some(running) => running,
            None => match Program::start(&self.launch, &BTreeMap::new()) {
                Ok(started) => started,
                Err(e) => return Answer::Unreachable(e.to_string()),
            },
        };
        if program.say(request).is_err() {
            return Answer::Crashed(how_it_ended(&mut program, "it takes no request"));
        }
        match program.hear(self.patience) {
            Some(Heard::Line(said)) => {
                self.program = Some(program);
                Answer::of(&said)
            }
            Some(Heard::Bad(why)) => Answer::Broken(why),
            Some(Heard::Ended) => Answer::Crashed(how_it_ended(&mut program, "it has closed its stdout")),
            None => Answer::Hung(format!("no answer within {:?}", self.patience)),
        }
    }
}

/// Its exit status and its last words. `instead`: what is told where it lives on.
fn how_it_ended(program: &mut Program, instead: &str) -> String {
    let mut waited = Duration::ZERO;
    while program.ended().is_none() && waited < ENDS_WITHIN {
        std::thread::park_timeout(LOOK_EVERY);
        waited += LOOK_EVERY;
    }
    let mut told = program.ended().map_or_else(|| instead.to_owned(), |status| format!("it ended: {status}"));
    for line in telling(&program.last_words()) {
        told.push_str("; ");
        told.push_str(line.trim());
    }
    told
}

/// Those of its last lines that say why: a panic with its message, which a backtrace may follow, or simply the last.
fn telling(words: &[String]) -> &[String] {
    let from = match words.iter().rposition(|l| l.contains("panicked at")) {
        Some(at) => at,
        None => words.len().saturating_sub(LAST_LINES),
    };
    let lines = words.get(from..).unwrap_or_default();
    let backtrace = lines.iter().position(|l| l.starts_with("stack backtrace")).unwrap_or(LAST_LINES);
    lines.get(..backtrace.min(LAST_LINES)).unwrap_or(lines)
}
