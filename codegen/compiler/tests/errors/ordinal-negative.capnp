@0xc1a3b5a1a1c00035;
struct S { a @-1 :Int32; }
