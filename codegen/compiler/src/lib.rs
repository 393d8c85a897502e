#![doc = include_str!("../README.md")]

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
