@0xc1a3b5a1a1c0001f;
hello world;
struct S {}
