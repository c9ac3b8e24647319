//! RSA beside the hub: on the spot in the simulator, on few threads for real sockets.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::Event;
use crate::proto::entropy::Entropy;
use crate::proto::secure::{Era, KeyRing, SessionKey, unwrap};
use crate::proto::server::ConnId;

/// Unwraps session keys. Whatever the block is, it gives a key.
#[derive(Clone)]
pub enum Unwrapper {
    /// On the spot, with randomness of our own: the simulator.
    Inline(Arc<KeyRing>, Entropy),
    /// On threads of the runtime, in the order in which the blocks come.
    Threads(Threads),
    /// By somebody who may know the key already: the simulator.
    By(Unwrap),
}

/// Unwraps one block of one era.
pub type Unwrap = Arc<dyn Fn(Era, &[u8]) -> SessionKey + Send + Sync>;

/// Unwraps on at most as many threads as leave one core to the hub: however many handshakes come, whoever is logged in
/// is served. Who waits longer than a login may take is closed.
#[derive(Clone)]
pub struct Threads {
    ring: Arc<KeyRing>,
    entropy: Entropy,
    at_once: Arc<Semaphore>,
    #[cfg(feature = "aws-lc")]
    modern: Option<Arc<crate::net::rsa::Modern>>,
}

impl Threads {
    /// For the keys of `ring`; `entropy` blinds the pure operations. With the feature `aws-lc` the modern eras are
    /// unwrapped by aws-lc, in constant time.
    #[must_use]
    pub fn new(ring: KeyRing, entropy: Entropy) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::with(ring, entropy, cores.saturating_sub(1).max(1))
    }

    /// The same, on so many threads at once.
    fn with(ring: KeyRing, entropy: Entropy, at_once: usize) -> Self {
        Self {
            #[cfg(feature = "aws-lc")]
            modern: crate::net::rsa::Modern::new(&ring).map(Arc::new),
            ring: Arc::new(ring),
            entropy,
            at_once: Arc::new(Semaphore::new(at_once)),
        }
    }

    /// Unwraps one block, here.
    #[must_use]
    pub fn unwrap(&mut self, era: Era, wrapped: &[u8]) -> SessionKey {
        #[cfg(feature = "aws-lc")]
        if let Some(modern) = self.modern.as_ref().filter(|_| era.is_modern()) {
            return modern.unwrap(era, wrapped, &self.ring);
        }
        unwrap(era, wrapped, &self.ring, &mut self.entropy)
    }

    /// The same, with blinding of its own.
    fn fork(&mut self) -> Self {
        Self { entropy: self.entropy.fork(), ..self.clone() }
    }
}

impl Unwrapper {
    /// Unwraps beside the hub; the key comes back through the inbox.
    #[allow(clippy::disallowed_methods)]
    pub(super) fn start(&mut self, conn: ConnId, era: Era, wrapped: Vec<u8>, inbox: mpsc::Sender<Event>) {
        match self {
            Self::By(unwrap) => {
                let key = unwrap(era, &wrapped);
                tokio::spawn(async move { inbox.send(Event::Key(conn, key)).await });
            }
            Self::Inline(ring, entropy) => {
                let key = unwrap(era, &wrapped, ring, entropy);
                tokio::spawn(async move { inbox.send(Event::Key(conn, key)).await });
            }
            Self::Threads(threads) => {
                let mut threads = threads.fork();
                tokio::spawn(async move {
                    let Ok(_turn) = threads.at_once.clone().acquire_owned().await else { return };
                    let work = tokio::task::spawn_blocking(move || threads.unwrap(era, &wrapped));
                    if let Ok(key) = work.await {
                        let _ = inbox.send(Event::Key(conn, key)).await;
                    }
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::secure::wrap;

    /// One at a time, and whoever came first is first: nobody can push himself before others, or take all threads.
    #[tokio::test]
    async fn keys_are_unwrapped_one_at_a_time_and_in_the_order_in_which_they_came() {
        let (ring, mut entropy) = (KeyRing::test(), Entropy::named(3, "unwrapping"));
        let threads = Threads::with(ring.clone(), entropy.fork(), 1);
        let at_once = threads.at_once.clone();
        let mut unwrapper = Unwrapper::Threads(threads);
        let (inbox, mut events) = mpsc::channel(16);
        let held = at_once.clone().acquire_owned().await.expect("it is never closed");
        let mut keys = Vec::new();
        for (conn, era) in (1..).zip([Era::E2019, Era::E2012, Era::E2025, Era::E2012, Era::E2023]) {
            let key = SessionKey::generate(&mut entropy);
            let wrapped = wrap(era, &key, &ring.public_ring(), &mut entropy).expect("it wraps").wrapped;
            unwrapper.start(conn, era, wrapped.as_bytes().to_vec(), inbox.clone());
            keys.push((conn, key));
        }
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(events.try_recv().is_err(), "all wait while the only turn is taken");
        drop(held);
        for (conn, key) in keys {
            let Some(Event::Key(of, got)) = events.recv().await else { panic!("a key was awaited") };
            assert!(of == conn && got == key, "the key of {conn}");
        }
        assert_eq!(at_once.available_permits(), 1);
    }
}
