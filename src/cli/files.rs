//! The files that a server gives its clients: `ca.pem`, `rsa.pub.pem`, `rsa-2012.pub.pem`, `endpoints.json`; and the
//! world file that names users and rooms.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use super::Failure;
use crate::proto::command::Door;
use crate::proto::secure::{KeyRing, PrivateKey, PublicKey, PublicRing};
use crate::spec::yaml;
use crate::store::World;

/// The CA's certificate.
pub const CA: &str = "ca.pem";
/// The key of the handshakes since 2019.
pub const RSA: &str = "rsa.pub.pem";
/// The key of the handshake of 2012.
pub const RSA_2012: &str = "rsa-2012.pub.pem";
/// Where the doors are; written last, so that whoever sees it finds everything.
pub const ENDPOINTS: &str = "endpoints.json";
/// The private halves, as `keygen` writes them.
pub const RSA_PRIVATE: &str = "rsa.key.pem";
/// The private half of 2012.
pub const RSA_2012_PRIVATE: &str = "rsa-2012.key.pem";

/// The text of a file.
///
/// # Errors
/// Names the file.
pub fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))
}

/// Writes a file in one step: a reader sees all of it or none.
///
/// # Errors
/// Names the file.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    // Not another extension: two files that differ only there may be written at once.
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let done = fs::File::create(part).and_then(|mut f| f.write_all(text.as_bytes()));
    done.and_then(|()| fs::rename(part, path)).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))
}

/// Makes a folder.
///
/// # Errors
/// Names the folder.
pub fn make_dir(dir: &Path) -> Result<(), Failure> {
    fs::create_dir_all(dir).map_err(|e| Failure::usage(format!("{}: {e}", dir.display())))
}

/// Makes the folder that a file will be written to, so that nobody works for nothing.
///
/// # Errors
/// The folder cannot be made, or a folder is there instead of the file; names it.
pub fn make_room(file: &Path) -> Result<(), Failure> {
    if file.is_dir() {
        return Err(Failure::usage(format!("{}: is a folder, not a file", file.display())));
    }
    file.parent().filter(|dir| !dir.as_os_str().is_empty()).map_or(Ok(()), make_dir)
}

/// The keys in `dir`, or the test keys.
///
/// # Errors
/// A file that is missing, is no key, or has the wrong size; names the file.
pub fn key_ring(dir: Option<&Path>) -> Result<KeyRing, Failure> {
    let Some(dir) = dir else { return Ok(KeyRing::test()) };
    let key = |name: &str| {
        let path = dir.join(name);
        PrivateKey::from_pem(&read(&path)?).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))
    };
    KeyRing::new(key(RSA_PRIVATE)?, key(RSA_2012_PRIVATE)?)
        .map_err(|e| Failure::usage(format!("{}: {e}", dir.display())))
}

/// The public keys that a server has written to `dir`.
///
/// # Errors
/// As [`key_ring`].
pub fn public_ring(dir: &Path) -> Result<PublicRing, Failure> {
    let key = |name: &str| public_key(&dir.join(name));
    PublicRing::new(key(RSA)?, key(RSA_2012)?).map_err(|e| Failure::usage(format!("{}: {e}", dir.display())))
}

/// One public key.
///
/// # Errors
/// Names the file.
pub fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    PublicKey::from_pem(&read(path)?).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))
}

/// `endpoints.json`.
#[must_use]
pub fn endpoints_json(addr: impl Fn(Door) -> Option<SocketAddr>) -> String {
    let text = |door: Door| addr(door).map_or(serde_json::Value::Null, |a| a.to_string().into());
    let map: serde_json::Map<_, _> = Door::ALL.iter().map(|d| (d.as_str().to_owned(), text(*d))).collect();
    serde_json::Value::Object(map).to_string()
}

/// Where `door` is, as `endpoints.json` in `dir` says.
///
/// # Errors
/// No such file, not JSON, or nothing said about this door.
pub fn endpoint(dir: &Path, door: Door) -> Result<SocketAddr, Failure> {
    let path = dir.join(ENDPOINTS);
    let text = read(&path).map_err(|f| Failure(f.0, format!("{}; is `locospec serve --dir` running?", f.1)))?;
    let json: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    json.get(door.as_str())
        .and_then(|v| v.as_str())
        .and_then(|a| a.parse().ok())
        .ok_or_else(|| Failure::usage(format!("{}: no address for {:?}", path.display(), door.as_str())))
}

/// The world of this file, or the built-in one.
///
/// # Errors
/// `file:line:column` and what is wrong.
pub fn world(path: Option<&Path>) -> Result<World, Failure> {
    let Some(path) = path else { return Ok(World::default_world()) };
    let name = path.display().to_string();
    let located = yaml::read::<World>(path, &name).map_err(Failure::usage)?;
    located.value.validate().map_err(|e| Failure::usage(format!("{name}: {e}")))?;
    Ok(located.value)
}
