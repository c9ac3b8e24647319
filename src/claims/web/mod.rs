//! The others: a small chat server for WebSocket and HTTP with JSON, and its clients. The libraries are the real ones:
//! tokio-tungstenite, hyper, rustls.
//!
//! The server keeps messages where LOCO's does, in the same store, and acknowledges by the same rule: after the commit.
//!
//! | file | what it knows |
//! | --- | --- |
//! | [`rooms`] | messages, who may read them, what is new |
//! | [`serve`] | the server's ports |
//! | [`pipe`] | a client's HTTP connections |
//! | [`asking`] | a device that asks: polling, long polling |
//! | [`socket`] | a device on a WebSocket |

pub mod asking;
pub mod pipe;
pub mod rooms;
pub mod serve;
pub mod socket;

use std::time::Duration;

use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::proto::entropy::Entropy;

/// The wait before the first retry, at most; it doubles with each further one. The figures are those of LOCO's client.
const BACKOFF: Duration = Duration::from_millis(500);
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// What a WebSocket keeps for reading: chat needs no more, and the library's own choice is 128 KiB a connection.
const SOCKET_BUFFER: usize = 4 << 10;

/// The buffers of a WebSocket.
fn buffers() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(SOCKET_BUFFER)
}

/// How long to wait before trying again.
#[derive(Debug)]
struct Backoff {
    dice: Entropy,
    most: Duration,
}

impl Backoff {
    const fn new(dice: Entropy) -> Self {
        Self { dice, most: BACKOFF }
    }

    /// It has worked.
    const fn reset(&mut self) {
        self.most = BACKOFF;
    }

    /// Waits, longer from time to time.
    async fn wait(&mut self) {
        let most = u64::try_from(self.most.as_millis()).unwrap_or(u64::MAX);
        let ms = self.dice.range(most / 2, most);
        self.most = (self.most * 2).min(BACKOFF_MAX);
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}
