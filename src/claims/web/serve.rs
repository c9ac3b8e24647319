//! The small server's ports: HTTP/1.1 and HTTP/2 on one, WebSocket on the other, both behind TLS.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::rooms::{Guest, Rooms};
use crate::claims::certs::speaks_h2;
use crate::net::{BoxStream, Network};

/// The most bytes of a body that a client may send.
const BODY_MAX: usize = 64 << 10;
/// How long a TLS handshake may take.
const TLS_WITHIN: Duration = Duration::from_secs(20);

/// What a port speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP/1.1 or HTTP/2, as the client wishes.
    Http,
    /// WebSocket.
    WebSocket,
}

/// Serves one port for ever. Each connection is a task.
pub async fn serve<N: Network>(net: N, mut port: N::Listener, tls: TlsAcceptor, rooms: Rooms, speaks: Speaks) {
    loop {
        let Ok(stream) = net.accept(&mut port).await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let (tls, rooms) = (tls.clone(), rooms.clone());
        tokio::spawn(async move {
            if let Ok(Ok(stream)) = tokio::time::timeout(TLS_WITHIN, tls.accept(stream)).await {
                // A client that leaves is no failure.
                let _ = match speaks {
                    Speaks::Http => http(stream, rooms).await,
                    Speaks::WebSocket => web_socket(stream, rooms).await,
                };
            }
        });
    }
}

async fn http(stream: TlsStream<BoxStream>, rooms: Rooms) -> io::Result<()> {
    let h2 = speaks_h2(stream.get_ref().1.alpn_protocol());
    let service = service_fn(move |request| {
        let rooms = rooms.clone();
        async move {
            let mut answer = answer(request, &rooms).await;
            // hyper would take the wall clock's: HTTP/2 packs each date into another number of bytes.
            let date = HeaderValue::try_from(httpdate::fmt_http_date(rooms.now()));
            date.into_iter().for_each(|date| drop(answer.headers_mut().insert(DATE, date)));
            Ok::<_, Infallible>(answer)
        }
    });
    let io = TokioIo::new(stream);
    if h2 {
        hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await
    } else {
        hyper::server::conn::http1::Builder::new().serve_connection(io, service).await
    }
    .map_err(io::Error::other)
}

fn reply(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut reply = Response::new(Full::new(Bytes::from(body.to_string())));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

fn refuse(status: StatusCode) -> Response<Full<Bytes>> {
    reply(status, &json!({"error": status.as_u16()}))
}

async fn answer(request: Request<Incoming>, rooms: &Rooms) -> Response<Full<Bytes>> {
    let token = request.headers().get(AUTHORIZATION).and_then(|v| v.to_str().ok());
    let token = token.and_then(|t| t.strip_prefix("Bearer ")).unwrap_or_default();
    let guest = match rooms.guest(token) {
        Ok(Some(guest)) => guest,
        Ok(None) => return refuse(StatusCode::UNAUTHORIZED),
        Err(_) => return refuse(StatusCode::INTERNAL_SERVER_ERROR),
    };
    match *request.method() {
        Method::POST => post(request, guest, rooms).await,
        Method::GET => get(&request, guest, rooms).await,
        _ => refuse(StatusCode::METHOD_NOT_ALLOWED),
    }
}

async fn post(request: Request<Incoming>, guest: Guest, rooms: &Rooms) -> Response<Full<Bytes>> {
    let body = match Limited::new(request.into_body(), BODY_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return refuse(StatusCode::PAYLOAD_TOO_LARGE),
    };
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    match (body["id"].as_i64(), body["text"].as_str()) {
        (Some(id), Some(text)) => match rooms.write(guest, id, text) {
            Ok(id) => reply(StatusCode::OK, &json!({"id": id})),
            Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR),
        },
        _ => refuse(StatusCode::BAD_REQUEST),
    }
}

/// A number of the query: `after=7&wait=50`.
fn asked(request: &Request<Incoming>, name: &str) -> u64 {
    let all = request.uri().query().unwrap_or_default().split('&').filter_map(|part| part.split_once('='));
    all.into_iter().find(|(n, _)| *n == name).and_then(|(_, v)| v.parse().ok()).unwrap_or_default()
}

async fn get(request: &Request<Incoming>, guest: Guest, rooms: &Rooms) -> Response<Full<Bytes>> {
    let (mut after, wait) = (i64::try_from(asked(request, "after")).unwrap_or(i64::MAX), asked(request, "wait"));
    let mut news = rooms.news();
    let found = async {
        loop {
            news.mark_unchanged();
            let (messages, upto) = rooms.since(guest, after)?;
            after = upto;
            if !messages.is_empty() || wait == 0 {
                return Ok((messages, upto));
            }
            let _ = news.changed().await;
        }
    };
    let found = if wait == 0 { Ok(found.await) } else { tokio::time::timeout(Duration::from_secs(wait), found).await };
    match found {
        Ok(Ok((messages, upto))) => reply(StatusCode::OK, &json!({"after": upto, "messages": messages})),
        Ok(Err::<_, crate::proto::server::store::StoreError>(_)) => refuse(StatusCode::INTERNAL_SERVER_ERROR),
        Err(_) => reply(StatusCode::OK, &json!({"after": after, "messages": []})),
    }
}

/// The next text of a client.
async fn next(socket: &mut WebSocketStream<TlsStream<BoxStream>>) -> io::Result<Option<Value>> {
    while let Some(message) = socket.next().await {
        match message.map_err(io::Error::other)? {
            Message::Text(text) => return serde_json::from_str(&text).map(Some).map_err(io::Error::other),
            Message::Close(_) => break,
            // The library answers a ping when the socket is next read or flushed.
            Message::Ping(_) => socket.flush().await.map_err(io::Error::other)?,
            _ => (),
        }
    }
    Ok(None)
}

async fn web_socket(stream: TlsStream<BoxStream>, rooms: Rooms) -> io::Result<()> {
    let mut socket =
        tokio_tungstenite::accept_async_with_config(stream, Some(super::buffers())).await.map_err(io::Error::other)?;
    let Some(hello) = next(&mut socket).await? else { return Ok(()) };
    let guest = rooms.guest(hello["token"].as_str().unwrap_or_default()).map_err(io::Error::other)?;
    let Some(guest) = guest else { return tell(&mut socket, &json!({"type": "refused"})).await };
    let (mut after, mut news) = (hello["after"].as_i64().unwrap_or_default(), rooms.news());
    tell(&mut socket, &json!({"type": "welcome"})).await?;
    let mut fresh = true;
    loop {
        if fresh {
            let (messages, upto) = rooms.since(guest, after).map_err(io::Error::other)?;
            after = upto;
            for mut message in messages {
                message["type"] = "message".into();
                tell(&mut socket, &message).await?;
            }
        }
        tokio::select! {
            biased;
            said = next(&mut socket) => {
                let Some(said) = said? else { return Ok(()) };
                let (id, text) = (said["id"].as_i64().unwrap_or_default(), said["text"].as_str().unwrap_or_default());
                let kept = rooms.write(guest, id, text).map_err(io::Error::other)?;
                tell(&mut socket, &json!({"type": "sent", "id": id, "as": kept})).await?;
                fresh = false;
            }
            // Who has no room hears of none.
            _ = news.changed(), if guest.room != 0 => fresh = true,
        }
    }
}

async fn tell(socket: &mut WebSocketStream<TlsStream<BoxStream>>, what: &Value) -> io::Result<()> {
    socket.send(Message::text(what.to_string())).await.map_err(io::Error::other)
}
