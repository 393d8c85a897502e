@0xc1a3b5a1a1c00032;
struct S { a :Int32; }
