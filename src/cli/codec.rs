//! `locospec codec`: our codec as a program on JSON lines, what the judge expects of anybody's.
//!
//! A request a line on stdin, its answer on stdout, until stdin ends. The operations are described in
//! `spec/interop/README.md`.

use std::io::{self, BufRead, Read, Write};

use serde_json::{Value, json};

use super::{Exit, Failure, Outcome};
use crate::net::clock::system_entropy;
use crate::spec::run::codec::own::Own;
use crate::spec::run::codec::quirk::CodecQuirk;
use crate::spec::run::program::LINE_MAX;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Be wrong in this way; may be given more than once
    #[arg(long, value_parser = parse_quirk)]
    pub quirk: Vec<CodecQuirk>,
}

fn parse_quirk(name: &str) -> Result<CodecQuirk, String> {
    CodecQuirk::parse(name).ok_or_else(|| {
        let all: Vec<&str> = CodecQuirk::ALL.iter().map(|q| q.as_str()).collect();
        format!("a quirk of a codec is one of {}", all.join(", "))
    })
}

/// Answers until nobody asks.
///
/// # Errors
/// The system has no entropy, or stdin or stdout break.
pub fn run(args: &Args) -> Outcome {
    let entropy = system_entropy().map_err(Failure::incomplete)?;
    let mut own = Own::new(&args.quirk, entropy);
    match serve(&mut own, &mut io::stdin().lock(), &mut io::stdout().lock()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Failure::incomplete(e)),
        _ => Ok(Exit::Ok),
    }
}

fn serve(own: &mut Own, lines: &mut impl BufRead, out: &mut impl Write) -> io::Result<()> {
    let most = LINE_MAX as u64 + 1;
    loop {
        let mut line = Vec::new();
        if lines.take(most).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.len() > LINE_MAX {
            return Err(io::Error::other(format!("a line of more than {LINE_MAX} bytes")));
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = match serde_json::from_slice::<Value>(&line) {
            Ok(request) => own.answer(&request),
            Err(e) => json!({"error": format!("no JSON: {e}")}),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::entropy::Entropy;

    #[test]
    fn each_line_gets_an_answer_and_a_bad_one_an_error() -> io::Result<()> {
        let mut own = Own::new(&[], Entropy::named(1, "lines"));
        let asked = b"{\"op\": \"hello\"}\n\nno json\n[1]\n{\"op\": \"encode\", \"method\": \"PING\", \"id\": 1}\n";
        let mut out = Vec::new();
        serve(&mut own, &mut asked.as_slice(), &mut out)?;
        let answers: Vec<Value> =
            String::from_utf8_lossy(&out).lines().map(|l| serde_json::from_str(l).unwrap_or_default()).collect();
        assert_eq!(answers.len(), 4, "{answers:?}");
        assert_eq!(answers[0]["ok"]["name"], "locospec");
        assert!(answers[1]["error"].is_string() && answers[2]["error"].is_string());
        assert_eq!(answers[3]["ok"]["hex"], "01000000000050494e470000000000000000000000 00".replace(' ', ""));
        Ok(())
    }
}
