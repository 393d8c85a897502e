@0xc1a3b5a1a1c0003a;
struct S { u @2! :union { a @0 :Int32; b @1 :Int32; } }
