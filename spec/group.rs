//! Writers share commits on a real disk (group commit), and nothing of what the server promises changes by it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use locospec::net::Tcp;
use locospec::net::clock::{Clock, system_entropy};
use locospec::net::connect::Setup;
use locospec::net::handle::start;
use locospec::net::serve::Note;
use locospec::proto::client::{Client, ClientConfig, Endpoint};
use locospec::proto::command::write;
use locospec::proto::limits::Limits;
use locospec::proto::secure::{Era, KeyRing};
use locospec::proto::server::store::Store;
use locospec::store::Database;
use tokio::time::timeout;

use crate::house::{PATIENCE, house_on};

const ROOM: i64 = 7000;
const WRITES: usize = 200;

//= PROMISE-DURABLE-1, PROMISE-ORDERED-1
#[tokio::test]
async fn writes_that_come_at_once_share_commits_and_each_is_kept_once_in_order()
-> Result<(), Box<dyn std::error::Error>> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("group-commit");
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    let commits = Arc::new(AtomicUsize::new(0));
    let counted = commits.clone();
    let observer = Arc::new(move |note: &Note<'_>| {
        counted.fetch_add(usize::from(matches!(note, Note::Committed)), SeqCst);
    });
    let house = house_on(Database::open_file(&dir)?, Limits::DEFAULT, Some(observer)).await?;
    let first = Endpoint::new(house.booking.ip().to_string(), house.booking.port());
    let keys = Arc::new(KeyRing::test().public_ring());
    let mut config = ClientConfig::new(Era::E2025, 1001, "alice-token", first, keys);
    config.booking_tls = false;
    let setup = Setup { clock: Clock::system(), tls: None };
    let (alice, _events) = start(Tcp, Client::new(config, system_entropy()?), setup, None);
    timeout(PATIENCE, alice.login()).await??;

    let before = commits.load(SeqCst);
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..WRITES {
        let text = n.to_string();
        calls.spawn(alice.call(&write::Request { chat_id: ROOM, kind: 1, msg: Some(&text), ..Default::default() }));
    }
    let mut acknowledged = Vec::new();
    while let Some(reply) = timeout(PATIENCE, calls.join_next()).await? {
        acknowledged.push(reply??.accepted()?.log_id);
    }
    let shared = commits.load(SeqCst) - before;
    assert!(shared <= WRITES / 4, "{WRITES} writes took {shared} commits");
    drop(alice);
    house.close().await;

    acknowledged.sort_unstable();
    let mut db = Database::open_file(&dir)?;
    let kept = db.begin()?.logs(ROOM, 0, i64::MAX, 10 * WRITES)?;
    assert_eq!(kept.iter().map(|l| l.log_id).collect::<Vec<_>>(), acknowledged, "each once, and nothing else");
    let linked = kept.windows(2).all(|two| matches!(two, [a, b] if b.prev_id == a.log_id));
    assert!(linked, "each names the one before it");
    let mut texts: Vec<usize> = kept.iter().filter_map(|l| l.message.as_deref()?.parse().ok()).collect();
    texts.sort_unstable();
    assert_eq!(texts, (0..WRITES).collect::<Vec<_>>());
    drop(db);
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}
