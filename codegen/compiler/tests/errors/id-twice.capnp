@0xc1a3b5a1a1c00002;
@0xb6a3b5a1a1c0ffff;
struct S {}
