@0xc1a3b5a1a1c0003d;
struct S { union { a @0 :Int8; inner :union { b @1 :Int16; c @2 :Int32; deeper :union { d @3 :Int64; e @4 :Text; f @5 :Bool; } } } }
