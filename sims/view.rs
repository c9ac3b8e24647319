//! A run that is looked at: the same run, with its bytes; and the files that `replay` writes of it.

use std::error::Error;
use std::process::{Command, Output};

use locospec::sim::generate::generate;
use locospec::sim::run::{run, run_recorded};
use locospec::sim::trace::Kind;

/// A run that is looked at is the same run, and everything in it has its bytes.
#[test]
fn keeping_the_bytes_changes_nothing() {
    let scenario = generate(2);
    let (plain, kept) = (run(&scenario), run_recorded(&scenario));
    assert_eq!((plain.trace_hash, plain.trace.recording), (kept.trace_hash, None));
    let recording = kept.trace.recording.expect("it was asked for");
    let (mut packets, mut joined) = (0, 0);
    for event in &kept.trace.events {
        match &event.kind {
            Kind::Packet { body_len, .. } => {
                packets += 1;
                assert_eq!(recording.plain.get(&event.seq).map(Vec::len), Some(22 + body_len), "{event}");
                let by_conn = &*event.host == "server";
                joined += usize::from(recording.end_at(&event.host, event.conn, event.seq, by_conn).is_some());
            }
            Kind::Bytes { len, .. } => {
                assert_eq!(recording.sealed.get(&event.seq).map(Vec::len), Some(*len), "{event}");
            }
            _ => {}
        }
    }
    assert!(packets > 100 && joined == packets, "{joined} of {packets} packets have their connection");
    let both = recording.pairs().into_iter().filter(|(c, s)| c.is_some() && s.is_some()).count();
    assert!(
        both * 10 > recording.pairs().len() * 9,
        "{both} of {} connections have both ends",
        recording.pairs().len()
    );
    let numbered = recording.ends.values().filter(|e| !e.client && e.conn.is_some()).count();
    assert!(numbered >= both, "{numbered} of {both} connections have the server's number");
}

fn locospec(args: &[&str]) -> Result<Output, Box<dyn Error>> {
    Ok(Command::new(env!("CARGO_BIN_EXE_locospec")).args(args).output()?)
}

#[test]
fn replay_writes_a_page_and_a_capture_and_tells_what_is_asked_for() -> Result<(), Box<dyn Error>> {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (page, capture) = (dir.join("seed-2.html"), dir.join("seed-2.pcapng"));
    let files = ["--html", &page.to_string_lossy(), "--pcapng", &capture.to_string_lossy()].map(str::to_owned);
    let mut args = vec!["replay", "2", "--only", "u1/main", "--method", "write", "--to", "20s"];
    args.extend(files.iter().map(String::as_str));
    let told = locospec(&args)?;
    let text = String::from_utf8(told.stdout)?;
    assert_eq!(told.status.code(), Some(0), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("u1/main ──> server WRITE #") && !text.contains("LOGINLIST"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colours where there is no terminal");
    let html = std::fs::read_to_string(page)?;
    assert!(html.starts_with("<!doctype html>") && html.contains("locospec-view/1") && html.len() > 200_000);
    assert_eq!(std::fs::read(capture)?.get(..4), Some(&[0x0a, 0x0d, 0x0d, 0x0a][..]));

    let told = locospec(&["replay", "2", "--only", "u9/main"])?;
    let text = String::from_utf8(told.stderr)?;
    assert_eq!(told.status.code(), Some(2), "{text}");
    assert!(text.contains("no u9/main in this run") && text.contains("u1/main, "), "{text}");
    Ok(())
}

#[test]
fn the_dissector_has_the_catalogue() -> Result<(), Box<dyn Error>> {
    let told = locospec(&["spec", "export", "--wireshark"])?;
    let text = String::from_utf8(told.stdout)?;
    assert_eq!(told.status.code(), Some(0));
    for part in
        ["[\"WRITE\"] = {", "title = \"Writes a message into a room\"", "[-950] = \"", "function loco.dissector("]
    {
        assert!(text.contains(part), "{part}");
    }
    Ok(())
}
