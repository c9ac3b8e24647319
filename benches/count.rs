//! Instructions of each operation under callgrind: `cargo bench --bench count`. See `README.md` here; the operations
//! are in `ops/`.
//!
//! The program runs itself twice for each operation, with one and with two times its rounds: the difference is what the
//! rounds cost, without start and set-up. `--run NAME N` is how it calls itself.

use std::env;
use std::process::{Command, ExitCode};

use ops::{OPS, Op};

mod ops;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).filter(|a| *a != "--bench").collect();
    let asked = match words.as_slice() {
        ["--run", name, rounds] => run(name, rounds),
        // `cargo test --benches` starts it so: that everything works is enough then.
        _ if words.len() == args.len() => check(),
        filters => table(filters),
    };
    match asked {
        Ok(code) => code,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::from(3)
        }
    }
}

fn run(name: &str, rounds: &str) -> Result<ExitCode, String> {
    let op = OPS.iter().find(|o| o.name == name).ok_or_else(|| format!("no operation is called {name}"))?;
    let rounds: u64 = rounds.parse().map_err(|e| format!("{rounds}: {e}"))?;
    let mut call = op.start();
    // The first call makes the buffers.
    for _ in 0..=rounds {
        call();
    }
    Ok(ExitCode::SUCCESS)
}

fn check() -> Result<ExitCode, String> {
    for op in OPS {
        op.start()();
    }
    Ok(ExitCode::SUCCESS)
}

fn table(filters: &[&str]) -> Result<ExitCode, String> {
    println!("{:<36} {:>12} {:>12}", "operation", "instructions", "goal");
    let mut missed = false;
    for op in OPS.iter().filter(|o| filters.is_empty() || filters.iter().any(|f| o.name.contains(f))) {
        let counted = count(op)?;
        let goal = match op.goal {
            None => String::new(),
            Some(goal) if counted <= goal => format!("<= {goal}"),
            Some(goal) => {
                missed = true;
                format!("MISSED {goal}")
            }
        };
        println!("{:<36} {counted:>12} {goal:>16}", op.name);
    }
    Ok(ExitCode::from(u8::from(missed)))
}

/// Instructions of one call.
fn count(op: &Op) -> Result<u64, String> {
    let (once, twice) = (collected(op, op.rounds)?, collected(op, 2 * op.rounds)?);
    twice.checked_sub(once).map(|n| n / op.rounds).ok_or_else(|| format!("{}: more rounds cost less", op.name))
}

/// What callgrind counts for the whole program. It writes `Collected : N` to stderr.
fn collected(op: &Op, rounds: u64) -> Result<u64, String> {
    let me = env::current_exe().map_err(|e| e.to_string())?;
    let out = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(me)
        .args(["--run", op.name, &rounds.to_string()])
        .output()
        .map_err(|e| format!("valgrind cannot be run: {e}"))?;
    let text = String::from_utf8_lossy(&out.stderr);
    let found = text.lines().find_map(|l| l.split_once("Collected :")).and_then(|(_, n)| n.trim().parse().ok());
    found.filter(|_| out.status.success()).ok_or_else(|| format!("{}: callgrind said\n{text}", op.name))
}
