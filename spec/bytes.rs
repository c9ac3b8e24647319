//! The exact bytes of every command, in each direction and each era, as dumps that a person can read.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `entry`, `login`, `rooms`, `chat`, `session` | samples by hand, with the values of captures: one body with all fields, one with as few as may be |
//! | `made` | the same two of every other body, with values made from the table of its fields |
//! | `golden` | bytes and sizes that the fact sheets pin |
//! | `fields` | what a body does with missing, wrong, unknown and wide fields |
//! | `table` | the table of commands and the rule of wide integers, as snapshots |
//!
//! A sample is built from the Rust struct of the command. Values are those of the captures where there are any.

use std::collections::BTreeSet;
use std::fmt::{Debug, Write};

use locospec::proto::command::table::Form;
use locospec::proto::command::{Body, COMMANDS, Command, CommandId, FieldInfo, Kind};
use locospec::proto::error::Malformed;
use locospec::proto::limits::Limits;
use locospec::proto::secure::Era;
use locospec::proto::wire::dump::dump_packet;
use locospec::proto::wire::{Document, Writer, begin_packet, end_packet};

mod chat;
mod entry;
mod fields;
mod golden;
mod login;
mod made;
mod rooms;
mod session;
mod table;

const OLD: &[Era] = &[Era::E2012];
const MODERN: &[Era] = &[Era::E2019, Era::E2023, Era::E2025];
const ALL: &[Era] = &Era::ALL;

const REQUEST: &str = "request";
const REPLY: &str = "reply";
const PUSH: &str = "push";

/// The packet id of our pushes (loco-modern §7 row 9).
const PUSH_ID: u32 = 0;

/// Decodes a body; gives whether it is the one that the sample was built from, and how many fields are unknown.
type Decode = Box<dyn Fn(&'static [u8]) -> Result<(bool, u32), Malformed>>;

/// One body of one command.
struct Sample {
    command: CommandId,
    direction: &'static str,
    eras: &'static [Era],
    /// What this sample is, for the reader of a snapshot.
    form: &'static str,
    id: u32,
    /// The document; none at all is the PING of 2012.
    body: Option<&'static [u8]>,
    fields: &'static [FieldInfo],
    decode: Decode,
}

impl Sample {
    fn new<B: Body<'static> + Debug + PartialEq + 'static>(at: At, form: &'static str, body: B) -> Self {
        let mut bytes = Vec::new();
        let mut w = Writer::begin(&mut bytes);
        body.encode(&mut w);
        w.end();
        Self {
            command: at.0,
            direction: at.1,
            eras: at.2,
            form,
            id: at.3,
            body: Some(bytes.leak()),
            fields: B::FIELDS,
            decode: Box::new(move |bytes| {
                let mut unknown = 0;
                let read = B::decode(Document::check(bytes, &Limits::DEFAULT)?, &mut unknown)?;
                Ok((read == body, unknown))
            }),
        }
    }

    /// The same without any body.
    fn bodiless(self) -> Self {
        Self { body: None, form: "no body", ..self }
    }

    fn packet(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let start = begin_packet(&mut out, self.id, self.command.method());
        out.extend_from_slice(self.body.unwrap_or_default());
        end_packet(&mut out, start);
        out
    }

    fn name(&self) -> String {
        format!("{} {} {}, {}", self.command.method(), self.direction, years(self.eras), self.form)
    }
}

/// Where a sample belongs: command, direction, eras, packet id.
type At = (CommandId, &'static str, &'static [Era], u32);

/// Two samples: every field, and as few fields as may be.
fn pair<B: Body<'static> + Debug + PartialEq + 'static>(at: At, full: B, least: B) -> Vec<Sample> {
    vec![Sample::new(at, "a full one", full), Sample::new(at, "as few fields as may be", least)]
}

/// One sample: nothing is optional.
fn one<B: Body<'static> + Debug + PartialEq + 'static>(at: At, body: B) -> Vec<Sample> {
    vec![Sample::new(at, "a full one", body)]
}

fn samples() -> Vec<Sample> {
    let mut all: Vec<Sample> =
        [entry::samples(), login::samples(), rooms::samples(), chat::samples(), session::samples()]
            .into_iter()
            .flatten()
            .collect();
    let by_hand: BTreeSet<_> = all.iter().map(|s| (s.command, s.direction)).collect();
    for row in COMMANDS {
        for &direction in directions(row) {
            let made = made::samples(row, direction);
            match (by_hand.contains(&(row.id, direction)), row.eras == OLD) {
                (false, _) => all.extend(made),
                (true, false) => all.extend(made.into_iter().filter(|s| s.form == made::FULL)),
                // Documents inside them have the fields of 2012 alone.
                (true, true) => (),
            }
        }
    }
    all
}

/// The form of a command in this direction.
fn form(row: &Command, direction: &str) -> Option<Form> {
    match direction {
        REQUEST => row.request,
        REPLY => row.reply,
        _ => row.push,
    }
}

fn years(eras: &[Era]) -> String {
    eras.iter().map(|e| e.as_str()).collect::<Vec<_>>().join(" ")
}

/// The rows of the document, or documents, that a field holds.
pub const fn rows_inside(kind: Kind) -> &'static [FieldInfo] {
    match kind {
        Kind::Document(rows) | Kind::Array(&Kind::Document(rows)) => rows,
        _ => &[],
    }
}

/// Compares `text` with `snapshots/NAME.snap`.
fn snap(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// The directions that a row of the table has.
fn directions(row: &Command) -> &'static [&'static str] {
    match (row.request.is_some(), row.push.is_some()) {
        (true, true) => &[REQUEST, REPLY, PUSH],
        (true, false) => &[REQUEST, REPLY],
        (false, _) => &[PUSH],
    }
}

#[test]
fn the_bytes_of_every_command_are_pinned() {
    let samples = samples();
    for row in COMMANDS {
        for &direction in directions(row) {
            let mut text = String::new();
            for s in samples.iter().filter(|s| s.command == row.id && s.direction == direction) {
                let packet = s.packet();
                let _ = writeln!(text, "== {}: {} bytes\n{}", s.name(), packet.len(), dump_packet(&packet));
            }
            snap(&format!("command-{}-{direction}", row.method), text.trim_end());
        }
    }
}

#[test]
fn every_command_has_a_sample_in_each_direction_and_era() {
    let have: BTreeSet<_> =
        samples().iter().flat_map(|s| s.eras.iter().map(move |e| (s.command, s.direction, *e))).collect();
    let want: BTreeSet<_> = COMMANDS
        .iter()
        .flat_map(|row| directions(row).iter().flat_map(move |d| row.eras.iter().map(move |e| (row.id, *d, *e))))
        .collect();
    assert_eq!(have, want);
}

#[test]
fn every_sample_is_read_back_as_it_was_written() {
    for s in samples() {
        let packet: &'static [u8] = s.packet().leak();
        assert!(!dump_packet(packet).contains("!!"), "{}", s.name());
        let body = s.body.unwrap_or(Document::EMPTY.bytes());
        assert_eq!((s.decode)(body), Ok((true, 0)), "{}", s.name());
    }
}
