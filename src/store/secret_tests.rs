//! A secret chat on a real directory: what the server has written there, byte for byte.

use std::collections::BTreeMap;
use std::fs;

use bson::{Bson, Document, doc};

use super::tests::Outcome;
use super::*;
use crate::proto::command::CommandId;
use crate::proto::limits::Limits;
use crate::proto::secure::Era;
use crate::proto::server::dispatch::handler;
use crate::proto::server::store::Store;
use crate::proto::server::{Answer, Ask, Config};
use crate::proto::time::Time;
use crate::proto::wire;

const NOW: Time = Time::from_secs(1_700_000_000);

/// Asks as this user, keeps what comes of it, and gives the reply and the bytes of all pushes.
fn ask(
    db: &mut Database,
    user: i64,
    id: CommandId,
    body: &Document,
) -> Result<(Document, Vec<u8>), Box<dyn std::error::Error>> {
    let bytes = body.to_vec()?;
    let mut unit = db.begin()?;
    let (mut answer, config) = (Answer::default(), Config::default());
    let body = wire::Document::check(&bytes, &Limits::DEFAULT).map_err(|e| format!("{e:?}"))?;
    let (era, config, media_secret, batch) = (Era::E2025, &config, [0; 32], &BTreeMap::new());
    let ask = Ask { id, era, user, now: NOW, body, config, last_log_id: 0, media_secret, batch };
    handler(id)(&ask, &unit, &mut answer).map_err(|e| format!("{id:?}: {e:?}"))?;
    for effect in &answer.effects {
        unit.apply(effect)?;
    }
    unit.commit()?;
    let pushed = answer.pushes.iter().flat_map(|p| p.body.clone()).collect();
    Ok((Document::from_reader(answer.body.as_slice())?, pushed))
}

/// What two members share and the server does not have: a toy, good enough to tell the two texts apart.
fn seal(plain: &str) -> String {
    plain.bytes().map(|b| format!("{:02x}", b ^ 0x5a)).collect()
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|w| w == text.as_bytes())
}

/// Everything in a directory, and what else the server let out.
fn everything(dir: &std::path::Path) -> std::io::Result<Vec<u8>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir)? {
        all.extend(fs::read(entry?.path())?);
    }
    Ok(all)
}

//= SECRET-RELAY-2
#[test]
fn a_directory_has_the_cipher_text_and_nothing_of_the_plain_one() -> Outcome {
    const PLAIN: &str = "meet me at the old mill at nine";
    let dir = std::env::temp_dir().join(format!("locospec-secret-{}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    let mut db = super::tests::seeded(Database::open_file(&dir)?)?;
    for user in [1001, 1002] {
        ask(&mut db, user, CommandId::SetPk, &doc! {"ek": format!("e{user}"), "sk": format!("s{user}")})?;
    }
    let (room, _) = ask(&mut db, 1001, CommandId::SCreate, &doc! {"mi": [1002_i64]})?;
    let (c, sc) = (room.get_i64("c")?, room.get_i64("sc")?);
    let keys = doc! {"c": c, "sk": ["wrapped-a", "wrapped-b"], "mi": [1001_i64, 1002_i64], "pt": 1_i64, "sc": sc};
    ask(&mut db, 1001, CommandId::SetSk, &keys)?;
    let message = doc! {"m": seal(PLAIN), "e": seal("{}"), "c": c, "t": 0x1000_0001, "pt": 1_i64, "sc": sc, "s": "sig"};
    let (_, pushed) = ask(&mut db, 1001, CommandId::SWrite, &message)?;
    assert!(has(&pushed, &seal(PLAIN)) && !has(&pushed, PLAIN));
    let sync = doc! {"chatId": c, "cur": 0_i64, "max": i64::MAX};
    let (logs, _) = ask(&mut db, 1002, CommandId::SyncMsg, &sync)?;
    let log = logs.get_array("chatLogs")?.first().and_then(Bson::as_document).ok_or("no log")?;
    assert_eq!(log.get_str("message")?, seal(PLAIN));
    drop(db);
    let kept = everything(&dir)?;
    fs::remove_dir_all(&dir)?;
    assert!(has(&kept, &seal(PLAIN)), "the cipher text is kept as it came");
    assert!(has(&kept, "wrapped-b"));
    for word in ["meet me", "old mill", PLAIN] {
        assert!(!has(&kept, word), "{word:?} is on the disk");
    }
    Ok(())
}
