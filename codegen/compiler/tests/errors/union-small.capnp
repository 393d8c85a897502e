@0xc1a3b5a1a1c00036;
struct S { u :union { a @0 :Int32; } v :union {} union { b @1 :Int32; } }
