#![doc = include_str!("../README.md")]
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
