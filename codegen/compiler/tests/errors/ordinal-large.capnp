@0xc1a3b5a1a1c00033;
struct S { a @65536 :Int32; }
