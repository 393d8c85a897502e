@0xc1a3b5a1a1c0002c;
struct S { u :union { a @0 :Int32; union { b @1 :Int32; c @2 :Int32; } } }
