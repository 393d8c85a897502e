@0xc1a3b5a1a1c0004f;
struct S { a @0 :import "nope.capnp".S; b @1 :import "/nope.capnp".S; c @2 :import "../nope/nope.capnp".S; }
