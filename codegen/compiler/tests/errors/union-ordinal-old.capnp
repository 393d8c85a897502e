@0xc1a3b5a1a1c00039;
struct S { u @0 :union { a @1 :Int32; b @2 :Int32; } v @3 union { c @4 :Int32; d @5 :Int32; } }
