//! What the small server knows: the same store as LOCO's server, the same world, the same rule of acknowledgement.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::net::Clock;
use crate::proto::server::store::{Effect, Log, Store, StoreError};
use crate::store::Database;

/// The most messages of one answer.
const PAGE: usize = 300;

/// Rooms. Clones are the same ones.
#[derive(Clone)]
pub struct Rooms {
    db: Arc<Mutex<Database>>,
    clock: Clock,
    /// The message of a user's own number.
    kept: Arc<Mutex<BTreeMap<(i64, i64), i64>>>,
    /// Rises with each message of any room.
    news: watch::Sender<u64>,
}

impl std::fmt::Debug for Rooms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rooms")
    }
}

/// A person with his one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guest {
    /// The user.
    pub user: i64,
    /// The first of his rooms; 0 when he has none.
    pub room: i64,
}

impl Rooms {
    /// On this store, which has the world already.
    #[must_use]
    pub fn new(db: Database, clock: Clock) -> Self {
        Self { db: Arc::new(Mutex::new(db)), clock, kept: Arc::default(), news: watch::Sender::new(0) }
    }

    fn db(&self) -> MutexGuard<'_, Database> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look<T>(&self, look: impl FnOnce(&dyn Store) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut db = self.db();
        let unit = db.begin()?;
        let found = look(&unit);
        unit.abort()?;
        found
    }

    /// Whose token this is.
    ///
    /// # Errors
    /// The store failed; so for each method.
    pub fn guest(&self, token: &str) -> Result<Option<Guest>, StoreError> {
        self.look(|store| {
            let Some(user) = store.user_by_token(token)? else { return Ok(None) };
            let room = store.rooms_of(user.id)?.first().copied().unwrap_or_default();
            Ok(Some(Guest { user: user.id, room }))
        })
    }

    /// Keeps a message, and gives its id when it is kept. One that was sent before is there once.
    ///
    /// # Errors
    /// The store failed.
    pub fn write(&self, guest: Guest, msg_id: i64, text: &str) -> Result<i64, StoreError> {
        let id = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(id) = kept.get(&(guest.user, msg_id)) {
                return Ok(*id);
            }
            let mut db = self.db();
            let mut unit = db.begin()?;
            let last = unit.room(guest.room)?.map_or(0, |r| r.last_log_id);
            let log = Log {
                chat_id: guest.room,
                log_id: last + 1,
                prev_id: last,
                kind: 1,
                author_id: guest.user,
                message: Some(text.to_owned()),
                attachment: None,
                supplement: None,
                msg_id,
                send_at: i32::try_from(self.clock.now().unix_secs()).unwrap_or(i32::MAX),
                scope: None,
                thread_id: None,
                revision: 0,
            };
            unit.apply(&Effect::AppendLog(log))?;
            unit.commit()?;
            kept.insert((guest.user, msg_id), last + 1);
            last + 1
        };
        self.news.send_modify(|n| *n += 1);
        Ok(id)
    }

    /// What the others wrote after this id, and the id from which to ask next.
    ///
    /// # Errors
    /// The store failed.
    pub fn since(&self, guest: Guest, after: i64) -> Result<(Vec<Value>, i64), StoreError> {
        if guest.room == 0 {
            return Ok((Vec::new(), after));
        }
        self.look(|store| {
            let logs = store.logs(guest.room, after, i64::MAX, PAGE)?;
            let upto = logs.last().map_or(after, |l| l.log_id);
            let others = logs.iter().filter(|l| l.author_id != guest.user);
            Ok((others.map(message).collect(), upto))
        })
    }

    /// What time it is, for the library's date.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_micros(self.clock.now().as_micros())
    }

    /// Hears of news.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }
}

/// A message as JSON: what a device needs to show it.
fn message(log: &Log) -> Value {
    json!({
        "room": log.chat_id, "id": log.log_id, "author": log.author_id, "sentAt": log.send_at, "text": log.message,
    })
}
