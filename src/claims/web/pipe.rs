//! A client's HTTP connections: kept, shared, or one for each request.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

use crate::claims::transport::Way;
use crate::net::{Network, tls};

/// Who asks whom.
#[derive(Clone)]
pub struct Address {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The user's token.
    pub token: String,
    /// This device's side of TLS.
    pub tls: TlsConnector,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Address({}:{})", self.host, self.port)
    }
}

enum Sender {
    H1(http1::SendRequest<Full<Bytes>>),
    H2(http2::SendRequest<Full<Bytes>>),
}

/// The way of requests to the server.
pub struct Pipe<N> {
    net: N,
    to: Address,
    way: Way,
    patience: Duration,
    open: Mutex<Option<Sender>>,
}

impl<N> std::fmt::Debug for Pipe<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pipe({:?})", self.way)
    }
}

impl<N: Network> Pipe<N> {
    /// A pipe without a connection. A request may take `patience`.
    pub fn new(net: N, to: Address, way: Way, patience: Duration) -> Self {
        Self { net, to, way, patience, open: Mutex::new(None) }
    }

    /// Lets go of the connection.
    pub async fn close(&self) {
        *self.open.lock().await = None;
    }

    /// Asks, and gives the answer's JSON. A connection that fails is given up.
    ///
    /// # Errors
    /// No connection, no answer in time, or a refusal.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> io::Result<Value> {
        let asked = tokio::time::timeout(self.patience, self.ask_patiently(method, path, body)).await;
        let asked = asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        if asked.is_err() {
            self.close().await;
        }
        asked
    }

    async fn ask_patiently(&self, method: Method, path: &str, body: Option<&Value>) -> io::Result<Value> {
        let request = self.request(method, path, body)?;
        let mut open = self.open.lock().await;
        let alive = match &*open {
            Some(Sender::H1(s)) => !s.is_closed(),
            Some(Sender::H2(s)) => !s.is_closed(),
            None => false,
        };
        if !alive {
            *open = Some(self.connect().await?);
        }
        let answer = match &mut *open {
            Some(Sender::H2(shared)) => {
                let mut own = shared.clone();
                drop(open);
                own.send_request(request).await
            }
            Some(Sender::H1(only)) => {
                let answer = only.send_request(request).await;
                let read = read(answer).await;
                if self.way == Way::EachNew || read.is_err() {
                    *open = None;
                }
                return read;
            }
            None => return Err(io::ErrorKind::NotConnected.into()),
        };
        read(answer).await
    }

    async fn connect(&self) -> io::Result<Sender> {
        let stream = self.net.connect(&self.to.host, self.to.port).await?;
        let stream = self.to.tls.connect(tls::server_name(&self.to.host)?, stream).await?;
        let io = TokioIo::new(stream);
        if self.way == Way::H2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.map_err(io::Error::other)?;
            tokio::spawn(connection);
            return Ok(Sender::H2(sender));
        }
        let (sender, connection) = http1::handshake(io).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(Sender::H1(sender))
    }

    /// A request with the headers that a small app sends, and no more.
    fn request(&self, method: Method, path: &str, body: Option<&Value>) -> io::Result<Request<Full<Bytes>>> {
        let host = format!("{}:{}", self.to.host, self.to.port);
        let request = Request::builder()
            .method(method)
            .header(USER_AGENT, "locospec/0.1")
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, format!("Bearer {}", self.to.token));
        let request = match self.way {
            Way::H2 => request.version(Version::HTTP_2).uri(format!("https://{host}{path}")),
            Way::KeepAlive => request.uri(path).header(HOST, host),
            Way::EachNew => request.uri(path).header(HOST, host).header(CONNECTION, "close"),
        };
        let request = match body {
            Some(body) => {
                request.header(CONTENT_TYPE, "application/json").body(Full::new(Bytes::from(body.to_string())))
            }
            None => request.body(Full::new(Bytes::new())),
        };
        request.map_err(io::Error::other)
    }
}

async fn read(answer: hyper::Result<hyper::Response<hyper::body::Incoming>>) -> io::Result<Value> {
    let answer = answer.map_err(io::Error::other)?;
    let status = answer.status();
    let body = answer.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    if !status.is_success() {
        return Err(io::Error::other(format!("refused with {status}")));
    }
    serde_json::from_slice(&body).map_err(io::Error::other)
}
