//! Files on their way: what a client's user sends and gets beside its session, each on connections of its own, by the
//! drivers of `net`. The streams have an owner of their own, so that a fault may strike them and no session.

use std::future::Future;
use std::io::Cursor;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::net::TurmoilNet;
use crate::net::Clock;
use crate::net::media::{MediaError, Way, download, upload};
use crate::proto::client::Endpoint;
use crate::proto::client::media::{Download, MediaConfig, MediaFailure, Upload};
use crate::proto::entropy::Entropy;
use crate::proto::limits::Limits;
use crate::proto::secure::{Era, PublicRing};

/// What is behind the name of a client in the name of the owner of its files.
const FILES: &str = "/files";

/// The owner of the streams that carry the files of this client.
#[must_use]
pub fn files_of(client: &str) -> String {
    format!("{client}{FILES}")
}

/// The client whose files have this owner; the owner itself where it is none of files.
#[must_use]
pub fn client_of(owner: &str) -> &str {
    owner.strip_suffix(FILES).unwrap_or(owner)
}

/// A file that somebody wants carried.
#[derive(Clone, Debug)]
pub struct Errand {
    /// The client.
    pub device: usize,
    /// Its request.
    pub ticket: u64,
    /// Where the server has sent it.
    pub endpoint: Endpoint,
    /// Up or down.
    pub load: Load,
}

/// Up or down.
#[derive(Clone, Debug)]
pub enum Load {
    /// These bytes go up.
    Up(Upload, Vec<u8>),
    /// Bytes come down.
    Down(Download),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The message of the file, and what hangs on it.
    Up {
        /// The message.
        log_id: i64,
        /// What hangs on it.
        attachment: String,
    },
    /// The file.
    Down(Vec<u8>),
    /// Nothing, and why.
    Failed(MediaFailure),
    /// The bytes do not go together, in words.
    Wrong(String),
}

impl Carried {
    /// In a few words.
    #[must_use]
    pub fn brief(&self) -> String {
        match self {
            Self::Up { log_id, .. } => format!("the file is message {log_id}"),
            Self::Down(bytes) => format!("a file of {} bytes", bytes.len()),
            Self::Failed(why) => format!("no file: {why}"),
            Self::Wrong(what) => format!("no file: {what}"),
        }
    }
}

/// A file with its carrier, to be run on the host of its client.
pub type Carriage = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Who carries the files of one client.
#[derive(Debug)]
pub struct Courier {
    /// The network, under the name of the files.
    pub net: TurmoilNet,
    /// The clock of the client.
    pub clock: Clock,
    /// The generation of the protocol.
    pub era: Era,
    /// The user.
    pub user_id: i64,
    /// The servers' keys.
    pub keys: Arc<PublicRing>,
    /// How long a server may be silent.
    pub patience: Duration,
    /// Keys and IVs come from it.
    pub entropy: Entropy,
}

impl Courier {
    /// Carries a file, and says at the end what came of it: device, ticket and outcome.
    pub fn carry(&mut self, errand: Errand, done: mpsc::UnboundedSender<(usize, u64, Carried)>) -> Carriage {
        let config = MediaConfig {
            era: self.era,
            user_id: self.user_id,
            os: "android".to_owned(),
            app_version: "3.5.0".to_owned(),
            keys: self.keys.clone(),
            patience: self.patience,
            limits: Limits::DEFAULT,
        };
        let Errand { device, ticket, endpoint, load } = errand;
        let (net, clock, entropy) = (self.net.clone(), self.clock.clone(), self.entropy.fork());
        let mut way = Way { net, endpoint, clock, config, entropy };
        Box::pin(async move {
            let carried = match load {
                Load::Up(job, bytes) => upload(&mut way, &job, &mut Cursor::new(bytes), |_, _| ())
                    .await
                    .map(|up| Carried::Up { log_id: up.log_id, attachment: up.attachment }),
                Load::Down(job) => {
                    let mut bytes = Vec::new();
                    let done = download(&mut way, &job, (None, None), &mut bytes, |_, _| ()).await;
                    done.map(|_| Carried::Down(bytes))
                }
            };
            let carried = carried.unwrap_or_else(|e| match e {
                MediaError::Failed(why) => Carried::Failed(why),
                MediaError::File(_) | MediaError::Wrong { .. } => Carried::Wrong(e.to_string()),
            });
            let _ = done.send((device, ticket, carried));
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_of_files_names_its_client() {
        assert_eq!(client_of(&files_of("u1/main")), "u1/main");
        assert_eq!(client_of("u1/main"), "u1/main");
    }
}
