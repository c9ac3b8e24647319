//! Where a server is and what it is known by: from `attach` of a `sut.yaml`, or from arguments.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use super::super::discover::discover;
use super::super::files::{self, CA};
use super::super::{Failure, runtime};
use crate::net::{Clock, tls};
use crate::proto::command::Door;
use crate::proto::secure::{KeyRing, PublicKey, PublicRing};
use crate::spec::format::sut;
use crate::spec::run::tcp::Attach;

/// How long the first connection may take.
const REACH_WITHIN: Duration = Duration::from_secs(5);

/// The server, and whether it can be spoken to in the era of 2012.
///
/// # Errors
/// A file that cannot be used, an address that is none, a door that does not answer.
pub fn attach(to: &sut::Attach) -> Result<(Attach, bool), Failure> {
    let (doors, public, ca, old) = match &to.dir {
        Some(dir) => {
            let doors =
                Door::ALL.iter().map(|d| Ok((*d, files::endpoint(dir, *d)?))).collect::<Result<_, Failure>>()?;
            (doors, files::public_ring(dir)?, Some(dir.join(CA)), true)
        }
        None => {
            let file = to.rsa_pub.as_ref().ok_or_else(|| Failure::usage("a server is known by its RSA public key"))?;
            let modern = files::public_key(file)?;
            let doors = doors(to, &modern)?;
            let old = to.rsa_2012_pub.as_ref().map(|f| files::public_key(f)).transpose()?;
            let known = old.is_some();
            let old = old.unwrap_or_else(|| KeyRing::test().public_ring().old);
            (doors, PublicRing::new(modern, old).map_err(Failure::usage)?, to.ca.clone(), known)
        }
    };
    let tls = ca.map(|file| tls::connector(&files::read(&file)?).map_err(Failure::usage)).transpose()?;
    let attach = Attach { doors, public, tls, clock: Clock::system() };
    reach(&attach)?;
    Ok((attach, old))
}

fn doors(to: &sut::Attach, rsa: &PublicKey) -> Result<BTreeMap<Door, SocketAddr>, Failure> {
    let mut doors = BTreeMap::new();
    let named = [
        (Door::Booking, &to.booking),
        (Door::Ticket, &to.ticket),
        (Door::Entry, &to.entry),
        (Door::Carriage, &to.carriage),
    ];
    for (door, at) in named {
        if let Some(at) = at {
            doors.insert(door, resolve(at)?);
        }
    }
    if let (Some(booking), Some(ca), None) = (doors.get(&Door::Booking), &to.ca, &to.carriage) {
        for (door, at) in by_booking(*booking, rsa.clone(), ca)? {
            doors.entry(door).or_insert(at);
        }
    }
    if let Some(carriage) = doors.get(&Door::Carriage).copied() {
        doors.entry(Door::Entry).or_insert(carriage);
    }
    Ok(doors)
}

/// The doors that the booking server at this address leads to.
fn by_booking(booking: SocketAddr, rsa: PublicKey, ca: &Path) -> Result<BTreeMap<Door, SocketAddr>, Failure> {
    let tls = tls::connector(&files::read(ca)?).map_err(Failure::usage)?;
    let keys = PublicRing::new(rsa, KeyRing::test().public_ring().old).map_err(Failure::usage)?;
    let found = runtime()?.block_on(discover(booking, keys, tls))?;
    found.into_iter().map(|(door, (host, port))| Ok((door, resolve(&format!("{host}:{port}"))?))).collect()
}

fn resolve(at: &str) -> Result<SocketAddr, Failure> {
    let found = at.to_socket_addrs().map_err(|e| Failure::usage(format!("{at}: {e}")))?.next();
    found.ok_or_else(|| Failure::usage(format!("{at}: no address")))
}

/// Nothing is judged where nobody listens.
fn reach(attach: &Attach) -> Result<(), Failure> {
    let Some((door, at)) = attach.doors.iter().find(|(d, _)| **d == Door::Carriage) else { return Ok(()) };
    match TcpStream::connect_timeout(at, REACH_WITHIN) {
        Ok(_) => Ok(()),
        Err(e) => {
            Err(Failure::incomplete(format!("nobody to judge: {} at {at}: {e}; is the server running?", door.as_str())))
        }
    }
}
