//! Cap'n Proto schema compiler in pure Rust: schemas in, `CodeGeneratorRequest` out.
//!
//! Whoever generates code from schemas no longer needs the `capnp` executable: [`Compiler`] reads schema files, from the
//! disk or from memory, and answers with the [`Request`] that every compiler plugin reads, or with [`Diagnostics`] that
//! show each mistake in its line. The language is that of release 1.4.0 of the reference compiler, and requests mean what
//! those of the reference mean, node by node.
//!
//! ```
//! use capnp_compiler::{Compiler, MemoryFiles};
//!
//! let mut files = MemoryFiles::new();
//! files.insert("greeter.capnp", r#"
//!     @0xf3a5d9c2b1e07846;
//!     interface Greeter { greet @0 (name :Text) -> (greeting :Text); }
//! "#);
//! let request = Compiler::new().file_system(files).compile(["greeter.capnp"])?;
//!
//! // Code generators take the bytes: capnpc::codegen::CodeGenerationCommand::new().run(&*request.bytes())
//! let names: Vec<_> = request.reader()?.get_nodes()?.iter()
//!     .map(|node| node.get_display_name()?.to_string().map_err(capnp::Error::from))
//!     .collect::<Result<_, _>>()?;
//! assert!(names.contains(&"greeter.capnp:Greeter".to_owned()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it works
//!
//! | Step | Module |
//! | --- | --- |
//! | text to tokens to a tree of declarations | `lex`, [`parse`], [`ast`] |
//! | which file an import means | `module`, [`standard`] |
//! | what a name means: scopes, aliases, generics | `scope` |
//! | declarations to nodes; where fields lie; values | `node`, [`layout`], [`value`] |
//! | which nodes a request holds | `request` |
//!
//! No input makes it panic, or take time or memory without bound: every limit is a named constant that says why.
//!
//! The rules are those of the C++ implementation of [Cap'n Proto](https://capnproto.org) by Kenton Varda, Sandstorm,
//! Cloudflare and contributors (MIT licence), told again in Rust.

pub mod ast;
mod compile;
pub mod diagnostic;
mod file_system;
pub mod id;
pub mod layout;
mod lex;
mod md5;
mod module;
mod node;
pub mod parse;
mod request;
mod scope;
pub mod standard;
pub mod type_id;
pub mod types;
pub mod value;

pub use compile::{Compiler, Request};
pub use diagnostic::{Diagnostic, Diagnostics};
pub use file_system::{Disk, FileSystem, MAX_FILE_BYTES, MemoryFiles};

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
