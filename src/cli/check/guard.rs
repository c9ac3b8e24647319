//! The guard: what a server that was started by us holds after bad input, beside what it held before the case, and of file
//! descriptors beside what it held before the first case: one that loses a few each time is found too.

use std::time::Duration;

use crate::spec::run::launch::Server;
use crate::spec::run::proc::{Holds, holds};
use crate::spec::run::target::Guarded;

/// How much more memory a server may hold after one case of bad input, in bytes. A length that a peer announces is not
/// worth more.
const MEMORY_MAX: u64 = 64 << 20;
/// How many more file descriptors, after a case or after all so far: between cases nobody is connected.
const DESCRIPTORS_MAX: u64 = 32;
/// How long it has to give back what it holds.
const WITHIN: Duration = Duration::from_secs(2);
/// How often it is looked at meanwhile.
const EVERY: Duration = Duration::from_millis(50);
/// How long connections that the case before has closed may still be held.
const SETTLES: Duration = Duration::from_millis(50);
/// How often it is looked whether they are.
const SETTLES_EVERY: Duration = Duration::from_millis(5);

/// What a server holds before this case; `None` where the system does not tell. Waits a moment for what the case before
/// has closed, so that a case which keeps something can be told from one which does not. The looks are remembered.
pub fn look(server: &mut Server, case: &str) -> Option<Holds> {
    let last = server.looks.last().map(|l| l.1);
    let mut waits = SETTLES.as_millis() / SETTLES_EVERY.as_millis();
    let now = loop {
        let now = holds(server.pid())?;
        if waits == 0 || last.is_none_or(|l| now.descriptors <= l) || server.end(SETTLES_EVERY).is_some() {
            break now;
        }
        waits -= 1;
    };
    server.looks.push((case.to_owned(), now.descriptors));
    Some(now)
}

/// What it holds too much of after the case, beside `before` and beside what it held at first. Waits a little until it has
/// given back what it needed. What is told once is not told of the next case again.
pub fn judge(server: &mut Server, before: Holds) -> Option<Guarded> {
    let mut looks = WITHIN.as_millis() / EVERY.as_millis();
    loop {
        let now = holds(server.pid())?;
        let at_rest = server.looks.first().map_or(before.descriptors, |l| l.1);
        let wrong = too_much(at_rest, before, now);
        if wrong.is_empty() {
            return Some(Guarded::default());
        }
        if looks == 0 || server.end(EVERY).is_some() {
            let seen = std::mem::take(&mut server.looks);
            let alone = now.descriptors.saturating_sub(before.descriptors) > DESCRIPTORS_MAX;
            let lost = now.descriptors.saturating_sub(at_rest) > DESCRIPTORS_MAX;
            let after = if lost && !alone { keepers(&seen, now.descriptors) } else { Vec::new() };
            return Some(Guarded { wrong, after });
        }
        looks -= 1;
    }
}

/// The cases that may have kept descriptors, each once, from what was held before each of them and what is held now. One has
/// kept nothing when later the server held no more than before it.
fn keepers(seen: &[(String, u64)], now: u64) -> Vec<String> {
    let mut least_later = now;
    let mut out: Vec<String> = Vec::new();
    for (case, before) in seen.iter().rev() {
        if *before != least_later && !out.contains(case) {
            out.push(case.clone());
        }
        least_later = least_later.min(*before);
    }
    out.reverse();
    out
}

fn too_much(at_rest: u64, before: Holds, now: Holds) -> Vec<String> {
    let mut wrong = Vec::new();
    let (memory, files) =
        (now.memory.saturating_sub(before.memory), now.descriptors.saturating_sub(before.descriptors));
    let lost = now.descriptors.saturating_sub(at_rest);
    if memory > MEMORY_MAX {
        let (more, most) = (memory >> 20, MEMORY_MAX >> 20);
        wrong.push(format!("it holds {more} MiB more than before, more than {most} MiB"));
    }
    if files > DESCRIPTORS_MAX {
        wrong.push(format!("it holds {files} file descriptors more than before, more than {DESCRIPTORS_MAX}"));
    } else if lost > DESCRIPTORS_MAX {
        wrong.push(format!(
            "it holds {lost} file descriptors more than when it was last at rest, more than {DESCRIPTORS_MAX}: {files} of \
             them since this case began, the others since earlier ones"
        ));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::format::sut::Launch;
    use std::collections::BTreeMap;

    #[test]
    fn what_grows_beyond_its_measure_is_told() {
        let at = |mib: u64, descriptors| Holds { memory: mib << 20, descriptors };
        assert!(too_much(10, at(10, 10), at(70, 40)).is_empty());
        assert!(too_much(10, at(500, 100), at(10, 10)).is_empty(), "less is never wrong");
        assert_eq!(too_much(10, at(10, 10), at(90, 10)), ["it holds 80 MiB more than before, more than 64 MiB"]);
        assert_eq!(too_much(10, at(10, 10), at(90, 60)).len(), 2);
        assert!(too_much(10, at(10, 40), at(10, 42)).is_empty(), "32 in all");
        let few_each_time = too_much(10, at(10, 41), at(10, 43));
        assert!(few_each_time.concat().starts_with("it holds 33 file descriptors more than when"), "{few_each_time:?}");
        assert!(few_each_time.concat().contains("2 of them since this case began"), "{few_each_time:?}");
    }

    #[test]
    fn who_may_have_kept_something_is_named_once() {
        let seen = |all: &[(&str, u64)]| -> Vec<_> { all.iter().map(|(c, n)| ((*c).to_owned(), *n)).collect() };
        let all =
            seen(&[("none", 10), ("two", 10), ("two", 11), ("late", 12), ("after", 15), ("none", 12), ("one", 12)]);
        // What `late` has closed too late hides what `after` does.
        assert_eq!(keepers(&all, 13), ["two", "after", "one"]);
        assert_eq!(keepers(&all, 12), ["two", "after"]);
        assert_eq!(keepers(&all, 9), ["two", "late", "after", "none", "one"], "there is no telling");
        assert!(keepers(&[], 40).is_empty());
    }

    #[test]
    fn a_server_that_keeps_what_it_was_sent_is_caught() -> std::io::Result<()> {
        if !std::path::Path::new("/proc/self/stat").exists() {
            return Ok(());
        }
        let start = |script: &str| {
            let command = ["sh", "-c", script].map(str::to_owned).to_vec();
            Server::start(&Launch { command, ..Launch::default() }, &BTreeMap::new())
        };
        let mut calm = start("sleep 600")?;
        let Some(before) = look(&mut calm, "a") else { return Ok(()) };
        assert_eq!(judge(&mut calm, before), Some(Guarded::default()));
        // A shell that holds what it reads.
        let mut greedy = start("x=$(head -c 100000000 /dev/zero | tr '\\0' x); sleep 600")?;
        let nothing = Holds { memory: 0, descriptors: 0 };
        let grown = (0..10_000_000).any(|_| {
            std::thread::yield_now();
            holds(greedy.pid()).is_some_and(|h| h.memory > MEMORY_MAX + (16 << 20))
        });
        assert!(grown, "it holds less than it should for this test");
        assert!(judge(&mut greedy, nothing).is_some_and(|found| !found.wrong.is_empty()), "100 MB are not seen");
        Ok(())
    }
}
