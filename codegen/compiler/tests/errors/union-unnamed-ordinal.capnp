@0xc1a3b5a1a1c0003b;
struct S { union @0 { a @1 :Int32; b @2 :Int32; } }
