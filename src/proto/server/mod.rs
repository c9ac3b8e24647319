//! The server as one machine for all its connections. Being written: the store's trait stands.

pub mod store;
