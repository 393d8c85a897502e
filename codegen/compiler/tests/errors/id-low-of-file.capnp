@0x7fffffffffffffff;
struct S {}
