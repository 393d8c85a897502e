//! Build-time generator of DSoftBus-lite: Cap'n Proto schemas become typed clients and skeletons.
//!
//! ```no_run
//! // build.rs
//! fn main() -> dsoftbus_codegen::Result<()> {
//!     dsoftbus_codegen::configure().compile(["greeter.capnp"])
//! }
//! ```
//!
//! writes `$OUT_DIR/dsoftbus.rs`, which `dsoftbus::include_schemas!()` includes at the root of the crate. For
//! `interface Greeter $Bus.channel(0x0101)` it holds the trait `Greeter`, `GreeterClient`, `GreeterSkeleton` and
//! `mod greeter` with constants and nested types; structs, enums and constants of a file lie beside them.
//! capnpc's own readers and builders are there too, in hidden modules.
//!
//! # How schemas translate
//!
//! - Parameters written in the method become arguments, `Text` and `Data` borrowed; a named parameter struct stays one
//!   struct. One result is its type, none is `()`, several are a struct `<Method>Results` in the module of the interface.
//! - Names become Rust's: `bytesLen` is `bytes_len`, keywords are raw identifiers. `self` and `super` get an underscore,
//!   as do a parameter `cx`, methods `local` and `clone`, and modules that would hide a primitive type.
//! - Enums have `Unknown(u16)` for values of a newer schema (`UnknownValue` if an enumerant is called `unknown`).
//! - What a message leaves out reads as its default; text that is not UTF-8 is an error.
//! - `enum Error $Bus.errors` becomes a Rust error that converts into a status and back.
//!
//! Refused, with the place: unions, groups, generics, capabilities, `AnyPointer`, `extends`, `-> stream`, constants of
//! struct and list types, structs that contain themselves, and types of files that are not compiled with the rest.
//!
//! # What must not change
//!
//! `wire.lock` beside the schemas ([`Builder::lock_file`]) records what peers that were built earlier rely on: IDs of types,
//! channels, numbers of methods and their structs, place, type and default of fields, numbers of enumerants, `extends`. With
//! it, a build that changes, removes or reuses one fails and shows the old line and the new; additions pass with a warning.
//! `DSOFTBUS_WIRE_LOCK=accept cargo build -p mycrate` writes it, first and after each change that is meant, for every package
//! that this builds. Without a `wire.lock` nothing is checked. All files it covers are named to one `compile`.
//!
//! # How it works
//!
//! A pipeline; each step is one file: `tool` compiles the schemas, `request` reads the outcome into `model`, `check` applies
//! every rule, `emit` writes the typed layer, `raw` has capnpc write its modules, `output` joins both.

mod check;
mod config;
mod deps;
mod emit;
mod engine;
mod error;
mod external;
/// [The table]: crate#mapping
#[doc = include_str!("../GUIDE.md")]
pub mod guide {}
mod lock;
mod model;
mod names;
mod nodes;
mod output;
mod raw;
mod recursion;
mod request;
mod tool;

pub use config::{Builder, configure};
pub use error::{Error, Result};
