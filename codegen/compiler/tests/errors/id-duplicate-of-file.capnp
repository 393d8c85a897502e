@0xc1a3b5a1a1c00006;
struct A @0xc1a3b5a1a1c00006 {}
