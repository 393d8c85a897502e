@0xc1a3b5a1a1c00019;
struct S { a @0 :Int32;
