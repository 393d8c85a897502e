@0xc1a3b5a1a1c0003c;
struct S { g :group { a @0 :Bool; u @3! :union { b @1 :Int8; c @4 :Int64; } d @2 :Int8; } }
