@0xc1a3b5a1a1c0002b;
struct S { union { a @0 :Int32; b @1 :Int32; } union { c @2 :Int32; d @3 :Int32; } }
