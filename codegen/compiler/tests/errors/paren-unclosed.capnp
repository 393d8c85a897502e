@0xc1a3b5a1a1c0001b;
struct S { a @0 :List(Int32; }
