@0xc1a3b5a1a1c00003;
struct S @0x123 {}
