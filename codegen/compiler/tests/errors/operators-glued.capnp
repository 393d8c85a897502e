@0xc1a3b5a1a1c00015;
struct S { a @0 :.S; }
