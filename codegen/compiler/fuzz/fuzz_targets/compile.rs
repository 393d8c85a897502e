//! Any bytes are compiled, as a file that may import itself, another one and the standard schemas.
//! A request that comes out can be read to its end.
#![no_main]

use capnp_compiler::{Compiler, MemoryFiles};
use libfuzzer_sys::fuzz_target;

const OTHER: &str = "@0x8f1d7a3d35b2a101;
    struct Box(T) { value @0 :T; struct Inner(U) { t @0 :T; u @1 :U; } }
    const text :Text = \"text\"; const list :List(Int32) = [1, 2];
    interface Service(T) { call @0 [U] (t :T, u :U) -> stream; }
    annotation note(*) :Box(Text); using Alias = Box(Data);";

fuzz_target!(|text: &[u8]| {
    let mut files = MemoryFiles::new();
    files.insert("fuzz.capnp", text).insert("other.capnp", OTHER).insert("data.bin", &text[..text.len() / 2]);
    match Compiler::new().file_system(files).compile(["fuzz.capnp"]) {
        Ok(request) => {
            let nodes = request.reader().and_then(|request| request.get_nodes());
            assert!(nodes.is_ok_and(|nodes| !nodes.is_empty()));
            assert!(!request.bytes().is_empty());
        }
        Err(diagnostics) => assert!(!diagnostics.is_empty() && !diagnostics.to_string().is_empty()),
    }
});
