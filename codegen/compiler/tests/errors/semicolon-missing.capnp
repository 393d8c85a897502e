@0xc1a3b5a1a1c0001e;
struct S { a @0 :Int32 b @1 :Int32; }
