@0xc1a3b5a1a1c00034;
struct S { a @x :Int32; }
