//! Where connections come from: kernel sockets on a host, none yet on `os`.

#[cfg(not(nexus_env = "os"))]
mod host;
#[cfg(nexus_env = "os")]
mod os;

#[cfg(not(nexus_env = "os"))]
pub(crate) use host::{Listener, dial};
#[cfg(nexus_env = "os")]
pub(crate) use os::{Listener, dial};
