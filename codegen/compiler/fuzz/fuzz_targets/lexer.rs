//! Any bytes are lexed and parsed: what comes out is a tree, or errors inside the text.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let mut diagnostics = Vec::new();
    let _ = capnp_compiler::parse::parse_file("fuzz.capnp", text, &mut diagnostics);
    for diagnostic in &diagnostics {
        assert!(diagnostic.span.start <= diagnostic.span.end);
        assert!(diagnostic.span.end as usize <= text.len() + 1);
    }
    let _ = capnp_compiler::Diagnostics::new(diagnostics, [("fuzz.capnp", text)]).to_string();
});
